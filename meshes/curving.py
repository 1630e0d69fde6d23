"""Elements that follow exact surfaces: edges bent onto them, or radii enlarged until the area is exact."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from meshes import lagrange
from meshes.exact_surfaces import BoolArray, ExactSurface, Shapes, project
from meshes.quality import QUALITY_FLOOR, mean_ratio
from meshes.simplices import FloatArray, IntArray, MeshError, simplex_mesh
from meshes.tagged import TaggedMesh

DET_FLOOR = 0.03
"""Least det of a curved element, over that of the straight one; a higher floor takes more edges back towards
their chord, and with 8 elements around a fibre more than 1e-3 of its volume."""
STEPS = 8
"""Bent edges are taken back towards their chord, and moved nodes to their place, in this many steps."""
REACH = 0.5
"""A midpoint moves by at most this fraction of its chord, a node by that of its shortest edge."""
AREA_TOLERANCE = 1e-6
"""Largest relative error of the area after the radii are enlarged; the search goes on a hundredfold."""
SECANT_STEPS = 20

Margin = Callable[[FloatArray, IntArray], FloatArray]
"""How far above their floor some elements are, given the fractions (n_local, n) of their moves."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Bent:
    """Where the middles of all edges lie, and what it took to keep the elements sound."""

    midpoints: FloatArray  # [m], (dim, n_edges), in the order of `mesh.edges`
    relaxed_edges: int  # edges of curved surfaces taken back towards their chord, or without a foot
    least_det_ratio: float  # least det over that of the straight element [-]; 1 where nothing is bent


@dataclass(frozen=True, kw_only=True, eq=False)
class Enlarged:
    """A straight mesh whose curved surfaces have the exact area."""

    mesh: TaggedMesh
    factor: float  # of all radii [-]
    held_nodes: int  # nodes of curved surfaces that moved less, for the sake of their elements


def curve(mesh: TaggedMesh, shapes: Shapes) -> TaggedMesh:
    """The mesh with the edges on curved surfaces bent onto them; see `bend`."""
    return mesh.curved(bend(mesh, shapes).midpoints)


def bend(mesh: TaggedMesh, shapes: Shapes, *, floor: float = DET_FLOOR) -> Bent:
    """Middles of the edges, those on `shapes` projected onto all surfaces that their facets lie on.

    An edge between two cylinders, or a cylinder and a plane, follows their intersection; edges inside stay
    straight. Where the ends of an edge lie off a surface, the middle is off by the mean of theirs. Elements
    whose det falls below `floor` times the straight one have bent edges moved back towards the chord, step by
    step, always the one that helps most. A curved mesh counts as straight.
    """
    ends = mesh.points[:, mesh.edges]
    straight, length = ends.mean(axis=1), np.linalg.norm(ends[:, 1] - ends[:, 0], axis=0)
    bow, lost = np.zeros_like(straight), np.zeros(mesh.n_edges, dtype=bool)
    for surfaces, edges in _gathered(shapes, lambda f: mesh.nodes_of_facets(2, f)[mesh.dim :] - mesh.n_nodes):
        levels = np.stack([(s.level(ends[:, 0, edges]) + s.level(ends[:, 1, edges])) / 2 for s in surfaces])
        foot, found = project(straight[:, edges], surfaces, levels=levels, reach=REACH * length[edges])
        bow[:, edges] = foot - straight[:, edges]
        lost[edges] = ~found
    edges_of_cell = mesh.nodes_of_cells(2)[mesh.dim + 1 :] - mesh.n_nodes

    def least(part: FloatArray, elements: IntArray) -> FloatArray:
        of = edges_of_cell[:, elements]
        middles = straight[:, of] + part * bow[:, of]
        corners = mesh.points[:, mesh.cells[:, elements]]
        return lagrange.least_determinant(np.concatenate((corners, middles), axis=1))

    moved, fraction = (bow != 0.0).any(axis=0), np.ones(mesh.n_edges)
    bent = _relax(fraction, moved, edges_of_cell, lambda part, elements: least(part, elements) - floor)
    return Bent(
        midpoints=straight + fraction * bow,
        relaxed_edges=int((lost | (moved & (fraction < 1.0))).sum()),
        least_det_ratio=float(least(fraction[edges_of_cell[:, bent]], bent).min(initial=1.0)),
    )


def enlarge(mesh: TaggedMesh, shapes: Shapes, *, surface: str, area: float) -> Enlarged:
    """Nodes moved outwards until the straight facets of `surface` have the exact `area` [m2].

    One factor for all radii: a node goes to the intersection of all its surfaces, each enlarged; planes stay
    planes. Nodes whose elements would fall below the quality floor move less. Raises MeshError when the area
    cannot be reached.
    """
    x, cells = mesh.points, mesh.cells
    groups = list(_gathered(shapes, lambda f: mesh.facets[:, f]))
    reach = REACH * _shortest_edges(mesh)
    corners = mesh.facets[:, mesh.facets_of(surface)]
    centre = np.full((mesh.dim, 1), 1.0 / mesh.dim)
    per_facet = 1.0 if mesh.dim == 2 else 0.5
    floor = np.minimum(QUALITY_FLOOR, 0.5 * mean_ratio(x, cells))
    fraction = np.ones(mesh.n_nodes)

    def moves(factor: float) -> FloatArray:
        step = np.zeros_like(x)
        for surfaces, nodes in groups:
            start = x[:, nodes]
            levels = np.stack([s.level(start) for s in surfaces])
            larger = [s.enlarged(factor) for s in surfaces]
            step[:, nodes] = project(start, larger, levels=levels, reach=reach[nodes])[0] - start
        return step

    def error(factor: float) -> float:
        tangents = lagrange.jacobians((x + fraction * moves(factor))[:, corners], centre)
        return per_facet * float(lagrange.surface_element(tangents).sum()) / area - 1.0

    factor, held = 1.0, True
    while held:  # what is held back changes the factor
        factor = _root(error, factor)
        step, before = moves(factor), fraction.copy()

        def margin(part: FloatArray, elements: IntArray, step: FloatArray = step) -> FloatArray:
            of = cells[:, elements]
            moved = (x[:, of] + part * step[:, of]).reshape(mesh.dim, -1)
            return mean_ratio(moved, np.arange(of.size).reshape(of.shape)) - floor[elements]

        _relax(fraction, (step != 0.0).any(axis=0), cells, margin)
        held = bool((fraction < before).any())
    if not abs(error(factor)) <= AREA_TOLERANCE:
        raise MeshError(
            f"surface '{surface}' keeps an area error of {error(factor):.2g} with radii enlarged "
            f"{factor:.4g} times; use a finer mesh at curved surfaces, or curved elements"
        )
    points = x + fraction * moves(factor)
    return Enlarged(
        mesh=replace(mesh, mesh=simplex_mesh(points, cells), midpoints=None),
        factor=factor,
        held_nodes=int((fraction < 1.0).sum()),
    )


def _gathered(
    shapes: Shapes, items: Callable[[IntArray], IntArray]
) -> Iterator[tuple[list[ExactSurface], IntArray]]:
    """Surfaces with the edges (or nodes) that lie on exactly these; only sets with a curved one in them."""
    number: dict[ExactSurface, int] = {}
    for shape in shapes:
        number.setdefault(shape.surface, len(number))
    surfaces, total = list(number), max(len(number), 1)
    keys = [
        np.unique(items(shape.facets)).astype(np.int64) * total + number[shape.surface] for shape in shapes
    ]
    found = np.unique(np.concatenate(keys)) if keys else np.empty(0, dtype=np.int64)
    item, on = found // total, found % total
    first = np.flatnonzero(np.diff(item, prepend=-1))
    count = np.diff(first, append=item.size)
    for k in np.unique(count).tolist():
        start = first[count == k]
        sets, member = np.unique(on[start[:, None] + np.arange(k)], axis=0, return_inverse=True)
        order = np.argsort(member.ravel(), kind="stable")
        bounds = np.searchsorted(member.ravel()[order], np.arange(len(sets) + 1))
        for n, row in enumerate(sets.tolist()):
            if not all(surfaces[s].is_plane for s in row):
                yield [surfaces[s] for s in row], item[start[order[bounds[n] : bounds[n + 1]]]]


def _relax(fraction: FloatArray, moved: BoolArray, items_of_cell: IntArray, margin: Margin) -> IntArray:
    """Lower the fractions of moves until no element is below its floor; returns all elements with a move.

    In each round every bad element lowers the move that gains it most by one step.
    """
    touched = np.flatnonzero(moved[items_of_cell].any(axis=0))
    suspects, lowered = touched, np.zeros(fraction.size, dtype=bool)
    while True:
        bad = suspects[margin(fraction[items_of_cell[:, suspects]], suspects) < 0.0]
        items = items_of_cell[:, bad]
        free = moved[items] & (fraction[items] > 0.0)
        gains = np.full(items.shape, -np.inf)
        for k in range(len(items)):
            trial = fraction[items]
            trial[k] = np.maximum(trial[k] - 1.0 / STEPS, 0.0)
            gains[k] = np.where(free[k], margin(trial, bad), -np.inf)
        chosen = np.unique(np.take_along_axis(items, gains.argmax(axis=0)[None], axis=0)[:, free.any(axis=0)])
        if chosen.size == 0:
            return touched
        fraction[chosen] = np.maximum(fraction[chosen] - 1.0 / STEPS, 0.0)
        lowered[chosen] = True
        suspects = touched[lowered[items_of_cell[:, touched]].any(axis=0)]
        lowered[chosen] = False


def _root(error: Callable[[float], float], start: float) -> float:
    """Factor at which `error` vanishes, by secants; the error grows about like the factor itself."""
    goal = 0.01 * AREA_TOLERANCE
    a, at_a = start, error(start)
    b = a - at_a
    for _ in range(SECANT_STEPS):
        if abs(at_a) <= goal:
            break
        at_b = error(b)
        slope = (at_b - at_a) / (b - a) if b != a else 0.0
        a, at_a, b = b, at_b, (b - at_b / slope if slope > 0.0 else b)
    return a


def _shortest_edges(mesh: TaggedMesh) -> FloatArray:
    """Length [m] of the shortest edge at every node, (n_nodes,)."""
    ends = mesh.points[:, mesh.edges]
    length, shortest = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=0), np.full(mesh.n_nodes, np.inf)
    for node in mesh.edges:
        np.minimum.at(shortest, node, length)
    return shortest
