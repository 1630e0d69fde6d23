"""How many seeds a statement needs: a mean to within some per cent, a difference told apart from zero.

All of it rests on the spread observed, which few seeds estimate poorly: every number of seeds comes with
those that the ends of the standard deviation's own interval would ask for. A difference as observed is no
better known than its interval; that it is found with so many seeds is said of that size of difference only
(Hoenig and Heisey 2001, Am. Stat. 55, 19, doi:10.1198/000313001300339897), hence also `detectable`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, stats

from studies.errors import CaseError
from studies.sweep.statistics.intervals import LEVEL, summary
from studies.sweep.statistics.paired import Paired
from studies.sweep.statistics.selection import others
from studies.sweep.study import Study

POWER = 0.8
FEWEST, MOST = 2, 10_000


@dataclass(frozen=True, kw_only=True)
class Need:
    """Seeds needed with the spread observed, and with the ends of its interval; inf: more than 10 000."""

    seeds: float
    least: float
    most: float
    observed: int

    @property
    def met(self) -> bool:
        """Whether the seeds observed suffice, as far as the spread observed is the true one."""
        return self.seeds <= self.observed

    @property
    def words(self) -> str:
        """Such as "about 35 seeds (19 to 118, since 8 seeds know the spread only so well)"."""
        span = f"{_count(self.least)} to {_count(self.most)}"
        sure = f" ({span}, since {self.observed} seeds know the spread only so well)"
        return f"{'' if math.isinf(self.seeds) else 'about '}{_count(self.seeds)} seeds" + (
            sure if self.least != self.most else ""
        )


def deviation_interval(sd: float, n: int, *, level: float = LEVEL) -> tuple[float, float]:
    """s sqrt((n - 1) / chi2_{n-1, (1 ± level)/2}): where the true standard deviation lies, for normal values.

    Cochran 1934, Math. Proc. Camb. Phil. Soc. 30, 178, doi:10.1017/S0305004100016595.
    """
    tail = 0.5 * (1.0 - level)
    high, low = stats.chi2.ppf([tail, 1.0 - tail], n - 1)
    return sd * math.sqrt((n - 1) / low), sd * math.sqrt((n - 1) / high)


def for_mean(sd: float, mean: float, n: int, *, width: float, level: float = LEVEL) -> Need:
    """Least N with t_{N-1, (1 + level)/2} sd / sqrt(N) <= width |mean|; sd and mean are those of n seeds."""
    if not width > 0.0:
        raise CaseError(f"width is {width:g}; it must be above 0, for example 0.05 for 5 %.")

    def enough(seeds: int, spread: float) -> bool:
        half = stats.t.ppf(0.5 + 0.5 * level, seeds - 1) * spread / math.sqrt(seeds)
        return bool(half <= width * abs(mean))

    return _need(enough, sd, n, level)


def for_difference(
    sd: float, difference: float, n: int, *, level: float = LEVEL, power: float = POWER
) -> Need:
    """Least N at which the paired t test finds this difference with this power; sd is that of n seeds."""

    def enough(seeds: int, spread: float) -> bool:
        if spread == 0.0:
            return difference != 0.0
        return t_power(abs(difference) / spread, seeds, level=level) >= power

    return _need(enough, sd, n, level)


def t_power(effect: float, n: int, *, level: float = LEVEL) -> float:
    """Power of the two-sided paired t test: P(|T| > t_{n-1, (1 + level)/2}), T noncentral t.

    T has n - 1 degrees of freedom and noncentrality effect sqrt(n), effect = difference / s_d (Cohen 1988,
    Statistical Power Analysis for the Behavioral Sciences, doi:10.4324/9780203771587, chapter 2).
    """
    critical = stats.t.ppf(0.5 + 0.5 * level, n - 1)
    shift = abs(effect) * math.sqrt(n)
    wrong_side = np.nan_to_num(stats.nct.cdf(-critical, n - 1, shift))  # nan where it is below 1e-10
    return float(stats.nct.sf(critical, n - 1, shift) + wrong_side)


def detectable(sd: float, n: int, *, level: float = LEVEL, power: float = POWER) -> float:
    """The least true difference that n seeds find with this power; sd is that of the difference."""
    if not 1.0 - level < power < 1.0:
        raise CaseError(f"power is {power:g}; it must be between {1.0 - level:g} and 1, for example 0.8.")
    if n < FEWEST:
        return math.nan
    enough = 1.0
    while t_power(enough, n, level=level) < power:
        enough *= 2.0
    return sd * float(optimize.brentq(lambda e: t_power(e, n, level=level) - power, 0.0, enough))


def seeds_for_difference(comparison: Paired, *, power: float = POWER) -> Need | None:
    """Seeds that tell the two designs apart with this power; None with fewer than two common seeds."""
    if comparison.n < FEWEST:
        return None
    return for_difference(
        comparison.sd, comparison.difference, comparison.n, level=comparison.level, power=power
    )


def seeds_for_means(
    study: Study, metrics: Sequence[str] | None = None, *, width: float = 0.05, level: float = LEVEL
) -> pd.DataFrame:
    """Seeds that pin the mean to within ± width of itself, per setting, design and metric.

    Columns: those of the axes but the seeds; ``design``, ``metric``, ``n``, ``relative_half`` (half-width of
    the mean's interval over the mean, as observed), ``needed``, ``least``, ``most`` (NaN with fewer than two
    seeds, inf above 10 000), ``met``, ``reason``.
    """
    table = summary(study, metrics, level=level)
    needs = [
        for_mean(sd, mean, n, width=width, level=level) if n >= FEWEST else None
        for sd, mean, n in zip(table["sd"], table["mean"], table["n"], strict=True)
    ]
    kept = [*(axis.column for axis in others(study, study.seeds)), "design", "metric", "n"]
    half = 0.5 * (table["high"] - table["low"])
    return table[kept].assign(
        relative_half=half / table["mean"].abs().replace(0.0, np.nan),
        needed=[need.seeds if need else np.nan for need in needs],
        least=[need.least if need else np.nan for need in needs],
        most=[need.most if need else np.nan for need in needs],
        met=[need is not None and need.met for need in needs],
        reason=table["reason"],
    )


def _need(enough: Callable[[int, float], bool], sd: float, n: int, level: float) -> Need:
    low, high = deviation_interval(sd, n, level=level)
    counts = (_least(lambda seeds, s=spread: enough(seeds, s)) for spread in (sd, low, high))
    seeds, least, most = counts
    return Need(seeds=seeds, least=least, most=most, observed=n)


def _least(enough: Callable[[int], bool]) -> float:
    """The least number of seeds that is enough, by bisection: more seeds never do worse."""
    if enough(FEWEST):
        return FEWEST
    low, high = FEWEST, 2 * FEWEST
    while not enough(high):
        if high >= MOST:
            return math.inf
        low, high = high, min(2 * high, MOST)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _count(seeds: float) -> str:
    return "more than 10 000" if math.isinf(seeds) else f"{seeds:.0f}"
