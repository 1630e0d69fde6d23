"""Electrolyte property laws as the solvers use them: the protocol, the registry, the frozen properties.

Below 1 mol/m3 and above the range of its data a law is frozen, so that no extrapolation artefact enters a
solution; t+ is held at <= 0.95 (negative is legal), TDF at >= 0.05 and D at >= 1e-12 m2/s.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike

from fem.electrolyte_laws import (
    Array,
    Capiglia,
    Ecker,
    Ether,
    Nyman,
    Validity,
    ValoenReimers,
)
from fem.ideal_laws import (
    LOWEST_DIFFUSIVITY,
    LOWEST_THERMODYNAMIC_FACTOR,
    ConstantProperties,
    IdealDilute,
)
from fem.landesfeind_gasteiger import LandesfeindGasteiger, Solvent
from fem.materials import FARADAY, HIGHEST_TRANSFERENCE, check_transference, thermal_voltage
from fem.parameters import ParameterError, positive

__all__ = [
    "ELECTROLYTE_LAWS",
    "LOWEST_CONCENTRATION",
    "Capiglia",
    "ConstantProperties",
    "Ecker",
    "ElectrolyteLaw",
    "Ether",
    "IdealDilute",
    "LandesfeindGasteiger",
    "Nyman",
    "Properties",
    "Solvent",
    "Validity",
    "ValoenReimers",
    "check_validity",
]

LOWEST_CONCENTRATION = 1.0  # [mol/m3], below which every law is frozen


@runtime_checkable
class ElectrolyteLaw(Protocol):
    """Four properties of a binary electrolyte; c [mol/m3] of any shape, temperature [K]."""

    @property
    def name(self) -> str:
        """Registered name."""
        ...

    @property
    def reference(self) -> str:
        """Author, year, DOI; begins with "assumed" where there is none."""
        ...

    @property
    def validity(self) -> Validity:
        """Range of the data; frozen above its highest concentration."""
        ...

    def conductivity(self, c: Array, temperature: float) -> Array:
        """kappa [S/m]."""
        ...

    def diffusivity(self, c: Array, temperature: float) -> Array:
        """Salt diffusivity D [m2/s], driven by the gradient of c."""
        ...

    def transference(self, c: Array, temperature: float) -> Array:
        """Cation transference number t+ [-] against the solvent."""
        ...

    def thermodynamic_factor(self, c: Array, temperature: float) -> Array:
        """1 + d ln f/d ln c [-]."""
        ...


@dataclass(frozen=True, kw_only=True)
class Properties:
    """Properties of one law at one temperature, frozen outside its range; all methods take any shape of c."""

    law: ElectrolyteLaw
    temperature: float  # [K]
    own_transference: float | None = None  # t+ [-] in place of the law's

    @classmethod
    def of(cls, law: ElectrolyteLaw, temperature: float, transference: float | None = None) -> Properties:
        """Properties of ``law`` at ``temperature`` [K], with its own or the given ``transference`` number."""
        check_transference(transference)
        positive("temperature", temperature, "K", "25 C is 298.15 K")
        return cls(law=law, temperature=temperature, own_transference=transference)

    @property
    def frozen_outside(self) -> tuple[float, float]:
        """Concentrations [mol/m3] below and above which the properties are frozen."""
        return LOWEST_CONCENTRATION, self.law.validity.concentration[1]

    def kappa(self, c: ArrayLike) -> Array:
        """Conductivity [S/m]."""
        return self.law.conductivity(self._held(c), self.temperature)

    def D(self, c: ArrayLike) -> Array:
        """Salt diffusivity [m2/s], >= 1e-12."""
        return np.maximum(self.law.diffusivity(self._held(c), self.temperature), LOWEST_DIFFUSIVITY)

    def t(self, c: ArrayLike) -> Array:
        """Cation transference number [-], <= 0.95."""
        if self.own_transference is not None:
            return np.full_like(np.asarray(c, dtype=float), self.own_transference)
        return np.minimum(self.law.transference(self._held(c), self.temperature), HIGHEST_TRANSFERENCE)

    def tdf(self, c: ArrayLike) -> Array:
        """Thermodynamic factor [-], >= 0.05."""
        raw = self.law.thermodynamic_factor(self._held(c), self.temperature)
        return np.maximum(raw, LOWEST_THERMODYNAMIC_FACTOR)

    def dw_dc(self, c: ArrayLike) -> Array:
        """K = W'(c) = F D/(1 - t+) [A m2/mol]: the steady current is i_e = -K grad(c)/N_M."""
        return FARADAY * self.D(c) / (1 - self.t(c))

    def dpsi_dc(self, c: ArrayLike) -> tuple[Array, Array]:
        """Ohmic K/kappa and concentration 2 V_T (1 - t+) TDF/c share of Psi'(c) [V m3/mol]."""
        drag = 2 * thermal_voltage(self.temperature) * (1 - self.t(c)) * self.tdf(c)
        return self.dw_dc(c) / self.kappa(c), drag / np.asarray(c)

    def steady_conductivity(self, c: ArrayLike) -> Array:
        """kappa_ss [S/m], 1/kappa_ss = Psi'/W' = 1/kappa + 2 V_T (1 - t+)^2 TDF/(F D c).

        The ratio kappa_ss/kappa is the current fraction of N. P. Balsara, J. Newman, J. Electrochem. Soc.
        162 (2015) A2720, doi:10.1149/2.0651514jes.
        """
        ohmic, concentration = self.dpsi_dc(c)
        return self.dw_dc(c) / (ohmic + concentration)

    def _held(self, c: ArrayLike) -> Array:
        return np.clip(np.asarray(c, dtype=float), *self.frozen_outside)


def check_validity(law: ElectrolyteLaw, temperature: float, concentration: float) -> None:
    """Refuse a temperature [K] or a mean salt concentration [mol/m3] outside the range of ``law``."""
    coldest, hottest = law.validity.temperature
    if not (coldest <= temperature <= hottest and 0 < temperature < np.inf):
        raise ParameterError(
            f"temperature {temperature:g} K lies outside the range {_range(coldest, hottest)} K of the"
            f" electrolyte law {law.name!r}; change the temperature or the law."
        )
    thinnest, thickest = law.validity.concentration
    if not (thinnest <= concentration <= thickest and 0 < concentration < np.inf):
        raise ParameterError(
            f"salt concentration {concentration:g} mol/m3 lies outside the range {_range(thinnest, thickest)}"
            f" mol/m3 of the electrolyte law {law.name!r} (1 mol/L is 1000 mol/m3); change the"
            " concentration or the law."
        )


ELECTROLYTE_LAWS: dict[str, Callable[[], ElectrolyteLaw]] = {
    "valoen-reimers-2005": ValoenReimers,
    "landesfeind-gasteiger-2019-ec-dmc": partial(LandesfeindGasteiger, Solvent.EC_DMC),
    "landesfeind-gasteiger-2019-ec-emc": partial(LandesfeindGasteiger, Solvent.EC_EMC),
    "landesfeind-gasteiger-2019-emc-fec": partial(LandesfeindGasteiger, Solvent.EMC_FEC),
    "nyman-2008": Nyman,
    "ecker-2015": Ecker,
    "capiglia-1999": Capiglia,
    "ideal-dilute": IdealDilute,
    "ether-litfsi-assumed": Ether,
}


def _range(low: float, high: float) -> str:
    return f"{low:g}-{high:g}" if np.isfinite(high) else f"above {low:g}"
