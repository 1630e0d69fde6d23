"""Sparse matrices by slices of rows, for products that take several rows at once.

Rows of nearly equal length stand side by side, LANES to a slice, and their entries are stored across the
slice: the first of each row, then the second of each, and so on (SELL-C-sigma: M. Kreutzer, G. Hager,
G. Wellein, H. Fehske, A. R. Bishop, SIAM J. Sci. Comput. 36 (2014) C401, doi:10.1137/130930352). A product
then has no chain of dependent sums and no branch to guess at the end of each row, which make a loop over
CSR rows wait. Rows are sorted by length within short windows only, so that neighbours stay neighbours; the
sum of a row runs over its entries in their own order, whatever the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import DTypeLike, NDArray

from fem.kernels import FEW, share, threads
from fem.lane_kernels import LANES, lay_across

WINDOW = 512  # rows that are sorted by length
MANTISSA = 23  # bits of a number in single precision


@dataclass(frozen=True, kw_only=True, eq=False)
class Slicing:
    """Where the entries of CSR rows stand: slice k holds entries starts[k] to starts[k + 1].

    rows (n_rows,): the rows, LANES to a slice. A row shorter than its slice is filled up with zeros.
    """

    indptr: NDArray[np.integer]  # of the CSR rows
    starts: NDArray[np.uint64]
    rows: NDArray[np.uint32]

    @classmethod
    def of(cls, indptr: NDArray[np.integer]) -> Slicing:
        """The slices of CSR rows."""
        length = np.diff(indptr).astype(np.int64)
        n, most = length.size, int(length.max(initial=0)) + 1
        rows = np.argsort(np.arange(n) // WINDOW * most + length, kind="stable")
        widths = np.zeros(-(-n // LANES) * LANES, dtype=np.int64)
        widths[:n] = length[rows]
        ends = np.cumsum(widths.reshape(-1, LANES).max(axis=1) * LANES)
        starts = np.concatenate(([0], ends)).astype(np.uint64)
        return cls(indptr=indptr, starts=starts, rows=rows.astype(np.uint32))

    def lay(self, values: NDArray[Any], kind: DTypeLike) -> NDArray[Any]:
        """CSR entries across the slices."""
        out = np.zeros(int(self.starts[-1]), dtype=kind)
        self.run(lay_across, self.indptr, values, out)
        return out

    @cached_property
    def ranges(self) -> list[tuple[Any, Any]]:
        """Ranges of slices of equally many entries, one for each thread; a single one if there are few."""
        size = int(self.starts[-1])
        inner = np.linspace(0, size, (threads() if size > FEW else 1) + 1)[1:-1]
        ends = (0, *np.searchsorted(self.starts, inner), self.starts.size - 1)
        return list(pairwise(np.array(ends, dtype=np.uint64)))

    def run(self, kernel: Callable[..., None], *arguments: Any) -> None:
        """kernel(starts, rows, *arguments, first slice, end) on all slices."""
        share(partial(kernel, self.starts, self.rows, *arguments), self.ranges)


@dataclass(frozen=True, kw_only=True, eq=False)
class Sliced:
    """A matrix (n_rows, n_columns) by slices: the column and the number of each entry."""

    slicing: Slicing
    columns: NDArray[np.uint32]
    data: NDArray[Any]

    @classmethod
    def of(cls, matrix: sp.csr_matrix, kind: DTypeLike) -> Sliced:
        """A CSR matrix in a precision."""
        slicing = Slicing.of(matrix.indptr)
        columns = slicing.lay(matrix.indices, np.uint32)
        return cls(slicing=slicing, columns=columns, data=slicing.lay(matrix.data, kind))

    def fill(self, values: NDArray[Any]) -> None:
        """Take other CSR values, in the same place: new pages cost more than the loop."""
        self.slicing.run(lay_across, self.slicing.indptr, values, self.data)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.slicing.rows.size

    def run(self, kernel: Callable[..., None], *arguments: Any) -> None:
        """kernel(starts, rows, columns, data, *arguments, first slice, end) on all slices."""
        self.slicing.run(kernel, self.columns, self.data, *arguments)


@dataclass(frozen=True, kw_only=True, eq=False)
class Packed:
    """A square matrix by slices, each entry off the diagonal packed into a word of 32 bits.

    The column stands under the mask; what is left of the word is the number in single precision, its mantissa
    cut to the bits that the column leaves (six for 84 thousand unknowns, two for two million). diagonal (n,)
    takes what rounding changes, so that row sums stay: a matrix of conductances remains one, each of them off
    by half a bit at the most and the energy by no more. Enough for a smoother, and half the memory.
    """

    slicing: Slicing
    words: NDArray[np.uint32]
    mask: np.uint32
    diagonal: NDArray[np.float32]

    @classmethod
    def of(cls, matrix: sp.csr_matrix) -> Packed:
        """A CSR matrix (n, n), n at most 2^23."""
        n = matrix.shape[0]
        bits = max(n - 1, 1).bit_length()
        if bits > MANTISSA:
            raise ValueError(
                f"a matrix of {n} unknowns leaves no bits for its numbers; at most {1 << MANTISSA}"
            )
        mask = np.uint32((1 << bits) - 1)
        row = np.repeat(np.arange(n, dtype=matrix.indices.dtype), np.diff(matrix.indptr))
        off = row != matrix.indices
        row, columns = row[off], matrix.indices[off].astype(np.uint32)
        words = (matrix.data[off].astype(np.float32).view(np.uint32) + np.uint32(1 << (bits - 1))) & ~mask
        diagonal = np.asarray(matrix.sum(axis=1)).ravel() - np.bincount(row, words.view(np.float32), n)
        indptr = np.concatenate(([0], np.cumsum(np.bincount(row, minlength=n))))
        slicing = Slicing.of(indptr)
        return cls(
            slicing=slicing,
            words=slicing.lay(words | columns, np.uint32),
            mask=mask,
            diagonal=diagonal.astype(np.float32),
        )

    def run(self, kernel: Callable[..., None], *arguments: Any) -> None:
        """kernel(starts, rows, words, mask, diagonal, *arguments, first slice, end) on all slices."""
        self.slicing.run(kernel, self.words, self.mask, self.diagonal, *arguments)
