"""From a case to models, kinetics and limits; and the list of all inputs with their sources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cases import changed

from fem.conditions import Electrode, Grounded
from fem.kinetics import ButlerVolmer, Film, LinearKinetics, MarcusHushChidsey, Tafel
from fem.materials import Conductor, Electrolyte, Insulator
from fem.model import Galvanostatic, Potentiostatic
from geometry.designs import Design
from meshes.structured import layered_box
from meshes.tagged import TaggedMesh
from studies import build
from studies.case import Case
from studies.limits import limit, liquids
from studies.parameters import parameters


def test_every_parameter_is_listed_with_a_source() -> None:
    """A number missing from the list would be an input that no report shows."""
    case = Case.shipped()
    names = {p.name for p in parameters(case)}

    def leaves(table: dict[str, Any], at: str) -> set[str]:
        found = set()
        for key, value in table.items():
            dotted = f"{at}.{key}" if at else key
            found |= leaves(value, dotted) if isinstance(value, dict) else {dotted}
        return found

    assert leaves(case.to_dict(), "") <= names
    assert all(p.source and p.value for p in parameters(case))
    shown_values = {p.name: p.value for p in parameters(case)}
    assert shown_values["operation.current_density"] == "10 mA/cm^2"


def test_kinetics_of_foil_and_counter_follow() -> None:
    """The foil is like the fibres, the counter like the foil, unless given."""
    data = changed("kinetics.foil", {"law": "tafel", "film_resistance": "10 ohm*cm^2"})
    data["kinetics"]["counter"] = {"law": "butler-volmer"}
    case = Case.from_dict(data)
    assert build.kinetics(case, "fibres") == ButlerVolmer(exchange_current=100.0)
    assert build.kinetics(case, "foil") == Film(1e-3, Tafel(exchange_current=100.0))
    case = Case.from_dict(changed("kinetics.foil", {"law": "linear", "film_resistance": "10 ohm*cm^2"}))
    assert build.kinetics(case, "counter") == build.kinetics(case, "foil")
    for law, kind in (("linear", LinearKinetics), ("marcus-hush-chidsey", MarcusHushChidsey)):
        assert isinstance(
            build.kinetics(Case.from_dict(changed("kinetics.foil", {"law": law})), "foil"), kind
        )


def _mesh(*names: str, feet: bool = False) -> TaggedMesh:
    mesh = layered_box([(name, 1e-6, 1) for name in names], width=1e-6, depth=1e-6, nx=1, ny=1)
    if not feet:
        return mesh
    return TaggedMesh(
        mesh=mesh.mesh, regions=mesh.regions, surfaces={**mesh.surfaces, "feet": mesh.surfaces["foil"]}
    )


def test_models_of_the_designs() -> None:
    """The insulating mat differs from the bilayer in its fibres alone; a flat cell knows no fibres."""
    case = Case.shipped()
    mesh = _mesh("fibres", "pores", "ionic_layer", "separator", feet=True)
    bilayer = build.model(case, Design.BILAYER, mesh)
    dead = build.model(case, Design.INSULATING_MAT, mesh)
    flat = build.model(case, Design.PLANAR, _mesh("separator"))
    assert bilayer.regions["fibres"] == Conductor(conductivity=1000.0)
    assert isinstance(dead.regions["fibres"], Insulator)
    assert {k: v for k, v in bilayer.regions.items() if k != "fibres"} == {
        k: v for k, v in dead.regions.items() if k != "fibres"
    }
    assert isinstance(bilayer.boundaries["feet"], Grounded)
    assert not dead.interfaces and "feet" not in dead.boundaries
    assert set(flat.regions) == {"separator"}
    separator = flat.regions["separator"]
    assert isinstance(separator, Electrolyte)
    assert (separator.porosity, separator.macmullin) == (0.55, 4.5)
    foil, counter = flat.boundaries["foil"], flat.boundaries["counter"]
    assert isinstance(foil, Electrode) and isinstance(counter, Electrode)
    assert (foil.terminal, counter.terminal) == ("anode", "counter")


def test_controls() -> None:
    assert build.control(Case.shipped()) == Galvanostatic(current_density=100.0)
    voltage = Case.from_dict(changed("operation", {"cell_voltage": "50 mV"}))
    assert build.control(voltage) == Potentiostatic(cell_voltage=0.05)


def test_fibres_from_csv_are_kept_in_the_case(tmp_path: Path) -> None:
    """The path counts from the case file, and the record needs the CSV no more."""
    (tmp_path / "mat.csv").write_text(
        "x1 [um],y1 [um],z1 [um],x2 [um],y2 [um],z2 [um],radius [um]\n-1,8,0.2,17,8,0.2,0.5\n", "utf-8"
    )
    data = changed("cell.framework", {"kind": "list", "thickness": "16 um", "csv": "mat.csv"})
    case = Case.from_dict(data, folder=tmp_path)
    again = Case.from_dict(case.to_dict())
    assert again.cell.framework is not None
    assert build.framework(again.cell.framework) == build.framework(case.cell.framework)  # pyright: ignore[reportArgumentType]
    assert again.cell.framework.fibre_diameter == pytest.approx(1e-6)


def test_gap_convention_moves_thickness_into_the_separator() -> None:
    """Same distance: the planar cell's separator takes the 16 + 5 um of mat and layer; its limit falls."""
    same_layers, same_distance = Case.shipped(), Case.from_dict(changed("cell.gap", "same-distance"))
    assert liquids(same_layers, Design.PLANAR)[0][0].thickness == pytest.approx(25e-6)
    assert liquids(same_distance, Design.PLANAR)[0][0].thickness == pytest.approx(46e-6)
    assert limit(same_distance, liquids(same_distance, Design.PLANAR)) < limit(
        same_layers, liquids(same_layers, Design.PLANAR)
    )
