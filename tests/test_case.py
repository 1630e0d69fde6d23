"""Case files: what is read, what is refused and in which words, and where every number comes from."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cases import MISSING, changed

from geometry.designs import Design
from studies.case import SHIPPED, Case, shipped_names
from studies.errors import CaseError
from studies.parameters import parameters
from studies.units import Unit, shown


def problems(name: str, value: Any) -> tuple[str, ...]:
    """The sentences that refuse such a case."""
    with pytest.raises(CaseError) as caught:
        Case.from_dict(changed(name, value))
    return caught.value.problems


BAD = {
    # field: (value, words that the sentence must hold besides the field's name)
    "unknown key": ("cell.framework.porositty", 0.8, ["porosity", "did you mean"]),
    "unknown table": ("kinetic", {}, ["kinetics", "did you mean"]),
    "missing key": ("cell.width", MISSING, ["missing", '"16 um"']),
    "missing table": ("operation", MISSING, ["missing", "current_density"]),
    "missing mesh size": ("mesh.size", MISSING, ["missing", '"0.35 um"']),
    "no unit": ("cell.framework.thickness", 16, ["without a unit", '"16 um"']),
    "text without unit": ("cell.framework.thickness", "16", ["without a unit", '"16 um"']),
    "wrong unit": ("cell.width", "16 s", ["16 s", "converts to m", '"16 um"']),
    "unknown unit": ("cell.width", "16 ums", ["16 ums", "unknown", '"16 um"']),
    "per area forgotten": ("operation.current_density", "10 mA", ["10 mA", '"10 mA/cm^2"']),
    "no number": ("cell.width", "wide", ["wide", '"16 um"']),
    "negative thickness": ("cell.framework.thickness", "-16 um", ["-16 um", "above 0"]),
    "zero separator": ("cell.separator.thickness", "0 um", ["0 um", "above 0"]),
    "porosity above one": ("cell.framework.porosity", 1.2, ["1.2", "below 1"]),
    "porosity as text": ("cell.framework.porosity", "0.85", ["0.85", "number"]),
    "impossible porosity": ("cell.framework.porosity", 0.3, ["0.3", "contact policy"]),
    "macmullin below one": ("cell.ionic_layer.macmullin", 0.5, ["0.5", "at least 1"]),
    "fibre thicker than mat": ("cell.framework.fibre_diameter", "20 um", ["20 um", "thickness", "16 um"]),
    "mesh coarser than fibre": ("mesh.size", "1.5 um", ["1.5 um", "fibre_diameter", "1 um"]),
    "far below near": ("mesh.far", "0.1 um", ["0.1 um", "0.35 um"]),
    "order": ("mesh.order", 3, ["3", "1, 2"]),
    "curved at order 1": ("mesh.surface", "curved", ["curved", "order = 1", "order = 2"]),
    "surface": ("mesh.surface", "bent", ["bent", "area-preserving", "curved"]),
    "temperature zero": ("electrolyte.temperature", "0 K", ["0 K", "above 0"]),
    "temperature out of range": ("electrolyte.temperature", "200 K", ["200 K", "263-333"]),
    "concentration out of range": ("electrolyte.concentration", "9 mol/L", ["9000 mol/m3", "3500"]),
    "unknown electrolyte": ("electrolyte.law", "valoen-reimers", ["valoen-reimers-2005", "did you mean"]),
    "unknown kinetics": ("kinetics.fibres.law", "butler", ["butler-volmer", "did you mean"]),
    "counter that plates only": ("kinetics.counter", {"law": "tafel"}, ["tafel", "strips", "butler-volmer"]),
    "no law": ("kinetics.foil", {"film_resistance": "1 ohm*cm^2"}, ["law", "butler-volmer"]),
    "key of another law": (
        "kinetics.foil",
        {"law": "tafel", "reorganisation_energy": "0.3 eV"},
        ["reorganisation_energy", "marcus-hush-chidsey"],
    ),
    "closed form out of range": (
        "kinetics.foil",
        {"law": "marcus-zeng", "reorganisation_energy": "0.7 eV"},
        ["0.7 eV", "0.4"],
    ),
    "negative film": ("kinetics.fibres.film_resistance", "-1 ohm*cm^2", ["-1 ohm*cm^2", "at least 0"]),
    "one coefficient": ("kinetics.fibres.transfer_coefficients", [0.5], ["missing", "[0.5, 0.5]"]),
    "two controls": ("operation.cell_voltage", "50 mV", ["both", "current_density"]),
    "no control": ("operation", {}, ["neither", "current_density"]),
    "unknown design": ("designs", ["planer"], ["planer", "planar"]),
    "no design": ("designs", [], ["at least one"]),
    "design twice": ("designs", ["planar", "planar"], ["planar", "twice"]),
    "design without its part": ("cell.rough", MISSING, ["designs", "planar_rough", "[cell.rough]"]),
    "gap": ("cell.gap", "none", ["none", "same-layers", "same-distance"]),
    "kind of framework": ("cell.framework.kind", "rand", ["rand", "random", "list"]),
    "no kind": ("cell.framework.kind", MISSING, ["kind", "random", "list"]),
    "framework is a number": ("cell.framework", 3, ["table"]),
    "half a separator": ("cell.separator", {"porosity": 0.4}, ["porosity", "macmullin"]),
    "broken wave": ("cell.rough.wavelength", "9 um", ["9 µm", "whole number", "16 µm"]),
    "seed": ("cell.framework.seed", 1.5, ["1.5", "whole number"]),
    "csv that is not there": (
        "cell.framework",
        {"kind": "list", "thickness": "16 um", "csv": "no.csv"},
        ["no.csv", "cannot be read"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "value", "words"), BAD.values(), ids=BAD)
def test_a_mistake_is_named_in_one_sentence(name: str, value: Any, words: list[str]) -> None:
    """Field, value and remedy are named; one mistake makes one sentence."""
    found = problems(name, value)
    assert len(found) == 1
    assert name.rpartition(".")[0] in found[0]
    assert all(word in found[0] for word in words), found[0]
    assert "\n" not in found[0]


def test_several_mistakes_are_listed_together() -> None:
    data = changed("cell.width", "16 s")
    data["operation"] = {"current_density": 10}
    data["titel"] = "x"
    with pytest.raises(CaseError) as caught:
        Case.from_dict(data)
    assert [text.split()[0] for text in caught.value.problems] == [
        "cell.width",
        "operation.current_density",
        "titel",
    ]


@pytest.mark.parametrize(
    ("text", "word"),
    [("", "empty"), ("x = ", "TOML"), ('[cell]\nwidth = "1 um"\nwidth = "2 um"', "TOML")],
    ids=["empty", "syntax", "twice"],
)
def test_text_that_is_no_case(text: str, word: str) -> None:
    with pytest.raises(CaseError, match=word) as caught:
        Case.from_toml(text, name="my.toml")
    assert "my.toml" in str(caught.value)


def test_a_sweep_is_no_case() -> None:
    with pytest.raises(CaseError, match=r"tables of a sweep.*bilayer sweep"):
        Case.from_toml('case = "bilayer"\n[axes]\n"cell.width" = ["1 um"]\n')


def test_files_that_cannot_be_read(tmp_path: Any) -> None:
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00\x01")
    for name, word in (("no.toml", "does not exist"), ("binary.toml", "binary"), (".", "folder")):
        with pytest.raises(CaseError, match=word):
            Case.load(tmp_path / name)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Any) -> None:
    """Editors on Windows put one at the head of UTF-8 files."""
    (tmp_path / "case.toml").write_bytes(b"\xef\xbb\xbf" + (SHIPPED / "bilayer.toml").read_bytes())
    assert Case.load(tmp_path / "case.toml") == Case.shipped()


@pytest.mark.parametrize("name", shipped_names())
def test_shipped_cases_read_back_from_their_own_record(name: str) -> None:
    """A result holds its inputs: what to_dict writes gives the same case again, through JSON too."""
    case = Case.shipped(name)
    assert Case.from_dict(json.loads(json.dumps(case.to_dict()))) == case


def test_default_case_is_the_promised_one() -> None:
    case = Case.shipped()
    framework = case.cell.framework
    assert framework is not None
    assert case.designs == tuple(Design)
    assert (case.cell.width, framework.thickness, framework.fibre_diameter) == (16e-6, 16e-6, 1e-6)
    assert (case.operation.current_density, case.mesh.size) == (100.0, 0.35e-6)
    assert case.electrolyte.concentration == 1000.0
    assert Case.shipped("bilayer-20mA").operation.current_density == 200.0


def test_defaults_of_a_short_case() -> None:
    """Only geometry, operating point and mesh size must be given; designs are those that have their parts."""
    case = Case.from_toml(
        '[cell]\nwidth = "8 um"\ndepth = "8 um"\n'
        '[operation]\ncurrent_density = "1 mA/cm^2"\n[mesh]\nsize = "1 um"'
    )
    assert case.designs == (Design.PLANAR,)
    assert (case.cell.separator.porosity, case.cell.separator.macmullin) == (0.55, 4.5)
    sources = {p.name: p.source for p in parameters(case)}
    assert "10.1149/2.1141607jes" in sources["cell.separator.macmullin"]
    assert "10.1149/1.1872737" in sources["electrolyte.law"]
    assert sources["kinetics.fibres.transfer_coefficients"] == "default: assumed"
    assert sources["cell.width"] == "given in the case"


@pytest.mark.parametrize(
    ("unit", "text", "value"),
    [
        (Unit("m", "16 um"), "16 µm", 16e-6),
        (Unit("m", "16 um"), "1.6e-2mm", 16e-6),
        (Unit("A/m^2", "10 mA/cm^2"), "10 mA/cm²", 100.0),
        (Unit("K", "298.15 K"), "25 degC", 298.15),
        (Unit("K", "298.15 K"), "25 °C", 298.15),
        (Unit("mol/m^3", "1 mol/L"), "1 mol/L", 1000.0),
        (Unit("ohm*m^2", "10 ohm*cm^2"), "10 ohm*cm^2", 1e-3),
        (Unit("V", "50 mV"), "50 mV", 0.05),
        (Unit("eV", "0.3 eV"), "0.3 eV", 0.3),
    ],
)
def test_units(unit: Unit, text: str, value: float) -> None:
    """Exactly the number a person means, and the written form reads back to it."""
    assert unit.read(text) == value
    assert unit.read(unit.write(value)) == value


def test_numbers_are_shown_in_the_units_of_people() -> None:
    assert shown(100.0, "A/m^2", "mA/cm^2") == "10 mA/cm^2"
    assert shown(16e-6, "m", "um") == "16 um"


def test_schema_names_every_table() -> None:
    schema = Case.json_schema()
    assert {"cell", "designs", "electrolyte", "kinetics", "operation", "mesh"} <= set(schema["properties"])
    assert schema["additionalProperties"] is False
    assert "16 um" in json.dumps(schema)
