"""A small comparison from end to end: table, files, report; and what happens when a design fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import meshio
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from fem.newton import Outcome, SolveFailed
from geometry.designs import Design
from studies import compare as comparing
from studies import output
from studies.case import Case
from studies.cli import app
from studies.compare import COLUMNS
from studies.errors import CaseError

SMALL = """
title = "Small log-pile"
[cell]
width = "6 um"
depth = "6 um"
[cell.framework]
kind = "crossed"
thickness = "3 um"
fibre_diameter = "1 um"
porosity = 0.7
[cell.ionic_layer]
thickness = "1 um"
[cell.separator]
thickness = "6 um"
[cell.rough]
height = "1 um"
wavelength = "6 um"
[operation]
current_density = "10 mA/cm^2"
[mesh]
size = "0.45 um"
"""


@dataclass(frozen=True)
class Done:
    """A finished comparison: where, and what was printed."""

    folder: Path
    printed: str
    exit_code: int


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    folder = tmp_path_factory.mktemp("compare")
    (folder / "small.toml").write_text(SMALL, "utf-8")
    result = CliRunner().invoke(app, ["compare", str(folder / "small.toml"), "--out", str(folder / "out")])
    yield Done(folder / "out", result.stdout, result.exit_code)


pytestmark = pytest.mark.gmsh


def test_it_ends_well(done: Done) -> None:
    """Exit 0, a table that fits 100 columns, the path of the report."""
    assert done.exit_code == 0, done.printed
    assert max(len(line) for line in done.printed.splitlines() if "report:" not in line) <= 100
    assert "cell voltage (mV)" in done.printed
    assert str(done.folder / "report.html") in done.printed
    assert not [path for path in done.folder.iterdir() if path.name.startswith(output.PARTIAL)]


def test_comparison_csv(done: Done) -> None:
    table = pd.read_csv(done.folder / "comparison.csv")
    assert list(table["design"]) == [str(design) for design in Design]
    assert set(table["status"]) == {"ok"}
    assert list(table.columns[: 3 + len(COLUMNS)]) == ["design", "status", "reason", *COLUMNS]
    table = table.set_index("design")
    assert np.allclose(table["current_density_A_m2"], 100.0)
    assert (table["charge_imbalance"] <= 1e-9).all() and (table["split_closure"] <= 1e-9).all()
    losses = [
        key
        for key in COLUMNS
        if key.endswith("_V") and key not in ("cell_voltage_V", "anode_overpotential_V")
    ]
    assert np.allclose(table[losses].sum(axis=1), table["cell_voltage_V"], rtol=1e-9)
    assert np.allclose(table["share_fibres"] + table["share_foil"], 1.0)


def test_the_designs_differ_as_they_must(done: Done) -> None:
    """Orders for any parameters: more surface lowers the voltage, a layer or a dead mat raises it."""
    volt = pd.read_csv(done.folder / "comparison.csv").set_index("design")["cell_voltage_V"]
    assert volt["planar_rough"] < volt["planar"] < volt["planar_ionic"] < volt["insulating_mat"]
    assert volt["framework"] < volt["bilayer"] < volt["planar_ionic"]


def test_result_json_holds_what_is_promised(done: Done) -> None:
    """Inputs that give the same case again, version, mesh, solver, metrics, checks."""
    result = json.loads((done.folder / "bilayer" / "result.json").read_text("utf-8"))
    case = Case.from_dict(result["inputs"])
    assert case.title == "Small log-pile" and result["design"] == "bilayer"
    assert result["program"]["name"] == "bilayer-anode" and result["program"]["version"]
    assert {"n_elements", "n_nodes", "worst_mean_ratio", "porosity_cad", "seconds"} <= set(result["mesh"])
    assert {"method", "linear_solver", "unknowns", "newton_steps", "krylov_iterations", "seconds"} <= set(
        result["solver"]
    )
    assert result["solver"]["peak_memory"]["program_MiB"] > 10
    absent = set(COLUMNS) - set(result["metrics"])
    assert absent == {"top_bottom_density_ratio"}  # the top tenth of this pile holds no fibre
    assert result["trusted"] is True and all(check["passed"] for check in result["trust"])
    assert {parameter["name"] for parameter in result["parameters"]} >= {"electrolyte.law", "mesh.size"}
    assert result["metrics"]["limiting_current_top_A_m2"] > result["metrics"]["limiting_current_foil_A_m2"]
    assert result["metrics"]["penetration_depth_m"] < result["metrics"]["penetration_depth_initial_m"]


def test_fibre_surface_file_adds_up_to_the_reported_current(done: Done) -> None:
    result = json.loads((done.folder / "bilayer" / "result.json").read_text("utf-8"))
    for name in result["files"]:
        assert (done.folder / "bilayer" / name).is_file()
    file = meshio.read(done.folder / "bilayer" / "fields" / "fibre_surface.vtu")
    corners = file.points[file.cells[0].data]
    areas = 0.5 * np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    total = float(areas @ file.cell_data["local_current_density_A_m2"][0])
    assert total == pytest.approx(result["metrics"]["share_fibres"] * 100.0 * 36e-12, rel=1e-6)


def test_bilayer_and_insulating_mat_share_their_mesh(done: Done) -> None:
    reports = [
        json.loads((done.folder / design / "result.json").read_text("utf-8"))["mesh"]
        for design in ("bilayer", "insulating_mat")
    ]
    assert reports[0]["n_nodes"] == reports[1]["n_nodes"]
    assert reports[0]["volumes_mesh"] == reports[1]["volumes_mesh"]


def test_report_is_one_file_with_everything(done: Done) -> None:
    text = (done.folder / "report.html").read_text("utf-8")
    for outside in ("<script", "<link", 'src="http', "@import", "url(http"):
        assert outside not in text
    assert text.count("<svg") == 4
    assert "data:image/png;base64," in text or "pyvista" in text or "could not be drawn" in text
    for word in (
        "Trust checks",
        "Inputs and parameter sources",
        "10.1149/1.1872737",
        "Small log-pile",
        "mA/cm²",
        "µm",
    ):
        assert word in text
    for claim in ("dendrite", "Park", "reproduces"):
        assert claim not in text.replace("Park et al. 2007", "")


PLANAR = SMALL.replace('"0.45 um"', '"1 um"').replace(
    "[cell]", 'designs = ["planar", "planar_ionic"]\n[cell]', 1
)


def _planar_case() -> Case:
    return Case.from_toml(PLANAR)


def test_one_failing_design_does_not_lose_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed solve is a row with its reason; table and report are written; the exit code says so."""
    real = comparing.run_design

    def fragile(case: Case, design: Design, *arguments: Any, **options: Any) -> Any:
        if design is Design.PLANAR_IONIC:
            raise SolveFailed(
                "depleted at 90 A/m2", outcome=Outcome.DEPLETED, state=None, last_converged_current=80.0
            )
        return real(case, design, *arguments, **options)

    monkeypatch.setattr(comparing, "run_design", fragile)
    comparison = comparing.compare_designs(_planar_case(), tmp_path / "out")
    assert not comparison.complete
    table = pd.read_csv(tmp_path / "out" / "comparison.csv").set_index("design")
    assert list(table["status"]) == ["ok", "failed"]
    assert table.loc["planar_ionic", "reason"] == "depleted at 90 A/m2"
    assert "depleted at 90 A/m2" in (tmp_path / "out" / "report.html").read_text("utf-8")


def test_a_second_comparison_replaces_the_first_and_keeps_what_is_not_its_own(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "bilayer").mkdir(parents=True)
    (out / "bilayer" / "result.json").write_text("{}", "utf-8")
    (out / "notes.txt").write_text("mine", "utf-8")
    comparing.compare_designs(_planar_case(), out)
    assert sorted(path.name for path in out.iterdir()) == [
        "comparison.csv", "notes.txt", "planar", "planar_ionic", "report.html",
    ]  # fmt: skip


def test_depletion_of_a_mat_or_relief_is_found_by_the_solver(tmp_path: Path) -> None:
    """Not refused beforehand, its limit is not known exactly: exit 1, last converged current, no files."""
    (tmp_path / "hot.toml").write_text(
        SMALL.replace('"10 mA/cm^2"', '"2000 mA/cm^2"').replace('"0.45 um"', '"1 um"'), "utf-8"
    )
    result = CliRunner().invoke(
        app, ["run", str(tmp_path / "hot.toml"), "--design", "planar_rough", "--out", str(tmp_path / "out")]
    )
    assert result.exit_code == 1, result.output
    assert "depleted" in result.stderr and "last converged current" in result.stderr
    assert "Traceback" not in result.output
    assert not (tmp_path / "out").exists()


def test_an_interrupted_run_leaves_nothing(tmp_path: Path) -> None:
    """Whatever breaks inside the block, the target is as it was before."""
    with pytest.raises(KeyboardInterrupt), output.folder(tmp_path / "a" / "b") as folder:
        (folder / "comparison.csv").write_text("half", "utf-8")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "comparison.csv").write_text("whole", "utf-8")
    with pytest.raises(RuntimeError), output.folder(tmp_path / "old") as folder:
        (folder / "comparison.csv").write_text("half", "utf-8")
        raise RuntimeError
    assert [path.name for path in (tmp_path / "old").iterdir()] == ["comparison.csv"]
    assert (tmp_path / "old" / "comparison.csv").read_text("utf-8") == "whole"


def test_output_under_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(CaseError, match="cannot be written"), output.folder(tmp_path / "file" / "out"):
        pytest.fail("the block must not run")


def test_mesh_command(tmp_path: Path) -> None:
    """The mesh is written with its report; it is the mesh that the program reads back."""
    from meshes.files import load

    (tmp_path / "small.toml").write_text(SMALL, "utf-8")
    result = CliRunner().invoke(
        app,
        ["mesh", str(tmp_path / "small.toml"), "--design", "planar_ionic", "--out", str(tmp_path / "x.msh"),
         "--paraview", str(tmp_path / "view")],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    mesh = load(tmp_path / "x.msh")
    assert set(mesh.regions) == {"ionic_layer", "separator"}
    assert mesh.region_volume("separator") == pytest.approx(6e-6**3, rel=1e-9)
    assert "worst mean ratio" in result.stdout
    assert (tmp_path / "view" / "separator.vtu").is_file()


def test_run_command(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(SMALL, "utf-8")
    result = CliRunner().invoke(
        app, ["run", str(tmp_path / "small.toml"), "--design", "planar", "--out", str(tmp_path / "out")]
    )
    assert result.exit_code == 0, result.output
    stored = json.loads((tmp_path / "out" / "result.json").read_text("utf-8"))
    assert stored["design"] == "planar"
    assert (tmp_path / "out" / "fields" / "foil.vtu").is_file()
    assert "steady state: equilibrated solver" in result.stdout


def test_the_full_solver_can_be_asked_for(tmp_path: Path) -> None:
    """The option reaches every design; screen, files and report name the solver; the answer stays."""
    (tmp_path / "small.toml").write_text(PLANAR, "utf-8")
    found = {}
    for method, name in (("auto", "equilibrated"), ("full", "full")):
        out = tmp_path / method
        result = CliRunner().invoke(
            app, ["compare", str(tmp_path / "small.toml"), "--method", method, "--out", str(out)]
        )
        assert result.exit_code == 0, result.output
        assert f"steady state: {name} solver" in result.stdout
        stored = json.loads((out / "planar_ionic" / "result.json").read_text("utf-8"))
        assert stored["solver"]["method"] == name
        assert f"<td>{name}</td>" in (out / "report.html").read_text("utf-8")
        found[name] = pd.read_csv(out / "comparison.csv").set_index("design")
    full, other = found["full"], found["equilibrated"]
    assert full["cell_voltage_V"].to_numpy() == pytest.approx(other["cell_voltage_V"], rel=1e-4)
    assert (full["salt_multiplier"] < 1e-9).all() and "salt_multiplier" not in other
