"""Resident memory of this process, by stage where the system can start the count anew; its allocator."""

from __future__ import annotations

import contextlib
import ctypes
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # of mallopt, malloc.h
STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def reset_peak() -> bool:
    """Start a new high-water mark; False where the system keeps one mark for the life of a process."""
    try:
        CLEAR.write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def peak() -> float:
    """High-water mark [MiB] of this process since `reset_peak`, or since its start where that is False."""
    try:
        for line in STATUS.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 2**10
    except OSError:
        pass
    return _largest(resource.RUSAGE_SELF)


def peak_of_children() -> float:
    """Largest high-water mark [MiB] of the processes that this one has started and seen end."""
    return _largest(resource.RUSAGE_CHILDREN)


class Memory:
    """Largest resident memory [MiB] of each stage, named by the first word of its text; "start" before all.

    Where the system cannot start the count anew (anything but Linux), the numbers never fall.
    """

    def __init__(self, progress: Callable[[str], None] | None = None) -> None:
        self._tell = progress or (lambda _text: None)
        self._stage = "start"
        self.by_stage: dict[str, float] = {}

    def __call__(self, text: str) -> None:
        """Pass a stage text on; the stage before it is over."""
        self._close()
        self._stage = text.split()[0].rstrip(":")
        self._tell(text)

    def record(self) -> dict[str, Any]:
        """By stage, of the whole program, and of the largest mesher that it started."""
        self._close()
        return {
            "by_stage_MiB": self.by_stage,
            "program_MiB": max(self.by_stage.values()),
            "mesher_MiB": peak_of_children(),
        }

    def _close(self) -> None:
        self.by_stage[self._stage] = max(self.by_stage.get(self._stage, 0.0), peak())
        reset_peak()


def _largest(who: int) -> float:
    return resource.getrusage(who).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def keep_freed() -> None:
    """Let the allocator keep what is freed for the next arrays, up to 32 MiB each: fetching fresh pages from
    the system takes as long as the work on them. Dask tells its workers to hand everything back at once,
    which makes a solve 1.8 times as long. Linux with glibc only; elsewhere nothing happens."""
    with contextlib.suppress(OSError, AttributeError):
        allocator = ctypes.CDLL(None).mallopt
        allocator(MMAP_THRESHOLD, 32 * 2**20)
        allocator(TRIM_THRESHOLD, 512 * 2**20)
