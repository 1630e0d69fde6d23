"""Compatible ranges: which points agree with a number, and what is said about the axes.

Catches a width taken as absolute, points counted that are not trusted, ranges over all points, and a number
that is called reproduced.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from studies_made_up import (
    EXCHANGE,
    GAP,
    POROSITY,
    SEED,
    factorial,
    over_a_sample,
    over_ranges,
    without,
)

from geometry.designs import Design
from studies.errors import CaseError
from studies.sweep.statistics.compatible import CAVEAT, compatible, excluded_pairs, sentences

RESISTANCE = "cell_resistance_ohm_m2"
VALUES = {EXCHANGE: (10.0, 20.0, 30.0), POROSITY: (0.7, 0.8, 0.9)}


def product(point) -> dict[str, float]:
    """5 to 17 Ω cm²: half the exchange current in A/m², and up to 2 from the porosity."""
    return {RESISTANCE: 1e-4 * (0.5 * point["exchange_current_A_m2"] + 10.0 * (point["porosity"] - 0.7))}


def test_points_within_the_width_are_compatible_and_its_edge_is():
    found = compatible(factorial(VALUES, product), RESISTANCE, 10e-4)
    assert found.points[RESISTANCE].to_numpy() == pytest.approx([10e-4, 11e-4])
    count = found.counts.iloc[0]
    assert (count["compatible"], count["of"], count["left_out"]) == (2, 9, 0)


def test_ranges_are_those_of_the_points_that_agree():
    found = compatible(factorial(VALUES, product), RESISTANCE, 10e-4)
    lines = found.ranges.set_index("axis")
    exchange, porosity = lines.loc["exchange_current_A_m2"], lines.loc["porosity"]
    assert (exchange["values"], exchange["excluded"]) == ((20.0,), (10.0, 30.0))
    assert (porosity["values"], porosity["excluded"]) == ((0.7, 0.8), (0.9,))
    assert (porosity["low"], porosity["high"]) == (0.7, 0.8)
    assert (porosity["studied_low"], porosity["studied_high"]) == (0.7, 0.9)


def test_points_that_failed_are_no_combinations():
    found = compatible(
        without(factorial(VALUES, product), {4: "not trusted", 9: "failed"}), RESISTANCE, 10e-4
    )
    count = found.counts.iloc[0]
    assert (count["compatible"], count["of"], count["left_out"]) == (1, 7, 2)
    assert found.ranges.set_index("axis").loc["porosity", "values"] == (0.8,)


@settings(max_examples=15, deadline=None)
@given(st.floats(3e-4, 15e-4), st.floats(0.01, 0.5), st.floats(0.0, 0.5))
def test_a_wider_width_keeps_what_agreed(target: float, width: float, more: float):
    study = over_ranges()
    narrow = set(compatible(study, RESISTANCE, target, width=width).points["point"])
    wide = compatible(study, RESISTANCE, target, width=width + more)
    assert narrow <= set(wide.points["point"])
    assert wide.counts["compatible"].sum() == len(wide.points)


def test_sentence_names_ranges_and_never_claims_a_reproduction():
    told = sentences(compatible(factorial(VALUES, product), RESISTANCE, 10e-4), called="the public 10 Ω cm²")
    assert told == [
        'The public 10 Ω cm² (± 10 %) is compatible with 2 of 9 points of "bilayer": '
        "exchange current 2 mA/cm² (of 1–3 mA/cm²); porosity of the mat 0.7–0.8 (of 0.7–0.9).",
        CAVEAT,
    ]
    assert "never a reproduction" in CAVEAT


def test_sentence_says_where_nothing_agrees_and_what_is_nearest():
    told = sentences(compatible(factorial(VALUES, product), RESISTANCE, 1e-4))
    assert told[0] == (
        "A cell resistance of 1.00 Ω cm² (± 10 %) is compatible with none of 9 points of "
        '"bilayer"; the nearest is 5.00 Ω cm² at exchange current 1 mA/cm², porosity of the mat 0.7.'
    )


def test_sentence_lists_values_with_a_gap_between_them():
    study = factorial(
        {EXCHANGE: (10.0, 20.0, 30.0)},
        lambda p: {RESISTANCE: 5e-4 if p["exchange_current_A_m2"] == 20.0 else 10e-4},
    )
    assert "exchange current 1, 3 mA/cm² (of 1–3 mA/cm²)" in sentences(compatible(study, RESISTANCE, 1e-3))[0]


def test_text_axes_and_designs_have_their_own_lines():
    found = compatible(over_ranges(), RESISTANCE, 6e-4)
    assert len(found.counts) == 6
    assert set(found.counts["gap"]) == {"same-layers", "same-distance"}
    told = sentences(found)
    assert len(told) == 7
    assert '"planar, rough" at gap same-layers' in told[1]
    assert "any porosity of the mat (0.7–0.9)" in told[1]


def test_seeds_have_no_range():
    study = factorial({SEED: (1, 2, 3), POROSITY: (0.7, 0.8)}, lambda p: {RESISTANCE: 1e-3 * p["porosity"]})
    found = compatible(study, RESISTANCE, 7e-4, width=0.01)
    assert found.ranges["axis"].tolist() == ["porosity"]
    assert found.counts["compatible"].tolist() == [3]


def test_sentence_ends_where_no_axis_has_a_range():
    study = factorial({SEED: (1, 2, 3)}, lambda p: {RESISTANCE: 1e-4 * p["seed"]})
    told = sentences(compatible(study, RESISTANCE, 2e-4), called="the public 2 Ω cm²")
    assert told[0] == 'The public 2 Ω cm² (± 10 %) is compatible with 1 of 3 points of "bilayer".'


def test_sampled_axes_have_a_range_and_no_list():
    found = compatible(over_a_sample(designs=(Design.BILAYER,)), RESISTANCE, 6e-4)
    assert set(found.ranges["values"]) == set(found.ranges["excluded"]) == {()}
    assert (found.ranges["low"] >= found.ranges["studied_low"]).all()
    assert excluded_pairs(found).empty


def test_a_design_without_the_number_is_told_so():
    found = compatible(over_ranges((Design.PLANAR, Design.BILAYER)), "share_fibres", 0.9)
    assert found.counts.query("design == 'planar'")["of"].tolist() == [0, 0]
    assert sentences(found)[-2].endswith(
        '"planar" at gap same-layers; "planar" at gap same-distance have no trusted point with this number.'
    )


def test_pairs_that_exclude_each_other_are_found():
    study = factorial(
        {EXCHANGE: (10.0, 20.0, 30.0), POROSITY: (0.7, 0.8), GAP: ("same-layers", "same-distance")},
        lambda p: {
            RESISTANCE: 9e-4
            if (p["exchange_current_A_m2"], p["porosity"]) in {(10.0, 0.7), (20.0, 0.8)}
            else 1e-4
        },
    )
    pairs = excluded_pairs(compatible(study, RESISTANCE, 9e-4))
    assert pairs[["first", "second", "of"]].to_numpy().tolist() == [[10.0, 0.8, 2], [20.0, 0.7, 2]]  # not 30


@pytest.mark.parametrize(("target", "width"), [(0.0, 0.1), (float("nan"), 0.1), (1.0, 0.0)])
def test_a_relative_width_needs_a_target(target: float, width: float):
    with pytest.raises(CaseError, match=r"target is|width is"):
        compatible(over_ranges(), RESISTANCE, target, width=width)
