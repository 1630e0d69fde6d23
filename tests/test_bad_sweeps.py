"""Sweep files that cannot be a sweep are refused when they are read, with a sentence each."""

import re

import pytest

from studies.errors import CaseError
from studies.sweep.plan import Sweep
from tests.sweeps import small

THICKNESS, CURRENT = "cell.framework.thickness", "operation.current_density"
POROSITY, SEED = "cell.framework.porosity", "cell.framework.seed"
TARGET = {"name": "x", "metric": "cell_voltage_V", "value": 0.1, "within": 0.1}


BAD = {
    "nothing varied": ({"axes": {}}, "varies nothing"),
    "unknown axis": ({"axes": {"cell.framework.thicknes": ["1 um"]}}, "did you mean"),
    "empty list": ({"axes": {THICKNESS: []}}, "empty list"),
    "another kind of unit": ({"axes": {THICKNESS: ["1 mA/cm^2"]}}, "unit of another kind"),
    "ends of two kinds": (
        {"axes": {THICKNESS: {"from": "1 um", "to": "2 V", "count": 3}}},
        "unit of another kind",
    ),
    "no unit": ({"axes": {THICKNESS: [6]}}, "without a unit"),
    "out of bounds": ({"axes": {POROSITY: [0.8, 1.2]}}, "must be below 1"),
    "unknown word": ({"axes": {"cell.gap": ["same-layer"]}}, 'did you mean "same-layers"'),
    "a value twice": ({"axes": {THICKNESS: ["6 um", "6000 nm"]}}, "twice"),
    "a seed twice": ({"case": "bilayer", "axes": {SEED: [1, 2, 1]}}, "has 1 twice"),
    "a billion points": ({"case": "bilayer", "axes": {SEED: {"from": 1, "to": 10**9}}}, "more than 100,000"),
    "no count": ({"axes": {POROSITY: {"from": 0.8, "to": 0.9}}}, "without count"),
    "backwards": ({"axes": {POROSITY: {"from": 0.9, "to": 0.8, "count": 2}}}, "must be the smaller"),
    "logarithm of zero": (
        {"axes": {"cell.framework.tilt": {"from": "0 rad", "to": "1 rad", "count": 3, "scale": "log"}}},
        "logarithmic",
    ),
    "seeds cannot be sampled": (
        {"case": "bilayer", "hypercube": {"points": 4, "axes": {SEED: {"from": 1, "to": 9}}}},
        "cannot be sampled",
    ),
    "zipped of two lengths": ({"zipped": {THICKNESS: ["6 um", "8 um"], POROSITY: [0.8]}}, "equally many"),
    "varied in two places": ({"zipped": {CURRENT: ["1 mA/cm^2"]}}, "two places"),
    "designs as an axis": ({"axes": {"designs": [["planar"]]}}, "is no axis"),
    "a design twice": ({"designs": ["planar", "planar"]}, "twice"),
    "unknown design": ({"designs": ["planer"]}, "planer"),
    "unknown key": ({"axis": {}}, "not a known key"),
    "unknown key without a like": (
        {"workers": 2},
        "use one of: title, about, case, set, designs, axes, zipped, hypercube, fields, compatible.",
    ),
    "a misspelt end": (
        {"hypercube": {"points": 4, "axes": {POROSITY: {"from": 0.7, "too": 0.8}}}},
        'did you mean "to"',
    ),
    "a count of a hypercube": (
        {"hypercube": {"points": 4, "axes": {POROSITY: {"from": 0.7, "to": 0.8, "count": 3}}}},
        "known here: from, to, scale",
    ),
    "a list in a hypercube": ({"hypercube": {"points": 4, "axes": {POROSITY: [0.7]}}}, "list values in"),
    "no list": ({"axes": {POROSITY: 0.8}}, "give a list"),
    "a misspelt range": ({"axes": {POROSITY: {"from": 0.8, "to": 0.9, "cuont": 3}}}, 'did you mean "count"'),
    "no quotes": ({"axes": {"operation": {"current_density": ["1 mA/cm^2"]}}}, "stand in quotes"),
    "current and voltage": (
        {"axes": {CURRENT: ["1 mA/cm^2"], "operation.cell_voltage": ["1 mV"]}},
        "operation.current_density (varied) and operation.cell_voltage (varied), and a cell has one",
    ),
    "current and voltage set": (
        {"set": {CURRENT: "1 mA/cm^2", "operation.cell_voltage": "1 mV"}, "axes": {POROSITY: [0.8]}},
        "operation.current_density (set) and operation.cell_voltage (set), and a cell has one",
    ),
    "current varied and voltage set": (
        {"set": {"operation.cell_voltage": "1 mV"}},
        "operation.current_density (varied) and operation.cell_voltage (set), and a cell has one",
    ),
    "varied and set": ({"set": {CURRENT: "1 mA/cm^2"}}, "operation.current_density is both set and varied"),
    "zipped and set": (
        {"set": {POROSITY: 0.8}, "zipped": {POROSITY: [0.7, 0.8]}},
        "porosity is both set and varied",
    ),
    "unknown law": (
        {"axes": {"kinetics.fibres.law": ["butler-volmer", "tafle"]}},
        "butler-volmer, linear, tafel, marcus-hush-chidsey, marcus-zeng; did you mean \"tafel\"",
    ),
    "a file of fibres as an axis": ({"axes": {"cell.framework.csv": ["a.csv", "b.csv"]}}, "is no axis"),
    "a file of fibres set": ({"set": {"cell.framework.csv": "a.csv"}}, "a case and a sweep for each file"),
    "unknown case": ({"case": "bilayr"}, "does not exist"),
    "a list where text is wanted": (
        {"set": {POROSITY: 0.8, "cell.framework.kind": ["parallel"]}}, "cell.framework.kind",
    ),
    "seeds without end": (
        {"axes": {"cell.framework.seed": {"from": 1, "to": 10**19}}}, "has more than 100,000 values",
    ),
    "bad change": ({"set": {"mesh.size": "3 V"}}, "mesh.size"),
    "unknown change": ({"set": {"mesh.sise": "1 um"}}, 'did you mean "mesh.size"'),
    "target without width": (
        {"compatible": [{"name": "x", "metric": "cell_voltage_V", "value": 0.1}]},
        "within",
    ),
    "target of zero": ({"compatible": [TARGET | {"value": 0}]}, "value is 0; it must not be zero"),
    "target of nan": ({"compatible": [TARGET | {"value": float("nan")}]}, "must be a finite number"),
    "target of inf": ({"compatible": [TARGET | {"value": float("inf")}]}, "must be a finite number"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_sweeps_are_refused_with_a_sentence(name: str):
    tables, sentence = BAD[name]
    with pytest.raises(CaseError, match=re.escape(sentence)):
        small(**tables)


@pytest.mark.parametrize("name", ["axes", "zipped"])
@pytest.mark.parametrize("given", [["a"], 3, "operation.current_density", True])
def test_axes_that_are_no_table_are_refused(name: str, given: object):
    with pytest.raises(CaseError, match=f"{name} is .*; it must be a table of fields, such as"):
        Sweep.from_dict({"case": "parallel", name: given})


def test_a_case_is_needed():
    with pytest.raises(CaseError, match="case is missing"):
        Sweep.from_dict({"axes": {CURRENT: ["1 mA/cm^2"]}})
