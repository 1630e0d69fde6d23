"""Figures of a comparison as SVG text: depth profiles, distributions of current density, voltage split.

Colours are those of Okabe and Ito (2008), told apart with colour-blind eyes; lines differ in dash as well.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from fem.currents import join
from geometry.designs import Design
from studies.labels import LABELS
from studies.run import DesignResult

COLOURS = {
    Design.PLANAR: "#9a9a9a",
    Design.PLANAR_ROUGH: "#b07c00",
    Design.PLANAR_IONIC: "#0072b2",
    Design.FRAMEWORK: "#56c7a5",
    Design.BILAYER: "#d55e00",
    Design.INSULATING_MAT: "#cc79a7",
}
DASHES = {
    Design.PLANAR: "-",
    Design.PLANAR_ROUGH: (0, (4, 1.5)),
    Design.PLANAR_IONIC: (0, (1, 1)),
    Design.FRAMEWORK: "-",
    Design.BILAYER: "-",
    Design.INSULATING_MAT: (0, (6, 1.5, 1, 1.5)),
}
LOSSES = {
    "kinetic_anode_V": ("charge transfer, anode", "#d55e00", ""),
    "film_anode_V": ("film, anode", "#f0a36b", "//"),
    "ohmic_solid_V": ("ohmic, fibres", "#333333", ""),
    "ohmic_electrolyte_V": ("ohmic, electrolyte", "#56b4e9", ""),
    "concentration_V": ("concentration", "#0072b2", "\\\\"),
    "junction_V": ("junctions", "#cc79a7", ""),
    "film_counter_V": ("film, counter", "#c9c9c9", "//"),
    "kinetic_counter_V": ("charge transfer, counter", "#9a9a9a", ""),
}
STYLE: Any = {
    "font.size": 10,
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "axes.labelsize": 10,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "hatch.linewidth": 0.6,
    "svg.hashsalt": "bilayer",
    "svg.fonttype": "none",  # letters, not outlines: a quarter of the size, and they can be searched
}
WIDTHS = {
    Design.PLANAR: 3.8,
    Design.FRAMEWORK: 3.8,
}  # drawn under the thinner line of the design with a layer
LEAST_PART = 5e-3  # of the largest voltage; smaller losses are not drawn
MICRO, MILLI_PER_CM2 = 1e6, 0.1  # m -> um; A/m2 -> mA/cm2

Results = Mapping[Design, DesignResult]


def depth_density(results: Results) -> str | None:
    """Fibre current by height; None when no design has conducting fibres."""
    shown = {design: result.profile for design, result in results.items() if result.profile is not None}
    if not shown:
        return None

    def draw(axes: Axes) -> None:
        for design, profile in shown.items():
            density = profile.current_per_height * MILLI_PER_CM2 / MICRO
            axes.stairs(
                density, profile.edges * MICRO, orientation="horizontal", baseline=None, **line(design)
            )
        axes.set_xlabel("fibre current per height (mA/cm² of cell per µm)")
        axes.set_ylabel("height above the foil (µm)")
        axes.set_xlim(left=min(0.0, axes.get_xlim()[0]))
        axes.legend()

    return svg(draw, (5.6, 3.9))


def depth_share(results: Results) -> str | None:
    """Share of the current that has plated below a height; a planar anode is a step at its foil.

    None when every design plates at one height only.
    """
    lines = {design: _cumulative(result) for design, result in results.items()}
    low = min(float(z[0]) for z, _ in lines.values()) * MICRO
    high = max(float(z[-1]) for z, _ in lines.values()) * MICRO
    if high - low < 1e-6:
        return None

    def draw(axes: Axes) -> None:
        for design, (z, share) in lines.items():
            axes.plot(100 * share, z * MICRO, **line(design))
        axes.set_ylim(low - 0.03 * (high - low), high + 0.03 * (high - low))
        axes.set_xlabel("current plated below this height (% of the total)")
        axes.set_ylabel("height above the foil (µm)")
        axes.legend(loc="upper left")

    return svg(draw, (5.6, 3.9))


def _cumulative(result: DesignResult) -> tuple[np.ndarray, np.ndarray]:
    """Heights [m] and the share of the anode's current below them, from the quadrature points."""
    anode = join("anode", result.anode_maps)
    z, current = anode.heights.ravel(), (anode.samples * anode.weights).ravel()
    order = np.argsort(z, kind="stable")
    heights, total = z[order], np.cumsum(current[order])
    keep = np.unique(np.linspace(0, heights.size - 1, 400).astype(int))
    height, share = heights[keep], total[keep] / total[-1]
    top = max(float(height[-1]), 0.0 if result.profile is None else float(result.profile.edges[-1]))
    return np.concatenate(([height[0]], height, [top])), np.concatenate(([0.0], share, [1.0]))


def distribution(results: Results) -> str:
    """Share of the plating surface with more than a current density; a vertical line is a uniform surface."""

    def draw(axes: Axes) -> None:
        least, most = np.inf, 0.0
        for design, result in results.items():
            anode = join("anode", result.anode_maps)
            j, area = anode.samples.ravel() * MILLI_PER_CM2, anode.weights.ravel()
            order = np.argsort(j)
            above = 1.0 - np.cumsum(area[order]) / area.sum()
            keep = np.unique(np.linspace(0, j.size - 1, 600).astype(int))
            values = np.concatenate((j[order][keep][:1], j[order][keep]))
            axes.plot(values, 100 * np.concatenate(([1.0], above[keep])), **line(design))
            positive = j[order][j[order] > 0]
            if positive.size:
                least, most = (
                    min(least, float(positive[positive.size // 200])),
                    max(most, float(positive[-1])),
                )
        if most > 0:  # before the scale: a uniform current has no width of its own
            axes.set_xlim(left=0.7 * least, right=1.4 * most)
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel("local current density (mA/cm² of true surface)")
        axes.set_ylabel("plating surface with more than this (%)")
        axes.legend()

    return svg(draw, (5.6, 3.9))


def voltage_split(results: Results) -> str:
    """Where the cell voltage goes, one stacked bar per design."""

    def draw(axes: Axes) -> None:
        names = list(results)
        left = np.zeros(len(names))
        largest = 1e3 * max(result.metrics["cell_voltage_V"] for result in results.values())
        for key, (label, colour, hatch) in LOSSES.items():
            values = np.array([1e3 * results[name].metrics.get(key, 0.0) for name in names])
            if np.abs(values).max() < LEAST_PART * largest:
                continue
            axes.barh(range(len(names)), values, left=left, color=colour, hatch=hatch, edgecolor="white",
                      linewidth=0.5, label=label, height=0.66)  # fmt: skip
            left += values
        for row, (name, total) in enumerate(zip(names, left, strict=True)):
            voltage = 1e3 * results[name].metrics["cell_voltage_V"]
            axes.text(total, row, f" {voltage:.1f} mV", va="center", ha="left", fontsize=9)
        axes.set_yticks(range(len(names)), [LABELS[name] for name in names])
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set_xlim(0, 1.16 * left.max())
        axes.set_xlabel("contribution to the cell voltage (mV)")
        axes.legend(loc="upper center", bbox_to_anchor=(0.4, -0.17), ncols=2)

    return svg(draw, (5.6, 4.6))


def line(design: Design) -> dict[str, Any]:
    """Colour, dash, width and label of a design's line."""
    return {
        "color": COLOURS[design],
        "linestyle": DASHES[design],
        "linewidth": WIDTHS.get(design, 1.8),
        "label": LABELS[design],
    }


def svg(draw: Callable[[Axes], None], size: tuple[float, float]) -> str:
    """Draw one pair of axes and return it as an <svg> element that scales with its box."""
    with mpl.rc_context(STYLE):
        buffer = io.StringIO()
        FigureCanvasSVG(_drawn(draw, size)).print_svg(buffer, metadata={"Date": None})
    text = buffer.getvalue()
    return re.sub(r'width="[^"]*pt" height="[^"]*pt"', "", text[text.index("<svg") :], count=1)


def png(draw: Callable[[Axes], None], size: tuple[float, float], dpi: int = 200) -> bytes:
    """The same as pixels."""
    with mpl.rc_context(STYLE):
        buffer = io.BytesIO()
        _drawn(draw, size).savefig(buffer, dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()


def _drawn(draw: Callable[[Axes], None], size: tuple[float, float]) -> Figure:
    figure = Figure(figsize=size, layout="constrained")
    draw(figure.add_subplot())
    return figure
