"""A metric over two numeric axes: a map per design, with numbers in its cells where they have room."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes as Panel
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from studies.sweep.figures.panels import finish, grid
from studies.sweep.figures.picture import Picture
from studies.sweep.figures.places import Place, says
from studies.sweep.figures.scales import (
    Which,
    colours_for,
    goes_by_factors,
    is_log,
    logarithmic_ticks,
    nice_ticks,
)
from studies.sweep.figures.style import (
    FAILED,
    MAP,
    MISSING,
    PRINT,
    axis_title,
    design_label,
    folded,
    metric_title,
)
from studies.sweep.hover import Mark
from studies.sweep.statistics.compatible import Compatibility
from studies.sweep.study import Axis
from studies.sweep.wording import Quantity, percent, shown
from studies.table import Row

MOST_NUMBERS = 10  # along an axis: with more cells the axis has a scale, and cells no numbers
OUTLINE: dict[str, Any] = {"facecolor": "none", "edgecolor": "#d55e00", "linewidth": 2.0}
SMALLEST = 7.0  # points: smaller numbers are left out
LOOKS: dict[str, dict[str, Any]] = {
    "failed": {"hatch": "xxxx", "edgecolor": FAILED, "facecolor": "white", "linewidth": 0.6},
    "missing": {"hatch": "///", "edgecolor": MISSING, "facecolor": "white", "linewidth": 0.6},
    "no number": {"facecolor": "#e9e9e9", "edgecolor": "white", "linewidth": 0.6},
    "not trusted": {"facecolor": "none", "edgecolor": "black", "linewidth": 1.0, "linestyle": (0, (2, 1.5))},
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """What a map shows: x and y, and the axes of text that make a panel per value."""

    x: Axis
    y: Axis
    others: tuple[Axis, ...]
    told: tuple[Axis, ...]  # all axes, for what is said at a cell
    found: Compatibility | None = None  # cells that agree with its target get an outline


@dataclass(frozen=True, kw_only=True, eq=False)
class Cells:
    """Values of an axis as shown, and the edges of their cells: on a scale, or each as wide as the other."""

    axis: Axis
    values: np.ndarray
    edges: np.ndarray
    scaled: bool

    @classmethod
    def along(cls, axis: Axis, places: Sequence[Place]) -> Cells:
        """Cells for the values an axis takes."""
        values = np.array(sorted({float(place.values[axis.column]) for place in places}))
        shown = axis.factor * values
        if values.size <= MOST_NUMBERS:
            return cls(axis=axis, values=values, edges=np.arange(values.size + 1) - 0.5, scaled=False)
        logarithmic = goes_by_factors(axis, shown.tolist())
        inner = np.log(shown) if logarithmic else shown
        middle = 0.5 * (inner[1:] + inner[:-1])
        edges = np.concatenate(([2 * inner[0] - middle[0]], middle, [2 * inner[-1] - middle[-1]]))
        return cls(axis=axis, values=values, edges=np.exp(edges) if logarithmic else edges, scaled=True)

    def number(self, value: float) -> int:
        """Which cell a value has."""
        return int(np.searchsorted(self.values, value))

    def label(self, panel: Panel, which: Which, room: float) -> None:
        """Label, scale and ticks of the panel's axis, which is `room` points long."""
        panel.set(**{f"{which}label": folded(axis_title(self.axis))})
        if not self.scaled:
            names = [f"{self.axis.factor * value:.3g}" for value in self.values]
            panel.set(**{f"{which}ticks": range(len(names)), f"{which}ticklabels": names})
            if which == "x" and 5.5 * sum(len(name) + 1 for name in names) > room:
                panel.set_xticklabels(names, rotation=45, ha="right", rotation_mode="anchor")
        elif goes_by_factors(self.axis, (self.axis.factor * self.values).tolist()):
            panel.set(**{f"{which}scale": "log"})
            logarithmic_ticks(panel.xaxis if which == "x" else panel.yaxis, self.edges[0], self.edges[-1])


def heat_map(all_places: Sequence[Place], row: Row, plan: Plan) -> Picture:
    """The map of one metric; all panels share its colours."""
    with mpl.rc_context(PRINT | {"axes.grid": False}):
        return _draw(all_places, row, plan)


def _draw(all_places: Sequence[Place], row: Row, plan: Plan) -> Picture:
    chosen: dict[tuple[Hashable, ...], list[Place]] = {}
    for place in all_places:
        key = (place.design, *(place.values[axis.column] for axis in plan.others))
        chosen.setdefault(key, []).append(place)
    cells = Cells.along(plan.x, all_places), Cells.along(plan.y, all_places)
    wide = len(chosen) == 1 and 6 < cells[0].values.size <= MOST_NUMBERS
    figure, panels = grid(len(chosen), height=2.5, wide=wide)
    room = 380.0 if wide else {1: 148.0, 2: 185.0, 4: 185.0}.get(len(chosen), 118.0)
    values = [row.factor * place.mean(row.key) for place in all_places]
    scale = colours_for(values, logarithmic=is_log(values))
    marks: list[Mark] = []
    legend: dict[str, Patch] = {}
    for panel, (key, here) in zip(panels, chosen.items(), strict=True):
        if len(chosen) > 1:
            texts = (shown(a, v) for a, v in zip(plan.others, key[1:], strict=True))
            panel.set_title(", ".join([design_label(str(key[0])), *texts]))
        _panel(panel, here, row, cells, scale, legend, room)
        agrees = set(plan.found.points["point"]) if plan.found else set()
        for place in here:
            corners = _corners(place, cells)
            if agrees & set(place.points):
                low, high = np.array(corners)
                panel.add_patch(Rectangle(tuple(low), *(high - low), zorder=3, **OUTLINE))
            marks.append(Mark(axes=panel, shape="cell", places=corners, text=says(place, plan.told, (row,))))
    if plan.found:
        words = f"{Quantity(row).amount(plan.found.target)} ± {percent(plan.found.width)}"
        legend[words] = Patch(**OUTLINE)
    colour_bar(figure, panels, scale, metric_title(row), logarithmic=is_log(values))
    finish(figure, legend, least=1)
    name = Quantity(row).name
    designs = list(dict.fromkeys(place.design for place in all_places))
    words = (
        [f"Design: {design_label(designs[0])}."] if len(designs) == 1 else ["All panels share the colours."]
    )
    if any(math.isfinite(n.low) for place in all_places for n in place.numbers.values()):
        words.append("Mean over the seeds.")
    return Picture(
        name=f"{row.key}-{plan.x.column}-{plan.y.column}{'-compatible' if plan.found else ''}",
        title=f"{name} over {plan.x.label} and {plan.y.label}",
        caption=" ".join(words),
        figure=figure,
        marks=marks,
    )


def _panel(
    panel: Panel, here: Sequence[Place], row: Row, cells: tuple[Cells, Cells], scale: Normalize,
    legend: dict[str, Patch], room: float,
) -> None:  # fmt: skip
    x, y = cells
    grid_values = np.full((y.values.size, x.values.size), np.nan)
    longest = max(len(_short(row.factor * place.mean(row.key))) for place in here)
    size = min(8.0, 0.92 * room / x.values.size / (0.62 * longest))
    written = max(x.values.size, y.values.size) <= MOST_NUMBERS and size >= SMALLEST
    for place in here:
        value = row.factor * place.mean(row.key)
        i, j = _indices(place, cells)
        grid_values[j, i] = value
        look = "" if place.status == "ok" else place.status
        if place.numbers and not math.isfinite(value):
            look = "no number"
        if look:
            low, high = np.array(_corners(place, cells))
            inset = 0.04 * (high - low) if look == "not trusted" and not (x.scaled or y.scaled) else 0.0
            panel.add_patch(Rectangle(tuple(low + inset), *(high - low - 2 * inset), zorder=2, **LOOKS[look]))
            words = {"missing": "not computed yet", "no number": "no such number"}.get(look, look)
            legend.setdefault(words, Patch(**LOOKS[look]))
        if written and math.isfinite(value):
            dark = float(np.dot(MAP(float(scale(value)))[:3], (0.3, 0.59, 0.11))) < 0.55
            panel.text(i, j, _short(value), ha="center", va="center", fontsize=size,
                       color="white" if dark else "black")  # fmt: skip
    line = {"edgecolors": "face" if x.scaled or y.scaled else "white", "linewidth": 0.3}
    panel.pcolormesh(x.edges, y.edges, np.ma.masked_invalid(grid_values), cmap=MAP, norm=scale, **line)
    x.label(panel, "x", room)
    y.label(panel, "y", room)
    panel.label_outer()


def _short(value: float) -> str:
    """A number of three digits for a cell."""
    text = f"{value:.0f}" if 1e3 <= abs(value) < 1e5 else f"{value:#.3g}".rstrip(".")
    return text.replace("-", "−")


def _indices(place: Place, cells: tuple[Cells, Cells]) -> tuple[int, int]:
    x, y = (along.number(float(place.values[along.axis.column])) for along in cells)
    return x, y


def _corners(place: Place, cells: tuple[Cells, Cells]) -> list[tuple[float, float]]:
    i, j = _indices(place, cells)
    x, y = (along.edges for along in cells)
    return [(float(x[i]), float(y[j])), (float(x[i + 1]), float(y[j + 1]))]


def colour_bar(
    figure: Figure, panels: Sequence[Panel], scale: Normalize, title: str, *, logarithmic: bool
) -> None:
    """A colour bar beside the panels."""
    bar = figure.colorbar(ScalarMappable(scale, MAP), ax=list(panels), aspect=24, pad=0.02)
    bar.set_label(folded(title))
    if bar.solids is not None:
        bar.solids.set_rasterized(True)  # else 256 paths
    bar.outline.set_visible(False)
    if logarithmic and scale.vmin and scale.vmax:
        logarithmic_ticks(bar.ax.yaxis, scale.vmin, scale.vmax)
    else:
        nice_ticks(bar.ax.yaxis)  # whose number does not change with the room: the layout counts on that
