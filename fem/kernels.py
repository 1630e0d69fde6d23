"""The few loops that a solve spends its time in, compiled by numba and shared out over the cores.

Memory traffic is what they cost: each reads a matrix once and does everything with it that can be done then.
Threads take ranges of rows, so that results do not depend on their number.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from typing import Any

import numba
import numpy as np
import scipy.sparse as sp

BITS = 42  # of a double left out of account in the index of a table: 1024 buckets for a factor of two
BLOCK = 512  # elements
FEW = 20_000  # entries, below which threads cost more than they save
FEW_BLOCKS = 20  # the same, of blocks


def threads() -> int:
    """Threads to use: those of OMP_NUM_THREADS, at most the cores that this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, min(int(asked), cores)) if asked.isdigit() else cores


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads(), thread_name_prefix="rows")


if hasattr(os, "register_at_fork"):  # threads do not live on in a forked child, which makes its own
    os.register_at_fork(after_in_child=_pool.cache_clear)


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A CSR matrix as the loops take it, with the ranges of rows that the threads share."""

    matrix: sp.csr_matrix
    graph: tuple[Any, ...]  # indptr, indices, data
    ranges: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, matrix: sp.csr_matrix) -> Rows:
        """Ranges of equally many entries, one for each thread; a single one if there are few."""
        parts = threads() if matrix.nnz > FEW else 1
        inner = np.searchsorted(matrix.indptr, np.linspace(0, matrix.nnz, parts + 1)[1:-1])
        # as unsigned numbers, which need no check for counting from the end
        graph = (a.view(a.dtype.str.replace("i", "u")) for a in (matrix.indptr, matrix.indices))
        ends = (0, *inner.tolist(), matrix.shape[0])
        return cls(matrix=matrix, graph=(*graph, matrix.data), ranges=tuple(pairwise(ends)))

    def run(self, kernel: Callable[..., None], *arguments: Any) -> None:
        """kernel(indptr, indices, data, *arguments, first row, end) on all rows."""
        share(partial(kernel, *self.graph, *arguments), self.ranges)


def share(work: Callable[[int, int], Any], ranges: Sequence[tuple[int, int]]) -> list[Any]:
    """work(first, end) on every range, each on a thread of its own; what they return."""
    jobs = [_pool().submit(work, *part) for part in ranges[1:]]
    return [work(*ranges[0]), *(job.result() for job in jobs)]


def one_by_one(count: int, work: Callable[[int], Any]) -> list[Any]:
    """work(n) for every number below `count`, each on the next thread that is free; what they return, in
    order."""
    if threads() == 1:
        return [work(n) for n in range(count)]
    return list(_pool().map(work, range(count)))


def in_parts(count: int, few: int = FEW) -> list[tuple[int, int]]:
    """The numbers below `count` in equal ranges, one for each thread; a single one if there are few."""
    ends = np.linspace(0, count, (threads() if count > few else 1) + 1).astype(int).tolist()
    return list(pairwise(ends))


def in_threads(count: int, work: Callable[[int, int], Any]) -> list[Any]:
    """work(first, end) on the numbers below `count`, shared out over the threads; what they return, in
    order."""
    return share(work, in_parts(count))


def in_blocks(count: int, work: Callable[[int, int], Any]) -> None:
    """work(first, end) on the numbers of blocks below `count`, shared out over the threads; a block is worth
    some hundred entries or more."""
    share(work, in_parts(count, FEW_BLOCKS))


def content(
    w: Any, rows: Any, points: Any, weights: Any, index: tuple[Any, ...], table: Any
) -> tuple[float, Any]:
    """Sum of weights * f(W) over the points of elements, W = sum points * w[rows], and its slope in w."""

    kernel: Any = _content

    def part(first: int, end: int) -> tuple[float, Any]:
        slope = np.zeros_like(w)
        return kernel(w, rows, points, weights, *index, table, slope, first, end), slope

    found = share(part, in_parts(rows.shape[1]))
    return sum(total for total, _ in found), sum(slope for _, slope in found)


@numba.njit(nogil=True, cache=True)
def add_differences(indptr, indices, data, x, rest, out, low, high):
    """out_i = sum_j A_ij ((x_j - x_i) + (rest_j - rest_i)); A x for rows that sum to zero, and finer digits.

    A rest of one entry stands for none.
    """
    for i in range(low, high):
        total = 0.0
        for p in range(indptr[i], indptr[i + 1]):
            j = indices[p]
            difference = x[j] - x[i]
            if rest.size > 1:
                difference += rest[j] - rest[i]
            total += data[p] * difference
        out[i] = total


@numba.njit(nogil=True, cache=True)
def gather(values, places, out, low, high):
    """out = values[places]."""
    for p in range(low, high):
        out[p] = values[places[p]]


@numba.njit(nogil=True, cache=True)
def add_products(indptr, indices, data, x, out, low, high):
    """out += A x for several vectors (n, k): the matrix is read once."""
    for i in range(low, high):
        for p in range(indptr[i], indptr[i + 1]):
            entry, column = data[p], indices[p]
            for k in range(x.shape[1]):
                out[i, k] += entry * x[column, k]


@numba.njit(nogil=True, cache=True)
def add_matrices(places, shape, gradients, weights, a, b, gain, data):
    """data[places[i, j, e]] += gain int (a grad N_j + b N_j) . grad N_i over every element e.

    Shapes as in `Elements`; a (0, n) and b (0, 1, n) stand for zero.
    """
    k, dim, n_g, n = gradients.shape
    local = np.empty((k, dim))
    for e in range(n):
        for q in range(weights.shape[0]):
            for i in range(k):
                for d in range(dim):
                    local[i, d] = gradients[i, d, min(q, n_g - 1), e]
            weight = gain * weights[q, e]
            for i in range(k):
                drift = 0.0
                for d in range(b.shape[0]):
                    drift += b[d, q, e] * local[i, d]
                for j in range(k):
                    value = drift * shape[j, q]
                    if a.shape[0]:
                        product = 0.0
                        for d in range(dim):
                            product += local[i, d] * local[j, d]
                        value += a[q, e] * product
                    data[places[i, j, e]] += weight * value


@numba.njit(nogil=True, cache=True)
def _pieces(w, nodes, empty, first, lowest, pieces):
    """The pieces of a table that hold w (n,), -1 outside: a bucket by the leading bits of w - empty, then the
    nodes in it."""
    last = nodes.size - 2
    bits = (w - empty).view(np.int64)
    for i in range(w.size):
        if not (nodes[0] <= w[i] <= nodes[-1]):
            pieces[i] = -1
            continue
        piece = first[(bits[i] >> BITS) - lowest]
        while piece < last and w[i] >= nodes[piece + 1]:
            piece += 1
        pieces[i] = piece


@numba.njit(nogil=True, cache=True)
def _cubic(table, k, s):
    """Value and slope of piece k of a table (n_pieces, 4) at a distance s from its left end."""
    a, b, c, d = table[k, 0], table[k, 1], table[k, 2], table[k, 3]
    return a + s * (b + s * (c + s * d)), b + s * (2 * c + 3 * s * d)


@numba.njit(nogil=True, cache=True)
def tabulated(w, nodes, empty, first, lowest, tables, values, slopes, low, high):
    """Values and slopes (n_tables, n) of piecewise cubics, each table (n_pieces, 4) from the left of each
    piece; NaN outside."""
    pieces = np.empty(BLOCK, dtype=np.int32)
    for start in range(low, high, BLOCK):
        size = min(BLOCK, high - start)
        _pieces(w[start : start + size], nodes, empty, first, lowest, pieces)
        for n in range(size):
            i, k = start + n, pieces[n]
            for t in range(len(tables)):
                if k < 0:
                    values[t, i] = slopes[t, i] = np.nan
                else:
                    values[t, i], slopes[t, i] = _cubic(tables[t], k, w[i] - nodes[k])


@numba.njit(nogil=True, cache=True)
def _content(w, rows, points, weights, nodes, empty, first, lowest, table, slope, low, high):
    """In blocks, each step by itself: a look-up that waits for its argument takes three times as long."""
    total = 0.0
    inside, pieces = np.empty(BLOCK), np.empty(BLOCK, dtype=np.int32)
    for q in range(weights.shape[0]):
        for start in range(low, high, BLOCK):
            size = min(BLOCK, high - start)
            for n in range(size):
                at = 0.0
                for i in range(rows.shape[0]):
                    at += points[i, q] * w[rows[i, start + n]]
                inside[n] = at
            _pieces(inside[:size], nodes, empty, first, lowest, pieces)
            for n in range(size):
                if pieces[n] < 0:
                    return np.nan
                value, change = _cubic(table, pieces[n], inside[n] - nodes[pieces[n]])
                total += weights[q, start + n] * value
                for i in range(rows.shape[0]):
                    slope[rows[i, start + n]] += points[i, q] * weights[q, start + n] * change
    return total
