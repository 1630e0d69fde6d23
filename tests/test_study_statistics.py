"""Statistics over seeds against closed forms, textbook numbers and simulation.

Catches a normal quantile in place of Student's, a deviation with n instead of n - 1, unpaired arithmetic on
paired seeds, seeds counted that failed or are not trusted, and p-values made up where there is no spread.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from studies_made_up import EXCHANGE, GAP, POROSITY, SEED, factorial, over_ranges, over_seeds, without

from geometry.designs import Design
from studies.errors import CaseError
from studies.sweep.statistics.intervals import interval, summary
from studies.sweep.statistics.paired import paired
from studies.sweep.study import Study

# Student 1908, doi:10.1093/biomet/6.1.1: additional hours of sleep by two drugs, ten patients
FIRST_DRUG = (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0)
SECOND_DRUG = (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4)


def of_values(first: tuple[float, ...], second: tuple[float, ...]) -> Study:
    """A study whose bilayer and framework have these cell voltages over the seeds."""
    values = {Design.BILAYER: first, Design.FRAMEWORK: second}
    return factorial(
        {SEED: tuple(range(len(first)))},
        lambda point: {"cell_voltage_V": values[Design(point["design"])][point["seed"]]},
        (Design.BILAYER, Design.FRAMEWORK),
    )


def test_interval_is_that_of_the_textbook():
    mean, deviation, half = interval([1.0, 2.0, 3.0, 4.0])
    assert float(mean) == 2.5
    assert float(deviation) == pytest.approx(math.sqrt(5.0 / 3.0))
    assert float(half) == pytest.approx(3.182446 * math.sqrt(5.0 / 3.0) / 2.0)  # t of 3 degrees: 3.182446


def test_interval_covers_the_mean_as_often_as_it_says():
    drawn = np.random.default_rng(1).normal(3.0, 2.0, (2000, 5))
    mean, _, half = interval(drawn)
    assert np.mean(np.abs(mean - 3.0) <= half) == pytest.approx(0.95, abs=0.02)


def test_one_value_has_no_interval_and_equal_ones_an_exact_mean():
    assert all(math.isnan(x) for x in map(float, interval([1.0])[1:]))
    assert [float(x) for x in interval([0.1, 0.1 + 1e-17, 0.1])[1:]] == [0.0, 0.0]


def test_level_is_between_zero_and_one():
    with pytest.raises(CaseError, match="level is 95"):
        interval([1.0, 2.0], level=95)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=9), st.floats(0.1, 10.0), st.floats(-5.0, 5.0))
def test_interval_follows_a_change_of_units(values: list[float], factor: float, shift: float):
    _, deviation, half = interval(values)
    _, scaled, scaled_half = interval(factor * np.array(values) + shift)
    room = 1e-7 * (max(map(abs, values)) + 1.0) * factor
    assert float(scaled) == pytest.approx(factor * float(deviation), rel=1e-6, abs=room)
    assert float(scaled_half) == pytest.approx(factor * float(half), rel=1e-6, abs=10 * room)


def test_summary_has_a_row_per_setting_design_and_metric():
    study = over_seeds()
    table = summary(study)
    assert len(table) == 2 * len(Design) * len(study.metrics)
    assert list(table.columns[:3]) == ["exchange_current_A_m2", "design", "metric"]


def test_summary_counts_trusted_seeds_only():
    table = summary(over_seeds(), ["cell_voltage_V"]).set_index(["exchange_current_A_m2", "design"])
    bilayer, framework = table.loc[(10.0, "bilayer")], table.loc[(100.0, "framework")]
    assert (bilayer["n"], bilayer["left_out"]) == (6, 2)  # one distrusted, one missing
    assert (framework["n"], framework["left_out"]) == (7, 1)


def test_summary_equals_the_numbers_by_hand():
    study = over_seeds()
    rows = study.table.query("design == 'insulating_mat' and exchange_current_A_m2 == 10.0")
    line = summary(study, ["cell_voltage_V"]).query(
        "design == 'insulating_mat' and exchange_current_A_m2 == 10"
    )
    values = rows["cell_voltage_V"].to_numpy()
    low, high = stats.t.interval(0.95, 7, values.mean(), stats.sem(values))
    got = line[["mean", "sd", "low", "high"]].to_numpy()[0]
    assert got == pytest.approx([values.mean(), values.std(ddof=1), low, high])


def test_planar_designs_have_no_spread_and_no_share_of_fibres():
    table = summary(over_seeds()).set_index(["design", "metric"])
    voltage, share = table.loc[("planar", "cell_voltage_V")], table.loc[("planar", "share_fibres")]
    assert set(voltage["reason"]) == {"does not depend on the seed"}
    assert (voltage["low"] == voltage["high"]).all()
    assert set(share["reason"]) == {"the design has no such number"}
    assert share["mean"].isna().all()


def test_one_seed_says_nothing_about_the_spread():
    table = summary(over_seeds(1, (Design.BILAYER, Design.PLANAR)), ["cell_voltage_V"])
    assert table["reason"].str.contains("one seed").sum() == 3  # of four rows; one is not trusted
    assert table[["sd", "low", "high"]].isna().all(axis=None)


def test_paired_is_student_s_own_example():
    (found,) = paired(of_values(FIRST_DRUG, SECOND_DRUG), "cell_voltage_V", Design.BILAYER, Design.FRAMEWORK)
    assert found.difference == pytest.approx(-1.58)
    assert found.sd == pytest.approx(1.229995, abs=1e-6)
    assert found.p_t == pytest.approx(0.002833, abs=1e-6)  # t = -4.0621 on 9 degrees of freedom
    assert (found.low, found.high) == pytest.approx((-2.459886, -0.700114), abs=1e-6)
    assert found.relative == pytest.approx(0.75 / 2.33 - 1.0)
    assert (found.n, found.positive, found.negative) == (10, 0, 9)


def test_wilcoxon_is_exact_for_few_seeds():
    first = tuple(np.arange(1.0, 7.0) + 10.0)
    (found,) = paired(of_values(first, (10.0,) * 6), "cell_voltage_V", Design.BILAYER, Design.FRAMEWORK)
    assert found.p_wilcoxon == pytest.approx(2.0 / 2.0**6)


def test_wilcoxon_counts_ties_and_zeros_out():
    (found,) = paired(of_values(FIRST_DRUG, SECOND_DRUG), "cell_voltage_V", Design.BILAYER, Design.FRAMEWORK)
    assert found.p_wilcoxon == pytest.approx(2.0 / 2.0**9)  # nine differences of one sign, one zero


def test_pairs_cancel_what_the_seed_does_to_both():
    noise = np.random.default_rng(2).normal(0.0, 1.0, 8)
    first, second = tuple(noise + 0.1 + 1e-3 * np.arange(8)), tuple(noise)
    (found,) = paired(of_values(first, second), "cell_voltage_V", Design.BILAYER, Design.FRAMEWORK)
    assert found.p_t < 1e-6
    assert stats.ttest_ind(first, second).pvalue > 0.5


def test_swapping_the_designs_swaps_the_signs():
    study = over_seeds()
    for one, two in zip(
        paired(study, "cell_voltage_V", Design.BILAYER, Design.INSULATING_MAT),
        paired(study, "cell_voltage_V", Design.INSULATING_MAT, Design.BILAYER),
        strict=True,
    ):
        assert (one.difference, one.low, one.high) == pytest.approx((-two.difference, -two.high, -two.low))
        assert (one.p_t, one.p_wilcoxon) == pytest.approx((two.p_t, two.p_wilcoxon))
        assert (one.positive, one.negative, one.n, one.left_out) == (
            two.negative, two.positive, two.n, two.left_out,
        )  # fmt: skip


def test_only_seeds_that_both_designs_have_count():
    first, last = paired(over_seeds(), "cell_voltage_V", Design.BILAYER, Design.FRAMEWORK)
    assert (first.n, first.left_out) == (6, 2)
    assert (last.n, last.left_out) == (7, 1)
    assert first.where == {"exchange_current_A_m2": 10.0}


def test_rows_that_are_not_there_at_all_are_left_out_too():
    study = over_seeds(4, (Design.BILAYER, Design.PLANAR))
    kept = ~((study.table["design"] == "planar") & (study.table["seed"] > 2))
    _, last = paired(replace(study, table=study.table[kept]), "cell_voltage_V", Design.BILAYER, Design.PLANAR)
    assert (last.n, last.left_out) == (2, 2)


def test_designs_without_spread_have_a_difference_but_no_p_value():
    for found in paired(over_seeds(), "cell_voltage_V", Design.PLANAR, Design.PLANAR_ROUGH):
        assert found.difference == found.low == found.high > 0.0
        assert math.isnan(found.p_t) and math.isnan(found.p_wilcoxon)
        assert found.reason == "the difference does not depend on the seed"


def test_rounding_is_no_spread():
    first = tuple(0.06 * (1.0 + 1e-14 * k) for k in range(5))
    (found,) = paired(of_values(first, (0.05,) * 5), "cell_voltage_V", Design.BILAYER, Design.FRAMEWORK)
    assert found.sd == 0.0 and math.isnan(found.p_t)


def test_a_metric_that_a_design_lacks_is_not_compared():
    for found in paired(over_seeds(), "share_fibres", Design.BILAYER, Design.PLANAR):
        assert found.n == 0
        assert found.reason == '"planar" has no such number'


def test_no_common_seed_is_said_so():
    study = over_seeds(2, (Design.BILAYER, Design.PLANAR))
    failed = {int(n): "failed" for n in study.table.loc[study.table["design"] == "bilayer", "point"]}
    found = paired(without(study, failed), "cell_voltage_V", Design.BILAYER, Design.PLANAR)
    assert {p.reason for p in found} == {"no common seed with a trusted result"}


def test_settings_of_several_axes_are_compared_one_by_one():
    study = factorial(
        {EXCHANGE: (1.0, 10.0), GAP: ("same-layers", "same-distance"), SEED: (1, 2, 3)},
        lambda point: {"cell_voltage_V": point["exchange_current_A_m2"] + 0.01 * point["seed"]},
        (Design.BILAYER, Design.FRAMEWORK),
    )
    found = paired(study, "cell_voltage_V", Design.BILAYER, Design.FRAMEWORK)
    assert [tuple(p.where.values()) for p in found] == [
        (1.0, "same-layers"), (1.0, "same-distance"), (10.0, "same-layers"), (10.0, "same-distance"),
    ]  # fmt: skip
    assert all(p.difference == 0.0 and p.n == 3 for p in found)


@pytest.mark.parametrize(
    ("metric", "design", "message"),
    [
        ("cell_voltage", Design.PLANAR, 'did you mean "cell_voltage_V"'),
        ("cell_voltage_V", Design.FRAMEWORK, '"framework" is not in the study'),
    ],
)
def test_what_is_not_in_the_study_is_refused(metric: str, design: Design, message: str):
    study = over_seeds(2, (Design.BILAYER, Design.PLANAR))
    with pytest.raises(CaseError, match=message):
        paired(study, metric, Design.BILAYER, design)


def test_a_study_without_seeds_is_refused():
    assert POROSITY in over_ranges().axes
    with pytest.raises(CaseError, match="no axis of seeds"):
        summary(over_ranges())
