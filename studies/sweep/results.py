"""The table of a study: read off the store at any time, written as results.csv and results.parquet."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fem.trust import Check, missed
from meshes.paraview import write_atomically
from studies.compare import COLUMNS
from studies.errors import CaseError
from studies.sweep.plan import Sweep
from studies.sweep.points import Point, points
from studies.sweep.store import Store
from studies.sweep.study import Study

HEAD = ("point", "design", "status", "reason")


def read_study(folder: Path | str) -> Study:
    """The study in a folder as it stands, also while it runs: `read_study("out/sweep").table`.

    Raises CaseError if the folder holds no study of this version.
    """
    store = Store.of(folder)
    sweep = Sweep.from_dict(store.asked())
    return study(store, sweep, list(points(sweep)))


def study(store: Store, sweep: Sweep, rows: Sequence[Point]) -> Study:
    """The study of a sweep's points with what the store holds of them."""
    import pandas as pd

    known: dict[str, dict[str, Any]] = {}
    found = []
    for point in rows:
        head = {"point": point.number, "design": str(point.design)}
        if point.case is None:
            found.append({**head, "status": "failed", "reason": point.problem, **point.values})
            continue
        if point.id not in known:
            known[point.id] = _stored(store, point.id)
        found.append({**head, **known[point.id], **point.values})
    axes = sweep.axis_columns
    metrics = dict.fromkeys([*COLUMNS, *(key for row in found for key in row)])
    columns = [*HEAD, *(axis.column for axis in axes)]
    metrics.pop("file", None)
    columns += [key for key in metrics if key not in columns and any(key in row for row in found)]
    columns.append("file")
    return Study(
        title=sweep.title, about=sweep.about.strip(), axes=axes, table=pd.DataFrame(found, columns=columns)
    )


def write(study: Study, folder: Path) -> None:
    """Write results.csv and results.parquet into ``folder``, each in one step."""
    write_atomically(folder / "results.csv", lambda path: study.table.to_csv(path, index=False))
    write_atomically(folder / "results.parquet", lambda path: study.table.to_parquet(path, index=False))


def _stored(store: Store, name: str) -> dict[str, Any]:
    if not store.holds(name):
        return {"status": "missing", "reason": "not computed yet"}
    try:
        record = store.point(name)
    except CaseError as error:
        return {"status": "missing", "reason": str(error)}
    file, status = f"points/{name}.json", record["status"]
    reason = _distrust(record) if status == "not trusted" else record["reason"]
    return {"status": status, "reason": reason, **record.get("metrics", {}), "file": file}


def _distrust(record: Mapping[str, Any]) -> str:
    """Why a stored point is not to be trusted: checks with their values and limits."""
    checks = [{**check, "value": _number(check["value"])} for check in record.get("trust", ())]
    return missed(Check(**check) for check in checks) or str(record["reason"])


def _number(value: float | None) -> float:
    """A number that JSON holds as null where it is not finite."""
    return math.nan if value is None else float(value)
