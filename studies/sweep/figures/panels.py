"""Figures of one or several panels, with their legend below them, where it hides nothing."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes as Panel
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from studies.sweep.figures.picture import blank
from studies.sweep.figures.places import Place
from studies.sweep.figures.style import BAND, FAILED, MISSING, ONE, TWO
from studies.sweep.hover import Frame, transform_of
from studies.sweep.statistics.compatible import Compatibility
from studies.sweep.wording import Quantity, percent
from studies.table import Row

LAST = ("failed", "not trusted", "not computed yet", "no such number")
LINE, HANDLE, LETTER = 0.17, 0.5, 0.063  # inches, of a legend: a line, a handle with its gaps, a letter


def grid(n: int, *, height: float = 2.3, wide: bool = False) -> tuple[Figure, list[Panel]]:
    """A figure with n panels of the same axes, at most three in a row; one panel is one column wide."""
    columns = 1 if n == 1 else 2 if n in (2, 4) else 3
    rows = -(-n // columns)
    figure = blank(TWO if n > 1 or wide else ONE, rows * height)
    panels: list[Panel] = []
    for number in range(n):
        first = panels[0] if panels else None
        panels.append(figure.add_subplot(rows, columns, number + 1, sharex=first, sharey=first))
    return figure, panels


def finish(figure: Figure, legend: Mapping[str, Any], *, title: str | None = None, least: int = 2) -> None:
    """The legend below the panels, and room for it, when it has at least so many entries."""
    if len(legend) < least:
        return
    legend = dict(sorted(legend.items(), key=lambda entry: entry[0] in LAST))
    width, height = figure.get_size_inches()
    columns = _columns([len(label) for label in legend], float(width))
    lines = -(-len(legend) // columns) + (title is not None)
    figure.set_size_inches(width, height + LINE * lines + 0.1)
    figure.legend(list(legend.values()), list(legend), loc="outside lower center", ncols=columns, title=title)


def _columns(lengths: Sequence[int], width: float) -> int:
    """How many columns of a legend, filled one after the other, fit into so many inches."""
    for columns in range(len(lengths), 1, -1):
        longest = [max(column) for column in np.array_split(lengths, columns)]  # as matplotlib fills them
        if sum(HANDLE + LETTER * length for length in longest) < width:
            return columns
    return 1


def cross(
    panel: Panel, at: tuple[float, float], place: Place, tint: Any, legend: MutableMapping[str, Any],
    frame: Frame = "foot",
) -> None:  # fmt: skip
    """A cross at the foot or edge of a panel for a point without numbers; a thin one if not computed yet."""
    failed = place.status != "missing"
    look: dict[str, Any] = {"marker": "x" if failed else "+", "markersize": 5, "linestyle": ""}
    look["markeredgewidth"] = 1.3 if failed else 0.9
    panel.plot(*at, transform=transform_of(panel, frame), color=tint, clip_on=False, zorder=4, **look)
    words = {"missing": "not computed yet", "failed": "failed"}.get(place.status, "not trusted")
    legend.setdefault(words, Line2D([], [], color=FAILED if failed else MISSING, **look))


def band(panel: Panel, row: Row, found: Compatibility, legend: MutableMapping[str, Any]) -> None:
    """The range of a metric that agrees with a target, across the panel."""
    half = found.width * abs(found.target)
    low, high = row.factor * (found.target - half), row.factor * (found.target + half)
    look: dict[str, Any] = {"facecolor": BAND, "alpha": 0.25, "linewidth": 0}
    panel.axhspan(low, high, zorder=0.5, **look)
    legend[f"{Quantity(row).amount(found.target)} ± {percent(found.width)}"] = Patch(**look)
