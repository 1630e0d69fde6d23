"""What the processes of the benchmark do; `run` takes a job and gives what it measured."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from fem.kernels import threads
from fem.model import Galvanostatic
from fem.solve import Method, SteadyCell
from geometry.designs import Design
from meshes.cache import MeshCache
from meshes.tagged import TaggedMesh
from studies import build, memory
from studies.bench.ladder import case_of
from studies.bench.run import Job, Kind, Run, Stages
from studies.case import Case
from studies.meshing import mesh_designs
from studies.run import DesignResult, run_design

COMPARED = ("cell_voltage_V", "share_fibres", "c_min_ratio")
"""Result keys in which programs must agree."""
COUNTS = ("unknowns", "newton_steps", "krylov_iterations", "setups")
PEAKS = {
    "start": "load",
    "assembling": "assembly",
    "solving": "solve",
    "currents": "currents",
    "writing": "files",
}
MESHING = {"cad": "CAD", "mesh": "mesh", "cleanup": "clean-up", "tagging": "tagging", "surfaces": "surfaces"}

MORE, OTHER_EXCHANGE = 1.2, 80.0  # further points: times the first current; exchange currents [A/m2]

Progress = Callable[[str], None]


def run(job: Job, progress: Progress) -> Run:
    """Do the job in this process."""
    return JOBS[job.kind](job, Case.from_dict(job.case), progress)


def _mesh(job: Job, case: Case, progress: Progress) -> Run:
    """Make the mesh, or find it; seconds of its making are kept beside it."""
    begin = time.perf_counter()
    mesh = _load(job, case, progress)
    passed = time.perf_counter() - begin
    assert mesh.report is not None
    kept = Path(job.cache) / f"meshing-{job.name}.json"
    found, notes = mesh.report.seconds, ()
    if "cache" in found:
        seconds = json.loads(kept.read_text("utf-8")) if kept.is_file() else {}
        notes = ("found in the cache; the seconds are those of its making",)
    else:
        seconds = {label: found[stage] for stage, label in MESHING.items() if stage in found}
        seconds = {"drawing": passed - sum(seconds.values()), **seconds}
        kept.write_text(json.dumps(seconds), encoding="utf-8")
    return job.measured(
        seconds=seconds,
        peak_MiB={"program": memory.peak(), "mesher": memory.peak_of_children()},
        counts={"elements": mesh.n_elements, "nodes": mesh.n_nodes},
        notes=notes,
    )


def _solve(job: Job, case: Case, progress: Progress, method: Method) -> Run:
    """Solve on the stored mesh as `bilayer run` does, files included."""
    mesh = _load(job, case, progress)
    busy = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        result = _design(case, mesh, Path(folder), method, progress)
    assert mesh.report is not None
    return job.measured(
        seconds={"load": mesh.report.seconds.get("cache", 0.0), **_seconds(result)},
        processor_seconds={"all": time.process_time() - busy},
        peak_MiB=_peaks(result),
        counts=_counts(mesh, result.solver),
        metrics={key: result.metrics[key] for key in COMPARED},
    )


def _further(job: Job, case: Case, progress: Progress) -> Run:
    """A first operating point, then one at another current, then one with other kinetics, on one cell."""
    mesh, stages = _load(job, case, progress), Stages()
    model, control = build.model(case, Design.BILAYER, mesh), build.control(case)
    assert isinstance(control, Galvanostatic)
    more = replace(control, current_density=MORE * control.current_density)
    other = case_of(case, case.cell.width, exchange_current=OTHER_EXCHANGE)
    cell = SteadyCell(mesh, model, method="equilibrated")
    points = {
        "first": (control, model),
        "current": (more, model),
        "kinetics": (more, build.model(other, Design.BILAYER, mesh)),
    }
    counts = {"elements": mesh.n_elements}
    for name, (at, of) in points.items():
        with stages(name):
            found = cell.solve(at, model=of, progress=progress).statistics
        counts |= {"unknowns": found.unknowns, f"newton_steps_{name}": found.newton_steps}
    return job.measured(
        counts=counts,
        **stages.as_fields(),
    )


def _from_case(job: Job, case: Case, progress: Progress) -> Run:
    """Geometry, mesh, solution and files, with nothing kept from before."""
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        mesh = mesh_designs(case, [Design.BILAYER], cache=None, progress=progress).meshes[Design.BILAYER]
        meshed = time.perf_counter() - begin
        result = _design(case, mesh, Path(folder), None, progress)
    return job.measured(
        seconds={"geometry and mesh": meshed, **_seconds(result)},
        peak_MiB={**_peaks(result), "mesher": result.solver["peak_memory"]["mesher_MiB"]},
        counts=_counts(mesh, result.solver),
        metrics={key: result.metrics[key] for key in COMPARED},
    )


def _laplace(job: Job, case: Case, progress: Progress) -> Run:
    from studies.bench.peers import laplace, netgen_mesh

    mesh, stages = _load(job, case, progress), Stages()
    model = build.model(case, Design.BILAYER, mesh)
    with stages("load"):
        imported = netgen_mesh.netgen_mesh(mesh, model)
    counts = laplace.laplace(imported, model, stages, threads())
    return _of_peer(job, mesh, stages, counts, {}, ())


def _three_fields(job: Job, case: Case, progress: Progress) -> Run:
    from studies.bench.peers import netgen_mesh, newton, three_fields

    mesh, stages = _load(job, case, progress), Stages()
    model, control = build.model(case, Design.BILAYER, mesh), build.control(case)
    assert isinstance(control, Galvanostatic)
    with stages("load"):
        imported = netgen_mesh.netgen_mesh(mesh, model)
    problem = three_fields.ThreeFields.of(imported, model, control)
    progress("compiling the integrands")
    with stages("compiling"):
        problem.form  # noqa: B018
    found = newton.solve(problem, stages, threads(), progress)
    note = "integrands as machine code" if three_fields.compiles() else "integrands interpreted: no compiler"
    return _of_peer(job, mesh, stages, found.counts, found.metrics, (f"{note}; compiling is not counted",))


def _of_peer(
    job: Job,
    mesh: TaggedMesh,
    stages: Stages,
    counts: Mapping[str, int],
    metrics: Mapping[str, float],
    notes: tuple[str, ...],
) -> Run:
    return job.measured(
        counts={"elements": mesh.n_elements, **counts},
        metrics=metrics,
        notes=notes,
        **stages.as_fields(),
    )


def _load(job: Job, case: Case, progress: Progress) -> TaggedMesh:
    made = mesh_designs(case, [Design.BILAYER], cache=MeshCache(job.cache), progress=progress)
    return made.meshes[Design.BILAYER]


def _design(
    case: Case, mesh: TaggedMesh, folder: Path, method: Method | None, progress: Progress
) -> DesignResult:
    assert mesh.report is not None
    return run_design(case, Design.BILAYER, mesh, mesh.report, folder, method=method, progress=progress)


def _seconds(result: DesignResult) -> dict[str, float]:
    """Stages that do not overlap; the preconditioner is set up within the solve."""
    known = result.solver["seconds"]
    setup = known["linear_setup"]
    return {
        "assembly": known["assembly"],
        "preconditioner": setup,
        "solve": known["solve"] - setup,
        "currents": known["currents"],
        "files": known["files"],
    }


def _peaks(result: DesignResult) -> dict[str, float]:
    peaks = result.solver["peak_memory"]["by_stage_MiB"]
    return {name: peaks[stage] for stage, name in PEAKS.items() if stage in peaks}


def _counts(mesh: TaggedMesh, solver: Mapping[str, Any]) -> dict[str, int]:
    return {"elements": mesh.n_elements, **{key: int(solver[key]) for key in COUNTS}}


JOBS: Mapping[Kind, Callable[[Job, Case, Progress], Run]] = {
    Kind.MESH: _mesh,
    Kind.EQUILIBRATED: lambda job, case, progress: _solve(job, case, progress, "equilibrated"),
    Kind.HIGH_CURRENT: lambda job, case, progress: _solve(job, case, progress, "equilibrated"),
    Kind.FURTHER: _further,
    Kind.FULL: lambda job, case, progress: _solve(job, case, progress, "full"),
    Kind.LAPLACE: _laplace,
    Kind.THREE_FIELDS: _three_fields,
    Kind.FROM_CASE: _from_case,
}
