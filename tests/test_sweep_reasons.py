"""Reasons of many points: alike ones are told once, with the numbers of the first."""

from studies_made_up import without
from study_shapes import one_axis

from studies.sweep.reasons import grouped, reasons


def test_reasons_that_differ_in_numbers_are_one():
    """Catches a report with a line for every point above the limiting current."""
    low, high = "no state at 300 mA/cm2, reached 6.8e+01", "no state at 500 mA/cm2, reached 71"
    lines = [("failed", low, 3), ("failed", "no mesh", 4), ("failed", high, 5), ("not trusted", low, 6)]
    first, second, third = grouped(lines)
    assert (first.points, first.alike, first.text) == ((3, 5), 1, low)
    assert first.words == f"{low} (the first of 2, which differ in their numbers)"
    assert (second.points, second.words) == ((4,), "no mesh")
    assert (third.status, third.points) == ("not trusted", (6,))


def test_equal_reasons_are_told_as_they_are():
    (reason,) = grouped([("failed", "limit 1e-9", 1), ("failed", "limit 1e-9", 2)])
    assert reason.words == "limit 1e-9" and reason.points == (1, 2)


def test_reasons_of_a_study_leave_out_what_is_fine():
    found = reasons(without(one_axis(), {1: "failed"}).table)
    assert [(reason.status, reason.points) for reason in found] == [("failed", (1, 3)), ("not trusted", (5,))]
