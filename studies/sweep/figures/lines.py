"""A metric against one numeric axis: a line per design or per value of a second axis, a band over seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes as Panel
from matplotlib.lines import Line2D

from studies.sweep.figures.panels import band, cross, finish, grid
from studies.sweep.figures.picture import Picture
from studies.sweep.figures.places import Place, says
from studies.sweep.figures.scales import as_read, colours_for, goes_by_factors, scale_axis, scale_metric
from studies.sweep.figures.style import (
    MAP,
    PRINT,
    TEXT_DASHES,
    axis_title,
    colour,
    dash,
    design_label,
    marker,
)
from studies.sweep.hover import Mark
from studies.sweep.statistics.compatible import Compatibility
from studies.sweep.study import Axis
from studies.sweep.wording import Quantity, number, shown
from studies.table import Row

Key = tuple[Any, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """What a figure of lines shows: x along, a line per value of `by` where given, and the axes of text."""

    x: Axis
    by: Axis | None
    others: tuple[Axis, ...]  # text: a dash, or a panel where there is `by`
    told: tuple[Axis, ...]  # all axes, for what is said at a point
    held: Mapping[Axis, float] = field(default_factory=dict)  # further axes, of which one value is shown


def lines(all_places: Sequence[Place], row: Row, plan: Plan, found: Compatibility | None = None) -> Picture:
    """The figure of one metric; with the band of a target where one is given."""
    with mpl.rc_context(PRINT):
        return _draw(all_places, row, plan, found)


def _draw(all_places: Sequence[Place], row: Row, plan: Plan, found: Compatibility | None) -> Picture:
    combinations = list(dict.fromkeys(_others(place, plan) for place in all_places))
    designs = list(dict.fromkeys(place.design for place in all_places))
    if plan.by is None:
        figure, panels = grid(1)
        chosen = {panels[0]: list(all_places)}
    else:
        keys = [(d, c) for c in combinations for d in designs]
        figure, panels = grid(len(keys))
        chosen = {
            panel: [p for p in all_places if (p.design, _others(p, plan)) == key]
            for panel, key in zip(panels, keys, strict=True)
        }
        for panel, (design, combination) in zip(panels, keys, strict=True):
            if len(keys) > 1:
                panel.set_title(", ".join([design_label(design), *_texts(combination, plan)]))
    marks: list[Mark] = []
    legend: dict[str, Any] = {}
    for panel, here in chosen.items():
        _panel(panel, here, row, plan, combinations, marks, legend, several=len(designs) > 1)
    xs = as_read(plan.x, (place.values[plan.x.column] for place in all_places))
    ends = [end for place in all_places for end in _ends(place, row)]
    for panel in panels:
        scale_axis(panel, "x", plan.x, xs)
        scale_metric(panel, "y", row, ends)
        panel.label_outer()
        if found:
            band(panel, row, found, legend)
    finish(figure, legend, title=axis_title(plan.by) if plan.by else None)
    name = Quantity(row).name
    return Picture(
        name=f"{row.key}-{plan.x.column}{'-compatible' if found else ''}",
        title=f"{name} against {plan.x.label}",
        caption=_caption(all_places, plan),
        figure=figure,
        marks=marks,
    )


def _panel(
    panel: Panel, here: Sequence[Place], row: Row, plan: Plan, combinations: Sequence[Key],
    marks: list[Mark], legend: dict[str, Any], *, several: bool,
) -> None:  # fmt: skip
    series: dict[Key, list[Place]] = {}
    for place in here:
        key = (place.design, place.values[plan.by.column] if plan.by else None, _others(place, plan))
        series.setdefault(key, []).append(place)
    scale = None
    if plan.by:
        values = as_read(plan.by, (key[1] for key in series))
        scale = colours_for(values, logarithmic=goes_by_factors(plan.by, values))
    for order, ((design, value, combination), members) in enumerate(series.items()):
        members.sort(key=lambda place: place.values[plan.x.column])
        if all(place.numbers and row.key not in place.numbers for place in members):
            continue  # a design without such a number
        look: dict[str, Any] = {"color": colour(design), "marker": marker(design)}
        look["linestyle"] = dash(design)
        if plan.by and scale:
            tint = MAP(0.92 * float(scale(plan.by.factor * value)))
            look = {"color": tint, "marker": "osD^vPX"[order % 7], "linestyle": "-"}
            legend.setdefault(number(plan.by, value), Line2D([], [], **look))
        elif len(combinations) > 1:
            look["linestyle"] = TEXT_DASHES[combinations.index(combination) % len(TEXT_DASHES)]
            if several:
                legend.setdefault(design_label(design), Line2D([], [], **{**look, "linestyle": "-"}))
            words = ", ".join(_texts(combination, plan))
            legend.setdefault(words, Line2D([], [], color="#333333", linestyle=look["linestyle"]))
        else:
            legend.setdefault(design_label(design), Line2D([], [], **look))
        _series(panel, members, row, plan, look)
        foot = 0.03 + 0.035 * (order % 8)
        for place in members:
            x = plan.x.factor * place.values[plan.x.column]
            y = row.factor * place.mean(row.key)
            text = says(place, plan.told, (row,))
            if math.isfinite(y):
                marks.append(Mark(axes=panel, shape="dot", places=((x, y),), text=text))
            elif not place.numbers:
                cross(panel, (x, foot), place, look["color"], legend)
                marks.append(Mark(axes=panel, shape="dot", places=((x, foot),), text=text, frame="foot"))


def _series(panel: Panel, members: Sequence[Place], row: Row, plan: Plan, look: dict[str, Any]) -> None:
    """Line, band and points of one series; the line has a gap where a point has no number."""
    x = np.array(as_read(plan.x, (place.values[plan.x.column] for place in members)))
    numbers = [place.numbers.get(row.key) for place in members]
    mean = row.factor * np.array([np.nan if n is None else n.mean for n in numbers])
    low = row.factor * np.array([np.nan if n is None else n.low for n in numbers])
    high = row.factor * np.array([np.nan if n is None else n.high for n in numbers])
    trusted = np.array([place.status != "not trusted" for place in members])
    panel.plot(x, mean, **{**look, "marker": ""})
    if np.isfinite(low).any():
        panel.fill_between(x, low, high, color=look["color"], alpha=0.18, linewidth=0)
    for inner, chosen in (("full", trusted), ("none", ~trusted)):
        if chosen.any():
            face = look["color"] if inner == "full" else "white"
            panel.plot(x[chosen], mean[chosen], linestyle="", color=look["color"], marker=look["marker"],
                       markerfacecolor=face, zorder=3)  # fmt: skip


def _ends(place: Place, row: Row) -> list[float]:
    found = place.numbers.get(row.key)
    values = () if found is None else (found.mean, found.low, found.high)
    return [row.factor * value for value in values if math.isfinite(value)]


def _others(place: Place, plan: Plan) -> Key:
    return tuple(place.values[axis.column] for axis in plan.others)


def _texts(combination: Key, plan: Plan) -> list[str]:
    return [shown(axis, value) for axis, value in zip(plan.others, combination, strict=True)]


def _caption(all_places: Sequence[Place], plan: Plan) -> str:
    designs = list(dict.fromkeys(place.design for place in all_places))
    words = [f"Design: {design_label(designs[0])}."] if len(designs) == 1 else []
    if plan.by:
        words.append(f"One line per value of {plan.by.label}.")
    if plan.held:
        values = ", ".join(f"{axis.label} {shown(axis, value)}" for axis, value in plan.held.items())
        words.append(f"Of the other axes one value each is shown: {values}.")
    if any(math.isfinite(n.low) for place in all_places for n in place.numbers.values()):
        words.append("Lines: mean over the seeds; bands: interval of the mean.")
    if any(place.status == "not trusted" for place in all_places):
        words.append("Open markers: not trusted.")
    return " ".join(words)
