"""A cell with every kind of region, junction and surface, for the tests of the full solver; no Gmsh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cells import standing_fibre, standing_model
from painted import BV, LAW, LEGEND, MATERIALS, painted

from fem import (
    ButlerVolmer,
    Contact,
    Electrode,
    Electrolyte,
    Film,
    Grounded,
    LandesfeindGasteiger,
    Model,
    SingleIonConductor,
    Solvent,
)
from fem.conditions import Interface
from fem.materials import Material
from meshes.tagged import TaggedMesh

# A fibre on its foot, a floating one that reaches from the pores into a layer with its own t+, another liquid
# beside that, then a single-ion layer, and a separator with its own inventory of salt.
ROWS = ("ssssss", "oooooo", "jjjiii", "iii##i", "...##.", ".#....", ".#..xx")
# The same kinds in few elements; the floating fibre touches the single-ion layer.
SMALL = ("ssss", "oooo", "j#ii", ".#..", "...#")
FILM = Film(2e-3, ButlerVolmer(exchange_current=30.0, transfer_coefficients=(0.4, 0.6)))
REGIONS: Mapping[str, Material] = {
    **MATERIALS,
    "ionic_layer": Electrolyte(law=LAW, porosity=0.4, macmullin=6.0, transference=0.7),
    "gel": Electrolyte(law=LandesfeindGasteiger(Solvent.EC_EMC), porosity=0.8, macmullin=2.0),
    "solid_layer": SingleIonConductor(conductivity=0.02),
    "separator": Electrolyte(law=LAW, concentration=1200.0, porosity=0.55, macmullin=4.5),
}


def every_kind(n: int = 1, rows: tuple[str, ...] = ROWS) -> tuple[TaggedMesh, Model]:
    """Mesh and model: film on the fibres, contact resistance at the feet, R_j below the single-ion layer and
    none above."""
    mesh = painted(rows, n=n, legend={**LEGEND, "o": "solid_layer", "j": "gel"})
    liquids = [name for name in mesh.regions if isinstance(REGIONS[name], Electrolyte)]
    interfaces: dict[tuple[str, str], Interface] = {("fibres", name): FILM for name in liquids}
    if "solid_layer" in mesh.regions:
        interfaces |= {
            (name, "solid_layer"): Contact(resistance=0.0 if name == "separator" else 1e-4)
            for name in liquids
        }
        interfaces["fibres", "solid_layer"] = FILM
    boundaries = {
        "feet": Grounded(resistance=1e-5),
        "foil": Electrode(BV, terminal="anode"),
        "counter": Electrode(Film(1e-4, BV), terminal="counter"),
    }
    return mesh, Model(
        regions={name: REGIONS[name] for name in mesh.regions},
        interfaces=interfaces,
        boundaries={name: b for name, b in boundaries.items() if name in mesh.surfaces},
    )


def standing(
    n: int, conductivity: float, macmullin: float, transference: float | None
) -> tuple[TaggedMesh, Model]:
    """The standing fibre under a separator with its own MacMullin number and t+."""
    model = standing_model(conductivity=conductivity)
    separator = Electrolyte(law=LAW, porosity=0.5, macmullin=macmullin, transference=transference)
    return standing_fibre(n), replace(model, regions={**model.regions, "separator": separator})
