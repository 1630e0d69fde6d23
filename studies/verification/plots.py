"""Errors over mesh sizes, both logarithmic, with the least slopes that are allowed."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

from fem.convergence import RateTable
from studies.figures import svg

# Colours of Okabe and Ito (2008); marker and dash differ as well.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (6, 1.5, 1, 1.5)))
WIDTH, HEIGHT, LINE = 5.6, 3.3, 0.24  # inches: the axes, and one line of the legend


def errors(tables: Sequence[RateTable]) -> str | None:
    """The tables of one sequence of sizes as an <svg> element; None if no error can be drawn."""
    if not any(error > 0.0 and math.isfinite(error) for table in tables for error in table.errors):
        return None

    def draw(axes: Axes) -> None:
        for number, table in enumerate(tables):
            found = np.array(table.errors)
            drawn = np.where(np.isfinite(found) & (found > 0.0), found, np.nan)
            axes.loglog(
                table.sizes,
                drawn,
                label=table.quantity,
                color=COLOURS[number % len(COLOURS)],
                marker=MARKERS[number % len(MARKERS)],
                linestyle=DASHES[number % len(DASHES)],
                markersize=5,
            )
        for rate in sorted({table.least_rate for table in tables if table.least_rate > 0.0}):
            _slope(axes, rate, [table for table in tables if table.least_rate == rate])
        _sizes(axes, tables[0].sizes)
        axes.set_xlabel("size")
        axes.set_ylabel("error")
        axes.legend(loc="upper left", bbox_to_anchor=(0.0, -0.16), borderaxespad=0.0, handlelength=3.2)

    return svg(draw, (WIDTH, HEIGHT + LINE * len(tables)))


def _slope(axes: Axes, slope: float, tables: Sequence[RateTable]) -> None:
    """A grey line of the least slope that is allowed, under the lowest of its curves."""
    lowest = min(
        (error / size**slope for table in tables for size, error in _counted(table)), default=math.nan
    )
    if not math.isfinite(lowest):
        return
    sizes = np.array(tables[0].sizes)
    line = 0.45 * lowest * sizes**slope
    axes.loglog(sizes, line, color="#8a8a8a", linewidth=1.0, zorder=1)
    middle = math.sqrt(sizes[0] * sizes[-1])
    axes.annotate(
        f"least slope {slope:g}",
        (middle, 0.45 * lowest * middle**slope),
        xytext=(4, -4),
        textcoords="offset points",
        ha="left",
        va="top",
        fontsize=9,
        color="#5b6670",
    )


def _counted(table: RateTable) -> list[tuple[float, float]]:
    pairs = zip(table.sizes, table.errors, strict=True)
    return [(size, error) for size, error in pairs if max(table.floor, 0.0) < error < math.inf]


def _sizes(axes: Axes, sizes: Sequence[float]) -> None:
    """Ticks at the sizes of the meshes, thinned where they would touch."""
    ends = math.log(sizes[0] / sizes[-1])
    shown = [sizes[0]]
    for size in itertools.islice(sizes, 1, None):
        if math.log(shown[-1] / size) > 0.12 * ends:
            shown.append(size)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(shown)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:.3g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
