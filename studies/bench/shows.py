"""What the benchmark must show: each figure with its target."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from studies.bench.run import Kind, Run
from studies.bench.summary import Typical, disagreement, exponent, ratio, typical

AGREEMENT = 1e-3  # relative, of every compared metric
LEAST_TETRAHEDRA = 1_300_000  # of the size at which the ratios to the peer are judged
LEAST_UNKNOWNS = 1_400_000  # of a run that must complete
EXCHANGE_CURRENTS = {"i0 10": 100.0, "i0 1": 10.0}
"""[A/m2] of the runs at 20 mA/cm2, by their names, in mA/cm2."""
REAL_MAT = "real-mat"
MIB_PER_GB = 1e9 / 2**20


@dataclass(frozen=True, kw_only=True)
class Show:
    """A figure and the most that it may be; None: nothing was measured, or there is no target."""

    name: str
    found: float | None
    target: float | None = None
    unit: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None if there is none or nothing was measured."""
        return None if self.found is None or self.target is None else self.found <= self.target


def shows(runs: Sequence[Run]) -> list[Show]:
    """All figures that a benchmark is for, measured or not."""
    rows = {(row.kind, row.name): row for row in typical(runs)}
    ladder = (row for (kind, _), row in rows.items() if kind is Kind.EQUILIBRATED)
    ours = sorted(ladder, key=lambda row: row.counts["unknowns"])
    return [
        *_against_peer(runs, ours),
        *_scaling(ours),
        *_newton(rows),
        *_further(rows, ours),
        *_full(runs, rows),
        *_large(ours, rows),
    ]


def _against_peer(runs: Sequence[Run], ours: Sequence[Typical]) -> Iterator[Show]:
    at = _judged(ours)
    where = f" at {at}" if at else ""
    for kind, what, target in (
        (Kind.LAPLACE, "scalar Laplace problem", 2.0),
        (Kind.THREE_FIELDS, "three-field Newton", 0.1),
    ):
        found = _known(ratio(runs, at, Kind.EQUILIBRATED, kind))
        yield Show(name=f"equilibrated over NGSolve's {what}{where}", found=found, target=target)
    worst = max(disagreement(runs, Kind.EQUILIBRATED, Kind.THREE_FIELDS).values(), default=None)
    yield Show(name="largest disagreement with NGSolve, relative", found=worst, target=AGREEMENT)


def _scaling(ours: Sequence[Typical]) -> Iterator[Show]:
    sizes = [row.counts["unknowns"] for row in ours]
    slope = exponent(sizes, [row.seconds.get("preconditioner", 0.0) + row.seconds["solve"] for row in ours])
    yield Show(name="exponent of the nonlinear solve over unknowns", found=_known(slope), target=1.15)
    slope = exponent(sizes, [row.solved for row in ours])
    yield Show(name="exponent from loaded mesh to currents", found=_known(slope))
    iterations = [row.counts["krylov_iterations"] for row in ours]
    growth = iterations[-1] / iterations[0] if len(iterations) > 1 and iterations[0] else None
    yield Show(name="Krylov iterations, largest over smallest size", found=growth, target=1.5)


def _newton(rows: Mapping[tuple[Kind, str], Typical]) -> Iterator[Show]:
    for name in EXCHANGE_CURRENTS:
        row = rows.get((Kind.HIGH_CURRENT, name))
        steps = None if row is None else row.counts["newton_steps"]
        yield Show(name=f"Newton steps at 20 mA/cm², {name} mA/cm²", found=steps, target=6)


def _further(rows: Mapping[tuple[Kind, str], Typical], ours: Sequence[Typical]) -> Iterator[Show]:
    row = rows.get((Kind.FURTHER, _judged(ours)))
    for point, what in (("current", "at another current"), ("kinetics", "with other kinetics")):
        found = None if row is None else row.seconds[point] / row.seconds["first"]
        yield Show(name=f"a further operating point {what} over the first", found=found, target=0.15)


def _judged(ours: Sequence[Typical]) -> str:
    """Name of the size at which ratios are judged; empty if it was not measured."""
    return next((row.name for row in ours if row.counts["elements"] >= LEAST_TETRAHEDRA), "")


def _full(runs: Sequence[Run], rows: Mapping[tuple[Kind, str], Typical]) -> Iterator[Show]:
    full = [row for (kind, _), row in rows.items() if kind is Kind.FULL]
    ratios = [_known(ratio(runs, row.name, Kind.FULL, Kind.EQUILIBRATED)) for row in full]
    most = max((found for found in ratios if found is not None), default=None)
    yield Show(name="full over equilibrated, at the worst size", found=most, target=4)
    per_step = [row.counts["krylov_iterations"] / max(row.counts["newton_steps"], 1) for row in full]
    most = max(per_step, default=None)
    yield Show(name="full: Krylov iterations per Newton step, at the worst size", found=most, target=25)


def _large(ours: Sequence[Typical], rows: Mapping[tuple[Kind, str], Typical]) -> Iterator[Show]:
    large = ours[-1] if ours and ours[-1].counts["unknowns"] >= LEAST_UNKNOWNS else None
    seconds, peak = (None, None) if large is None else (large.solved, large.largest_MiB / MIB_PER_GB)
    yield Show(name="1.4 million unknowns, from loaded mesh to currents", found=seconds, unit="s")
    yield Show(name="1.4 million unknowns, peak memory", found=peak, unit="GB")
    mat = rows.get((Kind.FROM_CASE, REAL_MAT))
    seconds, peak = (None, None) if mat is None else (mat.total, mat.largest_MiB / MIB_PER_GB)
    yield Show(name="real mat from case file to files", found=seconds, target=300, unit="s")
    yield Show(name="real mat, peak memory", found=peak, target=12, unit="GB")


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
