"""Parallel coordinates: every point a line over all axes, coloured by a metric that stands at the end."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes as Panel
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from studies.sweep.figures.heatmap import colour_bar
from studies.sweep.figures.panels import cross, finish
from studies.sweep.figures.picture import Picture, blank
from studies.sweep.figures.places import Place, says
from studies.sweep.figures.scales import as_read, colours_for, goes_by_factors, is_log
from studies.sweep.figures.style import (
    FAILED,
    MAP,
    PRINT,
    TWO,
    axis_title,
    colour,
    design_label,
    metric_title,
)
from studies.sweep.hover import Mark
from studies.sweep.statistics.compatible import Compatibility
from studies.sweep.study import Axis
from studies.sweep.wording import Quantity, number, percent
from studies.table import Row

BEHIND: dict[str, Any] = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.6}
DASHES: dict[str, Any] = {"failed": (0, (2, 2)), "not trusted": (0, (5, 1.5))}
LETTERS = 90  # of all titles side by side, about
OTHERS = "#d8d8d8"  # lines that do not agree with a target
MOST_LEVELS, BUNDLE = 8, 0.05  # values that stand at equal distances; how far the lines of a value spread


@dataclass(frozen=True, kw_only=True, eq=False)
class Pole:
    """One upright axis: title, height from 0 to 1 of every place, and the texts at some heights."""

    title: str
    heights: list[float]
    ticks: list[tuple[float, str]]


def parallel(
    all_places: Sequence[Place], row: Row, axes: Sequence[Axis], told: Sequence[Axis],
    found: Compatibility | None = None,
) -> Picture:  # fmt: skip
    """The figure coloured by one metric; or by design where it agrees with a target, and grey elsewhere."""
    with mpl.rc_context(PRINT | {"axes.grid": False, "axes.spines.left": False, "axes.spines.bottom": False}):
        return _draw([p for p in all_places if not p.numbers or row.key in p.numbers], row, axes, told, found)


def _draw(
    shown: Sequence[Place], row: Row, axes: Sequence[Axis], told: Sequence[Axis], found: Compatibility | None
) -> Picture:
    means = [row.factor * place.mean(row.key) for place in shown]
    order = np.argsort(means, kind="stable")  # the lines of one value lie as their metric does
    poles = [_axis_pole(axis, [place.values[axis.column] for place in shown], order) for axis in axes]
    designs = [place.design for place in shown]
    if len(set(designs)) > 1:
        poles.insert(0, _level_pole("design", designs, list(dict.fromkeys(designs)), design_label, order))
    logarithmic = is_log(means)
    poles.append(_number_pole(metric_title(row), means, logarithmic=logarithmic))
    scale = colours_for(means, logarithmic=logarithmic)
    figure = blank(TWO, 3.0)
    panel = figure.add_subplot()
    marks: list[Mark] = []
    on_top: list[Mark] = []
    legend: dict[str, Any] = {}
    lines: dict[str, list[tuple[list[tuple[float, float]], Any]]] = {}
    agrees = set(found.points["point"]) if found else set()
    for which, place in enumerate(shown):
        heights = [pole.heights[which] for pole in poles]
        path = [(float(at), height) for at, height in enumerate(heights) if math.isfinite(height)]
        kind = place.status if place.numbers else "failed"
        if kind == "failed":
            tint = OTHERS if found else FAILED
            cross(panel, path[-1], place, tint, legend, "data")
        elif not found:
            tint = MAP(float(scale(means[which])))
        elif agrees & set(place.points):
            tint, kind = colour(place.design), "agrees"
            legend.setdefault(design_label(place.design), Line2D([], [], color=tint))
        else:
            tint = OTHERS
        lines.setdefault(kind, []).append((path, tint))
        mark = Mark(axes=panel, shape="line", places=path, text=says(place, told, (row,)))
        (on_top if kind == "agrees" else marks).append(mark)
    many = len(shown) >= 150
    for kind, members in lines.items():
        paths, tints = zip(*members, strict=True)
        look: dict[str, Any] = {"colors": tints, "linestyles": DASHES.get(kind, "-")}
        look["linewidths"] = 1.2 if kind == "agrees" else 0.6 if many or kind == "failed" else 1.0
        panel.add_collection(LineCollection(paths, zorder=3 if kind == "agrees" else 2, **look))
    _poles(panel, poles)
    if not found:
        colour_bar(figure, [panel], scale, metric_title(row), logarithmic=logarithmic)
    finish(figure, legend, least=1)
    words = Quantity(row)
    title = f"All points, coloured by {words.name}"
    caption = "Every point is a line over all that was varied."
    if found:
        title = f"Points with {words.name} {words.amount(found.target)} ± {percent(found.width)}"
        caption = "Coloured: points that agree; grey: all others."
    return Picture(
        name=f"{row.key}-parallel{'-compatible' if found else ''}",
        title=title,
        caption=caption,
        figure=figure,
        marks=[*marks, *on_top],
    )


def _axis_pole(axis: Axis, values: Sequence[Any], order: np.ndarray) -> Pole:
    """Listed values and text at equal distances, as they are not meant for a scale; others on their scale."""
    levels = list(dict.fromkeys(values))
    if any(isinstance(value, str) for value in values):
        return _level_pole(axis.label, values, levels, str, order)
    if axis.kind != "sample" and len(levels) <= MOST_LEVELS:
        named = partial(number, axis)
        return _level_pole(axis_title(axis), values, sorted(levels), named, order)
    shown = as_read(axis, values)
    return _number_pole(axis_title(axis), shown, logarithmic=goes_by_factors(axis, shown))


def _number_pole(title: str, values: Sequence[float], *, logarithmic: bool) -> Pole:
    """Lowest value at the foot, highest at the head; numbers at five heights."""
    inner = np.log(values) if logarithmic else np.asarray(values, float)
    low, high = float(np.nanmin(inner)), float(np.nanmax(inner))
    if low == high:
        low, high = low - 0.5, high + 0.5
    at = np.linspace(0.0, 1.0, 5)
    back = low + at * (high - low)
    texts = [f"{value:.3g}".replace("-", "−") for value in (np.exp(back) if logarithmic else back)]
    heights = ((inner - low) / (high - low)).tolist()
    return Pole(title=title, heights=heights, ticks=list(zip(at.tolist(), texts, strict=True)))


def _level_pole(
    title: str, values: Sequence[Any], levels: Sequence[Any], named: Callable[[Any], str], order: np.ndarray
) -> Pole:
    """Values at equal distances, each with its lines side by side."""
    middles = np.linspace(0.0, 1.0, len(levels)) if len(levels) > 1 else np.array([0.5])
    heights = np.zeros(len(values))
    for level, middle in zip(levels, middles, strict=True):
        here = [place for place in order if values[place] == level]
        heights[here] = middle + BUNDLE * (np.arange(len(here)) / max(len(here) - 1, 1) - 0.5)
    ticks = [(float(middle), named(level)) for level, middle in zip(levels, middles, strict=True)]
    return Pole(title=title, heights=heights.tolist(), ticks=ticks)


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
