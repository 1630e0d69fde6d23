"""One ParaView file for a whole study: the swept value as time, a file per design."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from pathlib import Path

from meshes.paraview import write_pvd
from studies.sweep.points import Point
from studies.sweep.store import Store
from studies.sweep.study import Axis


def write_collections(store: Store, axes: Sequence[Axis], rows: Sequence[Point]) -> list[Path]:
    """Write fields-DESIGN.pvd for every design with stored fields; files that ParaView opens as a series.

    Time is the swept value in its shown unit where one numeric axis is varied, else the number of the point.
    The regions and surfaces of a point are its parts.
    """
    series: dict[str, list[tuple[float, int, Path]]] = {}
    column = _only_number(axes, rows)
    for point in rows:
        if point.case is None or not store.fields(point.id).is_dir():
            continue
        time = float(point.number) if column is None else column.factor * float(point.values[column.column])
        files = sorted(store.fields(point.id).glob("*.vtu"))
        parts = [(time, part, file) for part, file in enumerate(files)]
        series.setdefault(str(point.design), []).extend(parts)
    return [
        write_pvd(store.folder / f"fields-{design}.pvd", sorted(parts, key=lambda row: row[:2]))
        for design, parts in series.items()
    ]


def _only_number(axes: Sequence[Axis], rows: Sequence[Point]) -> Axis | None:
    """The one axis whose value can serve as time."""
    if len(axes) != 1 or not rows:
        return None
    (axis,) = axes
    numeric = isinstance(rows[0].values[axis.column], Real)
    return axis if numeric and axis.kind != "seed" else None
