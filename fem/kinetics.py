"""Kinetic laws of the lithium electrode: Butler-Volmer, linear, Tafel; the registry of all laws.

Every law is a frozen value with `evaluate(eta, c, temperature)` and `conductance(c, temperature)` (see
`fem.reaction.Kinetics`); exchange current i0 = i0_ref (c/c_ref)^gamma, theta = eta_s F/(R T).  Beyond
|alpha theta| = 40 growing exponentials continue as straight lines (C1), so that no law overflows.
Textbook forms: J. Newman, K. E. Thomas-Alyea, Electrochemical Systems, 3rd ed., Wiley 2004, chapter 8.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fem.film import Film, FilmNotSolved
from fem.marcus import MarcusHushChidsey, ZengMarcus
from fem.materials import thermal_voltage
from fem.parameters import ParameterError, positive
from fem.reaction import (
    LARGEST_EXPONENT,
    Array,
    Kinetics,
    Reaction,
    check_exchange,
    exchange_current,
    points,
)

__all__ = [
    "KINETIC_LAWS",
    "ButlerVolmer",
    "Film",
    "FilmNotSolved",
    "Kinetics",
    "LinearKinetics",
    "MarcusHushChidsey",
    "Reaction",
    "Tafel",
    "ZengMarcus",
]


@dataclass(frozen=True, kw_only=True)
class ButlerVolmer:
    """i = i0 [exp(alpha_a theta) - exp(-alpha_c theta)]."""

    exchange_current: float  # i0_ref [A/m2] of true area
    transfer_coefficients: tuple[float, float] = (0.5, 0.5)  # anodic, cathodic [-]
    concentration_exponent: float = 0.5  # gamma [-]
    reference_concentration: float = 1000.0  # c_ref [mol/m3]

    def __post_init__(self) -> None:
        check_exchange(self.exchange_current, self.reference_concentration, self.concentration_exponent)
        _check_coefficients(self.transfer_coefficients)

    def evaluate(self, eta: ArrayLike, c: ArrayLike, temperature: float) -> Reaction:
        """Reaction at eta [V], c [mol/m3], temperature [K]; eta and c broadcast."""
        eta, c = points(eta, c)
        anodic, cathodic = self.transfer_coefficients
        v_t = thermal_voltage(temperature)
        i0 = exchange_current(
            self.exchange_current, c, self.reference_concentration, self.concentration_exponent
        )
        forward, forward_slope = _expm1(anodic / v_t * eta)
        backward, backward_slope = _expm1(-cathodic / v_t * eta)
        current = i0 * (forward - backward)
        slope = i0 / v_t * (anodic * forward_slope + cathodic * backward_slope)
        return Reaction(current, slope, self.concentration_exponent * current / c, eta)

    def conductance(self, c: float, temperature: float) -> float:
        """i0 (alpha_a + alpha_c)/V_T [S/m2]."""
        return float(self.evaluate(0.0, c, temperature).slope_eta)


@dataclass(frozen=True, kw_only=True)
class LinearKinetics:
    """i = i0 (alpha_a + alpha_c) theta, the limit of Butler-Volmer at small driving force."""

    exchange_current: float  # i0_ref [A/m2] of true area
    transfer_coefficients: tuple[float, float] = (0.5, 0.5)  # anodic, cathodic [-]
    concentration_exponent: float = 0.5  # gamma [-]; 0 makes the conductance constant
    reference_concentration: float = 1000.0  # c_ref [mol/m3]

    def __post_init__(self) -> None:
        check_exchange(self.exchange_current, self.reference_concentration, self.concentration_exponent)
        _check_coefficients(self.transfer_coefficients)

    @classmethod
    def of_conductance(cls, conductance: float, temperature: float) -> LinearKinetics:
        """i = conductance * eta at ``temperature`` [K], whatever the concentration; conductance [S/m2]."""
        positive("interfacial conductance", conductance, "S/m2", "1 S/cm2 is 1e4 S/m2")
        return cls(exchange_current=conductance * thermal_voltage(temperature), concentration_exponent=0.0)

    def evaluate(self, eta: ArrayLike, c: ArrayLike, temperature: float) -> Reaction:
        """Reaction at eta [V], c [mol/m3], temperature [K]; eta and c broadcast."""
        eta, c = points(eta, c)
        i0 = exchange_current(
            self.exchange_current, c, self.reference_concentration, self.concentration_exponent
        )
        slope = i0 * (sum(self.transfer_coefficients) / thermal_voltage(temperature))
        current = slope * eta
        return Reaction(current, slope, self.concentration_exponent * current / c, eta)

    def conductance(self, c: float, temperature: float) -> float:
        """i0 (alpha_a + alpha_c)/V_T [S/m2]."""
        return float(self.evaluate(0.0, c, temperature).slope_eta)


@dataclass(frozen=True, kw_only=True)
class Tafel:
    """i = -i0 exp(-alpha_c theta), the plating branch alone.

    It never strips: i(0) = -i0, so an electrode at rest has no equilibrium.  It is Butler-Volmer without
    the back reaction, to exp(-(alpha_a + alpha_c)|theta|) of the current; use it only where every point
    plates far from equilibrium.
    """

    exchange_current: float  # i0_ref [A/m2] of true area
    transfer_coefficient: float = 0.5  # cathodic [-]
    concentration_exponent: float = 0.5  # gamma [-]
    reference_concentration: float = 1000.0  # c_ref [mol/m3]

    def __post_init__(self) -> None:
        check_exchange(self.exchange_current, self.reference_concentration, self.concentration_exponent)
        _check_coefficients((self.transfer_coefficient, self.transfer_coefficient))

    def evaluate(self, eta: ArrayLike, c: ArrayLike, temperature: float) -> Reaction:
        """Reaction at eta [V], c [mol/m3], temperature [K]; eta and c broadcast."""
        eta, c = points(eta, c)
        alpha_per_volt = self.transfer_coefficient / thermal_voltage(temperature)
        i0 = exchange_current(
            self.exchange_current, c, self.reference_concentration, self.concentration_exponent
        )
        backward, backward_slope = _exp(-alpha_per_volt * eta)
        current = -i0 * backward
        slope = i0 * alpha_per_volt * backward_slope
        return Reaction(current, slope, self.concentration_exponent * current / c, eta)

    def conductance(self, c: float, temperature: float) -> float:
        """Slope i0 alpha_c/V_T [S/m2] at eta = 0, where the current is -i0, not zero."""
        return float(self.evaluate(0.0, c, temperature).slope_eta)


KINETIC_LAWS: dict[str, type] = {
    "butler-volmer": ButlerVolmer,
    "linear": LinearKinetics,
    "tafel": Tafel,
    "marcus-hush-chidsey": MarcusHushChidsey,
    "marcus-zeng": ZengMarcus,
}


def _exp(x: Array) -> tuple[Array, Array]:
    """exp(x) and its slope; a straight line beyond x = 40."""
    slope = np.exp(np.minimum(x, LARGEST_EXPONENT))
    return slope * (1 + np.maximum(x - LARGEST_EXPONENT, 0)), slope


def _expm1(x: Array) -> tuple[Array, Array]:
    """exp(x) - 1 without cancellation at 0, and its slope; a straight line beyond x = 40."""
    value = np.expm1(np.minimum(x, LARGEST_EXPONENT))
    slope = value + 1
    return value + slope * np.maximum(x - LARGEST_EXPONENT, 0), slope


def _check_coefficients(coefficients: tuple[float, float]) -> None:
    for name, value in zip(("anodic", "cathodic"), coefficients, strict=True):
        if not 0 < value <= 1:
            raise ParameterError(
                f"the {name} transfer coefficient must lie in (0, 1], got {value}; 0.5 is symmetric."
            )
