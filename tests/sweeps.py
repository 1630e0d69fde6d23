"""Small sweeps for tests: cross-sections of parallel fibres, seconds each."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studies.sweep.plan import Sweep
from studies.sweep.store import Store

CURRENT = "operation.current_density"
CURRENTS = ["5 mA/cm^2", "10 mA/cm^2", "20 mA/cm^2"]
AXES = {"cell.framework.thickness": ["5 um", "6 um"], CURRENT: CURRENTS}
SETTINGS = {
    "cell.width": "8 um",
    "cell.framework.thickness": "6 um",
    "cell.framework.porosity": 0.8,
    "mesh.size": "0.45 um",
    "mesh.order": 2,
}


def small(axes: Mapping[str, Any] | None = None, **tables: Any) -> Sweep:
    """Planar and bilayer over three currents, or over other axes; tables replace those of the sweep."""
    data: dict[str, Any] = {
        "title": "Small",
        "case": "parallel",
        "designs": ["planar", "bilayer"],
        "axes": {"operation.current_density": CURRENTS} if axes is None else axes,
    } | tables
    varied = {*data["axes"], *tables.get("zipped", {}), *tables.get("hypercube", {}).get("axes", {})}
    settings = {field: value for field, value in SETTINGS.items() if field not in varied}
    return Sweep.from_dict({"set": settings} | data)


def copied(finished: Path, out: Path) -> Store:
    shutil.copytree(finished, out)
    return Store(out)


def stamps(store: Store) -> dict[str, tuple[int, int]]:
    return {
        entry.name: (entry.stat().st_ino, entry.stat().st_mtime_ns)
        for entry in os.scandir(store.points)
        if entry.name.endswith(".json")
    }
