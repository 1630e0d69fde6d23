"""Figures of one or several panels, with their legend below them, where it hides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes as Panel
from matplotlib.figure import Figure

from studies.sweep.figures.picture import blank
from studies.sweep.figures.style import ONE, TWO

LINE = 0.17  # inches: one line of a legend


def grid(n: int, *, height: float = 2.3, wide: bool = False) -> tuple[Figure, list[Panel]]:
    """A figure with n panels of the same axes, at most three in a row; one column wide for one that is not wide."""
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
    width, height = figure.get_size_inches()
    longest = max(len(label) for label in legend)
    columns = max(1, min(len(legend), int((width - 0.2) / (0.55 + 0.062 * longest))))
    lines = -(-len(legend) // columns) + (title is not None)
    figure.set_size_inches(width, height + LINE * lines + 0.1)
    figure.legend(
        list(legend.values()), list(legend), loc="outside lower center", ncols=columns, title=title
    )
