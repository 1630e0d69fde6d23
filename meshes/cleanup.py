"""Removal of slivers after meshing: short edges are collapsed, free nodes moved, until no element is bad.

CAD of crossing cylinders leaves edges thousands of times shorter than the mesh size; the elements on them
are flat, no optimiser can move them, and they stall Newton's method. The work is local: few elements of
millions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import combinations, permutations

import numpy as np

from meshes.patch import Patch, cut_patch
from meshes.quality import mean_ratio
from meshes.simplices import FloatArray, IntArray, corner_blocks, used_nodes

GOAL = 0.1
"""Elements with a mean ratio below this are worked on, and raised as far as that goes."""
SHORT = 0.15
"""Edges shorter than this fraction of the mesh size are collapsed where that is admissible."""
TINY = 0.1
"""A node leaves a curved surface only over less than this fraction of the mesh size."""
REACH = 0.7
"""A node slides along a curved surface by at most this fraction of the mesh size."""
ROUNDS = 8
"""How often the bad elements are sought anew."""
MOVES = 4
"""How often one node is moved in a round."""


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """The mended mesh and what was done to it."""

    points: FloatArray  # (dim, n_nodes), nodes without element dropped
    cells: IntArray  # (dim + 1, n_elements)
    origin: IntArray  # (n_elements,) number of the element before
    facets: IntArray  # (dim, n_facets)
    labels: IntArray  # (n_facets,)
    collapsed_edges: int
    relocated_nodes: int
    worst_before: float
    worst_after: float


def clean(
    points: FloatArray,
    cells: IntArray,
    facets: IntArray,
    labels: IntArray,
    *,
    size: float,
    goal: float = GOAL,
) -> Cleaned:
    """Raise the worst mean ratio of a tetrahedral mesh, keeping its regions, surfaces and their topology.

    points (3, n_nodes), cells (4, n_elements) with positive volumes, facets (3, n_facets) the triangles of
    all labelled surfaces (outer boundary and every face between regions) with labels (n_facets,), size the
    mesh size at the fibres in the unit of the points. Of two merged nodes the one on the lower-dimensional
    entity stays (corner, curve, surface, volume). Plane surfaces stay plane, so that the volume of the box
    is kept to round-off. Every step raises the worst mean ratio around it, hence nothing is inverted.
    """
    xyz = np.ascontiguousarray(points.T, dtype=np.float64).copy()
    t, f = np.array(cells, dtype=np.int32), np.array(facets, dtype=np.int32)
    origin, tags = np.arange(t.shape[1]), np.array(labels)
    flat = _flat_labels(xyz, f, tags)
    quality, shortest = mean_ratio(xyz.T, t), _shortest_edges(xyz, t)
    before = float(quality.min())
    collapsed = relocated = 0
    for _ in range(ROUNDS):
        seeds = np.flatnonzero((quality < goal) | (shortest < SHORT * size))
        if seeds.size == 0:
            break
        patch = cut_patch(xyz, t, f, tags, flat, seeds)
        cell_numbers, facet_numbers = sorted(patch.cells), sorted(patch.facets)
        done = _improve(patch, seeds.tolist(), size, goal)
        if not any(done):
            break
        collapsed += done[0]
        relocated += done[1]
        t, keep = _applied(t, cell_numbers, patch.cells)
        origin, quality, shortest = origin[keep], quality[keep], shortest[keep]
        edited = np.searchsorted(keep, [n for n in cell_numbers if n in patch.cells])
        quality[edited] = mean_ratio(xyz.T, t[:, edited])
        shortest[edited] = _shortest_edges(xyz, t[:, edited])
        f, keep = _applied(f, facet_numbers, patch.facets)
        tags = tags[keep]
    nodes, t, f = used_nodes(xyz.T, t, f)
    return Cleaned(
        points=nodes,
        cells=t,
        origin=origin,
        facets=f,
        labels=tags,
        collapsed_edges=collapsed,
        relocated_nodes=relocated,
        worst_before=before,
        worst_after=float(quality.min()),
    )


def untouched(points: FloatArray, cells: IntArray, facets: IntArray, labels: IntArray) -> Cleaned:
    """A mesh, in any dimension, as it is: triangles need no clean-up, since slivers come in space only."""
    worst = float(mean_ratio(points, cells).min())
    return Cleaned(
        points=points,
        cells=cells,
        origin=np.arange(cells.shape[1]),
        facets=facets,
        labels=labels,
        collapsed_edges=0,
        relocated_nodes=0,
        worst_before=worst,
        worst_after=worst,
    )


def _improve(patch: Patch, seeds: list[int], size: float, goal: float) -> tuple[int, int]:
    """Work through the elements from the worst upwards; returns the numbers of collapses and of moves."""
    collapsed = 0
    short = sorted(
        (patch.length(a, b), a, b)
        for a, b in {tuple(sorted(e)) for t in seeds for e in combinations(patch.cells[t], 2)}
        if patch.length(a, b) < SHORT * size
    )
    waiting = set(seeds)
    for _, a, b in short:
        if patch.star.get(a, set()) & patch.star.get(b, set()):
            changed = _collapse(patch, [(a, b), (b, a)], size, goal)
            collapsed += bool(changed)
            waiting |= changed
    queue = [(patch.quality([patch.cells[t]]), t) for t in waiting & patch.cells.keys()]
    heapify(queue)
    moved: Counter[int] = Counter()
    while queue:
        _, number = heappop(queue)
        if number not in patch.cells:
            continue
        tet = patch.cells[number]
        if patch.quality([tet]) >= goal:
            continue
        changed = _collapse(patch, list(permutations(tet, 2)), size, goal)
        collapsed += bool(changed)
        if not changed:
            for node in tet:
                if moved[node] < MOVES and patch.relocate(node, goal):
                    moved[node] += 1
                    changed |= patch.star[node]
        for other in changed:
            value = patch.quality([patch.cells[other]])
            if value < goal:
                heappush(queue, (value, other))
    return collapsed, moved.total()


def _collapse(patch: Patch, candidates: list[tuple[int, int]], size: float, goal: float) -> set[int]:
    """Do the best of some collapses (gone, kept), if it raises the worst mean ratio; returns what changed."""
    best: tuple[float, int, int] | None = None
    for gone, kept in candidates:
        if gone in patch.locked or kept in patch.locked:
            continue
        if not patch.node_labels(gone) <= patch.flat and patch.length(gone, kept) > REACH * size:
            continue
        value = patch.collapse_quality(gone, kept, tiny=TINY * size)
        if value is None or (best is not None and value <= best[0]):
            continue
        if value > patch.star_quality(gone) * (1.0 + 1e-9) or value >= 2.0 * goal:
            best = value, gone, kept
    if best is None or best[0] <= 0.0:
        return set()
    return patch.collapse(best[1], best[2])


def _applied(
    table: IntArray, numbers: list[int], current: Mapping[int, tuple[int, ...]]
) -> tuple[IntArray, IntArray]:
    """The table after the edits of a patch, and the numbers of the columns that are left."""
    alive = [n for n in numbers if n in current]
    table = table.copy()
    if alive:
        table[:, alive] = np.array([current[n] for n in alive]).T
    left = np.ones(table.shape[1], dtype=bool)
    left[[n for n in numbers if n not in current]] = False
    return table[:, left], np.flatnonzero(left)


def _shortest_edges(xyz: FloatArray, cells: IntArray) -> FloatArray:
    """Length of the shortest edge of every element, shape (n_elements,)."""
    shortest = np.empty(cells.shape[1])
    for block, x in corner_blocks(xyz.T, cells):
        squares = [((one - other) ** 2).sum(axis=0) for one, other in combinations(x, 2)]
        shortest[block] = np.min(squares, axis=0)
    return np.sqrt(shortest)


def _flat_labels(xyz: FloatArray, facets: IntArray, labels: IntArray) -> set[int]:
    """Labels all of whose facets lie in one plane, to 1e-9 of their extent."""
    flat = set()
    order = np.argsort(labels, kind="stable")
    names, start = np.unique(labels[order], return_index=True)
    for name, chosen in zip(names.tolist(), np.split(order, start[1:]), strict=True):
        nodes = xyz[np.unique(facets[:, chosen])]
        nodes = nodes - nodes.mean(axis=0)
        _, singular, axes = np.linalg.svd(nodes.T @ nodes)
        if np.abs(nodes @ axes[2]).max() <= 1e-9 * np.sqrt(singular[0] + 1e-300):
            flat.add(name)
    return flat
