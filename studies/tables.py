"""The tables of a case file but those of kinetics, one frozen class each.

A field holds SI numbers and knows its unit, its default and the source of that default.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    Strict,
    Tag,
    ValidationInfo,
    model_validator,
)

from fem.electrolyte import ELECTROLYTE_LAWS
from fem.materials import HIGHEST_TRANSFERENCE
from geometry.designs import Gap
from geometry.fibres import read_fibres
from geometry.random_mat import RandomMat
from geometry.stack import RoughnessKind
from meshes.sizing import SurfaceShape
from studies.errors import nearest
from studies.fields import (
    ASSUMED,
    CELGARD,
    JUNCTION,
    AreaResistance,
    Concentration,
    Conductivity,
    ContactResistance,
    Coordinate,
    Length,
    MacMullin,
    Porosity,
    Share,
    Table,
    Thin,
    objection,
)
from studies.units import Unit


class RandomFramework(Table):
    """Random percolating mat of near-planar fibres; `geometry.random_mat` says what the numbers mean.

    tilt: standard deviation of the angle to the anode plane. alignment: 0 is isotropic in the plane, large
    values put all fibres along alignment_axis (angle to x). embedded_share: largest share of fibres that lie
    in the anode plane. equipotential (of every kind of framework): fibres on the anode plane have its
    potential and need no unknowns; the result bounds what that leaves out.
    """

    kind: Literal["random"]
    thickness: Length
    fibre_diameter: Thin
    porosity: Porosity
    seed: Annotated[int, Strict(), Field(ge=0, examples=["1"])] = 1
    tilt: Annotated[float, Unit("rad", "6 deg", at_least=0.0), ASSUMED] = RandomMat.tilt
    alignment: Annotated[float, Strict(), Field(ge=0.0, le=20.0, examples=["0.0"]), ASSUMED] = 0.0
    alignment_axis: Annotated[float, Unit("rad", "0 deg"), ASSUMED] = 0.0
    embedded_share: Annotated[Share, ASSUMED] = RandomMat.embedded_share
    conductivity: Conductivity = 1000.0
    contact_resistance: ContactResistance = 0.0
    equipotential: Annotated[bool, Strict()] = False


class OrderedFramework(Table):
    """Parallel fibres, a crossed log-pile or an orthogonal grid, to a porosity."""

    kind: Literal["parallel", "crossed", "grid"]
    thickness: Length
    fibre_diameter: Thin
    porosity: Porosity
    conductivity: Conductivity = 1000.0
    contact_resistance: ContactResistance = 0.0
    equipotential: Annotated[bool, Strict()] = False


class GivenFibre(Table):
    """One straight fibre of a list; its axis may start and end outside the cell."""

    start: Annotated[tuple[Coordinate, Coordinate, Coordinate], Field(examples=['["0 um", "4 um", "2 um"]'])]
    end: Annotated[tuple[Coordinate, Coordinate, Coordinate], Field(examples=['["16 um", "4 um", "2 um"]'])]
    diameter: Thin


class ListFramework(Table):
    """Given fibres: inline, or from a CSV file (its path counts from the folder of the case file).

    The fibres themselves are kept, so that a result says what was computed without that file.
    """

    kind: Literal["list"]
    thickness: Length
    conductivity: Conductivity = 1000.0
    contact_resistance: ContactResistance = 0.0
    equipotential: Annotated[bool, Strict()] = False
    csv: Annotated[str | None, Field(exclude=True, examples=['"fibres.csv"'])] = None
    fibres: Annotated[
        tuple[GivenFibre, ...], Field(min_length=1, examples=["[{start = ..., end = ..., diameter = ...}]"])
    ]

    @property
    def fibre_diameter(self) -> float:
        """The thinnest fibre's diameter [m]."""
        return min(fibre.diameter for fibre in self.fibres)

    @model_validator(mode="before")
    @classmethod
    def _read_csv(cls, data: Any, info: ValidationInfo) -> Any:
        if not isinstance(data, Mapping) or not isinstance(data.get("csv"), str):
            return data
        if "fibres" in data:
            raise objection("has both csv and fibres; keep one of them")
        folder = Path((info.context or {}).get("folder", "."))
        try:
            fibres = read_fibres(folder / data["csv"])
        except ValueError as error:
            raise objection(f'has csv = "{data["csv"]}": {str(error).rstrip(".")}') from error
        rows = [
            {
                "start": [f"{x!r} m" for x in f.start],
                "end": [f"{x!r} m" for x in f.end],
                "diameter": f"{2 * f.radius!r} m",
            }
            for f in fibres
        ]
        return {**data, "fibres": rows}


Framework = Annotated[RandomFramework | OrderedFramework | ListFramework, Field(discriminator="kind")]


class PorousLayer(Table):
    """Porous ionic layer full of the cell's liquid.

    transference: cation transference number in this layer (a polymer that holds anions back), else that of
    the liquid; conductivity, diffusivity and thermodynamic factor stay those of the liquid.
    """

    kind: Literal["porous"] = "porous"
    thickness: Annotated[float, Unit("m", "5 um", above=0.0)]
    porosity: Annotated[Porosity, ASSUMED] = 0.4
    macmullin: Annotated[MacMullin, ASSUMED] = 6.0
    transference: (
        Annotated[float, Strict(), Field(ge=-10.0, le=HIGHEST_TRANSFERENCE, examples=["0.7"])] | None
    ) = None


class SingleIonLayer(Table):
    """Dense ionic layer in which lithium ions alone move.

    LiPON has 2.3e-4 S/m (Yu et al. 1997, 10.1149/1.1837443), Li3N 0.12 S/m as a crystal (von Alpen et al.
    1977, 10.1063/1.89283) and some 0.01 S/m as a film (assumed). The layer parts the liquid in two, each with
    its own salt. junction_resistance: between the layer and the liquid on either side. Exchange currents on
    its surface are those at 1 mol/L.
    """

    kind: Literal["single-ion"]
    thickness: Annotated[float, Unit("m", "5 um", above=0.0)]
    conductivity: Annotated[float, Unit("S/m", "0.01 S/m", above=0.0)]
    junction_resistance: Annotated[AreaResistance, JUNCTION] = 0.0


def kind(layer: Any) -> Any:
    """Which layer a table describes: porous unless it says otherwise."""
    return layer.get("kind", "porous") if isinstance(layer, Mapping) else getattr(layer, "kind", "porous")


IonicLayer = Annotated[
    Annotated[PorousLayer, Tag("porous")] | Annotated[SingleIonLayer, Tag("single-ion")], Discriminator(kind)
]


class Separator(Table):
    """Separator under the counter electrode; Celgard 2500 unless said otherwise."""

    thickness: Annotated[float, Unit("m", "25 um", above=0.0), CELGARD] = 25e-6
    porosity: Annotated[Porosity, CELGARD] = 0.55
    macmullin: Annotated[MacMullin, CELGARD] = 4.5

    @model_validator(mode="after")
    def _together(self) -> Separator:
        given = self.model_fields_set & {"porosity", "macmullin"}
        if len(given) == 1:
            raise objection(
                f"has {given.pop()} only; give porosity and macmullin together, since they belong to one "
                f"separator"
            )
        return self


class Rough(Table):
    """Relief of the rough planar foil: bumps (spherical caps) or a corrugation."""

    kind: Annotated[RoughnessKind, ASSUMED] = RoughnessKind.BUMPS
    height: Annotated[float, Unit("m", "2 um", above=0.0)]
    wavelength: Annotated[float, Unit("m", "8 um", above=0.0)]


class CellTable(Table):
    """The parts that all designs are made from."""

    width: Length
    depth: Length
    gap: Gap = Gap.SAME_LAYERS
    framework: Annotated[Framework | None, Field(examples=['[cell.framework] with kind = "random"'])] = None
    ionic_layer: IonicLayer | None = None
    separator: Separator = Separator()
    rough: Rough | None = None


def _known_law(name: str) -> str:
    if name not in ELECTROLYTE_LAWS:
        raise objection(
            f'is "{name}", which is unknown; use one of: '
            f"{', '.join(ELECTROLYTE_LAWS)}{nearest(name, ELECTROLYTE_LAWS)}"
        )
    return name


class ElectrolyteTable(Table):
    """The liquid, the same in every layer."""

    law: Annotated[
        str,
        AfterValidator(_known_law),
        Field(json_schema_extra={"enum": list(ELECTROLYTE_LAWS)}),
    ] = "valoen-reimers-2005"
    concentration: Annotated[Concentration, ASSUMED] = 1000.0
    temperature: Annotated[float, Unit("K", "298.15 K", above=0.0), ASSUMED] = 298.15


class Operation(Table):
    """What drives the cell: a current density or a cell voltage, > 0 plates lithium on the anode."""

    current_density: Annotated[float, Unit("A/m^2", "10 mA/cm^2", above=0.0)] | None = None
    cell_voltage: Annotated[float, Unit("V", "50 mV", above=0.0)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Operation:
        if (self.current_density is None) == (self.cell_voltage is None):
            found = "neither" if self.current_density is None else "both"
            raise objection(
                f"has {found} of current_density and cell_voltage; give one, such as current_density = "
                f'"10 mA/cm^2"'
            )
        return self


def _surface(data: Mapping[str, Any]) -> SurfaceShape:
    """Elements of second order follow curved surfaces, unless said otherwise."""
    return SurfaceShape.CURVED if data.get("order") == 2 else SurfaceShape.STRAIGHT


class MeshTable(Table):
    """Sizes of the elements at fibres and far from them (chosen by the program unless given); fields.

    dimension: 3, or 2 for the cross-section of designs that are the same along one side: parallel fibres, a
    corrugation, flat layers. It gives what the whole cell gives; areas are those of a cell one metre deep.
    order: 1 (linear fields) or 2 (quadratic ones). surface: how elements follow fibres and rough foils:
    straight, area-preserving (straight, with the radii enlarged until the area is exact) or curved.
    """

    size: Annotated[float, Unit("m", "0.35 um", above=0.0)]
    far: Annotated[float, Unit("m", "2 um", above=0.0)] | None = None
    dimension: Literal[2, 3] = 3
    order: Literal[1, 2] = 1
    surface: Annotated[SurfaceShape, Field(default_factory=_surface)]

    @model_validator(mode="after")
    def _bendable(self) -> MeshTable:
        if self.surface is SurfaceShape.CURVED and self.order != 2:
            raise objection(
                f'has surface = "curved" with order = {self.order}; curved elements are of second order, so '
                'set order = 2, or take surface = "area-preserving"'
            )
        return self
