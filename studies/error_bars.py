"""Error bars of a design's metrics: the same geometry on two coarser meshes, and what the change says.

Meshes of size h, about sqrt(2) h and 2 h of one stack (for a mat: the same draw) are solved. The size that
enters the extrapolation is that of the elements that came out, (volume / elements)^(1/dim), as Celik et al.
2008 (J. Fluids Eng. 130, 078001, doi:10.1115/1.2960953) recommend for unstructured meshes. The formal order
is 3 with quadratic fields on curved elements, else 2: that of linear fields, and of chords for arcs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fem.conditions import ModelError
from fem.convergence import ConvergenceError, Extrapolation, richardson
from fem.film import FilmNotSolved
from fem.newton import SolveFailed
from fem.solve import Method, solve_steady
from fem.trust import Check
from geometry.errors import CadError
from geometry.stack import Stack
from meshes.cache import MeshCache
from meshes.generate import mesh_stack
from meshes.quality import MeshReport
from meshes.raw import MeshingFailed
from meshes.sizing import Sizing, SurfaceShape
from meshes.tagged import MeshError
from meshes.worker import WorkerError
from studies import build
from studies.case import Case
from studies.run import DesignResult, Progress

COARSEST = (2.0, 1.6, 1.3)
"""Coarsest mesh over the case's mesh size: the first that still resolves the geometry."""
RESIDUALS = {"charge_imbalance", "split_closure", "inventory_error", "psi_spread", "salt_multiplier"}
"""Metrics that the exact solution has at zero; a trust check judges each, so they need no bar."""
CHANGES = {
    "discretisation_voltage": ("cell_voltage_V", 0.005, "the cell voltage"),
    "discretisation_mean": ("anode_mean_A_m2", 0.005, "the mean local current density"),
    "discretisation_p99": ("anode_p99_A_m2", 0.03, "the 99 % quantile of the local current density"),
}
"""Name of the check -> metric, largest relative change on the last refinement, what it is."""
FAILED = (MeshError, CadError, MeshingFailed, WorkerError, ModelError, SolveFailed, FilmNotSolved)


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """One mesh of a sequence: its size as asked for and as it came out [m], and what its solution says."""

    asked: float
    size: float
    elements: int
    metrics: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class ErrorBars:
    """Bars by metric, the resolutions they come from (coarse to fine), and what went wrong on the way.

    A metric has a bar when it is read off the solved fields: what the mesh says about itself, what the
    case prescribes, formulas of inputs and residuals (trust checks) have none. `bars` is empty when
    no coarser mesh gave a solution; `notes` says why.
    """

    bars: Mapping[str, Extrapolation]
    resolutions: tuple[Resolution, ...]
    notes: tuple[str, ...]


def with_error_bars(
    case: Case,
    result: DesignResult,
    *,
    cache: MeshCache | None = None,
    method: Method | None = None,
    progress: Progress | None = None,
) -> DesignResult:
    """The result of a design with error bars, and its trust check "discretisation" with values and limits.

    Meshes and solves the design on up to two coarser meshes of the geometry that `result` was computed on.
    A coarser mesh that fails costs its contribution, never the result: two meshes give bars with an assumed
    order and three times the estimated error, one mesh gives none.
    """
    tell = progress or (lambda _text: None)
    cell = build.cell(case) if cache is None else cache.remembering(build.cell(case))
    sizing, stack = build.sizing(case), cell.stack(result.design, result.mesh.draw)
    notes: list[str] = []
    coarser = coarser_sizings(sizing, stack)
    if not coarser:
        notes.append(
            f"mesh size {_short(sizing.size)} leaves no room for a coarser mesh that resolves the "
            "geometry; use a finer mesh.size"
        )
    found = [_resolution(sizing.size, result.mesh, result.metrics, sizing.dimension)]
    for each in coarser:
        label = f"mesh size {_short(each.size)}"
        tell(label)
        try:
            mesh = mesh_stack(
                stack, each, draw=result.mesh.draw, cache=cache, progress=_labelled(tell, label)
            )
            model = build.model(case, result.design, mesh)
            solution = solve_steady(
                mesh,
                model,
                build.control(case),
                method=method,
                order=case.mesh.order,
                progress=_labelled(tell, label),
            )
        except FAILED as error:
            notes.append(f"{label}: {error}")
        else:
            assert mesh.report is not None
            found.insert(0, _resolution(each.size, mesh.report, solution.metrics, each.dimension))
    order = 3.0 if case.mesh.order == 2 and case.mesh.surface is SurfaceShape.CURVED else 2.0
    bars = _bars(_read_off(case, result, found), found, order, notes)
    checks = [check for check in result.trust if check.name != "discretisation"]
    return replace(
        result,
        error_bars=ErrorBars(bars=bars, resolutions=tuple(found), notes=tuple(notes)),
        trust=(*checks, *(_judged(found, case) if bars else [_not_assessed(notes)])),
    )


def coarser_sizings(sizing: Sizing, stack: Stack) -> list[Sizing]:
    """Two coarser sizings in equal steps, the finer first; none if no coarser mesh resolves the geometry."""
    for ratio in COARSEST:
        steps = [
            replace(sizing, size=step * sizing.size, far=None if sizing.far is None else step * sizing.far)
            for step in (math.sqrt(ratio), ratio)
        ]
        try:
            steps[-1].require(stack)
        except MeshError:
            continue
        return steps
    return []


def _resolution(asked: float, report: MeshReport, metrics: Mapping[str, float], dimension: int) -> Resolution:
    size = (sum(report.volumes_mesh.values()) / report.n_elements) ** (1.0 / dimension)
    return Resolution(asked=asked, size=size, elements=report.n_elements, metrics=metrics)


def _read_off(case: Case, result: DesignResult, found: Sequence[Resolution]) -> list[str]:
    """Metrics of the solved fields of every mesh, in the order of the result."""
    prescribed = "current_density_A_m2" if case.operation.cell_voltage is None else "cell_voltage_V"
    without = {*result.mesh.metrics(), *RESIDUALS, prescribed}
    return [
        key
        for key in result.metrics
        if key not in without and all(key in resolution.metrics for resolution in found)
    ]


def _bars(
    keys: Sequence[str], found: Sequence[Resolution], order: float, notes: list[str]
) -> dict[str, Extrapolation]:
    if len(found) < 2:
        return {}
    sizes = [resolution.size for resolution in found]
    try:
        return {key: richardson([r.metrics[key] for r in found], sizes, order=order) for key in keys}
    except ConvergenceError as error:
        notes.append(f"the meshes do not refine each other: {error}")
        return {}


def _judged(found: Sequence[Resolution], case: Case) -> list[Check]:
    """Changes on the last refinement against their limits; at given voltage the current is judged for it."""
    straight = case.mesh.surface is SurfaceShape.STRAIGHT
    remedy = 'a smaller mesh.size or mesh.surface = "area-preserving"' if straight else "a smaller mesh.size"
    coarse, fine = found[-2:]
    checks = []
    for name, (key, limit, what) in CHANGES.items():
        if key == "cell_voltage_V" and case.operation.cell_voltage is not None:
            key, what = "current_density_A_m2", "the current density at the given cell voltage"
        if key not in fine.metrics or key not in coarse.metrics:
            continue
        change = abs(coarse.metrics[key] - fine.metrics[key])
        relative = change / abs(fine.metrics[key]) if change else 0.0
        steps = f"{_short(coarse.asked)} to {_short(fine.asked)}"
        text = f"change of {what} from mesh size {steps} ({remedy} helps)"
        checks.append(Check(name=name, value=relative, limit=limit, passed=relative <= limit, text=text))
    return checks


def _labelled(tell: Progress, label: str) -> Progress:
    return lambda text: tell(f"{label}: {text}")


def _short(length: float) -> str:
    return f"{1e6 * length:.3g} µm"


def _not_assessed(notes: Sequence[str]) -> Check:
    text = f"discretisation error of voltage and currents: not assessed ({'; '.join(notes)})"
    return Check(name="discretisation", value=0.0, limit=None, passed=True, text=text)
