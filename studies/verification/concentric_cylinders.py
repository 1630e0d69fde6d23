"""Concentric cylinders with a linear reaction on the inner one.

Resistance per length, from the liquid and from the surface:

    R' = ln(b/a)/(2 pi kappa) + V_T/(2 pi a i0),     V_T = RT/F.

Source: Newman and Thomas-Alyea, Electrochemical Systems (2004), chapter 18; for a = 0.25 um, b = 2 um,
kappa = 1 S/m and i0 = 10 A/m2 the terms are 0.330953 and 1635.640 ohm m. At that i0 the surface is all of R',
at 1e5 A/m2 it is a third, so that both terms are seen.

Catches: a wrong quadrature on curved surfaces, a wrong conductance, a factor of length or radius.
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
from fem.solve import Order
from meshes.exact_surfaces import Sphere
from meshes.structured import annulus
from meshes.tagged import TaggedMesh
from studies.verification.cells import V_T, Level, following, rates
from studies.verification.evidence import Comparison, Evidence

INNER, OUTER, KAPPA, VOLTAGE = 0.25e-6, 2e-6, 1.0, 1e-4  # [m], [m], [S/m], [V]
LIQUID = np.log(OUTER / INNER) / (2 * np.pi * KAPPA)  # [ohm m]


def verify() -> Sequence[Evidence]:
    """The closed form's digits, and rates on straight and curved rings for both exchange currents."""
    found: list[Evidence] = [
        Comparison(
            quantity="liquid", found=LIQUID, expected=0.330953, tolerance=5e-7, unit="ohm m", relative=False
        ),
        Comparison(
            quantity="surface, i0 10", found=surface(10.0), expected=1635.640, tolerance=5e-4, unit="ohm m",
            relative=False,
        ),
    ]  # fmt: skip
    found += rates(
        lambda n, order: {f"resistance, i0 {i0:g} A/m2": error(ring(n, order), i0) for i0 in (10.0, 1e5)},
        Level(order=1, resolutions=(1, 2, 4, 8), least_rate=1.95, largest_error=5e-4),
        Level(order=2, resolutions=(1, 2, 4), least_rate=3.9, largest_error=5e-6),
    )
    return found


def ring(n: int, order: Order) -> TaggedMesh:
    """12 n elements around, straight for order 1 and curved for order 2."""
    mesh = annulus(INNER, OUTER, n_radial=6 * n, n_angular=12 * n)
    circles = {
        "inner": Sphere(centre=(0.0, 0.0), radius=INNER),
        "outer": Sphere(centre=(0.0, 0.0), radius=OUTER),
    }
    return mesh if order == 1 else following(mesh, circles)


def surface(i0: float) -> float:
    """V_T/(2 pi a i0) [ohm m]."""
    return V_T / (2 * np.pi * INNER * i0)


def error(mesh: TaggedMesh, i0: float) -> float:
    """Relative error of the resistance."""
    model = Model(
        regions={"pores": SingleIonConductor(conductivity=KAPPA)},
        boundaries={
            "inner": Electrode(LinearKinetics(exchange_current=i0), terminal="counter"),
            "outer": FixedPotential(potential=0.0),
        },
    )
    solution = solve_steady(mesh, model, Potentiostatic(cell_voltage=VOLTAGE))
    return abs(VOLTAGE / abs(solution.currents["outer"]) / (LIQUID + surface(i0)) - 1)
