"""The points of a study as figures show them: one place per design and values of the axes, over its seeds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from studies.sweep.figures.style import design_label
from studies.sweep.statistics.intervals import EXACT, summary
from studies.sweep.statistics.selection import others
from studies.sweep.study import Axis, Study
from studies.sweep.wording import Quantity, shown
from studies.table import Row

Line = Mapping[Any, Any]  # a row of the table
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

    status: of the point; with seeds "ok" if one of them is, since only trusted ones count. numbers: the
    finite ones.
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


def places(study: Study, metrics: Sequence[str]) -> list[Place]:
    """All places of a study in its order, with these metrics."""
    axes = others(study, study.seeds)
    columns = ["design", *(axis.column for axis in axes)]
    over_seeds = _over_seeds(study, metrics, columns) if study.seeds else None
    groups: dict[tuple[Any, ...], list[Line]] = {}
    for line in study.table.to_dict("records"):
        groups.setdefault(tuple(line[column] for column in columns), []).append(line)
    found = [
        Place(
            design=str(key[0]),
            values=dict(zip(columns[1:], key[1:], strict=True)),
            points=tuple(int(line["point"]) for line in lines),
            status=_status(lines, seeds=over_seeds is not None),
            remark=_remark(lines),
            numbers=_numbers(lines[0], metrics) if over_seeds is None else over_seeds.get(key, {}),
        )
        for key, lines in groups.items()
    ]
    largest = {m: max((abs(p.mean(m)) for p in found if m in p.numbers), default=0.0) for m in metrics}
    return [replace(place, numbers=_without_rounding(place.numbers, largest)) for place in found]


def _without_rounding(numbers: Mapping[str, Number], largest: Mapping[str, float]) -> dict[str, Number]:
    """The numbers with zero for what is zero but for rounding, as the unevenness of a flat plane."""
    return {
        key: Number(0.0, 0.0 * value.low, 0.0 * value.high, value.n)
        if abs(value.mean) < EXACT * largest[key]
        else value
        for key, value in numbers.items()
    }


def _numbers(line: Line, metrics: Sequence[str]) -> dict[str, Number]:
    """The finite metrics of one point."""
    if line["status"] not in ("ok", "not trusted"):
        return {}
    return {m: Number(v) for m in metrics if math.isfinite(v := float(line[m]))}


def _over_seeds(
    study: Study, metrics: Sequence[str], columns: Sequence[str]
) -> dict[tuple[Any, ...], dict[str, Number]]:
    """Means and intervals over the trusted seeds by design and values of the other axes."""
    found: dict[tuple[Any, ...], dict[str, Number]] = {}
    for line in summary(study, metrics).to_dict("records"):
        if line["n"]:
            at = found.setdefault(tuple(line[column] for column in columns), {})
            at[line["metric"]] = Number(line["mean"], line["low"], line["high"], line["n"])
    return found


def _status(lines: Sequence[Line], *, seeds: bool) -> Status:
    present = {line["status"] for line in lines}
    for status in ("ok", "not trusted", "failed") if seeds else ("not trusted", "ok", "failed"):
        if status in present:
            return status
    return "missing"


def _remark(lines: Sequence[Line]) -> str:
    """What is to be said about the points of a place: which are not as they should be, and why."""
    words = {"not trusted": "not trusted", "failed": "failed", "missing": "not computed yet"}
    said = []
    for status, word in words.items():
        bad = [line for line in lines if line["status"] == status]
        if not bad:
            continue
        count = "" if len(lines) == 1 else f"{len(bad)} of {len(lines)} "
        reasons = dict.fromkeys(line["reason"] for line in bad if isinstance(line["reason"], str))
        why = "; ".join(reason for reason in reasons if reason and reason != word)
        said.append(count + word + (f": {shortened(why)}" if why else ""))
    return "\n".join(said)


def shortened(text: str, length: int = 160) -> str:
    """A text that is cut where it gets long."""
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def where(place: Place, axes: Iterable[Axis]) -> str:
    """Where a place lies: point, design and the values of the axes."""
    first = f"point {place.points[0]} · " if len(place.points) == 1 else ""
    values = (f"{axis.label} {shown(axis, place.values[axis.column])}" for axis in axes)
    return "\n".join([first + design_label(place.design), *values])


def says(place: Place, axes: Iterable[Axis], rows: Sequence[Row]) -> str:
    """What a place tells when it is pointed at: where it lies, some metrics, and what is wrong with it."""
    lines = [where(place, axes)]
    for row in rows:
        found, words = place.numbers.get(row.key), Quantity(row)
        if found is None:
            lines += [f"{words.name}: no such number"] if place.numbers else []
        elif math.isfinite(found.low):
            ends = f"{words.amount(found.low)} to {words.amount(found.high)}"
            lines.append(
                f"{words.name}: {words.amount(found.mean)}\nmean of {found.n} seeds, 95 % interval {ends}"
            )
        else:
            lines.append(f"{words.name}: {words.amount(found.mean)}")
    return "\n".join([*lines, place.remark] if place.remark else lines)
