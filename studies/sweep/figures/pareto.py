"""Cell voltage against unevenness of the current: which designs and values nothing beats in both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.colors import Normalize
from matplotlib.lines import Line2D

from studies.sweep.figures.heatmap import colour_bar
from studies.sweep.figures.panels import finish
from studies.sweep.figures.picture import Picture, blank
from studies.sweep.figures.places import Place, says
from studies.sweep.figures.scales import as_read, colours_for, goes_by_factors, scale_metric
from studies.sweep.figures.style import FRONT, MAP, ONE, PRINT, TWO, axis_title, colour, design_label, marker
from studies.sweep.hover import Mark
from studies.sweep.statistics.pareto import operating, pareto
from studies.sweep.statistics.selection import settings
from studies.sweep.study import Axis, Study
from studies.sweep.wording import Quantity
from studies.sweep.wording import shown as value_of
from studies.table import Row

TOLD = "#444444"  # what stands at a front
BEHIND: dict[str, Any] = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.4}


def trade_off(
    study: Study, all_places: Sequence[Place], across: Row, up: Row, axes: Sequence[Axis], tint: Axis | None
) -> Picture:
    """Two metrics that are both to be small, with their front; coloured by an axis where one is given."""
    with mpl.rc_context(PRINT):
        return _draw(study, all_places, across, up, axes, tint)


def _draw(
    study: Study, all_places: Sequence[Place], across: Row, up: Row, axes: Sequence[Axis], tint: Axis | None
) -> Picture:
    front = pareto(study, {across.key: "least", up.key: "least"})
    front = front[front["on_front"]].sort_values([across.key, up.key])
    best = set(front["point"])
    at = operating(study)
    same = f" at the same {' and '.join(axis.label for axis in at)}" if at else ""
    shown = [p for p in all_places if math.isfinite(p.mean(across.key)) and math.isfinite(p.mean(up.key))]
    scale, logarithmic = None, False
    if tint:
        values = as_read(tint, (place.values[tint.column] for place in shown))
        logarithmic = goes_by_factors(tint, values)
        scale = colours_for(values, logarithmic=logarithmic)
    figure = blank(TWO if tint else ONE, 3.0 if tint else 2.6)
    panel = figure.add_subplot()
    legend: dict[str, Any] = {}
    marks: list[Mark] = []
    series: dict[tuple[str, bool, bool], list[tuple[float, float, Any]]] = {}
    for place in shown:
        x, y = across.factor * place.mean(across.key), up.factor * place.mean(up.key)
        shade, is_best = _shade(place, tint, scale), bool(best & set(place.points))
        series.setdefault((place.design, place.status == "ok", is_best), []).append((x, y, shade))
        _bars(panel, place, across, up, shade)
        text = says(place, axes, (across, up)) + (f"\nnothing beats it in both{same}" if is_best else "")
        marks.append(Mark(axes=panel, shape="dot", places=((x, y),), text=text))
    for place in shown:
        look: dict[str, Any] = {"marker": marker(place.design), "linestyle": "", "markersize": 5.5}
        look["color"] = "#555555" if tint else colour(place.design)
        legend.setdefault(design_label(place.design), Line2D([], [], **look))
    for (design, trusted, is_best), drawn in sorted(series.items(), key=lambda entry: entry[0][2]):
        xs, ys, shades = zip(*drawn, strict=True)
        faces = list(shades) if trusted else "white"
        edges = "black" if is_best else list(shades)
        panel.scatter(
            xs, ys, s=30, marker=marker(design), c=faces, edgecolors=edges, linewidths=1.1, zorder=3
        )
    for where, members in settings(front, at):
        x, y = (row.factor * members[row.key].to_numpy() for row in (across, up))
        panel.step(x, y, where="post", color=FRONT, linewidth=1.2, linestyle=(0, (4, 2)), zorder=2)
        if where:
            values = ", ".join(value_of(axis, where[axis.column]) for axis in at)
            panel.annotate(values, (x[0], y[0]), xytext=(-3, 7), textcoords="offset points", ha="left",
                           fontsize=7, color=TOLD, bbox=BEHIND, zorder=4)  # fmt: skip
    legend["front" if not at else "front at one operating point"] = Line2D(
        [], [], color=FRONT, linewidth=1.2, linestyle=(0, (4, 2))
    )
    scale_metric(panel, "x", across, [across.factor * place.mean(across.key) for place in shown])
    scale_metric(panel, "y", up, [up.factor * place.mean(up.key) for place in shown])
    if tint and scale:
        colour_bar(figure, [panel], scale, axis_title(tint), logarithmic=logarithmic)
    finish(figure, legend)
    words = [f"Towards the lower left is better; points with a black edge are beaten by none in both{same}."]
    if any(place.status == "not trusted" for place in shown):
        words.append("Open markers: not trusted, and not on the front.")
    if len(shown) < len(all_places):
        words.append(f"{len(all_places) - len(shown)} of {len(all_places)} lack a number and are not shown.")
    return Picture(
        name=f"{up.key}-{across.key}-front",
        title=f"{Quantity(across).name} against {Quantity(up).name}",
        caption=" ".join(words),
        figure=figure,
        marks=marks,
    )


def _shade(place: Place, tint: Axis | None, scale: Normalize | None) -> Any:
    if tint is None or scale is None:
        return colour(place.design)
    return MAP(0.95 * float(scale(tint.factor * place.values[tint.column])))


def _bars(panel: Any, place: Place, across: Row, up: Row, shade: Any) -> None:
    """The intervals over the seeds, both ways."""
    one, two = place.numbers[across.key], place.numbers[up.key]
    if math.isfinite(one.low) and math.isfinite(two.low):
        x = across.factor * np.array([one.low, one.high, one.mean])
        y = up.factor * np.array([two.low, two.high, two.mean])
        panel.plot(x[:2], y[[2, 2]], color=shade, linewidth=0.9, alpha=0.7)
        panel.plot(x[[2, 2]], y[:2], color=shade, linewidth=0.9, alpha=0.7)
