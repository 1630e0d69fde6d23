"""Points that nothing beats: the Pareto front among objectives that pull in different directions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from studies.errors import CaseError
from studies.sweep.statistics.selection import others, require_metrics, select
from studies.sweep.study import Axis, Study

Aim = Literal["least", "most"]
AIMS = ("least", "most")
OPERATING = ("operation.current_density", "operation.cell_voltage")
"""Fields at which a cell is operated: a lower current is no better cell."""


def front(costs: ArrayLike) -> NDArray[np.bool_]:
    """Whether each row of costs (n_points, n_objectives), all to be small, is dominated by no other row.

    a dominates b when a <= b in every objective and a < b in one (Kung, Luccio and Preparata 1975, J. ACM 22,
    469, doi:10.1145/321906.321910). Equal rows stay together; rows with NaN are never on the front. Sorted
    by the objectives in turn, a row can be dominated by earlier ones only, and by one of the front if at all.
    """
    values = np.asarray(costs, dtype=float)
    on_front = np.zeros(len(values), dtype=bool)
    known = np.flatnonzero(~np.isnan(values).any(axis=1))
    kept = np.empty((0, values.shape[1]))
    for row in known[np.lexsort(values[known].T[::-1])]:
        point = values[row]
        dominated = (kept <= point).all(axis=1) & (kept < point).any(axis=1)
        if not dominated.any():
            on_front[row] = True
            kept = np.vstack([kept, point])
    return on_front


def pareto(study: Study, objectives: Mapping[str, Aim]) -> pd.DataFrame:
    """Candidates of all designs with ``on_front``: whether no other at the same operating point is at least
    as good in all objectives.

    Where the current density or the cell voltage is an axis, each of its values has a front of its own.
    objectives: result key -> "least" or "most". Columns: ``design``, the axes but the seeds, the objectives
    (SI; means over the seeds, since the luckiest draw of a mat is no design), ``points`` (trusted points
    behind a row), ``point`` (number of the first), ``on_front``. Points without a trusted number of every
    objective do not enter.
    """
    require_metrics(study, tuple(objectives))
    if len(objectives) < 2:
        raise CaseError("a Pareto front needs two objectives or more, such as cell voltage and peak current.")
    for metric, aim in objectives.items():
        if aim not in AIMS:
            raise CaseError(f'objective {metric} is to be "{aim}"; use "least" or "most".')
    keys = ["design", *(axis.column for axis in others(study, study.seeds))]
    rows = select(study.table, tuple(objectives)).rows
    grouped = rows.groupby(keys, sort=False, dropna=False)
    table = grouped[list(objectives)].mean()
    table["points"], table["point"] = grouped.size(), grouped["point"].first()
    signs = np.array([1.0 if aim == "least" else -1.0 for aim in objectives.values()])
    table["on_front"] = False
    table = table.reset_index()
    at = [axis.column for axis in operating(study)]
    for _, members in table.groupby(at, sort=False) if at else [((), table)]:
        table.loc[members.index, "on_front"] = front(members[list(objectives)].to_numpy() * signs)
    return table


def operating(study: Study) -> list[Axis]:
    """The axes of a study that change the operating point."""
    return [axis for axis in study.axes if axis.field in OPERATING]
