"""Where the jobs of a sweep run: in this process, on a pool of processes, or on a Dask cluster.

Each is a value whose `open` gives an executor in the sense of `concurrent.futures`, and how many jobs it
takes at once; the runner knows nothing else.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from multiprocessing import connection
from typing import Any, Protocol

from studies.errors import CaseError

PATIENCE = "10s"  # until a scheduler that does not answer is given up


class Jobs(Protocol):
    """A way to run jobs."""

    def open(self) -> AbstractContextManager[tuple[Executor, int]]:
        """The executor, and how many jobs it works on at once."""
        ...

    def lost(self, error: BaseException) -> bool:
        """Whether the error of a job says that its process died and the executor goes on without it."""
        ...


@dataclass(frozen=True, kw_only=True)
class Serial:
    """One job after the other, in this process."""

    @contextmanager
    def open(self) -> Iterator[tuple[Executor, int]]:
        """An executor that does a job when it is submitted."""
        yield _Inline(), 1

    def lost(self, error: BaseException) -> bool:
        """Never: it is this very process."""
        return False


@dataclass(frozen=True, kw_only=True)
class Processes:
    """A pool of processes of this machine; as many as it has cores unless told otherwise.

    Scripts that use it need the usual ``if __name__ == "__main__":`` of Python's process pools.
    """

    workers: int | None = None

    @contextmanager
    def open(self) -> Iterator[tuple[Executor, int]]:
        """A pool whose processes end with this one, however it ends."""
        _survive_broken_pipes()
        workers, others = self.workers or _cores(), set(multiprocessing.active_children())
        pool = ProcessPoolExecutor(
            workers, mp_context=multiprocessing.get_context("spawn"), initializer=_begin
        )
        try:
            yield pool, workers
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in set(multiprocessing.active_children()) - others:
                child.terminate()
            raise
        pool.shutdown(wait=False)  # nothing runs any more; processes take a second to end

    def lost(self, error: BaseException) -> bool:
        """Never: the whole pool breaks (BrokenProcessPool)."""
        return False


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """The workers of a Dask scheduler, by its address; all of them must see the folder of the study."""

    address: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\w+://.+:\d+", self.address):
            raise CaseError(f'scheduler is "{self.address}"; give its address, such as tcp://host:8786.')

    @contextmanager
    def open(self) -> Iterator[tuple[Executor, int]]:
        """The executor of a client of the scheduler."""
        try:
            from distributed import Client
        except ImportError as error:
            raise CaseError(
                "Dask is not installed, so no scheduler can be used: pip install 'bilayer-anode[cluster]'."
            ) from error
        _survive_broken_pipes()
        try:
            client = Client(self.address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError) as error:
            raise CaseError(f"Dask scheduler {self.address} does not answer; check its address.") from error
        with client:
            slots = sum(dict(client.nthreads()).values())  # type: ignore[arg-type]
            if not slots:
                raise CaseError(f"Dask scheduler {self.address} has no workers; start some.")
            yield client.get_executor(pure=False, retries=0), slots

    def lost(self, error: BaseException) -> bool:
        """Whether the scheduler gave the job up, because the workers that tried it died."""
        from distributed.scheduler import KilledWorker

        return isinstance(error, KilledWorker)


class _Inline(Executor):
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _survive_broken_pipes() -> None:
    """A pipe to a dead worker raises an error here instead of ending this process without a word.

    Python sees to that when it starts, but `gmsh.initialize` (4.15) in the same process undoes it.
    """
    if hasattr(signal, "SIGPIPE") and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)


def _begin() -> None:
    """A worker leaves Ctrl-C to its parent, and ends when its parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch(sentinel: int) -> None:
        connection.wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, args=(parent.sentinel,), daemon=True).start()
