"""Published property laws of liquid lithium electrolytes, as fitted; nothing is frozen or clipped here.

Every law answers with conductivity [S/m], salt diffusivity [m2/s], cation transference number [-] and
thermodynamic factor 1 + d ln f/d ln c [-] at salt concentration c [mol/m3] (any shape) and temperature [K],
names its reference and the range of its data.  m below is c in mol/L.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fem.materials import FARADAY, GAS_CONSTANT

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
