"""Scales of axes and colours: where they are logarithmic, which numbers stand at them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
from matplotlib.axes import Axes as Panel
from matplotlib.axis import Axis as PanelAxis
from matplotlib.colors import LogNorm, Normalize
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from studies.sweep.figures.style import axis_title, folded, metric_title
from studies.sweep.study import Axis
from studies.table import Row

LOG_FROM = 15.0  # a metric whose largest value is so many times its smallest is shown on a logarithmic scale
SUBS = ((1.0, (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)), (1.7, (1.0, 2.0, 5.0)), (2.6, (1.0, 3.0)))
"""So many decades, and the ticks within one."""
Which = Literal["x", "y"]


def as_read(axis: Axis, values: Iterable[float]) -> list[float]:
    """Values of an axis in the unit people read."""
    return [axis.factor * float(value) for value in values]


def is_log(values: Iterable[float]) -> bool:
    """Whether a metric needs a logarithmic scale."""
    finite = [value for value in values if math.isfinite(value)]
    return bool(finite) and min(finite) > 0.0 and max(finite) > LOG_FROM * min(finite)


def goes_by_factors(axis: Axis, values: Sequence[float]) -> bool:
    """Whether an axis is shown on a logarithmic scale: as the study says, or a list such as 1, 10, 100."""
    levels = np.unique(np.asarray(values, float))
    if levels.size < 2 or levels[0] <= 0.0 or axis.logarithmic or axis.kind != "list":
        return axis.logarithmic and levels.size > 0 and bool(levels[0] > 0.0)
    steps = np.diff(np.log(levels))
    return bool(levels.size > 2 and levels[-1] >= 10.0 * levels[0] and steps.max() <= 3.0 * steps.min())


def scale_axis(panel: Panel, which: Which, axis: Axis, values: Sequence[float]) -> None:
    """Label, scale and ticks of an axis of the study; values as shown."""
    panel.set(**{f"{which}label": folded(axis_title(axis))})
    _scale(panel, which, values, logarithmic=goes_by_factors(axis, values))


def scale_metric(panel: Panel, which: Which, row: Row, values: Sequence[float]) -> None:
    """Label, scale and ticks of a metric; values as shown."""
    panel.set(**{f"{which}label": metric_title(row)})
    _scale(panel, which, values, logarithmic=is_log(values))


def _scale(panel: Panel, which: Which, values: Sequence[float], *, logarithmic: bool) -> None:
    if logarithmic:
        panel.set(**{f"{which}scale": "log"})
        low, high = min(values), max(values)
        if high < 1.2 * low:
            low, high = low / 1.5, high * 1.5
        room = (high / low) ** 0.05
        panel.set(**{f"{which}lim": (low / room, high * room)})
        logarithmic_ticks(panel.xaxis if which == "x" else panel.yaxis, low, high)
    else:
        nice_ticks(panel.xaxis if which == "x" else panel.yaxis)


def nice_ticks(axis: PanelAxis) -> None:
    """At most seven round numbers along an axis."""
    axis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))


def logarithmic_ticks(axis: PanelAxis, low: float, high: float) -> None:
    """Plain numbers at few places of a logarithmic axis."""
    decades = math.log10(high / low)
    subs = next((subs for most, subs in SUBS if decades < most), (1.0,))
    axis.set_major_locator(LogLocator(subs=subs))
    axis.set_major_formatter(FuncFormatter(lambda value, _: tick(value)))
    axis.set_minor_formatter(NullFormatter())


def tick(value: float) -> str:
    """A number at a logarithmic axis: plain, or a power of ten where it is very small or large."""
    if value <= 0.0 or 1e-3 <= value < 1e5:
        return f"{value:g}"
    power = math.floor(math.log10(value) + 1e-9)
    lead = value / 10.0**power
    return f"$10^{{{power}}}$" if abs(lead - 1.0) < 1e-6 else f"${lead:g}\\cdot10^{{{power}}}$"


def colours_for(values: Iterable[float], *, logarithmic: bool) -> Normalize:
    """The scale of a colour map over these values."""
    finite = np.array([value for value in values if math.isfinite(value)])
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if low == high:
        low, high = (0.9 * low, 1.1 * high) if low > 0.0 else (low - 0.5, high + 0.5)
    return LogNorm(low, high) if logarithmic else Normalize(low, high)
