"""A small, editable piece of a tetrahedral mesh in which single edges are collapsed and single nodes moved.

The piece carries labelled facets (faces of the CAD). Their union must stay what it is: an edge is collapsed
only under the link condition of the volume, of the labelled surfaces and of the curves in which surfaces
meet, which keeps the topology of each (Dey, Edelsbrunner, Guha and Nekhayev 1999, Publ. Inst. Math. 66).
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import numpy as np

from meshes.quality import mean_ratio
from meshes.simplices import FloatArray, IntArray

Nodes = tuple[int, ...]

MOVE_DIRECTIONS = np.array(
    [[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]
)


class Patch:
    """Tetrahedra with complete stars around the free nodes; nodes at the rim are locked.

    points   (n_nodes, 3) coordinates of the whole mesh, changed in place
    cells    element number -> node numbers, only those of the piece
    facets   facet number -> node numbers; labels facet number -> label
    flat     labels whose facets lie in one plane, which must stay plane
    """

    def __init__(
        self,
        points: FloatArray,
        cells: dict[int, Nodes],
        facets: dict[int, Nodes],
        labels: dict[int, int],
        flat: set[int],
        locked: set[int],
    ) -> None:
        self.points = points
        self.cells = cells
        self.facets = facets
        self.labels = labels
        self.flat = flat
        self.locked = locked
        self.star: dict[int, set[int]] = {}
        self.facet_star: dict[int, set[int]] = {}
        for table, star in ((cells, self.star), (facets, self.facet_star)):
            for number, nodes in table.items():
                for node in nodes:
                    star.setdefault(node, set()).add(number)

    def quality(self, tets: Iterable[Nodes]) -> float:
        """Worst mean ratio of some tetrahedra; 1 for none."""
        nodes = np.array(list(tets), dtype=np.int64)
        return float(mean_ratio(self.points.T, nodes.T).min()) if nodes.size else 1.0

    def star_quality(self, node: int) -> float:
        """Worst mean ratio around a node."""
        return self.quality(self.cells[t] for t in self.star[node])

    def length(self, a: int, b: int) -> float:
        return float(np.linalg.norm(self.points[a] - self.points[b]))

    def node_labels(self, node: int) -> set[int]:
        """Labels of the surfaces that a node lies on."""
        return {self.labels[f] for f in self.facet_star.get(node, ())}

    def curve_neighbours(self, node: int) -> set[int]:
        """Nodes joined to this one by an edge in which surfaces meet (or one ends)."""
        around: dict[int, list[int]] = {}
        for f in self.facet_star.get(node, ()):
            for other in self.facets[f]:
                if other != node:
                    around.setdefault(other, []).append(self.labels[f])
        return {other for other, seen in around.items() if len(seen) != 2 or seen[0] != seen[1]}

    def rank(self, node: int) -> int:
        """0 corner, 1 on a curve, 2 on a surface, 3 inside a volume."""
        if not self.facet_star.get(node):
            return 3
        curves = self.curve_neighbours(node)
        if not curves:
            return 2
        return 1 if len(curves) == 2 else 0

    def collapse_quality(self, gone: int, kept: int, *, tiny: float) -> float | None:
        """Worst mean ratio around `gone` if it were merged into `kept`; None where this is not admissible.

        Planes keep all their nodes in the plane. A node leaves a curved surface only over less than `tiny`.
        """
        if gone in self.locked or kept in self.locked or not self._ranks_admit(gone, kept):
            return None
        lost = self.node_labels(gone) - self.node_labels(kept)
        if lost & self.flat or (lost and self.length(gone, kept) > tiny):
            return None
        if not (self._volume_links(gone, kept) and self._surface_links(gone, kept)):
            return None
        moved = [swapped(self.cells[t], gone, kept) for t in self.star[gone] - self.star[kept]]
        return self.quality(moved)

    def collapse(self, gone: int, kept: int) -> set[int]:
        """Merge `gone` into `kept`; returns the elements that changed shape."""
        merge(self.facets, self.facet_star, gone, kept)
        return merge(self.cells, self.star, gone, kept)

    def relocate(self, node: int, goal: float) -> bool:
        """Move a node inside a volume, or within one plane, to raise the worst mean ratio around it."""
        if node in self.locked:
            return False
        rank = self.rank(node)
        labels = self.node_labels(node)
        if rank < 2 or not labels <= self.flat:
            return False
        tets = np.array([self.cells[t] for t in self.star[node]], dtype=np.int64).T
        start = self.points[node].copy()
        directions = MOVE_DIRECTIONS / np.linalg.norm(MOVE_DIRECTIONS, axis=1)[:, None]
        if rank == 2:
            a, b, c = self.points[list(self.facets[next(iter(self.facet_star[node]))])]
            normal = np.cross(b - a, c - a)
            normal /= np.linalg.norm(normal)
            directions = directions - (directions @ normal)[:, None] * normal
        neighbours = np.setdiff1d(tets, [node])
        step = 0.3 * float(np.linalg.norm(self.points[neighbours] - start, axis=1).mean())
        best = first = float(mean_ratio(self.points.T, tets).min())
        place = start
        while step > 0.0 and best < goal:
            trials = np.concatenate([place + step * directions, place - step * directions])
            values = np.empty(len(trials))
            for k, trial in enumerate(trials):
                self.points[node] = trial
                values[k] = mean_ratio(self.points.T, tets).min()
            k = int(values.argmax())
            if values[k] > best:
                best, place = float(values[k]), trials[k]
            else:
                step *= 0.5
                if step < 1e-3 * np.linalg.norm(self.points[neighbours[0]] - start):
                    break
        improved = best > first * (1.0 + 1e-6) + 1e-12
        self.points[node] = place if improved else start
        return improved

    def _ranks_admit(self, gone: int, kept: int) -> bool:
        a, b = self.rank(gone), self.rank(kept)
        if b > a:
            return False
        if a == 3:
            return True
        shared = self.facet_star[gone] & self.facet_star[kept]
        if not shared:  # two surface nodes joined through the volume: merging them would glue surfaces
            return False
        return a == 2 or kept in self.curve_neighbours(gone)

    def _volume_links(self, a: int, b: int) -> bool:
        around = [set(self.cells[t]) - {a, b} for t in self.star[a] & self.star[b]]
        nodes_a = {n for t in self.star[a] for n in self.cells[t]} - {a, b}
        nodes_b = {n for t in self.star[b] for n in self.cells[t]} - {a, b}
        if nodes_a & nodes_b != set().union(*around):
            return False
        common = self._link_faces(self.star[a], a) & self._link_faces(self.star[b], b)
        if common:
            return False
        edges = self._link_edges(self.star[a], a) & self._link_edges(self.star[b], b)
        return edges <= {frozenset(pair) for pair in around}

    def _surface_links(self, a: int, b: int) -> bool:
        facets_a, facets_b = self.facet_star.get(a, set()), self.facet_star.get(b, set())
        if not facets_a or not facets_b:
            return True
        around = {n for f in facets_a & facets_b for n in self.facets[f]} - {a, b}
        nodes_a = {n for f in facets_a for n in self.facets[f]} - {a, b}
        nodes_b = {n for f in facets_b for n in self.facets[f]} - {a, b}
        if nodes_a & nodes_b != around:
            return False
        opposite = [{frozenset(self.facets[f]) - {n} for f in fs} for n, fs in ((a, facets_a), (b, facets_b))]
        if opposite[0] & opposite[1]:
            return False
        return not self.curve_neighbours(a) & self.curve_neighbours(b)

    def _link_faces(self, star: set[int], node: int) -> set[frozenset[int]]:
        return {frozenset(self.cells[t]) - {node} for t in star}

    def _link_edges(self, star: set[int], node: int) -> set[frozenset[int]]:
        faces = self._link_faces(star, node)
        return {frozenset(pair) for face in faces for pair in combinations(face, 2)}


def swapped(nodes: Nodes, gone: int, kept: int) -> Nodes:
    """The same nodes with `kept` in the place of `gone`."""
    return tuple(kept if n == gone else n for n in nodes)


def merge(table: dict[int, Nodes], star: dict[int, set[int]], gone: int, kept: int) -> set[int]:
    """Put `kept` in the place of `gone`; what had both vanishes. Returns the numbers that changed."""
    mine = star.pop(gone, set())
    lost = mine & star.get(kept, set())
    for number in lost:
        for node in table.pop(number):
            if node != gone:
                star[node].discard(number)
    for number in mine - lost:
        table[number] = swapped(table[number], gone, kept)
    star.setdefault(kept, set()).update(mine - lost)
    return mine - lost


def cut_patch(
    points: FloatArray,
    cells: IntArray,
    facets: IntArray,
    labels: IntArray,
    flat: set[int],
    seeds: IntArray,
    rings: int = 2,
) -> Patch:
    """The piece around some elements, `rings` layers of elements wide.

    points (n_nodes, 3), cells (4, n_elements), facets (3, n_facets), labels (n_facets,),
    seeds element numbers.
    """
    inside = np.zeros(cells.shape[1], dtype=bool)
    inside[seeds] = True
    near = np.zeros(len(points), dtype=bool)
    for _ in range(rings):
        near[cells[:, inside]] = True
        inside = near[cells].any(axis=0)
    numbers = np.flatnonzero(inside)
    on_facet = np.flatnonzero(near[facets].any(axis=0))
    rim = np.zeros(len(points), dtype=bool)
    rim[cells[:, numbers]] = True
    rim &= ~near
    return Patch(
        points,
        dict(zip(numbers.tolist(), map(tuple, cells[:, numbers].T.tolist()), strict=True)),
        dict(zip(on_facet.tolist(), map(tuple, facets[:, on_facet].T.tolist()), strict=True)),
        dict(zip(on_facet.tolist(), labels[on_facet].tolist(), strict=True)),
        flat,
        set(np.flatnonzero(rim).tolist()),
    )
