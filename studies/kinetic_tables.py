"""The tables [kinetics.fibres], [kinetics.foil] and [kinetics.counter] of a case file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict

from studies.fields import ASSUMED, Concentration, Source, Table
from studies.units import Unit

EXCHANGE = Source(
    "assumed, within the range < 1 to > 10 mA/cm^2 (SEI included) of Hobold, Kim and Gallant 2023, "
    "10.1039/D2EE04203G; bare lithium is faster: Boyle 2020, 10.1021/acsenergylett.0c00031"
)
LAMBDA = Source("assumed; Sripad 2020, 10.1063/5.0023611 fits the data of Boyle 2020")

Exchange = Annotated[float, Unit("A/m^2", "10 mA/cm^2", above=0.0), EXCHANGE]
FilmResistance = Annotated[float, Unit("ohm*m^2", "10 ohm*cm^2", at_least=0.0), Source("assumed: no film")]
Exponent = Annotated[
    float, Strict(), Field(ge=0.0, le=1.0), Source("assumed; vanishing reaction at depletion needs > 0")
]
Transfer = Annotated[float, Strict(), Field(gt=0.0, le=1.0, examples=["0.5"])]
Reference = Annotated[Concentration, Source("the concentration that the exchange current refers to")]


class ButlerVolmerTable(Table):
    """Butler-Volmer kinetics, or its limit of small driving force, under a film."""

    law: Literal["butler-volmer", "linear"] = "butler-volmer"
    exchange_current: Exchange = 100.0
    transfer_coefficients: Annotated[tuple[Transfer, Transfer], Field(examples=["[0.5, 0.5]"]), ASSUMED] = (
        0.5,
        0.5,
    )
    concentration_exponent: Exponent = 0.5
    reference_concentration: Reference = 1000.0
    film_resistance: FilmResistance = 0.0


class TafelTable(Table):
    """The plating branch alone, under a film."""

    law: Literal["tafel"]
    exchange_current: Exchange = 100.0
    transfer_coefficient: Annotated[Transfer, ASSUMED] = 0.5
    concentration_exponent: Exponent = 0.5
    reference_concentration: Reference = 1000.0
    film_resistance: FilmResistance = 0.0


class MarcusTable(Table):
    """Marcus-Hush-Chidsey kinetics, exact or in the closed form of Zeng (0.25-0.4 eV only), under a film."""

    law: Literal["marcus-hush-chidsey", "marcus-zeng"]
    exchange_current: Exchange = 100.0
    reorganisation_energy: Annotated[float, Unit("eV", "0.3 eV", above=0.0), LAMBDA] = 0.3
    concentration_exponent: Exponent = 0.5
    reference_concentration: Reference = 1000.0
    film_resistance: FilmResistance = 0.0


SurfaceKinetics = Annotated[ButlerVolmerTable | TafelTable | MarcusTable, Field(discriminator="law")]


class Kinetics(Table):
    """Charge transfer on each surface; unless given, the foil is like the fibres, the counter like it."""

    fibres: SurfaceKinetics = ButlerVolmerTable()
    foil: SurfaceKinetics | None = None
    counter: SurfaceKinetics | None = None

    def on(self, surface: str) -> ButlerVolmerTable | TafelTable | MarcusTable:
        """What holds on "fibres", "foil" or "counter"."""
        foil = self.fibres if self.foil is None else self.foil
        return {
            "fibres": self.fibres,
            "foil": foil,
            "counter": foil if self.counter is None else self.counter,
        }[surface]
