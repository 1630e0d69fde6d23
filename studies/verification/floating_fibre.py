"""A floating metal fibre in a field across it, with a linear reaction on its side.

Alone in a field E, with Wa = kappa V_T/(i0 r):

    greatest |i_n| = 2 kappa E/(1 + Wa),   current through the fibre = 4 kappa E r/(1 + Wa) per length,

and nothing net. Between two plates and two symmetry walls it is one of a square array in the mean field E;
the higher multipoles of `multipoles.py` (Rayleigh 1892) then give both numbers exactly: with the amplitudes
a_l = A_l r^l and b_l = B_l r^-l,

    i_n(theta) = (kappa/r) sum over odd l of l (a_l - b_l) cos(l theta).

The closed form for one fibre is Newman and Thomas-Alyea, Electrochemical Systems (2004), chapter 18;
Wa is 1028 and 10280 for i0 = 100 and 10 A/m2 at r = 0.25 um: real fibres are uniform around.

Catches: a floating conductor that is silently grounded, currents from rounded potentials, a wrong sign on
one side of an interface, a lost factor of the kinetics.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fem import (
    Conductor,
    FixedPotential,
    LinearKinetics,
    Model,
    SingleIonConductor,
    Solution,
    solve_steady,
)
from fem.penetration import wagner_number
from fem.solve import Order
from meshes.tagged import TaggedMesh
from studies.verification.cells import C0, V_T, Level, T, fibre_in_square, rates
from studies.verification.evidence import Bound, Comparison, Evidence
from studies.verification.multipoles import ORDERS, amplitudes, reacting

RADIUS, SIDE, KAPPA, FIELD = 0.25e-6, 1e-6, 1.0, 100.0  # [m], [m], [S/m], [V/m]
METAL = 1e8  # [S/m]


def verify() -> Sequence[Evidence]:
    """Rates of the peak and of the current through the fibre; nothing net; the closed form of one fibre."""
    tables = rates(
        lambda n, order: {
            f"{key}, Wa {wagner(i0):.3g}": error
            for i0 in (1e4, 1e5, 1e6)
            for key, error in errors(mesh(n, order), order, i0).items()
        },
        Level(order=1, resolutions=(4, 8, 16, 32), least_rate=1.9, largest_error=2e-3),
        Level(order=2, resolutions=(4, 8, 16), least_rate=3.7, largest_error=1e-5),
    )
    solution = solve(mesh(8, 1), 1e5)
    through = abs(solution.maps["fibre_surface"].current_density) @ solution.maps["fibre_surface"].areas / 2
    net = Bound(
        quantity="net over bipolar current", found=abs(solution.cluster_currents[0]) / through, limit=1e-9
    )
    return [*tables, net, *_one_fibre(), *_wagner_numbers()]


def mesh(n: int, order: Order) -> TaggedMesh:
    """The fibre in a square of four radii."""
    return fibre_in_square(RADIUS, SIDE, n, order)


def wagner(i0: float) -> float:
    """kappa V_T/(i0 r)."""
    return KAPPA * V_T / (i0 * RADIUS)


def solve(mesh: TaggedMesh, i0: float) -> Solution:
    """The fibre between plates at 0 and FIELD x SIDE."""
    model = Model(
        regions={"fibres": Conductor(conductivity=METAL), "pores": SingleIonConductor(conductivity=KAPPA)},
        interfaces={("fibres", "pores"): LinearKinetics(exchange_current=i0)},
        boundaries={
            "bottom": FixedPotential(potential=0.0),
            "top": FixedPotential(potential=FIELD * SIDE),
        },
    )
    return solve_steady(mesh, model)


def exact(i0: float, fraction: float) -> dict[str, float]:
    """In a square array: greatest i_n and first harmonic over 2 kappa E, current over 4 kappa E r."""
    inside, outside = amplitudes(fraction, reacting(wagner(i0)))
    harmonic = ORDERS * (inside - outside) / np.sqrt(fraction / np.pi) / 2
    half = np.sin(ORDERS * np.pi / 2) / ORDERS  # int cos(l theta) over a quarter
    return {"peak": harmonic.sum(), "first harmonic": harmonic[0], "through": harmonic @ half}


def errors(mesh: TaggedMesh, order: Order, i0: float) -> Mapping[str, float]:
    """Relative errors; the greatest value is read between nodes, which at order 2 says nothing more."""
    fibre = solve(mesh, i0).maps["fibre_surface"]
    sine = (fibre.heights - SIDE / 2) / RADIUS
    unit = 2 * KAPPA * FIELD
    found = {
        "first harmonic": (fibre.samples * fibre.weights * sine).sum() / (np.pi * RADIUS * unit),
        "through": np.abs(fibre.areas * fibre.current_density).sum() / (4 * RADIUS * unit),
    }
    if order == 1:
        found["peak"] = np.abs(fibre.samples).max() / unit
    wanted = exact(i0, np.pi * (RADIUS / SIDE) ** 2)
    return {key: abs(abs(value) / wanted[key] - 1) for key, value in found.items()}


def _one_fibre() -> Sequence[Evidence]:
    """The multipoles of a thin fibre are those of one fibre alone."""
    i0, fraction = 1e5, 1e-8
    alone = 1 / (1 + wagner(i0))
    return [
        Comparison(quantity=f"one fibre, {k}", found=v, expected=alone, tolerance=2e-8, source="1/(1 + Wa)")
        for k, v in exact(i0, fraction).items()
    ]


def _wagner_numbers() -> Sequence[Evidence]:
    return [
        Comparison(
            quantity=f"Wagner number of a fibre, i0 {i0:g} A/m2",
            found=wagner_number(
                KAPPA, LinearKinetics(exchange_current=i0), RADIUS, temperature=T, concentration=C0
            ),
            expected=number,
            tolerance=5e-4,
        )
        for i0, number in ((100.0, 1028.0), (10.0, 10280.0))
    ]
