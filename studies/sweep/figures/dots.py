"""A metric by design: a dot per seed, the mean with its interval; one dot where there are no seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.lines import Line2D

from studies.sweep.figures.panels import cross, finish
from studies.sweep.figures.picture import Picture, blank
from studies.sweep.figures.places import Place, says
from studies.sweep.figures.scales import scale_metric
from studies.sweep.figures.style import ONE, PRINT, TWO, colour, design_label, marker
from studies.sweep.hover import Mark
from studies.sweep.study import Axis
from studies.sweep.wording import Quantity, shown
from studies.table import Row

ROW, REST = 0.27, 0.75  # inches: a row, and what is above and below all rows
NO_BARS = "an interval of the mean needs two trusted seeds"
SPREAD = 0.28  # of a row: how far the seeds of one row keep apart


def dots(
    rows_of: Sequence[Place], seeds_of: Sequence[Place], row: Row, axes: Sequence[Axis], seed: Axis | None
) -> Picture:
    """The figure of one metric: a row per place, over its seeds; `seeds_of` are the points seed by seed."""
    with mpl.rc_context(PRINT):
        return _draw(rows_of, seeds_of, row, axes, seed)


def _draw(
    rows_of: Sequence[Place], seeds_of: Sequence[Place], row: Row, axes: Sequence[Axis], seed: Axis | None
) -> Picture:
    rows_of = [place for place in rows_of if not place.numbers or row.key in place.numbers]
    names = [
        ", ".join([design_label(p.design), *(shown(a, p.values[a.column]) for a in axes)]) for p in rows_of
    ]
    figure = blank(TWO if max(map(len, names)) > 24 else ONE, REST + ROW * len(rows_of))
    panel = figure.add_subplot()
    legend: dict[str, Any] = {}
    marks: list[Mark] = []
    values: list[float] = []
    for height, place in enumerate(rows_of):
        members = [p for p in seeds_of if (p.design, *_at(p, axes)) == (place.design, *_at(place, axes))]
        apart = np.linspace(-SPREAD, SPREAD, len(members)) if len(members) > 1 else np.zeros(1)
        tint = colour(place.design)
        drawn: dict[str, list[tuple[float, float]]] = {}
        for member, shift in zip(members, apart, strict=True):
            x, y = row.factor * member.mean(row.key), height + float(shift)
            text = says(member, (*axes, *([seed] if seed else [])), (row,))
            if math.isfinite(x):
                values.append(x)
                drawn.setdefault(tint if member.status == "ok" else "white", []).append((x, y))
                marks.append(Mark(axes=panel, shape="dot", places=((x, y),), text=text))
            elif not member.numbers:
                cross(panel, (0.015, y), member, tint, legend, "edge")
                marks.append(Mark(axes=panel, shape="dot", places=((0.015, y),), text=text, frame="edge"))
        for face, centres in drawn.items():
            look: dict[str, Any] = {"color": tint, "markerfacecolor": face, "markersize": 3.6}
            panel.plot(*zip(*centres, strict=True), marker(place.design), linestyle="", **look)
        found = place.numbers.get(row.key)
        if found and math.isfinite(found.low):
            mean, low, high = (row.factor * value for value in (found.mean, found.low, found.high))
            values += [low, high]
            panel.plot([low, high], [height, height], color="black", linewidth=1.2, zorder=3)
            panel.plot([mean], [height], "|", color="black", markersize=11, markeredgewidth=1.6, zorder=3)
    scale_metric(panel, "x", row, values)
    panel.set_xmargin(0.1)
    panel.set_yticks(range(len(names)), names)
    panel.set_ylim(len(names) - 0.5, -0.5)
    panel.set_ylabel("design")
    panel.grid(visible=False, axis="y")
    barred = bool(seed) and any(math.isfinite(n.low) for p in rows_of for n in p.numbers.values())
    if barred:
        look = {"marker": "|", "markersize": 9, "linewidth": 1.2, "markeredgewidth": 1.6}
        legend = {"mean, 95 % interval": Line2D([], [], color="black", **look), **legend}
    finish(figure, legend, least=1)
    bars = "bars: the mean over the trusted seeds and its 95 % interval" if barred else NO_BARS
    words = [f"One dot per seed; {bars}."] if seed else []
    if any(member.status == "not trusted" for member in seeds_of):
        words.append("Open markers: not trusted.")
    return Picture(
        name=f"{row.key}-designs",
        title=f"{Quantity(row).name} by {'design' if not axes else 'design and ' + axes[0].label}",
        caption=" ".join(words),
        figure=figure,
        marks=marks,
    )


def _at(place: Place, axes: Sequence[Axis]) -> list[Any]:
    return [place.values[axis.column] for axis in axes]
