"""The loops over surfaces and elements that the numbers of a result take, compiled by numba."""

from __future__ import annotations

import numba
import numpy as np

BLOCK = 512  # elements
BITS, PASSES = 11, 3  # of a sort by counting
DIGITS = 1 << BITS


@numba.njit(nogil=True, cache=True)
def powers(dofs, gradients, weights, coefficient, group, fields, out, low, high):
    """out[b, group[e], m] += coefficient[e] int grad u . grad v_m over every element e of blocks b.

    fields (n_unknowns, 1 + n_m): u and all v_m at the unknowns; other shapes as in `Elements`. Sums are those
    of blocks, so that they do not depend on the threads that share them.
    """
    k, dim, n_g, n = gradients.shape
    m = fields.shape[1]
    differences = np.empty((k, m, BLOCK))
    slopes, products = np.empty((m, BLOCK)), np.empty((m, BLOCK))
    for b in range(low, high):
        start = b * BLOCK
        size = min(BLOCK, n - start)
        for i in range(1, k):  # differences, since the gradients add up to zero
            for e in range(size):
                at, origin = dofs[i, start + e], dofs[0, start + e]
                for f in range(m):
                    differences[i, f, e] = fields[at, f] - fields[origin, f]
        products[:] = 0.0
        for q in range(weights.shape[0]):
            weight = weights[q, start : start + size]
            for d in range(dim):
                slopes[:] = 0.0
                for i in range(1, k):
                    slope = gradients[i, d, min(q, n_g - 1), start : start + size]
                    for f in range(m):
                        _add_product(slope, differences[i, f], slopes[f])
                slopes[0, :size] *= weight
                for f in range(1, m):
                    _add_product(slopes[0, :size], slopes[f], products[f])
        for e in range(size):
            for f in range(1, m):
                out[b, group[start + e], f - 1] += coefficient[start + e] * products[f, e]


@numba.njit(nogil=True, cache=True)
def _add_product(one, other, out):
    for e in range(one.size):
        out[e] += one[e] * other[e]


@numba.njit(nogil=True, cache=True)
def ascending(values):
    """The order (n,) of ascending finite values, equal ones in their own order.

    Counted into DIGITS classes of their place between the least and the greatest, from the last digit to the
    first, then set right among neighbours of one place.
    """
    n = values.size
    order, other = np.arange(n), np.empty(n, dtype=np.int64)
    least, most = values.min(), values.max()
    if not most > least:
        return order
    gain = (DIGITS**PASSES - 1) / (most - least)
    place = np.empty(n, dtype=np.int64)
    for i in range(n):
        place[i] = int((values[i] - least) * gain)
    for digit in range(PASSES):
        shift, start = BITS * digit, np.zeros(DIGITS + 1, dtype=np.int64)
        for i in range(n):
            start[((place[i] >> shift) & (DIGITS - 1)) + 1] += 1
        start = np.cumsum(start)
        for i in order:
            kind = (place[i] >> shift) & (DIGITS - 1)
            other[start[kind]] = i
            start[kind] += 1
        order, other = other, order
    moves = 0
    for k in range(1, n):
        this, at = order[k], k
        while at > 0 and values[order[at - 1]] > values[this]:
            order[at] = order[at - 1]
            at -= 1
        order[at] = this
        moves += k - at
        if moves > 10 * n:  # most are of one place, beside the few that are far away
            return np.argsort(values, kind="mergesort")
    return order


@numba.njit(nogil=True, cache=True)
def lorenz(order, values, areas):
    """(sum over ascending values of area (what came before + half its own), first place of 99 % of the area).

    Values below zero count as zero; what has come is the sum of value times area.
    """
    total = 0.0
    for i in order:
        total += areas[i]
    come = under = area = 0.0
    place = order.size - 1
    for n in range(order.size):
        i = order[n]
        part = max(values[i], 0.0) * areas[i]
        under += areas[i] * (come + 0.5 * part)
        come += part
        area += areas[i]
        if place == order.size - 1 and area >= 0.99 * total:
            place = n
    return under, place


@numba.njit(nogil=True, cache=True)
def extremes(nodes, cells, values, out, low, high):
    """out[b] = least and greatest of values[nodes[:, cells]] over blocks of cells, without NaN."""
    for b in range(low, high):
        least, most = np.inf, -np.inf
        for c in range(b * BLOCK, min((b + 1) * BLOCK, cells.size)):
            for i in range(nodes.shape[0]):
                value = values[nodes[i, cells[c]]]
                least = value if value < least else least
                most = value if value > most else most
        out[b, 0], out[b, 1] = least, most
