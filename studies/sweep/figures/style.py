"""How the figures of a study look and name things: fit for print, colours told apart by colour-blind eyes."""

from __future__ import annotations

import textwrap
from typing import Any

import matplotlib as mpl

from geometry.designs import Design
from studies.figures import COLOURS, DASHES, STYLE
from studies.labels import LABELS
from studies.sweep.study import Axis
from studies.sweep.wording import Quantity
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
LETTERS = 36  # in a line of a title

MARKERS = {
    Design.PLANAR: "s",
    Design.PLANAR_ROUGH: "^",
    Design.PLANAR_IONIC: "D",
    Design.FRAMEWORK: "v",
    Design.BILAYER: "o",
    Design.INSULATING_MAT: "P",
}
TEXT_DASHES = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (6, 1.5, 1, 1.5)))
MAP = mpl.colormaps["viridis"]
FAILED, MISSING, FRONT = "#3b3b3b", "#8c8c8c", "#8a8a8a"
BAND = "#009e73"
NO_UNIT = "–"


def design_label(design: str) -> str:
    """A design as people read it."""
    return LABELS.get(design, design.replace("_", " "))  # pyright: ignore[reportArgumentType, reportCallIssue]


def colour(design: str) -> str:
    """The colour of a design."""
    return COLOURS.get(design, "#333333")  # pyright: ignore[reportArgumentType, reportCallIssue]


def dash(design: str) -> Any:
    """The dash of a design's line."""
    return DASHES.get(design, "-")  # pyright: ignore[reportArgumentType, reportCallIssue]


def marker(design: str) -> str:
    """The marker of a design's points."""
    return MARKERS.get(design, "X")  # pyright: ignore[reportArgumentType, reportCallIssue]


def metric_title(row: Row) -> str:
    """A metric with its unit, as on the axis of a figure."""
    words = Quantity(row)
    return f"{words.name} ({words.unit or NO_UNIT})"


def axis_title(axis: Axis, *, numeric: bool = True) -> str:
    """An axis of the study with its unit, as on the axis of a figure; text has none."""
    return axis.title if axis.unit or not numeric else f"{axis.title} ({NO_UNIT})"


def folded(title: str) -> str:
    """A title in as many lines as it takes beside an axis of a small panel."""
    return textwrap.fill(title, LETTERS)
