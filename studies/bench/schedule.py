"""Which measurements a benchmark consists of, and in which order."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from studies.bench.ladder import Rung, case_of
from studies.bench.processes import measure
from studies.bench.run import Job, Kind, Run
from studies.bench.shows import EXCHANGE_CURRENTS, REAL_MAT
from studies.case import Case

NEWTON_WIDTH = 16e-6  # [m] of the mat for the runs at high current
HIGH_CURRENT = 200.0  # [A/m2]
NO_PEERS = "NGSolve is not installed, so nothing is compared: pip install 'bilayer-anode[peers]'."


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be measured.

    rungs: the sizes. full, three_fields: sizes of the full solver and of the peer's coupled problem, within
    `rungs`. peers: whether the peer runs at all. newton: the runs at high current. real_mat: the shipped real
    mat from case file to files. cache: folder for meshes.
    """

    cache: str
    rungs: tuple[Rung, ...]
    repeats: int = 3
    full: tuple[Rung, ...] = ()
    three_fields: tuple[Rung, ...] = ()
    peers: bool = True
    newton: bool = True
    real_mat: bool = False
    base: Case = field(default_factory=lambda: Case.shipped("bilayer"))

    def jobs(self) -> Iterator[Job]:
        """Size by size: its mesh, then all kinds in turn, again and again; then the single runs."""
        for rung in self.rungs:
            case = case_of(self.base, rung.width, thickness=rung.thickness)
            yield self._job(Kind.MESH, rung.name, case)
            for repeat in range(self.repeats):
                for kind in self.kinds(rung):
                    yield self._job(kind, rung.name, case, repeat)
        if self.newton:
            for name, exchange in EXCHANGE_CURRENTS.items():
                case = case_of(
                    self.base, NEWTON_WIDTH, current_density=HIGH_CURRENT, exchange_current=exchange
                )
                yield self._job(Kind.HIGH_CURRENT, name, case)
        if self.real_mat:
            yield self._job(Kind.FROM_CASE, REAL_MAT, Case.shipped("real-mat"))

    def kinds(self, rung: Rung) -> list[Kind]:
        """What runs at a size in each repetition."""
        wanted = {
            Kind.EQUILIBRATED: True,
            Kind.FURTHER: True,
            Kind.LAPLACE: self.peers,
            Kind.THREE_FIELDS: self.peers and rung in self.three_fields,
            Kind.FULL: rung in self.full,
        }
        return [kind for kind, is_wanted in wanted.items() if is_wanted]

    def _job(self, kind: Kind, name: str, case: Case, repeat: int = 0) -> Job:
        return Job(kind=kind, name=name, repeat=repeat, case=case.to_dict(), cache=self.cache)


def peers_installed() -> bool:
    """Whether NGSolve can be imported."""
    return importlib.util.find_spec("ngsolve") is not None


def carry_out(plan: Plan, progress: Callable[[str], None]) -> Iterator[Run]:
    """Every measurement in turn; one that fails is a run with its reason, and the others go on."""
    for job in plan.jobs():
        yield measure(job, progress)
