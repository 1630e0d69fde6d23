"""Nested families of meshes: every element cut into 2^dim, with regions, surfaces and exact shapes kept."""

from __future__ import annotations

import numpy as np

from meshes.curving import bend
from meshes.exact_surfaces import Shape, Shapes
from meshes.simplices import FloatArray, IntArray, MeshError, determinants, facet_numbers
from meshes.tagged import TaggedMesh

_TRIANGLES = ((0, 3, 5), (3, 1, 4), (5, 4, 2), (3, 4, 5))
"""Children of a triangle, from its corners 0 1 2 and the middles 3 of 01, 4 of 12, 5 of 02."""
_CORNERS = ((0, 4, 6, 7), (4, 1, 5, 8), (6, 5, 2, 9), (7, 8, 9, 3))
"""Children at the corners of a tetrahedron; middles 4 to 9 of the edges 01, 12, 02, 03, 13, 23."""
_DIAGONALS = ((4, 9), (5, 7), (6, 8))
_EQUATORS = ((5, 6, 7, 8), (8, 9, 6, 4), (4, 5, 9, 7))
"""Around each diagonal of the octahedron of middles: the ring of the other four."""


def refine(mesh: TaggedMesh, shapes: Shapes = ()) -> tuple[TaggedMesh, list[Shape]]:
    """A straight mesh of 4 (triangles) or 8 (tetrahedra) times as many elements, and its `shapes`.

    Old nodes keep their numbers; the new ones follow in the order of `mesh.edges`, in the middle of each
    edge, on `shapes` where facets lie on exact surfaces, or in the bent middle of a curved mesh. The inner
    octahedron of a tetrahedron is cut along its shortest diagonal. Regions, surfaces and shapes go over to
    the children, so that the result can be refined again, and then curved. Raises MeshError when a new node
    turns an element inside out.
    """
    middles = _on_shapes(mesh, shapes) if shapes else mesh.edge_midpoints
    points = np.concatenate((mesh.points, middles), axis=1)
    local = mesh.nodes_of_cells(2)
    if mesh.dim == 2:
        children = np.stack([local[list(child)] for child in _TRIANGLES])
    else:
        corners = np.stack([local[list(child)] for child in _CORNERS])
        children = np.concatenate((corners, _octahedra(points, local)))
    cells = children.transpose(1, 2, 0).reshape(mesh.dim + 1, -1)  # the children of an element are neighbours
    if not (determinants(points, cells) > 0).all():
        raise MeshError(
            f"{int((determinants(points, cells) <= 0).sum())} refined elements turn inside out at curved "
            "surfaces; start from a finer mesh there"
        )
    each = np.arange(len(children))
    fine = TaggedMesh.from_arrays(
        points=points,
        cells=cells,
        regions={
            name: (elements[:, None] * each.size + each).ravel() for name, elements in mesh.regions.items()
        },
        surfaces={name: _facet_children(mesh, facets) for name, facets in mesh.surfaces.items()},
    )
    carried = [
        Shape(surface=s.surface, facets=np.sort(facet_numbers(fine.mesh, _facet_children(mesh, s.facets))))
        for s in shapes
    ]
    return fine, carried


def _on_shapes(mesh: TaggedMesh, shapes: Shapes) -> FloatArray:
    """Middles of all edges [m] (dim, n_edges), those on exact surfaces exactly there."""
    bent = bend(mesh, shapes, floor=-np.inf)  # what becomes of the children is checked afterwards
    if bent.relaxed_edges:
        raise MeshError(
            f"{bent.relaxed_edges} new nodes find no place on their exact surfaces; "
            "start from a finer mesh there"
        )
    return bent.midpoints


def _facet_children(mesh: TaggedMesh, facets: IntArray) -> IntArray:
    """Node numbers (dim, n) of the parts of some facets."""
    nodes = mesh.nodes_of_facets(2, facets)
    parts = _TRIANGLES if mesh.dim == 3 else ((0, 2), (2, 1))
    return np.concatenate([nodes[list(part)] for part in parts], axis=1)


def _octahedra(points: FloatArray, local: IntArray) -> IntArray:
    """Four tetrahedra (4, 4, n) around the shortest diagonal of the octahedron of middles."""
    length = np.stack(
        [np.linalg.norm(points[:, local[a]] - points[:, local[b]], axis=0) for a, b in _DIAGONALS]
    )
    shortest = length.argmin(axis=0)
    inner = np.empty((4, 4, local.shape[1]), dtype=local.dtype)
    for k, ((a, b), ring) in enumerate(zip(_DIAGONALS, _EQUATORS, strict=True)):
        chosen = shortest == k
        for n in range(4):
            tet = [a, b, ring[n], ring[(n + 1) % 4]]
            inner[n][:, chosen] = local[tet][:, chosen]
    return inner
