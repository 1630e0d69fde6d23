"""From a case to what the other packages take: cell, sizing, model and control."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fem.conditions import Boundary, Contact, Electrode, Grounded, Interface
from fem.electrolyte import ELECTROLYTE_LAWS, ElectrolyteLaw
from fem.kinetics import KINETIC_LAWS, Film, Kinetics
from fem.materials import Conductor, Electrolyte, Insulator, Material, SingleIonConductor
from fem.model import Control, Galvanostatic, Model, Potentiostatic
from geometry.designs import Cell, Design
from geometry.fibre_list import FibreList
from geometry.fibres import Fibre, Framework
from geometry.ordered_mat import CrossedMat, GridMat, ParallelMat
from geometry.random_mat import Orientation, RandomMat
from geometry.regions import ELECTROLYTES, Region, Surface
from geometry.stack import Roughness
from meshes.sizing import Sizing
from meshes.tagged import TaggedMesh
from studies.tables import (
    ListFramework,
    OrderedFramework,
    PorousLayer,
    RandomFramework,
    Rough,
    SingleIonLayer,
)

if TYPE_CHECKING:
    from studies.case import Case

ORDERED = {"parallel": ParallelMat, "crossed": CrossedMat, "grid": GridMat}


def framework(table: RandomFramework | OrderedFramework | ListFramework) -> Framework:
    """The framework that a table describes."""
    if isinstance(table, ListFramework):
        fibres = tuple(Fibre(start=f.start, end=f.end, radius=f.diameter / 2) for f in table.fibres)
        return FibreList(thickness=table.thickness, fibres=fibres)
    numbers = {
        "thickness": table.thickness,
        "fibre_diameter": table.fibre_diameter,
        "porosity": table.porosity,
    }
    if isinstance(table, RandomFramework):
        return RandomMat(
            **numbers,
            seed=table.seed,
            tilt=table.tilt,
            orientation=Orientation(concentration=table.alignment, axis=table.alignment_axis),
            embedded_share=table.embedded_share,
        )
    return ORDERED[table.kind](**numbers)


def roughness(table: Rough) -> Roughness:
    """The relief of the rough planar foil."""
    return Roughness(kind=table.kind, height=table.height, wavelength=table.wavelength)


def cell(case: Case) -> Cell:
    """The parts of all designs."""
    parts = case.cell
    return Cell(
        width=parts.width,
        depth=parts.depth,
        separator=parts.separator.thickness,
        ionic_layer=None if parts.ionic_layer is None else parts.ionic_layer.thickness,
        framework=None if parts.framework is None else framework(parts.framework),
        rough=None if parts.rough is None else roughness(parts.rough),
        gap=parts.gap,
    )


def sizing(case: Case) -> Sizing:
    """Mesh sizes and the treatment of curved surfaces; what the case leaves open is the mesher's choice."""
    mesh = case.mesh
    return Sizing(size=mesh.size, far=mesh.far, surface=mesh.surface, dimension=mesh.dimension)


def electrolyte_law(case: Case) -> ElectrolyteLaw:
    """The liquid's property law."""
    return ELECTROLYTE_LAWS[case.electrolyte.law]()


def kinetics(case: Case, surface: str) -> Kinetics:
    """The kinetic law of "fibres", "foil" or "counter", in its film if there is one."""
    table = case.kinetics.on(surface)
    parameters = {
        name: getattr(table, name)
        for name in type(table).model_fields
        if name not in ("law", "film_resistance")
    }
    law = KINETIC_LAWS[table.law](**parameters)
    return Film(table.film_resistance, law) if table.film_resistance > 0.0 else law


def ionic_layer(case: Case, table: PorousLayer | SingleIonLayer) -> Electrolyte | SingleIonConductor:
    """What the ionic layer is made of."""
    if isinstance(table, SingleIonLayer):
        return SingleIonConductor(conductivity=table.conductivity)
    return Electrolyte(
        law=electrolyte_law(case),
        concentration=case.electrolyte.concentration,
        porosity=table.porosity,
        macmullin=table.macmullin,
        transference=table.transference,
    )


def model(case: Case, design: Design, mesh: TaggedMesh) -> Model:
    """Materials, reactions and boundaries of a design; insulating mat and bilayer differ here alone.

    The mesh says whether there are feet: given fibres need not touch the anode plane.
    """
    layers, law = case.cell, electrolyte_law(case)
    concentration = case.electrolyte.concentration
    regions: dict[str, Material] = {
        Region.SEPARATOR: Electrolyte(
            law=law,
            concentration=concentration,
            porosity=layers.separator.porosity,
            macmullin=layers.separator.macmullin,
        )
    }
    if design.has_ionic_layer and layers.ionic_layer is not None:
        regions[Region.IONIC_LAYER] = ionic_layer(case, layers.ionic_layer)
    boundaries: dict[str, Boundary] = {
        Surface.FOIL: Electrode(kinetics(case, "foil"), terminal="anode"),
        Surface.COUNTER: Electrode(kinetics(case, "counter"), terminal="counter"),
    }
    interfaces: dict[tuple[str, str], Interface] = {}
    if design.has_framework and layers.framework is not None:
        regions[Region.PORES] = Electrolyte(law=law, concentration=concentration)
        if design is Design.INSULATING_MAT:
            regions[Region.FIBRES] = Insulator()
        else:
            regions[Region.FIBRES] = Conductor(
                conductivity=layers.framework.conductivity, equipotential=layers.framework.equipotential
            )
            if Surface.FEET in mesh.surfaces:
                boundaries[Surface.FEET] = Grounded(resistance=layers.framework.contact_resistance)
            on_fibres = kinetics(case, "fibres")
            interfaces = {(Region.FIBRES, name): on_fibres for name in ELECTROLYTES if name in regions}
    if isinstance(layers.ionic_layer, SingleIonLayer) and Region.IONIC_LAYER in regions:
        junction = Contact(resistance=layers.ionic_layer.junction_resistance)
        beside = [name for name in (Region.PORES, Region.SEPARATOR) if name in regions]
        interfaces |= {(name, Region.IONIC_LAYER): junction for name in beside}
    return Model(
        temperature=case.electrolyte.temperature,
        regions=regions,
        interfaces=interfaces,
        boundaries=boundaries,
    )


def control(case: Case) -> Control:
    """What drives the cell."""
    if case.operation.cell_voltage is not None:
        return Potentiostatic(cell_voltage=case.operation.cell_voltage)
    assert case.operation.current_density is not None
    return Galvanostatic(current_density=case.operation.current_density)
