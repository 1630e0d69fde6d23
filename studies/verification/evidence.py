"""What a study of the verification returns: comparisons with expected values, bounds, and rate tables."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fem.convergence import RateTable


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A number against the one that a closed form, a publication or a second method gives.

    quantity   what is compared, as people read it
    found      by this program
    expected   by `source`
    tolerance  of |found - expected|, divided by |expected| where `relative`
    unit       of found and expected
    """

    quantity: str
    found: float
    expected: float
    tolerance: float
    unit: str = ""
    relative: bool = True
    source: str = ""

    def __post_init__(self) -> None:
        if self.relative and self.expected == 0.0:
            raise ValueError(f"{self.quantity}: the expected 0 has no relative error; use relative=False")
        if not (math.isfinite(self.expected) and 0.0 <= self.tolerance < math.inf):
            raise ValueError(
                f"{self.quantity}: expected {self.expected:g} within {self.tolerance:g} cannot be met"
            )

    @property
    def error(self) -> float:
        """|found - expected|, divided by |expected| where `relative`; NaN if nothing was found."""
        error = abs(self.found - self.expected)
        return error / abs(self.expected) if self.relative else error

    @property
    def passed(self) -> bool:
        """Whether the error is within the tolerance; NaN never is."""
        return bool(self.error <= self.tolerance)

    def __str__(self) -> str:
        return (
            f"{self.quantity}: found {self.found:.9g}, expected {self.expected:.9g} {self.unit}".rstrip()
            + f", error {self.error:.2e}, tolerance {self.tolerance:.1e}: "
            + ("passed" if self.passed else "FELL SHORT")
        )


@dataclass(frozen=True, kw_only=True)
class Bound:
    """A number that must not be above its limit, or with `at_least` not below it."""

    quantity: str
    found: float
    limit: float
    unit: str = ""
    at_least: bool = False

    def __post_init__(self) -> None:
        if not math.isfinite(self.limit):
            raise ValueError(f"{self.quantity}: a limit of {self.limit:g} cannot be judged by")

    @property
    def passed(self) -> bool:
        """Whether the limit is kept; NaN never is."""
        return bool(self.found >= self.limit if self.at_least else self.found <= self.limit)

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        return f"{self.quantity}: {self.found:.4g} {sign} {self.limit:g} {self.unit}".rstrip() + (
            ": passed" if self.passed else ": FELL SHORT"
        )


Evidence = Comparison | Bound | RateTable
