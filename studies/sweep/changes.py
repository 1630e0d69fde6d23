"""Other values for some fields of a case, and what cannot be given together."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from studies.errors import CaseError
from studies.sweep import axes

EITHER = {
    "operation.current_density": "operation.cell_voltage",
    "operation.cell_voltage": "operation.current_density",
}
"""Fields of which a case has one only: giving one takes the other away."""


def changed(tables: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The tables of a case with other values of some fields, by dotted name.

    What the tables have beside a field, but a case cannot have beside its new value, is taken away: the other
    one of `EITHER`, and with another kind or law the keys of the former one.
    """
    out = copy.deepcopy(dict(tables))
    for field, value in values.items():
        table = _table(out, field)
        rival = EITHER.get(field, "").rpartition(".")[2]
        for key in {rival, *axes.foreign_keys(field, value)} & table.keys():
            del table[key]
    for field, value in values.items():
        _table(out, field)[field.rpartition(".")[2]] = value
    return out


def _table(tables: dict[str, Any], field: str) -> dict[str, Any]:
    """The table that a field stands in, made if there is none."""
    table = tables
    for part in field.split(".")[:-1]:
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise CaseError(f"{field} cannot be set, since {part} is {table!r} and no table.")
    return table


def require_one_place(varied: Sequence[str], fixed: Sequence[str]) -> None:
    """Raise CaseError for a field that is given twice, under axes or under ``set``, or beside its rival."""
    for field in varied:
        if varied.count(field) > 1:
            raise CaseError(f"axis {field} is varied in two places; keep one of them.")
        if field in fixed:
            raise CaseError(f"{field} is both set and varied; keep one of them.")
    for field in (*varied, *fixed):
        other = EITHER.get(field)
        if other in varied or other in fixed:
            ways = " and ".join(
                f"{name} ({'varied' if name in varied else 'set'})" for name in (field, other)
            )
            raise CaseError(f"the sweep gives {ways}, and a cell has one of them only; keep one.")
