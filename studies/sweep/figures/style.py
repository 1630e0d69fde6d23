"""How the figures of a study look and name things: fit for print, colours told apart by colour-blind eyes."""

from __future__ import annotations

import re
from typing import Any

import matplotlib as mpl
from matplotlib.colors import ListedColormap

from geometry.designs import Design
from studies.figures import COLOURS, DASHES, LABELS, STYLE
from studies.sweep.study import Axis
from studies.table import Row

PRINT: Any = STYLE | {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "lines.linewidth": 1.4,
    "lines.markersize": 4.5,
    "axes.linewidth": 0.7,
    "font.sans-serif": ["DejaVu Sans", "Arial"],  # as many as stand in every text of an SVG
    "axes.titleweight": "bold",
    "axes.formatter.use_mathtext": True,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "legend.handlelength": 2.4,
    "legend.columnspacing": 1.4,
}
"""STYLE at the width of a journal's column: letters of 8 points."""
ONE, TWO = 3.3, 6.9  # inches: one column and two
DPI = 300

MARKERS = {
    Design.PLANAR: "s",
    Design.PLANAR_ROUGH: "^",
    Design.PLANAR_IONIC: "D",
    Design.FRAMEWORK: "v",
    Design.BILAYER: "o",
    Design.INSULATING_MAT: "P",
}
TEXT_DASHES = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (6, 1.5, 1, 1.5)))
MAP = ListedColormap(mpl.colormaps["viridis"].resampled(256).colors, "study")  # type: ignore[attr-defined]
FAILED, MISSING, FRONT = "#3b3b3b", "#8c8c8c", "#8a8a8a"
NO_UNIT = "–"


def design_label(design: str) -> str:
    """A design as people read it."""
    return LABELS.get(design, design.replace("_", " "))  # type: ignore[call-overload]


def colour(design: str) -> str:
    """The colour of a design."""
    return COLOURS.get(design, "#333333")  # type: ignore[call-overload]


def dash(design: str) -> Any:
    """The dash of a design's line."""
    return DASHES.get(design, "-")  # type: ignore[call-overload]


def marker(design: str) -> str:
    """The marker of a design's points."""
    return MARKERS.get(design, "X")  # type: ignore[call-overload]


def name_and_unit(row: Row) -> tuple[str, str]:
    """A metric's name without the marks of footnotes, and its unit; an empty one for a pure number."""
    label = re.sub(r"(?<!m)[¹²³]", "", row.label)
    found = re.fullmatch(r"(.*) \(([^()]*)\)", label)
    return (found[1], found[2]) if found else (label, "")


def metric_title(row: Row) -> str:
    """A metric with its unit, as on the axis of a figure."""
    name, unit = name_and_unit(row)
    return f"{name} ({unit or NO_UNIT})"


def axis_title(axis: Axis, *, numeric: bool = True) -> str:
    """An axis of the study with its unit, as on the axis of a figure; text has none."""
    return axis.title if axis.unit or not numeric else f"{axis.title} ({NO_UNIT})"


def number(value: float) -> str:
    """A number as it is read: four digits, a true minus sign."""
    return f"{value:.4g}".replace("-", "−")


def value_text(axis: Axis, value: Any) -> str:
    """A value of an axis with its unit."""
    if isinstance(value, str):
        return value
    shown = number(axis.factor * float(value))
    return f"{shown} {axis.unit}" if axis.unit else shown


def metric_text(row: Row, value: float) -> str:
    """A metric's value with its unit."""
    _, unit = name_and_unit(row)
    shown = row.cell({row.key: value}).replace("-", "−")
    return f"{shown} {unit}" if unit else shown
