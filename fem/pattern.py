"""Where the entries of a sparse matrix go: a CSR pattern made once and filled anew at every Newton step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from fem.elements import Floats, Ints, scatter
from fem.interface import ReactingSurface


class Pattern:
    """The entries of a square matrix (size, size) by row and column, sorted: those of the given pairs in both
    orders, and the diagonal. Numbers < 0 have no place and share a spare one behind the last."""

    def __init__(self, size: int, pairs: Sequence[tuple[Ints, Ints]]) -> None:
        graph = sp.identity(size, dtype=bool, format="csr")
        for one, other in pairs:
            rows, cols = np.broadcast_arrays(one, other)
            there = (rows >= 0) & (cols >= 0)
            entries = np.ones(int(there.sum()), dtype=bool), (rows[there], cols[there])
            half = sp.coo_matrix(entries, shape=(size, size)).tocsr()
            graph = graph + half + half.T
        graph.sort_indices()
        self.size, self.indices, self.indptr = size, graph.indices, graph.indptr
        self._keys = self.rows * size + self.indices

    @property
    def rows(self) -> Ints:
        """Row (n,) of each entry."""
        return np.repeat(np.arange(self.size), np.diff(self.indptr))

    def places(self, rows: Ints, cols: Ints) -> Ints:
        """Place of each entry of the pattern; the spare one where a row or column is negative."""
        found = np.searchsorted(self._keys, rows * self.size + cols)
        return np.where((rows >= 0) & (cols >= 0), found, self._keys.size)

    def places_among(self, nodes: Ints) -> Ints:
        """Places (n_local, n_local, n) of the entries that nodes (n_local, n) >= 0 have with each other."""
        k = len(nodes)
        out = np.empty((k, *nodes.shape), dtype=np.int64)
        transposed = self.places(self.indices.astype(np.int64), self.rows)
        for i in range(k):
            out[i, i] = self.places(nodes[i], nodes[i])
            for j in range(i):
                out[i, j] = self.places(nodes[i], nodes[j])
                out[j, i] = transposed[out[i, j]]
        return out

    def values(self, rows: Ints, cols: Ints, values: Floats) -> Floats:
        """Values (n + 1,) of all entries, and of the spare one, from those of some, each given once."""
        some = sp.coo_matrix((values, (rows, cols)), shape=(self.size, self.size)).tocsr()
        some.sort_indices()  # neighbouring keys are found several times as fast
        out = np.zeros(self._keys.size + 1)
        out[self.places(np.repeat(np.arange(self.size), np.diff(some.indptr)), some.indices)] = some.data
        return out

    def matrix(self, values: Floats) -> sp.csr_matrix:
        """The matrix of values (n + 1,)."""
        return sp.csr_matrix((values[:-1], self.indices, self.indptr), shape=(self.size, self.size))


class SurfacePairs:
    """Pairs of neighbouring nodes of one surface, and where their derivatives go in a pattern.

    The current through a surface depends on the unknowns of both sides at each node; what leaves the first
    side enters the second. Local matrices are summed over the facets once, on pairs of surface nodes, and
    from there go to the (up to) four blocks of the matrix.
    """

    def __init__(self, surface: ReactingSurface, number: Ints) -> None:
        self.surface, second = surface, surface.second
        first = second if surface.first is None else surface.first
        keys = (first * number.size + second).ravel()
        nodes, local = np.unique(keys, return_inverse=True)
        local, n = local.reshape(second.shape), nodes.size
        pairs, places = np.unique((local[:, None] * n + local[None]).ravel(), return_inverse=True)
        self._places, self._size = places.ravel(), pairs.size
        row, column = pairs // n, pairs % n
        unknowns = {"first": nodes // number.size, "second": nodes % number.size}
        self.first, self.second = unknowns["first"][column], unknowns["second"][column]
        sides = [("second", -1.0)] if surface.first is None else [("first", 1.0), ("second", -1.0)]
        self.blocks = [
            (number[unknowns[of][row]], number[unknowns[to][column]], gain, to)
            for of, gain in sides
            for to, _ in sides
        ]

    def sum(self, values: Floats) -> Floats:
        """int values u_j v_i dA (n_pairs,) from values (n_q, n) at the quadrature points."""
        return scatter(self._places, self.surface.mass(values), self._size)

    def locate(self, pattern: Pattern) -> None:
        """Find the places of the blocks, once the pattern is known."""
        self.slots = [pattern.places(rows, cols) for rows, cols, _, _ in self.blocks]

    def add(self, data: Floats, by_first: Floats, by_second: Floats) -> None:
        """Add the derivatives (n_pairs,) of the current in the unknowns of both sides to a matrix."""
        change = {"first": by_first, "second": by_second}
        for slots, (_, _, gain, to) in zip(self.slots, self.blocks, strict=True):
            np.add.at(data, slots, gain * change[to])
