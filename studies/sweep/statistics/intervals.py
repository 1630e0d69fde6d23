"""Statistics over the seeds of random mats: mean, spread and confidence of every metric.

The seeds are taken as independent draws of one mat; errors of mesh and model are no part of the spread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from studies.errors import CaseError
from studies.sweep.statistics.selection import others, require_metrics, require_seeds, select, settings
from studies.sweep.study import Study

LEVEL = 0.95
EXACT = 1e-9  # of the largest value: a smaller standard deviation is rounding, no spread


def interval(values: ArrayLike, *, level: float = LEVEL) -> tuple[NDArray, NDArray, NDArray]:
    """Mean, standard deviation and half-width of the confidence interval of the mean, along the last axis.

    m = sum x / n,  s^2 = sum (x - m)^2 / (n - 1),  half = t_{n-1, (1 + level)/2} s / sqrt(n), exact for
    normal x (Student 1908, Biometrika 6, 1, doi:10.1093/biomet/6.1.1). Deviation and half are NaN for n = 1
    and zero where the values differ by rounding only.
    """
    if not 0.0 < level < 1.0:
        raise CaseError(f"level is {level:g}; it must be between 0 and 1, for example 0.95.")
    x = np.asarray(values, dtype=float)
    n = x.shape[-1]
    mean = x.mean(axis=-1)
    if n < 2:
        nothing = np.full(mean.shape, np.nan)
        return mean, nothing, nothing
    deviation = x.std(axis=-1, ddof=1)
    deviation = np.where(deviation <= EXACT * np.abs(x).max(axis=-1), 0.0, deviation)
    return mean, deviation, stats.t.ppf(0.5 + 0.5 * level, n - 1) * deviation / np.sqrt(n)


def summary(study: Study, metrics: Sequence[str] | None = None, *, level: float = LEVEL) -> pd.DataFrame:
    """Mean, spread and confidence over the seeds, one row per setting of the other axes, design and metric.

    Columns: those of the other axes; ``design``; ``metric``; ``n`` (seeds that count: trusted, finite);
    ``mean``, ``sd``, ``low``, ``high`` (SI, see `interval`); ``left_out`` (seeds that failed, are not trusted
    or not computed yet); ``reason``: empty, or why there is no spread or no number.
    """
    seeds = require_seeds(study)
    chosen = tuple(metrics) if metrics is not None else study.metrics
    require_metrics(study, chosen)
    lines: list[dict[str, object]] = []
    axes = others(study, seeds)
    for where, part in settings(study.table, axes):
        for design, rows in part.groupby("design", sort=False):
            for metric in chosen:
                lines.append(where | {"design": design, "metric": metric} | _line(rows, metric, level))
    columns = ["design", "metric", "n", "mean", "sd", "low", "high", "left_out", "reason"]
    return pd.DataFrame(lines, columns=[*(axis.column for axis in axes), *columns])


def _line(rows: pd.DataFrame, metric: str, level: float) -> dict[str, Any]:
    chosen = select(rows, [metric])
    n = len(chosen.rows)
    if n == 0:
        why = "the design has no such number" if chosen.absent else "no trusted result"
        empty = dict.fromkeys(("mean", "sd", "low", "high"), np.nan)
        return {"n": 0} | empty | {"left_out": chosen.left_out, "reason": why}
    mean, deviation, half = (float(x) for x in interval(chosen.rows[metric], level=level))
    reason = ""
    if n == 1:
        reason = "one seed says nothing about the spread"
    elif deviation == 0.0:
        reason = "does not depend on the seed"
    return {
        "n": n, "mean": mean, "sd": deviation, "low": mean - half, "high": mean + half,
        "left_out": chosen.left_out, "reason": reason,
    }  # fmt: skip
