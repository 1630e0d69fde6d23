"""A corrugated electrode: first harmonic of the current, and the square of the amplitude in its error.

The electrode at z = h cos(kx) faces a plane at distance L. To first order in hk

    i/i_mean = 1 + i' cos(kx),     i' = hk coth(kL)/(1 + Wa_k coth(kL)),     Wa_k = kappa k V_T/i0.

Source: Wagner, J. Electrochem. Soc. 98 (1951) 116, 10.1149/1.2778113, for the reaction; Wa_k = 0 is the
primary distribution. h 0.1 um, wavelength 10 um, L 50 um: 0.062832 primary, 0.020944 for Wa_k = 2.

Catches: a wrong normal or area on an inclined surface, a lost curvature. Since the theory is the linear
one, its error must fall with (hk)^2 once that of the mesh is extrapolated away, and with h^2 of the mesh
for a vanishing amplitude: a wrong factor anywhere stops one of the two.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fem import (
    Electrode,
    FixedPotential,
    LinearKinetics,
    Model,
    Potentiostatic,
    SingleIonConductor,
    solve_steady,
)
from fem.convergence import RateTable, richardson
from fem.elements import traces
from fem.solve import Order
from meshes.exact_surfaces import Corrugation
from meshes.structured import layered_rectangle
from meshes.tagged import TaggedMesh
from studies.verification.cells import V_T, Level, following, moved, rates
from studies.verification.evidence import Comparison, Evidence

WAVE, GAP, KAPPA = 10e-6, 50e-6, 1.0  # wavelength [m], L [m], [S/m]
K = 2 * np.pi / WAVE
PRIMARY = 1e-4  # Wa_k that is almost none

RESOLUTIONS = (8, 16, 32)


def verify() -> Sequence[Evidence]:
    """Digits of the linear theory; rates with the mesh for a small amplitude, and with the amplitude."""
    kinds = {"primary": (PRIMARY, 0.062832), "Wa_k = 2": (2.0, 0.020944)}
    height = 0.1e-6
    digits = [
        Comparison(
            quantity=f"linear theory, {name}, h 0.1 um", found=K * height * linear(wagner), expected=printed,
            tolerance=1.5e-4 if wagner == PRIMARY else 5e-5,
        )
        for name, (wagner, printed) in kinds.items()
    ]  # fmt: skip
    small = 1e-10
    tables = rates(
        lambda n, order: {
            f"first harmonic, {name}, h 0.1 nm": abs(
                harmonic(n, small, wagner, order) / (small * K) / linear(wagner) - 1
            )
            for name, (wagner, _) in kinds.items()
        },
        Level(order=1, resolutions=RESOLUTIONS, least_rate=1.95, largest_error=2e-3),
        Level(order=2, resolutions=RESOLUTIONS, least_rate=3.5, largest_error=1e-5),
    )
    return [*digits, *tables, *(amplitudes(name, wagner) for name, (wagner, _) in kinds.items())]


def amplitudes(name: str, wagner: float) -> RateTable:
    """What the linear theory leaves out, against hk, with the mesh extrapolated away."""
    errors, heights = [], (0.4e-6, 0.2e-6, 0.1e-6)
    for height in heights:
        found = [harmonic(n, height, wagner, 2) for n in RESOLUTIONS]
        exact = richardson(found, [1 / n for n in RESOLUTIONS]).estimate
        errors.append(abs(exact / (K * height) / linear(wagner) - 1))
    return RateTable(
        quantity=f"linear theory, {name}, against hk",
        sizes=tuple(K * height for height in heights),
        errors=tuple(errors),
        least_rate=1.95,
        largest_error=6e-4,
    )


def linear(wagner: float) -> float:
    """i'/(hk) for a vanishing amplitude."""
    coth = 1 / np.tanh(K * GAP)
    return coth / (1 + wagner * coth)


def wave(n: int, height: float, order: Order) -> TaggedMesh:
    """Half a wavelength between symmetry planes, n elements along, fine at the electrode."""
    flat = layered_rectangle([("pores", 1.0, 2 * n)], width=WAVE / 2, nx=n)
    x, s = flat.points
    z = GAP * np.expm1(4 * s) / np.expm1(4.0)
    mesh = moved(flat, np.stack([x, z + height * np.cos(K * x) * (1 - z / GAP)]))
    return mesh if order == 1 else following(mesh, {"foil": Corrugation(height=height, wavelength=WAVE)})


def harmonic(n: int, height: float, wagner: float, order: Order) -> float:
    """First harmonic of the current density over its mean, both as functions of x."""
    mesh = wave(n, height, order)
    i0 = KAPPA * K * V_T / wagner
    model = Model(
        regions={"pores": SingleIonConductor(conductivity=KAPPA)},
        boundaries={
            "foil": Electrode(LinearKinetics(exchange_current=i0), terminal="counter"),
            "counter": FixedPotential(potential=0.0),
        },
    )
    control = Potentiostatic(cell_voltage=0.01)
    at = solve_steady(mesh, model, control, order=order).maps["foil"]
    _, length, (x, _) = traces(mesh, at.facets, order)
    current = at.samples * length / np.hypot(1, K * height * np.sin(K * x))  # by dx
    return float(2 * (current * np.cos(K * x)).sum() / current.sum())
