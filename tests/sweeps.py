"""Small sweeps for tests: cross-sections of parallel fibres, seconds each."""

from collections.abc import Mapping
from typing import Any

from studies.sweep.plan import Sweep

CURRENTS = ["5 mA/cm^2", "10 mA/cm^2", "20 mA/cm^2"]
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
        "set": SETTINGS,
        "axes": {"operation.current_density": CURRENTS} if axes is None else axes,
    }
    return Sweep.from_dict(data | tables)
