"""Every number that went into a case, with its unit and its source; reports and results list them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from studies import build
from studies.errors import metadata_of
from studies.fields import Source
from studies.tables import GivenFibre
from studies.units import Unit, shown

if TYPE_CHECKING:
    from studies.case import Case

GIVEN = "given in the case"


@dataclass(frozen=True)
class Parameter:
    """One input: dotted name, value as a person writes it, where it comes from."""

    name: str
    value: str
    source: str


def parameters(case: Case) -> list[Parameter]:
    """All inputs of a case in the order of its tables, defaults included."""
    found = list(_table(case, ""))
    law = build.electrolyte_law(case)
    place = next(n for n, p in enumerate(found) if p.name == "electrolyte.law")
    found[place] = Parameter(
        "electrolyte.law", case.electrolyte.law, f"{found[place].source}; {law.reference}"
    )
    for surface, like in (("foil", "fibres"), ("counter", "foil")):
        if getattr(case.kinetics, surface) is None:
            found.append(Parameter(f"kinetics.{surface}", f"as kinetics.{like}", "default"))
    return found


def _table(table: BaseModel, name: str) -> Iterator[Parameter]:
    for key, field in type(table).model_fields.items():
        value = getattr(table, key)
        dotted = f"{name}.{key}" if name else key
        if isinstance(value, BaseModel):
            yield from _table(value, dotted)
        elif isinstance(value, tuple) and value and isinstance(value[0], GivenFibre):
            diameters = [fibre.diameter for fibre in value]
            thin, thick = shown(min(diameters), "m", "um"), shown(max(diameters), "m", "um")
            text = f"{len(value)} fibres, {thin} to {thick}"
            yield Parameter(dotted, text, GIVEN)
        elif value is not None:
            yield Parameter(dotted, _text(value, field), _source(table, key, field))


def _text(value: Any, field: FieldInfo) -> str:
    unit = next((part for part in metadata_of(field) if isinstance(part, Unit)), None)
    if unit is not None and isinstance(value, float):
        return shown(value, unit.si, unit.symbol)
    if isinstance(value, tuple):
        return ", ".join(str(entry) for entry in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _source(table: BaseModel, key: str, field: FieldInfo) -> str:
    known = next((part.text for part in metadata_of(field) if isinstance(part, Source)), "")
    if key not in table.model_fields_set:
        return f"default: {known}" if known else "default"
    same = not field.is_required() and getattr(table, key) == field.get_default(call_default_factory=False)
    return f"{GIVEN}; {known}" if same and known and known != "assumed" else GIVEN
