"""Points and cells of simplices: determinants, winding, and scikit-fem meshes with ready facet tables."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from skfem import MeshTet1, MeshTri1

IntArray = NDArray[np.integer]
FloatArray = NDArray[np.float64]

FLAT = 1e-14
"""An element is flat when |det| falls below this fraction of (longest edge from its first node)^dim."""
MAX_NODES = 2_000_000
"""Integer facet keys n^3 must fit into 64 bits."""


_SIDES = {2: ((0, 1), (1, 2), (0, 2)), 3: ((0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3))}
"""Local facets in scikit-fem's order."""


class MeshError(ValueError):
    """A mesh that cannot be used as it is; the sentence says what is wrong and what to do."""


def determinants(points: FloatArray, cells: IntArray) -> FloatArray:
    """Signed determinants of the edge vectors from each first node, shape (n_elements,): 2 A or 6 V."""
    x = points[:, cells]
    e = x[:, 1:] - x[:, :1]
    if points.shape[0] == 2:
        return e[0, 0] * e[1, 1] - e[0, 1] * e[1, 0]
    return (
        e[0, 0] * (e[1, 1] * e[2, 2] - e[2, 1] * e[1, 2])
        - e[1, 0] * (e[0, 1] * e[2, 2] - e[2, 1] * e[0, 2])
        + e[2, 0] * (e[0, 1] * e[1, 2] - e[1, 1] * e[0, 2])
    )


def simplex_mesh(points: FloatArray, cells: IntArray) -> MeshTri1 | MeshTet1:
    """A scikit-fem mesh with its facet tables already filled, by integer keys instead of row-wise sorting.

    The tables equal those that scikit-fem would compute (a test holds it); they are set before first use.
    """
    dim, n_nodes = points.shape
    if dim not in (2, 3) or cells.shape[0] != dim + 1:
        raise MeshError(
            f"points {points.shape} and cells {cells.shape} do not describe triangles or tetrahedra; "
            "expected shapes (dim, n) and (dim + 1, n) with dim 2 or 3"
        )
    if cells.shape[1] == 0:
        raise MeshError("the mesh has no elements; it needs at least one triangle or tetrahedron")
    if not np.isfinite(points).all():
        raise MeshError(
            "the mesh has node coordinates that are not finite numbers; mend the file or its scale"
        )
    if cells.min() < 0 or cells.max() >= n_nodes:
        raise MeshError(
            f"elements refer to nodes {cells.min()} to {cells.max()}, but there are {n_nodes} nodes"
        )
    if n_nodes > MAX_NODES:
        raise MeshError(f"the mesh has {n_nodes} nodes, more than {MAX_NODES}; use a coarser mesh")
    if np.bincount(cells.ravel(), minlength=n_nodes).min() == 0:
        raise MeshError("the mesh has nodes that belong to no element; remove them first")
    cells = rewound(points, cells)
    mesh = MeshTri1(points, cells, sort_t=False) if dim == 2 else MeshTet1(points, cells)
    count = cells.shape[1]
    sides = np.sort(np.hstack([mesh.t[list(local)] for local in _SIDES[dim]]), axis=0)
    keys = _facet_keys(sides, n_nodes)
    order = np.argsort(keys, kind="stable")
    ranked = keys[order]
    first = np.concatenate([[True], ranked[1:] != ranked[:-1]])
    start = np.flatnonzero(first)
    sharing = np.diff(np.append(start, ranked.size))
    if sharing.max() > 2:
        raise MeshError(
            f"a facet is shared by {sharing.max()} elements; the elements overlap, mesh them conformingly"
        )
    inverse = np.empty(ranked.size, dtype=np.int64)
    inverse[order] = np.cumsum(first) - 1
    f2t = np.full((2, start.size), -1, dtype=np.int32)
    f2t[0] = order[start] % count
    f2t[1, sharing == 2] = order[start[sharing == 2] + 1] % count
    mesh._facets = np.ascontiguousarray(sides[:, order[start]])
    mesh._t2f = inverse.reshape(dim + 1, count)
    mesh._f2t = f2t
    return mesh


def find_facets(mesh: MeshTri1 | MeshTet1, nodes: IntArray, name: str) -> IntArray:
    """Sorted indices of the facets with the given node numbers (dim, n), whose order does not matter."""
    found = facet_numbers(mesh, nodes)
    missing = np.unique(np.sort(nodes, axis=0)[:, found < 0], axis=1).shape[1]
    if missing:
        raise MeshError(
            f"surface '{name}' has {missing} of {np.unique(found).size - 1 + missing} facets that are not "
            "facets of any element; mesh volumes and surfaces together"
        )
    return np.unique(found)


def facet_numbers(mesh: MeshTri1 | MeshTet1, nodes: IntArray) -> IntArray:
    """Indices (n,) of the facets with the given node numbers (dim, n); -1 where there is none."""
    n_nodes = mesh.p.shape[1]
    table = _facet_keys(
        np.asarray(mesh.facets), n_nodes
    )  # ascending: scikit-fem numbers facets lexicographically
    wanted = _facet_keys(np.sort(np.asarray(nodes), axis=0), n_nodes)
    found = np.minimum(np.searchsorted(table, wanted), table.size - 1)
    return np.where(table[found] == wanted, found, -1)


def _facet_keys(facets: IntArray, n_nodes: int) -> NDArray[np.int64]:
    keys = np.zeros(facets.shape[1], dtype=np.int64)
    for row in facets:
        keys *= n_nodes
        keys += row
    return keys


def rewound(points: FloatArray, cells: IntArray) -> IntArray:
    """The same cells, each with positive determinant; the very same array if they had it already."""
    det = determinants(points, cells)
    reach = np.abs(points[:, cells[1:]] - points[:, cells[:1]]).max(axis=(0, 1))
    flat = np.flatnonzero(np.abs(det) <= FLAT * reach ** points.shape[0])
    if flat.size:
        centre = ", ".join(f"{x:.6g}" for x in points[:, cells[:, flat[0]]].mean(axis=1))
        raise MeshError(
            f"{flat.size} elements have no volume, the first at ({centre}) m; remove or remesh them"
        )
    if (det > 0).all():
        return cells
    cells = cells.copy()
    cells[-2:, det < 0] = cells[-2:, det < 0][::-1]
    return cells


def used_nodes(
    points: FloatArray, cells: IntArray, facets: IntArray
) -> tuple[FloatArray, IntArray, IntArray]:
    """Points, cells and facets without the nodes that belong to no element.

    A facet on a node that is dropped gets the node number -1.
    """
    used = np.unique(cells)
    new = np.full(points.shape[1], -1, dtype=np.int64)
    new[used] = np.arange(used.size)
    return np.ascontiguousarray(points[:, used]), new[cells], new[facets]
