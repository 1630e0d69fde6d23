"""Kinds of field that the tables of a case share: their units, bounds and sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, Strict
from pydantic_core import PydanticCustomError

from studies.units import Unit


@dataclass(frozen=True)
class Source:
    """Where the default of a field comes from."""

    text: str


ASSUMED = Source("assumed")
CELGARD = Source(
    "Celgard 2500: Landesfeind et al. 2016, 10.1149/2.1141607jes (see also its erratum, 10.1149/2.0261706jes)"
)
FIBRE_SIGMA = Source("assumed; carbonised webs have 196-3300 S/m: Park et al. 2007, 10.5714/CL.2007.8.1.043")

NO_CONTACT = Source(
    "assumed: fibres and anode are one piece of metal; 0-1 ohm*cm^2 of contact area are possible"
)
JUNCTION = Source("assumed: none; 0-20 ohm*cm^2 are possible")

Length = Annotated[float, Unit("m", "16 um", above=0.0)]
Thin = Annotated[float, Unit("m", "1 um", above=0.0)]
Coordinate = Annotated[float, Unit("m", "4 um")]
Concentration = Annotated[float, Unit("mol/m^3", "1 mol/L", above=0.0)]
Porosity = Annotated[float, Strict(), Field(gt=0.0, lt=1.0, examples=["0.85"])]
Share = Annotated[float, Strict(), Field(ge=0.0, le=1.0, examples=["0.12"])]
MacMullin = Annotated[float, Strict(), Field(ge=1.0, allow_inf_nan=False, examples=["6.0"])]
Conductivity = Annotated[float, Unit("S/m", "1000 S/m", above=0.0), FIBRE_SIGMA]
AreaResistance = Annotated[float, Unit("ohm*m^2", "1 ohm*cm^2", at_least=0.0)]
ContactResistance = Annotated[AreaResistance, NO_CONTACT]


class Table(BaseModel):
    """One table of a case: complete when made, never changed, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def objection(sentence: str) -> PydanticCustomError:
    """A half sentence that continues the name of the field or table it is raised in."""
    return PydanticCustomError("quantity", "{sentence}", {"sentence": sentence})
