"""ParaView's .vtu files: one block of cells, zlib-compressed, a pool of threads at work on each array."""

from __future__ import annotations

import base64
import os
import zlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
from numpy.typing import ArrayLike, NDArray

from meshes.simplices import FloatArray, IntArray

CELL_TYPES = {
    1: {1: 3, 2: 5, 3: 10},
    2: {1: 21, 2: 22, 3: 24},
}
"""VTK's numbers by order and dimension; the order of second-order nodes is that of `meshes.lagrange`."""
LEVEL = 1
"""Of compression: the default takes four times as long for a hundredth less."""
WORTH = 2 / 3
"""Arrays whose beginning does not shrink to this are stored as they are: float64 fields lose a twentieth."""
SAMPLE, BLOCK = 1 << 16, 1 << 20  # bytes tried first, and compressed at once
_TYPES = {"<f8": "Float64", "<i8": "Int64", "<i4": "Int32", "|u1": "UInt8"}


def write_vtu(
    path: Path,
    *,
    points: FloatArray,
    cells: IntArray,
    cell_type: int,
    point_data: Mapping[str, ArrayLike],
    cell_data: Mapping[str, ArrayLike],
) -> None:
    """Write points (n_points, 3), cells (n_local, n_cells) and fields of one or three components."""
    n_local, n_cells = cells.shape
    topology = {
        "connectivity": np.ascontiguousarray(cells.T, dtype="<i4").ravel(),
        "offsets": np.arange(n_local, n_local * n_cells + 1, n_local, dtype="<i4"),
        "types": np.full(n_cells, cell_type, dtype=np.uint8),
    }
    sections = {
        "Points": {"Points": points},
        "Cells": topology,
        "PointData": point_data,
        "CellData": cell_data,
    }
    with path.open("wb") as out, ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        out.write(
            b'<?xml version="1.0"?>\n<VTKFile type="UnstructuredGrid" version="1.0" '
            b'byte_order="LittleEndian" header_type="UInt64" compressor="vtkZLibDataCompressor">\n'
            b"<UnstructuredGrid>\n"
            b'<Piece NumberOfPoints="%d" NumberOfCells="%d">\n' % (len(points), n_cells)
        )
        for section, arrays in sections.items():
            out.write(f"<{section}>\n".encode())
            for name, values in arrays.items():
                array = _portable(np.asarray(values))
                parts = f' NumberOfComponents="{array.shape[1]}"' if array.ndim == 2 else ""
                kind = f'type="{_TYPES[array.dtype.str]}" Name={quoteattr(name)}{parts}'
                out.write(f'<DataArray {kind} format="binary">\n'.encode())
                out.writelines(_encoded(array, pool))
                out.write(b"\n</DataArray>\n")
            out.write(f"</{section}>\n".encode())
        out.write(b"</Piece>\n</UnstructuredGrid>\n</VTKFile>\n")


def _portable(array: NDArray[np.generic]) -> NDArray[np.generic]:
    """The array as one of the types that the file knows: numbers as they are, or as float64."""
    kind = array.dtype.newbyteorder("<")
    return np.ascontiguousarray(array, dtype=kind if kind.str in _TYPES else "<f8")


def _encoded(array: NDArray[np.generic], pool: ThreadPoolExecutor) -> tuple[bytes, bytes]:
    """Sizes of the compressed blocks, and these blocks."""
    content = memoryview(array.tobytes())
    shrinks = len(zlib.compress(content[:SAMPLE], LEVEL)) < WORTH * len(content[:SAMPLE])
    level, starts = LEVEL if shrinks else 0, range(0, len(content), BLOCK)
    blocks = list(pool.map(lambda start: zlib.compress(content[start : start + BLOCK], level), starts))
    sizes = [len(blocks), BLOCK, len(content) % BLOCK, *map(len, blocks)]
    return base64.b64encode(np.array(sizes, dtype="<u8").tobytes()), base64.b64encode(b"".join(blocks))
