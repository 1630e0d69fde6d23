"""From runs to figures: medians over repetitions, ratios between kinds, exponents over sizes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from studies.bench.run import Kind, Run


@dataclass(frozen=True, kw_only=True)
class Typical:
    """Medians over the repetitions of one kind at one size; seconds, MiB."""

    kind: Kind
    name: str
    repetitions: int
    solved: float
    total: float
    seconds: Mapping[str, float]
    peak_MiB: Mapping[str, float]  # noqa: N815 (the unit)
    counts: Mapping[str, int]  # of the first repetition: the same in all

    @property
    def largest_MiB(self) -> float:
        """Peak memory over all stages."""
        return max(self.peak_MiB.values(), default=0.0)


def typical(runs: Sequence[Run]) -> list[Typical]:
    """One row for each kind and size that has a run without failure, in the order of the runs."""
    groups: dict[tuple[Kind, str], list[Run]] = {}
    for run in runs:
        if not run.failure:
            groups.setdefault((run.kind, run.name), []).append(run)
    return [
        Typical(
            kind=kind,
            name=name,
            repetitions=len(group),
            solved=median(run.solved for run in group),
            total=median(run.total for run in group),
            seconds=_medians([run.seconds for run in group]),
            peak_MiB=_medians([run.peak_MiB for run in group]),
            counts=group[0].counts,
        )
        for (kind, name), group in groups.items()
    ]


def _medians(tables: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {key: median(table[key] for table in tables if key in table) for key in tables[0]}


def ratio(runs: Sequence[Run], name: str, kind: Kind, to: Kind) -> float:
    """Median over the repetitions of solved(kind)/solved(to) at one size, runs paired by repetition.

    NaN when no repetition has both.
    """
    solved = {(run.kind, run.repeat): run.solved for run in runs if run.name == name and not run.failure}
    pairs = [
        solved[kind, repeat] / solved[to, repeat]
        for of, repeat in solved
        if of is kind and (to, repeat) in solved
    ]
    return median(pairs) if pairs else math.nan


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """Least-squares slope of log(seconds) over log(size); NaN for fewer than two sizes."""
    if len(sizes) < 2:
        return math.nan
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def disagreement(runs: Sequence[Run], kind: Kind, peer: Kind) -> dict[str, float]:
    """Largest relative difference of each compared metric over all sizes that both have solved."""
    found: dict[str, float] = {}
    ours = {run.name: run for run in runs if run.kind is kind and not run.failure}
    for run in runs:
        mine = ours.get(run.name)
        if run.kind is not peer or run.failure or mine is None:
            continue
        for key, value in run.metrics.items():
            found[key] = max(found.get(key, 0.0), abs(mine.metrics[key] / value - 1))
    return found
