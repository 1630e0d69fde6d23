"""How errors fall with the mesh size: rate tables against exact values, and error bars without them.

A method of order p leaves an error e(h) = C h^p + o(h^p) at the mesh size h. Two meshes show the rate

    p_12 = ln(e_1 / e_2) / ln(h_1 / h_2),

and three values without an exact one show p and the value at h = 0 (Richardson extrapolation).
"""

from __future__ import annotations

import difflib
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from scipy.optimize import brentq

SAFETY_OBSERVED = 1.25
"""Factor on the estimated error where three meshes show the order (Celik et al. 2008)."""
SAFETY_ASSUMED = 3.0
"""The same where the order is assumed (Roache 1994, J. Fluids Eng. 116, 405, doi:10.1115/1.2910291)."""
FORMAL_ORDER = 2.0
"""Order of integrals and of L2 norms with linear elements; assumed where nothing better is known."""
LEAST_ORDER = 0.5
"""A slower trend extrapolates to anything; the error is then bounded with this order and SAFETY_ASSUMED."""
MOST_ORDER = 40.0
"""Beyond this the differences are noise."""


class ConvergenceError(ValueError):
    """Sizes, errors or values that say nothing about convergence; the message says what is wrong."""


@dataclass(frozen=True, kw_only=True)
class RateTable:
    """Errors of one quantity on a sequence of meshes, and whether they fall fast enough.

    quantity       what the errors are those of
    sizes          mesh sizes, strictly decreasing, two at least
    errors         one per size, >= 0, best relative to the quantity; NaN is allowed and never passes
    least_rate     every pair of consecutive meshes must show at least this rate
    largest_error  the finest error must not be above
    floor          pairs whose finer error is below do not count: their rate is that of rounding

    Raises ConvergenceError for sizes that do not decrease and for negative errors.
    """

    quantity: str
    sizes: tuple[float, ...]
    errors: tuple[float, ...]
    least_rate: float
    largest_error: float
    floor: float = 1e-10

    def __post_init__(self) -> None:
        _require_sizes(self.quantity, self.sizes, self.errors)
        for value in (*self.errors, self.floor):
            if value < 0.0:
                raise ConvergenceError(f"{self.quantity}: an error of {value:g}; give its magnitude")
        if not all(map(math.isfinite, (self.least_rate, self.largest_error, self.floor))):
            raise ConvergenceError(
                f"{self.quantity}: least_rate, largest_error and floor must be finite numbers"
            )

    @property
    def rates(self) -> tuple[float, ...]:
        """ln(e_k / e_k+1) / ln(h_k / h_k+1) of every two consecutive meshes; infinite where an error is 0."""
        pairs = zip(itertools.pairwise(self.errors), itertools.pairwise(self.sizes), strict=True)
        return tuple(_log_ratio(*errors) / math.log(sizes[0] / sizes[1]) for errors, sizes in pairs)

    @property
    def counted(self) -> tuple[bool, ...]:
        """Whether a pair counts: its finer error is not at the floor."""
        return tuple(not error < self.floor for error in self.errors[1:])

    @property
    def passed(self) -> bool:
        """Whether every pair that counts is fast enough and the finest error small enough; NaN never is."""
        fast = all(
            rate >= self.least_rate for rate, counts in zip(self.rates, self.counted, strict=True) if counts
        )
        return fast and all(map(math.isfinite, self.errors)) and self.errors[-1] <= self.largest_error

    @property
    def rows(self) -> tuple[tuple[str, str, str, str], ...]:
        """Size, error, rate to the mesh before, and verdict of each mesh as text."""
        rows = [(f"{self.sizes[0]:.4g}", f"{self.errors[0]:.3e}", "", "")]
        found = zip(self.sizes[1:], self.errors[1:], self.rates, self.counted, strict=True)
        for size, error, rate, counts in found:
            verdict = "at the floor" if not counts else "ok" if rate >= self.least_rate else "too slow"
            rows.append((f"{size:.4g}", f"{error:.3e}", f"{rate:.2f}" if counts else "", verdict))
        if not self.errors[-1] <= self.largest_error:
            rows[-1] = (*rows[-1][:3], ", ".join(filter(None, (rows[-1][3], "error too large"))))
        return tuple(rows)

    def __str__(self) -> str:
        lines = [f"{self.quantity}: rate >= {self.least_rate:g}, finest error <= {self.largest_error:g}"]
        for size, error, rate, verdict in (("size", "error", "rate", ""), *self.rows):
            lines.append(f"  {size:>10}  {error:>10}  {rate:>5}  {verdict}".rstrip())
        return "\n".join([*lines, "  passed" if self.passed else "  FELL SHORT"])


def convergence(
    run: Callable[[int], Mapping[str, float]],
    resolutions: Sequence[int],
    *,
    least_rates: float | Mapping[str, float],
    largest_errors: float | Mapping[str, float],
    floor: float = 1e-10,
    size: Callable[[int], float] = lambda n: 1.0 / n,
) -> tuple[RateTable, ...]:
    """Run a callable on a sequence of resolutions; one rate table per quantity that it returns.

    run(n) returns the errors (>= 0, best relative) by quantity at resolution n, e.g. cells along an edge;
    `size` turns n into the mesh size. `least_rates` and `largest_errors` are one number for all quantities or
    one for each by name. Raises ConvergenceError for fewer than two resolutions, sizes that do not
    decrease, quantities that come and go between resolutions, and names without a limit.
    """
    sizes = tuple(float(size(n)) for n in resolutions)
    _require_sizes("resolutions", sizes, sizes)
    found = [dict(run(n)) for n in resolutions]
    for n, errors in zip(resolutions, found, strict=True):
        if not errors or errors.keys() != found[0].keys():
            raise ConvergenceError(
                f"resolution {n} gave the quantities {', '.join(errors) or 'none'}, the first one "
                f"{', '.join(found[0]) or 'none'}; return the same at every resolution"
            )
    return tuple(
        RateTable(
            quantity=quantity,
            sizes=sizes,
            errors=tuple(float(errors[quantity]) for errors in found),
            least_rate=_limit("least_rates", least_rates, quantity),
            largest_error=_limit("largest_errors", largest_errors, quantity),
            floor=floor,
        )
        for quantity in found[0]
    )


@dataclass(frozen=True, kw_only=True)
class Extrapolation:
    """A value on the finest mesh with its discretisation error bar, all in the unit of the value.

    value        on the finest mesh
    estimate     at mesh size 0; the value itself where the meshes show no trend
    order        that was used
    uncertainty  absolute half width of the bar around `value` (grid-convergence index times the value)
    kind         "observed": three meshes show the order; "assumed": they do not, `note` says why
    """

    value: float
    estimate: float
    order: float
    uncertainty: float
    kind: Literal["observed", "assumed"]
    note: str


def richardson(
    values: Sequence[float], sizes: Sequence[float], *, order: float | None = None
) -> Extrapolation:
    """Error bar of a value known on two or more meshes, coarse to fine (the finest three are used).

    With h1 < h2 < h3, e21 = f2 - f1, e32 = f3 - f2, r21 = h2/h1 and r32 = h3/h2 the observed order p solves

        e32 / e21 = r21^p (r32^p - 1) / (r21^p - 1),

    the estimate is f1 - e21 / (r21^p - 1) and the uncertainty 1.25 |e21| / (r21^p - 1), the
    grid-convergence index as absolute value (Celik et al. 2008, J. Fluids Eng. 130, 078001,
    doi:10.1115/1.2960953). `order` is the formal order of the method; an observed order above it is taken
    as `order`, since it is more often luck than quality, and the bar is then that of the coarser pair,
    carried to h1 with `order`: two values that agree by chance do not narrow it. None: no such cap, and 2
    where one must be assumed.

    Two values, values that oscillate and values that do not change show no order: the formal one is
    assumed with safety factor 3, and the uncertainty is at least the spread of the values. A trend slower
    than order 0.5, diverging included, is bounded the same way with order 0.5. Raises ConvergenceError
    for fewer than two values, sizes that do not decrease, and values that are not finite.
    """
    _require_sizes("values", sizes, values)
    if not all(math.isfinite(value) for value in values):
        raise ConvergenceError(f"values must be finite, got {', '.join(f'{value:g}' for value in values)}")
    if order is not None and not order > 0.0:
        raise ConvergenceError(f"order must be above 0, got {order:g}")
    formal = FORMAL_ORDER if order is None else order
    fine, middle = float(values[-1]), float(values[-2])
    ratio, change = sizes[-2] / sizes[-1], middle - fine
    if len(values) == 2:
        trend = change / (ratio**formal - 1.0)
        return _assumed(fine, fine - trend, formal, values, sizes, "two meshes show no order")
    before = float(values[-3]) - middle
    opposed = (change > 0.0) != (before > 0.0)
    if change == 0.0 or before == 0.0 or opposed:
        what = "the values stop changing" if change == 0.0 or before == 0.0 else "the values oscillate"
        return _assumed(fine, fine, formal, values[-3:], sizes[-3:], what)
    observed = _observed_order(math.log(abs(before)) - math.log(abs(change)), ratio, sizes[-3] / sizes[-2])
    if observed < LEAST_ORDER:
        what = f"the values settle slower than order {LEAST_ORDER:g}"
        return _assumed(fine, fine, min(LEAST_ORDER, formal), values[-3:], sizes[-3:], what)
    used = observed if order is None else min(observed, order)
    trend = change / (ratio**used - 1.0)
    error = abs(trend)
    if used < observed:
        error = max(error, abs(before) / ((sizes[-3] / sizes[-2]) ** used - 1.0) / ratio**used)
    note = "observed order" if used == observed else f"observed order {observed:.1f}, taken as {used:g}"
    return Extrapolation(
        value=fine,
        estimate=fine - trend,
        order=used,
        uncertainty=SAFETY_OBSERVED * error,
        kind="observed",
        note=f"{note}, safety factor {SAFETY_OBSERVED:g}",
    )


def _assumed(
    fine: float, estimate: float, order: float, values: Sequence[float], sizes: Sequence[float], why: str
) -> Extrapolation:
    last = abs(values[-2] - values[-1]) / ((sizes[-2] / sizes[-1]) ** order - 1.0)
    return Extrapolation(
        value=fine,
        estimate=estimate,
        order=order,
        uncertainty=max(SAFETY_ASSUMED * last, max(values) - min(values)),
        kind="assumed",
        note=f"{why}: order {order:g} assumed, safety factor {SAFETY_ASSUMED:g}",
    )


def _observed_order(wanted: float, fine: float, coarse: float) -> float:
    """p > 0 with ln(fine^p (coarse^p - 1) / (fine^p - 1)) = wanted; 0 if there is none."""

    def excess(p: float) -> float:
        return p * math.log(fine) + math.log(
            math.expm1(p * math.log(coarse)) / math.expm1(p * math.log(fine))
        )

    least = 1e-6
    if wanted <= excess(least):
        return 0.0
    if wanted >= excess(MOST_ORDER):
        return MOST_ORDER
    return float(brentq(lambda p: excess(p) - wanted, least, MOST_ORDER, xtol=1e-14, rtol=1e-14))


def _require_sizes(what: str, sizes: Sequence[float], numbers: Sequence[float]) -> None:
    shown = ", ".join(f"{size:g}" for size in sizes)
    if len(sizes) < 2 or len(numbers) != len(sizes):
        raise ConvergenceError(
            f"{what}: {len(numbers)} numbers on {len(sizes)} mesh sizes; give one on each of two or more"
        )
    falling = all(a > b for a, b in itertools.pairwise(sizes))
    if not (falling and sizes[-1] > 0.0 and math.isfinite(sizes[0])):
        raise ConvergenceError(f"{what}: mesh sizes must decrease and stay above 0, got {shown}")


def _log_ratio(coarse: float, fine: float) -> float:
    if coarse == fine == 0.0:
        return 0.0
    return math.inf if fine == 0.0 else -math.inf if coarse == 0.0 else math.log(coarse) - math.log(fine)


def _limit(name: str, limits: float | Mapping[str, float], quantity: str) -> float:
    if not isinstance(limits, Mapping):
        return limits
    if quantity not in limits:
        close = difflib.get_close_matches(quantity, limits, n=1)
        hint = f'; did you mean "{close[0]}"?' if close else ""
        raise ConvergenceError(f'{name} has no limit for "{quantity}", only for {", ".join(limits)}{hint}')
    return limits[quantity]
