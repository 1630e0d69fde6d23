"""The points of a sweep: one design at one combination of values, named by what determines its result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from geometry.designs import Design
from studies import build
from studies.case import Case
from studies.errors import CaseError
from studies.sweep import axes
from studies.sweep.axes import Value
from studies.sweep.changes import changed
from studies.sweep.plan import Sweep

IDENTITY = 1
"""To be raised whenever the same inputs give another result."""
CONDUCTING = (Design.FRAMEWORK, Design.BILAYER)


@dataclass(frozen=True, kw_only=True)
class Point:
    """One design at one combination of values.

    number: its row in the table, from 1. values: by column, SI numbers or text. case: None where the values
    make no case, for the reason in ``problem``.
    """

    number: int
    design: Design
    values: Mapping[str, Any]
    case: Case | None
    problem: str = ""

    @cached_property
    def id(self) -> str:
        """Name of the result: the same for all points that a design cannot tell apart."""
        assert self.case is not None
        return digest([IDENTITY, self.design, determining(self.case, self.design)])

    @cached_property
    def geometry(self) -> str:
        """Name of the geometry that all designs of the combination share."""
        assert self.case is not None
        return digest([IDENTITY, geometry(self.case)])


def points(sweep: Sweep) -> Iterator[Point]:
    """All points in the order of the table: combinations, and for each of them the designs."""
    number, which = 0, sweep.which
    fields = {varied.axis.column: varied.axis.field for varied in sweep.varied}
    for setting in sweep.settings():
        tables = changed(sweep.tables, setting)
        values = {column: _si(setting[field], field, sweep.tables) for column, field in fields.items()}
        for design in which:
            number += 1
            case, problem = None, ""
            try:
                case = Case.from_dict({**tables, "designs": [str(design)]})
            except CaseError as error:
                problem = " ".join(error.problems)
            yield Point(number=number, design=design, values=values, case=case, problem=problem)


def determining(case: Case, design: Design) -> dict[str, Any]:
    """The inputs that decide the result of a design: without those of parts that it does not have.

    The gap convention is in the thickness of its separator: a planar cell does not know of the mat that it is
    compared with, and a cell that lacks nothing is the same in both.
    """
    inputs = case.to_dict()
    cell = inputs["cell"]
    del cell["gap"]
    cell["separator"]["thickness"] = build.cell(case).separator_of(design)
    for part, there in (
        ("framework", design.has_framework),
        ("ionic_layer", design.has_ionic_layer),
        ("rough", design.is_rough),
    ):
        if not there:
            cell.pop(part, None)
    if design in CONDUCTING:
        surfaces = ("fibres", "foil", "counter")
    else:
        surfaces = ("foil", "counter")
        if design is Design.INSULATING_MAT:
            for key in ("conductivity", "contact_resistance", "equipotential"):
                cell["framework"].pop(key)
    kinetics = {name: case.kinetics.on(name).model_dump(mode="json") for name in surfaces}
    return {
        "cell": cell,
        "kinetics": kinetics,
        **{name: inputs[name] for name in ("electrolyte", "operation", "mesh")},
    }


def geometry(case: Case) -> dict[str, Any]:
    """The inputs that decide the shapes and meshes of all designs."""
    inputs = case.to_dict()
    cell = inputs["cell"]
    for key in ("conductivity", "contact_resistance", "equipotential"):
        cell.get("framework", {}).pop(key, None)
    for part in ("ionic_layer", "separator"):
        if part in cell:
            cell[part] = {"thickness": cell[part]["thickness"]}
    return {"cell": cell, "mesh": inputs["mesh"]}


def digest(identity: Any) -> str:
    """Sixteen hexadecimal digits of the SHA-256 of plain data."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]


def _si(value: Value, field: str, base: Mapping[str, Any]) -> Any:
    """A value as the table shows it: SI number, or text."""
    read = axes.read(axes.lookup(field, base), value)
    return read if isinstance(read, (int, float)) and not isinstance(read, bool) else str(value)
