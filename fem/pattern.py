"""Where the entries of a sparse matrix go: a CSR pattern made once and filled anew at every Newton step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import scipy.sparse as sp

from fem.assembly_kernels import add_conductances, clique_places, find_places, incidence, neighbours, restrict
from fem.elements import Floats, Ints
from fem.kernels import in_threads
from fem.sliced import Sliced


@dataclass(frozen=True, kw_only=True, eq=False)
class Pattern:
    """The entries of a square matrix (size, size) by row, columns ascending, as in a CSR matrix.

    Places are numbers of entries; what has no place shares a spare one behind the last.
    """

    indptr: Ints
    indices: Ints

    @classmethod
    def of_rows(cls, parts: Sequence[tuple[Ints, Ints]]) -> Pattern:
        """From ranges of rows, one after the other: entries in each row and their columns."""
        counts, columns = (np.concatenate(found) for found in zip(*parts, strict=True))
        indptr = np.zeros(counts.size + 1, dtype=np.int32)
        np.cumsum(counts, out=indptr[1:])
        return cls(indptr=indptr, indices=columns)

    @classmethod
    def empty(cls, size: int) -> Pattern:
        """No entry at all."""
        return cls(indptr=np.zeros(size + 1, dtype=np.int32), indices=np.zeros(0, dtype=np.int32))

    @property
    def size(self) -> int:
        """Number of rows."""
        return self.indptr.size - 1

    @cached_property
    def slices(self) -> Sliced:
        """A matrix of this pattern by slices of rows, to be filled for products."""
        return Sliced.of(self.matrix(np.zeros(self.indices.size)), np.float64)

    @property
    def rows(self) -> Ints:
        """Row (n,) of each entry."""
        return np.repeat(np.arange(self.size), np.diff(self.indptr))

    def places(self, rows: Ints, cols: Ints) -> Ints:
        """Place of each entry of the pattern; the spare one where a row or column is negative."""
        out = np.empty(rows.shape, dtype=np.int32)
        in_threads(rows.size, partial(find_places, self.indptr, self.indices, rows, cols, out))
        return out

    def among(self, chosen: Ints) -> tuple[Pattern, Ints]:
        """The pattern on some unknowns (n,), ascending, and the places here of its entries."""
        number = np.full(self.size, -1, dtype=np.int32)
        number[chosen] = np.arange(chosen.size)
        parts = in_threads(self.size, partial(restrict, self.indptr, self.indices, number))
        counts, columns, places = (np.concatenate(found) for found in zip(*parts, strict=True))
        return Pattern.of_rows([(counts[chosen], columns)]), places

    def matrix(self, values: Floats) -> sp.csr_matrix:
        """The matrix of values (n,) or, with the spare one, (n + 1,)."""
        shape = (self.size, self.size)
        return sp.csr_matrix((values[: self.indices.size], self.indices, self.indptr), shape=shape)


@dataclass(frozen=True, kw_only=True, eq=False)
class Cliques:
    """Unknowns that meet: groups of unknowns below `size` that share one element or one facet.

    Every entry of a finite-element matrix belongs to two unknowns of one clique. Matrices are put together
    row by row from the cliques of the row's unknown, so that threads can share the rows and sums do not
    depend on their number. A block is an array of unknowns (n_local, n), each column a clique; all blocks
    stand one behind the other. starts (n_cliques + 1,): where the members of each clique begin; first
    (size + 1,): where the cliques of each unknown begin in of_member, ascending; blocks (n_blocks + 1,): the
    first clique of each block.
    """

    starts: Ints
    members: Ints
    first: Ints
    of_member: Ints
    blocks: Ints

    @classmethod
    def of(cls, size: int, blocks: Sequence[Ints]) -> Cliques:
        """The cliques of some blocks (n_local, n)."""
        members = np.empty(sum(block.size for block in blocks), dtype=np.int32)
        starts, at = [np.zeros(1, dtype=np.int32)], 0
        for block in blocks:
            (k, n), end = block.shape, at + block.size
            members[at:end].reshape(n, k)[:] = block.T
            starts.append(np.arange(at + k, end + 1, k, dtype=np.int32))
            at = end
        begins = np.concatenate(starts)
        first, of_member = np.zeros(size + 1, dtype=np.int32), np.empty_like(members)
        incidence(begins, members, first, of_member)
        counts = np.cumsum([0, *(block.shape[1] for block in blocks)])
        return cls(starts=begins, members=members, first=first, of_member=of_member, blocks=counts)

    @property
    def size(self) -> int:
        """Number of unknowns."""
        return self.first.size - 1

    @cached_property
    def pattern(self) -> Pattern:
        """The entries that the cliques need, and the diagonal."""
        return Pattern.of_rows(in_threads(self.size, partial(neighbours, *self._arrays)))

    def places(self, block: int, count: int = 1) -> Ints:
        """Places (n_local, n_local, n) in the pattern of the entries that the unknowns of a block share, or
        those of so many blocks of equal width."""
        begin, end = int(self.blocks[block]), int(self.blocks[block + count])
        local = int(self.starts[begin + 1] - self.starts[begin]) if end > begin else 0
        out = np.empty((local, local, end - begin), dtype=np.int32)
        in_threads(self.size, partial(clique_places, *self._graph, *self._arrays, begin, out))
        return out

    def add(self, data: Floats, block: int, conductances: Floats) -> None:
        """Add the conductances (n, n_pairs) in a block to a matrix of this pattern whose rows sum to zero."""
        begin = int(self.blocks[block])
        kernel = partial(add_conductances, *self._graph, *self._arrays, begin, conductances, data)
        in_threads(self.size, kernel)

    @property
    def _arrays(self) -> tuple[Ints, ...]:
        return self.starts, self.members, self.first, self.of_member

    @property
    def _graph(self) -> tuple[Ints, ...]:
        return self.pattern.indptr, self.pattern.indices
