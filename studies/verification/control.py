"""Potentiostatic and galvanostatic control reach the same state.

At the voltage that a galvanostatic run finds, the potentiostatic run must give its current back, and the
same fields: V(I) and I(V) are one curve. A galvanostatic run at -I is the run at I seen from the other
electrode, with the terminals exchanged.

Source: uniqueness of the steady state, since every reaction is monotone in its overpotential.

Catches: a current that is counted on another area than it is imposed on, a terminal with the wrong sign, the
potential of the counter electrode left at its guess, an inventory that depends on the control.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from fem import (
    Electrode,
    Film,
    Galvanostatic,
    Grounded,
    LandesfeindGasteiger,
    MarcusHushChidsey,
    Model,
    Potentiostatic,
    Solution,
    Solvent,
    ValoenReimers,
    solve_steady,
)
from fem.conditions import Terminal
from fem.solve import Order
from meshes.tagged import TaggedMesh
from studies.verification import cells
from studies.verification.cells import FAST, SLOW, I
from studies.verification.evidence import Bound, Comparison, Evidence

EC_EMC = LandesfeindGasteiger(Solvent.EC_EMC)
CELLS: Mapping[str, Callable[[], tuple[TaggedMesh, Model]]] = {
    "planar, i0 10": lambda: (cells.planar_mesh(20), cells.planar_model(ValoenReimers(), SLOW)),
    "planar, i0 100": lambda: (cells.planar_mesh(20), cells.planar_model(ValoenReimers(), FAST)),
    "half-covered, film": lambda: (
        cells.half_covered_mesh(12),
        cells.planar_model(EC_EMC, Film(1e-3, FAST)),
    ),
    "standing fibre, Marcus": lambda: (
        cells.standing_mesh(2),
        cells.standing_model(MarcusHushChidsey(exchange_current=100.0), counter=FAST),
    ),
}
TOLERANCE = 1e-11


def verify() -> Sequence[Evidence]:
    """Both controls and exchanged terminals in several cells, at both orders."""
    orders: tuple[Order, ...] = (1, 2)
    return [
        evidence
        for name, cell in CELLS.items()
        for order in orders
        for evidence in _both(f"{name}, order {order}", *cell(), order)
    ]


def _both(name: str, mesh: TaggedMesh, model: Model, order: Order) -> Iterator[Evidence]:
    given = solve_steady(mesh, model, Galvanostatic(current_density=I), order=order)
    again = solve_steady(mesh, model, Potentiostatic(cell_voltage=given.cell_voltage), order=order)
    yield Comparison(
        quantity=f"{name}: current at the galvanostatic voltage",
        found=again.metrics["current_density_A_m2"],
        expected=I,
        tolerance=TOLERANCE,
        unit="A/m2",
        source="imposed",
    )
    yield Bound(quantity=f"{name}: greatest change of a field", found=_change(given, again), limit=TOLERANCE)
    if any(isinstance(b, Grounded) for b in model.boundaries.values()):
        return  # a conductor on the anode plane cannot be wired to the counter
    area = given.projected_area
    other = solve_steady(mesh, exchanged(model), Galvanostatic(current_density=-I, area=area), order=order)
    yield Comparison(
        quantity=f"{name}: cell voltage with exchanged terminals",
        found=-other.cell_voltage,
        expected=given.cell_voltage,
        tolerance=TOLERANCE,
        unit="V",
        source="the cell as it was",
    )
    c = float(np.nanmax(np.abs(other.c / given.c - 1)))
    yield Bound(quantity=f"{name}: change of c with exchanged terminals", found=c, limit=TOLERANCE)


def exchanged(model: Model) -> Model:
    """The anode's electrodes wired to the counter and the reverse."""
    other: dict[Terminal, Terminal] = {"anode": "counter", "counter": "anode"}
    boundaries = {
        name: Electrode(b.kinetics, terminal=other[b.terminal]) if isinstance(b, Electrode) else b
        for name, b in model.boundaries.items()
    }
    return replace(model, boundaries=boundaries)


def _change(one: Solution, other: Solution) -> float:
    fields = [(one.phi_e, other.phi_e), (one.c, other.c)]
    return max(float(np.nanmax(np.abs(a - b)) / np.nanmax(np.abs(a))) for a, b in fields)
