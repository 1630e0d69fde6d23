"""Which figures a study gets: what its axes, seeds and designs give sense to, for the metrics that vary."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from studies.sweep.figures import heatmap, lines
from studies.sweep.figures.dots import dots
from studies.sweep.figures.parallel import parallel
from studies.sweep.figures.pareto import trade_off
from studies.sweep.figures.picture import Picture
from studies.sweep.figures.places import Place, places
from studies.sweep.figures.scatter import scatter
from studies.sweep.figures.shape import Shape, texts_of
from studies.sweep.figures.tornado import effects, shares
from studies.sweep.statistics.compatible import Compatibility
from studies.sweep.statistics.pareto import operating
from studies.sweep.study import Axis, Study, described
from studies.table import Row

UNEVEN = ("anode_cv", "anode_p99_A_m2")  # what the cell voltage is weighed against
MOST_PANELS, PANELS = 6, 18  # in one figure; in all figures of a kind
MOST_LINES, MOST_ROWS = 8, 24  # values of a second axis; rows of dots
MOST_SCATTERED, MOST_DOTS = 6, 1800  # axes of a scatter, and its dots in all panels


@dataclass(frozen=True, kw_only=True)
class Section:
    """Figures that answer one question."""

    title: str
    pictures: list[Picture]


def sections(study: Study, targets: Sequence[Compatibility] = ()) -> list[Section]:
    """All figures of a study, by question; nothing for what would show nothing."""
    shape = Shape.of(study, [found.metric for found in targets])
    made = [
        Section(title="Lines", pictures=list(_lines(shape))),
        Section(title="Maps", pictures=list(_maps(shape))),
        Section(title="Designs over the seeds" if study.seeds else "Designs", pictures=list(_dots(shape))),
        Section(title="Trade-offs", pictures=list(_trade_offs(shape))),
        Section(title="What matters", pictures=list(_matters(shape))),
        Section(title="Every point at once", pictures=list(_all_points(shape))),
        Section(
            title="Compatible ranges",
            pictures=[
                replace(picture, name=f"{picture.name}-{order}")
                for order, found in enumerate(targets, start=1)
                for picture in _compatible(shape, found)
            ],
        ),
    ]
    return [section for section in made if section.pictures]


def _lines(shape: Shape) -> Iterator[Picture]:
    if shape.sampled or not shape.numeric or (shape.study.seeds and not _dense(shape)):
        return
    if len(shape.numeric) == 1:
        plan = lines.Plan(x=shape.numeric[0], by=None, others=tuple(shape.texts), told=shape.told)
        for row in shape.rows:
            yield lines.lines(shape.places, row, plan)
        return
    *rest, by, x = sorted(shape.numeric, key=lambda axis: shape.study.table[axis.column].nunique())
    if shape.study.table[by.column].nunique() > MOST_LINES:
        return
    held = {axis: _middle(shape, axis) for axis in rest}
    plan = lines.Plan(x=x, by=by, others=tuple(shape.texts), told=shape.told, held=held)
    rows = _few(shape)[:2] if held else shape.rows[: max(2, PANELS // (2 * shape.panels))]
    for name, places_of in _split(shape):
        here = [p for p in places_of if all(p.values[axis.column] == value for axis, value in held.items())]
        for row in rows:
            yield _named(lines.lines(here, row, plan), name)


def _middle(shape: Shape, axis: Axis) -> float:
    """The middle one of the values of an axis, the lower of two."""
    values = np.unique(shape.study.table[axis.column])
    return float(values[(values.size - 1) // 2])


def _dense(shape: Shape) -> bool:
    """Whether a line has more than two points; two are better told apart by dots with intervals."""
    return len(shape.places) > MOST_ROWS or any(
        shape.study.table[axis.column].nunique() > 2 for axis in shape.numeric
    )


def _maps(shape: Shape) -> Iterator[Picture]:
    if shape.sampled or len(shape.numeric) != 2:
        return
    y, x = sorted(shape.numeric, key=lambda axis: shape.study.table[axis.column].nunique())
    plan = heatmap.Plan(x=x, y=y, others=tuple(shape.texts), told=shape.told)
    for name, here in _split(shape):
        for row in shape.rows[: max(2, PANELS // shape.panels)]:
            yield _named(heatmap.heat_map(here, row, plan), name)


def _split(shape: Shape) -> Iterator[tuple[str, list[Place]]]:
    """All places; or those of each value of the text axes where one figure would hold too many panels."""
    if shape.panels <= MOST_PANELS or not shape.texts:
        yield "", shape.places
        return
    for values in dict.fromkeys(texts_of(place, shape.texts) for place in shape.places):
        here = [place for place in shape.places if texts_of(place, shape.texts) == values]
        yield ", ".join(values), here


def _named(picture: Picture, name: str) -> Picture:
    if not name:
        return picture
    plain = re.sub(r"[^\w.-]+", "-", name)  # as the name of a file
    return replace(picture, name=f"{picture.name}-{plain}", title=f"{picture.title}, {name}")


def _dots(shape: Shape) -> Iterator[Picture]:
    several = 2 <= len(shape.places) <= MOST_ROWS
    if shape.sampled or not (several and (shape.study.seeds or not shape.numeric)):
        return
    single = shape.places
    if shape.study.seeds:  # as any other axis, so that every seed has a place of its own
        axes = (replace(a, kind="list") if a.kind == "seed" else a for a in shape.study.axes)
        single = places(replace(shape.study, axes=tuple(axes)), [row.key for row in shape.rows])
    for row in shape.rows:
        yield dots(shape.places, single, row, shape.axes, shape.study.seeds)


def _trade_offs(shape: Shape) -> Iterator[Picture]:
    rows = {row.key: row for row in shape.rows}
    across = rows.get("cell_voltage_V")
    at = operating(shape.study)
    if any(axis.kind == "sample" for axis in at):  # hardly two points to weigh at any of them
        return
    for key in UNEVEN:
        both = [p for p in shape.places if {"cell_voltage_V", key} <= p.numbers.keys()]
        trusted = [place for place in both if place.status == "ok"]
        if across and key in rows and len(both) > 2 and trusted:
            free = [axis for axis in shape.numeric if axis not in at]
            thickness = [axis for axis in free if "thickness" in axis.field]
            tint = next(iter([*thickness, *free]), None)
            yield trade_off(shape.study, shape.places, across, rows[key], shape.told, tint)


def _matters(shape: Shape) -> Iterator[Picture]:
    if not (shape.sampled or len(shape.numeric) > 2):
        return
    for row in _few(shape):
        picture = shares(shape.study, row) if shape.sampled else effects(shape.study, row)
        if picture:
            yield picture


def _all_points(shape: Shape) -> Iterator[Picture]:
    if not (shape.sampled or len(shape.numeric) > 2):
        return
    rows = _few(shape)[:2] if len(shape.places) < MOST_DOTS // 6 else _few(shape)[:1]
    for row in rows:
        if shape.sampled:  # on a grid, points would hide each other
            yield scatter(shape.places, row, _telling(shape, row), shape.told)
    for row in rows:
        if len(shape.axes) > 1:
            yield parallel(shape.places, row, shape.axes, shape.told)


def _telling(shape: Shape, row: Row) -> list[Axis]:
    """The axes of a scatter: those whose ranks go best with the metric's, where it cannot show all."""
    most = min(MOST_SCATTERED, max(2, MOST_DOTS // max(len(shape.places), 1)))
    if len(shape.numeric) <= most:
        return shape.numeric
    ranks = shape.study.done[[row.key, *(axis.column for axis in shape.numeric)]].rank()
    strength = ranks.corr()[row.key].abs().fillna(0.0)
    kept = sorted(shape.numeric, key=lambda axis: -strength[axis.column])[:most]
    return [axis for axis in shape.numeric if axis in kept]


def _few(shape: Shape) -> list[Row]:
    """Voltage first, then how even the current is, then the others; at most three."""
    first = {"cell_voltage_V": 0, "anode_cv": 1, "anode_p99_A_m2": 2}
    return sorted(shape.rows, key=lambda row: first.get(row.key, len(first)))[:3]


def _compatible(shape: Shape, found: Compatibility) -> Iterator[Picture]:
    row = described([found.metric])[0]
    if not shape.numeric or not any(row.key in place.numbers for place in shape.places):
        return
    if shape.sampled or len(shape.numeric) > 2:
        yield parallel(shape.places, row, shape.axes, shape.told, found)
    elif len(shape.numeric) == 2:
        y, x = sorted(shape.numeric, key=lambda axis: shape.study.table[axis.column].nunique())
        plan = heatmap.Plan(x=x, y=y, others=tuple(shape.texts), told=shape.told, found=found)
        for name, here in _split(shape):
            yield _named(heatmap.heat_map(here, row, plan), name)
    else:
        along = lines.Plan(x=shape.numeric[0], by=None, others=tuple(shape.texts), told=shape.told)
        yield lines.lines(shape.places, row, along, found)
