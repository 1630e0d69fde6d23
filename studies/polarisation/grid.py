"""The table that people read: rows of current densities, columns of designs, cell voltages inside."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from studies.labels import LABELS
from studies.polarisation.curve import Curve, Point
from studies.polarisation.words import milliamperes


def grid(curves: Sequence[Curve]) -> list[tuple[str, list[str]]]:
    """Current density [mA/cm2] and one cell voltage [mV] per design; a dash where a design has no point.

    Rows are the currents that were asked for and the last point of every curve.
    """
    columns = [{_key(point): point for point in _shown(curve)} for curve in curves]
    rows = sorted({key for column in columns for key in column})
    return [(milliamperes(key), [_cell(column.get(key)) for column in columns]) for key in rows]


def _shown(curve: Curve) -> list[Point]:
    return [p for k, p in enumerate(curve.points, 1) if p.requested or k == len(curve.points)]


def _key(point: Point) -> float:
    """Equal for points at one current, which differ by round-off."""
    return float(f"{point.current:.8g}")


def _cell(point: Point | None) -> str:
    if point is None:
        return "–"
    return f"{1e3 * point.result.metrics['cell_voltage_V']:.1f}{'' if point.result.trusted else ' ✗'}"


def on_screen(curves: Sequence[Curve]) -> Table:
    """The same for the command line."""
    table = Table()
    table.add_column("mA/cm²", justify="right", no_wrap=True)
    for curve in curves:
        label = LABELS[curve.design]
        table.add_column(
            label, justify="right", vertical="bottom", min_width=max(len(word) for word in label.split())
        )
    for current, cells in grid(curves):
        table.add_row(current, *cells)
    return table
