"""What each axis does by itself: the change of a metric from one end of the axis to the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from studies.sweep.statistics.selection import is_text, others, require_metrics, select
from studies.sweep.study import Axis, Study

COLUMNS = ("design", "axis", "low", "high", "at_low", "at_high", "change", "least", "most", "span", "blocks",
           "left_out", "reason")  # fmt: skip


def tornado(study: Study, metric: str) -> pd.DataFrame:
    """Main effect of every axis on a metric, per design; the axis that moves it most first. SI units.

    A block is a setting of the other axes. ``change`` is the mean over the blocks of (metric at the axis'
    highest value - metric at its lowest), ``least`` and ``most`` the range of it over the blocks: they differ
    as far as axes interact (Box, Hunter and Hunter 2005, Statistics for Experimenters, ISBN
    978-0-471-71813-0, chapter 5). ``at_low``, ``at_high``: mean of the metric at both ends ``low``, ``high``
    over the same blocks, so that change = at_high - at_low. ``span``: mean over the blocks of (largest -
    smallest along the axis); larger than the change where the metric turns round. ``left_out``: blocks
    without a trusted number at both ends.

    Text axes: from the value with the least mean to that with the largest. Seeds: noise without direction,
    ``change`` is NaN, at_low and at_high are the mean ∓ the standard deviation within blocks. Axes of a
    sample never vary alone and have NaN with a ``reason``.
    """
    require_metrics(study, [metric])
    lines: list[dict[str, Any]] = []
    for design, rows in study.table.groupby("design", sort=False):
        mine = [{"design": design, "axis": a.column} | _effect(study, rows, metric, a) for a in study.axes]
        lines += sorted(mine, key=_size, reverse=True)
    return pd.DataFrame(lines, columns=list(COLUMNS))


def _effect(study: Study, rows: pd.DataFrame, metric: str, axis: Axis) -> dict[str, Any]:
    levels = _levels(rows, axis)
    nothing = dict.fromkeys(("at_low", "at_high", "change", "least", "most", "span"), math.nan)
    if len(levels) < 2:
        return nothing | {"blocks": 0, "left_out": 0, "reason": "the axis has one value only"}
    block = _blocks(rows, others(study, axis))
    if np.bincount(block).max() < 2:
        why = "no two points differ in this axis alone"
        return nothing | {"blocks": 0, "left_out": 0, "reason": why}
    table = np.full((block.max() + 1, len(levels)), math.nan)
    level = pd.Categorical(rows[axis.column], categories=levels).codes
    known = rows.index.isin(select(rows, [metric]).rows.index)
    table[block[known], level[known]] = rows[metric].to_numpy(dtype=float)[known]
    if axis.kind == "seed":
        return nothing | _noise(table)
    ends = np.isfinite(table)[:, [0, -1]].all(axis=1)
    whole = np.isfinite(table).all(axis=1)
    usable = whole if is_text(rows, axis) else ends
    if not usable.any():
        why = "no setting of the other axes has trusted numbers at both ends"
        return nothing | {"blocks": 0, "left_out": len(table), "reason": why}
    first, last = 0, len(levels) - 1
    if is_text(rows, axis):
        means = table[usable].mean(axis=0)
        first, last = int(means.argmin()), int(means.argmax())
    low, high = table[usable, first], table[usable, last]
    return {
        "low": levels[first], "high": levels[last],
        "at_low": low.mean(), "at_high": high.mean(), "change": (high - low).mean(),
        "least": (high - low).min(), "most": (high - low).max(),
        "span": np.ptp(table[whole], axis=1).mean() if whole.any() else math.nan,
        "blocks": int(usable.sum()), "left_out": int((~usable).sum()), "reason": "",
    }  # fmt: skip


def _noise(table: np.ndarray) -> dict[str, Any]:
    usable = np.isfinite(table).sum(axis=1) >= 2
    left_out = int((~usable).sum())
    if not usable.any():
        return {"blocks": 0, "left_out": left_out, "reason": "no setting has two seeds with trusted numbers"}
    kept = table[usable]
    deviation = math.sqrt(np.nanvar(kept, axis=1, ddof=1).mean())
    mean = np.nanmean(kept, axis=1).mean()
    span = (np.nanmax(kept, axis=1) - np.nanmin(kept, axis=1)).mean()
    ends = {"at_low": mean - deviation, "at_high": mean + deviation}
    return ends | {"span": span, "blocks": int(usable.sum()), "left_out": left_out, "reason": ""}


def _blocks(rows: pd.DataFrame, axes: Sequence[Axis]) -> NDArray[np.intp]:
    """The number (n,) of each row's setting of some axes."""
    if not axes:
        return np.zeros(len(rows), dtype=np.intp)
    return rows.groupby([axis.column for axis in axes], sort=False, dropna=False).ngroup().to_numpy()


def _levels(rows: pd.DataFrame, axis: Axis) -> list[Any]:
    values = rows[axis.column].unique().tolist()
    return values if is_text(rows, axis) else sorted(values)


def _size(line: dict[str, Any]) -> float:
    size = abs(line["at_high"] - line["at_low"])
    return size if math.isfinite(size) else -1.0
