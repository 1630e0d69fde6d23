"""What a study does about fields that are wanted later, damaged meshes, and mistakes while meshing."""

from pathlib import Path

import pytest

from studies.sweep import jobs, runner
from studies.sweep.executors import Serial
from studies.sweep.runner import run_sweep
from studies.sweep.store import Store
from tests.sweeps import CURRENT, small

pytestmark = pytest.mark.gmsh


def test_fields_that_are_wanted_later_cost_no_stored_point(tmp_path: Path, monkeypatch):
    out = tmp_path / "study"
    before = run_sweep(small(), out, executor=Serial()).table

    def stopped(*_arguments) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(jobs, "_solve_point", stopped)
        with pytest.raises(KeyboardInterrupt):
            run_sweep(small(fields=True), out, executor=Serial())
    assert (out / "results.csv").read_text().count("ok") == len(before)
    last: list[runner.Progress] = []
    after = run_sweep(small(fields=True), out, executor=Serial(), watch=last.append).table
    assert last[0].to_compute == last[-1].computed == len(before)
    assert all(Store(out).fields(name).is_dir() for name in Store(out).stored())
    wanted = before["cell_voltage_V"].to_numpy()
    assert after["cell_voltage_V"].to_numpy() == pytest.approx(wanted, rel=1e-9)


def test_a_damaged_mesh_file_costs_its_points_until_a_retry(tmp_path: Path):
    out = tmp_path / "study"
    run_sweep(small({CURRENT: ["5 mA/cm^2"]}), out, executor=Serial())
    for file in (out / "meshes").glob("*.npz"):
        file.write_bytes(file.read_bytes()[:1000])
    table = run_sweep(small(fields=True), out, executor=Serial()).table
    assert list(table["status"]) == ["ok", "ok", *["failed"] * 4]
    assert set(table["reason"][2:]) == {jobs.DAMAGED}
    assert set(run_sweep(small(), out, executor=Serial(), retry=True).table["status"]) == {"ok"}


def test_a_mistake_while_meshing_costs_its_geometry_only(tmp_path: Path, monkeypatch):
    def mistaken(*_arguments, **_options) -> None:
        raise ZeroDivisionError("made to fail")

    monkeypatch.setattr(jobs, "mesh_designs", mistaken)
    table = run_sweep(small(), tmp_path / "study", executor=Serial()).table
    assert set(table["reason"]) == {"no mesh: unexpected ZeroDivisionError: made to fail"}
