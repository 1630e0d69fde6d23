"""The polarisation of a case: a curve per design on one draw of the mat; table, figures, report, fields."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fem.solution import Solution
from fem.solve import Method
from fem.trust import missed
from geometry.designs import Design
from meshes.cache import MeshCache
from meshes.paraview import write_pvd
from meshes.realisation import Realisation
from studies import checks, output
from studies.case import Case
from studies.compare import COLUMNS
from studies.errors import CaseError
from studies.meshing import mesh_designs
from studies.polarisation import series, words
from studies.polarisation.curve import Curve, End
from studies.polarisation.walk import trace
from studies.run import Progress

if TYPE_CHECKING:
    import pandas as pd

TABLE = "polarisation.csv"
FIRST = ("design", "status", "reason", "requested", "seconds")
"""Columns of the table before those of a comparison."""


@dataclass(frozen=True, kw_only=True)
class Polarisation:
    """The curves of a case by design, in the order they were asked for; a design without a mesh has none."""

    case: Case
    curves: Mapping[Design, Curve]
    failures: Mapping[Design, str]  # designs that could not be meshed
    draw: int
    notes: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every curve reached its last current or depletion, and every point passed its checks."""
        fine = (End.REACHED, End.DEPLETED)
        return not self.failures and all(c.end in fine and c.trusted for c in self.curves.values())

    def table(self) -> pd.DataFrame:
        """One row per point and per current without a state; SI units in the column names.

        status: ok, not trusted, or how the curve ended before this current: depleted, failed, stopped.
        requested: False for points added on the way to the limiting current.
        """
        import pandas as pd

        rows: list[dict[str, object]] = [
            {"design": str(design), "status": "failed", "reason": reason}
            for design, reason in self.failures.items()
        ]
        for curve in self.curves.values():
            rows += _rows(curve)
        known = [*FIRST, *COLUMNS]
        extra = dict.fromkeys(key for row in rows for key in row if key not in known)
        return pd.DataFrame(rows, columns=[*known, *extra])


def _rows(curve: Curve) -> list[dict[str, object]]:
    found = [
        {
            "design": str(curve.design),
            "status": "ok" if point.result.trusted else "not trusted",
            "reason": missed(point.result.trust),
            "requested": point.requested,
            "seconds": round(point.seconds, 4),
            **point.result.metrics,
        }
        for point in curve.points
    ]
    lacking = [
        {"design": str(curve.design), "status": str(curve.end), "reason": curve.reason, "requested": True,
         "current_density_A_m2": current}
        for current in curve.missing
    ]  # fmt: skip
    return found + lacking


class Stopped(KeyboardInterrupt):
    """Ctrl-C after something was found, which is in `polarisation` and in the files."""

    def __init__(self, polarisation: Polarisation) -> None:
        super().__init__("stopped; what is finished is kept")
        self.polarisation = polarisation


def polarise(
    case: Case,
    currents: Sequence[float] | None = None,
    out: Path | str | None = None,
    *,
    designs: Sequence[Design] | None = None,
    count: int = series.COUNT,
    cache: MeshCache | None = None,
    method: Method | None = None,
    fields: bool = False,
    progress: Progress | None = None,
) -> Polarisation:
    """Trace designs of ``case`` (all of them if None) through currents [A/m2], in any order.

    What the case's own [operation] drives the cell with plays no part. currents None: ``count`` of them up to
    0.95 of the limiting current that is known before solving (`series.automatic`). Into ``out``, if given, go
    polarisation.csv, report.html and figures/, and with ``fields`` fields/<design>/<nnn>/ with a .pvd; the
    table after each design, so that a long run loses at most one. A curve that ends early says why and the
    others go on. Raises CaseError before any work, Stopped on Ctrl-C once there is something to keep.
    """
    from studies.polarisation import report

    tell = progress or (lambda _text: None)
    which = tuple(dict.fromkeys(Design(design) for design in designs or case.designs))
    checks.refuse_lacking(case.cell, which)
    if currents is None:
        wanted = series.automatic(case, which, count)
    else:
        wanted = dict.fromkeys(which, series.checked(currents))
    if fields and out is None:
        raise CaseError("fields are to be written, and no folder is given; name one.")
    folder = None if out is None else Path(out)
    if folder is not None:
        with output.folder(folder):  # refused before any work if nothing can be written there
            pass
    made = mesh_designs(case, which, cache=cache, progress=tell)
    found = Polarisation(case=case, curves={}, failures={}, draw=made.draw, notes=tuple(made.failures))
    for design in which:
        found = _with_next(found, design, made, wanted[design], method, folder if fields else None, tell)
        stopped = any(curve.end is End.STOPPED for curve in found.curves.values())
        if stopped and not any(curve.points for curve in found.curves.values()):
            raise KeyboardInterrupt
        if folder is not None:
            with output.folder(folder) as aside:
                _forget(folder, found)
                found.table().to_csv(aside / TABLE, index=False)
        if stopped:
            break
    if folder is not None:
        tell("figures and report")
        with output.folder(folder) as aside:
            report.write(found, aside)
    if any(curve.end is End.STOPPED for curve in found.curves.values()):
        raise Stopped(found)
    return found


def _with_next(
    found: Polarisation,
    design: Design,
    made: Realisation,
    currents: Sequence[float],
    method: Method | None,
    folder: Path | None,
    tell: Progress,
) -> Polarisation:
    """The polarisation with the curve of one more design; its fields are put in place as a whole."""
    mesh = made.meshes.get(design)
    if mesh is None or mesh.report is None:
        reason = "no mesh was made: " + "; ".join(made.failures)
        return replace(found, failures={**found.failures, design: reason})
    with ExitStack() as stack:
        keep = None
        if folder is not None:
            aside = stack.enter_context(output.folder(folder / "fields"))
            keep = partial(_write_fields, aside / design, f"fields/{design}", [])
        curve = trace(
            found.case,
            design,
            mesh,
            currents,
            method=method,
            keep=keep,
            progress=lambda text: tell(f"{design} at {text}"),
        )
    return replace(found, curves={**found.curves, design: curve})


def _write_fields(
    folder: Path, place: str, rows: list[tuple[float, int, str]], solution: Solution, number: int
) -> tuple[str, ...]:
    """Write the fields of a point, and the series so far with the current density in mA/cm² as its time."""
    written = solution.write(folder / f"{number:03d}")
    current = words.MILLI_PER_CM2 * solution.metrics["current_density_A_m2"]
    names = [path.relative_to(folder).as_posix() for path in written]
    rows += [(current, part, name) for part, name in enumerate(names)]
    write_pvd(folder / "polarisation.pvd", rows)
    return tuple(f"{place}/{name}" for name in names)


def _forget(out: Path, found: Polarisation) -> None:
    """Remove what an earlier polarisation left, once there is a first curve to take its place."""
    if len(found.curves) + len(found.failures) > 1 or not (out / TABLE).is_file():
        return
    written = {
        Path(name).parts[1] for c in found.curves.values() for p in c.points for name in p.result.files
    }
    (out / "report.html").unlink(missing_ok=True)
    shutil.rmtree(out / "figures", ignore_errors=True)
    for old in (out / "fields").glob("*"):
        if old.name not in written:
            shutil.rmtree(old, ignore_errors=True)
