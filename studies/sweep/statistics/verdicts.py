"""What seeds say about two designs: a sentence per metric and setting, corrected for asking many times."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geometry.designs import Design
from studies.sweep.statistics.intervals import LEVEL
from studies.sweep.statistics.paired import Paired, paired
from studies.sweep.statistics.seeds_needed import Need, detectable, seeds_for_difference
from studies.sweep.statistics.selection import others
from studies.sweep.study import Study
from studies.sweep.wording import at, percent, probability, quantity, quoted, upper

NOTE = (
    "± is the half-width of the confidence interval of a mean over seeds (Student's t); p is that of the "
    "paired t test, then as corrected by Holm's method for all rows of this table. The spread is that of "
    "random mats; errors of mesh and model are no part of it. The seeds needed are those with which "
    "a paired t test finds a difference of this size four times in five."
)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One comparison with its p-value corrected over the whole table, the seeds it needs, and the sentence.

    holm: the t test's p after Holm; detectable: least difference that the seeds at hand find with a power
    of 0.8 [SI]; need: None with fewer than two common seeds.
    """

    comparison: Paired
    holm: float
    need: Need | None
    detectable: float
    sentence: str

    @property
    def apart(self) -> bool:
        """Whether the designs differ at the level of the comparison, after the correction."""
        exact = self.comparison.sd == 0.0 and self.comparison.difference != 0.0
        return exact or self.holm < 1.0 - self.comparison.level


def holm(p: ArrayLike) -> NDArray:
    """Holm's corrected p-values: max over j <= i of (m - j + 1) p_(j), at most 1, in the order given.

    Keeps the chance of any false claim among m below the level, whatever their dependence (Holm 1979, Scand.
    J. Stat. 6, 65, https://www.jstor.org/stable/4615733). NaN stays NaN and is not counted.
    """
    given = np.asarray(p, dtype=float)
    corrected = np.full(given.shape, np.nan)
    (tested,) = np.nonzero(np.isfinite(given))
    order = tested[np.argsort(given[tested], kind="stable")]
    steps = (len(order) - np.arange(len(order))) * given[order]
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return corrected


def verdicts(
    study: Study,
    metrics: Sequence[str],
    first: Design,
    second: Design,
    *,
    level: float = LEVEL,
) -> tuple[Verdict, ...]:
    """Compare two designs in several metrics at every setting; Holm's correction runs over all of them."""
    compared = [p for metric in metrics for p in paired(study, metric, first, second, level=level)]
    corrected = holm([p.p_t for p in compared])
    tests = int(np.isfinite(corrected).sum())
    axes = others(study, study.seeds)
    found = []
    for comparison, p in zip(compared, corrected, strict=True):
        need = seeds_for_difference(comparison)
        least = detectable(comparison.sd, comparison.n, level=level)
        found.append(
            Verdict(
                comparison=comparison,
                holm=float(p),
                need=need,
                detectable=least,
                sentence=_sentence(comparison, float(p), tests, need, least, at(axes, comparison.where)),
            )
        )
    return tuple(found)


def table(found: Sequence[Verdict]) -> pd.DataFrame:
    """Verdicts as rows, numbers in SI.

    Columns after those of the setting: ``metric``, ``first``, ``second``, ``n``, ``left_out``,
    ``mean_first``, ``mean_second``, ``difference``, ``low``, ``high``, ``relative``, ``p_t``, ``p_wilcoxon``,
    ``positive``, ``negative``, ``p_holm``, ``detectable``, ``seeds_needed``, ``seeds_least``, ``seeds_most``,
    ``apart``, ``sentence``.
    """
    copied = ("metric", "first", "second", "n", "left_out", "mean_first", "mean_second", "difference", "low",
              "high", "relative", "p_t", "p_wilcoxon", "positive", "negative")  # fmt: skip
    rows = []
    for verdict in found:
        row = dict(verdict.comparison.where) | {key: getattr(verdict.comparison, key) for key in copied}
        need = verdict.need
        row |= {"p_holm": verdict.holm, "detectable": verdict.detectable}
        row |= {
            f"seeds_{name}": getattr(need, key) if need else math.nan
            for name, key in (("needed", "seeds"), ("least", "least"), ("most", "most"))
        }
        rows.append(row | {"apart": verdict.apart, "sentence": verdict.sentence})
    return pd.DataFrame(rows)


def _sentence(p: Paired, corrected: float, tests: int, need: Need | None, least: float, where: str) -> str:
    words = quantity(p.metric)
    lead = f"at {where}, " if where else ""
    first, second = quoted(p.first), quoted(p.second)
    if p.n == 0:
        return upper(f"{lead}{words.name} of {first} and {second}: nothing to compare, {p.reason}.")
    side = "above" if p.difference > 0 else "below"
    size = words.amount(abs(p.difference), p.half if p.sd > 0.0 else math.nan)
    relative = f" ({percent(abs(p.relative))})" if math.isfinite(p.relative) else ""
    gap = f"{size}{relative} {side} that of {second}" if p.difference else f"the same as that of {second}"
    value = words.amount(p.mean_first, p.half_first if p.half_first > 0.0 else math.nan)
    head = f"{lead}over {p.n} seed{'s' if p.n > 1 else ''} the {words.name} of {first} is {value}, {gap}"
    if p.n == 1:
        return upper(f"{head}; an interval and a test need two common seeds{_left_out(p)}.")
    if p.sd == 0.0:
        return upper(f"{head}; {p.reason}{_left_out(p)}.")
    after = f", after Holm {probability(corrected)}" if tests > 1 else ""
    tested = f"paired, p = {probability(p.p_t)}{after}"
    return upper(f"{head} ({tested}); {_judged(p, corrected, tests, need, least)}{_left_out(p)}.")


def _judged(p: Paired, corrected: float, tests: int, need: Need | None, least: float) -> str:
    risk = 1.0 - p.level
    if need is None:
        return p.reason
    if corrected < risk:
        if need.most <= p.n:
            return f"{need.seeds:.0f} seeds would have sufficed to tell them apart"
        return f"they are told apart; a repeat does so four times in five with {need.words}"
    if p.p_t < risk:
        return f"on its own this would tell them apart, but not as one of {tests} tests"
    return (
        f"they cannot be told apart with {p.n} seeds, which would find a difference of "
        f"{quantity(p.metric).amount(least)} four times in five; {need.words} would be needed if the "
        "difference is real and of this size"
    )


def _left_out(p: Paired) -> str:
    return f"; {p.left_out} seed{'s were' if p.left_out > 1 else ' was'} left out" if p.left_out else ""
