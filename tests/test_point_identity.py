"""What names a point: every key of a case that decides a design's result changes its name, no other does.

Catches a key left out, so that two inputs would share one result or two shapes one mesh, and a key too many,
so that equal points would be computed twice. A new key of a case must be listed here.
"""

from __future__ import annotations

from typing import Any

import pytest

from geometry.designs import Design
from studies.case import Case
from studies.errors import known_keys
from studies.sweep.changes import changed
from studies.sweep.points import Point

SURFACES = ("fibres", "foil", "counter")
PLATING = SURFACES[:2]
ANY = {
    "title": "Another",
    "cell.width": "24 um",
    "cell.depth": "24 um",
    "cell.gap": "same-distance",
    "cell.framework.thickness": "17 um",
    "cell.framework.conductivity": "900 S/m",
    "cell.framework.contact_resistance": "1 ohm*cm^2",
    "cell.framework.equipotential": True,
    "cell.ionic_layer.thickness": "6 um",
    "cell.separator.thickness": "24 um",
    "cell.separator.porosity": 0.5,
    "cell.separator.macmullin": 4.0,
    "cell.rough.kind": "corrugation",
    "cell.rough.height": "1.5 um",
    "cell.rough.wavelength": "16 um",
    "electrolyte.law": "nyman-2008",
    "electrolyte.concentration": "1.1 mol/L",
    "electrolyte.temperature": "303.15 K",
    "mesh.size": "0.3 um",
    "mesh.far": "3 um",
    "mesh.order": 2,
    "mesh.surface": "area-preserving",
} | {
    f"kinetics.{surface}.{key}": value
    for surface in SURFACES
    for key, value in {
        "exchange_current": "20 mA/cm^2",
        "concentration_exponent": 0.6,
        "reference_concentration": "1.2 mol/L",
        "film_resistance": "2 ohm*cm^2",
    }.items()
}  # fmt: skip
"""Field -> another value, of every case."""
MAT = {"cell.framework.fibre_diameter": "1.4 um", "cell.framework.porosity": 0.8}
POROUS = {
    "cell.ionic_layer.porosity": 0.5, "cell.ionic_layer.macmullin": 7.0, "cell.ionic_layer.transference": 0.6,
}  # fmt: skip
FIBRE = {"start": ["-1 um", "4 um", "2 um"], "end": ["33 um", "4 um", "2 um"], "diameter": "1 um"}


def kinetics(law: str, surfaces: tuple[str, ...] = SURFACES, **keys: Any) -> dict[str, Any]:
    """Changes of the law and of its own keys on surfaces."""
    return {f"kinetics.{s}.{key}": value for s in surfaces for key, value in ({"law": law} | keys).items()}


CHANGES: dict[str, dict[str, Any]] = {
    "random": ANY | MAT | POROUS | kinetics("linear", transfer_coefficients=[0.4, 0.6]) | {
        "cell.framework.kind": "crossed",
        "cell.framework.seed": 2,
        "cell.framework.tilt": "7 deg",
        "cell.framework.alignment": 1.0,
        "cell.framework.alignment_axis": "10 deg",
        "cell.framework.embedded_share": 0.2,
        "cell.ionic_layer.kind": "single-ion",
        "operation.current_density": "11 mA/cm^2",
    },
    "ordered": ANY | MAT | kinetics("butler-volmer", PLATING, transfer_coefficient=0.4) | {
        "cell.framework.kind": "grid",
        "cell.ionic_layer.conductivity": "0.02 S/m",
        "cell.ionic_layer.junction_resistance": "1 ohm*cm^2",
        "cell.rough.kind": "bumps",
        "operation.cell_voltage": "60 mV",
        "mesh.dimension": 2,
    },
    "list": ANY | POROUS | kinetics("marcus-zeng", reorganisation_energy="0.35 eV") | {
        "cell.framework.fibres.start": ["-1 um", "5 um", "2 um"],
        "cell.framework.fibres.end": ["33 um", "5 um", "2 um"],
        "cell.framework.fibres.diameter": "1.2 um",
        "operation.cell_voltage": "60 mV",
    },
}  # fmt: skip
"""Case -> field -> another value."""

CONDUCTING = {Design.FRAMEWORK, Design.BILAYER}
BLIND = {
    "title": set(Design),  # nothing is computed from it
    "cell.framework": {d for d in Design if not d.has_framework},
    "cell.framework.conductivity": set(Design) - CONDUCTING,
    "cell.framework.contact_resistance": set(Design) - CONDUCTING,
    "cell.framework.equipotential": set(Design) - CONDUCTING,
    "cell.ionic_layer": {d for d in Design if not d.has_ionic_layer},
    "cell.rough": set(Design) - {Design.PLANAR_ROUGH},
    "cell.gap": {Design.BILAYER, Design.INSULATING_MAT},  # they lack nothing that a separator would fill
    "kinetics.fibres": set(Design) - CONDUCTING,  # foil and counter have their own here
}
"""Field or table -> designs that it does not concern; the longest name counts."""
SHAPELESS = (
    "title", "cell.framework.conductivity", "cell.framework.contact_resistance",
    "cell.framework.equipotential", "cell.ionic_layer", "cell.separator.porosity", "cell.separator.macmullin",
    "electrolyte", "kinetics", "operation",
)  # fmt: skip
"""Fields or tables that no mesh depends on, but for the thickness of the ionic layer."""
NO_KEYS = {
    "designs": "a point has one design, which its name holds",
    "cell.framework.csv": "the fibres themselves are kept",
}


def _base(name: str) -> dict[str, Any]:
    """A case with every part, and kinetics of each surface's own."""
    law = {"random": "butler-volmer", "ordered": "tafel", "list": "marcus-hush-chidsey"}[name]
    values: dict[str, Any] = {f"kinetics.{surface}": {"law": law} for surface in PLATING}
    values["kinetics.counter"] = {"law": "butler-volmer" if law == "tafel" else law}
    values |= {"mesh.far": "2 um", "cell.ionic_layer.transference": 0.5}
    if name == "ordered":
        values |= {"cell.framework.kind": "parallel", "cell.rough.kind": "corrugation"}
        values["cell.ionic_layer"] = {
            "kind": "single-ion", "thickness": "5 um", "conductivity": "0.01 S/m",
        }  # fmt: skip
        del values["cell.ionic_layer.transference"]
    if name == "list":
        values["cell.framework"] = {"kind": "list", "thickness": "16 um", "fibres": [FIBRE]}
    if name != "random":
        values["operation.cell_voltage"] = "50 mV"
    return changed(Case.shipped("bilayer").to_dict(), values)


BASES = {name: _base(name) for name in CHANGES}


def _with(base: dict[str, Any], field: str, value: Any) -> dict[str, Any]:
    table, _, key = field.rpartition(".")
    if table == "cell.framework.fibres":
        return changed(base, {table: [FIBRE | {key: value}]})
    if value == "single-ion":
        layer = {"kind": value, "thickness": "5 um", "conductivity": "0.01 S/m"}
        return changed(base, {"cell.ionic_layer": layer})
    return changed(base, {field: value})


def _within(field: str, name: str) -> bool:
    return field == name or field.startswith(f"{name}.")


def _point(tables: dict[str, Any], design: Design) -> Point:
    case = Case.from_dict(tables | {"designs": [str(design)]})
    return Point(number=1, design=design, values={}, case=case)


@pytest.mark.parametrize("design", Design)
@pytest.mark.parametrize("name", CHANGES)
def test_every_key_that_decides_a_result_is_in_its_name(name: str, design: Design):
    before = _point(BASES[name], design)
    for field, value in CHANGES[name].items():
        if design is Design.PLANAR_ROUGH and field == "mesh.dimension":
            continue
        after = _point(_with(BASES[name], field, value), design)
        told = max((key for key in BLIND if _within(field, key)), key=len, default="")
        assert (after.id == before.id) == (design in BLIND.get(told, ())), field
        shapeless = field != "cell.ionic_layer.thickness" and any(_within(field, key) for key in SHAPELESS)
        assert (after.geometry == before.geometry) == shapeless, field


@pytest.mark.parametrize("name", CHANGES)
def test_designs_of_a_case_have_names_of_their_own(name: str):
    assert len({_point(BASES[name], design).id for design in Design}) == len(Design)


def test_no_key_of_a_case_is_forgotten():
    keys = list(known_keys(Case))
    tables = {known.table for known in keys}
    for known in keys:
        if known.dotted in tables or known.dotted in NO_KEYS:
            continue
        if known.table == "kinetics.counter" and known.variants == ("tafel",):  # a counter cannot have it
            continue
        tag = known.key in ("kind", "law")
        having = [name for name, base in BASES.items() if tag or _has(base, known.table, known.variants)]
        assert any(known.dotted in CHANGES[name] for name in having), (known.dotted, known.variants)


def _has(base: dict[str, Any], table: str, variants: tuple[str, ...]) -> bool:
    """Whether the table of a case is one of these kinds or laws."""
    found: Any = base
    for part in table.split(".") if variants else ():
        found = found[part]
    return not variants or found.get("kind", found.get("law")) in variants
