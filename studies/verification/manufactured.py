"""Manufactured solutions of the full problem in two dimensions, order 1 and order 2.

Smooth potentials and concentration are prescribed,
    u*(x) = u_0 + sum_k a_k sin(k . x + d_k)          for phi_s, phi_e and c,
and whatever they violate is supplied as a load: for every test function v
    load(v) = -int flux* . grad v  (+ or -)  int_Gamma i_n* v,
with fluxes, currents and quadrature from `manufactured_loads.py`, written down there once more and not taken
from the solver. The solver must give u* back: error in L2 of order p + 1, current functional int_Gamma
i_n psi (psi not constant: with psi = 1 the balance makes it exact) of order 2 p. Two cells: a tube of
conductor in a tube of liquid (curved interface and electrodes, order 2 on curved elements), and a flat stack
of conductor, liquid, ionic layer with a transference number of its own, and separator. Nonlinear kinetics
(Butler-Volmer, i0 ~ sqrt(c)) under a film, and properties that all depend on c. The Jacobian is checked by
the remainder of Taylor's formula, |R(u + s d) - R(u) - s J d| ~ s^2.

Source: P. J. Roache, J. Fluids Eng. 124 (2002) 4, 10.1115/1.1436090 (method); PHYSICS of the fluxes as in
fem/fluxes.py.

Catches: any wrong sign, factor or missing term in the three balances, on every kind of surface and between
regions (1 - t+ twice or not at all, N_M on one property only, TDF left out, drop of the film with the wrong
sign), wrong weights or gradients on elements, straight elements passed off as curved (by the functional: the
loads are taken on the same elements), an inexact Jacobian.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from fem.conditions import Contact, Electrode, Grounded
from fem.convergence import RateTable, convergence
from fem.elements import Floats
from fem.film import Film
from fem.kinetics import ButlerVolmer
from fem.materials import Conductor, Electrolyte, SingleIonConductor
from fem.model import Model
from fem.solve import Order
from meshes.structured import layered_rectangle
from meshes.tagged import TaggedMesh
from studies.verification.derivatives import taylor_slopes
from studies.verification.evidence import Comparison, Evidence
from studies.verification.manufactured_loads import (
    CURRENT,
    FIELDS,
    KINETICS,
    Prescribed,
    SmoothLaw,
    Wave,
    errors,
    solved,
    system_of,
)
from studies.verification.manufactured_wedge import Wedge

WEDGE = Wedge()
LAW = SmoothLaw()

IN_WEDGE = Prescribed(
    phi_s=Wave(0.004, ((0.003, (0.9e6, 0.4e6), 0.3), (0.002, (-0.5e6, 0.8e6), 1.1))),
    phi_e=Wave(0.02, ((0.012, (0.6e6, -0.3e6), 0.2), (0.008, (0.2e6, 0.7e6), 0.9))),
    c=Wave(1000.0, ((160.0, (0.5e6, 0.4e6), 0.5), (90.0, (-0.3e6, 0.6e6), 2.0))),
)
LAYER = 1e-6  # thickness of each layer of the stack [m]
IN_STACK = Prescribed(  # phi_s vanishes at the bottom, where the conductor is grounded
    phi_s=Wave(0.0, ((0.002, (0.5e6, 1.2e6), 0.0), (-0.002, (0.5e6, -1.2e6), 0.0))),
    phi_e=Wave(0.02, ((0.012, (0.6e6, -0.5e6), 0.2), (0.008, (0.3e6, 0.8e6), 0.9))),
    c=Wave(1000.0, ((160.0, (0.7e6, 0.6e6), 0.5), (90.0, (-0.4e6, 0.9e6), 2.0))),
    beyond=("glass", "separator"),
    phi_e_beyond=Wave(0.03, ((0.010, (0.5e6, 0.6e6), 0.4), (0.006, (-0.4e6, 0.7e6), 0.1))),
)
STACK_KINETICS = Film(2e-3, ButlerVolmer(exchange_current=100.0))

STACK_MODEL = Model(
    regions={
        "fibres": Conductor(conductivity=5.0),
        "pores": Electrolyte(law=LAW),
        "ionic_layer": Electrolyte(law=LAW, porosity=0.4, macmullin=6.0, transference=0.7),
        "glass": SingleIonConductor(conductivity=0.05),
        "separator": Electrolyte(law=LAW, porosity=0.55, macmullin=4.5),
    },
    interfaces={
        ("fibres", "pores"): STACK_KINETICS,
        ("ionic_layer", "glass"): Contact(resistance=1e-3),
        ("glass", "separator"): Contact(),
    },
    boundaries={"feet": Grounded(), "counter": Electrode(KINETICS, terminal="counter")},
)


def verify() -> Sequence[Evidence]:
    """Rates of all fields and of the current functional on both cells, both orders; Taylor's remainder."""
    found: list[Evidence] = []
    for title, run in (("wedge", wedge_errors), ("stack", stack_errors)):
        found += rate_tables(f"{title}, order 1", run, 1, start=8, least=1.9, functional=1.9, largest=1e-3)
        found += rate_tables(f"{title}, order 2", run, 2, start=2, least=2.8, functional=3.5, largest=1e-4)
    return [*found, taylor(1), taylor(2)]


def rate_tables(
    title: str,
    run: Callable[[int, Order], Mapping[str, float]],
    order: Order,
    *,
    start: int,
    levels: int = 4,
    least: float,
    functional: float,
    largest: float,
) -> tuple[RateTable, ...]:
    """Tables on several meshes, each twice as fine as the one before."""
    names = {f"{title}: {field}": least for field in FIELDS} | {f"{title}: {CURRENT}": functional}
    return convergence(
        lambda n: {f"{title}: {key}": error for key, error in run(n, order).items()},
        [start * 2**k for k in range(levels)],
        least_rates=names,
        largest_errors=largest,
    )


def wedge_errors(n: int, order: Order) -> dict[str, float]:
    """Errors on the wedge, whose interface and electrodes are curved."""
    mesh = WEDGE.mesh(n, order, 2)
    return errors(mesh, WEDGE.model(), IN_WEDGE, order, on="pores_bottom", surface=WEDGE.interface(2))


def plane() -> tuple[Floats, Floats]:
    """Points (2, n) and weights (n,) [m] between conductor and pores of the stack."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    x = LAYER * (1 + nodes)
    return np.stack((x, np.full(x.size, LAYER))), LAYER * weights


def stack_mesh(n: int) -> TaggedMesh:
    """Conductor, pores, ionic layer, single-ion glass and separator above each other, n elements in 1 um."""
    names = ("fibres", "pores", "ionic_layer", "glass", "separator")
    mesh = layered_rectangle([(name, LAYER, n) for name in names], width=2 * LAYER, nx=2 * n)
    return mesh.with_surfaces({"feet": mesh.surfaces["foil"]})


def stack_errors(n: int, order: Order) -> dict[str, float]:
    """Errors on the flat stack of five regions."""
    mesh = stack_mesh(n)
    return errors(mesh, STACK_MODEL, IN_STACK, order, on="pores_bottom", surface=plane())


def taylor(order: Order) -> Evidence:
    """The slope of the remainder of Taylor's formula about the solution on the curved cell."""
    system = system_of(WEDGE.mesh(4, order, 2), WEDGE.model(), IN_WEDGE, order)
    state = solved(system).state
    random = np.random.default_rng(1)
    size = system.free.size
    direction = np.concatenate(
        (np.where(system.free < system.spaces.size, 2e-3, 30.0) * random.uniform(-1, 1, size), [0.0])
    )
    slopes = taylor_slopes(system, state, direction, 1.0, [0.5**k for k in range(1, 7)])
    worst = slopes[np.argmax(np.abs(slopes - 2.0))]
    return Comparison(
        quantity=f"order {order}: worst slope of Taylor's remainder",
        found=float(worst),
        expected=2.0,
        tolerance=0.05,
        relative=False,
    )
