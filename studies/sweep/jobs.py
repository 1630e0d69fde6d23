"""What the workers of a sweep do: mesh a geometry, or solve a chain of points on one of its meshes.

A point's result depends on its inputs and on its place in the chain alone, never on what ran before: the
multigrid hierarchy is that of the chain's first point, the start is the stored state of the neighbour, and
one thread computes. So a study that was stopped and resumed gives the same numbers, bit for bit.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from traceback import format_exc
from typing import Any
from zipfile import BadZipFile

from threadpoolctl import threadpool_limits

from fem.conditions import ModelError
from fem.film import FilmNotSolved
from fem.layout import layout
from fem.newton import SolveFailed
from fem.solve import REMEMBERED, SteadyCell
from fem.trust import missed
from geometry.designs import Design
from geometry.errors import CadError, GeometryError
from meshes.cache import MeshCache, content_hash, load_stored
from meshes.raw import MeshingFailed
from meshes.realisation import Realisation
from meshes.simplices import MeshError
from meshes.tagged import TaggedMesh
from meshes.worker import WorkerError
from studies import build, limits, output
from studies.case import Case
from studies.errors import CaseError
from studies.memory import Memory, keep_freed
from studies.meshing import mesh_designs
from studies.run import measured, record, version
from studies.sweep.store import Store

IMPOSSIBLE = (CaseError, ModelError, SolveFailed, FilmNotSolved)
DAMAGED = "its mesh file was damaged and is removed; --retry makes it anew"
UNMESHED = (GeometryError, CadError, MeshError, MeshingFailed, WorkerError)


@dataclass(frozen=True, kw_only=True)
class Meshing:
    """Mesh a geometry for some designs, all with one draw of the mat, and note it in the store.

    draw: the one that other designs of the geometry have; None where there are none yet.
    """

    store: Path
    cache: Path
    geometry: str
    inputs: Mapping[str, Any]
    designs: tuple[str, ...]
    draw: int | None


@dataclass(frozen=True, kw_only=True)
class Link:
    """One point of a chain: its name and the tables of its case."""

    name: str
    inputs: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Chain:
    """Solve points of one design on one mesh in order; those that the store holds are passed over."""

    store: Path
    token: str
    geometry: str
    design: str
    links: tuple[Link, ...]
    fields: bool

    @property
    def left(self) -> list[Link]:
        """The points that the store does not hold yet."""
        store = Store(self.store)
        return [link for link in self.links if not store.is_done(link.name, fields=self.fields)]


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for the program's own loops and for BLAS: workers share the cores among themselves."""
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"
    try:
        with threadpool_limits(1):
            yield
    finally:
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before


def do(job: Meshing | Chain) -> None:
    """Do a job of either kind."""
    keep_freed()
    if isinstance(job, Meshing):
        _mesh(job)
    else:
        _solve(job)


def _mesh(job: Meshing) -> None:
    """Make the meshes of a geometry; a design that cannot be meshed is noted with its reason."""
    store, cache = Store(job.store), MeshCache(job.cache)
    case, found = Case.from_dict(job.inputs), {}
    designs = [Design(name) for name in job.designs]
    sizing = build.sizing(case)
    with one_thread():
        try:
            meshed = _meshed(case, designs, cache, job.draw)
        except OSError:  # a full disk says nothing of the geometry
            raise
        except Exception as error:  # a mistake of the program costs its geometry, not the study
            meshed = dict.fromkeys(designs, (None, f"unexpected {type(error).__name__}: {error}"))
        for design, (made, reason) in meshed.items():
            if made is None:
                found[design] = {"reason": reason}
                continue
            tagged = made.meshes[design]
            found[design] = {
                "file": str(cache.path(made.stacks[design], sizing)),
                "hash": content_hash(tagged),
                "draw": made.draw,
                "notes": list(made.failures),
            }
    store.keep_geometry(job.geometry, (store.geometry(job.geometry) or {}) | found)


def _meshed(
    case: Case, designs: list[Design], cache: MeshCache, draw: int | None
) -> dict[Design, tuple[Realisation | None, str]]:
    """The realisation of each design, or why there is none."""
    try:
        made = mesh_designs(case, designs, cache=cache, progress=lambda _: None, workers=1, draw=draw)
    except UNMESHED as error:
        if len(designs) == 1:
            return {designs[0]: (None, str(error))}
        return _on_one_draw({d: _meshed(case, [d], cache, draw)[d] for d in designs})
    return {d: (made, "") if d in made.meshes else (None, "; ".join(made.failures)) for d in designs}


def _on_one_draw(
    alone: dict[Design, tuple[Realisation | None, str]],
) -> dict[Design, tuple[Realisation | None, str]]:
    """Designs meshed one by one, without those whose mat is another draw than that of the first one."""
    draws = {d: made.draw for d, (made, _) in alone.items() if made is not None and d.has_framework}
    leader = next(iter(draws), None)
    for design, draw in draws.items():
        if leader is not None and draw != draws[leader]:
            reason = (
                f"its mat can be meshed as draw {draw} and that of {leader} as draw {draws[leader]} only, "
                "which cannot be compared; use another seed or a finer mesh size"
            )
            alone[design] = (None, reason)
    return alone


def _solve(chain: Chain) -> None:
    """Solve the points of a chain that are not in the store yet, each stored as soon as it is there."""
    store = Store(chain.store)
    if not chain.left:
        return
    design = Design(chain.design)
    known = (store.geometry(chain.geometry) or {}).get(design, {"reason": "its geometry was never meshed"})
    if "reason" in known:
        _fail_left(store, chain, f"no mesh: {known['reason']}")
        return
    with one_thread():
        tagged = _loaded(Path(known["file"]), known["hash"])
        if tagged is None:
            store.forget_mesh(chain.geometry, design)
            _fail_left(store, chain, DAMAGED)
            return
        where = {"hash": known["hash"], "draw": known["draw"], "geometry": chain.geometry}
        for links in _alike(chain, design, tagged):
            _solve_alike(store, chain, design, tagged, links, where)


def _loaded(file: Path, expected: str) -> TaggedMesh | None:
    """The mesh in a file of the cache; None if it cannot be read or is another one."""
    try:
        mesh = load_stored(file)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
    return mesh if content_hash(mesh) == expected else None


def _alike(chain: Chain, design: Design, mesh: TaggedMesh) -> list[list[tuple[Link, Case]]]:
    """The links in groups whose models have the same unknowns and equations, each in order."""
    groups: dict[Any, list[tuple[Link, Case]]] = {}
    for link in chain.links:
        case = Case.from_dict(link.inputs)
        own = getattr(case.cell.ionic_layer, "transference", None) is not None
        groups.setdefault((layout(build.model(case, design, mesh)), own), []).append((link, case))
    return list(groups.values())


def _solve_alike(
    store: Store,
    chain: Chain,
    design: Design,
    mesh: TaggedMesh,
    links: list[tuple[Link, Case]],
    where: Mapping[str, Any],
) -> None:
    first = links[0][1]
    cell = SteadyCell(mesh, build.model(first, design, mesh), order=first.mesh.order)
    prepared = False
    for n, (link, case) in enumerate(links):
        if store.is_done(link.name, fields=chain.fields):
            continue
        if not store.is_run_by(chain.token):
            return
        try:
            limits.refuse_depletion(case, (design,))
            store.begin(link.name)
            if not prepared:
                cell.prepare(build.control(first))
                prepared = True
            cell.forget()
            before = links[max(n - REMEMBERED, 0) : n]
            for earlier, its_case in before:
                state = store.state(earlier.name)
                if state is not None:
                    model = build.model(its_case, design, mesh)
                    cell.recall(state, build.control(its_case), model=model)
            _solve_point(store, chain, design, cell, link, case, where)
        except IMPOSSIBLE as error:
            _fail(store, link, design, " ".join(getattr(error, "problems", (str(error),))), where)
        except OSError:  # a full disk says nothing of the point
            raise
        except Exception as error:  # a mistake of the program costs its point, not the study
            _fail(store, link, design, f"unexpected {type(error).__name__}: {error}", where, format_exc())


def _solve_point(
    store: Store,
    chain: Chain,
    design: Design,
    cell: SteadyCell,
    link: Link,
    case: Case,
    where: Mapping[str, Any],
) -> None:
    mesh, memory = cell.mesh, Memory()
    assert mesh.report is not None
    solution = cell.solve(build.control(case), model=build.model(case, design, mesh), progress=memory)
    files: tuple[str, ...] = ()
    if chain.fields:
        with output.folder(store.fields(link.name)) as folder:
            files = tuple(path.name for path in solution.write(folder, progress=memory))
    result = measured(case, design, solution, mesh.report, memory=memory.record(), files=files)
    store.keep_state(link.name, solution.guess.state)
    content = record(case, result)
    content["mesh"] |= where
    status = "ok" if result.trusted else "not trusted"
    store.keep({"id": link.name, "status": status, "reason": missed(result.trust), **content})


def _fail(
    store: Store,
    link: Link,
    design: Design,
    reason: str,
    where: Mapping[str, Any] | None = None,
    trace: str = "",
) -> None:
    content = {"design": str(design), "inputs": dict(link.inputs), "mesh": dict(where or {}), "trace": trace}
    store.keep({"id": link.name, "status": "failed", "reason": reason, "version": version(), **content})


def _fail_left(store: Store, chain: Chain, reason: str) -> None:
    """Fail what is left of a chain without a mesh; results that lack their fields only stay as they are."""
    for link in chain.left:
        if not store.holds(link.name):
            _fail(store, link, Design(chain.design), reason)


def give_up(job: Meshing | Chain, reason: str) -> None:
    """Fail what a job was at when its process died: the whole geometry, or the point of the chain."""
    store = Store(job.store)
    if isinstance(job, Meshing):
        lost = {design: {"reason": reason} for design in job.designs}
        store.keep_geometry(job.geometry, (store.geometry(job.geometry) or {}) | lost)
        return
    begun = [link for link in job.left if store.was_begun(link.name)]
    for link in (begun or job.left)[:1]:
        _fail(store, link, Design(job.design), reason)
