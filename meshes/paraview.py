"""Fields by region and surface as compressed .vtu, series as .pvd; written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
from numpy.typing import ArrayLike

from meshes.simplices import FloatArray, IntArray, MeshError
from meshes.tagged import TaggedMesh
from meshes.vtu import CELL_TYPES, write_vtu

Fields = Mapping[str, ArrayLike]


def write_region(
    path: str | Path,
    mesh: TaggedMesh,
    elements: IntArray,
    point_data: Fields | None = None,
    cell_data: Fields | None = None,
) -> Path:
    """Write some elements with their fields; coordinates in metres.

    point_data: arrays over all nodes of the mesh, (n_nodes,) or (n_nodes, dim), or over all nodes and then
    all edges, (n_nodes + n_edges, ...), for fields of second order; only used ones are written. cell_data:
    arrays over the given elements, (len(elements),) or (len(elements), dim). The cells are quadratic when
    the mesh is curved or a field is of second order, else linear.
    """
    order = _order(mesh, point_data or {})
    cells = mesh.nodes_of_cells(order)[:, elements]
    return _write(path, mesh, cells, order, mesh.dim, point_data or {}, cell_data or {})


def write_surface(
    path: str | Path,
    mesh: TaggedMesh,
    facets: IntArray,
    point_data: Fields | None = None,
    cell_data: Fields | None = None,
) -> Path:
    """Write some facets with their fields; arrays as in `write_region`, cell data over the given facets."""
    order = _order(mesh, point_data or {})
    cells = mesh.nodes_of_facets(order, facets)
    return _write(path, mesh, cells, order, mesh.dim - 1, point_data or {}, cell_data or {})


def write_mesh(directory: str | Path, mesh: TaggedMesh) -> list[Path]:
    """Every region and surface of a mesh as <directory>/<name>.vtu, with element volumes and facet areas."""
    folder = Path(directory)
    written = [
        write_region(
            folder / f"{name}.vtu", mesh, elements, cell_data={"volume_m3": mesh.element_volumes[elements]}
        )
        for name, elements in mesh.regions.items()
    ]
    return written + [
        write_surface(folder / f"{name}.vtu", mesh, facets, cell_data={"area_m2": mesh.facet_areas(facets)})
        for name, facets in mesh.surfaces.items()
    ]


def write_pvd(path: str | Path, rows: Iterable[tuple[float, int, str | Path]]) -> Path:
    """A ParaView collection of (time [s], part, file); absolute paths become relative to it."""
    target = Path(path)
    lines = ['<?xml version="1.0"?>', '<VTKFile type="Collection" version="0.1">', "<Collection>"]
    for time, part, file in rows:
        name = Path(file)
        if name.is_absolute():
            name = Path(os.path.relpath(name, target.parent.resolve()))
        lines.append(f'<DataSet timestep="{time:.17g}" part="{part}" file={quoteattr(name.as_posix())}/>')
    text = "\n".join([*lines, "</Collection>", "</VTKFile>", ""])
    return write_atomically(target, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_atomically(path: str | Path, write: Callable[[Path], object]) -> Path:
    """Let `write` fill a temporary file beside `path`, then put it in place in one step.

    Creates missing folders. A failure leaves neither a half-written file nor a changed old one.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.stem}.", suffix=target.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        with temporary.open("rb") as written:
            os.fsync(written.fileno())  # before the name points at it: a power cut must not leave it empty
        temporary.chmod(0o666 & ~_umask())
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    return target


def _write(
    path: str | Path,
    mesh: TaggedMesh,
    cells: IntArray,
    order: int,
    dim: int,
    point_data: Fields,
    cell_data: Fields,
) -> Path:
    nodes = mesh.node_points(order)
    used = np.zeros(nodes.shape[1], dtype=bool)
    used[cells] = True
    return write_atomically(
        path,
        partial(
            write_vtu,
            points=_three(nodes[:, used].T),
            cells=(np.cumsum(used, dtype=np.int32) - 1)[cells],
            cell_type=CELL_TYPES[order][dim],
            point_data={
                name: _at_nodes(name, values, mesh, order)[used] for name, values in point_data.items()
            },
            cell_data={name: _column(name, v, cells.shape[1], "cells") for name, v in cell_data.items()},
        ),
    )


def _order(mesh: TaggedMesh, point_data: Fields) -> int:
    """2 when geometry or a field is of second order."""
    second = mesh.n_nodes + mesh.n_edges
    return 2 if mesh.is_curved or any(np.shape(v)[:1] == (second,) for v in point_data.values()) else 1


def _at_nodes(name: str, values: ArrayLike, mesh: TaggedMesh, order: int) -> FloatArray:
    """Values at the Lagrange nodes of `order`; those of a linear field are means in the middles of edges."""
    if order == 2 and np.shape(values)[:1] == (mesh.n_nodes + mesh.n_edges,):
        return _column(name, values, mesh.n_nodes + mesh.n_edges, "nodes and edges")
    corners = _column(name, values, mesh.n_nodes, "nodes")
    return corners if order == 1 else np.concatenate((corners, corners[mesh.edges].mean(axis=0)))


def _column(name: str, values: ArrayLike, count: int, items: str) -> FloatArray:
    array = np.asarray(values)
    if array.ndim not in (1, 2) or array.shape[0] != count:
        raise MeshError(
            f"field '{name}' has shape {array.shape}; give one value or vector for the {count} {items}"
        )
    return _three(array) if array.ndim == 2 else array


def _three(rows: FloatArray) -> FloatArray:
    """Rows of two components gain a zero: ParaView knows only three dimensions."""
    return np.pad(rows, ((0, 0), (0, 1))) if rows.shape[1] == 2 else rows


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
