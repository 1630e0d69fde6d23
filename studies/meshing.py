"""Meshes of the designs of a case, all on one draw of the mat."""

from __future__ import annotations

from collections.abc import Sequence

from geometry.designs import Cell, Design
from meshes.cache import MeshCache
from meshes.generate import Progress
from meshes.raw import MeshingFailed
from meshes.realisation import Realisation, realise
from meshes.sizing import Sizing
from studies import build
from studies.case import Case


def mesh_designs(
    case: Case,
    designs: Sequence[Design],
    *,
    cache: MeshCache | None,
    progress: Progress,
    workers: int = 2,
    draw: int | None = None,
) -> Realisation:
    """Meshes of some designs on one draw of the mat (a given one, or the first that can be meshed), made by
    so many processes.

    When no draw can be meshed for all of them, designs without a mat are meshed one by one and those with a
    mat together, so that what can be compared is; `failures` says what was lost. Raises MeshingFailed only if
    nothing was meshed.
    """
    cell, sizing = build.cell(case), build.sizing(case)
    try:
        return realise(cell, designs, sizing, cache=cache, progress=progress, workers=workers, draw=draw)
    except MeshingFailed as error:
        if len(designs) == 1:
            raise
        found, reasons = [], [str(error)]
    mats = [design for design in designs if design.has_framework]
    for group in ([design] for design in designs if not design.has_framework):
        found += _attempt(cell, group, sizing, cache, progress, reasons, draw)
    if mats and len(mats) < len(designs):
        found += _attempt(cell, mats, sizing, cache, progress, reasons, draw)
    if not found:
        raise MeshingFailed("; ".join(dict.fromkeys(reasons)))
    return Realisation(
        draw=max(made.draw for made in found),
        stacks={design: stack for made in found for design, stack in made.stacks.items()},
        meshes={design: mesh for made in found for design, mesh in made.meshes.items()},
        failures=tuple(dict.fromkeys(reasons)),
    )


def _attempt(
    cell: Cell,
    designs: Sequence[Design],
    sizing: Sizing,
    cache: MeshCache | None,
    progress: Progress,
    reasons: list[str],
    draw: int | None,
) -> list[Realisation]:
    """One realisation, or none and its reason."""
    try:
        return [realise(cell, designs, sizing, cache=cache, progress=progress, draw=draw)]
    except MeshingFailed as error:
        reasons.append(str(error))
        return []
