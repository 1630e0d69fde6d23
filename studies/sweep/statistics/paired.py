"""Two designs compared over the seeds they share: what the draw of the mat does to both cancels.

A design without a mat does not depend on the seed; the pairs then hold the other design's spread alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from geometry.designs import Design
from studies.sweep.statistics.intervals import EXACT, LEVEL, interval
from studies.sweep.statistics.selection import (
    others,
    require_designs,
    require_metrics,
    require_seeds,
    select,
    settings,
)
from studies.sweep.study import Study
from studies.sweep.wording import quoted

MOST_SHUFFLED = 13  # pairs whose 2^n signs are tried one by one; below scipy's 9999 random ones


@dataclass(frozen=True, kw_only=True)
class Paired:
    """First minus second over ``n`` common seeds, at one setting of the other axes; SI units.

    difference, sd: mean and standard deviation of d = first - second; low, high: Student's interval of the
    mean of d; relative: mean of first / mean of second - 1. p_t, p_wilcoxon: two-sided; NaN where ``reason``
    says why. positive, negative: seeds with d > 0, d < 0. half_first: half-width of the first mean's
    interval. left_out: seeds without a trusted number of both designs. where: the setting, column -> value.
    """

    metric: str
    first: Design
    second: Design
    where: Mapping[str, object]
    level: float
    n: int
    left_out: int
    mean_first: float
    mean_second: float
    half_first: float
    difference: float
    relative: float
    sd: float
    low: float
    high: float
    p_t: float
    p_wilcoxon: float
    positive: int
    negative: int
    reason: str

    @property
    def half(self) -> float:
        """Half-width of the interval of the difference."""
        return 0.5 * (self.high - self.low)


def paired(
    study: Study, metric: str, first: Design, second: Design, *, level: float = LEVEL
) -> tuple[Paired, ...]:
    """Compare two designs seed by seed, once per setting of the other axes.

    The t test takes the differences as normal: t = mean(d) sqrt(n) / s_d on n - 1 degrees of freedom (Student
    1908, doi:10.1093/biomet/6.1.1). Wilcoxon's signed ranks take them as symmetric only (Wilcoxon 1945,
    Biometrics Bulletin 1, 80, doi:10.2307/3001968); exact for few seeds, and never below 2 / 2^n: five seeds
    cannot reach 0.05.
    """
    seeds = require_seeds(study)
    require_metrics(study, [metric])
    require_designs(study, [first, second])
    found = []
    for where, part in settings(study.table, others(study, seeds)):
        mine = part[part["design"].isin((first, second))]
        rows = [select(mine[mine["design"] == design], [metric]) for design in (first, second)]
        values = [chosen.rows.set_index(seeds.column)[metric] for chosen in rows]
        both = pd.concat(values, axis=1, join="inner", keys=["first", "second"])
        missing = [
            design
            for design, chosen in zip((first, second), rows, strict=True)
            if chosen.rows.empty and chosen.absent
        ]
        numbers = _compared(both["first"].to_numpy(), both["second"].to_numpy(), level, missing)
        known = {"metric": metric, "first": first, "second": second, "where": where, "level": level}
        left_out = mine[seeds.column].nunique() - len(both)
        found.append(Paired(n=len(both), left_out=left_out, **known, **numbers))
    return tuple(found)


def _compared(first: NDArray, second: NDArray, level: float, missing: Sequence[Design]) -> dict:
    n = len(first)
    numbers: dict = dict.fromkeys(
        ("mean_first", "mean_second", "half_first", "difference", "relative", "sd", "low", "high", "p_t",
         "p_wilcoxon"), math.nan,
    ) | {"positive": 0, "negative": 0, "reason": ""}  # fmt: skip
    if n == 0:
        named = " and ".join(quoted(design) for design in missing)
        return numbers | {
            "reason": f"{named} has no such number" if missing else "no common seed with a trusted result"
        }
    d = first - second
    d = np.where(np.abs(d) <= EXACT * np.maximum(np.abs(first), np.abs(second)), 0.0, d)
    difference, _, _ = interval(d, level=level)
    mean_first, _, half_first = interval(first, level=level)
    mean_second = float(second.mean())
    numbers |= {
        "mean_first": float(mean_first), "mean_second": mean_second, "half_first": float(half_first),
        "difference": float(difference),
        "relative": float(mean_first) / mean_second - 1.0 if mean_second else math.nan,
        "positive": int((d > 0).sum()), "negative": int((d < 0).sum()),
    }  # fmt: skip
    if n == 1:
        return numbers | {"reason": "one common seed says nothing about the spread"}
    if np.ptp(d) <= EXACT * max(np.abs(first).max(), np.abs(second).max()):
        exact = {"sd": 0.0, "low": float(difference), "high": float(difference)}
        return numbers | exact | {"reason": "the difference does not depend on the seed"}
    _, deviation, half = (float(x) for x in interval(d, level=level))
    return numbers | {
        "sd": deviation, "low": float(difference) - half, "high": float(difference) + half,
        "p_t": float(stats.ttest_1samp(d, 0.0).pvalue), "p_wilcoxon": _wilcoxon(d),
    }  # fmt: skip


def _wilcoxon(d: NDArray) -> float:
    """Two-sided p; zeros are dropped (Wilcoxon's way), ties of few values are counted out exactly."""
    size = np.abs(d[d != 0.0])
    tied = len(np.unique(size)) < len(d)
    if tied and len(d) <= MOST_SHUFFLED:
        return float(stats.wilcoxon(d, method=stats.PermutationMethod()).pvalue)
    return float(stats.wilcoxon(d, method="asymptotic" if tied or len(d) > 50 else "exact").pvalue)
