"""Electrolyte laws with closed-form solutions, for verification: constant properties, ideal dilute salt."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np

from fem.electrolyte_laws import Array, Validity
from fem.materials import FARADAY, GAS_CONSTANT, check_transference
from fem.parameters import positive, within

LOWEST_DIFFUSIVITY = 1e-12  # [m2/s] that any law may give
LOWEST_THERMODYNAMIC_FACTOR = 0.05  # [-] that any law may give


@dataclass(frozen=True, init=False)
class ConstantProperties:
    """Four constants, at every concentration and temperature; a planar cell then has a closed form."""

    _conductivity: float  # kappa [S/m]
    _diffusivity: float  # D [m2/s]
    _transference: float  # t+ [-]
    _thermodynamic_factor: float  # TDF [-]

    name = "constant"
    reference = "constants given by the user"
    validity = Validity((0.0, inf), (0.0, inf))

    def __init__(
        self,
        *,
        conductivity: float,
        diffusivity: float,
        transference: float,
        thermodynamic_factor: float = 1.0,
    ) -> None:
        positive("conductivity of the electrolyte", conductivity, "S/m", "1 S/cm is 100 S/m")
        _check_diffusivity(diffusivity)
        check_transference(transference)
        within(
            "thermodynamic factor", thermodynamic_factor, LOWEST_THERMODYNAMIC_FACTOR, 1e3, "", "1 is ideal"
        )
        # the constants bear the names of the methods that return them
        object.__setattr__(self, "_conductivity", conductivity)
        object.__setattr__(self, "_diffusivity", diffusivity)
        object.__setattr__(self, "_transference", transference)
        object.__setattr__(self, "_thermodynamic_factor", thermodynamic_factor)

    def conductivity(self, c: Array, temperature: float) -> Array:
        """kappa [S/m]."""
        return np.full_like(np.asarray(c, dtype=float), self._conductivity)

    def diffusivity(self, c: Array, temperature: float) -> Array:
        """D [m2/s]."""
        return np.full_like(np.asarray(c, dtype=float), self._diffusivity)

    def transference(self, c: Array, temperature: float) -> Array:
        """t+ [-]."""
        return np.full_like(np.asarray(c, dtype=float), self._transference)

    def thermodynamic_factor(self, c: Array, temperature: float) -> Array:
        """TDF [-]."""
        return np.full_like(np.asarray(c, dtype=float), self._thermodynamic_factor)


@dataclass(frozen=True, init=False)
class IdealDilute:
    """Ideal dilute salt: kappa = F2 c D/(2 R T t+ (1 - t+)), TDF = 1; Psi = 2 (R T/F) ln(c/c0) exactly."""

    _diffusivity: float  # D [m2/s]
    _transference: float  # t+ [-]

    name = "ideal-dilute"
    reference = "Nernst-Einstein relation, for verification: J. Newman, K. E. Thomas-Alyea, 2004, chapter 11"
    validity = Validity((0.0, inf), (0.0, inf))

    def __init__(self, *, diffusivity: float = 3e-10, transference: float = 0.38) -> None:
        _check_diffusivity(diffusivity)
        check_transference(transference)
        within("transference number of an ideal dilute salt", transference, 1e-3, 0.95, "", "0.38 is usual")
        object.__setattr__(self, "_diffusivity", diffusivity)
        object.__setattr__(self, "_transference", transference)

    def conductivity(self, c: Array, temperature: float) -> Array:
        """kappa [S/m]."""
        share = 2 * self._transference * (1 - self._transference)
        return np.asarray(c) * (FARADAY**2 * self._diffusivity / (GAS_CONSTANT * temperature * share))

    def diffusivity(self, c: Array, temperature: float) -> Array:
        """D [m2/s]."""
        return np.full_like(np.asarray(c, dtype=float), self._diffusivity)

    def transference(self, c: Array, temperature: float) -> Array:
        """t+ [-]."""
        return np.full_like(np.asarray(c, dtype=float), self._transference)

    def thermodynamic_factor(self, c: Array, temperature: float) -> Array:
        """TDF [-]."""
        return np.ones_like(np.asarray(c, dtype=float))


def _check_diffusivity(diffusivity: float) -> None:
    within("salt diffusivity", diffusivity, LOWEST_DIFFUSIVITY, 1e-6, "m2/s", "1 cm2/s is 1e-4 m2/s")
