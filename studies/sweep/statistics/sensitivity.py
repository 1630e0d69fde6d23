"""Which axis matters: sensitivity indices of a metric from the points of a sampled or factorial study."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from studies.errors import CaseError
from studies.sweep.statistics.given_data import (
    FEWEST,
    correlation_ratio,
    delta,
    first_order,
    rank_regression,
    resampled,
    shuffled,
    unbiased_ratio,
)
from studies.sweep.statistics.intervals import EXACT, LEVEL
from studies.sweep.statistics.selection import is_text, others, require_metrics, select, settings
from studies.sweep.study import Axis, Study

INDICES = ("first_order", "first_half", "delta", "delta_half", "delta_p", "rank_coefficient", "rank_low",
           "rank_high", "rank_r2")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Bootstrap:
    level: float
    resamples: int
    seed: int

    @property
    def again(self) -> dict[str, int]:
        return {"resamples": self.resamples, "seed": self.seed}

    @property
    def width(self) -> float:
        """Half-width of the interval over the standard deviation."""
        return float(stats.norm.ppf(0.5 + 0.5 * self.level))


def indices(
    study: Study, metric: str, *, level: float = LEVEL, resamples: int = 200, seed: int = 1
) -> pd.DataFrame:
    """Sensitivity of a metric to every numeric axis, per design and per value of the text axes.

    Columns: ``design``; the text axes; ``axis`` (column of the axis); ``n`` (points that count, seeds
    averaged); ``left_out`` (points that failed, are not trusted or not computed yet); ``first_order`` ±
    ``first_half``; ``delta`` ± ``delta_half``, its bias taken off, and ``delta_p``, how often an axis without
    influence looks as strong; ``rank_coefficient`` from ``rank_low`` to ``rank_high``; ``rank_r2``;
    ``reason``: why a number is NaN. Half-widths and ranges are bootstrap intervals of ``level``; a study
    without sampled axes has none.

    Sampled axes have `given_data.first_order` and `delta`; listed axes the variance of their level means,
    exact in a complete factorial. Seeds are noise: delta and ranks are those of the mean over seeds, and
    ``first_order`` of the seeds is the share of the variance that they make at a fixed point (their total
    effect). All first-order indices are shares of one variance, that over axes and seeds together: what they
    lack to 1 is made by several axes together and, where every point has its own seed, by the seeds.
    """
    require_metrics(study, [metric])
    texts = [axis for axis in study.axes if is_text(study.table, axis)]
    numeric = [axis for axis in others(study, study.seeds) if axis not in texts]
    if not numeric:
        raise CaseError("the study has no numeric axis; sensitivity needs one that varies a quantity.")
    bootstrap = _Bootstrap(level=level, resamples=resamples, seed=seed)
    lines: list[dict[str, Any]] = []
    for where, part in settings(study.table, texts):
        for design, rows in part.groupby("design", sort=False):
            chosen = select(rows, [metric])
            known = {"design": design} | where | {"left_out": chosen.left_out}
            points, variance = _averaged(chosen.rows, metric, numeric, study.seeds)
            found = _of_axes(points, metric, numeric, variance, bootstrap)
            if study.seeds is not None:
                found.append({"axis": study.seeds.column} | _of_seeds(chosen.rows[metric], variance))
            lines += [known | {"n": len(points)} | line for line in found]
    columns = ["design", *(axis.column for axis in texts), "axis", "n", "left_out", *INDICES, "reason"]
    return pd.DataFrame(lines, columns=columns)


@dataclass(frozen=True, kw_only=True)
class _Variance:
    """Of the means over seeds of so many points, by seeds at a point, and the noise left in one mean."""

    points: int
    means: float
    seeds: float = 0.0
    noise: float = 0.0

    @property
    def total(self) -> float:
        """Over axes and seeds together: that of the means less the noise in it, and that of the seeds."""
        return max(self.means - (1.0 - 1.0 / self.points) * self.noise, 0.0) + self.seeds


def _averaged(
    rows: pd.DataFrame, metric: str, numeric: Sequence[Axis], seeds: Axis | None
) -> tuple[pd.DataFrame, _Variance]:
    """Points with their mean over the seeds, and where the variance comes from."""
    if seeds is None:
        return rows, _Variance(points=len(rows), means=rows[metric].var(ddof=0))
    grouped = rows.groupby([axis.column for axis in numeric], sort=False)[metric]
    points = grouped.mean().reset_index()
    means = points[metric].var(ddof=0)
    freedom = len(rows) - len(points)
    if freedom == 0:
        return points, _Variance(points=len(points), means=means)
    within = float(((rows[metric] - grouped.transform("mean")) ** 2).sum()) / freedom
    noise = within * float((1.0 / grouped.size()).mean())
    return points, _Variance(points=len(points), means=means, seeds=within, noise=noise)


def _of_seeds(values: pd.Series, variance: _Variance) -> dict[str, Any]:
    if len(values) == variance.points:
        return {"reason": "no point has two seeds, so their part cannot be told"}
    if _flat(values.to_numpy()):
        return {"reason": "the metric does not vary"}
    return {"first_order": variance.seeds / variance.total, "reason": ""}


def _of_axes(
    points: pd.DataFrame,
    metric: str,
    numeric: Sequence[Axis],
    variance: _Variance,
    bootstrap: _Bootstrap,
) -> list[dict[str, Any]]:
    y = points[metric].to_numpy(dtype=float)
    if len(y) == 0 or _flat(y):
        reason = "the metric does not vary" if len(y) else "no trusted point has this number"
        return [{"axis": axis.column, "reason": reason} for axis in numeric]
    varied = [axis for axis in numeric if points[axis.column].nunique() > 1]
    x = points[[axis.column for axis in varied]].to_numpy(dtype=float)
    sampled = any(axis.kind == "sample" for axis in numeric)
    ranks = _ranks(x, y, bootstrap if sampled else replace(bootstrap, resamples=0))
    lines = []
    for axis in numeric:
        if axis not in varied:
            lines.append({"axis": axis.column, "reason": "the axis has one value only"})
            continue
        number = varied.index(axis)
        if axis.kind == "sample":
            line = _of_sampled(x[:, number], y, variance, bootstrap)
        else:
            line = _of_listed(x[:, number], y, variance, bootstrap if sampled else None)
        lines.append({"axis": axis.column} | line | {key: value[number] for key, value in ranks.items()})
    return lines


def _of_sampled(x: NDArray, y: NDArray, variance: _Variance, bootstrap: _Bootstrap) -> dict[str, Any]:
    if len(y) < FEWEST:
        return {"reason": f"{len(y)} points are too few; at least {FEWEST} are needed, 100 are better"}
    first = resampled(first_order, x, y, **bootstrap.again)
    moved = resampled(delta, x, y, **bootstrap.again)
    share = variance.means / variance.total
    return {
        "first_order": share * first_order(x, y),
        "first_half": float(share * bootstrap.width * np.nanstd(first, ddof=1)),
        "delta": float(2.0 * delta(x, y) - moved.mean()),
        "delta_half": float(bootstrap.width * moved.std(ddof=1)),
        "delta_p": shuffled(delta, x, y, **bootstrap.again), "reason": "",
    }  # fmt: skip


def _of_listed(x: NDArray, y: NDArray, variance: _Variance, bootstrap: _Bootstrap | None) -> dict[str, Any]:
    """Of an axis with a list of values; other axes put chance into its means only if they are sampled."""
    levels = len(np.unique(x))
    if levels == len(y):
        return {"reason": "no value of the axis occurs twice, and it is not sampled"}
    why = "delta needs a sampled axis"
    share = variance.means / variance.total
    if bootstrap is None:
        noise = (levels - 1) / len(y) * variance.noise / variance.total
        return {"first_order": share * correlation_ratio(x, y) - noise, "reason": why}
    half = share * bootstrap.width * np.nanstd(resampled(unbiased_ratio, x, y, **bootstrap.again), ddof=1)
    return {"first_order": share * unbiased_ratio(x, y), "first_half": float(half), "reason": why}


def _ranks(x: NDArray, y: NDArray, bootstrap: _Bootstrap) -> dict[str, NDArray]:
    """Rank regression with its bootstrap range; nothing with fewer than two points per coefficient."""
    n, inputs = x.shape
    if n < 2 * (inputs + 1):
        return {}
    coefficients, r2 = rank_regression(x, y)
    rng = np.random.default_rng(bootstrap.seed)
    again = [_usable(x[rows], y[rows]) for rows in rng.integers(n, size=(bootstrap.resamples, n))]
    kept = [values for values in again if values is not None]
    nothing = (np.full(inputs, math.nan),) * 2
    tail = 0.5 - 0.5 * bootstrap.level
    ends = np.quantile(kept, [tail, 1.0 - tail], axis=0) if kept else nothing
    return {
        "rank_coefficient": coefficients, "rank_low": ends[0], "rank_high": ends[1],
        "rank_r2": np.full(inputs, r2),
    }  # fmt: skip


def _usable(x: NDArray, y: NDArray) -> NDArray | None:
    """Coefficients of one resample, or None where it left a column without variation."""
    if np.ptp(y) == 0.0 or (np.ptp(x, axis=0) == 0.0).any():
        return None
    return rank_regression(x, y)[0]


def _flat(y: NDArray) -> bool:
    return bool(np.ptp(y) <= EXACT * np.abs(y).max())
