"""Nodes and elements numbered along a space-filling curve, so that neighbours lie close in memory.

Products with sparse matrices and sums over elements then find most of what they need in the cache: about
half the time of a numbering as the mesher leaves it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from meshes.cleanup import Cleaned
from meshes.simplices import FloatArray, IntArray

BITS = 20  # of each coordinate


def along_curve(points: FloatArray) -> IntArray:
    """The order (n,) of points (dim, n) along Morton's curve (bits of the coordinates interleaved)."""
    low, extent = points.min(axis=1, keepdims=True), np.ptp(points, axis=1).max()
    cells = ((points - low) * ((2**BITS - 1) / extent)).astype(np.uint64)
    code = np.zeros(points.shape[1], dtype=np.uint64)
    for bit in range(BITS):
        for k, coordinate in enumerate(cells):
            place = np.uint64(len(cells) * bit + k)
            code |= ((coordinate >> np.uint64(bit)) & np.uint64(1)) << place
    return np.argsort(code, kind="stable")


def renumbered(mesh: Cleaned) -> Cleaned:
    """The same mesh with nodes and elements in the order of the curve."""
    nodes = along_curve(mesh.points)
    elements = along_curve(mesh.points[:, mesh.cells].mean(axis=1))
    number = np.empty(nodes.size, dtype=mesh.cells.dtype)
    number[nodes] = np.arange(nodes.size)
    return replace(
        mesh,
        points=np.ascontiguousarray(mesh.points[:, nodes]),
        cells=np.ascontiguousarray(number[mesh.cells[:, elements]]),
        facets=np.where(mesh.facets >= 0, number[mesh.facets], -1),
        origin=mesh.origin[elements],
    )
