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
from fem.convergence import convergence
from fem.penetration import wagner_number
from meshes.structured import fibre_in_rectangle
from meshes.tagged import TaggedMesh
from studies.verification.cells import C0, V_T, T
from studies.verification.evidence import Bound, Comparison, Evidence
from studies.verification.multipoles import ORDERS, amplitudes, reacting

RADIUS, SIDE, KAPPA, FIELD = 0.25e-6, 1e-6, 1.0, 100.0  # [m], [m], [S/m], [V/m]
METAL = 1e6  # [S/m]


def verify() -> Sequence[Evidence]:
    """Rates of the peak and of the current through the fibre; nothing net; the closed form of one fibre."""
    rates = [
        table
        for i0 in (1e4, 1e5, 1e6)
        for table in convergence(
            lambda n, i0=i0: {f"{k}, Wa {wagner(i0):.3g}": e for k, e in errors(mesh(n), i0).items()},
            (4, 8, 16, 32),
            least_rates=1.9,
            largest_errors=2e-3,
        )
    ]
    solution = solve(mesh(8), 1e5)
    through = abs(solution.maps["fibre_surface"].current_density) @ solution.maps["fibre_surface"].areas / 2
    net = Bound(
        quantity="net over bipolar current", found=abs(solution.cluster_currents[0]) / through, limit=1e-9
    )
    return [*rates, net, *_one_fibre(), *_wagner_numbers()]


def mesh(n: int) -> TaggedMesh:
    """A fibre in a square of four radii, 4 n elements around."""
    return fibre_in_rectangle(RADIUS, width=SIDE, height=SIDE, n=n)


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


def exact(i0: float, fraction: float) -> tuple[float, float]:
    """Greatest |i_n| over 2 kappa E and current through the fibre over 4 kappa E r, in a square array."""
    inside, outside = amplitudes(fraction, reacting(wagner(i0)))
    harmonic = ORDERS * (inside - outside) / np.sqrt(fraction / np.pi)  # i_n/(kappa E) at l theta
    # int cos(l theta) over half a turn: 2 sin(l pi/2)/l; alone only l = 1 is left
    return float(harmonic.sum()) / 2, float((harmonic * np.sin(ORDERS * np.pi / 2) / ORDERS).sum()) / 2


def errors(mesh: TaggedMesh, i0: float) -> Mapping[str, float]:
    """Relative errors of the peak and of the current through the fibre."""
    fibre = solve(mesh, i0).maps["fibre_surface"]
    peak, through = exact(i0, np.pi * (RADIUS / SIDE) ** 2)
    return {
        "peak": abs(np.abs(fibre.samples).max() / (2 * KAPPA * FIELD * peak) - 1),
        "through": abs(
            np.abs(fibre.areas * fibre.current_density).sum() / 2 / (4 * KAPPA * FIELD * RADIUS * through) - 1
        ),
    }


def _one_fibre() -> Sequence[Evidence]:
    """The multipoles of a thin fibre are those of one fibre alone."""
    i0, fraction = 1e5, 1e-8
    alone = 1 / (1 + wagner(i0))
    return [
        Comparison(
            quantity=f"one fibre, {name}", found=found, expected=alone, tolerance=2e-8, source="1/(1 + Wa)"
        )
        for name, found in zip(("peak", "through"), exact(i0, fraction), strict=True)
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
