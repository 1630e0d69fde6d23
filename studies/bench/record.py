"""bench.json: every run, the figures derived from them, and on which machine."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from fem.kernels import threads
from studies.bench.run import Kind, Run
from studies.bench.shows import Show
from studies.bench.summary import ratio, typical
from studies.plain import plain
from studies.run import version

FORMAT = 1  # of bench.json
PACKAGES = ("numpy", "scipy", "scikit-fem", "pyamg", "gmsh", "ngsolve")
OTHERS = (Kind.LAPLACE, Kind.THREE_FIELDS, Kind.FULL)
CPU, MEMORY = Path("/proc/cpuinfo"), Path("/proc/meminfo")


def record(runs: Sequence[Run], shown: Sequence[Show]) -> dict[str, Any]:
    """All of it, as JSON holds it."""
    sizes = dict.fromkeys(run.name for run in runs if run.kind is not Kind.MESH)
    ratios = {
        name: {f"equilibrated/{kind}": ratio(runs, name, Kind.EQUILIBRATED, kind) for kind in OTHERS}
        for name in sizes
    }
    return plain(
        {
            "format": FORMAT,
            "program": {"name": "bilayer-anode", "version": version(), "packages": _packages()},
            "machine": machine(),
            "shows": [{**asdict(show), "met": show.met} for show in shown],
            "medians": [asdict(row) | {"largest_MiB": row.largest_MiB} for row in typical(runs)],
            "ratios": ratios,
            "runs": [run.as_dict() for run in runs],
        }
    )


def machine() -> dict[str, Any]:
    """Processor, cores that may be used, memory [GiB], system."""
    return {
        "processor": _first(CPU, "model name") or platform.processor() or platform.machine(),
        "cores": threads(),
        "memory_GiB": _gibibytes(_first(MEMORY, "MemTotal")),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def _packages() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _first(path: Path, key: str) -> str:
    """What follows ``key:`` in a file of the kernel; empty where there is none."""
    if not path.is_file():
        return ""
    lines = (line.partition(":") for line in path.read_text("utf-8").splitlines())
    return next((value.strip() for name, _, value in lines if name.strip() == key), "")


def _gibibytes(text: str) -> float | None:
    return round(int(text.split()[0]) / 2**20, 1) if text else None
