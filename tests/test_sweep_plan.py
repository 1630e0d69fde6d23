"""What a sweep asks for: values of axes, combinations, names of results."""

import copy
import json
import tomllib
from dataclasses import replace

import numpy as np
import pytest

from studies.case import Case
from studies.sweep.plan import SHIPPED, Sweep, shipped_names
from studies.sweep.points import points
from tests.sweeps import SETTINGS, small

THICKNESS, CURRENT = "cell.framework.thickness", "operation.current_density"
POROSITY, SEED = "cell.framework.porosity", "cell.framework.seed"


def _values(sweep: Sweep, field: str) -> list:
    return [setting[field] for setting in sweep.settings()]


def test_axes_are_crossed_the_first_one_slowest():
    sweep = small({THICKNESS: ["6 um", "8 um"], CURRENT: ["5 mA/cm^2", "10 mA/cm^2"]})
    assert sweep.combinations == 4
    assert _values(sweep, THICKNESS) == ["6 um", "6 um", "8 um", "8 um"]
    assert _values(sweep, CURRENT) == ["5 mA/cm^2", "10 mA/cm^2"] * 2


def test_ends_of_an_axis_are_its_least_and_largest_value():
    sweep = small({CURRENT: ["5 mA/cm^2", "150 mA/cm^2", "0.9 A/cm^2", "80 mA/cm^2"]})
    assert sweep.ends(sweep.varied[0]) == ("5 mA/cm^2", "0.9 A/cm^2")


def test_zipped_axes_advance_together_and_are_crossed_with_the_others():
    zipped = {"cell.ionic_layer.porosity": [0.4, 0.3], "cell.ionic_layer.macmullin": [6.0, 12.0]}
    sweep = small(zipped=zipped)
    assert sweep.combinations == 6
    assert _values(sweep, "cell.ionic_layer.macmullin") == [6.0, 12.0] * 3
    assert _values(sweep, "cell.ionic_layer.porosity") == [0.4, 0.3] * 3


def test_a_law_takes_the_keys_of_the_former_one_away():
    laws = ["butler-volmer", "tafel", "marcus-zeng", "linear"]
    sweep = small({"kinetics.fibres.law": laws}, set={"kinetics.counter.law": "butler-volmer"})
    assert "transfer_coefficients" in sweep.tables["kinetics"]["fibres"]
    found = [point.case for point in points(sweep) if point.design == "planar"]
    assert [case.kinetics.fibres.law for case in found if case] == list(_values(sweep, "kinetics.fibres.law"))
    assert len({point.id for point in points(sweep)}) == 8


def test_kinds_of_framework_and_layer_are_axes():
    kinds = ["parallel", "crossed", "random"]
    sweep = small({"cell.framework.kind": kinds}, case="bilayer", set={"mesh.size": "0.45 um"})
    found = [point.case for point in points(sweep) if point.design == "bilayer"]
    assert [case.cell.framework.kind for case in found if case and case.cell.framework] == kinds
    assert sweep.varied[0].axis.column == "cell.framework.kind"
    layer = {"cell.ionic_layer.kind": "single-ion", "cell.ionic_layer.conductivity": "0.01 S/m"}
    point = next(points(small(set=layer)))
    assert point.case is not None and point.case.cell.ionic_layer is not None
    assert point.case.cell.ionic_layer.kind == "single-ion"


def test_what_a_kind_cannot_have_is_not_taken_away_if_the_sweep_gives_it():
    axes = {"cell.framework.kind": ["random", "parallel"], "cell.framework.alignment": [0.0, 5.0]}
    for order in (axes, dict(reversed(axes.items()))):
        sweep = Sweep.from_dict({"case": "bilayer", "designs": ["bilayer"], "axes": order})
        problems = [point.problem for point in points(sweep) if point.case is None]
        assert len(problems) == 2 and all("goes with" in text for text in problems)


def test_making_a_sweep_leaves_its_tables_as_they_were(tmp_path):
    (tmp_path / "fibres.csv").write_text("x1 [um],y1,z1,x2,y2,z2,radius\n-1,4,2,17,4,2,0.5\n")
    case = Case.shipped("ordered").to_dict()
    case["cell"]["framework"] = {"kind": "list", "thickness": "6 um", "csv": "fibres.csv"}
    data = {"case": case, "axes": {CURRENT: ["1 mA/cm^2"]}, "set": {"mesh.size": "0.4 um"}}
    before = copy.deepcopy(data)
    sweep = Sweep.from_dict(data, folder=tmp_path)
    assert data == before
    assert Sweep.from_dict(data, folder=tmp_path) == sweep


@pytest.mark.parametrize(
    ("scale", "shown"),
    [
        ("linear", ["1 mA/cm^2", "50.5 mA/cm^2", "100 mA/cm^2"]),
        ("log", ["1 mA/cm^2", "10 mA/cm^2", "100 mA/cm^2"]),
    ],
)
def test_ranges_hold_both_ends_in_the_unit_that_people_read(scale: str, shown: list[str]):
    field = "kinetics.fibres.exchange_current"
    sweep = small({field: {"from": "10 A/m^2", "to": "0.1 A/cm^2", "count": 3, "scale": scale}})
    assert _values(sweep, field) == shown
    assert sweep.varied[0].axis.logarithmic == (scale == "log")
    assert sweep.varied[0].axis.title == "fibres exchange current (foil and counter alike) (mA/cm²)"


def test_seeds_are_all_whole_numbers_of_a_range():
    sweep = Sweep.from_dict({"case": "bilayer", "axes": {SEED: {"from": 3, "to": 6}}})
    assert _values(sweep, SEED) == [3, 4, 5, 6]
    assert sweep.varied[0].axis.kind == "seed"


def test_a_hypercube_samples_every_axis_once_in_each_of_equal_parts():
    cube = {
        "points": 20,
        "axes": {
            POROSITY: {"from": 0.7, "to": 0.9},
            "cell.framework.conductivity": {"from": "10 S/m", "to": "1e5 S/m", "scale": "log"},
        },
    }
    sweep = Sweep.from_dict({"case": "bilayer", "hypercube": cube, "axes": {SEED: [1, 2]}})
    assert sweep.combinations == 40
    porosity = np.array(_values(sweep, POROSITY)[:20])
    assert sorted(np.floor((porosity - 0.7) / 0.01).astype(int)) == list(range(20))
    sigma = [float(text.split()[0]) for text in _values(sweep, "cell.framework.conductivity")[:20]]
    assert sorted(np.floor((np.log10(sigma) - 1) / 0.2).astype(int)) == list(range(20))
    again = Sweep.from_dict({"case": "bilayer", "hypercube": cube, "axes": {SEED: [1, 2]}})
    assert list(sweep.settings()) == list(again.settings())
    other = Sweep.from_dict({"case": "bilayer", "hypercube": cube | {"seed": 2}})
    assert _values(other, POROSITY) != list(porosity)


def test_a_voltage_takes_the_place_of_the_current():
    sweep = small({"operation.cell_voltage": ["20 mV", "40 mV"]})
    cases = [point.case for point in points(sweep)]
    assert all(case is not None and case.operation.current_density is None for case in cases)


def test_a_sweep_survives_being_written_out():
    sweep = small(
        {THICKNESS: ["6 um", "8 um"]}, hypercube={"points": 3, "axes": {POROSITY: {"from": 0.7, "to": 0.8}}}
    )
    assert Sweep.from_dict(sweep.to_dict()) == sweep


@pytest.mark.parametrize("name", shipped_names())
def test_shipped_sweeps_read_back_the_same(name: str):
    sweep = Sweep.shipped(name)
    again = Sweep.from_dict(json.loads(json.dumps(sweep.to_dict())))
    assert again == sweep and list(points(again)) == list(points(sweep))


def test_what_is_set_need_not_suit_designs_that_the_sweep_leaves_out():
    """A width that is no whole number of the waves of the rough foil."""
    sweep = Sweep.from_dict(
        {
            "case": "bilayer",
            "designs": ["bilayer"],
            "set": {"cell.width": "6 um"},
            "axes": {CURRENT: ["1 mA/cm^2"]},
        }
    )
    assert Sweep.from_dict(sweep.to_dict()) == sweep
    assert next(points(sweep)).problem == ""


def test_fibres_of_a_file_stay_with_the_sweep(tmp_path):
    (tmp_path / "fibres.csv").write_text("x1 [um],y1,z1,x2,y2,z2,radius\n-1,4,2,17,4,2,0.5\n")
    data = Case.shipped("ordered").to_dict()
    data["cell"]["framework"] = {"kind": "list", "thickness": "6 um", "csv": "fibres.csv"}
    sweep = Sweep.from_dict({"case": data, "axes": {CURRENT: ["1 mA/cm^2"]}}, folder=tmp_path)
    assert len(sweep.case["cell"]["framework"]["fibres"]) == 1
    assert Sweep.from_dict(sweep.to_dict()) == sweep


# --- identities ---


def test_points_that_a_design_cannot_tell_apart_share_one_result():
    sweep = small({THICKNESS: ["6 um", "8 um"], "cell.ionic_layer.macmullin": [6.0, 9.0]})
    by_design = {}
    for point in points(sweep):
        by_design.setdefault(str(point.design), []).append(point)
    assert len({point.id for point in by_design["planar"]}) == 1
    assert len({point.id for point in by_design["bilayer"]}) == 4
    assert len({point.geometry for point in by_design["bilayer"]}) == 2


def test_a_kept_distance_lets_a_planar_cell_know_the_mat():
    sweep = small({THICKNESS: ["6 um", "8 um"], "cell.gap": ["same-layers", "same-distance"]})
    planar = [point.id for point in points(sweep) if point.design == "planar"]
    bilayer = [point.id for point in points(sweep) if point.design == "bilayer"]
    assert len(set(planar)) == 3 and len(set(bilayer)) == 2


def test_kinetics_of_the_fibres_are_those_of_the_foil_unless_given():
    field = "kinetics.fibres.exchange_current"
    values = ["1 mA/cm^2", "10 mA/cm^2"]
    both = small({field: values})
    foil = {"kinetics.foil.law": "butler-volmer", "kinetics.foil.exchange_current": "10 mA/cm^2"}
    fibres = small({field: values}, set=SETTINGS | foil)
    count = [len({p.id for p in points(s) if p.design == "planar"}) for s in (both, fibres)]
    assert count == [2, 1]


def test_the_order_of_a_study_does_not_change_names():
    forth = small({CURRENT: ["5 mA/cm^2", "10 mA/cm^2"]})
    back = small({CURRENT: ["0.01 A/cm^2", "5 mA/cm^2"]})
    assert {point.id for point in points(forth)} == {point.id for point in points(back)}


def test_values_that_make_no_case_are_points_with_a_reason():
    sweep = small({"cell.framework.fibre_diameter": ["1 um", "7 um"]})
    found = {(point.values["cell.framework.fibre_diameter_m"], point.case is None) for point in points(sweep)}
    assert (7e-6, True) in found and (1e-6, False) in found
    assert all(point.problem for point in points(sweep) if point.case is None)


def test_a_relief_that_cannot_be_fails_for_every_design():
    axes = {"cell.rough.height": ["2 um", "5 um"]}
    sweep = Sweep.from_dict({"case": "parallel", "designs": ["planar", "planar_rough"], "axes": axes})
    assert [point.problem.partition(":")[0] for point in points(sweep)] == ["", "", *["cell.rough"] * 2]
    assert all(point.id for point in points(sweep) if point.case)


@pytest.mark.parametrize("name", shipped_names())
def test_shipped_sweeps_say_what_they_show(name: str):
    sweep = Sweep.shipped(name)
    assert len(sweep.about.split()) > 30
    assert "Expected: " in sweep.about or "The study asks" in sweep.about
    assert all(point.case is not None for point in points(sweep)), "a shipped sweep has impossible points"
    assert tomllib.loads((SHIPPED / f"{name}.toml").read_text("utf-8"))["title"] == sweep.title


def test_axes_carry_columns_with_si_units():
    axis = small({THICKNESS: ["6 um"]}).varied[0].axis
    assert (axis.column, axis.unit, axis.factor) == ("cell.framework.thickness_m", "µm", 1e6)
    assert replace(axis, unit="").title == "framework thickness"
