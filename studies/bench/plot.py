"""bench.png: seconds over unknowns, by stage and beside the peer, both axes logarithmic."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from studies.bench.run import Kind
from studies.bench.summary import Typical
from studies.figures import STYLE

# Colours of Okabe and Ito (2008); markers differ as well.
STAGES = {
    "load": ("#9a9a9a", "v"),
    "assembly": ("#56b4e9", "s"),
    "preconditioner": ("#e69f00", "^"),
    "solve": ("#0072b2", "o"),
    "currents": ("#cc79a7", "D"),
    "files": ("#333333", "P"),
}
TOTALS = {
    Kind.MESH: ("geometry and mesh", "#9a9a9a", "v"),
    Kind.EQUILIBRATED: ("equilibrated", "#d55e00", "o"),
    Kind.FULL: ("full", "#b07c00", "s"),
    Kind.LAPLACE: ("NGSolve, scalar Laplace", "#009e73", "^"),
    Kind.THREE_FIELDS: ("NGSolve, three fields", "#0072b2", "D"),
}
SIZE = (9.6, 4.2)  # inches


def write(rows: Sequence[Typical], file: Path) -> None:
    """Left: stages of the equilibrated solve. Right: all kinds, from the loaded mesh to currents.

    Everything is drawn over the unknowns of the equilibrated form at the same size.
    """
    unknowns = {row.name: row.counts["unknowns"] for row in rows if row.kind is Kind.EQUILIBRATED}
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=SIZE, layout="constrained")
        FigureCanvasAgg(figure)
        left, right = figure.subplots(1, 2, sharey=True)
        for stage, (colour, marker) in STAGES.items():
            points = [
                (unknowns[row.name], row.seconds.get(stage, 0.0))
                for row in rows
                if row.kind is Kind.EQUILIBRATED
            ]
            _curve(left, points, stage, colour, marker)
        for kind, (label, colour, marker) in TOTALS.items():
            points = [
                (unknowns[row.name], row.total if kind is Kind.MESH else row.solved)
                for row in rows
                if row.kind is kind and row.name in unknowns
            ]
            _curve(right, points, label, colour, marker)
        _axes(left, "equilibrated solve by stage")
        _axes(right, "from loaded mesh to currents")
        left.set_ylabel("seconds")
        figure.savefig(file, dpi=160)


def _curve(axes: Axes, points: Sequence[tuple[float, float]], label: str, colour: str, marker: str) -> None:
    drawn = sorted((x, y) for x, y in points if y > 0.0)
    if drawn:
        axes.loglog(*zip(*drawn, strict=True), label=label, color=colour, marker=marker, markersize=5)


def _axes(axes: Axes, title: str) -> None:
    axes.set_title(title)
    axes.set_xlabel("unknowns of the equilibrated form")
    axes.grid(visible=True, which="major", alpha=0.3)
    if axes.lines:
        axes.xaxis.set_minor_formatter(NullFormatter())  # they touch where an axis spans two decades
        axes.legend(fontsize="small")
