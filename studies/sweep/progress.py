"""How far a sweep is, on a terminal as one live line with the time left, elsewhere as a line now and then."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.status import Status

from studies.sweep.runner import Progress

EVERY = 15.0  # [s] between lines where there is no terminal
ENOUGH = 10  # results from which a pace is told; a tenth of them where fewer are to come
WINDOW = 30.0, 1 / 3  # the pace is that of the last seconds, or of the last part of the time so far


class Report:
    """Takes what `run_sweep` tells and shows it."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.perf_counter) -> None:
        self._console, self._clock, self._begin, self._last = console, clock, clock(), -EVERY
        self._past: deque[tuple[float, int]] = deque()  # when, and how many were computed
        self._shown: Progress | None = None
        self.at: Progress | None = None
        self._live: Status | None = console.status("starting") if console.is_terminal else None

    def __enter__(self) -> Report:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    @property
    def seconds(self) -> float:
        """Since the start."""
        return self._clock() - self._begin

    def tell(self, sentence: str) -> None:
        """A sentence that stays."""
        self._console.print(sentence, markup=False, soft_wrap=True)

    def watch(self, at: Progress) -> None:
        """How far it is now."""
        self.at, now = at, self.seconds
        line = f"{now:6.0f} s  {at.done} of {at.total} points{self._left(at, now)}"
        if self._live is not None:
            self._live.update(line)
        elif at != self._shown and (now - self._last >= EVERY or at.done == at.total):
            self._console.print(line, markup=False)
            self._last, self._shown = now, at

    def _left(self, at: Progress, now: float) -> str:
        """What is to come, and how long that takes at the pace of late: geometries differ, and meshes come
        first."""
        self._past.append((now, at.computed))
        while len(self._past) > 2 and self._past[1][0] <= now - max(WINDOW[0], WINDOW[1] * now):
            self._past.popleft()
        begin, before = self._past[0]
        left = at.to_compute - at.computed
        if not left:
            return "; table and report follow"
        if at.computed == before or at.computed < min(ENOUGH, at.to_compute / 10):
            return f", {left} to compute"
        pace = (at.computed - before) / (now - begin)
        return f", {left} to compute, about {duration(left / pace)} left"


def duration(seconds: float) -> str:
    """A time as people say it: 40 s, 12 min, 3.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
