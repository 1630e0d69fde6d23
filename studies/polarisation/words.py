"""What a polarisation says in sentences: how each curve ended, its risk line, what the points cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from studies.figures import LABELS
from studies.headlines import RISK_LINE
from studies.polarisation.curve import Curve, End, Point

MILLI_PER_CM2 = 0.1  # A/m2 -> mA/cm2


def milliamperes(current: float) -> str:
    """A current density [A/m2] in mA/cm², four digits; a dash for NaN."""
    return "–" if math.isnan(current) else f"{MILLI_PER_CM2 * current:.4g}"


def ending(curve: Curve) -> str:
    """How a curve ended, and where it crossed its risk line."""
    name = LABELS[curve.design]
    if curve.end is End.REACHED:
        highest = curve.points[-1].current
        told = (
            f"{name}: every current was reached, the highest is {milliamperes(highest)} mA/cm², "
            f"{_of_limit(curve, highest)}"
        )
    elif curve.end is End.STOPPED:
        told = f"{name} was {curve.reason.rstrip('.')}"
    elif curve.end is End.FAILED:
        told = f"{name} failed: {curve.reason.rstrip('.')}"
    else:
        told = f"{name}: {curve.reason.rstrip('.')}"
    return f"{told}.{_risk(curve)}"


def _of_limit(curve: Curve, current: float) -> str:
    if math.isnan(curve.foil):
        return "and its limiting current has no estimate, the mat being too dense for one"
    known = f"{current / curve.foil:.2f} of the limiting current {milliamperes(curve.foil)} mA/cm²"
    if curve.exact:
        return f"{known} (exact)"
    if curve.top > curve.foil:
        top = milliamperes(curve.top)
        return f"{known} with all reaction at the foil ({top} mA/cm² with all of it at the mat's top)"
    return f"{known} (an estimate)"


def _risk(curve: Curve) -> str:
    """What the curve gives at its risk line; nothing if it ends before or begins beyond."""
    points = curve.points
    if not points or not points[0].current <= curve.risk <= points[-1].current:
        return ""
    volts = float(np.interp(curve.risk, *series(points, "cell_voltage_V")))
    limit = "exact" if curve.exact else "estimated"
    return (
        f" Risk line for depletion, {RISK_LINE} of the {limit} limit: {milliamperes(curve.risk)} mA/cm² "
        f"({1e3 * volts:.0f} mV)."
    )


def series(points: Sequence[Point], key: str) -> tuple[np.ndarray, np.ndarray]:
    """Current densities [A/m2] and a metric, of the points that have it."""
    pairs = [(p.current, p.result.metrics[key]) for p in points if key in p.result.metrics]
    current, value = np.array(pairs, dtype=float).reshape(-1, 2).T
    return current, value


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Seconds of the first point (set-up included), of all that were asked for, and of those added."""

    first: float
    asked: float
    added: float

    @classmethod
    def of(cls, curve: Curve) -> Cost:
        """What the points of a curve cost."""
        seconds = [(point.seconds, point.requested) for point in curve.points]
        return cls(
            first=seconds[0][0],
            asked=sum(s for s, requested in seconds if requested),
            added=sum(s for s, requested in seconds if not requested),
        )

    @property
    def ratio(self) -> float:
        """All that were asked for over the first: what a curve costs beside one state."""
        return self.asked / self.first
