"""The loops of the linear solvers over long vectors and over the rows of their set-up, compiled by numba.

Sums over a vector are taken block by block and added up in order, so that they do not depend on the threads
that share the blocks.
"""

from __future__ import annotations

import numba
import numpy as np

BLOCK = 1024


@numba.njit(nogil=True, cache=True, fastmath={"reassoc", "contract"})
def products(basis, count, vector, out, low, high):
    """out[b, k] = basis[k] . vector over block b, for the first `count` vectors of a basis (m, n)."""
    for b in range(low, high):
        part = vector[b * BLOCK : (b + 1) * BLOCK]
        for k in range(count):
            other, total = basis[k, b * BLOCK : (b + 1) * BLOCK], 0.0
            for i in range(part.size):
                total += other[i] * part[i]
            out[b, k] = total


@numba.njit(nogil=True, cache=True, fastmath={"reassoc", "contract"})
def subtract(basis, parts, vector, squares, low, high):
    """vector -= sum_k parts[k] basis[k]; squares[b] = what it then has in block b."""
    for b in range(low, high):
        part = vector[b * BLOCK : (b + 1) * BLOCK]
        for k in range(parts.size):
            other, gain = basis[k, b * BLOCK : (b + 1) * BLOCK], parts[k]
            for i in range(part.size):
                part[i] -= gain * other[i]
        total = 0.0
        for i in range(part.size):
            total += part[i] * part[i]
        squares[b] = total


@numba.njit(nogil=True, cache=True)
def strong_rows(indptr, indices, data, size, low, high):
    """The entries with |a_ij| >= size_i size_j of rows from low to high, and the diagonal with what the
    others add up to: how many in each row, columns, values."""
    counts = np.zeros(high - low, dtype=np.int32)
    columns = np.empty(indptr[high] - indptr[low], dtype=np.int32)
    values = np.empty(columns.size)
    end = 0
    for row in range(low, high):
        begin, diagonal, weak = end, -1, 0.0
        for p in range(indptr[row], indptr[row + 1]):
            column, value = indices[p], data[p]
            if column == row:
                diagonal = end
            elif abs(value) < size[row] * size[column]:
                weak += value
                continue
            columns[end], values[end] = column, value
            end += 1
        if diagonal >= 0:
            values[diagonal] += weak
        counts[row - low] = end - begin
    return counts, columns[:end], values[:end]
