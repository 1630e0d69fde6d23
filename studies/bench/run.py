"""What a process measures: seconds, processor seconds and peak memory by stage, and what was found."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from studies import memory

SOLVING = ("assembly", "preconditioner", "solve", "currents")
"""Stages from the loaded mesh to currents; beside them there are load, compiling and files."""


class Kind(StrEnum):
    """What is measured."""

    MESH = "mesh"
    EQUILIBRATED = "equilibrated"
    FURTHER = "further-points"  # a first operating point, and others on the same cell
    FULL = "full"
    HIGH_CURRENT = "high-current"  # the equilibrated solver where Newton is put to the test
    LAPLACE = "laplace"  # the peer's scalar Laplace problem
    THREE_FIELDS = "three-fields"  # the peer's coupled problem
    FROM_CASE = "from-case"  # case file to current map, nothing cached


@dataclass(frozen=True, kw_only=True)
class Job:
    """One process: a kind, the name of the size, which repetition, the case, and where meshes are kept."""

    kind: Kind
    name: str
    repeat: int
    case: Mapping[str, Any]  # as Case.to_dict gives it
    cache: str

    @property
    def title(self) -> str:
        """As it is shown while it runs."""
        return f"{self.name}, {self.kind}" + (f", run {self.repeat + 1}" if self.repeat else "")

    def measured(self, **fields: Any) -> Run:
        """The run of this job, with the fields of a `Run` that were measured."""
        return Run(kind=self.kind, name=self.name, repeat=self.repeat, **fields)


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one process measured.

    seconds, processor_seconds (of all threads) and peak_MiB by stage; `SOLVING` names the stages of a solve.
    counts: elements, unknowns, newton_steps, krylov_iterations, setups. metrics: the result keys that are
    compared. notes: what a reader of the figures must know. failure: why there is nothing else.
    """

    kind: Kind
    name: str
    repeat: int
    seconds: Mapping[str, float] = field(default_factory=dict)
    processor_seconds: Mapping[str, float] = field(default_factory=dict)
    peak_MiB: Mapping[str, float] = field(default_factory=dict)  # noqa: N815 (the unit)
    counts: Mapping[str, int] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    failure: str = ""

    @property
    def solved(self) -> float:
        """Seconds from the loaded mesh to currents (peers: from the imported mesh to the solution)."""
        return sum(self.seconds.get(stage, 0.0) for stage in SOLVING)

    @property
    def total(self) -> float:
        """Seconds of all stages."""
        return sum(self.seconds.values())

    @property
    def largest_MiB(self) -> float:
        """Peak memory over all stages."""
        return max(self.peak_MiB.values(), default=0.0)

    def as_dict(self) -> dict[str, Any]:
        """All fields as JSON holds them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Run:
        """Inverse of `as_dict`."""
        return cls(**{**values, "kind": Kind(values["kind"]), "notes": tuple(values["notes"])})


class Stages:
    """Adds up wall seconds, processor seconds and peak memory of named stages."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.processor_seconds: dict[str, float] = {}
        self.peak_MiB: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """A stage; the same name may come again."""
        memory.reset_peak()
        wall, busy = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - wall
            self.processor_seconds[name] = self.processor_seconds.get(name, 0.0) + time.process_time() - busy
            self.peak_MiB[name] = max(self.peak_MiB.get(name, 0.0), memory.peak())

    def as_fields(self) -> dict[str, Any]:
        """The fields of a `Run` that they fill."""
        return {
            "seconds": self.seconds,
            "processor_seconds": self.processor_seconds,
            "peak_MiB": self.peak_MiB,
        }
