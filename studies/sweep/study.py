"""A study as it is read back: what was varied and a table with one row per point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from studies.table import ROWS, Row

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["list", "range", "sample", "seed"]
"""How an axis got its values: listed, a range, a Latin hypercube, or the seeds of random mats."""


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One field of the case that was varied.

    column: its name in the table, where it holds SI numbers (the unit stands at the end of the name) or text.
    label, unit, factor: as people read it, shown = factor * SI; unit is "" for pure numbers and text.
    """

    field: str
    column: str
    label: str
    unit: str = ""
    factor: float = 1.0
    kind: Kind = "list"
    logarithmic: bool = False

    @property
    def title(self) -> str:
        """Label with unit, as on the axis of a figure."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


@dataclass(frozen=True, kw_only=True, eq=False)
class Study:
    """What a sweep found so far.

    table: one row per point in the order of the sweep. Columns: ``point`` (number from 1), ``design``,
    ``status`` ("ok", "not trusted", "failed" or "missing": not computed yet), ``reason``, the axes' columns,
    then the metrics by result key in SI units; NaN where a point has no such number; last ``file``, that of
    the point in the study's folder.
    """

    title: str
    about: str
    axes: tuple[Axis, ...]
    table: pd.DataFrame

    @property
    def done(self) -> pd.DataFrame:
        """The rows that have numbers."""
        return self.table[self.table["status"].isin(("ok", "not trusted"))]

    @property
    def metrics(self) -> tuple[str, ...]:
        """Result keys that are columns of the table."""
        known = {"point", "design", "status", "reason", "file", *(axis.column for axis in self.axes)}
        return tuple(str(column) for column in self.table.columns if column not in known)

    @property
    def seeds(self) -> Axis | None:
        """The axis of seeds, if there is one."""
        return next((axis for axis in self.axes if axis.kind == "seed"), None)


def described(metrics: Sequence[str]) -> list[Row]:
    """How people read these result keys: those of the result table first, in its order."""
    known = {row.key: row for row in ROWS}
    return [known.get(key, Row(key, key)) for key in sorted(metrics, key=lambda k: _place(k, known))]


def _place(key: str, known: dict[str, Row]) -> tuple[int, str]:
    return (list(known).index(key), key) if key in known else (len(known), key)
