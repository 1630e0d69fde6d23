"""Quantities of case files: text with a unit in, SI numbers inside, text with a unit out.

A field of a case is declared as ``Annotated[float, Unit("m", "16 um", above=0.0)]``: it reads ``"16 um"``,
holds 1.6e-5 and is written back as ``"1.6e-05 m"``, which reads to the same number again.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import pint
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

_TEXT = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(\S.*?)?\s*")


@cache
def registry() -> pint.UnitRegistry:
    """The one unit registry of the program (made when first needed, since it takes half a second)."""
    return pint.UnitRegistry()


def shown(value: float, si: str, unit: str) -> str:
    """``value`` [si] as text in ``unit``, at most six digits: 100.0 A/m^2 in mA/cm^2 is "10 mA/cm^2"."""
    if unit == si:
        return f"{value:.6g} {unit}"
    return f"{_round(registry().Quantity(value, si).to(unit).magnitude):.6g} {unit}"


def printed(unit: str) -> str:
    """A unit as it is printed: mA/cm^2 is mA/cm², ohm*cm^2 is Ω cm²."""
    return (
        unit.replace("um", "µm").replace("ohm", "Ω").replace("^2", "²").replace("^3", "³").replace("*", " ")
    )


def _round(value: float) -> float:
    """15 digits: undoes the rounding of a unit's factor (1 mol/L is 1000, not 999.9999999999999 mol/m^3)."""
    return float(f"{value:.15g}")


@dataclass(frozen=True)
class Unit:
    """Unit of one field: ``si`` inside, ``example`` for messages, bounds in SI units."""

    si: str
    example: str
    above: float | None = None
    at_least: float | None = None

    @property
    def symbol(self) -> str:
        """The unit a person reads: that of the example."""
        return self.example.split(maxsplit=1)[1]

    @property
    def factor(self) -> float:
        """What an SI number is multiplied with to be read in the unit of the example."""
        return _round(float(registry().Quantity(1.0, self.si).to(self.symbol).magnitude))

    @property
    def suffix(self) -> str:
        """The SI unit at the end of a result key: A/m^2 is _A_m2."""
        return "_" + re.sub(r"[/*]", "_", self.si).replace("^", "")

    def read(self, given: Any) -> float:
        """SI number from ``"16 um"``; every objection is a half sentence that continues a field's name."""
        if isinstance(given, bool) or not isinstance(given, (str, int, float, pint.Quantity)):
            raise _objection(
                f'must be text with a number and a unit, such as "{self.example}", not {given!r}'
            )
        if isinstance(given, (int, float)):
            raise _objection(
                f'is {given:g} without a unit; write it as text with a unit, such as "{self.example}"'
            )
        value = self._checked(self._magnitude(given), str(given))
        return value

    def _magnitude(self, given: str | pint.Quantity) -> float:
        if not isinstance(given, str):
            quantity = given
        else:
            match = _TEXT.fullmatch(given)
            if match is None:
                raise _objection(
                    f'is "{given}", which is no number with a unit; write it like "{self.example}"'
                )
            number, unit = match.groups()
            if unit is None:
                raise _objection(f'is "{given}" without a unit; write it like "{self.example}"')
            try:
                quantity = registry().Quantity(float(number), unit)
            except Exception as error:  # pint raises a dozen kinds, down to TokenError
                raise _objection(
                    f'is "{given}", whose unit is unknown; write it like "{self.example}"'
                ) from error
        try:
            return float(quantity.to(self.si).magnitude)
        except pint.DimensionalityError as error:
            raise _objection(
                f'is "{given}", a unit of another kind of quantity; it needs one that converts to {self.si}, '
                f'such as "{self.example}"'
            ) from error

    def _checked(self, value: float, given: str) -> float:
        if not math.isfinite(value):
            raise _objection(f'is "{given}", which is not finite; write it like "{self.example}"')
        value = _round(value)
        for bound, word, fine in (
            (self.above, "above", self.above is None or value > self.above),
            (self.at_least, "at least", self.at_least is None or value >= self.at_least),
        ):
            if bound is not None and not fine:
                raise _objection(f'is "{given}"; it must be {word} {bound:g}, for example "{self.example}"')
        return value

    def write(self, value: float) -> str:
        """Text that reads back to the same number."""
        return f"{value!r} {self.si}"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.read, serialization=core_schema.plain_serializer_function_ser_schema(self.write)
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        limits = {"above": self.above, "at least": self.at_least}
        told = ", ".join(f"{word} {bound:g} {self.si}" for word, bound in limits.items() if bound is not None)
        kind = f"a number with a unit that converts to {self.si}"
        return {
            "type": "string",
            "description": f"{kind}, {told}" if told else kind,
            "examples": [self.example],
        }


def _objection(sentence: str) -> PydanticCustomError:
    return PydanticCustomError("quantity", "{sentence}", {"sentence": sentence})
