"""A sweep runs, resumes and survives: one table, whoever computes it and however often it is stopped."""

import shutil
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

import fem.solve
from studies.sweep import jobs, runner
from studies.sweep.executors import Cluster, Processes, Serial
from studies.sweep.results import read_study
from studies.sweep.runner import Progress, run_sweep
from studies.sweep.store import Store
from tests.sweeps import AXES, CURRENT, copied, small, stamps

pytestmark = pytest.mark.gmsh
THICKNESS = "cell.framework.thickness"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("meshes")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """A study that was computed serially without a break."""
    out = tmp_path_factory.mktemp("study") / "serial"
    run_sweep(small(AXES), out, executor=Serial(), cache=cache)
    return out


def _table(out: Path) -> str:
    return (out / "results.csv").read_text()


def test_every_point_is_a_row_with_its_metrics(finished: Path):
    table = read_study(finished).table
    assert list(table["point"]) == list(range(1, 13))
    assert set(table["status"]) == {"ok"}
    assert list(table.columns[:6]) == [
        *("point", "design", "status", "reason"),
        "cell.framework.thickness_m",
        "operation.current_density_A_m2",
    ]
    current = table["current_density_A_m2"]
    assert current.to_numpy() == pytest.approx(table["operation.current_density_A_m2"].to_numpy(), rel=1e-9)
    stored = pd.read_parquet(finished / "results.parquet")
    pd.testing.assert_frame_equal(stored, table)
    assert _table(finished).count("\n") == 13


def test_a_pool_and_a_cluster_give_the_same_table_to_the_bit(finished: Path, tmp_path: Path, cache: Path):
    run_sweep(small(AXES), tmp_path / "pool", executor=Processes(workers=2), cache=cache)
    assert _table(tmp_path / "pool") == _table(finished)
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster:
        where = Cluster(address=cluster.scheduler_address)
        run_sweep(small(AXES), tmp_path / "dask", executor=where, cache=cache)
    assert _table(tmp_path / "dask") == _table(finished)


def test_results_do_not_depend_on_what_ran_before(finished: Path, tmp_path: Path, cache: Path):
    """Every point but one is stored: the one that is left comes out as in the whole study. Its neighbours'
    states are what a killed run leaves."""
    store = copied(finished, tmp_path / "study")
    states = Store(tmp_path / "states")
    drop_states, Store.drop_states = Store.drop_states, lambda _self: None
    try:
        run_sweep(small(AXES), states.folder, executor=Serial(), cache=cache)
    finally:
        Store.drop_states = drop_states
    names = sorted(store.stored())
    assert len(names) == 9  # three planar results serve both thicknesses
    for name in names:
        shutil.copytree(states.folder / "states", store.folder / "states", dirs_exist_ok=True)
        before = store.point(name)
        store.drop(name)
        run_sweep(small(AXES), store.folder, executor=Serial(), cache=cache)
        assert store.point(name)["metrics"] == before["metrics"]
    assert _table(store.folder) == _table(finished)


def test_a_second_run_computes_nothing(finished: Path, tmp_path: Path, cache: Path):
    store = copied(finished, tmp_path / "study")
    before, seen, said = stamps(store), [], []
    run_sweep(small(AXES), store.folder, cache=cache, watch=seen.append, tell=said.append)
    assert stamps(store) == before
    assert seen[-1] == Progress(done=12, total=12, computed=0, to_compute=0)
    assert said == ["9 of 9 results are in the store already."]


def test_a_longer_axis_computes_what_is_new_only(finished: Path, tmp_path: Path, cache: Path):
    store, said = copied(finished, tmp_path / "study"), []
    before = stamps(store)
    longer = small({THICKNESS: ["5 um", "6 um"], CURRENT: ["10 mA/cm^2", "20 mA/cm^2", "25 mA/cm^2"]})
    study = run_sweep(longer, store.folder, executor=Serial(), cache=cache, tell=said.append)
    assert said == [
        "6 of 9 results are in the store already.",
        "3 stored results belong to other inputs; they stay where they are.",
    ]
    after = stamps(store)
    assert {name: after[name] for name in before} == before and len(after) == 12
    assert len(study.table) == 12 and set(study.table["status"]) == {"ok"}


def test_a_geometry_is_meshed_and_set_up_once(tmp_path: Path, cache: Path, monkeypatch):
    counts: Counter[str] = Counter()

    def counted(where, name):
        original = getattr(where, name)

        def call(*arguments, **options):
            counts[name] += 1
            return original(*arguments, **options)

        monkeypatch.setattr(where, name, call)

    for where, name in ((jobs, "mesh_designs"), (jobs, "load_stored"), (fem.solve, "build_spaces")):
        counted(where, name)
    run_sweep(small(AXES), tmp_path / "study", executor=Serial(), cache=cache)
    assert counts == {"mesh_designs": 2, "load_stored": 3, "build_spaces": 3}


def test_stopping_keeps_what_is_finished(tmp_path: Path, cache: Path, monkeypatch):
    """Ctrl-C in the middle of a chain: the table is written, the rest is missing, a second run completes."""
    original, calls = jobs.measured, iter(range(100))

    def interrupted(*arguments, **options):
        if next(calls) == 2:
            raise KeyboardInterrupt
        return original(*arguments, **options)

    with monkeypatch.context() as stopped, pytest.raises(KeyboardInterrupt):
        stopped.setattr(jobs, "measured", interrupted)
        run_sweep(small(), tmp_path / "study", executor=Serial(), cache=cache)
    table = pd.read_csv(tmp_path / "study" / "results.csv")
    assert table["status"].value_counts().to_dict() == {"missing": 4, "ok": 2}
    assert set(run_sweep(small(), tmp_path / "study", executor=Serial(), cache=cache).table["status"]) == {
        "ok"
    }


def test_fields_of_all_points_are_one_series(tmp_path: Path, cache: Path):
    sweep, out = small(fields=True), tmp_path / "study"
    run_sweep(sweep, out, executor=Serial(), cache=cache)
    text = (out / "fields-bilayer.pvd").read_text()
    assert [f'timestep="{t}"' in text for t in (5, 10, 20)] == [True] * 3
    files = [part.split('"')[0] for part in text.split('file="')[1:]]
    assert len(files) == 3 * 7 and all((out / file).is_file() for file in files)
    victim = next(p for p in sorted((out / "fields").iterdir()) if (p / "fibres.vtu").exists())
    shutil.rmtree(victim)
    said: list[str] = []
    run_sweep(sweep, out, executor=Serial(), cache=cache, tell=said.append)
    assert said[0] == "1 stored points are computed again." and (victim / "fibres.vtu").is_file()


def test_long_chains_are_cut(monkeypatch):
    from studies.sweep import schedule
    from studies.sweep.points import points

    monkeypatch.setattr(schedule, "LENGTH", 2)
    (geometry,) = schedule.geometries(points(small()))
    chains = geometry.chains(Store(Path("nowhere")), "token", fields=False)
    assert [(chain.design, len(chain.links)) for chain in chains] == [
        ("planar", 2),
        ("planar", 1),
        ("bilayer", 2),
        ("bilayer", 1),
    ]


def test_progress_is_reported_to_the_end(tmp_path: Path, cache: Path, monkeypatch):
    monkeypatch.setattr(runner, "INTERVAL", 0.02)
    seen: list[Progress] = []
    run_sweep(small(), tmp_path / "study", executor=Serial(), cache=cache, watch=seen.append)
    assert seen[-1] == Progress(done=6, total=6, computed=6, to_compute=6)
    assert [at.done for at in seen] == sorted(at.done for at in seen)
