"""Second-order elements on curved cells of salt electrolyte with Butler-Volmer kinetics: rates of all fields.

Two cells between round lithium electrodes, properties of Valoen and Reimers, J. Electrochem. Soc. 152 (2005)
A882, 10.1149/1.1872737. Concentric: W = W_a + (I'/2 pi) ln(r/a), c = c(W), phi_e = Psi(c) + k in closed form
(`radial.py`), with eta = (2RT/F) asinh(j/(2 i0(c))) on both. Eccentric: the current is uneven and there is no
closed form; the reference is a mesh twice as fine as the finest of the table, of the same nested family. At a
given voltage the current is a functional of the solution and converges with twice the order of the elements,
fields in the mean square with one order more than that of the elements.

Catches: midpoints that stay on their chords, a Jacobian of the straight element, rules too coarse for bent
elements or for laws that vary within one, c and phi_e that are not interpolated at the middles of edges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from fem import (
    Electrode,
    Electrolyte,
    Model,
    Potentiostatic,
    Solution,
    ValoenReimers,
    current_map,
    solve_steady,
)
from fem.elements import Elements, Floats
from fem.solve import Order
from meshes.exact_surfaces import Sphere
from meshes.structured import annulus
from meshes.tagged import TaggedMesh
from studies.verification.cells import C0, FAST, Level, following, moved, rates
from studies.verification.evidence import Evidence
from studies.verification.radial import Ring

INNER, OUTER = 10e-6, 50e-6  # [m]
CURRENT = 800.0 * 2 * np.pi * INNER  # I' [A/m]: 800 A/m2 on the inner electrode
SHIFT, VOLTAGE = 20e-6, 0.15  # of the eccentric cell [m], [V]
LAW = ValoenReimers()
REFERENCE = 12  # resolution of the eccentric cell's reference


def verify() -> Sequence[Evidence]:
    """Rates at order 2 on curved rings, concentric and eccentric, and at order 1 on straight ones."""
    fields = {"concentration": 2.8, "potential": 2.8, "current": 3.5}
    linear = dict.fromkeys(fields, 1.9)
    return [
        *rates(
            concentric,
            Level(
                order=1, resolutions=(2, 4, 8), least_rate=_named("concentric", linear), largest_error=1e-3
            ),
            Level(
                order=2, resolutions=(1, 2, 4), least_rate=_named("concentric", fields), largest_error=1e-4
            ),
        ),
        *rates(
            eccentric,
            Level(
                order=2,
                resolutions=(2, 3, 4, 6),
                least_rate=_named("eccentric", {**fields, "first moment of the current": 3.5}),
                largest_error=2e-4,
            ),
        ),
    ]


def _named(cell: str, values: Mapping[str, float]) -> Mapping[str, float]:
    return {f"{cell}: {key}": value for key, value in values.items()}


def model() -> Model:
    """Lithium inside and outside, liquid between."""
    return Model(
        regions={"pores": Electrolyte(law=LAW, concentration=C0)},
        boundaries={"inner": Electrode(FAST, terminal="anode"), "outer": Electrode(FAST, terminal="counter")},
    )


def ring(n: int, order: Order, shift: float = 0.0) -> TaggedMesh:
    """12 n elements around, 5 n across; circles in between are shifted by their share; curved for order 2."""
    mesh = annulus(INNER, OUTER, n_radial=5 * n, n_angular=12 * n)
    if shift:
        share = (OUTER - np.linalg.norm(mesh.points, axis=0)) / (OUTER - INNER)
        mesh = moved(mesh, mesh.points + np.array([[0.0], [shift]]) * share)
    circles = {
        "inner": Sphere(centre=(0.0, shift), radius=INNER),
        "outer": Sphere(centre=(0.0, 0.0), radius=OUTER),
    }
    return mesh if order == 1 else following(mesh, circles)


def concentric(n: int, order: Order) -> Mapping[str, float]:
    """Errors at the voltage of the exact solution: fields in the mean square over their spread, current."""
    exact = Ring.of(LAW, INNER, OUTER, c0=C0, current=CURRENT)
    anode, counter = (exact.overpotential(r, FAST.exchange_current) for r in (INNER, OUTER))
    voltage = anode + float(exact.rise(OUTER)) + counter
    solution = solve_steady(
        ring(n, order), model(), Potentiostatic(cell_voltage=voltage), method="equilibrated"
    )
    mesh = solution.mesh
    part = Elements.of(mesh, np.arange(mesh.n_elements), mesh.nodes_of_cells(order), order)
    at = [part.values(x) for x in mesh.node_points(order)]
    r = np.clip(np.hypot(*at), INNER, OUTER)
    spread = [float(exact.concentration(OUTER) - exact.concentration(INNER)), float(exact.rise(OUTER))]
    return _named(
        "concentric",
        {
            "concentration": _rms(part, part.values(solution.c) - exact.concentration(r)) / spread[0],
            "potential": _rms(part, part.values(solution.phi_e) - anode - exact.rise(r)) / spread[1],
            "current": abs(solution.currents["inner"] / CURRENT - 1),
        },
    )


def _rms(part: Elements, error: Floats) -> float:
    """Root of the mean square over a mesh."""
    return float(np.sqrt(part.integral(error**2).sum() / part.volumes.sum()))


def eccentric(n: int, order: Order) -> Mapping[str, float]:
    """Errors against the reference: fields at its corners over their spread, current and its first moment."""
    found, exact = _eccentric(n, order), _eccentric(REFERENCE, 2)
    stride = REFERENCE // n
    same = _corners(REFERENCE)[::stride, ::stride].ravel()
    corners = np.arange(found.mesh.n_nodes)
    errors = {
        name: float(np.sqrt(np.mean((of(found)[corners] - of(exact)[same]) ** 2)) / np.ptp(of(exact)))
        for name, of in (("concentration", lambda s: s.c), ("potential", lambda s: s.phi_e))
    }
    errors["current"] = abs(found.currents["inner"] / exact.currents["inner"] - 1)
    errors["first moment of the current"] = abs(_moment(found) / _moment(exact) - 1)
    return _named("eccentric", errors)


@cache
def _eccentric(n: int, order: Order) -> Solution:
    return solve_steady(
        ring(n, order, SHIFT),
        model(),
        Potentiostatic(cell_voltage=VOLTAGE),
        method="equilibrated",
        order=order,
    )


def _corners(n: int) -> np.ndarray:
    """Numbers of the ring's nodes, by circle and angle."""
    return np.arange((5 * n + 1) * 12 * n).reshape(5 * n + 1, 12 * n)


def _moment(solution: Solution) -> float:
    """int j (z - d) dA [A] on the inner electrode, which the shift d makes uneven."""
    found = current_map(solution, "inner")
    return float((found.samples * found.weights * (found.heights - SHIFT)).sum())
