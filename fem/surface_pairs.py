"""Derivatives of the currents through a surface: summed on pairs of its nodes, then added to a matrix."""

from __future__ import annotations

from functools import partial

import numpy as np

from fem.elements import Floats, Ints, distinct_pairs, scatter
from fem.interface import ReactingSurface
from fem.kernels import in_threads
from fem.pattern import Cliques, Pattern
from fem.surface_kernels import add_at, add_masses


class SurfacePairs:
    """Pairs of neighbouring nodes of one surface, and where their derivatives go in a pattern.

    The current through a surface depends on the unknowns of both sides at each node; what leaves the first
    side enters the second. Local matrices are summed over the facets once, on pairs of surface nodes, and
    from there go to the (up to) four blocks of the matrix. A node is a pair of unknowns (first, second).
    """

    def __init__(self, surface: ReactingSurface, number: Ints) -> None:
        self.surface, second = surface, surface.second
        first = second if surface.first is None else surface.first
        local, *unknowns = distinct_pairs(first, second, number.size, number.size)
        self._meeting = Cliques.of(unknowns[0].size, [local])
        self._nodes = np.ascontiguousarray(local.T)
        self._places = np.ascontiguousarray(self._meeting.places(0).transpose(2, 0, 1))
        self._graph = self._meeting.pattern
        of_side: dict[str, Ints] = dict(zip(("first", "second"), unknowns, strict=True))
        self.first, self.second = of_side["first"], of_side["second"]  # (n_nodes,) unknown of each node
        sides = [("second", -1.0)] if surface.first is None else [("first", 1.0), ("second", -1.0)]
        ends = self._graph.rows, self._graph.indices
        rows, cols = ({side: number[of_side[side]][at] for side, _ in sides} for at in ends)
        self.blocks = [(rows[of], cols[to], gain, to) for of, gain in sides for to, _ in sides]

    def sum(self, values: Floats) -> Floats:
        """int values u_j v_i dA (n_pairs,) from values (n_q, n) at the quadrature points."""
        out, surface = np.zeros(self._graph.indices.size), self.surface
        graph = self._meeting.first, self._meeting.of_member, self._nodes, self._places
        kernel = partial(
            add_masses, *graph, surface.shape, surface.weights, np.ascontiguousarray(values), out
        )
        in_threads(self._graph.size, kernel)
        return out

    def in_unknowns(self, pairs: Floats, slope: Floats) -> Floats:
        """Derivatives (n_pairs,) in the unknowns, whose slope (n_nodes,) at the nodes is given."""
        return pairs * slope[self._graph.indices]

    def product(self, pairs: Floats, values: Floats) -> Floats:
        """sum_j pairs_ij values_j (n_nodes,)."""
        return self._graph.matrix(pairs) @ values

    def column_sums(self, pairs: Floats) -> Floats:
        """sum_i pairs_ij (n_nodes,)."""
        return scatter(self._graph.indices, pairs, self._graph.size)

    def locate(self, pattern: Pattern) -> None:
        """Find the places of the blocks, once the pattern is known."""
        self._slots = [pattern.places(rows, cols) for rows, cols, _, _ in self.blocks]

    def add(self, data: Floats, by_first: Floats, by_second: Floats) -> None:
        """Add the derivatives (n_pairs,) of the current in the unknowns of both sides to a matrix."""
        change = {"first": by_first, "second": by_second}
        for slots, (_, _, gain, to) in zip(self._slots, self.blocks, strict=True):
            add_at(data, slots, gain, change[to])
