"""One design from mesh to result: solve, measure, judge, write."""

from __future__ import annotations

import json
import math
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fem.currents import CurrentMap
from fem.metrics import DepthProfile
from fem.overpotentials import VoltageSplit
from fem.solution import Solution
from fem.solve import Method, solve_steady
from fem.trust import Check, trusted
from geometry.designs import Design
from meshes.quality import MeshReport
from meshes.tagged import TaggedMesh
from studies import build, limits
from studies.case import Case
from studies.memory import Memory
from studies.mesh_checks import mesh_checks
from studies.parameters import parameters
from studies.plain import plain

if TYPE_CHECKING:
    from studies.error_bars import ErrorBars

FORMAT = 1  # of result.json

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class DesignResult:
    """What a design gave; the fields themselves are in its files.

    metrics: result keys with SI units in their names; a number that a design does not have is absent.
    error_bars: None unless `studies.error_bars` has assessed them.
    files: paths relative to the folder of the design.
    """

    design: Design
    metrics: Mapping[str, float]
    trust: tuple[Check, ...]
    split: VoltageSplit | None
    profile: DepthProfile | None
    maps: Mapping[str, CurrentMap]
    mesh: MeshReport
    solver: Mapping[str, Any]
    files: tuple[str, ...]
    error_bars: ErrorBars | None = None

    @property
    def trusted(self) -> bool:
        """Whether every trust check with a limit passed."""
        return trusted(self.trust)

    @property
    def anode_maps(self) -> list[CurrentMap]:
        """The maps of all surfaces on which lithium plates."""
        return [m for m in self.maps.values() if m.sign > 0]


def run_design(
    case: Case,
    design: Design,
    mesh: TaggedMesh,
    report: MeshReport,
    folder: Path,
    *,
    method: Method | None = None,
    progress: Progress | None = None,
) -> DesignResult:
    """Solve one design on its mesh and write ``result.json`` and ``fields/*.vtu`` into ``folder``.

    Raises ModelError when the model does not fit the mesh, SolveFailed when no steady state was found.
    """
    memory = Memory(progress)
    solution = solve_steady(
        mesh,
        build.model(case, design, mesh),
        build.control(case),
        method=method,
        order=case.mesh.order,
        progress=memory,
    )
    begin = time.perf_counter()
    written = solution.write(folder / "fields", progress=memory)
    files = tuple(str(path.relative_to(folder)) for path in written)
    seconds = {"files": time.perf_counter() - begin}
    result = measured(case, design, solution, report, seconds=seconds, memory=memory.record(), files=files)
    save(case, result, folder)
    return result


def measured(
    case: Case,
    design: Design,
    solution: Solution,
    report: MeshReport,
    *,
    seconds: Mapping[str, float] | None = None,
    memory: Mapping[str, Any] | None = None,
    files: tuple[str, ...] = (),
) -> DesignResult:
    """The result of a solved design: its metrics and trust checks, those of the stack and mesh included."""
    return DesignResult(
        design=design,
        metrics=_metrics(case, design, solution, report),
        trust=(*solution.trust, *mesh_checks(case, design, report)),
        split=solution.split,
        profile=solution.depth_profile,
        maps=solution.maps,
        mesh=report,
        solver=_solver(solution, {**solution.statistics.seconds, **(seconds or {})}, memory or {}),
        files=files,
    )


def save(case: Case, result: DesignResult, folder: Path) -> None:
    """Write ``result.json`` into ``folder``."""
    text = json.dumps(record(case, result), indent=2, allow_nan=False, default=float)
    (folder / "result.json").write_text(text + "\n", encoding="utf-8")


def record(case: Case, result: DesignResult) -> dict[str, Any]:
    """Everything in ``result.json``: enough to run the design again, and what came out."""
    return {
        "format": FORMAT,
        "program": {
            "name": "bilayer-anode",
            "version": version(),
            "python": platform.python_version(),
            "packages": {name: metadata.version(name) for name in ("scikit-fem", "numpy", "scipy", "gmsh")},
        },
        "title": case.title,
        "design": str(result.design),
        "inputs": case.to_dict(),
        "parameters": [asdict(parameter) for parameter in parameters(case)],
        "mesh": plain(result.mesh.as_dict()),
        "solver": plain(result.solver),
        "metrics": plain(result.metrics),
        **({} if result.error_bars is None else _bars(result.error_bars)),
        "split": None if result.split is None else plain(asdict(result.split)),
        "depth_profile": None if result.profile is None else plain(asdict(result.profile)),
        "trusted": result.trusted,
        "trust": [plain(asdict(check)) for check in result.trust],
        "files": list(result.files),
    }


def version() -> str:
    """Version of the program as installed."""
    return metadata.version("bilayer-anode")


def _solver(solution: Solution, seconds: Mapping[str, float], memory: Mapping[str, Any]) -> dict[str, Any]:
    statistics = {**asdict(solution.statistics), "seconds": dict(seconds)}
    statistics["residual_history"] = list(solution.statistics.residual_history)
    return {**statistics, "peak_memory": memory}


def _metrics(case: Case, design: Design, solution: Solution, report: MeshReport) -> dict[str, float]:
    metrics = {key: float(value) for key, value in report.metrics().items() if value is not None}
    metrics.update(solution.metrics)
    current = metrics["current_density_A_m2"]
    metrics.update(limits.stack_metrics(case, design, solution.mesh, current, report.porosity_cad))
    return {key: float(value) for key, value in metrics.items() if math.isfinite(value)}


def _bars(found: ErrorBars) -> dict[str, Any]:
    resolutions = [
        {"mesh_size_m": r.asked, "element_size_m": r.size, "n_elements": r.elements}
        for r in found.resolutions
    ]
    return {
        "error_bars": {key: plain(asdict(bar)) for key, bar in found.bars.items()},
        "resolutions": {"meshes": resolutions, "notes": list(found.notes)},
    }
