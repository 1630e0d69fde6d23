"""What holds on a surface and between two regions: grounds, electrodes, contacts."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, get_args

from fem.parameters import not_negative
from fem.reaction import Kinetics

Terminal = Literal["anode", "counter"]


LOWEST_RESISTANCE = 1e-9
"""[ohm m2], below which 1e-17 V of rounding over the resistance shows as a current (1e-10 of 100 A/m2)."""


class ModelError(ValueError):
    """The model or its control does not fit the mesh or is not determined; the text says what to change."""


@dataclass(frozen=True, kw_only=True)
class Grounded:
    """A surface of a conductor on the anode plane (fibre feet): phi_s = 0, or a contact resistance to 0 V.

    With a contact resistance R the current density into the conductor is i = (0 - phi_s)/R.
    """

    resistance: float = 0.0  # R_cont [ohm m2]

    def __post_init__(self) -> None:
        not_negative("contact resistance", self.resistance, "ohm m2", "1 ohm cm2 is 1e-4 ohm m2")


@dataclass(frozen=True, kw_only=True)
class FixedPotential:
    """phi = potential [V] on a surface of a conductor, or of an electrolyte without salt."""

    potential: float  # [V]

    def __post_init__(self) -> None:
        if not math.isfinite(self.potential):
            raise ModelError(f"FixedPotential needs a finite potential in V, got {self.potential}")


@dataclass(frozen=True)
class Electrode:
    """A metal surface with charge transfer, seen by the electrolyte and wired to a terminal.

    The terminal "anode" is at 0 V, the terminal "counter" at the cell voltage.
    """

    kinetics: Kinetics
    terminal: Terminal = field(kw_only=True)

    def __post_init__(self) -> None:
        if self.terminal not in get_args(Terminal):
            raise ModelError(
                f"terminal must be one of {', '.join(get_args(Terminal))}, got {self.terminal!r}"
            )


@dataclass(frozen=True, kw_only=True)
class Blocking:
    """No charge transfer between the two regions of an interface."""


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Two conductors, or two electrolytes of which one holds no salt, that exchange the same carrier.

    i = (phi_1 - phi_2)/R; with R = 0 the potential is continuous: phi_e is that of lithium ions, so there is
    no further jump where a liquid meets a single-ion conductor. No anion crosses.
    """

    resistance: float = 0.0  # R_cont or R_j [ohm m2]

    def __post_init__(self) -> None:
        not_negative("contact resistance", self.resistance, "ohm m2", "1 ohm cm2 is 1e-4 ohm m2")
        if 0.0 < self.resistance < LOWEST_RESISTANCE:
            raise ModelError(
                f"a contact resistance of {self.resistance:g} ohm m2 drops less than potentials are rounded; "
                f"use 0 for none, or at least {LOWEST_RESISTANCE:g} ohm m2"
            )


Boundary = Grounded | FixedPotential | Electrode
Interface = Kinetics | Blocking | Contact
