"""Points and cells of simplices: determinants, winding, and scikit-fem meshes with ready facet tables."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from skfem import MeshTet1, MeshTri1

IntArray = NDArray[np.integer]
FloatArray = NDArray[np.float64]

FLAT = 1e-14
"""An element is flat when |det| falls below this fraction of (longest edge from its first node)^dim."""
BLOCK = 1 << 14
"""Elements whose corners are looked at together."""
MAX_NODES = 2_000_000
"""Integer facet keys n^3 must fit into 64 bits."""


_SIDES = {2: ((0, 1), (1, 2), (0, 2)), 3: ((0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3))}
"""Local facets in scikit-fem's order."""


class MeshError(ValueError):
    """A mesh that cannot be used as it is; the sentence says what is wrong and what to do."""


def corner_blocks(points: FloatArray, cells: IntArray) -> Iterator[tuple[slice, list[FloatArray]]]:
    """Blocks of elements that fit into the processor's cache, each with its corners' coordinates (dim, n)."""
    rows = np.ascontiguousarray(points.T)  # all coordinates of a node side by side
    for start in range(0, cells.shape[1], BLOCK):
        block = slice(start, start + BLOCK)
        yield block, [rows[nodes].T for nodes in cells[:, block]]


def determinants(points: FloatArray, cells: IntArray) -> FloatArray:
    """Signed determinants of the edge vectors from each first node, shape (n_elements,): 2 A or 6 V."""
    det = np.empty(cells.shape[1])
    for block, (first, *others) in corner_blocks(points, cells):
        det[block] = _determinant(*(other - first for other in others))
    return det


def _determinant(u: FloatArray, v: FloatArray, w: FloatArray | None = None) -> FloatArray:
    if w is None:
        return u[0] * v[1] - v[0] * u[1]
    return (
        u[0] * (v[1] * w[2] - v[2] * w[1])
        - u[1] * (v[0] * w[2] - v[2] * w[0])
        + u[2] * (v[0] * w[1] - v[1] * w[0])
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
    mesh._facets, mesh._t2f, mesh._f2t = _facet_tables(mesh.t, n_nodes)
    return mesh


def _facet_tables(cells: IntArray, n_nodes: int) -> tuple[IntArray, IntArray, IntArray]:
    """Facets by ascending nodes (dim, n_facets), those of every element, and the elements of every facet."""
    local, count = _SIDES[len(cells) - 1], cells.shape[1]
    sides = np.empty((len(cells) - 1, len(cells) * count), dtype=cells.dtype)
    for k, corners in enumerate(local):
        sides[:, k * count : (k + 1) * count] = _ascending([cells[corner] for corner in corners])
    order, first = _lexicographic(sides, n_nodes)
    start = np.flatnonzero(first)
    sharing = np.diff(np.append(start, order.size))
    if sharing.max() > 2:
        raise MeshError(
            f"a facet is shared by {sharing.max()} elements; the elements overlap, mesh them conformingly"
        )
    t2f = np.empty(order.size, dtype=np.int64)
    t2f[order] = np.cumsum(first) - 1
    one, other = order[start], order[start + sharing - 1]
    below, above = np.minimum(one, other), np.maximum(one, other)
    f2t = np.stack([below % count, np.where(sharing == 2, above % count, -1)]).astype(np.int32)
    return sides[:, one], t2f.reshape(len(cells), count), f2t


def _ascending(rows: list[IntArray]) -> list[IntArray]:
    """Two or three rows with every column sorted; a sort along the columns would take ten times as long."""
    if len(rows) == 2:
        return [np.minimum(*rows), np.maximum(*rows)]
    low, high = _ascending(rows[:2])
    middle = np.minimum(high, rows[2])
    return [np.minimum(low, middle), np.maximum(low, middle), np.maximum(high, rows[2])]


def _lexicographic(columns: IntArray, n_nodes: int) -> tuple[IntArray, NDArray[np.bool_]]:
    """Numbers of the columns in ascending order, the first row counting most, and which differ from the last.

    A counting sort by the first row leaves short groups, which are sorted by the rest: compiled loops of
    sparse matrices, faster than any sort of all keys.
    """
    count = columns.shape[1]
    ends = np.arange(count + 1, dtype=columns.dtype)
    groups = csr_array((np.ones(count, dtype=np.int8), columns[0], ends), shape=(count, n_nodes)).tocsc()
    rest = _facet_keys(columns[1:], n_nodes)[groups.indices]
    rows = csr_array((groups.indices, rest, groups.indptr), shape=(n_nodes, n_nodes ** (len(columns) - 1)))
    rows.sort_indices()
    first = np.concatenate([[True], rows.indices[1:] != rows.indices[:-1]])
    first[groups.indptr[:-1][np.diff(groups.indptr) > 0]] = True
    return rows.data, first


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
    det, dim = determinants(points, cells), points.shape[0]
    doubtful = np.flatnonzero(np.abs(det) <= FLAT * np.ptp(points, axis=1).max() ** dim)
    few = cells[:, doubtful]
    reach = np.abs(points[:, few[1:]] - points[:, few[:1]]).max(axis=(0, 1))
    flat = doubtful[np.abs(det[doubtful]) <= FLAT * reach**dim]
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
    used = np.zeros(points.shape[1], dtype=bool)
    used[cells] = True
    new = np.where(used, np.cumsum(used) - 1, -1)
    return np.ascontiguousarray(points[:, used]), new[cells], new[facets]
