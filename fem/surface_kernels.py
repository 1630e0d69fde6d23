"""The loops over surfaces that every Newton step takes, compiled by numba.

Surfaces are those of `fem/interface.py`: n facets with n_local nodes and n_q quadrature points. Loops over a
range (low, high) write nothing that another range writes.
"""

from __future__ import annotations

import numba


@numba.njit(nogil=True, cache=True)
def add_loads(unknowns, gain, shape, weights, values, out):
    """out[unknowns[i, e]] += gain int values v_i dA on facets; shape (n_local, n_q), values (n_q, n)."""
    for e in range(unknowns.shape[1]):
        for i in range(unknowns.shape[0]):
            total = 0.0
            for q in range(shape.shape[1]):
                total += shape[i, q] * (values[q, e] * weights[q, e])
            out[unknowns[i, e]] += gain * total


@numba.njit(nogil=True, cache=True)
def add_masses(first, facets, nodes, places, shape, weights, values, out, low, high):
    """out[places[e, i, j]] += int values u_j v_i dA in the rows of the nodes from low to high.

    facets[first[m] : first[m + 1]] are those of node m; nodes (n, n_local) and places (n, n_local, n_local).
    """
    k, n_q = shape.shape
    for node in range(low, high):
        for e in facets[first[node] : first[node + 1]]:
            i = 0
            while nodes[e, i] != node:
                i += 1
            for j in range(k):
                total = 0.0
                for q in range(n_q):
                    total += shape[i, q] * shape[j, q] * (values[q, e] * weights[q, e])
                out[places[e, i, j]] += total


@numba.njit(nogil=True, cache=True)
def add_at(data, slots, gain, values):
    """data[slots] += gain values, where slots may repeat."""
    for n in range(slots.size):
        data[slots[n]] += gain * values[n]
