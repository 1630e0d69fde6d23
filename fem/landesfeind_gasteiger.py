"""The electrolyte data of Landesfeind and Gasteiger: LiPF6 in three solvents, four properties in m and T."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from fem.electrolyte_laws import Array, Validity
from fem.parameters import ParameterError


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
