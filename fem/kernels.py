"""The few loops that a solve spends its time in, compiled by numba and shared out over the cores.

Memory traffic is what they cost: each reads a matrix once and does everything with it that can be done then.
Threads take ranges of rows, so that results do not depend on their number.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import Any

import numba
import numpy as np
import scipy.sparse as sp

FEW = 20_000  # entries, below which threads cost more than they save


def threads() -> int:
    """Threads to use: those of OMP_NUM_THREADS, else the cores."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, min(int(asked) if asked.isdigit() else 64, os.cpu_count() or 1))


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads(), thread_name_prefix="rows")


def by_rows(kernel: Callable[..., None], matrix: sp.csr_matrix, *arguments: Any) -> None:
    """Run kernel(indptr, indices, data, *arguments, first row, end) on ranges of equally many entries."""
    # as unsigned numbers, which need no check for counting from the end
    start, columns = (a.view(a.dtype.str.replace("i", "u")) for a in (matrix.indptr, matrix.indices))
    graph = start, columns, matrix.data
    parts = threads() if matrix.nnz > FEW else 1
    ends = np.searchsorted(matrix.indptr, np.linspace(0, matrix.nnz, parts + 1)[1:-1])
    ends = [0, *ends.tolist(), matrix.shape[0]]
    if parts == 1:
        kernel(*graph, *arguments, 0, matrix.shape[0])
        return
    jobs = [_pool().submit(kernel, *graph, *arguments, low, high) for low, high in pairwise(ends)]
    for job in jobs:
        job.result()


@numba.njit(nogil=True, cache=True)
def multiply(indptr, indices, data, x, out, low, high):
    """out = A x."""
    for i in range(low, high):
        total = data.dtype.type(0)
        for p in range(indptr[i], indptr[i + 1]):
            total += data[p] * x[indices[p]]
        out[i] = total


@numba.njit(nogil=True, cache=True)
def add_product(indptr, indices, data, x, out, low, high):
    """out += A x."""
    for i in range(low, high):
        total = out[i]
        for p in range(indptr[i], indptr[i + 1]):
            total += data[p] * x[indices[p]]
        out[i] = total


@numba.njit(nogil=True, cache=True)
def smooth(indptr, indices, data, scaling, change, keep, gain, new, x, r, low, high):
    """r -= A change; new = keep change + gain scaling r; x += new: one step of a polynomial smoother."""
    for i in range(low, high):
        total = r[i]
        for p in range(indptr[i], indptr[i + 1]):
            total -= data[p] * change[indices[p]]
        r[i] = total
        new[i] = keep * change[i] + gain * scaling[i] * total
        x[i] += new[i]


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
