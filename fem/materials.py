"""Physical constants, and what a region can be made of.

Constants are the CODATA values of ``scipy.constants`` and appear nowhere else. A region is a value:
`Conductor` (electrons), `Electrolyte` (salt in a liquid, free or in pores), `SingleIonConductor`
(lithium ions alone) or `Insulator` (nothing moves).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scipy import constants

from fem.parameters import ParameterError, positive, within

if TYPE_CHECKING:  # the laws take their constants from here
    from fem.electrolyte import ElectrolyteLaw

FARADAY = constants.physical_constants["Faraday constant"][0]  # [C/mol]
GAS_CONSTANT = constants.R  # [J/(mol K)]
BOLTZMANN_EV = constants.physical_constants["Boltzmann constant in eV/K"][0]  # [eV/K]

HIGHEST_TRANSFERENCE = 0.95  # [-] of a binary electrolyte; beyond it use SingleIonConductor


def thermal_voltage(temperature: float) -> float:
    """V_T = R T / F [V] at ``temperature`` [K]; 25.692579 mV at 298.15 K."""
    return GAS_CONSTANT * temperature / FARADAY


@dataclass(frozen=True, kw_only=True)
class Conductor:
    """Electronic conductor: i_s = -conductivity * grad(phi_s).

    equipotential: every piece that a terminal holds without resistance has the terminal's potential
    throughout and takes no unknowns; its conductivity then serves to bound what that leaves out, and for the
    drop that its currents cause, which phi_s shows (fem/equipotential.py). Other pieces (floating, or behind
    a contact resistance) keep their field.
    """

    conductivity: float  # sigma [S/m]
    equipotential: bool = False

    def __post_init__(self) -> None:
        positive("conductivity of a conductor", self.conductivity, "S/m", "use Insulator() for no conduction")


@dataclass(frozen=True, kw_only=True)
class Electrolyte:
    """Binary electrolyte, free (porosity 1, MacMullin number 1) or held in the pores of a layer.

    The liquid fills the share ``porosity`` of the volume; conductivity and diffusivity of the region are
    those of the liquid divided by ``macmullin`` (which contains the porosity already). ``transference``,
    if given, replaces the cation transference number of ``law`` in this region, and nothing else.
    """

    law: ElectrolyteLaw
    concentration: float = 1000.0  # c0 [mol/m3] of the liquid
    porosity: float = 1.0  # [-]
    macmullin: float = 1.0  # N_M [-]
    transference: float | None = None  # t+ [-] of this region

    def __post_init__(self) -> None:
        positive("salt concentration", self.concentration, "mol/m3", "1 mol/L is 1000 mol/m3")
        if not 0 < self.porosity <= 1:
            raise ParameterError(
                f"porosity of an electrolyte must lie in (0, 1], got {self.porosity}; 1 is free liquid."
            )
        within("MacMullin number", self.macmullin, 1.0, 1e9, "", "1 is free liquid, Celgard 2500 has 4.5")
        check_transference(self.transference)


@dataclass(frozen=True, kw_only=True)
class SingleIonConductor:
    """Lithium ions alone move (t+ = 1): i_e = -conductivity * grad(phi_e); no salt to be conserved.

    ``concentration`` is the fixed amount of mobile lithium that exchange currents on its surfaces refer to.
    """

    conductivity: float  # kappa [S/m]
    concentration: float = 1000.0  # [mol/m3]

    def __post_init__(self) -> None:
        positive(
            "conductivity of a single-ion layer",
            self.conductivity,
            "S/m",
            "use Insulator() for no conduction",
        )
        positive("lithium concentration", self.concentration, "mol/m3", "1 mol/L is 1000 mol/m3")


@dataclass(frozen=True, kw_only=True)
class Insulator:
    """Neither electrons nor ions move here, and nothing reacts on its surface."""


Material = Conductor | Electrolyte | SingleIonConductor | Insulator


def check_transference(transference: float | None) -> None:
    """Refuse a cation transference number of a region for which a binary electrolyte has no meaning."""
    if transference is not None and not -10.0 <= transference <= HIGHEST_TRANSFERENCE:
        raise ParameterError(
            f"transference number must be at most {HIGHEST_TRANSFERENCE} (and above -10), got {transference};"
            " a conductor in which only lithium ions move is a SingleIonConductor."
        )
