"""What fails in a sweep costs its point only, is told, and is tried again on request."""

import errno
import multiprocessing
import os
import signal
import time
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from geometry.designs import Design
from meshes.raw import MeshingFailed
from meshes.realisation import Realisation
from studies import CaseError
from studies.sweep import jobs, runner
from studies.sweep.executors import Processes, Serial
from studies.sweep.runner import run_sweep
from studies.sweep.store import Store
from tests.sweeps import CURRENT, small

pytestmark = pytest.mark.gmsh


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("meshes")


def test_impossible_points_are_rows_with_their_reason(tmp_path: Path, cache: Path):
    """Above the limit of a flat cell, out of a mat's reach, fibres thicker than the mat."""
    axes = {
        CURRENT: ["10 mA/cm^2", "2 A/cm^2"],
        "cell.framework.fibre_diameter": ["1 um", "7 um"],
    }
    table = run_sweep(small(axes), tmp_path / "study", executor=Serial(), cache=cache).table
    assert list(table["status"]) == ["ok", "ok", *["failed"] * 6]
    reasons = table["reason"].to_list()
    assert "not thinner than cell.framework.thickness" in reasons[2]
    assert "above the limiting current" in reasons[4]
    assert "depleted" in reasons[5]
    assert table["cell_voltage_V"].notna().to_list() == [True, True, *[False] * 6]


def test_failed_points_are_computed_again_on_request_only(tmp_path: Path, cache: Path, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(jobs.limits, "refuse_depletion", _refuse)
        table = run_sweep(small(), tmp_path / "study", executor=Serial(), cache=cache).table
    assert set(table["status"]) == {"failed"} and set(table["reason"]) == {"made to fail"}
    _require_retry_on_request_only(tmp_path / "study", cache)


def _require_retry_on_request_only(out: Path, cache: Path) -> None:
    """A study whose cause of failure is gone keeps its failed points until a retry is asked for."""
    again = run_sweep(small(), out, executor=Serial(), cache=cache).table
    assert set(again["status"]) == {"failed"}
    retried = run_sweep(small(), out, executor=Serial(), cache=cache, retry=True).table
    assert set(retried["status"]) == {"ok"}


def test_meshes_that_failed_are_tried_again_on_request_only(tmp_path: Path, cache: Path, monkeypatch):
    def fails(*_arguments, **_options):
        raise MeshingFailed("made to fail")

    with monkeypatch.context() as broken:
        broken.setattr(jobs, "mesh_designs", fails)
        table = run_sweep(small(), tmp_path / "study", executor=Serial(), cache=cache).table
    assert set(table["reason"]) == {"no mesh: made to fail"}
    _require_retry_on_request_only(tmp_path / "study", cache)


def test_a_full_disk_stops_the_study_and_costs_no_point(tmp_path: Path, cache: Path, monkeypatch):
    sweep, out = small(), tmp_path / "study"

    def full(*_arguments, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    def stops_at(place: object, name: str) -> None:
        with monkeypatch.context() as broken:
            broken.setattr(place, name, full)
            with pytest.raises(CaseError, match=r"the study stopped: .*No space left.*same command goes on"):
                run_sweep(sweep, out, executor=Serial(), cache=cache)

    stops_at(Store, "keep_state")
    assert not Store(out).stored()
    stops_at(runner.results, "write")
    stops_at(runner, "write_collections")
    stops_at(runner, "_report")
    assert set(run_sweep(sweep, out, executor=Serial(), cache=cache).table["status"]) == {"ok"}


def _refuse(*_arguments) -> None:
    raise CaseError("made to fail")


def test_a_mistake_of_the_program_costs_its_point_only(tmp_path: Path, cache: Path, monkeypatch):
    original, calls = jobs.measured, iter(range(100))

    def breaks_once(*arguments, **options):
        if next(calls) == 1:
            raise ZeroDivisionError("oh")
        return original(*arguments, **options)

    monkeypatch.setattr(jobs, "measured", breaks_once)
    table = run_sweep(small(), tmp_path / "study", executor=Serial(), cache=cache).table
    assert table["status"].value_counts().to_dict() == {"ok": 5, "failed": 1}
    assert "unexpected ZeroDivisionError: oh" in set(table["reason"])


def test_a_dying_process_costs_its_point_only(tmp_path: Path, cache: Path):
    """The bilayer's mesh file takes the process with it that loads it, every time."""
    sweep, out = small(), tmp_path / "study"
    table = run_sweep(sweep, out, executor=_Deadly(), cache=cache).table
    assert set(table[table["design"] == "planar"]["status"]) == {"ok"}
    dead = table[table["design"] == "bilayer"]
    assert set(dead["status"]) == {"failed"}
    assert set(dead["reason"]) == {"the process that computed it died (out of memory?)"}


class _Deadly(Processes):
    """A pool in which a job of the bilayer kills its process."""

    def open(self):
        return _DeadlyPool(Processes(workers=2))


class _DeadlyPool:
    def __init__(self, inner: Processes) -> None:
        self.context = inner.open()

    def __enter__(self):
        pool, slots = self.context.__enter__()
        submit = pool.submit

        def deadly(function, job):
            if getattr(job, "design", "") == "bilayer":
                return submit(os._exit, 9)
            return submit(function, job)

        pool.submit = deadly
        return pool, slots

    def __exit__(self, *error):
        return self.context.__exit__(*error)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads what the system ignores")
def test_a_dead_worker_does_not_take_the_program_with_it():
    """gmsh.initialize in this process lets a broken pipe end it; a pool must not leave it so."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    with Processes(workers=1).open():
        assert _ignored(signal.SIGPIPE)


def _ignored(number: int) -> bool:
    """As the system sees it: signal.getsignal does not notice what a library sets."""
    status = Path("/proc/self/status").read_text()
    return bool(int(status.split("SigIgn:")[1].split()[0], 16) >> (number - 1) & 1)


def test_the_point_that_a_worker_was_at_is_blamed(tmp_path: Path):
    """Not the first one that is missing: points of another layout come later than their place says."""
    store, links = Store(tmp_path), tuple(jobs.Link(name=name, inputs={}) for name in "abc")
    chain = jobs.Chain(store=tmp_path, token="", geometry="g", design="bilayer", links=links, fields=False)
    store.begin("b")
    jobs.give_up(chain, "died")
    assert store.stored() == {"b"}
    jobs.give_up(chain, "died")
    assert store.stored() == {"a", "b"}


class _Lossy(Serial):
    """An executor that loses every job of the bilayer, as a cluster whose workers die of it."""

    def open(self):
        return _LossyPool()

    def lost(self, error: BaseException) -> bool:
        return isinstance(error, EOFError)


class _Inline:
    """Does jobs at once."""

    def __enter__(self):
        return self, 1

    def __exit__(self, *_error):
        return None

    def submit(self, function, job):
        future = Future()
        future.set_result(function(job))
        return future


class _LossyPool(_Inline):
    def submit(self, function, job):
        if getattr(job, "design", "") != "bilayer":
            return super().submit(function, job)
        future = Future()
        future.set_exception(EOFError("worker lost"))
        return future


def test_jobs_that_a_cluster_gives_up_cost_their_points_only(tmp_path: Path, cache: Path):
    table = run_sweep(small(), tmp_path / "study", executor=_Lossy(), cache=cache).table
    assert set(table[table["design"] == "planar"]["status"]) == {"ok"}
    dead = table[table["design"] == "bilayer"]
    assert set(dead["status"]) == {"failed"} and set(dead["reason"]) == {runner.DIED}


class _BrittlePool(_Inline):
    """Found broken at the second job, once."""

    jobs = 0

    def submit(self, function, job):
        type(self).jobs += 1
        if type(self).jobs == 2:
            raise BrokenProcessPool("a process died")
        return super().submit(function, job)


class _Brittle(Serial):
    def open(self):
        return _BrittlePool()


def test_a_process_that_dies_between_two_jobs_costs_nothing(tmp_path: Path, cache: Path):
    table = run_sweep(small(), tmp_path / "study", executor=_Brittle(), cache=cache).table
    assert set(table["status"]) == {"ok"}


def test_processes_of_the_caller_are_left_alone():
    other = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(60,))
    other.start()
    with pytest.raises(ZeroDivisionError), Processes(workers=1).open():
        raise ZeroDivisionError
    time.sleep(0.2)
    assert other.is_alive()
    other.kill()


def test_a_design_that_joins_later_takes_the_draw_of_the_mat(tmp_path: Path, cache: Path, monkeypatch):
    asked, original = [], jobs.mesh_designs

    def noted(*arguments, draw, **options):
        asked.append(draw)
        return original(*arguments, draw=draw, **options)

    monkeypatch.setattr(jobs, "mesh_designs", noted)
    for designs in (["framework"], ["framework", "bilayer", "planar"], ["framework", "bilayer"]):
        run_sweep(small(designs=designs), tmp_path / "study", executor=Serial(), cache=cache)
    assert asked == [None, 0]


def test_mats_of_different_draws_are_not_compared():
    made = {
        design: (Realisation(draw=draw, stacks={}, meshes={}, failures=()), "")
        for design, draw in ((Design.PLANAR, 0), (Design.FRAMEWORK, 2), (Design.BILAYER, 1))
    }
    found = jobs._on_one_draw(made)
    assert found[Design.PLANAR][0] and found[Design.FRAMEWORK][0]
    assert found[Design.BILAYER][0] is None and "draw 1" in found[Design.BILAYER][1]
