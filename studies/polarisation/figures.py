"""Figures of a polarisation: voltage, resistance, where the voltage goes, and metrics against current."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullFormatter

from geometry.designs import Design
from studies.figures import COLOURS, LEAST_PART, LOSSES, line
from studies.headlines import RISK_LINE
from studies.labels import LABELS
from studies.limits import CONDUCTING
from studies.polarisation.curve import Curve, Point
from studies.polarisation.shown import METRICS, VOLTAGES, Metric
from studies.polarisation.words import MILLI_PER_CM2, series

SIZE = (5.6, 4.3)  # inches
CURRENT = "current density (mA/cm²)"
BELOW = {"loc": "upper center", "bbox_to_anchor": (0.45, -0.15), "ncols": 3, "columnspacing": 1.4}

Curves = Mapping[Design, Curve]


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """One figure: name of its files, heading, caption, and how it is drawn."""

    name: str
    title: str
    caption: str
    draw: Callable[[Axes], None]
    size: tuple[float, float] = SIZE


def drawings(curves: Curves) -> list[Drawing]:
    """All figures for which there are points."""
    shown = {design: curve for design, curve in curves.items() if curve.points}
    if not shown:
        return []
    main = shown.get(Design.BILAYER) or next(iter(shown.values()))
    found = [_over_current(metric, shown) for metric in VOLTAGES]
    found += [_resistance(shown), _split(main)]
    found += [_over_current(metric, shown) for metric in METRICS]
    return [drawing for drawing in found if drawing is not None]


def _values(metric: Metric, curve: Curve) -> tuple[np.ndarray, np.ndarray]:
    """Currents [mA/cm2] and values as shown."""
    current, value = series(curve.points, metric.key)
    if metric.over is not None:
        value = value / series(curve.points, metric.over)[1]
    return MILLI_PER_CM2 * current, metric.factor * value


def _over_current(metric: Metric, curves: Curves) -> Drawing | None:
    lines = {
        design: _values(metric, curve)
        for design, curve in curves.items()
        if not metric.of_mats or curve.design in CONDUCTING
    }
    lines = {design: (x, y) for design, (x, y) in lines.items() if x.size}
    if not lines:
        return None

    def draw(axes: Axes) -> None:
        for design, (x, y) in lines.items():
            axes.plot(x, y, **_look(design))
        _scales(axes, metric.label, [y for _, y in lines.values()], logarithmic=metric.logarithmic)
        handles: list[Any] = list(axes.get_legend_handles_labels()[0])
        if metric.risk and [1 for design, (x, y) in lines.items() if _ring(axes, curves[design], x, y)]:
            handles.append(_key())
        axes.legend(handles=handles, **BELOW)

    return Drawing(name=metric.name, title=metric.title, caption=metric.caption, draw=draw)


def _look(design: Design) -> dict[str, Any]:
    """Line and dots of a design; dots show where something was computed."""
    look = line(design)
    width = min(look["linewidth"], 2.6)
    return {**look, "linewidth": width, "marker": "o", "markersize": 2.0 + width}


def _ring(axes: Axes, curve: Curve, x: np.ndarray, y: np.ndarray) -> bool:
    """Mark the risk line of a curve, if it gets there."""
    at = MILLI_PER_CM2 * curve.risk
    if not x[0] <= at <= x[-1]:
        return False
    height, colour = float(np.interp(at, x, y)), COLOURS[curve.design]
    axes.plot([at, at], [0.0, height], color=colour, linewidth=0.9, linestyle=(0, (3, 2)), zorder=1.5)
    axes.plot([at], [height], marker="o", markersize=8, markerfacecolor="white", markeredgecolor=colour,
              markeredgewidth=1.6, zorder=4)  # fmt: skip
    return True


def _key() -> Line2D:
    return Line2D([], [], marker="o", markersize=8, markerfacecolor="white", markeredgecolor="#333333",
                  color="#333333", linewidth=0.9, linestyle=(0, (3, 2)),
                  label=f"{RISK_LINE} of the limiting current")  # fmt: skip


def _scales(axes: Axes, label: str, values: Sequence[np.ndarray], *, logarithmic: bool = False) -> None:
    """Both axes from zero; by their logarithm, if allowed, values that span more than a factor of 20."""
    axes.set_xlabel(CURRENT)
    axes.set_ylabel(label)
    axes.set_xlim(left=0.0)
    least, most = min(float(y.min()) for y in values), max(float(y.max()) for y in values)
    if logarithmic and 0.0 < 20 * least < most:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        steps = _first_digits if most < 1000 * least else ""
        axes.yaxis.set_minor_formatter(FuncFormatter(steps) if steps else NullFormatter())
    else:
        axes.set_ylim(min(0.0, least), 1.06 * most if most > 0.0 else 1.0)


def _first_digits(value: float, _: int) -> str:
    digit = round(value / 10 ** np.floor(np.log10(value)))
    return f"{value:g}" if digit in (2, 5) else ""


def _resistance(curves: Curves) -> Drawing | None:
    """dV/dI between neighbouring points, from rest on."""
    lines = {}
    for design, curve in curves.items():
        current, volts = (np.concatenate(([0.0], part)) for part in series(curve.points, "cell_voltage_V"))
        lines[design] = (
            0.5 * MILLI_PER_CM2 * (current[1:] + current[:-1]),
            1e4 * np.diff(volts) / np.diff(current),
        )

    def draw(axes: Axes) -> None:
        for design, (x, y) in lines.items():
            axes.plot(x, y, **_look(design))
        values = [y for _, y in lines.values()]
        _scales(axes, "differential resistance dV/dI (Ω cm²)", values, logarithmic=True)
        axes.legend(**BELOW)

    return Drawing(
        name="differential_resistance",
        title="Differential resistance",
        caption="Slope of the cell voltage between neighbouring points, the first from rest. It falls while "
        "charge transfer gets easier and grows without bound where the salt runs out.",
        draw=draw,
    )


def _from_rest(values: Any) -> np.ndarray:
    """Values of all points behind that of a cell at rest, zero."""
    return np.concatenate(([0.0], values))


def _split(curve: Curve) -> Drawing:
    """Losses of one design stacked over current."""
    current, voltage = (_from_rest(part) for part in series(curve.points, "cell_voltage_V"))

    def draw(axes: Axes) -> None:
        x, bottom = MILLI_PER_CM2 * current, np.zeros(current.size)
        for values, (label, colour, hatch) in _losses(curve.points):
            axes.fill_between(x, bottom, bottom + values, facecolor=colour, hatch=hatch, edgecolor="white",
                              linewidth=0.5, label=label)  # fmt: skip
            bottom = bottom + values
        axes.plot(x, 1e3 * voltage, color="#1d2329", linewidth=1.4, label="cell voltage")
        _scales(axes, "contribution to the cell voltage (mV)", [1e3 * voltage])
        axes.set_xlim(0.0, x[-1])
        axes.legend(**{**BELOW, "ncols": 2})

    return Drawing(
        name="voltage_split",
        title=f"Where the voltage goes: {LABELS[curve.design]}",
        caption="The parts add up to the cell voltage exactly.",
        draw=draw,
        size=(SIZE[0], SIZE[1] + 0.4),
    )


def _losses(points: Sequence[Point]) -> Iterator[tuple[np.ndarray, tuple[str, str, str]]]:
    """Values [mV] from rest on, and look, of each loss that is large enough to be seen."""
    largest = max(point.result.metrics["cell_voltage_V"] for point in points)
    for key, look in LOSSES.items():
        values = [point.result.metrics.get(key, 0.0) for point in points]
        if max(abs(value) for value in values) >= LEAST_PART * largest:
            yield 1e3 * _from_rest(values), look
