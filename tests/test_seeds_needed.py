"""Seeds that a statement needs, Holm's correction, and the sentences made of both.

Catches power from the central t distribution, one tail for two, an interval of the spread turned upside down,
a correction that is not monotone, and sentences that claim more than the seeds show.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from studies_made_up import SEED, factorial, over_seeds

from geometry.designs import Design
from studies.errors import CaseError
from studies.sweep.statistics.seeds_needed import (
    detectable,
    deviation_interval,
    for_difference,
    for_mean,
    seeds_for_means,
    t_power,
)
from studies.sweep.statistics.verdicts import holm, table, verdicts
from studies.sweep.wording import quantity


@pytest.mark.parametrize(("effect", "seeds"), [(0.2, 199), (0.5, 34), (0.8, 15)])
def test_seeds_for_a_difference_are_those_of_the_tables(effect: float, seeds: int):
    # Cohen's small, medium and large effect at 0.05 in two tails and power 0.8, as G*Power prints them
    assert for_difference(1.0, effect, 10).seeds == seeds


def test_power_is_what_simulated_studies_find():
    drawn = np.random.default_rng(3).normal(0.9, 1.0, (20_000, 8))
    found = np.mean(stats.ttest_1samp(drawn, 0.0, axis=1).pvalue < 0.05)
    assert t_power(0.9, 8) == pytest.approx(found, abs=0.01)


def test_power_without_a_difference_is_the_risk_of_a_false_claim():
    assert t_power(0.0, 8) == pytest.approx(0.05)
    assert t_power(1e6, 2) == pytest.approx(1.0)


def test_deviation_interval_is_that_of_the_textbook():
    # chi-square of 9 degrees of freedom: 2.7004 and 19.0228 at 0.025 and 0.975
    assert deviation_interval(2.0, 10) == pytest.approx((1.375672, 3.651225), abs=1e-5)


def test_deviation_interval_covers_as_often_as_it_says():
    deviations = np.random.default_rng(4).normal(0.0, 1.0, (2000, 6)).std(axis=1, ddof=1)
    low, high = deviation_interval(1.0, 6)
    assert np.mean((low * deviations <= 1.0) & (high * deviations >= 1.0)) == pytest.approx(0.95, abs=0.02)


def test_seeds_for_a_mean_are_the_least_that_suffice():
    need = for_mean(0.1, 1.0, 8, width=0.05)
    half = [stats.t.ppf(0.975, n - 1) * 0.1 / math.sqrt(n) for n in (need.seeds, need.seeds - 1)]
    assert half[0] <= 0.05 < half[1]
    assert need.least < need.seeds < need.most
    assert not need.met and "8 seeds know the spread only so well" in need.words


@settings(max_examples=25, deadline=None)
@given(st.floats(0.05, 3.0), st.floats(0.05, 3.0), st.integers(2, 30))
def test_more_spread_needs_more_seeds(spread: float, more: float, n: int):
    one, two = for_difference(spread, 1.0, n), for_difference(spread + more, 1.0, n)
    assert one.seeds <= two.seeds
    assert one.least <= one.seeds <= one.most
    assert one.seeds == 2 or t_power(1.0 / spread, int(one.seeds) - 1) < 0.8 <= t_power(
        1.0 / spread, int(one.seeds)
    )


def test_detectable_difference_is_found_with_the_power_promised():
    least = detectable(0.3, 12)
    assert t_power(least / 0.3, 12) == pytest.approx(0.8)
    assert for_difference(0.3, least * 1.0001, 12).seeds == 12
    assert math.isnan(detectable(0.3, 1))


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99, 0.995, 0.999])
@pytest.mark.parametrize("n", [2, 3, 50])
def test_every_level_has_a_detectable_difference(n: int, level: float):
    assert t_power(detectable(1.0, n, level=level), n, level=level) == pytest.approx(0.8, abs=1e-6)


@pytest.mark.parametrize("power", [0.0, 0.05, 1.0, 1.2])
def test_a_power_that_nothing_has_is_refused(power: float):
    with pytest.raises(CaseError, match="power is"):
        detectable(1.0, 8, power=power)


def test_no_difference_can_never_be_found():
    need = for_difference(1.0, 0.0, 8)
    assert math.isinf(need.seeds) and need.words == "more than 10 000 seeds"
    assert math.isinf(for_difference(0.0, 0.0, 8).seeds)
    assert for_difference(0.0, 1.0, 8).seeds == 2


def test_means_that_are_known_well_enough_are_said_so():
    means = seeds_for_means(over_seeds(), ["cell_voltage_V", "share_fibres"], width=0.05)
    means = means.set_index(["exchange_current_A_m2", "design", "metric"])
    bilayer = means.loc[(100.0, "bilayer", "cell_voltage_V")]
    assert bilayer["met"] and bilayer["relative_half"] < 0.05
    assert not means.loc[(100.0, "planar", "share_fibres"), "met"]
    assert math.isnan(means.loc[(100.0, "planar", "share_fibres"), "needed"])


def test_a_width_of_nothing_is_refused():
    with pytest.raises(CaseError, match="width is 0"):
        for_mean(1.0, 1.0, 8, width=0.0)


def test_holm_equals_the_published_steps():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])  # as R's p.adjust
    assert holm([0.01, math.nan, 0.04]) == pytest.approx([0.02, math.nan, 0.04], nan_ok=True)
    assert holm([]).size == 0


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=12))
def test_holm_lies_between_no_correction_and_bonferroni(p: list[float]):
    corrected, given = holm(p), np.array(p)
    assert (corrected >= given).all()
    assert (corrected <= np.minimum(len(p) * given, 1.0) + 1e-15).all()
    assert (np.diff(corrected[np.argsort(given, kind="stable")]) >= 0.0).all()


def test_holm_keeps_false_claims_rare():
    drawn = np.random.default_rng(5).uniform(0.0, 1.0, (2000, 6))
    false = np.mean([holm(row).min() < 0.05 for row in drawn])
    assert false == pytest.approx(0.05, abs=0.02)


def sentence(differences: tuple[float, ...], second: float = 0.05) -> str:
    """What is said of a bilayer above a rough planar anode by so many volts, seed by seed."""
    study = factorial(
        {SEED: tuple(range(len(differences)))},
        lambda p: {"cell_voltage_V": second + (differences[p["seed"]] if p["design"] == "bilayer" else 0.0)},
        (Design.PLANAR_ROUGH, Design.BILAYER),
    )
    (found,) = verdicts(study, ["cell_voltage_V"], Design.BILAYER, Design.PLANAR_ROUGH)
    return found.sentence


def test_a_clear_difference_is_told_with_the_seeds_that_would_do():
    said = sentence((-0.0101, -0.0099, -0.0102, -0.0098, -0.01, -0.01))
    assert said == (
        'Over 6 seeds the cell voltage of "bilayer" is 40.00 ± 0.15 mV, 10.00 ± 0.15 mV (20 %) below that of '
        '"planar, rough" (paired, p = 1.2e-10); 2 seeds would have sufficed to tell them apart.'
    )


def test_a_difference_within_the_spread_is_not_claimed():
    said = sentence((0.010, -0.008, 0.004, -0.005, 0.001, 0.002))
    assert "they cannot be told apart with 6 seeds, which would find a difference of" in said
    assert "would be needed if the difference is real and of this size" in said
    assert "sufficed" not in said


def test_a_narrow_finding_says_what_a_repeat_takes():
    said = sentence((0.010, 0.002, 0.004, 0.005, 0.001, 0.002))
    assert "they are told apart; a repeat does so four times in five with about " in said
    assert "since 6 seeds know the spread only so well" in said


def test_numbers_below_zero_have_a_proper_minus():
    assert quantity("cell_voltage_V").amount(-0.0123, 0.001) == "−12.3 ± 1.0 mV"
    assert quantity("limit_ratio").amount(0.5) == "0.500"
    assert quantity("limit_ratio").name == "current / limiting current"


def test_one_seed_and_no_spread_make_no_test():
    assert "an interval and a test need two common seeds" in sentence((0.01,))
    assert sentence((0.01, 0.01)) == (
        'Over 2 seeds the cell voltage of "bilayer" is 60.0 mV, 10.0 mV (20 %) above that of "planar, rough"'
        "; the difference does not depend on the seed."
    )
    assert 'the same as that of "planar, rough"' in sentence((0.0, 0.0))


def test_what_passes_alone_but_not_among_many_is_told_so():
    # p = 0.03 alone; three more metrics that do not differ make it 0.12
    differences = (0.004, 0.001, 0.005, -0.001, 0.006, 0.002)
    rest = ("cell_resistance_ohm_m2", "anode_mean_A_m2", "anode_p99_A_m2")
    study = factorial(
        {SEED: tuple(range(6))},
        lambda p: {
            "cell_voltage_V": 0.05 + (differences[p["seed"]] if p["design"] == "bilayer" else 0.0),
            **{
                key: 1.0 + (0.1 * (-1) ** (p["seed"] + k) if p["design"] == "bilayer" else 0.0)
                for k, key in enumerate(rest)
            },
        },
        (Design.PLANAR, Design.BILAYER),
    )
    found = verdicts(study, ["cell_voltage_V", *rest], Design.BILAYER, Design.PLANAR)
    assert found[0].comparison.p_t < 0.05 < found[0].holm
    assert "not as one of 4 tests" in found[0].sentence
    assert not found[0].apart


def test_verdicts_are_a_table_with_both_p_values():
    study = over_seeds()
    rows = table(verdicts(study, study.metrics, Design.BILAYER, Design.INSULATING_MAT))
    tested = rows.dropna(subset=["p_t"])
    assert len(rows) == 2 * len(study.metrics) and len(tested) == 8
    assert (tested["p_holm"] >= tested["p_t"]).all()
    assert tested["apart"].all()
    assert rows["sentence"].str.startswith("At exchange current 1 mA/cm², over").sum() == 4
    assert rows["sentence"].str.contains('"insulating mat" has no such number').sum() == 2


def test_verdicts_say_how_many_seeds_were_left_out():
    found = verdicts(over_seeds(), ["cell_voltage_V"], Design.BILAYER, Design.PLANAR_ROUGH)
    assert found[0].sentence.endswith("; 2 seeds were left out.")
    assert "left out" not in found[1].sentence
