"""Sparse matrices by slices of rows, for products that take several rows at once.

Rows of nearly equal length stand side by side, LANES to a slice, and their entries are stored across the
slice: the first of each row, then the second of each, and so on (SELL-C-sigma: M. Kreutzer, G. Hager,
G. Wellein, H. Fehske, A. R. Bishop, SIAM J. Sci. Comput. 36 (2014) C401, doi:10.1137/130930352). A product
then has no chain of dependent sums and no branch to guess at the end of each row, which make a loop over
CSR rows wait. Rows are sorted by length within short windows only, so that neighbours stay neighbours; the
sum of a row runs over its entries in their own order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numba
import numpy as np
import scipy.sparse as sp
from numpy.typing import DTypeLike, NDArray

from fem.kernels import FEW, share, threads
from fem.lanes import LANES, add_lanes

WINDOW = 512  # rows that are sorted by length


@dataclass(frozen=True, kw_only=True, eq=False)
class Slicing:
    """Where the entries of a CSR pattern stand: slice k holds entries starts[k] to starts[k + 1].

    rows (n_rows,): the rows, LANES to a slice; indices: the column of each entry. A row shorter than its
    slice is filled up with zeros.
    """

    indptr: NDArray[np.integer]  # of the pattern
    starts: NDArray[np.uint64]
    rows: NDArray[np.uint32]
    indices: NDArray[np.uint32]

    @classmethod
    def of(cls, indptr: NDArray[np.integer], indices: NDArray[np.integer]) -> Slicing:
        """The slices of a pattern."""
        length = np.diff(indptr)
        n, most = length.size, int(length.max(initial=0)) + 1
        rows = np.argsort(np.arange(n) // WINDOW * most + length, kind="stable").astype(np.uint32)
        widths = np.zeros(-(-n // LANES), dtype=np.int64)
        np.maximum.at(widths, np.arange(n) // LANES, length[rows])
        starts = np.concatenate(([0], np.cumsum(widths * LANES))).astype(np.uint64)
        across = np.zeros(int(starts[-1]), dtype=np.uint32)
        _lay_across(indptr, indices, starts, rows, across)
        return cls(indptr=indptr, starts=starts, rows=rows, indices=across)

    def fill(self, values: NDArray[Any], kind: DTypeLike) -> Sliced:
        """The matrix of CSR values in a precision."""
        data = np.zeros(self.indices.size, dtype=kind)
        _lay_across(self.indptr, values, self.starts, self.rows, data)
        return Sliced(slicing=self, data=data)

    @property
    def ranges(self) -> list[tuple[np.uint64, np.uint64]]:
        """Ranges of slices of equally many entries, one for each thread; a single one if there are few."""
        parts = threads() if self.indices.size > FEW else 1
        inner = np.searchsorted(self.starts, np.linspace(0, self.indices.size, parts + 1)[1:-1])
        return list(pairwise(np.array((0, *inner, self.starts.size - 1), dtype=np.uint64)))


@dataclass(frozen=True, kw_only=True, eq=False)
class Sliced:
    """A matrix (n_rows, n_columns) by slices."""

    slicing: Slicing
    data: NDArray[Any]

    @classmethod
    def of(cls, matrix: sp.csr_matrix, kind: DTypeLike) -> Sliced:
        """A CSR matrix by slices, in a precision."""
        return Slicing.of(matrix.indptr, matrix.indices).fill(matrix.data, kind)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.slicing.rows.size

    def run(self, kernel: Callable[..., None], *arguments: Any) -> None:
        """kernel(starts, rows, indices, data, *arguments, first slice, end) on all slices."""
        layout = self.slicing
        share(
            partial(kernel, layout.starts, layout.rows, layout.indices, self.data, *arguments), layout.ranges
        )


@numba.njit(nogil=True, cache=True)
def _lay_across(indptr, values, starts, rows, out):
    """out = the values of CSR rows across slices."""
    for place in range(rows.size):
        at = starts[place // LANES] + np.uint64(place % LANES)
        for p in range(indptr[rows[place]], indptr[rows[place] + 1]):
            out[at] = values[p]
            at += np.uint64(LANES)


@numba.njit(nogil=True, cache=True)
def multiply(starts, rows, indices, data, x, out, low, high):
    """out = A x."""
    sums = np.empty(LANES, dtype=data.dtype)
    for k in range(low, high):
        sums[:] = 0
        add_lanes(data, indices, x, starts[k], starts[k + 1], sums)
        first = k * LANES
        for lane in range(min(LANES, rows.size - first)):
            out[rows[first + lane]] = sums[lane]


@numba.njit(nogil=True, cache=True)
def add_product(starts, rows, indices, data, x, out, low, high):
    """out += A x."""
    sums = np.empty(LANES, dtype=data.dtype)
    for k in range(low, high):
        sums[:] = 0
        add_lanes(data, indices, x, starts[k], starts[k + 1], sums)
        first = k * LANES
        for lane in range(min(LANES, rows.size - first)):
            out[rows[first + lane]] += sums[lane]


@numba.njit(nogil=True, cache=True)
def smooth(starts, rows, indices, data, scaling, change, keep, gain, new, x, r, low, high):
    """r -= A change; new = keep change + gain scaling r; x += new: one step of a polynomial smoother."""
    sums = np.empty(LANES, dtype=data.dtype)
    for k in range(low, high):
        sums[:] = 0
        add_lanes(data, indices, change, starts[k], starts[k + 1], sums)
        first = k * LANES
        for lane in range(min(LANES, rows.size - first)):
            i = rows[first + lane]
            left = r[i] - sums[lane]
            step = keep * change[i] + gain * scaling[i] * left
            r[i] = left
            new[i] = step
            x[i] += step
