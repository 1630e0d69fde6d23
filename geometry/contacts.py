"""Axis distances, clusters of bonded fibres."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Array = NDArray[np.float64]


def closest_parameters(start: Array, end: Array, starts: Array, ends: Array) -> tuple[Array, Array]:
    """Closest points of one segment and many: parameters s, t in [0, 1], each (n,).

    Source: Ericson (2004), Real-Time Collision Detection, section 5.1.9.
    """
    d1, d2, gap = end - start, ends - starts, start - starts
    a, e, f = d1 @ d1, np.einsum("ij,ij->i", d2, d2), np.einsum("ij,ij->i", d2, gap)
    c, b = gap @ d1, d2 @ d1
    det = a * e - b * b
    skew = det > 1e-12 * a * e
    s = np.where(skew, np.clip((b * f - c * e) / np.where(skew, det, 1.0), 0, 1), 0.0)
    t = (b * s + f) / e
    s = np.where(t < 0, np.clip(-c / a, 0, 1), np.where(t > 1, np.clip((b - c) / a, 0, 1), s))
    return s, np.clip(t, 0, 1)


def axis_distances(start: Array, end: Array, starts: Array, ends: Array) -> Array:
    """Shortest distance [m] of one segment to each of many, (n,)."""
    s, t = closest_parameters(start, end, starts, ends)
    gap = start + s[:, None] * (end - start) - starts - t[:, None] * (ends - starts)
    return np.linalg.norm(gap, axis=1)


def clusters(n: int, bonds: NDArray[np.intp]) -> NDArray[np.int32]:
    """Cluster number of each of n fibres, (n,), from bonded pairs (n_bonds, 2)."""
    pairs = np.asarray(bonds, dtype=np.intp).reshape(-1, 2)
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return connected_components(graph, directed=False)[1]
