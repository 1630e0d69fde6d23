"""Which current densities: listed, spanned, or chosen from what is known of the limiting currents."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np
from pydantic_core import PydanticCustomError

from geometry.designs import Design
from studies import limits
from studies.case import Case
from studies.errors import CaseError
from studies.units import Unit, shown

COUNT = 12  # points of a series that the program chooses
NEAREST = 0.95  # of the limiting current known before solving, where such a series ends
_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*)")
CURRENT = Unit("A/m^2", "10 mA/cm^2", above=0.0)


def listed(text: str, option: str = "--currents") -> tuple[float, ...]:
    """Currents [A/m2] of "1, 2, 5 mA/cm^2": a number without a unit takes that of the next one with it."""
    entries = [entry.strip() for entry in text.split(",")]
    if not all(entries):
        raise CaseError(
            f'{option} is "{text}", which has an empty place; write it like "1, 2, 5 {CURRENT.symbol}".'
        )
    unit, found = "", []
    for entry in reversed(entries):
        match = _NUMBER.fullmatch(entry)
        if match is None:
            quantity(entry, option)  # says what is wrong with it
            continue
        unit = match[2] or unit
        found.append(quantity(f"{match[1]} {unit}", option))
    return checked(found[::-1], option)


def quantity(text: str, option: str) -> float:
    """One current density [A/m2] > 0 with its unit."""
    try:
        return CURRENT.read(text.strip())
    except PydanticCustomError as error:
        raise CaseError(f"{option} {error.message()}.") from error


def spanned(first: float, last: float, count: int, *, logarithmic: bool = False) -> tuple[float, ...]:
    """So many currents [A/m2] from the first to the last, evenly spaced or evenly in their logarithm."""
    if not first < last:
        raise CaseError(
            f"--from is {shown(first, 'A/m^2', 'mA/cm^2')} and --to {shown(last, 'A/m^2', 'mA/cm^2')}; "
            "--to must be the larger one."
        )
    if count < 2:
        raise CaseError(f"--count is {count}; a series from one current to another has at least 2 points.")
    space = np.geomspace if logarithmic else np.linspace
    return tuple(float(f"{current:.12g}") for current in space(first, last, count))


def checked(currents: Iterable[float], name: str = "currents") -> tuple[float, ...]:
    """The currents [A/m2] in ascending order; CaseError for none at all, one twice or one not > 0."""
    found = sorted(float(current) for current in currents)
    if not found:
        raise CaseError(f'{name} is empty; give at least one current density, such as "{CURRENT.example}".')
    for current in found:
        if not (math.isfinite(current) and current > 0.0):
            raise CaseError(f"{name} has {current:g} A/m^2; each current density must be finite and above 0.")
    for current, following in pairwise(found):
        if following - current <= 1e-9 * following:
            raise CaseError(f"{name} has {shown(current, 'A/m^2', 'mA/cm^2')} twice; leave one of them out.")
    return tuple(found)


def automatic(case: Case, designs: Sequence[Design], count: int = COUNT) -> dict[Design, tuple[float, ...]]:
    """Evenly spaced currents [A/m2] that the designs share, each up to 0.95 of its own limiting current.

    The limit is that of all reaction at the anode plane (`limits.bracket`): exact for flat designs, a low
    estimate for mats. The series spans the largest of them; every design ends with a point of its own.
    """
    if count < 2:
        raise CaseError(f"--count is {count}; a series of currents has at least 2 points.")
    ends: Mapping[Design, float] = {design: NEAREST * limits.bracket(case, design)[0] for design in designs}
    unknown = [design for design, end in ends.items() if math.isnan(end)]
    if unknown:
        raise CaseError(
            f"no limiting current is known for design {unknown[0]}, whose mat is too dense for the estimate; "
            f'name the currents, such as --currents "1, 2, 5 {CURRENT.symbol}".'
        )
    last = max(ends.values())
    shared = [_tidy(last * k / count) for k in range(1, count)]
    shared = list(dict.fromkeys(shared))  # many of them have the same three digits
    return {design: (*(i for i in shared if i < 0.97 * end), end) for design, end in ends.items()}


def _tidy(current: float) -> float:
    """Three digits: a current that a person can read."""
    return float(f"{current:.3g}")
