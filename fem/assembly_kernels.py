"""The loops that set a system up, compiled by numba: integrals on elements, and which unknowns share one.

Elements are those of `fem/elements.py`, cliques those of `fem/pattern.py`. Loops over a range (low, high)
write nothing outside it, so that threads can share the whole.
"""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(nogil=True, cache=True)
def _invert(j, inverse):
    """dl_k/dx_d from dx_d/dl_k (dim, dim); returns its determinant."""
    if len(j) == 2:
        inverse[0, 0], inverse[0, 1], inverse[1, 0], inverse[1, 1] = j[1, 1], -j[0, 1], -j[1, 0], j[0, 0]
        det = j[0, 0] * j[1, 1] - j[0, 1] * j[1, 0]
    else:
        for k in range(3):
            a, b = (k + 1) % 3, (k + 2) % 3
            for d in range(3):
                e, f = (d + 1) % 3, (d + 2) % 3
                inverse[k, d] = j[e, a] * j[f, b] - j[f, a] * j[e, b]
        det = j[0, 0] * inverse[0, 0] + j[1, 0] * inverse[0, 1] + j[2, 0] * inverse[0, 2]
    return det


@numba.njit(nogil=True, cache=True)
def shape_gradients(points, nodes, elements, slopes, rule, gradients, weights, low, high):
    """Gradients (n_local, dim, n_q, n) and weights (n_q, n) of elements with these nodes (n_local, n_mesh).

    points: each coordinate, a tuple, so that the compiler knows the dimension and unrolls the loops over it.
    slopes (n_local, dim, n_q): dN/dl of the reference element; rule (n_q,): its weights times its volume.
    """
    dim, k, n_q = len(points), slopes.shape[0], slopes.shape[2]
    jacobian, inverse = np.empty((dim, dim)), np.empty((dim, dim))
    for n in range(low, high):
        e = elements[n]
        for q in range(n_q):
            jacobian[:] = 0.0
            for i in range(k):
                node = nodes[i, e]
                for d in range(dim):
                    x = points[d][node]
                    for m in range(dim):
                        jacobian[d, m] += x * slopes[i, m, q]
            det = _invert(jacobian, inverse)
            for i in range(k):
                for d in range(dim):
                    total = 0.0
                    for m in range(dim):
                        total += slopes[i, m, q] * inverse[m, d]
                    gradients[i, d, q, n] = total / det
            weights[q, n] = rule[q] * det


@numba.njit(nogil=True, cache=True)
def conductances(gradients, weights, coefficient, out, low, high):
    """out[e, p] = int a grad N_i . grad N_j with j < i, p = i (i - 1)/2 + j, and a (n,) of each element."""
    k, dim, n_g, _ = gradients.shape
    for e in range(low, high):
        out[e] = 0.0
        for g in range(n_g):
            weight = weights[g, e]
            for q in range(n_g, weights.shape[0] if n_g == 1 else 0):
                weight += weights[q, e]
            weight *= coefficient[e]
            p = 0
            for i in range(1, k):
                for j in range(i):
                    product = 0.0
                    for d in range(dim):
                        product += gradients[i, d, g, e] * gradients[j, d, g, e]
                    out[e, p] += weight * product
                    p += 1


@numba.njit(nogil=True, cache=True)
def incidence(starts, members, first, cliques):
    """The cliques of each member m, ascending: cliques[first[m] : first[m + 1]]; first comes zeroed."""
    for member in members:
        first[member + 1] += 1
    for m in range(1, first.size):
        first[m] += first[m - 1]
    at = first[:-1].copy()
    for clique in range(starts.size - 1):
        for p in range(starts[clique], starts[clique + 1]):
            cliques[at[members[p]]] = clique
            at[members[p]] += 1


@numba.njit(nogil=True, cache=True)
def neighbours(starts, members, first, cliques, low, high):
    """How many share a clique with each row from low to high, itself included, and which, ascending."""
    counts = np.empty(high - low, dtype=np.int32)
    found = np.empty(16 * (high - low) + 1024, dtype=np.int32)
    seen = np.zeros(first.size - 1, dtype=np.bool_)
    end = 0
    for row in range(low, high):
        begin = end
        found[end] = row
        seen[row] = True
        end += 1
        for c in cliques[first[row] : first[row + 1]]:
            if end + starts[c + 1] - starts[c] >= found.size:
                found = np.concatenate((found, np.empty_like(found)))
            for p in range(starts[c], starts[c + 1]):
                other = members[p]
                found[end] = other  # written over by the next one if it is not new
                end += not seen[other]
                seen[other] = True
        for p in range(begin, end):
            seen[found[p]] = False
        for p in range(begin + 1, end):
            here, at = found[p], p
            while at > begin and found[at - 1] > here:
                found[at] = found[at - 1]
                at -= 1
            found[at] = here
        counts[row - low] = end - begin
    return counts, found[:end]


@numba.njit(nogil=True, cache=True)
def add_conductances(indptr, indices, starts, members, first, cliques, begin, local, data, low, high):
    """Add the conductances of cliques, the first of them `begin`, to a matrix whose rows sum to zero.

    local (n_cliques, n_pairs) as `conductances` gives them; both entries of a pair are sums in one order.
    """
    place = np.empty(first.size - 1, dtype=np.int32)
    for row in range(low, high):
        left, right = first[row], first[row + 1]
        while left < right and cliques[left] < begin:
            left += 1
        while left < right and cliques[right - 1] >= begin + len(local):
            right -= 1
        if left == right:
            continue
        for p in range(indptr[row], indptr[row + 1]):
            place[indices[p]] = p
        diagonal = 0.0
        for c in cliques[left:right]:
            s, size = starts[c], starts[c + 1] - starts[c]
            i = 0
            while members[s + i] != row:
                i += 1
            pair = i * (i - 1) // 2
            for j in range(i):
                value = local[c - begin, pair + j]
                data[place[members[s + j]]] += value
                diagonal -= value
            for j in range(i + 1, size):
                pair = j * (j - 1) // 2
                value = local[c - begin, pair + i]
                data[place[members[s + j]]] += value
                diagonal -= value
        data[place[row]] += diagonal


@numba.njit(nogil=True, cache=True)
def clique_places(indptr, indices, starts, members, first, cliques, begin, out, low, high):
    """out[i, j, c]: the place in a pattern of the entry of members i and j of the clique begin + c."""
    place = np.empty(first.size - 1, dtype=np.int32)
    size, _, count = out.shape
    for row in range(low, high):
        for p in range(indptr[row], indptr[row + 1]):
            place[indices[p]] = p
        for c in cliques[first[row] : first[row + 1]]:
            if begin <= c < begin + count:
                s = starts[c]
                i = 0
                while members[s + i] != row:
                    i += 1
                for j in range(size):
                    out[i, j, c - begin] = place[members[s + j]]


@numba.njit(nogil=True, cache=True)
def restrict(indptr, indices, number, low, high):
    """The entries between rows and columns with a number >= 0: how many in each row, new columns, places."""
    counts = np.zeros(high - low, dtype=np.int32)
    columns = np.empty(indptr[high] - indptr[low], dtype=np.int32)
    places = np.empty(columns.size, dtype=np.int32)
    end = 0
    for row in range(low, high):
        if number[row] < 0:
            continue
        begin = end
        for p in range(indptr[row], indptr[row + 1]):
            column = number[indices[p]]
            if column >= 0:
                columns[end], places[end] = column, p
                end += 1
        counts[row - low] = end - begin
    return counts, columns[:end], places[:end]


@numba.njit(nogil=True, cache=True)
def find_places(indptr, indices, rows, cols, out, low, high):
    """The place of each entry (row, col), found by bisection; the one behind the last if either is < 0."""
    for n in range(low, high):
        row, col = rows[n], cols[n]
        if row < 0 or col < 0:
            out[n] = indices.size
            continue
        left, right = indptr[row], indptr[row + 1]
        while left < right:
            middle = (left + right) // 2
            if indices[middle] < col:
                left = middle + 1
            else:
                right = middle
        out[n] = left


@numba.njit(nogil=True, cache=True)
def number_pairs(first, second, start, head):
    """Number the different pairs (first, second) of arrays (n_local, n), by first and then by second.

    start (n_first + 1,) comes zeroed, head (n_second,) filled with -1. Returns the number of every pair, and
    first and second of each number.
    """
    numbers = np.empty(first.shape, dtype=np.int32)
    of_first, following = np.empty(first.size, dtype=np.int32), np.empty(first.size, dtype=np.int32)
    count = 0
    for n in range(first.shape[1]):
        for i in range(first.shape[0]):
            a, b = first[i, n], second[i, n]
            at = head[b]
            while at >= 0 and of_first[at] != a:
                at = following[at]
            if at < 0:
                at = count
                of_first[at], following[at], head[b] = a, head[b], at
                start[a + 1] += 1
                count += 1
            numbers[i, n] = at
    for a in range(1, start.size):
        start[a] += start[a - 1]
    firsts, seconds = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    for b in range(head.size):
        at = head[b]
        while at >= 0:
            a = of_first[at]
            firsts[start[a]], seconds[start[a]] = a, b
            of_first[at] = start[a]  # from here on: its number
            start[a] += 1
            at = following[at]
    for n in range(first.shape[1]):
        for i in range(first.shape[0]):
            numbers[i, n] = of_first[numbers[i, n]]
    return numbers, firsts, seconds
