"""The sizes: the shipped random mat, wider and thicker, with all its settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from studies.case import Case
from studies.errors import CaseError


@dataclass(frozen=True, kw_only=True)
class Rung:
    """One size, by the name of its unknowns in the equilibrated form.

    Fibres cross the whole width: beyond some 28 µm they hinder each other so much that none of 1 µm packs to
    porosity 0.85, hence large cells are thick ones.
    """

    name: str
    width: float  # and depth [m]
    thickness: float = 16e-6  # of the mat [m]


RUNGS = (
    Rung(name="20k", width=8e-6),
    Rung(name="80k", width=16e-6),
    Rung(name="300k", width=25e-6, thickness=27e-6),
    Rung(name="1400k", width=25e-6, thickness=121e-6),
)
"""Smallest first; 300k has 1.3 million tetrahedra."""


def chosen(names: Sequence[str], rungs: Sequence[Rung] = RUNGS) -> tuple[Rung, ...]:
    """The rungs of these names, smallest first; all if none is named. Raises CaseError for unknown ones."""
    known = {rung.name: rung for rung in rungs}
    for name in names:
        if name not in known:
            raise CaseError(f'there is no size "{name}"; use one of: {", ".join(known)}.')
    return tuple(rung for rung in rungs if not names or rung.name in names)


def up_to(name: str, rungs: Sequence[Rung] = RUNGS) -> tuple[Rung, ...]:
    """The rungs up to this one, it included; none for "none". Raises CaseError for an unknown one."""
    if name == "none":
        return ()
    (last,) = chosen([name], rungs)
    return tuple(rung for rung in rungs if rung.width**2 * rung.thickness <= last.width**2 * last.thickness)


def case_of(
    base: Case,
    width: float,
    *,
    thickness: float | None = None,
    current_density: float | None = None,
    exchange_current: float | None = None,
) -> Case:
    """The bilayer of a case on another width and mat thickness [m], current and exchange current [A/m2]."""
    data = base.to_dict()
    data["designs"] = ["bilayer"]
    data["cell"] |= {"width": f"{width!r} m", "depth": f"{width!r} m"}
    if thickness is not None:
        data["cell"]["framework"]["thickness"] = f"{thickness!r} m"
    if current_density is not None:
        data["operation"] = {"current_density": f"{current_density!r} A/m^2"}
    if exchange_current is not None:
        for table in data["kinetics"].values():
            table["exchange_current"] = f"{exchange_current!r} A/m^2"
    return Case.from_dict(data)
