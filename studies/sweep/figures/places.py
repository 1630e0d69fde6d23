"""The points of a study as figures show them: one place per design and values of the axes, over its seeds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from studies.sweep.figures.style import design_label, metric_text, name_and_unit, value_text
from studies.sweep.study import Axis, Study
from studies.table import Row

Status = Literal["ok", "not trusted", "failed", "missing"]


@dataclass(frozen=True)
class Number:
    """A metric at a place: its mean over the seeds, the ends of its interval, how many seeds gave it."""

    mean: float
    low: float = math.nan
    high: float = math.nan
    n: int = 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Place:
    """One design at one combination of the axes' values; seeds are taken together.

    status: "not trusted" when one of the points behind its numbers is; "failed" or "missing" when there are none.
    """

    design: str
    values: Mapping[str, Any]  # by column of the axes, SI or text
    points: tuple[int, ...]
    status: Status
    remark: str
    numbers: Mapping[str, Number]

    def mean(self, key: str) -> float:
        """The metric, NaN where there is none."""
        found = self.numbers.get(key)
        return math.nan if found is None else found.mean


def places(study: Study, intervals: Mapping[tuple[Any, ...], Mapping[str, Number]] | None = None) -> list[Place]:
    """All places of a study in its order; with seeds, `intervals` holds the numbers by design and values."""
    columns = ["design", *(axis.column for axis in free_axes(study))]
    metrics = study.metrics
    found = []
    for key, rows in study.table.groupby(columns, sort=False, dropna=False):
        done = rows[rows["status"].isin(("ok", "not trusted"))]
        numbers = (
            intervals.get(key, {})
            if intervals is not None
            else {m: Number(float(v)) for m, v in done[list(metrics)].iloc[:1].squeeze(axis=0).items()}
            if len(done)
            else {}
        )
        found.append(
            Place(
                design=str(key[0]),
                values=dict(zip(columns[1:], key[1:], strict=True)),
                points=tuple(int(point) for point in rows["point"]),
                status=_status(rows),
                remark=_remark(rows),
                numbers={str(name): value for name, value in numbers.items()},
            )
        )
    return found


def free_axes(study: Study) -> tuple[Axis, ...]:
    """The axes but for the seeds."""
    return tuple(axis for axis in study.axes if axis.kind != "seed")


def is_numeric(study: Study, axis: Axis) -> bool:
    """Whether the axis holds numbers; text such as a convention has no order."""
    return pd.api.types.is_numeric_dtype(study.table[axis.column].dtype) and not pd.api.types.is_bool_dtype(
        study.table[axis.column].dtype
    )


def _status(rows: pd.DataFrame) -> Status:
    present = set(rows["status"])
    for status in ("not trusted", "ok", "failed"):
        if status in present:
            return status
    return "missing"


def _remark(rows: pd.DataFrame) -> str:
    """What is to be said about the points of a place: which are not as they should be, and why."""
    words = {"not trusted": "not trusted", "failed": "failed", "missing": "not computed yet"}
    lines = []
    for status, word in words.items():
        bad = rows[rows["status"] == status]
        if not len(bad):
            continue
        count = "" if len(rows) == 1 else f"{len(bad)} of {len(rows)} "
        reasons = list(dict.fromkeys(str(reason) for reason in bad["reason"].fillna("") if reason))
        lines.append(count + word + (f": {shortened('; '.join(reasons))}" if reasons else ""))
    return "\n".join(lines)


def shortened(text: str, length: int = 160) -> str:
    """A text that is cut where it gets long."""
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def where(place: Place, axes: Iterable[Axis]) -> str:
    """Where a place lies: point, design and the values of the axes."""
    first = f"point {place.points[0]} · " if len(place.points) == 1 else ""
    values = (f"{axis.label} {value_text(axis, place.values[axis.column])}" for axis in axes)
    return "\n".join([first + design_label(place.design), *values])


def says(place: Place, axes: Iterable[Axis], rows: Sequence[Row]) -> str:
    """What a place tells when it is pointed at: where it lies, some metrics, and what is wrong with it."""
    lines = [where(place, axes)]
    for row in rows:
        found = place.numbers.get(row.key)
        if found is None or not math.isfinite(found.mean):
            if place.numbers:
                lines.append(f"{name_and_unit(row)[0]}: no such number")
            continue
        text = f"{name_and_unit(row)[0]}: {metric_text(row, found.mean)}"
        if math.isfinite(found.low):
            low, high = metric_text(row, found.low), metric_text(row, found.high)
            text += f"\n(mean of {found.n} seeds, interval {low} to {high})"
        lines.append(text)
    return "\n".join([*lines, place.remark] if place.remark else lines)
