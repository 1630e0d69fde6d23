"""The store of a study: what a point holds, damaged files, foreign stores, one runner at a time."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from fem.state import State
from studies import Case, CaseError
from studies.sweep import results
from studies.sweep.executors import Cluster, Serial
from studies.sweep.plan import Sweep
from studies.sweep.points import points
from studies.sweep.results import read_study
from studies.sweep.runner import run_sweep
from studies.sweep.store import Store
from tests.sweeps import AXES, copied, small, stamps

pytestmark = pytest.mark.gmsh
CURRENT = "operation.current_density"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("meshes")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """A study that was computed serially without a break."""
    out = tmp_path_factory.mktemp("study") / "serial"
    run_sweep(small(AXES), out, executor=Serial(), cache=cache)
    return out


def test_a_point_can_be_repeated_from_its_file_alone(finished: Path, tmp_path: Path):
    store = Store(finished)
    name = next(n for n in sorted(store.stored()) if store.point(n)["design"] == "bilayer")
    file = shutil.copy(store.points / f"{name}.json", tmp_path / "point.json")
    case = Case.load(file)
    assert case.to_dict() == store.point(name)["inputs"]
    table = run_sweep(
        Sweep.from_dict(
            {"case": case.to_dict(), "axes": {CURRENT: ["5 mA/cm^2", "10 mA/cm^2", "20 mA/cm^2"]}}
        ),
        tmp_path / "again",
        executor=Serial(),
    ).table
    wanted = store.point(name)["metrics"]
    row = table[table["operation.current_density_A_m2"] == case.operation.current_density].iloc[0]
    assert row["cell_voltage_V"] == pytest.approx(wanted["cell_voltage_V"], rel=1e-9)


def test_a_point_holds_what_it_came_from(finished: Path):
    store = Store(finished)
    for name in store.stored():
        point = store.point(name)
        assert point["program"]["version"] and point["inputs"]["designs"] == [point["design"]]
        assert len(point["mesh"]["hash"]) == 64 and point["mesh"]["draw"] == 0
        assert point["trust"] and point["solver"]["newton_steps"] > 0
    assert not (finished / "states").exists()
    assert not [p for p in finished.rglob(".*") if p.name != ".runner"]


def test_a_damaged_point_is_put_aside_and_computed_again(finished: Path, tmp_path: Path, cache: Path):
    store, said = copied(finished, tmp_path / "study"), []
    victims = sorted(store.stored())[:3]
    (store.points / f"{victims[0]}.json").write_text('{"id": ')
    (store.points / f"{victims[1]}.json").write_text(json.dumps({"id": "another", "status": "ok"}))
    wrong = {**store.point(victims[2]), "metrics": {"cell_voltage_V": "abc"}}
    (store.points / f"{victims[2]}.json").write_text(json.dumps(wrong))
    rows = read_study(store.folder).table
    assert (rows["status"] == "missing").any() and rows["reason"].str.contains("damaged").any()
    run_sweep(small(AXES), store.folder, executor=Serial(), cache=cache, tell=said.append)
    assert [sentence for sentence in said if "damaged" in sentence and "computed again" in sentence] == said[
        :3
    ]
    assert len(list((store.folder / "damaged").iterdir())) == 3
    found, wanted = read_study(store.folder).table, read_study(finished).table
    assert found["cell_voltage_V"].to_numpy() == pytest.approx(wanted["cell_voltage_V"].to_numpy(), rel=1e-9)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda text: text.replace('"version": "', '"version": "9.'), "written by version 9"),
        (lambda text: text.replace('"store": 2', '"store": 1'), "format 1"),
        (lambda text: text.replace('"mesher": "Gmsh ', '"mesher": "Gmsh 3.'), "results of two meshers"),
        (lambda text: text[:40], "damaged"),
        (lambda _text: None, "no sweep.json"),
    ],
)
def test_a_store_that_is_not_ours_is_refused(finished: Path, tmp_path: Path, change, sentence: str):
    store = copied(finished, tmp_path / "study")
    text = change((store.folder / "sweep.json").read_text())
    (store.folder / "sweep.json").unlink() if text is None else (store.folder / "sweep.json").write_text(text)
    before = stamps(store)
    with pytest.raises(CaseError, match=sentence):
        run_sweep(small(AXES), store.folder, executor=Serial())
    assert stamps(store) == before


def test_an_unwritable_store_is_refused_before_any_work(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CaseError, match="cannot be written"):
        run_sweep(small(), tmp_path / "file" / "study", executor=Serial())


def test_a_point_that_is_not_trusted_says_which_check_by_how_much(tmp_path: Path):
    sweep, store = small(), Store(tmp_path)
    rows = list(points(sweep))
    checks = [
        {"name": "inventory_error", "value": 2e-12, "limit": 1e-12, "passed": False, "text": "salt is kept"},
        {"name": "psi_spread", "value": None, "limit": 1e-3, "passed": False, "text": "constant"},
        {"name": "reversed_share", "value": 0.1, "limit": None, "passed": True, "text": "a share"},
    ]
    store.keep({"id": rows[0].id, "status": "not trusted", "reason": "short", "trust": checks})
    assert results.study(store, sweep, rows).table["reason"][0] == (
        "inventory error is 2e-12, limit 1e-12 (check: salt is kept); "
        "psi spread is nan, limit 0.001 (check: constant)"
    )


def test_one_runner_holds_a_store(tmp_path: Path):
    store = Store(tmp_path)
    with store.held({}) as token, pytest.raises(CaseError, match=f"process {os.getpid()}"), store.held({}):
        pass
    assert store.is_run_by(token)
    store.released()
    assert not store.is_run_by(token)


def test_a_scheduler_that_is_not_there_is_named(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("studies.sweep.executors.PATIENCE", "0.3s")
    with pytest.raises(CaseError, match=r"tcp://127\.0\.0\.1:9"):
        run_sweep(small(), tmp_path / "study", executor=Cluster(address="tcp://127.0.0.1:9"))
    assert not (tmp_path / "study").exists()


def test_a_state_that_cannot_be_read_is_none(finished: Path, tmp_path: Path):
    """Empty or cut off, as after a power cut: the neighbour starts without it."""
    store = copied(finished, tmp_path / "study")
    state = State(x=np.ones(5), low=np.zeros(5), k=np.zeros(1), voltage=0.1)
    store.keep_state("a", state)
    file = store.folder / "states" / "a.npz"
    whole = file.read_bytes()
    assert store.state("a") is not None
    for part in (b"", whole[:50], whole[:-30]):
        file.write_bytes(part)
        assert store.state("a") is None


def test_what_a_killed_run_left_of_fields_is_removed(finished: Path, tmp_path: Path):
    store = copied(finished, tmp_path / "study")
    left = store.fields("abc") / ".partial-1"
    left.mkdir(parents=True)
    (left / "pores.vtu").write_text("half")
    with store.held(small(AXES).to_dict()):
        assert not left.exists()
