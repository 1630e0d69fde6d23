"""Which figures a study gets: what its axes, seeds and designs give sense to, for the metrics that vary."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from studies.sweep.compatible import Compatibility
from studies.sweep.figures import heatmap, lines
from studies.sweep.figures.dots import dots
from studies.sweep.figures.parallel import parallel
from studies.sweep.figures.pareto import trade_off
from studies.sweep.figures.picture import Picture
from studies.sweep.figures.places import Place, places
from studies.sweep.figures.scatter import scatter
from studies.sweep.figures.tornado import effects, shares
from studies.sweep.selection import is_text, others
from studies.sweep.study import Axis, Study, described
from studies.table import Row

MAIN = ("cell_voltage_V", "anode_overpotential_V", "cell_resistance_ohm_m2", "anode_cv", "anode_p99_A_m2",
        "top_bottom_ratio", "share_fibres", "c_min_ratio", "limit_ratio")  # fmt: skip
UNEVEN = ("anode_cv", "anode_p99_A_m2")  # what the cell voltage is weighed against
SAME = 1e-9  # of the largest value: a metric that varies less is constant
MOST_PANELS, PANELS = 6, 18  # in one figure; in all figures of a kind
MOST_LINES, MOST_ROWS = 8, 24  # values of a second axis; rows of dots
MOST_SCATTERED, MOST_DOTS = 6, 1800  # axes of a scatter, and its dots in all panels


@dataclass(frozen=True, kw_only=True)
class Section:
    """Figures that answer one question."""

    title: str
    pictures: list[Picture]


@dataclass(frozen=True, kw_only=True, eq=False)
class Shape:
    """A study seen as figures see it."""

    study: Study
    rows: list[Row]
    numeric: list[Axis]  # at least two values each, no seeds
    texts: list[Axis]
    places: list[Place]

    @classmethod
    def of(cls, study: Study, wanted: Sequence[str] = ()) -> Shape:
        """What of a study can be drawn; wanted: metrics that the places hold in any case."""
        free = [axis for axis in others(study, study.seeds) if study.table[axis.column].nunique() > 1]
        rows = varying(study)
        return cls(
            study=study,
            rows=rows,
            numeric=[axis for axis in free if not is_text(study.table, axis)],
            texts=[axis for axis in free if is_text(study.table, axis)],
            places=places(study, list(dict.fromkeys([*(row.key for row in rows), *wanted]))),
        )

    @property
    def sampled(self) -> bool:
        """Whether the numeric axes do not make a grid."""
        return any(axis.kind == "sample" for axis in self.numeric)

    @property
    def axes(self) -> list[Axis]:
        """The axes that vary, but for the seeds."""
        return [*self.numeric, *self.texts]

    @property
    def panels(self) -> int:
        """Designs times values of the text axes."""
        return len({(place.design, *_texts(place, self.texts)) for place in self.places})


def varying(study: Study) -> list[Row]:
    """The main metrics of the study that are there and not constant; others if there are none of them."""
    done = study.done
    found = []
    for key in study.metrics:
        values = done[key].to_numpy(dtype=float)
        values = values[np.isfinite(values)]
        if values.size > 1 and np.ptp(values) > SAME * np.abs(values).max():
            found.append(key)
    if {"cell_voltage_V", "cell_resistance_ohm_m2"} <= set(found):
        current = (done["cell_voltage_V"] / done["cell_resistance_ohm_m2"]).to_numpy(dtype=float)
        if np.nanmax(current) - np.nanmin(current) < SAME * np.nanmax(np.abs(current)):
            found.remove("cell_resistance_ohm_m2")  # the same figure as that of the voltage
    chosen = [key for key in MAIN if key in found] or found[:3]
    rows = {row.key: row for row in described(chosen)}
    return [rows[key] for key in chosen]


def sections(study: Study, targets: Sequence[Compatibility] = ()) -> list[Section]:
    """All figures of a study, by question; nothing for what would show nothing."""
    shape = Shape.of(study, [found.metric for found in targets])
    made = [
        Section(title="Lines", pictures=list(_lines(shape))),
        Section(title="Maps", pictures=list(_maps(shape))),
        Section(title="Designs over the seeds" if study.seeds else "Designs", pictures=list(_dots(shape))),
        Section(title="Trade-offs", pictures=list(_trade_offs(shape))),
        Section(title="What matters", pictures=list(_matters(shape))),
        Section(title="Every point at once", pictures=list(_all_points(shape, targets))),
        Section(
            title="Compatible ranges", pictures=[p for found in targets for p in _compatible(shape, found)]
        ),
    ]
    return [section for section in made if section.pictures]


def _lines(shape: Shape) -> Iterator[Picture]:
    if shape.sampled or not 1 <= len(shape.numeric) <= 2 or (shape.study.seeds and not _dense(shape)):
        return
    if len(shape.numeric) == 1:
        plan = lines.Plan(x=shape.numeric[0], by=None, others=tuple(shape.texts))
        for row in shape.rows:
            yield lines.lines(shape.places, row, plan)
        return
    by, x = sorted(shape.numeric, key=lambda axis: shape.study.table[axis.column].nunique())
    if shape.study.table[by.column].nunique() > MOST_LINES:
        return
    plan = lines.Plan(x=x, by=by, others=tuple(shape.texts))
    for name, here in _split(shape):
        for row in shape.rows[: max(2, PANELS // (2 * shape.panels))]:
            yield _named(lines.lines(here, row, plan), name)


def _dense(shape: Shape) -> bool:
    """Whether a line has more than two points; two are better told apart by dots with intervals."""
    return len(shape.places) > MOST_ROWS or any(
        shape.study.table[axis.column].nunique() > 2 for axis in shape.numeric
    )


def _maps(shape: Shape) -> Iterator[Picture]:
    if shape.sampled or len(shape.numeric) != 2:
        return
    y, x = sorted(shape.numeric, key=lambda axis: shape.study.table[axis.column].nunique())
    plan = heatmap.Plan(x=x, y=y, others=tuple(shape.texts))
    for name, here in _split(shape):
        for row in shape.rows[: max(2, PANELS // shape.panels)]:
            yield _named(heatmap.heat_map(here, row, plan), name)


def _split(shape: Shape) -> Iterator[tuple[str, list[Place]]]:
    """All places; or those of each value of the text axes where one figure would hold too many panels."""
    if shape.panels <= MOST_PANELS or not shape.texts:
        yield "", shape.places
        return
    for values in dict.fromkeys(_texts(place, shape.texts) for place in shape.places):
        here = [place for place in shape.places if _texts(place, shape.texts) == values]
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
    for key in UNEVEN:
        both = [p for p in shape.places if {"cell_voltage_V", key} <= p.numbers.keys()]
        trusted = [place for place in both if place.status == "ok"]
        if across and key in rows and len(both) > 2 and trusted:
            thickness = [axis for axis in shape.numeric if "thickness" in axis.field]
            tint = next(iter([*thickness, *shape.numeric]), None)
            yield trade_off(shape.study, shape.places, across, rows[key], shape.axes, tint)


def _matters(shape: Shape) -> Iterator[Picture]:
    if not (shape.sampled or len(shape.numeric) > 2):
        return
    for row in _few(shape):
        picture = shares(shape.study, row) if shape.sampled else effects(shape.study, row)
        if picture:
            yield picture


def _all_points(shape: Shape, targets: Sequence[Compatibility]) -> Iterator[Picture]:
    if not (shape.sampled or len(shape.numeric) > 2):
        return
    drawn = {found.metric for found in targets}  # with their targets, in another section
    rows = _few(shape)[:2] if len(shape.places) < MOST_DOTS // 6 else _few(shape)[:1]
    for row in rows:
        if row.key not in drawn:
            yield scatter(shape.places, row, _telling(shape, row), shape.axes)
    for row in rows:
        if len(shape.axes) > 1:
            yield parallel(shape.places, row, shape.axes)


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
        yield scatter(shape.places, row, _telling(shape, row), shape.axes, found)
    elif len(shape.numeric) == 2:
        y, x = sorted(shape.numeric, key=lambda axis: shape.study.table[axis.column].nunique())
        plan = heatmap.Plan(x=x, y=y, others=tuple(shape.texts), found=found)
        for name, here in _split(shape):
            yield _named(heatmap.heat_map(here, row, plan), name)
    else:
        along = lines.Plan(x=shape.numeric[0], by=None, others=tuple(shape.texts))
        yield lines.lines(shape.places, row, along, found)


def _texts(place: Place, texts: Sequence[Axis]) -> tuple[str, ...]:
    return tuple(str(place.values[axis.column]) for axis in texts)
