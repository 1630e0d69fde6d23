"""One design's curve as data: its points, how it ended, and what is known of its limiting current."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from geometry.designs import Design
from studies import limits
from studies.headlines import RISK_LINE
from studies.run import DesignResult

UNPROVEN = "no state was found there"  # of a current below every known bound


class End(StrEnum):
    """How a curve ended."""

    REACHED = "reached"
    DEPLETED = "depleted"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, kw_only=True)
class Bracket:
    """Where the limiting current lies [A/m2]: from the highest that was solved to what `basis` tells."""

    low: float
    high: float
    basis: str
    obstacle: str = ""  # why the highest is not nearer

    @property
    def width(self) -> float:
        """Relative to the upper end."""
        return 1.0 - self.low / self.high

    def closed(self, current: float, obstacle: str) -> Bracket:
        """The same, ending at a current that has no state if nothing lower is known."""
        known = self if self.high <= current else replace(self, high=current, basis=UNPROVEN)
        return replace(known, obstacle=obstacle)


@dataclass(frozen=True, kw_only=True)
class Point:
    """One state of a curve: its result without maps, seconds without files, and whether it was asked for."""

    result: DesignResult
    seconds: float
    requested: bool

    @property
    def current(self) -> float:
        """Current density [A/m2]."""
        return self.result.metrics["current_density_A_m2"]


@dataclass(frozen=True, kw_only=True)
class Curve:
    """What was found of one design, currents ascending; `reason` says in one sentence why it ended early.

    foil, top: limiting currents [A/m2] known before solving (`limits.bracket`), exact for flat designs.
    missing: requested currents [A/m2] without a state.
    """

    design: Design
    points: tuple[Point, ...]
    end: End
    reason: str
    bracket: Bracket | None
    missing: tuple[float, ...]
    foil: float
    top: float

    @property
    def risk(self) -> float:
        """Current density [A/m2] of the risk line, 0.75 of the limiting current at the anode plane."""
        return RISK_LINE * self.foil

    @property
    def exact(self) -> bool:
        """Whether the limiting current is exact."""
        return self.design in limits.FLAT

    @property
    def trusted(self) -> bool:
        """Whether every point passed its checks."""
        return all(point.result.trusted for point in self.points)
