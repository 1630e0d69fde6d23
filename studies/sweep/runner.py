"""Runs a sweep: resumes what is stored, hands out jobs, survives failures, and leaves a table."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studies import output
from studies.errors import CaseError
from studies.sweep import jobs, results
from studies.sweep.collection import write_collections
from studies.sweep.executors import Jobs, Processes
from studies.sweep.plan import Sweep
from studies.sweep.points import Point, points
from studies.sweep.schedule import Geometry, geometries
from studies.sweep.store import Store
from studies.sweep.study import Study

INTERVAL = 0.5  # [s] between two looks at the store
DIED = "the process that computed it died (out of memory?)"
GO_ON = "what is finished is stored, the same command goes on from there"

Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a sweep is: points of the table that are decided, of all; results of this run; failed ones."""

    done: int
    total: int
    computed: int
    to_compute: int


Watch = Callable[[Progress], None]


def run_sweep(
    sweep: Sweep,
    out: Path | str,
    *,
    executor: Jobs | None = None,
    cache: Path | str | None = None,
    retry: bool = False,
    tell: Tell | None = None,
    watch: Watch | None = None,
) -> Study:
    """Compute every point of a sweep that the store in ``out`` does not hold yet; table, figures, report.

    executor: `Processes()` on all cores unless given. cache: where meshes are kept, else in the store. retry:
    failed points are computed again; those not trusted would come out the same and stay. tell receives
    sentences, watch how far it is. A point that fails is a
    row with its reason. Raises CaseError before any work, and before anything is written, if the store or the
    executor cannot be used.
    """
    say, executor = tell or (lambda _text: None), executor or Processes()
    store = Store(Path(out).absolute())
    rows = list(points(sweep))
    if cache is not None:
        with output.folder(cache):  # refused before any work if nothing can be stored there
            pass
    with executor.open():  # a scheduler that does not answer is known before there is a folder
        pass
    with store.held(sweep.to_dict()) as token, _disk_errors():
        _resume(store, rows, say, retry=retry, fields=sweep.fields)
        work = _Work(
            store=store,
            token=token,
            fields=sweep.fields,
            cache=Path(cache).absolute() if cache else store.folder / "meshes",
            geometries=geometries(rows),
        )
        try:
            with _watched(store, rows, watch, fields=sweep.fields):
                work.run(executor)
            store.drop_states()
        finally:
            store.released()
            study = results.study(store, sweep, rows)
            results.write(study, store.folder)
            write_collections(store, sweep.axis_columns, rows)
        _report(sweep, study, store)
    return study


@contextmanager
def _disk_errors() -> Iterator[None]:
    """A disk that is full, or gone, stops the study with a sentence, whoever finds it out."""
    try:
        yield
    except OSError as error:
        raise CaseError(f"the study stopped: {error}; {GO_ON}") from error


def _report(sweep: Sweep, study: Study, store: Store) -> None:
    """Figures and page; what they need (matplotlib, scipy.stats) takes a second to load, which every worker
    would pay for."""
    from studies.sweep import report

    report.write(study, store.folder, targets=sweep.compatible)


def _resume(store: Store, rows: list[Point], say: Tell, *, retry: bool, fields: bool) -> None:
    """Say what the store holds already; put damaged files aside, drop what is to be computed again."""
    wanted: dict[str, set[str]] = {}  # the geometries of each result
    for point in rows:
        if point.case is not None:
            wanted.setdefault(point.id, set()).add(point.geometry)
    stored = store.stored()
    again = 0
    for name in sorted(stored & wanted.keys()):
        try:
            known = store.point(name)
        except CaseError as error:
            aside = store.put_aside(name)
            say(
                f"{str(error).rstrip('.')}; it is now {aside}, which may be deleted, and the point is "
                "computed again."
            )
            stored.discard(name)
            continue
        failed = known["status"] == "failed"
        if retry and failed:
            store.drop(name)
        if not store.is_done(name, fields=fields):
            stored.discard(name)
            again += 1
        if retry and failed:
            for geometry in wanted[name]:
                store.forget_unmeshed(geometry)
    if again:
        say(f"{again} stored points are computed again.")
    if kept := len(stored & wanted.keys()):
        say(f"{kept} of {len(wanted)} results are in the store already.")
    if other := len(stored - wanted.keys()):
        say(f"{other} stored results belong to other inputs; they stay where they are.")
        if not (kept or again):
            say("Table, figures and report of those are replaced: the folder held another study.")


@dataclass(kw_only=True)
class _Work:
    """Hands out the jobs: chains of meshed geometries before further geometries, so that results come
    early."""

    store: Store
    token: str
    fields: bool
    cache: Path
    geometries: list[Geometry]

    def run(self, executor: Jobs) -> None:
        """All jobs; when a process has died, the suspects run one at a time before the others go on."""
        rest = list(self.geometries)
        while rest:
            suspects, rest = self._round(executor, rest, at_once=None)
            while suspects:
                suspects, _ = self._round(executor, suspects, at_once=1)

    def _round(
        self, executor: Jobs, geometries: list[Geometry], at_once: int | None
    ) -> tuple[list[Geometry], list[Geometry]]:
        """Run until all is done or a process dies: geometries that ran when it did, and those still to do."""
        ready: list[tuple[Geometry, Any]] = []
        running: dict[Future[Any], tuple[Geometry, Any]] = {}
        waiting = list(geometries)
        with executor.open() as (pool, slots):
            slots = at_once or slots
            while ready or running or waiting:
                while (ready or waiting) and len(running) < slots:
                    if not ready:
                        ready += self._jobs(waiting.pop(0))
                        continue
                    geometry, job = ready.pop(0)
                    try:
                        future = pool.submit(jobs.do, job)
                    except BrokenProcessPool as error:  # a process died between two jobs
                        future = Future()
                        future.set_exception(error)
                    running[future] = (geometry, job)
                if not running:
                    continue
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    geometry, job = running.pop(future)
                    error = future.exception()
                    if isinstance(error, BrokenProcessPool):
                        if at_once == 1:  # it died with nothing beside it
                            jobs.give_up(job, DIED)
                        suspects = _each_once([geometry, *(g for g, _ in running.values())])
                        rest = _each_once([*(g for g, _ in ready), *waiting])
                        if at_once == 1:
                            return _each_once([*suspects, *rest]), []
                        return suspects, [g for g in rest if g not in suspects]
                    if error is not None and executor.lost(error):
                        jobs.give_up(job, DIED)
                        if isinstance(job, jobs.Meshing):
                            ready += self._jobs(geometry)
                        elif job.left:
                            ready.append((geometry, job))
                        continue
                    if error is not None:
                        raise error
                    if isinstance(job, jobs.Meshing):
                        ready += self._jobs(geometry)
        return [], []

    def _jobs(self, geometry: Geometry) -> list[tuple[Geometry, Any]]:
        """What can be done on a geometry now: mesh it, or solve on it."""
        chains = geometry.chains(self.store, self.token, fields=self.fields)
        meshing = geometry.meshing(self.store, self.cache) if chains else None
        return [(geometry, meshing)] if meshing is not None else [(geometry, chain) for chain in chains]


def _each_once(geometries: list[Geometry]) -> list[Geometry]:
    return list({geometry.name: geometry for geometry in geometries}.values())


@contextmanager
def _watched(store: Store, rows: list[Point], watch: Watch | None, *, fields: bool) -> Iterator[None]:
    """Report how far the store is every half second, and once at the end."""
    if watch is None:
        yield
        return
    names = [point.id if point.case is not None else "" for point in rows]
    wanted, before, over = set(names) - {""}, store.done(fields=fields), threading.Event()
    to_compute = len(wanted - before)

    def report() -> None:
        stored = store.done(fields=fields)
        done = sum(not name or name in stored for name in names)
        watch(
            Progress(
                done=done,
                total=len(names),
                computed=len((stored - before) & wanted),
                to_compute=to_compute,
            )
        )

    def look() -> None:
        while not over.wait(INTERVAL):
            report()

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        report()
