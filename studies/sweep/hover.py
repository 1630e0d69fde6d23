"""What a figure says when it is pointed at: an unseen layer of marks over its SVG, each with a <title>.

The marks lie over the drawing and not inside it, so that they are larger than a thin line or a small dot, and
any figure can have them: a dot, a cell or a line in data coordinates of its axes, and a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from markupsafe import escape
from matplotlib.axes import Axes
from matplotlib.transforms import Transform

Shape = Literal["dot", "cell", "line"]
Frame = Literal["data", "foot", "edge"]
"""Data; or height as a share of the panel's, at its foot; or place along it as a share, at its left edge."""
NOT_XML = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")
RADIUS, WIDTH = 4.5, 5.0  # points: of a dot and of a line, as the pointer feels them


@dataclass(frozen=True, kw_only=True, eq=False)
class Mark:
    """A place of a figure and its text.

    places: (n, 2) data coordinates; one for a dot, two opposite corners for a cell, more for a line.
    """

    axes: Axes
    shape: Shape
    places: Sequence[tuple[float, float]]
    text: str
    frame: Frame = "data"


def layer(marks: Sequence[Mark], height: float) -> str:
    """The marks as one group of SVG elements; height of the figure [pt]. Needs the figure to be drawn."""
    if not marks:
        return ""
    return f'<g class="marks" fill="none" pointer-events="all">\n{"".join(_elements(marks, height))}</g>\n'


def _elements(marks: Sequence[Mark], height: float) -> Iterator[str]:
    """A group per text, so that a text of many places, as in a scatter of many panels, stands once."""
    groups: dict[str, list[Mark]] = {}
    for mark in marks:
        groups.setdefault(mark.text, []).append(mark)
    for text, members in groups.items():
        shapes = "".join(_shape(mark, height) for mark in members)
        yield f"<g><title>{escape(NOT_XML.sub('', text))}</title>{shapes}</g>\n"


def _shape(mark: Mark, height: float) -> str:
    transform = transform_of(mark.axes, mark.frame)
    x, y = np.asarray(transform.transform(np.asarray(mark.places, float))).T
    y = height - y
    if mark.shape == "dot":
        return f'<circle cx="{x[0]:.1f}" cy="{y[0]:.1f}" r="{RADIUS}"/>'
    if mark.shape == "cell":
        corner = f'x="{x.min():.1f}" y="{y.min():.1f}"'
        return f'<rect {corner} width="{np.ptp(x):.1f}" height="{np.ptp(y):.1f}"/>'
    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    look = f'stroke="transparent" stroke-width="{WIDTH}" pointer-events="stroke"'
    return f'<polyline points="{path}" {look}/>'


def transform_of(axes: Axes, frame: Frame) -> Transform:
    """From a place in this frame to the figure."""
    if frame == "data":
        return axes.transData
    return axes.get_xaxis_transform() if frame == "foot" else axes.get_yaxis_transform()


def with_marks(svg: str, marks: Sequence[Mark], height: float) -> str:
    """An SVG text with the marks as its last group, on top of all else; coordinates cut to 0.01 pt."""
    svg = re.sub(r"<[^>]+>", lambda tag: re.sub(r"(\d*[1-9]\d*\.\d\d)\d+", r"\1", tag[0]), svg)
    end = svg.rindex("</svg>")
    return svg[:end] + layer(marks, height) + svg[end:]


def inline(svg: str, name: str, label: str) -> str:
    """The <svg> element as a page holds it: as wide as its box, its ids apart from those of other figures."""
    text = svg[svg.index("<svg") :]
    text = re.sub(
        r' width="[^"]*pt" height="[^"]*pt"', f' role="img" aria-label="{escape(label)}"', text, count=1
    )
    text = re.sub(r'<g id="[\w.]+_\d+">', "<g>", text)
    return re.sub(r'( id="|url\(#|href="#)', lambda found: f"{found[1]}{name}-", text)
