"""Where the voltage goes: dissipation = I V, charge balance and salt inventory.

Testing the balances of both potentials with the potentials themselves and adding gives, exactly,

    V I A = int sigma |grad phi_s|^2 + int |i_e|^2 N_M/kappa - int (2RT/F)(1 - t+) TDF i_e . grad ln c
            + sum over surfaces of int i_n eta_s + int R_f i_n^2.

The program reports a split of the voltage that closes to the tolerance of the solver on any mesh. The right
side is evaluated a second time, from the fields in the result and the properties of the law; that sum differs
by the error of the mesh and must close at second order.

Source: Newman and Thomas-Alyea, Electrochemical Systems (2004), chapters 2 and 12; the sum is the entropy
production times T.

Catches: a wrong concentration voltage, a film drop that is lost or has the wrong sign, a split with another
quadrature than the balances, currents from gradients instead of the balances.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from fem import (
    Conductor,
    Electrolyte,
    Film,
    LandesfeindGasteiger,
    Model,
    Properties,
    Solution,
    Solvent,
    ValoenReimers,
    solve_steady,
)
from fem.convergence import convergence
from fem.solve import Order
from meshes.simplices import FloatArray, IntArray
from meshes.tagged import TaggedMesh
from studies.verification import cells
from studies.verification.cells import CURRENT, FAST, I
from studies.verification.evidence import Bound, Evidence

FILM = Film(1e-3, FAST)
EC_EMC = LandesfeindGasteiger(Solvent.EC_EMC)


def verify() -> Sequence[Evidence]:
    """Three cells with films: what closes to the solver's tolerance, and the sum from fields at its rate."""
    orders: tuple[Order, ...] = (1, 2)
    closed = [
        bound
        for name in CELLS
        for order in orders
        for bound in _closed(f"{name}, order {order}", solve(name, 4, order))
    ]
    rates = convergence(
        lambda n: {f"sum from the fields, {name}": imbalance(solve(name, n)) for name in CELLS},
        (4, 8, 16),
        least_rates=1.8,
        largest_errors=5e-6,
    )
    return [*closed, *rates]


def _half_covered(n: int, _: Order) -> tuple[TaggedMesh, Model]:
    return cells.half_covered_mesh(2 * n), cells.planar_model(EC_EMC, FILM)


def _floating(n: int, order: Order) -> tuple[TaggedMesh, Model]:
    return cells.floating_mesh(n, order), cells.floating_model(ValoenReimers(), FILM)


def _standing(n: int, _: Order) -> tuple[TaggedMesh, Model]:
    return cells.standing_mesh(n), cells.standing_model(FILM, counter=FAST, conductivity=10.0)


CELLS: Mapping[str, Callable[[int, Order], tuple[TaggedMesh, Model]]] = {
    "half-covered": _half_covered,
    "floating fibre": _floating,
    "standing fibre": _standing,
}


def solve(name: str, n: int, order: Order = 1) -> Solution:
    """One of the cells at 200 A/m2."""
    return solve_steady(*CELLS[name](n, order), CURRENT, order=order)


def imbalance(solution: Solution) -> float:
    """|dissipation from the fields - V I A| over V I A."""
    power = solution.cell_voltage * I * solution.projected_area
    return abs(dissipation(solution) / power - 1)


def dissipation(solution: Solution) -> float:
    """The right side above [W], per metre of depth in two dimensions: means over elements and facets."""
    mesh, model = solution.mesh, solution.model
    total = 0.0
    for name, elements in mesh.regions.items():
        material, i = model.regions[name], solution.current_density[:, elements]
        volumes = mesh.element_volumes[elements]
        if isinstance(material, Conductor):
            total += float(((i**2).sum(0) * volumes).sum()) / material.conductivity
        elif isinstance(material, Electrolyte):
            law = Properties.of(material.law, model.temperature, material.transference)
            corners = solution.c[mesh.cells[:, elements]]
            c = corners.mean(0)
            ohmic = (i**2).sum(0) * material.macmullin / law.kappa(c)
            entropic = 2 * cells.V_T * (1 - law.t(c)) * law.tdf(c) / c
            drop = entropic * (i * slopes(mesh, elements, corners)).sum(0)
            total += float(((ohmic - drop) * volumes).sum())
    for surface in solution.maps.values():
        total -= float((surface.current_density * surface.overpotential) @ surface.areas)
    return total


def slopes(mesh: TaggedMesh, elements: IntArray, corners: FloatArray) -> FloatArray:
    """Gradients (d, n) of linear functions on elements with corner values (d + 1, n)."""
    p = mesh.points[:, mesh.cells[:, elements]]
    edges = (p[:, 1:] - p[:, :1]).transpose(2, 1, 0)  # (n, d edges, d)
    return np.linalg.solve(edges, (corners[1:] - corners[0]).T[..., None])[..., 0].T


def _closed(name: str, solution: Solution) -> Iterator[Bound]:
    """What holds on any mesh."""
    for key, what, limit in (
        ("charge_imbalance", "sum of reaction currents over the cell's", 1e-9),
        ("inventory_error", "salt in the cell against what was put in", 1e-12),
        ("split_closure", "losses against the cell voltage", 1e-9),
    ):
        yield Bound(quantity=f"{name}: {what}", found=solution.metrics[key], limit=limit)
    assert solution.split is not None
    least = min(solution.split.concentration.values())
    yield Bound(quantity=f"{name}: least concentration loss", found=least, limit=0.0, unit="V", at_least=True)
    net = float(np.abs(solution.cluster_currents).max(initial=0.0)) / (I * solution.projected_area)
    yield Bound(quantity=f"{name}: net current of floating fibres over the cell's", found=net, limit=1e-9)
