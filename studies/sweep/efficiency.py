"""How well a sweep uses two cores: one study of 96 points on six mats, serially, on a pool and on a cluster.

Every run starts with nothing: mats are drawn, meshed and solved anew. A run's time goes from the call of
`run_sweep` to its return, table, figures and report included. The processes of the pool start within it; the
cluster stands before, as a user's does, and its workers load the program within it. Efficiency is the serial
time over twice the time of two workers. Under "machine" stands what two processes that share nothing reach
just before and after: no study does better than a machine whose cores are not whole ones. Run it on an idle
machine with `python -m studies.sweep.efficiency`; the three tables must be the same to the last bit.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from studies.sweep.executors import Cluster, Jobs, Processes, Serial
from studies.sweep.plan import Sweep
from studies.sweep.runner import run_sweep
from studies.sweep.store import Store

WORKERS = 2
ADDITIONS = 50_000_000
SWEEP = {
    "title": "Six mats, two designs, eight operating points",
    "case": "bilayer",
    "designs": ["framework", "bilayer"],
    "axes": {
        "cell.framework.seed": {"from": 1, "to": 6},
        "operation.current_density": ["5 mA/cm^2", "10 mA/cm^2", "15 mA/cm^2", "20 mA/cm^2"],
        "kinetics.fibres.exchange_current": ["3 mA/cm^2", "10 mA/cm^2"],
    },
}


@dataclass(frozen=True, kw_only=True)
class Run:
    """One way to run the study: seconds, largest memory of a worker and of its mesher [MiB], the table.

    capacity: what the machine itself allowed just before and after, see `capacity`.
    """

    name: str
    seconds: float
    capacity: float
    worker: float
    mesher: float
    table: str


def capacity() -> float:
    """The speed of two processes at once over twice that of one: below 1 where cores are shared with others.

    The processes share nothing and add up whole numbers, so that nothing but the processor slows them down.
    """
    with multiprocessing.get_context("spawn").Pool(WORKERS) as pool:
        pool.map(_spin, range(WORKERS))  # both have started
        alone = pool.map(_spin, range(1))[0]
        return alone / max(pool.map(_spin, range(WORKERS)))


def _spin(_number: int) -> float:
    begin = time.perf_counter()
    sum(range(ADDITIONS))
    return time.perf_counter() - begin


def measure(name: str, executor: Jobs, sweep: Sweep) -> Run:
    """Run a sweep in a fresh folder."""
    with tempfile.TemporaryDirectory() as folder:
        before = capacity()
        begin = time.perf_counter()
        run_sweep(sweep, folder, executor=executor)
        seconds = time.perf_counter() - begin
        store = Store(Path(folder))
        memory = [store.point(point)["solver"]["peak_memory"] for point in store.stored()]
        return Run(
            name=name,
            seconds=seconds,
            capacity=(before + capacity()) / 2,
            worker=max(m["program_MiB"] for m in memory),
            mesher=max(m["mesher_MiB"] for m in memory),
            table=(store.folder / "results.csv").read_text("utf-8"),
        )


@contextmanager
def cluster() -> Iterator[Jobs]:
    """A Dask cluster of this machine."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=":0") as local:
        yield Cluster(address=str(local.scheduler_address))  # type: ignore[attr-defined]


def compare(sweep: Sweep, tell: Callable[[str], None]) -> list[Run]:
    """Serially, on a pool, on a cluster, in turn."""
    tell("serial")
    runs = [measure("serial", Serial(), sweep)]
    tell("pool")
    runs.append(measure(f"pool of {WORKERS}", Processes(workers=WORKERS), sweep))
    tell("cluster")
    with cluster() as executor:
        runs.append(measure(f"Dask, {WORKERS} workers", executor, sweep))
    return runs


def main() -> None:
    """Measure and show."""
    console = Console(highlight=False)
    sweep = Sweep.from_dict(SWEEP)
    runs = compare(sweep, console.print)
    serial = runs[0]
    table = Table(title=f"{sweep.title}: {len(sweep.which) * sweep.combinations} points")
    for header in ("", "seconds", "efficiency", "machine", "worker MiB", "mesher MiB"):
        table.add_column(header, justify="right" if header else "left")
    for run in runs:
        efficiency = "" if run is serial else f"{serial.seconds / WORKERS / run.seconds:.3f}"
        table.add_row(
            run.name,
            f"{run.seconds:.1f}",
            efficiency,
            f"{run.capacity:.2f}",
            f"{run.worker:.0f}",
            f"{run.mesher:.0f}",
        )
    console.print(table)
    if any(run.table != serial.table for run in runs):
        raise SystemExit("The tables of results differ.")
    console.print("All tables of results are the same to the last bit.")


if __name__ == "__main__":
    main()
