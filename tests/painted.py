"""Meshes painted as text: each letter is a small square of one region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from meshes.structured import layered_rectangle
from meshes.tagged import TaggedMesh

LEGEND = {"#": "fibres", ".": "pores", "i": "ionic_layer", "s": "separator", "x": "filler"}


def painted(
    rows: Sequence[str], *, pixel: float = 1e-6, n: int = 1, legend: Mapping[str, str] = LEGEND
) -> TaggedMesh:
    """2D mesh from rows of letters, top first; each letter is n x n squares of two triangles, pixel [m] wide.

    Surfaces: `counter` (top), `foil` and `feet` (bottom, beside and under conductors), `separator_bottom`.
    """
    height, width = len(rows), len(rows[0])
    box = layered_rectangle([("all", height * pixel, height * n)], width=width * pixel, nx=width * n)
    middle = box.points[:, box.cells].mean(1) / pixel
    letters = np.array([list(row) for row in rows[::-1]])
    letter = letters[middle[1].astype(int), middle[0].astype(int)]
    regions = {legend[a]: np.flatnonzero(letter == a) for a in legend if (letter == a).any()}
    bottom = box.surfaces["foil"]
    metal = letter[box.f2t[0, bottom]] == "#"
    surfaces = {"foil": bottom[~metal], "feet": bottom[metal], "counter": box.surfaces["counter"]}
    mesh = TaggedMesh(mesh=box.mesh, regions=regions, surfaces={k: v for k, v in surfaces.items() if v.size})
    liquids = [name for name in regions if name not in ("fibres", "filler")]
    if "fibres" in regions and liquids:
        mesh = mesh.with_surfaces({"fibre_surface": mesh.interface("fibres", liquids)})
    if "separator" in regions and len(regions) > 1:
        below = mesh.interface("separator", [name for name in regions if name != "separator"])
        if below.size:
            mesh = mesh.with_surfaces({"separator_bottom": below})
    return mesh
