"""Parallel coordinates: every point a line over all axes, coloured by a metric that stands at the end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes as Panel
from matplotlib.collections import LineCollection

from studies.sweep.figures.heatmap import colour_bar
from studies.sweep.figures.panels import cross, finish
from studies.sweep.figures.picture import Picture, blank
from studies.sweep.figures.places import Place, says
from studies.sweep.figures.scales import colours_for, is_log
from studies.sweep.figures.style import (
    FAILED,
    MAP,
    PRINT,
    TWO,
    axis_title,
    design_label,
    metric_title,
)
from studies.sweep.hover import Mark
from studies.sweep.study import Axis
from studies.sweep.wording import Quantity
from studies.table import Row

BEHIND: dict[str, Any] = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.6}
DASHES: dict[str, Any] = {"failed": (0, (2, 2)), "not trusted": (0, (5, 1.5))}
LETTERS = 90  # of all titles side by side, about


@dataclass(frozen=True, kw_only=True, eq=False)
class Pole:
    """One upright axis: title, height from 0 to 1 of every place, and the texts at some heights."""

    title: str
    heights: list[float]
    ticks: list[tuple[float, str]]


def parallel(all_places: Sequence[Place], row: Row, axes: Sequence[Axis]) -> Picture:
    """The figure coloured by one metric."""
    with mpl.rc_context(PRINT | {"axes.grid": False, "axes.spines.left": False, "axes.spines.bottom": False}):
        return _draw(all_places, row, axes)


def _draw(all_places: Sequence[Place], row: Row, axes: Sequence[Axis]) -> Picture:
    poles = [_axis_pole(axis, [place.values[axis.column] for place in all_places]) for axis in axes]
    designs = [design_label(place.design) for place in all_places]
    if len(set(designs)) > 1:
        poles.insert(0, _text_pole("design", designs))
    means = [row.factor * place.mean(row.key) for place in all_places]
    logarithmic = is_log(means)
    poles.append(_number_pole(metric_title(row), means, logarithmic=logarithmic))
    scale = colours_for(means, logarithmic=logarithmic)
    figure = blank(TWO, 3.0)
    panel = figure.add_subplot()
    marks: list[Mark] = []
    legend: dict[str, Any] = {}
    drawn: dict[str, list[tuple[list[tuple[float, float]], Any]]] = {}
    for number, place in enumerate(all_places):
        heights = [pole.heights[number] for pole in poles]
        path = [(float(at), height) for at, height in enumerate(heights) if math.isfinite(height)]
        if place.numbers and not math.isfinite(means[number]):
            continue
        kind = place.status if place.numbers else "failed"
        tint = MAP(float(scale(means[number]))) if place.numbers else FAILED
        drawn.setdefault(kind, []).append((path, tint))
        if not place.numbers:
            cross(panel, path[-1], place, FAILED, legend, "data")
        marks.append(Mark(axes=panel, shape="line", places=path, text=says(place, axes, (row,))))
    for kind, found in drawn.items():
        paths, tints = zip(*found, strict=True)
        width = 0.7 if kind == "failed" else 1.0 if len(all_places) < 150 else 0.6
        panel.add_collection(
            LineCollection(paths, colors=tints, linestyles=DASHES.get(kind, "-"), linewidths=width)
        )
    _poles(panel, poles)
    colour_bar(figure, [panel], scale, metric_title(row), logarithmic=logarithmic)
    finish(figure, legend, least=1)
    return Picture(
        name=f"{row.key}-parallel",
        title=f"All points, coloured by {Quantity(row).name}",
        caption="Every point is a line over all that was varied; point at one to read it.",
        figure=figure,
        marks=marks,
    )


def _axis_pole(axis: Axis, values: Sequence[Any]) -> Pole:
    if any(isinstance(value, str) for value in values):
        return _text_pole(axis.label, [str(value) for value in values])
    shown = [axis.factor * float(value) for value in values]
    return _number_pole(axis_title(axis), shown, logarithmic=axis.logarithmic and min(shown) > 0.0)


def _number_pole(title: str, values: Sequence[float], *, logarithmic: bool) -> Pole:
    """Lowest value at the foot, highest at the head; numbers at five heights."""
    inner = np.log(values) if logarithmic else np.asarray(values, float)
    low, high = float(np.nanmin(inner)), float(np.nanmax(inner))
    if low == high:
        low, high = low - 0.5, high + 0.5
    at = np.linspace(0.0, 1.0, 5)
    back = low + at * (high - low)
    texts = [f"{value:.3g}".replace("-", "−") for value in (np.exp(back) if logarithmic else back)]
    return Pole(
        title=title,
        heights=list((inner - low) / (high - low)),
        ticks=list(zip(at.tolist(), texts, strict=True)),
    )


def _text_pole(title: str, values: Sequence[str]) -> Pole:
    names = list(dict.fromkeys(values))
    heights = dict(
        zip(names, np.linspace(0.0, 1.0, len(names)).tolist() if len(names) > 1 else [0.5], strict=True)
    )
    return Pole(
        title=title, heights=[heights[value] for value in values], ticks=[(heights[n], n) for n in names]
    )


def _poles(panel: Panel, poles: Sequence[Pole]) -> None:
    """The uprights with their numbers and titles."""
    last = len(poles) - 1
    for at, pole in enumerate(poles):
        panel.plot([at, at], [0.0, 1.0], color="black", linewidth=0.8, zorder=4)
        for height, text in pole.ticks:
            panel.plot([at - 0.02, at], [height, height], color="black", linewidth=0.8, zorder=4)
            panel.text(at - 0.04, height, text, ha="right", va="center", zorder=5, bbox=BEHIND)
    panel.set_xticks(range(len(poles)), [_broken(pole.title, LETTERS // len(poles)) for pole in poles])
    panel.tick_params(length=0, pad=7)
    panel.set_yticks([])
    panel.set_xlim(-0.45, last + 0.08)
    panel.set_ylim(-0.03, 1.03)


def _broken(title: str, most: int) -> str:
    """A title over several lines, the unit on its own."""
    name, _, unit = title.rpartition(" (")
    words, lines = (name if name else title).split(), [""]
    for word in words:
        if len(lines[-1]) + len(word) > most and lines[-1]:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join([*lines, f"({unit}"] if name else lines)
