"""A metric against every numeric axis, one panel each: what a sample shows before any analysis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.lines import Line2D

from studies.sweep.figures.panels import cross, finish
from studies.sweep.figures.picture import Picture, blank
from studies.sweep.figures.places import Place, says
from studies.sweep.figures.scales import as_read, scale_axis, scale_metric
from studies.sweep.figures.style import ONE, PRINT, TWO, colour, design_label, marker
from studies.sweep.hover import Mark
from studies.sweep.study import Axis
from studies.sweep.wording import Quantity
from studies.table import Row


def scatter(all_places: Sequence[Place], row: Row, numeric: Sequence[Axis], axes: Sequence[Axis]) -> Picture:
    """The figure of one metric, a panel per axis of `numeric`; all axes are named where one points."""
    with mpl.rc_context(PRINT):
        return _draw(all_places, row, numeric, axes)


def _draw(all_places: Sequence[Place], row: Row, numeric: Sequence[Axis], axes: Sequence[Axis]) -> Picture:
    columns = min(3, len(numeric))
    rows = -(-len(numeric) // columns)
    figure = blank(TWO if columns > 1 else ONE, 2.1 * rows)
    legend: dict[str, Any] = {}
    marks: list[Mark] = []
    first = None
    designs = list(dict.fromkeys(place.design for place in all_places))
    texts = [says(place, axes, (row,)) for place in all_places]
    for number, axis in enumerate(numeric):
        panel = figure.add_subplot(rows, columns, number + 1, sharey=first)
        first = first or panel
        series: dict[tuple[str, str], list[tuple[float, float]]] = {}
        for place, text in zip(all_places, texts, strict=True):
            x, y = axis.factor * place.values[axis.column], row.factor * place.mean(row.key)
            tint = colour(place.design)
            if math.isfinite(y):
                series.setdefault((place.design, place.status), []).append((x, y))
                marks.append(Mark(axes=panel, shape="dot", places=((x, y),), text=text))
            elif not place.numbers:
                foot = 0.03 + 0.04 * designs.index(place.design)
                cross(panel, (x, foot), place, tint, legend)
                marks.append(Mark(axes=panel, shape="dot", places=((x, foot),), text=text, frame="foot"))
        for (design, status), drawn in series.items():
            look: dict[str, Any] = {"color": colour(design), "marker": marker(design), "linestyle": ""}
            inside = colour(design) if status == "ok" else "white"
            panel.plot(*zip(*drawn, strict=True), **look, markerfacecolor=inside, markersize=3.4)
            legend.setdefault(design_label(design), Line2D([], [], **look))
        scale_axis(panel, "x", axis, as_read(axis, (place.values[axis.column] for place in all_places)))
        means = [row.factor * place.mean(row.key) for place in all_places]
        scale_metric(panel, "y", row, [value for value in means if math.isfinite(value)])
        if number % columns:
            panel.set_ylabel("")
            panel.tick_params(labelleft=False)
    finish(figure, legend)
    return Picture(
        name=f"{row.key}-scatter",
        title=f"{Quantity(row).name} against what was varied",
        caption=f"Design: {design_label(designs[0])}." if len(designs) == 1 else "",
        figure=figure,
        marks=marks,
    )
