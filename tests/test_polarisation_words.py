"""What is said of curves and brackets, without a cell.

Catches a number shown that is not known, and a basis that the sentence on depletion would not recognise.
"""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest

from geometry.designs import Design
from studies.polarisation import curve, words
from studies.polarisation.curve import Bracket, Curve, End, Point


def reached(design: Design, foil: float, top: float) -> str:
    result: Any = SimpleNamespace(metrics={"current_density_A_m2": 100.0, "cell_voltage_V": 0.05})
    return words.ending(
        Curve(
            design=design,
            points=(Point(result=result, seconds=1.0, requested=True),),
            end=End.REACHED,
            reason="",
            bracket=None,
            missing=(),
            foil=foil,
            top=top,
        )
    )


def test_the_highest_current_is_compared_with_the_limit() -> None:
    head = "every current was reached, the highest is 10 mA/cm²"
    assert reached(Design.PLANAR, 400.0, 400.0) == (
        f"planar: {head}, 0.25 of the limiting current 40 mA/cm² (exact)."
    )
    assert "40 mA/cm² with all reaction at the foil (80 mA/cm² with" in reached(Design.BILAYER, 400.0, 800.0)


def test_a_limit_that_nothing_estimates_is_no_number() -> None:
    said = reached(Design.FRAMEWORK, math.nan, math.nan)
    assert said.endswith(
        "10 mA/cm², and its limiting current has no estimate, the mat being too dense for one."
    )
    assert "nan" not in said and words.milliamperes(math.nan) == "–"


def test_a_bracket_closed_by_the_solver_is_unproven(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Bracket(low=90.0, high=200.0, basis="all reaction at the mat's top")
    assert known.closed(100.0, "why").basis == curve.UNPROVEN
    monkeypatch.setattr(curve, "UNPROVEN", "the one text that depletion is told by")
    assert known.closed(100.0, "why").basis == curve.UNPROVEN
    assert known.closed(300.0, "why").basis == known.basis
