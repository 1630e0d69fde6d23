"""A study seen as figures see it: what varies, and in which of its metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from studies.sweep.figures.places import Place, places
from studies.sweep.statistics.intervals import EXACT
from studies.sweep.statistics.selection import is_text, others
from studies.sweep.study import Axis, Study, described
from studies.table import Row

MAIN = ("cell_voltage_V", "anode_overpotential_V", "cell_resistance_ohm_m2", "anode_cv", "anode_p99_A_m2",
        "top_bottom_ratio", "share_fibres", "c_min_ratio", "limit_ratio")  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Shape:
    """A study seen as figures see it."""

    study: Study
    rows: list[Row]
    numeric: list[Axis]  # at least two values each, no seeds, none that only goes along with another
    texts: list[Axis]
    told: tuple[Axis, ...]  # all that vary, for what is said at a point
    places: list[Place]

    @classmethod
    def of(cls, study: Study, wanted: Sequence[str] = ()) -> Shape:
        """What of a study can be drawn; wanted: metrics that the places hold in any case."""
        free = [axis for axis in others(study, study.seeds) if study.table[axis.column].nunique() > 1]
        rows = varying(study)
        numeric = [axis for axis in free if not is_text(study.table, axis)]
        texts = [axis for axis in free if is_text(study.table, axis)]
        kept = _independent(study, [*numeric, *texts])
        return cls(
            study=study,
            rows=rows,
            numeric=[axis for axis in numeric if axis in kept],
            texts=[axis for axis in texts if axis in kept],
            told=tuple(free),
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
        return len({(place.design, *texts_of(place, self.texts)) for place in self.places})


def _independent(study: Study, axes: Sequence[Axis]) -> list[Axis]:
    """The axes without those that advance together with an earlier one, as a mesh size with a diameter."""
    kept: list[Axis] = []
    for axis in axes:
        size = study.table[axis.column].nunique()
        alike = (
            size == study.table[one.column].nunique()
            and size == len(study.table[[one.column, axis.column]].drop_duplicates())
            for one in kept
            if one.kind != "sample"
        )
        if axis.kind == "sample" or not any(alike):
            kept.append(axis)
    return kept


def varying(study: Study) -> list[Row]:
    """The main metrics of the study that are there and not constant; others if there are none of them."""
    done = study.done
    found = []
    for key in study.metrics:
        values = done[key].to_numpy(dtype=float)
        values = values[np.isfinite(values)]
        if values.size > 1 and np.ptp(values) > EXACT * np.abs(values).max():
            found.append(key)
    if {"cell_voltage_V", "cell_resistance_ohm_m2"} <= set(found):
        current = (done["cell_voltage_V"] / done["cell_resistance_ohm_m2"]).to_numpy(dtype=float)
        if np.nanmax(current) - np.nanmin(current) < EXACT * np.nanmax(np.abs(current)):
            found.remove("cell_resistance_ohm_m2")  # the same figure as that of the voltage
    chosen = [key for key in MAIN if key in found] or found[:3]
    rows = {row.key: row for row in described(chosen)}
    return [rows[key] for key in chosen]


def texts_of(place: Place, texts: Sequence[Axis]) -> tuple[str, ...]:
    return tuple(str(place.values[axis.column]) for axis in texts)
