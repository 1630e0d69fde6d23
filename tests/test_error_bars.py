"""Error bars of a design: which meshes are solved, which metrics get a bar, what a failure costs.

Catches a coarse mesh beyond what resolves the geometry, another draw of the mat, bars on inputs and on
residuals, a verdict from the wrong pair of meshes, and a result that is lost when a coarse mesh fails.
"""

import json
import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from fem.conditions import ModelError
from fem.trust import Check
from geometry.designs import Design
from meshes.raw import MeshingFailed
from meshes.sizing import Sizing
from studies import build, error_bars
from studies.case import Case
from studies.cli import app
from studies.error_bars import coarser_sizings, with_error_bars
from studies.run import DesignResult, run_design
from studies.table import Row

SIZE, DRAW = 0.35e-6, 3
CASE = Case.shipped("bilayer")
EXACT = {"cell_voltage_V": 0.1, "anode_mean_A_m2": 20.0, "anode_p99_A_m2": 50.0, "share_fibres": 0.5}
RISE = {"cell_voltage_V": 1e-4, "anode_mean_A_m2": 0.02, "anode_p99_A_m2": 1.0, "share_fibres": 0.01}


def solved(size: float, **changes: float) -> dict[str, float]:
    """Metrics with a second-order error: RISE at the size of the case."""
    values = {key: EXACT[key] + RISE[key] * (size / SIZE) ** 2 for key in EXACT}
    return values | {"current_density_A_m2": 100.0, "charge_imbalance": 1e-13, **changes}


def report(size: float) -> Any:
    """What with_error_bars reads from the report of a mesh."""
    return SimpleNamespace(
        draw=DRAW, n_elements=round(1e-15 / size**3), volumes_mesh={"a": 0.4e-15, "b": 0.6e-15},
        metrics=lambda: {"porosity_cad": 0.85, "worst_mean_ratio": 0.1},
    )  # fmt: skip


def result(**changes: float) -> DesignResult:
    given = {"porosity_cad": 0.85, "limit_ratio": 0.1, **solved(SIZE, **changes)}
    checks = [
        Check(name=name, value=0.0, limit=None, passed=True, text="") for name in ("a", "discretisation")
    ]
    return DesignResult(
        design=Design.BILAYER, metrics=given, trust=tuple(checks), split=None, profile=None, maps={},
        mesh=report(SIZE), solver={}, files=(),
    )  # fmt: skip


@pytest.fixture
def meshed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Mesher and solver that give the metrics above at once; the list holds what was asked of them."""
    asked: list[Any] = []

    def mesh_stack(stack: Any, sizing: Sizing, *, draw: int, **_: Any) -> Any:
        asked.append((stack.fingerprint(), sizing.size, draw))
        return SimpleNamespace(report=report(sizing.size), size=sizing.size)

    def solve_steady(mesh: Any, *_: Any, order: int, **__: Any) -> Any:
        assert order == CASE.mesh.order
        return SimpleNamespace(metrics={"worst_mean_ratio": 0.1, **solved(mesh.size)})

    monkeypatch.setattr(error_bars, "mesh_stack", mesh_stack)
    monkeypatch.setattr(error_bars, "solve_steady", solve_steady)
    monkeypatch.setattr(build, "model", lambda *_: None)
    return asked


def test_two_coarser_meshes_of_the_same_draw_give_order_and_limit(meshed: list[Any]):
    found = with_error_bars(CASE, result())
    stack = build.cell(CASE).stack(Design.BILAYER, DRAW).fingerprint()
    assert [entry[0] for entry in meshed] == [stack] * 2
    assert [entry[1] for entry in meshed] == pytest.approx([math.sqrt(2) * SIZE, 2 * SIZE])
    assert {entry[2] for entry in meshed} == {DRAW}
    assert found.error_bars is not None and found.error_bars.notes == ()
    bars = found.error_bars.bars
    for key in EXACT:
        assert bars[key].value == found.metrics[key]
        assert bars[key].estimate == pytest.approx(EXACT[key], rel=1e-3)
        assert bars[key].order == pytest.approx(2.0, rel=1e-2)
        assert bars[key].uncertainty == pytest.approx(1.25 * RISE[key], rel=1e-2)
    asked = [resolution.asked for resolution in found.error_bars.resolutions]
    assert asked == [meshed[1][1], meshed[0][1], SIZE]


@pytest.mark.usefixtures("meshed")
def test_inputs_residuals_and_the_mesh_itself_have_no_bar():
    """Potentiostatic control turns the voltage into the input and the current into a result."""
    found = with_error_bars(CASE, result())
    assert found.error_bars is not None and set(found.error_bars.bars) == set(EXACT)
    operation = CASE.operation.model_copy(update={"current_density": None, "cell_voltage": 0.1})
    held = with_error_bars(CASE.model_copy(update={"operation": operation}), result())
    assert held.error_bars is not None
    assert set(held.error_bars.bars) == set(EXACT) - {"cell_voltage_V"} | {"current_density_A_m2"}


@pytest.mark.usefixtures("meshed")
def test_checks_judge_the_last_refinement():
    """From sqrt(2) h to h the error falls by RISE; the change from 2 h would be three times as large."""
    checks = {check.name: check for check in with_error_bars(CASE, result()).trust}
    assert list(checks) == ["a", "discretisation_voltage", "discretisation_mean", "discretisation_p99"]
    mean = checks["discretisation_mean"]
    assert mean.value == pytest.approx(0.02 / 20.02) and mean.limit == 0.005 and mean.passed
    assert checks["discretisation_p99"].value == pytest.approx(1.0 / 51.0)
    assert "0.495 µm to 0.35 µm" in mean.text
    worse = with_error_bars(CASE, result(anode_mean_A_m2=20.2))
    assert not worse.trusted
    assert [check.name for check in worse.trust if check.missed] == ["discretisation_mean"]


@pytest.mark.parametrize("stage", ["mesh_stack", "solve_steady"])
def test_one_failed_mesh_widens_the_bars(meshed: list[Any], monkeypatch: pytest.MonkeyPatch, stage: str):
    """The coarsest mesh fails while meshing, or its state is not found."""
    working = getattr(error_bars, stage)
    error = MeshingFailed("quality floor") if stage == "mesh_stack" else ModelError("no state")

    def failing(*arguments: Any, **options: Any) -> Any:
        if len(meshed) == (1 if stage == "mesh_stack" else 2):
            raise error
        return working(*arguments, **options)

    monkeypatch.setattr(error_bars, stage, failing)
    found = with_error_bars(CASE, result())
    assert found.error_bars is not None and len(found.error_bars.resolutions) == 2
    assert found.error_bars.notes == (f"mesh size 0.7 µm: {error}",)
    bar = found.error_bars.bars["share_fibres"]
    assert bar.kind == "assumed" and bar.uncertainty == pytest.approx(3.0 * RISE["share_fibres"], rel=1e-2)
    assert {check.name for check in found.trust} >= {"discretisation_voltage"}


@pytest.mark.usefixtures("meshed")
def test_nothing_is_lost_when_every_coarser_mesh_fails(monkeypatch: pytest.MonkeyPatch):
    def failing(*_: Any, **__: Any) -> Any:
        raise MeshingFailed("quality floor")

    monkeypatch.setattr(error_bars, "mesh_stack", failing)
    before = result()
    found = with_error_bars(CASE, before)
    assert found.metrics == before.metrics and found.trusted
    assert found.error_bars is not None and not found.error_bars.bars
    (check,) = [check for check in found.trust if check.name == "discretisation"]
    assert check.limit is None and "mesh size 0.495 µm: quality floor" in check.text


def test_sizes_stay_below_what_resolves_the_geometry():
    """The fibres are 1 um thick; twice the default is 0.7 um, twice 0.6 um would be too much."""
    stack = build.cell(CASE).stack(Design.BILAYER, 0)
    for size, ratio in ((0.35e-6, 2.0), (0.5e-6, 2.0), (0.6e-6, 1.6), (0.7e-6, 1.3)):
        sizes = [sizing.size for sizing in coarser_sizings(Sizing(size=size, far=2e-6), stack)]
        assert sizes == pytest.approx([math.sqrt(ratio) * size, ratio * size])
    assert [s.far for s in coarser_sizings(Sizing(size=0.5e-6, far=2e-6), stack)][1] == pytest.approx(4e-6)
    assert [s.far for s in coarser_sizings(Sizing(size=0.5e-6), stack)] == [None, None]
    assert coarser_sizings(Sizing(size=0.9e-6), stack) == []


def test_no_room_for_a_coarser_mesh_is_said(meshed: list[Any]):
    table = CASE.mesh.model_copy(update={"size": 0.9e-6})
    found = with_error_bars(CASE.model_copy(update={"mesh": table}), result())
    assert meshed == [] and found.error_bars is not None
    assert "mesh size 0.9 µm leaves no room" in found.error_bars.notes[0]


@pytest.mark.parametrize(
    ("value", "bar", "text"),
    [
        (0.0606081, 9.1e-5, "60.608 ± 0.091"),
        (0.1234, 0.0456, "123 ± 46"),
        (0.1234, 0.00999, "123.4 ± 10.0"),
        (0.1, 0.0, "100.0 ± 0"),
        (0.1, 3e-13, "100.0 ± 3e-10"),
    ],
)
def test_values_with_bars_show_two_digits_of_the_bar(value: float, bar: float, text: str):
    assert Row("voltage (mV)", "v", 1e3, ".1f").cell_with_bar(value, bar) == text


@pytest.mark.gmsh
def test_command_puts_bars_on_screen_and_into_the_result(tmp_path: Path):
    """A planar design is exact on every mesh; its bars are rounding, not NaN."""
    ran = CliRunner().invoke(
        app, ["run", "ordered", "--design", "planar", "--error-bars", "--out", str(tmp_path)]
    )
    assert ran.exit_code == 0, ran.output
    assert "±" in ran.stdout and "meshes of 0.8, 0.566, 0.4 µm" in " ".join(ran.stdout.split())
    data = json.loads((tmp_path / "result.json").read_text("utf-8"))
    bar = data["error_bars"]["cell_voltage_V"]
    assert set(bar) == {"value", "estimate", "order", "uncertainty", "kind", "note"}
    assert bar["value"] == data["metrics"]["cell_voltage_V"]
    assert 0.0 <= bar["uncertainty"] < 1e-7 * bar["value"]
    assert None not in [number for each in data["error_bars"].values() for number in each.values()]
    assert len(data["resolutions"]["meshes"]) == 3 and data["resolutions"]["notes"] == []
    assert data["trusted"]
    assert "discretisation_voltage" in {check["name"] for check in data["trust"]}


@pytest.mark.slow
@pytest.mark.gmsh
def test_bars_of_the_crossed_log_pile_hold_the_finest_values(tmp_path: Path):
    """Bars from the three coarser of four resolutions, 0.8, 0.57, 0.4 um, against 0.28 um, and the area
    against that of the cylinders."""
    from meshes.generate import mesh_stack

    case, metrics = Case.shipped("ordered"), {}
    stack = build.cell(case).stack(Design.BILAYER, 0)
    for size in (0.4e-6, 0.4e-6 / math.sqrt(2.0)):
        mesh = mesh_stack(stack, replace(build.sizing(case), size=size))
        assert mesh.report is not None
        solved_at = run_design(case, Design.BILAYER, mesh, mesh.report, tmp_path / f"{size:g}")
        metrics[size] = solved_at
    coarse, fine = metrics.values()
    found = with_error_bars(case, coarse)
    assert found.error_bars is not None
    outside = {
        key: (bar, fine.metrics[key])
        for key, bar in found.error_bars.bars.items()
        if abs(fine.metrics[key] - bar.value) > bar.uncertainty + 1e-9 * abs(bar.value)
    }
    assert not outside
    area = found.error_bars.bars["fibres_area_m2"]
    exact = area.value / (1.0 + coarse.metrics["fibre_area_error"])
    assert abs(exact - area.value) <= area.uncertainty
