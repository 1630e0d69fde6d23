"""Published property laws of liquid lithium electrolytes, as fitted; nothing is frozen or clipped here.

Every law answers with conductivity [S/m], salt diffusivity [m2/s], cation transference number [-] and
thermodynamic factor 1 + d ln f/d ln c [-] at salt concentration c [mol/m3] (any shape) and temperature [K],
names its reference and the range of its data.  m below is c in mol/L.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fem.materials import FARADAY, GAS_CONSTANT
from fem.parameters import ParameterError

Array = NDArray[np.float64]


class Validity(NamedTuple):
    """Range in which a law was fitted, ends included."""

    concentration: tuple[float, float]  # [mol/m3]
    temperature: tuple[float, float]  # [K]


@dataclass(frozen=True)
class ValoenReimers:
    """LiPF6 in PC/EC/DMC 10:27:63 by volume; the fit gives (1 - t+) TDF, with t+ = 0.38 and T_ref = 294 K."""

    name = "valoen-reimers-2005"
    reference = "L. O. Valøen, J. N. Reimers, J. Electrochem. Soc. 152 (2005) A882, doi:10.1149/1.1872737"
    validity = Validity((0.0, 3500.0), (263.0, 333.0))

    def conductivity(self, c: Array, temperature: float) -> Array:
        """kappa [S/m]."""
        m, t = np.asarray(c) / 1000, temperature
        root = (
            (-10.5 + 0.0740 * t - 6.96e-5 * t**2)
            + m * (0.668 - 0.0178 * t + 2.80e-5 * t**2)
            + m**2 * (0.494 - 8.86e-4 * t)
        )
        return 0.1 * m * root**2

    def diffusivity(self, c: Array, temperature: float) -> Array:
        """D [m2/s]; the exponent is of base 10."""
        m = np.asarray(c) / 1000
        return 1e-4 * 10 ** (-4.43 - 54 / (temperature - 229 - 5 * m) - 0.22 * m)

    def transference(self, c: Array, temperature: float) -> Array:
        """t+ [-]."""
        return np.full_like(np.asarray(c, dtype=float), 0.38)

    def thermodynamic_factor(self, c: Array, temperature: float) -> Array:
        """TDF [-]."""
        m = np.asarray(c) / 1000
        return (0.601 - 0.24 * np.sqrt(m) + 0.982 * (1 - 0.0052 * (temperature - 294)) * m**1.5) / (1 - 0.38)


class Solvent(StrEnum):
    """Solvents of the Landesfeind-Gasteiger data, LiPF6 in each, by weight."""

    EC_DMC = "EC:DMC"  # 1:1
    EC_EMC = "EC:EMC"  # 3:7
    EMC_FEC = "EMC:FEC"  # 19:1


class _Fit(NamedTuple):
    conductivity: tuple[float, ...]  # p1..p6
    diffusivity: tuple[float, ...]  # p1..p4
    transference: tuple[float, ...]  # p1..p9
    thermodynamic_factor: tuple[float, ...]  # p1..p9


_FITS: dict[Solvent, _Fit] = {
    Solvent.EC_DMC: _Fit(
        (0.798, 228, -1.22, 0.509, -4e-3, 3.79e-3),
        (1470, 1.33, -1690, -563),
        (-7.91, 0.245, 5.28e-2, 0.698, -1.08e-2, -8.21e-5, 7.43e-4, -2.22e-3, 3.07e-5),
        (-5.58, 7.17, 3.80e-2, 1.91, -6.65e-2, -5.08e-5, 0.11, -6.10e-3, 1.51e-4),
    ),
    Solvent.EC_EMC: _Fit(
        (0.521, 228, -1.06, 0.353, -3.59e-3, 1.48e-3),
        (1010, 1.01, -1560, -487),
        (-12.8, -6.12, 8.21e-2, 0.904, 3.18e-2, -1.27e-4, 1.75e-2, -3.12e-3, -3.96e-5),
        (25.7, -45.1, -0.177, 1.94, 0.295, 3.08e-4, 0.259, -9.46e-3, -4.54e-4),
    ),
    Solvent.EMC_FEC: _Fit(
        (2.51e-2, 175, 1.23, 0.205, -8.81e-2, 2.83e-3),
        (586, 1.33, -1380, -582),
        (-12.2, -3.05, 8.38e-2, 1.78, 1.51e-3, -1.37e-4, -2.45e-2, -5.15e-3, 2.14e-5),
        (3.22, -10.1, -1.58e-2, 6.12, 2.96e-2, 2.42e-5, -0.222, -1.57e-2, 6.30e-6),
    ),
}


@dataclass(frozen=True)
class LandesfeindGasteiger:
    """LiPF6 in EC:DMC 1:1, EC:EMC 3:7 or EMC:FEC 19:1 by weight, four properties in m and T."""

    solvent: Solvent | str = Solvent.EC_DMC

    reference = (
        "J. Landesfeind, H. A. Gasteiger, J. Electrochem. Soc. 166 (2019) A3079, doi:10.1149/2.0571912jes"
    )
    validity = Validity((100.0, 3000.0), (263.0, 323.0))

    def __post_init__(self) -> None:
        known = [str(solvent) for solvent in Solvent]
        if self.solvent not in known:
            raise ParameterError(f"unknown solvent {str(self.solvent)!r}; known are {', '.join(known)}.")
        object.__setattr__(self, "solvent", Solvent(self.solvent))

    @property
    def name(self) -> str:
        """Registered name."""
        return "landesfeind-gasteiger-2019-" + str(self.solvent).lower().replace(":", "-")

    @property
    def _fit(self) -> _Fit:
        return _FITS[Solvent(self.solvent)]

    def conductivity(self, c: Array, temperature: float) -> Array:
        """kappa [S/m]."""
        m, t = np.asarray(c) / 1000, temperature
        p1, p2, p3, p4, p5, p6 = self._fit.conductivity
        heat = np.exp(1000 / t)
        growth = 1 + p3 * np.sqrt(m) + p4 * (1 + p5 * heat) * m
        return 0.1 * p1 * (1 + t - p2) * m * growth / (1 + m**4 * (p6 * heat))

    def diffusivity(self, c: Array, temperature: float) -> Array:
        """D [m2/s]."""
        m = np.asarray(c) / 1000
        p1, p2, p3, p4 = self._fit.diffusivity
        return 1e-10 * p1 * np.exp(p2 * m + p3 / temperature + p4 * m / temperature)

    def transference(self, c: Array, temperature: float) -> Array:
        """t+ [-]; may be negative."""
        return _cubic(self._fit.transference, np.asarray(c) / 1000, temperature)

    def thermodynamic_factor(self, c: Array, temperature: float) -> Array:
        """TDF [-]."""
        return _cubic(self._fit.thermodynamic_factor, np.asarray(c) / 1000, temperature)


def _cubic(p: tuple[float, ...], m: Array, t: float) -> Array:
    """p1 + p2 m + p3 T + p4 m2 + p5 m T + p6 T2 + p7 m3 + p8 m2 T + p9 m T2."""
    p1, p2, p3, p4, p5, p6, p7, p8, p9 = p
    return (p1 + p3 * t + p6 * t**2) + m * ((p2 + p5 * t + p9 * t**2) + m * ((p4 + p8 * t) + m * p7))


@dataclass(frozen=True)
class Nyman:
    """LiPF6 in EC:EMC 3:7 at 25 C; constant t+ and TDF = 1 as in public parameter sets, not Nyman's own."""

    name = "nyman-2008"
    reference = (
        "A. Nyman, M. Behm, G. Lindbergh, Electrochim. Acta 53 (2008) 6356, "
        "doi:10.1016/j.electacta.2008.04.023"
    )
    validity = Validity((200.0, 2000.0), (297.0, 299.0))

    def conductivity(self, c: Array, temperature: float) -> Array:
        """kappa [S/m]."""
        m = np.asarray(c) / 1000
        return 0.1297 * m**3 - 2.51 * m**1.5 + 3.329 * m

    def diffusivity(self, c: Array, temperature: float) -> Array:
        """D [m2/s]; the parabola turns up at m = 2.258 and is held at its minimum from there."""
        m = np.minimum(np.asarray(c) / 1000, 3.972 / (2 * 0.8794))
        return 8.794e-11 * m**2 - 3.972e-10 * m + 4.862e-10

    def transference(self, c: Array, temperature: float) -> Array:
        """t+ [-]."""
        return np.full_like(np.asarray(c, dtype=float), 0.2594)

    def thermodynamic_factor(self, c: Array, temperature: float) -> Array:
        """TDF [-]."""
        return np.ones_like(np.asarray(c, dtype=float))


@dataclass(frozen=True)
class Ecker:
    """LiPF6 in a carbonate blend (EC:DMC in public sets); temperature range assumed.

    D follows from kappa, which does not vanish with the salt, so that D grows without bound towards
    c = 0; above 2.2 mol/L kappa would rise again, outside the data.
    """

    name = "ecker-2015"
    reference = "M. Ecker et al., J. Electrochem. Soc. 162 (2015) A1836, doi:10.1149/2.0551509jes"
    validity = Validity((300.0, 2000.0), (273.0, 323.0))

    def conductivity(self, c: Array, temperature: float) -> Array:
        """kappa [S/m]."""
        m, t = np.asarray(c) / 1000, temperature
        heat = (296 / t) * np.exp(17100 / GAS_CONSTANT * (1 / 296 - 1 / t))
        return (0.2667 * m**3 - 1.2983 * m**2 + 1.7919 * m + 0.1726) * heat

    def diffusivity(self, c: Array, temperature: float) -> Array:
        """D = R T kappa/(F2 c) [m2/s]."""
        return GAS_CONSTANT * temperature * self.conductivity(c, temperature) / (FARADAY**2 * np.asarray(c))

    def transference(self, c: Array, temperature: float) -> Array:
        """t+ [-]."""
        return np.full_like(np.asarray(c, dtype=float), 0.26)

    def thermodynamic_factor(self, c: Array, temperature: float) -> Array:
        """TDF [-]."""
        return np.ones_like(np.asarray(c, dtype=float))


@dataclass(frozen=True)
class Capiglia:
    """LiPF6 in EC:DMC, the fit spread by the Dualfoil program; temperature range assumed; kappa(0) > 0."""

    name = "capiglia-1999"
    reference = "C. Capiglia et al., J. Power Sources 81-82 (1999) 859, doi:10.1016/S0378-7753(98)00237-7"
    validity = Validity((200.0, 2500.0), (273.0, 323.0))

    def conductivity(self, c: Array, temperature: float) -> Array:
        """kappa [S/m]."""
        m = np.asarray(c) / 1000
        heat = np.exp(34700 / GAS_CONSTANT * (1 / 298.15 - 1 / temperature))
        return (0.0911 + 1.9101 * m - 1.052 * m**2 + 0.1554 * m**3) * heat

    def diffusivity(self, c: Array, temperature: float) -> Array:
        """D [m2/s]."""
        heat = np.exp(37040 / GAS_CONSTANT * (1 / 298.15 - 1 / temperature))
        return 5.34e-10 * np.exp(-0.65e-3 * np.asarray(c)) * heat

    def transference(self, c: Array, temperature: float) -> Array:
        """t+ [-]."""
        return np.full_like(np.asarray(c, dtype=float), 0.4)

    def thermodynamic_factor(self, c: Array, temperature: float) -> Array:
        """TDF [-]."""
        return np.ones_like(np.asarray(c, dtype=float))


@dataclass(frozen=True)
class Ether:
    """LiTFSI in DOL/DME: an order of magnitude, assumed, with no temperature dependence and no source."""

    name = "ether-litfsi-assumed"
    reference = "assumed: order of magnitude of LiTFSI in DOL/DME, no source"
    validity = Validity((100.0, 3000.0), (288.0, 308.0))

    def conductivity(self, c: Array, temperature: float) -> Array:
        """kappa = 1.2 m exp(1 - m) [S/m], assumed."""
        m = np.asarray(c) / 1000
        return 1.2 * m * np.exp(1 - m)

    def diffusivity(self, c: Array, temperature: float) -> Array:
        """D [m2/s], assumed."""
        return np.full_like(np.asarray(c, dtype=float), 2.7e-10)

    def transference(self, c: Array, temperature: float) -> Array:
        """t+ [-], assumed."""
        return np.full_like(np.asarray(c, dtype=float), 0.40)

    def thermodynamic_factor(self, c: Array, temperature: float) -> Array:
        """TDF [-], assumed."""
        return np.full_like(np.asarray(c, dtype=float), 1.5)
