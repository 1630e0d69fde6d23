"""Mesh files in and out: a user's own .msh with named physical groups, and MSH 4.1 written exactly.

Elements of second order (straight or curved) become a curved mesh, and a curved mesh is written as such.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path

import numpy as np

from meshes import lagrange, worker
from meshes.paraview import write_atomically
from meshes.simplices import FloatArray, IntArray, MeshError
from meshes.tagged import TaggedMesh

_SIMPLEX = {1: {1: 1, 2: 2, 3: 4}, 2: {1: 8, 2: 9, 3: 11}}
"""Gmsh's number of line, triangle and tetrahedron, by order and dimension."""
_TET10 = (0, 1, 2, 3, 4, 5, 6, 7, 9, 8)
"""Gmsh numbers the last two edges of a tetrahedron the other way round; this turns either into the other."""
_PLURAL = {2: "triangles", 3: "tetrahedra"}


@dataclass(frozen=True, kw_only=True)
class _Content:
    """What the file holds: nodes by ascending tag, elements by ascending tag, groups by name."""

    points: FloatArray  # (3, n_nodes)
    cells: IntArray  # (n_local, n_elements): corners, then the middles of edges where there are any
    dim: int
    regions: Mapping[str, IntArray]  # name -> element indices
    surfaces: Mapping[str, IntArray]  # name -> (dim, n_facets) node numbers of corners


def load(path: str | Path, scale: float = 1.0) -> TaggedMesh:
    """Read a Gmsh mesh file (MSH 2 or 4, text or binary): triangles in a plane of constant z, or tetrahedra.

    Elements are of order 1, or of order 2: then the mesh is curved.

    Physical groups of the highest dimension become regions, those one dimension below surfaces, by their
    names. Coordinates are multiplied by `scale` to give metres (1e-6 for a file in micrometres). Nodes that
    belong to no element are dropped. Raises MeshError with one sentence for anything that cannot be used.
    """
    file = Path(path)
    if not (np.isfinite(scale) and scale > 0):
        raise MeshError(
            f"scale must be a finite factor > 0 that turns the file's lengths into metres, got {scale}"
        )
    _check_header(file)
    try:
        content = worker.run(_read, str(file.resolve()))
    except worker.WorkerError as error:
        raise MeshError(f"{file} could not be read ({error}); it seems damaged, write it again") from error
    dim, points = content.dim, content.points * scale
    cells, middles = content.cells[: dim + 1], content.cells[dim + 1 :]
    if dim == 2:
        spread, extent = np.ptp(points[2]), np.ptp(points[:2], axis=1).max()
        if spread > 1e-9 * extent:
            raise MeshError(
                f"{file} holds no tetrahedra, but triangles from z = {points[2].min():g} m to "
                f"{points[2].max():g} m; a 2D mesh lies in one plane z = constant, a 3D mesh has volumes"
            )
        points = points[:2]
    used = np.unique(cells)
    new = np.full(points.shape[1], -1, dtype=np.int64)
    new[used] = np.arange(used.size)
    for name, nodes in content.surfaces.items():
        if (new[nodes] < 0).any():
            raise MeshError(
                f"{file}: surface '{name}' has facets away from every region; put its volume in a group"
            )
    mesh = TaggedMesh.from_arrays(
        points=points[:, used],
        cells=new[cells],
        regions=content.regions,
        surfaces={name: new[nodes] for name, nodes in content.surfaces.items()},
    )
    if not middles.size:
        return mesh
    midpoints = np.empty((dim, mesh.n_edges))
    pairs = np.stack([new[cells[list(edge)]] for edge in lagrange.LOCAL_EDGES[dim]], axis=1)
    midpoints[:, lagrange.find_edges(mesh.edges, pairs, mesh.n_nodes)] = points[:, middles]
    return mesh.curved(midpoints)


def save(mesh: TaggedMesh, path: str | Path) -> Path:
    """Write MSH 4.1 (binary, metres) with one named physical group per region and surface.

    A curved mesh is written with elements of order 2. Reading it back gives the same nodes, elements and
    names, bit for bit.
    """
    return write_atomically(path, lambda temporary: _write(temporary, mesh))


def _check_header(file: Path) -> None:
    if not file.is_file():
        raise MeshError(f"mesh file {file} does not exist; check the path")
    if file.stat().st_size == 0:
        raise MeshError(f"mesh file {file} is empty; write it again from Gmsh")
    with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find(b"$MeshFormat", 0, 4096) < 0:
            raise MeshError(
                f"{file} is not a Gmsh mesh file (.msh); save the mesh in Gmsh's own format, MSH 4.1"
            )
        for section in (b"Nodes", b"Elements"):
            if content.find(b"$" + section) < 0:
                raise MeshError(
                    f"{file} has no ${section.decode()} section; mesh the geometry before saving it"
                )
            if content.find(b"$End" + section) < 0:
                raise MeshError(
                    f"{file} ends inside its ${section.decode()} section; it is truncated, write it again"
                )


def _read(path: str) -> _Content:
    """Runs in a worker process."""
    import gmsh

    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        try:
            gmsh.merge(path)
            return _collect(path)
        except MeshError:
            raise
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise MeshError(
                f"{path} could not be read ({reason}); it seems damaged, write it again"
            ) from None
    finally:
        gmsh.finalize()


def _collect(path: str) -> _Content:
    import gmsh

    tags, xyz, _ = gmsh.model.mesh.getNodes()
    tags, first = np.unique(np.asarray(tags, dtype=np.int64), return_index=True)
    if tags.size == 0:
        raise MeshError(f"{path} has no nodes; mesh the geometry before saving it")
    points = np.asarray(xyz).reshape(-1, 3)[first].T.copy()
    dim = next((d for d in (3, 2) if len(gmsh.model.mesh.getElementTypes(d))), 0)
    if dim == 0:
        raise MeshError(f"{path} has neither triangles nor tetrahedra; mesh the geometry before saving it")
    order = 2 if _SIMPLEX[2][dim] in gmsh.model.mesh.getElementTypes(dim) else 1
    for d in (dim, dim - 1):
        for kind in np.asarray(gmsh.model.mesh.getElementTypes(d)):
            if kind != _SIMPLEX[order][d]:
                title = gmsh.model.mesh.getElementProperties(kind)[0]
                raise MeshError(
                    f"{path} has elements of type '{title}'; only {_PLURAL[dim]} of order 1, or all of "
                    "order 2, can be used, mesh without recombination and with one element order"
                )
    grouped = _groups(path, dim, order)
    if not grouped:
        raise MeshError(
            f"{path} has no physical groups of {_PLURAL[dim]}; give every region a named physical group"
        )
    total = sum(
        len(gmsh.model.mesh.getElementsByType(_SIMPLEX[order][dim], t)[0])
        for _, t in gmsh.model.getEntities(dim)
    )
    element_tags = np.unique(np.concatenate([elements for elements, _ in grouped.values()]))
    if element_tags.size < total:
        raise MeshError(
            f"{path}: {total - element_tags.size} of {total} {_PLURAL[dim]} are in no named physical group; "
            "give every region one"
        )
    n_local = len(next(iter(grouped.values()))[1])
    cells = np.empty((n_local, element_tags.size), dtype=np.int64)
    regions = {}
    for name, (elements, nodes) in grouped.items():
        regions[name] = np.searchsorted(element_tags, elements)
        cells[:, regions[name]] = np.searchsorted(tags, nodes)
    if n_local == len(_TET10):
        cells = cells[list(_TET10)]
    surfaces = {
        name: np.searchsorted(tags, nodes[:dim]) for name, (_, nodes) in _groups(path, dim - 1, order).items()
    }
    return _Content(points=points, cells=cells, dim=dim, regions=regions, surfaces=surfaces)


def _groups(path: str, dim: int, order: int) -> dict[str, tuple[IntArray, IntArray]]:
    """Name -> element tags (n,) and node tags (n_local, n), ascending and each element once."""
    import gmsh

    collected: dict[str, list[tuple[IntArray, IntArray]]] = {}
    for _, group in gmsh.model.getPhysicalGroups(dim):
        name = gmsh.model.getPhysicalName(dim, group)
        if not name:
            raise MeshError(
                f"{path}: physical group {group} of dimension {dim} has no name; give it one in Gmsh"
            )
        for entity in gmsh.model.getEntitiesForPhysicalGroup(dim, group):
            elements, nodes = gmsh.model.mesh.getElementsByType(_SIMPLEX[order][dim], entity)
            if len(elements):
                tags = np.asarray(elements, dtype=np.int64)
                local = np.asarray(nodes, dtype=np.int64).reshape(tags.size, -1).T
                collected.setdefault(name, []).append((tags, local))
    groups = {}
    for name, parts in collected.items():
        elements, first = np.unique(np.concatenate([part[0] for part in parts]), return_index=True)
        groups[name] = elements, np.concatenate([part[1] for part in parts], axis=1)[:, first]
    return groups


def _write(path: Path, mesh: TaggedMesh) -> None:
    dim, order = mesh.dim, 2 if mesh.is_curved else 1
    cells = mesh.nodes_of_cells(order)
    if len(cells) == len(_TET10):
        cells = cells[list(_TET10)]
    blocks: list[tuple[int, str, IntArray, IntArray]] = []  # dimension, name, element tags, node numbers
    for name, elements in mesh.regions.items():
        blocks.append((dim, name, elements + 1, cells[:, elements]))
    tag = mesh.n_elements + 1
    for name, facets in mesh.surfaces.items():
        blocks.append((dim - 1, name, np.arange(tag, tag + facets.size), mesh.nodes_of_facets(order, facets)))
        tag += facets.size
    low, high = np.zeros((2, 3))
    points = mesh.node_points(order)
    low[:dim], high[:dim] = points.min(axis=1), points.max(axis=1)
    with path.open("wb") as out:
        out.write(b"$MeshFormat\n4.1 1 8\n" + struct.pack("i", 1) + b"\n$EndMeshFormat\n")
        names = "".join(f'{d} {k} "{name}"\n' for k, (d, name, _, _) in enumerate(blocks, start=1))
        out.write(f"$PhysicalNames\n{len(blocks)}\n{names}$EndPhysicalNames\n".encode())
        out.write(b"$Entities\n")
        out.write(struct.pack("4Q", *(sum(block[0] == d for block in blocks) for d in range(4))))
        for d in range(4):
            for k, block in enumerate(blocks, start=1):
                if block[0] == d:  # tag, bounding box, one physical group, no bounding entities
                    out.write(struct.pack("=i6dQiQ", k, *low, *high, 1, k, 0))
        out.write(b"\n$EndEntities\n$Nodes\n")
        _write_nodes(out, points)
        out.write(b"\n$EndNodes\n$Elements\n")
        out.write(struct.pack("4Q", len(blocks), tag - 1, 1, tag - 1))
        for k, (d, _, tags, nodes) in enumerate(blocks, start=1):
            out.write(struct.pack("=3iQ", d, k, _SIMPLEX[order][d], tags.size))
            out.write(np.vstack([tags, nodes.astype(np.int64) + 1]).T.astype("<u8").tobytes())
        out.write(b"\n$EndElements\n")


def _write_nodes(out: BufferedWriter, points: FloatArray) -> None:
    dim, count = points.shape
    xyz = np.zeros((count, 3))
    xyz[:, :dim] = points.T
    out.write(struct.pack("4Q", 1, count, 1, count))
    out.write(struct.pack("=3iQ", dim, 1, 0, count))
    out.write(np.arange(1, count + 1, dtype="<u8").tobytes())
    out.write(xyz.astype("<f8").tobytes())
