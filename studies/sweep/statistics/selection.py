"""Points that a statement about a study may rest on: trusted ones with a finite number of the metric."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geometry.designs import Design
from studies.errors import CaseError, nearest
from studies.sweep.study import Axis, Study


@dataclass(frozen=True, kw_only=True, eq=False)
class Selection:
    """Rows with status "ok" and finite metrics; how many others there were, and why they do not count.

    left_out: points that failed, are not trusted or not computed yet; absent: trusted points without the
    number (planar designs have no share_fibres).
    """

    rows: pd.DataFrame
    left_out: int
    absent: int


def select(table: pd.DataFrame, metrics: Sequence[str]) -> Selection:
    """The rows of a study's table, or of a part of it, that have all these metrics and are trusted."""
    trusted = table["status"].to_numpy() == "ok"
    finite = np.isfinite(table[list(metrics)].to_numpy(dtype=float)).all(axis=1)
    return Selection(
        rows=table[trusted & finite], left_out=int((~trusted).sum()), absent=int((trusted & ~finite).sum())
    )


def require_metrics(study: Study, metrics: Sequence[str]) -> None:
    """Refuse a metric that the study's table does not have, with the nearest one that it has."""
    for metric in metrics:
        if metric not in study.metrics:
            hint = nearest(metric, study.metrics) or f"; it has: {', '.join(study.metrics)}."
            raise CaseError(f'metric "{metric}" is not in the results of the study{hint}')


def require_designs(study: Study, designs: Sequence[Design]) -> None:
    """Refuse a design that the study does not have."""
    known = designs_of(study)
    for design in designs:
        if design not in known:
            raise CaseError(f'design "{design}" is not in the study; it has: {", ".join(known)}.')


def require_seeds(study: Study) -> Axis:
    """The axis of seeds; refuse a study without one."""
    if study.seeds is None:
        raise CaseError(
            "the study has no axis of seeds; spread and confidence need several draws of the mat: "
            "vary cell.framework.seed."
        )
    return study.seeds


def designs_of(study: Study) -> list[Design]:
    """Designs of the study in the order of the table."""
    return [Design(name) for name in dict.fromkeys(study.table["design"])]


def others(study: Study, *axes: Axis | None) -> list[Axis]:
    """The study's axes but these."""
    return [axis for axis in study.axes if axis not in axes]


def settings(table: pd.DataFrame, axes: Sequence[Axis]) -> Iterator[tuple[dict[str, object], pd.DataFrame]]:
    """Every combination of the axes' values (column -> value) with its rows, in the order of the table."""
    columns = [axis.column for axis in axes]
    if not columns:
        yield {}, table
        return
    for key, rows in table.groupby(columns, sort=False, dropna=False):
        yield dict(zip(columns, key, strict=True)), rows


def is_text(table: pd.DataFrame, axis: Axis) -> bool:
    """Whether an axis holds text, such as the gap convention."""
    return not pd.api.types.is_numeric_dtype(table[axis.column])
