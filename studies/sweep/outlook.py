"""What a sweep amounts to before anything is meshed: points, solves, what is stored, what is impossible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from studies import limits
from studies.errors import CaseError
from studies.sweep.plan import Sweep
from studies.sweep.points import Point, determining, digest, points
from studies.sweep.reasons import Reason, grouped
from studies.sweep.store import Store


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """How much of everything a sweep asks for.

    points: rows of the table. geometries, meshes: distinct ones, a mesh for each design on a geometry.
    solves: distinct results; points that a design cannot tell apart share one. stored, failed: results that
    the study's folder holds already, and those of them that failed. impossible: why points have no result.
    """

    points: int
    geometries: int
    meshes: int
    solves: int
    stored: int
    failed: int
    impossible: list[Reason]

    @classmethod
    def of(cls, sweep: Sweep, folder: Path | str) -> Outlook:
        """The outlook of a sweep in a folder, which need not exist. CaseError if it is of another version."""
        rows = list(points(sweep))
        solved = {point.id: point for point in rows if point.case is not None}
        meshes = {(point.geometry, point.design) for point in solved.values()}
        statuses = _stored(Path(folder), solved, fields=sweep.fields)
        return cls(
            points=len(rows),
            geometries=len({geometry for geometry, _ in meshes}),
            meshes=len(meshes),
            solves=len(solved),
            stored=len(statuses),
            failed=statuses.count("failed"),
            impossible=grouped(_impossible(rows)),
        )


def _stored(folder: Path, wanted: Iterable[str], *, fields: bool) -> list[str]:
    """Statuses of the results in a study's folder that a run would keep."""
    if not (folder / "sweep.json").exists():
        return []
    store, found = Store.of(folder), []
    for name in store.stored() & set(wanted):
        try:
            status = store.point(name)["status"]
        except CaseError:  # damaged: it is computed again
            continue
        if status == "failed" or not fields or store.fields(name).is_dir():
            found.append(str(status))
    return found


def _impossible(rows: Sequence[Point]) -> Iterator[tuple[str, str, int]]:
    """Points whose values make no case, or whose flat cell cannot carry the current: status, why, number."""
    known: dict[str, float] = {}
    for point in rows:
        if point.case is None:
            yield "no valid case", point.problem, point.number
            continue
        current = point.case.operation.current_density
        if current is None or point.design not in limits.FLAT:
            continue
        inputs = determining(point.case, point.design)
        key = digest([point.design, inputs["cell"], inputs["electrolyte"]])
        if key not in known:
            known[key] = limits.limit(point.case, limits.liquids(point.case, point.design))
        if current >= known[key]:
            try:
                limits.refuse_depletion(point.case, (point.design,))
            except CaseError as error:
                yield "no steady state", " ".join(error.problems), point.number
