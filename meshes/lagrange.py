"""Lagrange elements of order 1 and 2 on simplices of any dimension: shape functions, rules, curved maps.

In barycentric coordinates the functions of a corner a and of an edge ab are
    order 1:  N_a = l_a;        order 2:  N_a = l_a (2 l_a - 1),   N_ab = 4 l_a l_b,
corners first, then edges in the order of `LOCAL_EDGES` (that of scikit-fem and of VTK). A second-order
element is curved by its edge nodes: x = sum N_i x_i.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from skfem.quadrature import get_quadrature
from skfem.refdom import RefLine, RefTet, RefTri

from meshes.simplices import FloatArray, IntArray

LOCAL_EDGES = {
    1: ((0, 1),),
    2: ((0, 1), (1, 2), (0, 2)),
    3: ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3)),
}
"""Corners of the local edges of a simplex, by its dimension."""

_REFERENCE = {1: RefLine, 2: RefTri, 3: RefTet}


def shape_functions(order: int, points: FloatArray) -> FloatArray:
    """N (n_local, n) at barycentric points (dim+1, n)."""
    if order == 1:
        return points
    edges = LOCAL_EDGES[len(points) - 1]
    corners = points * (2.0 * points - 1.0)
    return np.concatenate((corners, np.stack([4.0 * points[a] * points[b] for a, b in edges])))


def shape_slopes(order: int, points: FloatArray) -> FloatArray:
    """dN/dl_k (n_local, dim, n), k = 1 .. dim, with l_0 = 1 - sum l_k, at barycentric points (dim+1, n)."""
    dim, n = len(points) - 1, points.shape[1]
    barycentric = np.concatenate((-np.ones((1, dim)), np.eye(dim)))[:, :, None]  # dl_a/dl_k
    if order == 1:
        return np.broadcast_to(barycentric, (dim + 1, dim, n)).copy()
    corners = (4.0 * points - 1.0)[:, None, :] * barycentric
    edges = [4.0 * (points[a] * barycentric[b] + points[b] * barycentric[a]) for a, b in LOCAL_EDGES[dim]]
    return np.concatenate((corners, np.stack(edges)))


@cache
def rule(dim: int, degree: int) -> tuple[FloatArray, FloatArray]:
    """Barycentric points (dim+1, n_q) and weights (n_q,) > 0 that sum to 1; exact to `degree` <= 7."""
    exact = {(2, 3): 4, (2, 7): 8, (3, 3): 5, (3, 4): 5, (3, 6): 7}.get(
        (dim, degree), degree
    )  # positive only
    inner, weights = get_quadrature(_REFERENCE[dim], exact)
    points = np.concatenate((1.0 - inner.sum(0, keepdims=True), inner))
    return np.clip(points, 0.0, 1.0), weights / weights.sum()


def lattice(dim: int) -> FloatArray:
    """Barycentric points (dim+1, n_local) of the second-order nodes themselves."""
    corners = np.eye(dim + 1)
    return np.concatenate(
        (corners, np.stack([(corners[a] + corners[b]) / 2 for a, b in LOCAL_EDGES[dim]])), axis=0
    ).T


def jacobians(nodes: FloatArray, points: FloatArray) -> FloatArray:
    """dx/dl_k (dim_space, dim, n_q, n) at barycentric points, from nodes (dim_space, n_local, n)."""
    order = 1 if nodes.shape[1] == len(points) else 2
    return np.einsum("dln,lkq->dkqn", nodes, shape_slopes(order, points), optimize=True)


def determinant(jacobian: FloatArray) -> FloatArray:
    """det (n_q, n) of square Jacobians (dim, dim, n_q, n)."""
    j = jacobian
    if len(j) == 2:
        return j[0, 0] * j[1, 1] - j[0, 1] * j[1, 0]
    return (
        j[0, 0] * (j[1, 1] * j[2, 2] - j[2, 1] * j[1, 2])
        - j[1, 0] * (j[0, 1] * j[2, 2] - j[2, 1] * j[0, 2])
        + j[2, 0] * (j[0, 1] * j[1, 2] - j[1, 1] * j[0, 2])
    )


def inverse(jacobian: FloatArray, det: FloatArray) -> FloatArray:
    """dl_k/dx_d (dim, dim, n_q, n) from square Jacobians dx_d/dl_k of that shape and their `determinant`."""
    j, out = jacobian, np.empty_like(jacobian)
    if len(j) == 2:
        out[0, 0], out[0, 1], out[1, 0], out[1, 1] = j[1, 1], -j[0, 1], -j[1, 0], j[0, 0]
    else:
        for k in range(3):
            a, b = j[:, (k + 1) % 3], j[:, (k + 2) % 3]
            for d in range(3):
                e, f = (d + 1) % 3, (d + 2) % 3
                out[k, d] = a[e] * b[f] - a[f] * b[e]
    return out / det


def least_determinant(nodes: FloatArray) -> FloatArray:
    """Least det (n,) over the nodes and the points of a rule, over that of the straight element.

    nodes (dim, n_local, n) of second-order elements; <= 0 where an element turns inside out.
    """
    dim = len(nodes)
    points = np.concatenate((lattice(dim), rule(dim, 5)[0]), axis=1)
    det = determinant(jacobians(nodes, points)).min(axis=0)
    return det / determinant(jacobians(nodes[:, : dim + 1], np.full((dim + 1, 1), 1 / (dim + 1))))[0]


def surface_element(jacobian: FloatArray) -> FloatArray:
    """dA/dl (n_q, n) or (n,) of facets: length of the tangent in 2D, of the tangents' cross product in 3D."""
    if jacobian.shape[1] == 1:
        return np.linalg.norm(jacobian[:, 0], axis=0)
    (a, b, c), (d, e, f) = jacobian[:, 0], jacobian[:, 1]
    return np.sqrt((b * f - c * e) ** 2 + (c * d - a * f) ** 2 + (a * e - b * d) ** 2)


def unique_edges(cells: IntArray, n_nodes: int) -> tuple[IntArray, IntArray]:
    """Edges (2, n_edges), ascending and in ascending order, and those of each cell (n_local_edges, n)."""
    pairs = [np.sort(cells[list(edge)].astype(np.int64), axis=0) for edge in LOCAL_EDGES[len(cells) - 1]]
    keys = np.concatenate([low * n_nodes + high for low, high in pairs])
    found, number = np.unique(keys, return_inverse=True)
    return np.stack((found // n_nodes, found % n_nodes)), number.reshape(len(pairs), -1)


def find_edges(edges: IntArray, pairs: IntArray, n_nodes: int) -> IntArray:
    """Numbers of the edges between two nodes each, pairs (2, ...), among `edges` in ascending order."""
    low, high = np.sort(pairs.astype(np.int64), axis=0)
    return np.searchsorted(edges[0] * n_nodes + edges[1], low * n_nodes + high)
