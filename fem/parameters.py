"""What a parameter may be: checks at construction that answer with one sentence."""

from __future__ import annotations

import math


class ParameterError(ValueError):
    """A parameter of a law or a material lies outside what is allowed."""


def positive(name: str, value: float, unit: str, hint: str) -> None:
    """Require a finite ``value`` > 0 [unit]; ``hint`` says what to do otherwise."""
    if not (math.isfinite(value) and value > 0):
        raise ParameterError(f"{name} must be a finite number > 0 {unit}, got {value}{_of(unit)}; {hint}.")


def not_negative(name: str, value: float, unit: str, hint: str) -> None:
    """Require a finite ``value`` >= 0 [unit]; ``hint`` says what to do otherwise."""
    if not (math.isfinite(value) and value >= 0):
        raise ParameterError(f"{name} must be a finite number >= 0 {unit}, got {value}{_of(unit)}; {hint}.")


def within(name: str, value: float, lowest: float, highest: float, unit: str, hint: str) -> None:
    """Require ``lowest`` <= ``value`` <= ``highest`` [unit]; ``hint`` says what to do otherwise."""
    if not lowest <= value <= highest:
        raise ParameterError(
            f"{name} must lie between {lowest:g} and {highest:g}{_of(unit)}, got {value}{_of(unit)}; {hint}."
        )


def _of(unit: str) -> str:
    return f" {unit}" if unit else ""
