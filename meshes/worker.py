"""One job in a process of its own: a crash inside a C++ library costs the job, not the program.

The child needs no `if __name__ == "__main__"` in the caller's script, prints nothing on the terminal, and
ends when its parent ends or is interrupted, or when the time is up.
"""

from __future__ import annotations

import importlib
import os
import pickle
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

TIME_LIMIT = 3600.0
"""A mesher that runs longer is taken to hang [s]."""
_STAGE = "\x1estage "
_CHILD = "import sys; from meshes.worker import main; main(*sys.argv[1:])"


class WorkerError(RuntimeError):
    """The process died, hung, or its result could not be brought home."""


class Children:
    """The running processes of a group of jobs, so that all of them can be stopped together."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False
        self._lock = threading.Lock()

    def add(self, child: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._running.add(child)
            if self._stopped:
                child.kill()

    def remove(self, child: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._running.discard(child)

    def kill(self) -> None:
        """Stop what runs, and whatever is still to start."""
        with self._lock:
            self._stopped = True
            for child in self._running:
                child.kill()


def run(
    job: Callable[..., T],
    *arguments: Any,
    progress: Callable[[str], None] | None = None,
    children: Children | None = None,
) -> T:
    """Call the module-level function `job` in a new process and return its result.

    Exceptions of the job are raised here unchanged. `stage(text)` inside the job reaches `progress` here.
    Raises WorkerError when the process dies or takes longer than TIME_LIMIT.
    """
    with tempfile.TemporaryDirectory(prefix="bilayer-") as folder:
        order, answer, noise = (Path(folder) / name for name in ("order", "answer", "noise"))
        order.write_bytes(pickle.dumps((job.__module__, job.__qualname__, arguments)))
        root = str(Path(__file__).resolve().parents[1])
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, *filter(None, sys.path)])}
        with noise.open("wb") as stderr:
            child = subprocess.Popen(
                [sys.executable, "-c", _CHILD, str(order), str(answer)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=environment,
                start_new_session=True,
            )
        late = threading.Event()
        group = children or Children()
        group.add(child)

        def expire() -> None:
            late.set()
            child.kill()

        timer = threading.Timer(TIME_LIMIT, expire)
        timer.start()
        try:
            assert child.stdout is not None
            for raw in child.stdout:
                line = raw.decode("utf-8", "replace").rstrip("\n")
                if progress is not None and line.startswith(_STAGE):
                    progress(line.removeprefix(_STAGE))
            code = child.wait()
        finally:
            timer.cancel()
            group.remove(child)
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    pipe.close()
        if late.is_set():
            raise WorkerError(f"{job.__name__} was stopped after {TIME_LIMIT:.0f} s; use a coarser mesh")
        if not answer.exists():
            raise WorkerError(f"{job.__name__} died {_cause(code)}{_last_line(noise)}")
        outcome, value = pickle.loads(answer.read_bytes())
    if outcome == "error":
        raise value
    return value


def stage(text: str) -> None:
    """Tell the parent process what begins now; outside a worker it does nothing."""
    if _channel is not None:
        os.write(_channel, f"{_STAGE}{text}\n".encode())


_channel: int | None = None


def main(order: str, answer: str) -> None:
    """What the child runs: read the order, do it, leave the answer."""
    global _channel
    _channel = os.dup(1)
    os.dup2(2, 1)  # whatever C++ prints goes to the noise file
    threading.Thread(target=_die_with_parent, daemon=True).start()
    try:
        module, name, arguments = pickle.loads(Path(order).read_bytes())
        result = ("ok", getattr(importlib.import_module(module), name)(*arguments))
    except Exception as error:
        result = ("error", _portable(error))
    partial = Path(answer + ".part")
    partial.write_bytes(pickle.dumps(result, protocol=5))
    os.replace(partial, answer)


def _die_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def _portable(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return WorkerError(f"{type(error).__name__}: {error}")
    return error


def _cause(code: int) -> str:
    return f"from signal {-code}" if code < 0 else f"with exit code {code}"


def _last_line(noise: Path) -> str:
    lines = [line for line in noise.read_text("utf-8", "replace").splitlines() if line.strip()]
    return f" ({lines[-1].strip()})" if lines else ""
