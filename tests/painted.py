"""Cells painted as text: each letter is a small square of one region; materials that go with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fem import (
    ButlerVolmer,
    Conductor,
    Electrode,
    Electrolyte,
    Grounded,
    Insulator,
    Kinetics,
    Model,
    ValoenReimers,
)
from meshes.structured import layered_rectangle
from meshes.tagged import TaggedMesh

LEGEND = {"#": "fibres", ".": "pores", "i": "ionic_layer", "s": "separator", "x": "filler"}


def painted(
    rows: Sequence[str], *, pixel: float = 1e-6, n: int = 1, legend: Mapping[str, str] = LEGEND
) -> TaggedMesh:
    """2D mesh from rows of letters, top first; each letter is n x n squares of two triangles, pixel [m] wide.

    Surfaces: `counter` (top), `foil` and `feet` (bottom: under electrolytes, under conductors),
    `separator_bottom`, `fibre_surface`.
    """
    height, width = len(rows), len(rows[0])
    box = layered_rectangle([("all", height * pixel, height * n)], width=width * pixel, nx=width * n)
    middle = box.points[:, box.cells].mean(1) / pixel
    letters = np.array([list(row) for row in rows[::-1]])
    letter = letters[middle[1].astype(int), middle[0].astype(int)]
    regions = {legend[a]: np.flatnonzero(letter == a) for a in legend if (letter == a).any()}
    bottom = box.surfaces["foil"]
    above = letter[box.f2t[0, bottom]]
    surfaces = {
        "foil": bottom[(above != "#") & (above != "x")],
        "feet": bottom[above == "#"],
        "counter": box.surfaces["counter"],
    }
    mesh = TaggedMesh(mesh=box.mesh, regions=regions, surfaces={k: v for k, v in surfaces.items() if v.size})
    liquids = [name for name in regions if name not in ("fibres", "filler")]
    if "fibres" in regions and liquids:
        mesh = mesh.with_surfaces({"fibre_surface": mesh.interface("fibres", liquids)})
    if "separator" in regions and len(regions) > 1:
        below = mesh.interface("separator", [name for name in regions if name != "separator"])
        if below.size:
            mesh = mesh.with_surfaces({"separator_bottom": below})
    return mesh


BV = ButlerVolmer(exchange_current=100.0)
LAW = ValoenReimers()
MATERIALS = {
    "fibres": Conductor(conductivity=50.0),
    "pores": Electrolyte(law=LAW),
    "ionic_layer": Electrolyte(law=LAW, porosity=0.4, macmullin=6.0),
    "separator": Electrolyte(law=LAW, porosity=0.55, macmullin=4.5),
    "filler": Insulator(),
}

# A fibre on its foot, a floating one that reaches into the ionic layer, an insulating grain.
CELL = painted(
    ["ssssssss", "ssssssss", "iiiiiiii", "iiii##ii", "....##..", ".##.##..", ".##.....", ".##...xx"]
)


def painted_model(
    mesh: TaggedMesh, *, kinetics: Kinetics = BV, foil: Kinetics = BV, counter: Kinetics = BV
) -> Model:
    """Materials of the mesh's regions, one law on all fibres, electrodes where the mesh has them."""
    regions = {name: MATERIALS[name] for name in mesh.regions}
    liquids = [name for name in regions if name not in ("fibres", "filler")]
    boundaries = {
        "feet": Grounded(),
        "foil": Electrode(foil, terminal="anode"),
        "counter": Electrode(counter, terminal="counter"),
    }
    return Model(
        regions=regions,
        interfaces={("fibres", name): kinetics for name in liquids if "fibres" in regions},
        boundaries={name: b for name, b in boundaries.items() if name in mesh.surfaces},
    )
