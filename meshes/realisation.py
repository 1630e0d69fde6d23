"""Meshes of several designs with one and the same draw of the mat; a draw that fails gives way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from geometry.designs import Cell, Design
from geometry.errors import CadError
from geometry.stack import Stack
from meshes import worker
from meshes.cache import MeshCache
from meshes.generate import Progress, mesh_stack, of_draw
from meshes.raw import MeshingFailed
from meshes.sizing import Sizing
from meshes.tagged import TaggedMesh


@dataclass(frozen=True, kw_only=True)
class Realisation:
    """Meshes of several designs, all with the same draw of the mat."""

    draw: int
    stacks: Mapping[Design, Stack]
    meshes: Mapping[Design, TaggedMesh]
    failures: tuple[str, ...]  # why earlier draws were given up


def realise(
    cell: Cell,
    designs: Sequence[Design],
    sizing: Sizing,
    *,
    cache: MeshCache | None = None,
    max_draws: int = 5,
    draw: int | None = None,
    workers: int = 2,
    progress: Progress | None = None,
) -> Realisation:
    """Mesh several designs of one cell with one and the same draw of its mat.

    If CAD, mesher or quality floor fail for one design, the next draw of the mat is tried for all, at most
    `max_draws` times, unless one `draw` is asked for; `failures` tells why. Equal stacks are meshed once,
    different ones by `workers` processes. Raises MeshingFailed when no draw could be meshed, MeshError or
    GeometryError for impossible descriptions.
    """
    tell = progress or (lambda _: None)
    cell = cell if cache is None else cache.remembering(cell)
    failures: list[str] = []
    known: dict[str, TaggedMesh] = {}
    draws = range(max_draws if cell.redrawable else 1) if draw is None else (draw,)
    for draw in draws:
        tell(f"geometry, draw {draw}" if draw else "geometry")
        stacks = {Design(design): cell.stack(Design(design), draw) for design in designs}
        wanted = {stack.fingerprint(): (design, stack) for design, stack in reversed(stacks.items())}
        wanted = {key: value for key, value in reversed(wanted.items()) if key not in known}
        for _, stack in wanted.values():
            sizing.require(stack)
        made, failed = _mesh_all(wanted, sizing, draw, cache, tell, workers)
        known |= made
        if not failed:
            meshes = {design: of_draw(known[stack.fingerprint()], draw) for design, stack in stacks.items()}
            return Realisation(draw=draw, stacks=stacks, meshes=meshes, failures=tuple(failures))
        failures += failed
        tell(failed[-1])
    remedy = "another seed, a finer mesh size" if cell.redrawable else "a finer mesh size"
    raise MeshingFailed(
        f"no mesh after {len(failures)} attempts ({'; '.join(failures)}); use {remedy} or a higher porosity"
    )


def _mesh_all(
    wanted: Mapping[str, tuple[Design, Stack]],
    sizing: Sizing,
    draw: int,
    cache: MeshCache | None,
    tell: Progress,
    workers: int,
) -> tuple[dict[str, TaggedMesh], list[str]]:
    """Meshes by fingerprint, and one sentence for each design that failed."""
    children = worker.Children()
    made: dict[str, TaggedMesh] = {}
    failed: list[str] = []
    with ThreadPoolExecutor(max_workers=max(workers, 1)) as pool:
        try:
            jobs: dict[str, Future[TaggedMesh]] = {
                key: pool.submit(
                    mesh_stack,
                    stack,
                    sizing,
                    draw=draw,
                    cache=cache,
                    progress=partial(_prefixed, tell, design),
                    children=children,
                )
                for key, (design, stack) in wanted.items()
            }
            for key, job in jobs.items():
                try:
                    made[key] = job.result()
                except (CadError, MeshingFailed, worker.WorkerError) as error:
                    failed.append(f"draw {draw}, {wanted[key][0]}: {error}")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            children.kill()
            raise
    return made, failed


def _prefixed(tell: Progress, design: Design, text: str) -> None:
    tell(f"{design}: {text}")
