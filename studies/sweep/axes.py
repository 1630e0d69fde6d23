"""One varied field of a case: which field, how it is called and shown, and its values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, Strict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from studies.case import Case
from studies.errors import CaseError, Known, known_keys, nearest, objection_to
from studies.fields import Table
from studies.sweep.study import Axis, Kind
from studies.units import Unit, printed, shown

MOST_POINTS = 100_000  # of a sweep, and values of an axis
SEED = "cell.framework.seed"
NO_AXES = {
    "designs": "name the designs of a sweep under designs = [...]",
    "title": "a sweep has a title of its own",
    "cell.framework.csv": "a sweep keeps the fibres of the file, so take a case and a sweep for each file",
}
"""Fields that are neither varied nor set, and what to do instead."""
Scale = Literal["linear", "log"]
Value = float | int | str | bool | list[Any]


class Ends(Table):
    """The two ends of a range, in the units of the field."""

    start: Annotated[int | float | str, Field(alias="from", examples=['"1 mA/cm^2"'])]
    to: Annotated[int | float | str, Field(examples=['"100 mA/cm^2"'])]
    scale: Scale = "linear"


class Range(Ends):
    """Values from one end to the other, both included: ``count`` of them, or every whole number."""

    count: Annotated[int, Strict(), Field(ge=2, le=100_000, examples=["5"])] | None = None


@dataclass(frozen=True, kw_only=True)
class Varied:
    """A field with its values, as they are put into the tables of a case."""

    axis: Axis
    values: Sequence[Value]


def listed(field: str, given: Sequence[Any] | Range, base: Mapping[str, Any]) -> Varied:
    """An axis from a list or a range. Raises CaseError with one sentence: field, value, what to do."""
    known = lookup(field, base)
    if isinstance(given, Range):
        return Varied(
            axis=_axis(known, base, "range", logarithmic=given.scale == "log"), values=_spaced(known, given)
        )
    values = tuple(given)
    if not values:
        raise CaseError(f"axis {field} has an empty list; give at least one value, such as {known.example}.")
    for value in values:
        read(known, value)
    return Varied(axis=_axis(known, base, "list"), values=values)


def sampled(field: str, ends: Ends, positions: np.ndarray, base: Mapping[str, Any]) -> Varied:
    """An axis with values at positions (n,) between 0 and 1 from end to end."""
    known = lookup(field, base)
    low, high = _ends(known, ends)
    if isinstance(low, int):
        raise CaseError(
            f"hypercube axis {field} counts whole numbers, which cannot be sampled; list them in [axes]."
        )
    values = _between(known, low, high, ends.scale, positions)
    return Varied(axis=_axis(known, base, "sample", logarithmic=ends.scale == "log"), values=values)


def require_shape(field: str, given: Any) -> None:
    """Raise CaseError unless an axis is a list or the table of a range."""
    if isinstance(given, (list, tuple)):
        return
    if not isinstance(given, Mapping):
        raise CaseError(f"axis {field} is {given!r}; give a list of values, or put one value under [set].")
    _require_keys(field, given, Range, "A range is { from = ..., to = ..., count = 5 }")


def require_ends(cube: Any) -> None:
    """Raise CaseError unless every axis of a hypercube, where there are any, is the table of two ends."""
    given = cube.get("axes") if isinstance(cube, Mapping) else None
    for field, ends in given.items() if isinstance(given, Mapping) else ():
        whole = "An axis of a hypercube is { from = ..., to = ... }, and it has as many values as points"
        if not isinstance(ends, Mapping):
            raise CaseError(f"axis {field} is {ends!r}. {whole}; list values in [axes].")
        _require_keys(field, ends, Ends, whole)


def _require_keys(field: str, given: Mapping[Any, Any], model: type[Ends], whole: str) -> None:
    known = [info.alias or name for name, info in model.model_fields.items()]
    for key in given:
        if key not in known:
            hint = nearest(str(key), known) or f" (known here: {', '.join(known)})."
            raise CaseError(
                f'axis {field} has "{key}", which is no part of it{hint} {whole}; dotted names stand in '
                "quotes."
            )


def require_different(axes: Sequence[Varied], base: Mapping[str, Any]) -> None:
    """Raise CaseError if a combination of values that advance together comes twice."""
    knowns = [lookup(varied.axis.field, base) for varied in axes]
    seen = set()
    for together in zip(*(varied.values for varied in axes), strict=True):
        key = repr([read(known, value) for known, value in zip(knowns, together, strict=True)])
        if key in seen:
            names = " and ".join(varied.axis.field for varied in axes)
            values = " and ".join(str(value) for value in together)
            raise CaseError(f"axis {names} has {values} twice; each value (each seed) counts once.")
        seen.add(key)


def lookup(field: str, base: Mapping[str, Any]) -> Known:
    """The field of a case with this dotted name, of the kind or law that the case has."""
    found = _named(field)
    if not found:
        hint = nearest(field, [known.dotted for known in _fields()])
        raise CaseError(
            f'"{field}" is not a field of a case{hint or "; see bilayer schema for all of them."}'
        )
    if field in NO_AXES:
        raise CaseError(f"{field} is no axis; {NO_AXES[field]}.")
    if _tells_variants_apart(found):
        return _of_any_variant(found)
    table: Any = base
    for part in found[0].table.split("."):
        table = table.get(part, {}) if isinstance(table, Mapping) else {}
    told = [table.get("kind"), table.get("law")] if isinstance(table, Mapping) else []
    mine = {name for name in told if isinstance(name, str)}
    return next((known for known in found if set(known.variants) & mine), found[0])


def foreign_keys(field: str, value: Any) -> set[str]:
    """Keys that the table of a kind or law cannot have beside this value of it; none for other fields."""
    found = _named(field)
    if not _tells_variants_apart(found):
        return set()
    beside = [known for known in _fields() if known.table == found[0].table]
    return {known.key for known in beside} - {known.key for known in beside if value in known.variants}


@cache
def _named(field: str) -> tuple[Known, ...]:
    return tuple(known for known in _fields() if known.dotted == field)


def _tells_variants_apart(found: Sequence[Known]) -> bool:
    """Whether the field (with its variants) is the kind or law that says which variant a table is."""
    return bool(found) and bool(found[0].variants) and found[0].key in ("kind", "law")


def _of_any_variant(found: Sequence[Known]) -> Known:
    """A kind or law with the choices of all variants."""
    choices = tuple(choice for known in found for choice in known.variants)
    info = FieldInfo.from_annotation(Literal[choices])  # pyright: ignore[reportArgumentType]
    return replace(found[0], example=f'"{choices[0]}"', variants=choices, info=info)


def read(known: Known, value: Any) -> Any:
    """The value as a case holds it (SI); CaseError if this field cannot have it."""
    try:
        return TypeAdapter(known.info.rebuild_annotation()).validate_python(value)
    except ValidationError as error:
        told = objection_to(error)
        raise CaseError(f"{known.dotted} {told}{'' if told.endswith('?') else '.'}") from error


@cache
def _fields() -> tuple[Known, ...]:
    return tuple(known_keys(Case))


def _axis(known: Known, base: Mapping[str, Any], kind: Kind, *, logarithmic: bool = False) -> Axis:
    unit = known.unit
    return Axis(
        field=known.dotted,
        column=known.dotted + (unit.suffix if unit else ""),
        label=_label(known.dotted) + _followers(known.dotted, base),
        unit=printed(unit.symbol) if unit else "",
        factor=unit.factor if unit else 1.0,
        kind="seed" if known.dotted == SEED else kind,
        logarithmic=logarithmic,
    )


def _label(field: str) -> str:
    """Words for a field: "cell.framework.thickness" is "framework thickness"."""
    parts = field.split(".")
    plain = parts[1:] if parts[0] in ("cell", "kinetics", "operation", "electrolyte") else parts
    return " ".join(plain).replace("_", " ").replace("macmullin", "MacMullin number")


def _followers(field: str, base: Mapping[str, Any]) -> str:
    """Which surfaces have the same kinetics, since the case gives them none of their own."""
    given, follow = base.get("kinetics", {}), []
    if field.startswith("kinetics.fibres.") and "foil" not in given:
        follow.append("foil")
    if field.startswith(("kinetics.fibres.", "kinetics.foil.")) and "counter" not in given:
        follow += ["counter"] if follow or field.startswith("kinetics.foil.") else []
    return f" ({' and '.join(follow)} alike)" if follow else ""


def _ends(known: Known, ends: Ends) -> tuple[Any, Any]:
    low, high = read(known, ends.start), read(known, ends.to)
    for given, value in ((ends.start, low), (ends.to, high)):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise CaseError(
                f"axis {known.dotted} has {given!r} as an end of a range; list its values instead."
            )
    if not low < high:
        raise CaseError(
            f"axis {known.dotted} goes from {ends.start} to {ends.to}; the first must be the smaller one."
        )
    if ends.scale == "log" and low <= 0:
        raise CaseError(f"axis {known.dotted} starts at {ends.start}, where a logarithmic scale cannot.")
    return low, high


def _spaced(known: Known, given: Range) -> Sequence[Value]:
    low, high = _ends(known, given)
    if isinstance(low, int) and isinstance(high, int):
        if given.count is not None or given.scale == "log":
            raise CaseError(
                f"axis {known.dotted} counts whole numbers, all of them from {low} to {high}; leave count "
                "and scale out, or list the values."
            )
        if high - low >= MOST_POINTS:
            raise CaseError(f"axis {known.dotted} has more than {MOST_POINTS:,} values; shorten it.")
        return range(low, high + 1)
    if given.count is None:
        raise CaseError(
            f"axis {known.dotted} is a range without count; say how many values, such as count = 5."
        )
    return _between(known, low, high, given.scale, np.linspace(0.0, 1.0, given.count))


def _between(known: Known, low: float, high: float, scale: Scale, positions: np.ndarray) -> tuple[Value, ...]:
    """Values at positions (n,) from 0 to 1, to six digits in the unit that people read."""
    values = low * (high / low) ** positions if scale == "log" else low + (high - low) * positions
    unit = known.unit
    return tuple(_written(float(value), unit) for value in values)


def _written(value: float, unit: Unit | None) -> Value:
    return shown(value, unit.si, unit.symbol) if unit else float(f"{value:.6g}")
