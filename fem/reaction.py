"""What a kinetic law answers, and what it has to offer: the `Kinetics` protocol.

Signs: the reaction current is anodic positive (Li -> Li+ + e-), so plating is negative; the driving
force is eta = phi_s - phi_e, both against lithium, whose own potential is 0 at every concentration.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fem.parameters import not_negative, positive

Array = NDArray[np.float64]

LARGEST_EXPONENT = 40.0  # |alpha theta| beyond which exponentials continue as straight lines


class Reaction(NamedTuple):
    """Reaction at given driving forces; arrays of the common shape of eta and c."""

    current: Array  # i_n [A/m2], anodic positive
    slope_eta: Array  # di_n/deta [S/m2] at constant c
    slope_c: Array  # di_n/dc [A m/mol] at constant eta
    eta_s: Array  # [V] part of eta that drives charge transfer; a film takes eta - eta_s


@runtime_checkable
class Kinetics(Protocol):
    """Current of the reaction on a true surface; monotone in eta, finite for every finite eta."""

    def evaluate(self, eta: ArrayLike, c: ArrayLike, temperature: float) -> Reaction:
        """Reaction at eta [V], salt concentration c > 0 [mol/m3] and temperature [K]; eta, c broadcast."""
        ...

    def conductance(self, c: float, temperature: float) -> float:
        """di_n/deta [S/m2] at eta = 0, the film included."""
        ...


def exchange_current(reference: float, c: Array, reference_concentration: float, exponent: float) -> Array:
    """i0 = i0_ref (c/c_ref)^gamma [A/m2]."""
    ratio = c / reference_concentration
    return reference * (np.sqrt(ratio) if exponent == 0.5 else ratio**exponent)


def check_exchange(current: float, reference_concentration: float, exponent: float) -> None:
    """Refuse exchange currents that are not positive or do not vanish smoothly with the salt."""
    positive("exchange current density", current, "A/m2", "1 mA/cm2 is 10 A/m2")
    positive("reference concentration", reference_concentration, "mol/m3", "1 mol/L is 1000 mol/m3")
    not_negative(
        "concentration exponent of the exchange current", exponent, "", "0.5 is usual, 0 is constant"
    )


def points(eta: ArrayLike, c: ArrayLike) -> tuple[Array, Array]:
    """eta and c as float arrays of one shape."""
    eta_array, c_array = np.broadcast_arrays(np.asarray(eta, dtype=float), np.asarray(c, dtype=float))
    return eta_array, c_array
