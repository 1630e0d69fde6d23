"""What the shipped studies say they show, at reduced size: parallel fibres in cross-section, ends of axes.

Catches a study whose text has come apart from what the program finds.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from studies.sweep.executors import Serial
from studies.sweep.plan import Sweep
from studies.sweep.runner import run_sweep
from studies.sweep.statistics.compatible import compatible
from studies.sweep.statistics.paired import paired
from studies.sweep.study import Study

pytestmark = pytest.mark.gmsh
FIBRES = "kinetics.fibres.exchange_current"
FLAT = {
    "cell.width": "8 um",
    "cell.framework.thickness": "6 um",
    "cell.framework.porosity": 0.8,
    "mesh.size": "0.35 um",
}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("meshes")


def reduced(name: str, out: Path, cache: Path, changes: Mapping[str, Any], **tables: Any) -> Study:
    """A shipped study on the cross-section of parallel fibres, with other values on its axes."""
    shipped = Sweep.shipped(name)
    asked = shipped.to_dict()
    kept = {key: asked[key] for key in ("designs", "axes", "zipped", "compatible") if key in asked}
    kinetics = {
        f"kinetics.{surface}.{key}": value
        for surface, table in shipped.tables["kinetics"].items()
        for key, value in table.items()
    }
    asked = {"case": "parallel", **kept, **tables}
    varied = {*asked.get("axes", {}), *asked.get("zipped", {})}
    fixed = {k: v for k, v in (FLAT | kinetics | dict(changes)).items() if k not in varied}
    sweep = Sweep.from_dict(asked | {"set": fixed})
    study = run_sweep(sweep, out, executor=Serial(), cache=cache)
    assert (study.table["status"] == "ok").all(), study.table["reason"].to_list()
    return study


def test_the_shipped_studies_ask_what_they_say():
    """Axes, ends, designs and currents of those whose tests run at other values or on another case."""
    six, mats, seeds = (Sweep.shipped(name) for name in ("six-ohm", "porosity-diameter", "seeds"))
    values = {varied.axis.field: list(varied.values) for varied in six.varied}
    assert values["cell.gap"] == ["same-layers", "same-distance"]
    assert {"0 ohm*cm^2", "10 ohm*cm^2"} < set(values["kinetics.fibres.film_resistance"])
    assert values["kinetics.counter.film_resistance"] == ["0 ohm*cm^2", "3 ohm*cm^2"]
    assert six.which == ("planar", "planar_ionic", "framework", "bilayer") and six.combinations == 324
    assert [(t.value, t.within) for t in six.compatible] == [(6e-4, 0.1), (12e-4, 0.1)]
    for sweep in (six, mats):
        assert sweep.tables["operation"]["current_density"] == "20 mA/cm^2"
    diameters = next(v for v in mats.varied if v.axis.field == "cell.framework.fibre_diameter")
    assert list(diameters.values) == ["0.7 um", "1 um", "1.4 um"] and mats.which == ("bilayer",)
    assert seeds.which == ("planar_rough", "framework", "bilayer") and list(seeds.varied[0].values) == [
        *range(1, 9)
    ]


def _pivot(table: pd.DataFrame, rows: str, columns: str, metric: str) -> np.ndarray:
    return table.pivot(index=rows, columns=columns, values=metric).to_numpy()


def test_a_mat_works_as_deep_as_its_kinetics_are_slow(tmp_path: Path, cache: Path):
    axes = {"cell.framework.thickness": ["6 um", "14 um"], FIBRES: ["1 mA/cm^2", "100 mA/cm^2"]}
    table = reduced("thickness-kinetics", tmp_path / "s", cache, {}, axes=axes, designs=["bilayer"]).table
    row, column = "cell.framework.thickness_m", f"{FIBRES}_A_m2"
    eta = _pivot(table, row, column, "anode_overpotential_V")
    assert eta[1, 0] < 0.9 * eta[0, 0]  # slow: the thicker mat needs less
    assert abs(eta[1, 1] / eta[0, 1] - 1) < 0.15  # fast: it hardly matters
    ratio = _pivot(table, row, column, "top_bottom_ratio")
    assert ratio[1, 1] > 2 * ratio[1, 0]  # fast: the top takes the current


def test_the_layer_costs_thickness_times_macmullin_number(tmp_path: Path, cache: Path):
    axes = {"cell.ionic_layer.thickness": ["2 um", "4 um"], "cell.ionic_layer.macmullin": [6.0, 12.0]}
    study = reduced("ionic-layer", tmp_path / "s", cache, {}, axes=axes)
    for _, table in study.table.groupby("design"):
        row, column = "cell.ionic_layer.thickness_m", "cell.ionic_layer.macmullin"
        voltage = _pivot(table, row, column, "cell_voltage_V")
        assert voltage[0, 0] < voltage[0, 1] < voltage[1, 1]
        assert voltage[0, 1] == pytest.approx(voltage[1, 0], rel=0.01)  # equal products
        salt = _pivot(table, row, column, "c_min_ratio")
        assert salt[0, 0] > salt[0, 1] > salt[1, 1]
    spread = study.table[study.table["design"] == "bilayer"]["anode_cv"]
    assert spread.max() < 1.15 * spread.min()


def test_surface_lowers_the_current_density_and_gathers_it_at_the_top(tmp_path: Path, cache: Path):
    """Porosity alone; diameters are compared in the study itself."""
    porosity = {"cell.framework.porosity": [0.7, 0.8]}
    deep = {"cell.framework.thickness": "14 um"}
    table = reduced("porosity-diameter", tmp_path / "s", cache, deep, axes=porosity, zipped={}).table
    dense, open_ = (table[table["cell.framework.porosity"] == value].iloc[0] for value in (0.7, 0.8))
    assert dense["anode_mean_A_m2"] < open_["anode_mean_A_m2"]
    assert dense["top_bottom_ratio"] > open_["top_bottom_ratio"]
    assert dense["share_fibres"] > open_["share_fibres"]


def test_bumps_spread_the_current_the_more_the_faster_the_kinetics(tmp_path: Path, cache: Path):
    axes = {"cell.rough.height": ["0.5 um", "2 um"], FIBRES: ["1 mA/cm^2", "100 mA/cm^2"]}
    study = reduced("rough-planar", tmp_path / "s", cache, {}, axes=axes)
    by_design = {str(name): table for name, table in study.table.groupby("design")}
    row, column = "cell.rough.height_m", f"{FIBRES}_A_m2"
    cv = _pivot(by_design["planar_rough"], row, column, "anode_cv")
    assert (cv[1] > 2 * cv[0]).all() and (cv[:, 1] > 3 * cv[:, 0]).all()
    voltage = _pivot(by_design["planar_rough"], row, column, "cell_voltage_V")
    assert (voltage[1] < voltage[0]).all()
    assert by_design["bilayer"]["cell_voltage_V"].nunique() == 2  # one for each exchange current
    highest = {name: table["anode_p99_A_m2"].max() for name, table in by_design.items()}
    assert highest["bilayer"] < highest["planar_rough"]


def test_ranges_compatible_with_six_ohm(tmp_path: Path, cache: Path):
    """A slow counter electrode alone takes more than the whole cell may; both readings have their points."""
    axes = {
        FIBRES: ["10 mA/cm^2", "100 mA/cm^2"],
        "cell.ionic_layer.macmullin": [3.0, 24.0],
        "kinetics.counter.exchange_current": ["1 mA/cm^2", "3 mA/cm^2", "10 mA/cm^2", "100 mA/cm^2"],
    }
    changes = {"kinetics.counter.law": "butler-volmer", "operation.current_density": "20 mA/cm^2"}
    study = reduced("six-ohm", tmp_path / "s", cache, changes, axes=axes, zipped={}, designs=["bilayer"])
    cell, electrode = (
        compatible(study, target.metric, target.value, width=target.within)
        for target in Sweep.shipped("six-ohm").compatible
    )
    slow = study.table["kinetics.counter.exchange_current_A_m2"] == 10.0
    assert (study.table[slow]["cell_resistance_ohm_m2"] > 1.1 * 6e-4).all()
    assert len(cell.points) and len(electrode.points)


def test_the_layer_costs_the_same_in_every_mat(tmp_path: Path, cache: Path):
    """Small random mats in three dimensions: paired, the layer's cost spreads far less than the mats do."""
    small = {
        "cell.width": "10 um",
        "cell.depth": "10 um",
        "cell.framework.thickness": "8 um",
        "cell.separator.thickness": "10 um",
        "cell.rough.wavelength": "10 um",
        "mesh.size": "0.5 um",
        "mesh.surface": "area-preserving",
    }
    asked = Sweep.shipped("seeds").to_dict()
    sweep = Sweep.from_dict(
        {
            "case": "bilayer",
            "designs": ["framework", "bilayer"],
            "set": small,
            "axes": {"cell.framework.seed": {"from": 1, "to": 3}},
        }
    )
    assert set(asked["axes"]) == {"cell.framework.seed"}
    study = run_sweep(sweep, tmp_path / "s", executor=Serial(), cache=cache)
    assert set(study.table["status"]) <= {"ok", "not trusted"}  # so coarse a mesh may miss its volume
    table = study.table.assign(status="ok")
    study = Study(title="", about="", axes=study.axes, table=table)
    (cost,) = paired(study, "cell_voltage_V", "bilayer", "framework")
    assert cost.difference > 0 and cost.p_t < 1e-3
    mats = table[table["design"] == "bilayer"]["cell_voltage_V"].std()
    assert cost.sd < 0.2 * mats
