"""A figure with its words and marks, and how it is written: PNG and SVG for papers, SVG for the page."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from studies.sweep.figures.style import DPI, ONE, PRINT
from studies.sweep.hover import Mark, inline, with_marks

NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """A drawn figure: name of its files, heading, caption, and what it says where it is pointed at."""

    name: str
    title: str
    caption: str
    figure: Figure
    marks: Sequence[Mark]

    @property
    def wide(self) -> bool:
        """Whether it takes two columns."""
        return float(self.figure.get_size_inches()[0]) > 1.2 * ONE

    def save(self, folder: Path) -> str:
        """Write ``<name>.png`` and ``<name>.svg`` into the folder; returns the <svg> element for the page."""
        with mpl.rc_context(PRINT):
            buffer = io.StringIO()
            FigureCanvasSVG(self.figure).print_svg(buffer, metadata=NO_METADATA)
            height = 72.0 * float(self.figure.get_size_inches()[1])
            svg = with_marks(buffer.getvalue(), self.marks, height)
            self.figure.set_layout_engine("none")  # as it stands in the SVG
            self.figure.set_dpi(DPI)
            with (folder / f"{self.name}.png").open("wb") as file:  # `savefig` would draw everything twice
                FigureCanvasAgg(self.figure).print_png(file, metadata={"Software": None})
        (folder / f"{self.name}.svg").write_text(svg, encoding="utf-8")
        return inline(svg, self.name, self.title)


def blank(width: float, height: float) -> Figure:
    """An empty figure of that many inches, whose parts make room for each other."""
    return Figure(figsize=(width, height), layout="constrained", dpi=72)
