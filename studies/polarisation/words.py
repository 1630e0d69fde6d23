"""What a polarisation says in sentences: how each curve ended, its risk line, what the points cost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studies.figures import LABELS
from studies.headlines import RISK_LINE
from studies.polarisation.curve import Curve, End, Point

MILLI_PER_CM2 = 0.1  # A/m2 -> mA/cm2


def milliamperes(current: float) -> str:
    """A current density [A/m2] in mA/cm², four digits."""
    return f"{MILLI_PER_CM2 * current:.4g}"


def ending(curve: Curve) -> str:
    """How a curve ended."""
    name = LABELS[curve.design]
    if curve.end is End.REACHED:
        highest = curve.points[-1].current
        return (
            f"{name}: every current was reached, the highest is {milliamperes(highest)} mA/cm², "
            f"{highest / curve.foil:.2f} of {_limit(curve)}."
        )
    if curve.end is End.DEPLETED:
        return f"{name}: {curve.reason}"
    return f"{name} {'was' if curve.end is End.STOPPED else 'failed'}: {curve.reason}".replace(
        "was: stopped", "was stopped"
    )


def _limit(curve: Curve) -> str:
    known = f"{milliamperes(curve.foil)} mA/cm²"
    if curve.exact:
        return f"the limiting current {known} (exact)"
    if curve.top > curve.foil:
        return (
            f"the limiting current with all reaction at the foil, {known} (an estimate; with all of it at "
            f"the mat's top {milliamperes(curve.top)} mA/cm²)"
        )
    return f"the limiting current {known} (an estimate from the stack of layers)"


def risk(curve: Curve) -> str | None:
    """What the curve gives at its risk line; None if it ends before or begins beyond."""
    points = curve.points
    if not points or not points[0].current <= curve.risk <= points[-1].current:
        return None
    volts = float(np.interp(curve.risk, *series(points, "cell_voltage_V")))
    return (
        f"{LABELS[curve.design]}: beyond {milliamperes(curve.risk)} mA/cm² ({1e3 * volts:.0f} mV) it runs "
        f"above {RISK_LINE} of its limiting current, in use as a risk line for depletion."
    )


def series(points: Sequence[Point], key: str) -> tuple[np.ndarray, np.ndarray]:
    """Current densities [A/m2] and a metric, of the points that have it."""
    pairs = [(p.current, p.result.metrics[key]) for p in points if key in p.result.metrics]
    current, value = np.array(pairs, dtype=float).reshape(-1, 2).T
    return current, value


def cost(curve: Curve) -> tuple[float, float, float]:
    """Seconds of the first point (set-up included), of all, and of all over the first."""
    seconds = [point.seconds for point in curve.points]
    total = sum(seconds)
    return (seconds[0], total, total / seconds[0]) if seconds else (0.0, 0.0, 0.0)


def added(curve: Curve) -> int:
    """How many points were added on the way to the limit."""
    return sum(not point.requested for point in curve.points)
