"""Every measurement in a process of its own, so that neither memory nor caches of one serve another."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from studies.bench.run import Job, Run

PATIENCE = 10.0  # [s] until a process that is asked to stop is killed
MARK = "stage: "
"""Begins the lines on a child's standard output that say what it is doing."""


def measure(job: Job, progress: Callable[[str], None]) -> Run:
    """Do a job in a new process and wait for it; a process that fails gives a run with its reason."""
    progress(job.title)
    with tempfile.TemporaryDirectory() as folder:
        asked, answer, errors = (Path(folder) / name for name in ("job.json", "run.json", "errors.txt"))
        asked.write_text(json.dumps(asdict(job)), encoding="utf-8")
        with errors.open("w", encoding="utf-8") as stream:
            command = [sys.executable, "-m", "studies.bench", str(asked), str(answer)]
            with subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=stream, text=True, env=_environment()
            ) as child:
                assert child.stdout is not None
                try:
                    for line in child.stdout:
                        if line.startswith(MARK):
                            progress(f"{job.title}: {line.removeprefix(MARK).strip()}")
                except BaseException:
                    _stop(child)
                    raise
            code = child.returncode
        if code == 0 and answer.is_file():
            return Run.from_dict(json.loads(answer.read_text("utf-8")))
        said = errors.read_text("utf-8", errors="replace").strip().splitlines()
    reason = said[-1] if said else f"the process ended with code {code}"
    return job.measured(failure=reason)


def _stop(child: subprocess.Popen[str]) -> None:
    """As Ctrl-C would, so that its mesher is stopped as well; by force if that is not enough."""
    child.send_signal(signal.SIGINT)
    try:
        child.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()


def _environment() -> dict[str, str]:
    """This process's, with the programs of its own environment first: NGSolve's compiler script is there."""
    return {
        **os.environ,
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))),
    }
