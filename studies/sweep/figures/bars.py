"""Bars of what moves a metric: a group per axis of the study, the strongest on top, a bar per design."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import Patch

from studies.sweep.figures.panels import finish
from studies.sweep.figures.picture import blank
from studies.sweep.figures.scales import nice_ticks
from studies.sweep.figures.style import TWO, colour, design_label
from studies.sweep.hover import Mark

LEAST_ROW, BAR, REST = 0.36, 0.15, 0.7  # inches: a group, a bar, and what is above and below all groups
HATCHES = ("", "////", "\\\\\\\\", "xxxx")
LEAST = 1e-6  # of the largest: smaller effects are none
Key = tuple[str, ...]  # a design and the values of the axes of text


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar: whose it is, the column of its axis, value with a range (NaN: none), and what it says."""

    key: Key
    axis: str
    value: float
    low: float = math.nan
    high: float = math.nan
    text: str


def draw(bars: Sequence[Bar], names: Mapping[str, str], xlabel: str) -> tuple[Figure, list[Mark]]:
    """The figure and its marks; names: how the axes are called, by column."""
    sizes: dict[str, float] = {}
    for bar in bars:
        ends = (abs(end) for end in (bar.value, bar.low, bar.high) if math.isfinite(end))
        sizes[bar.axis] = max(sizes.get(bar.axis, 0.0), *ends)
    largest = max(sizes.values())
    order = [c for c in sorted(sizes, key=lambda c: -sizes[c]) if sizes[c] > LEAST * largest] or list(sizes)
    bars = [bar for bar in bars if bar.axis in order]
    keys = list(dict.fromkeys(bar.key for bar in bars))
    combinations = list(dict.fromkeys(key[1:] for key in keys))
    thick = 0.8 / len(keys)
    figure = blank(TWO, REST + max(LEAST_ROW, BAR * len(keys) + 0.08) * len(order))
    panel = figure.add_subplot()
    marks: list[Mark] = []
    legend: dict[str, Any] = {}
    for bar in bars:
        hatch = HATCHES[combinations.index(bar.key[1:]) % len(HATCHES)]
        look: dict[str, Any] = {
            "facecolor": colour(bar.key[0]),
            "edgecolor": "white",
            "hatch": hatch,
            "lw": 0,
        }
        legend.setdefault(", ".join([design_label(bar.key[0]), *bar.key[1:]]), Patch(**look))
        height = order.index(bar.axis) - 0.4 + (keys.index(bar.key) + 0.5) * thick
        panel.barh(height, bar.value, height=0.9 * thick, **look)
        ends = [0.0, bar.value, 0.02 * math.copysign(largest, bar.value)]
        if math.isfinite(bar.low):
            panel.plot([bar.low, bar.high], [height, height], color="black", linewidth=0.9)
            ends += [bar.low, bar.high]
        corners = ((min(ends), height - 0.5 * thick), (max(ends), height + 0.5 * thick))
        marks.append(Mark(axes=panel, shape="cell", places=corners, text=bar.text))
    panel.axvline(0.0, color="black", linewidth=0.8)
    panel.set_yticks(range(len(order)), [names[column] for column in order])
    panel.set_ylim(len(order) - 0.5, -0.5)
    panel.set_ylabel("varied")
    panel.set_xlabel(xlabel)
    panel.grid(visible=False, axis="y")
    nice_ticks(panel.xaxis)
    finish(figure, legend)
    return figure, marks
