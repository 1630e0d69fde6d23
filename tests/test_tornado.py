"""Main effects of a factorial study by hand.

Catches a mean over unequal blocks, and an interaction or a turn of the metric hidden in it.
"""

from __future__ import annotations

import math

import pytest
from studies_made_up import (
    EXCHANGE,
    GAP,
    POROSITY,
    factorial,
    over_a_sample,
    over_seeds,
    without,
)

from geometry.designs import Design
from studies.sweep.statistics.tornado import tornado

VOLTAGE = "cell_voltage_V"


def interacting(point) -> dict[str, float]:
    a, b = point["exchange_current_A_m2"], point["porosity"]
    return {VOLTAGE: 2.0 * a + 10.0 * b + a * b + (0.5 if point["gap"] == "same-distance" else 0.0)}


def test_main_effects_are_means_of_what_blocks_show():
    values = {EXCHANGE: (0.0, 1.0, 2.0), POROSITY: (0.0, 1.0), GAP: ("same-layers", "same-distance")}
    table = tornado(factorial(values, interacting), VOLTAGE).set_index("axis")
    assert list(table.index) == ["porosity", "exchange_current_A_m2", "gap"]  # largest first
    assert table.loc["porosity", ["change", "least", "most"]].tolist() == pytest.approx([11.0, 10.0, 12.0])
    assert table.loc["exchange_current_A_m2", ["change", "least", "most"]].tolist() == [5.0, 4.0, 6.0]
    assert table.loc["gap", ["low", "high", "change"]].tolist() == ["same-layers", "same-distance", 0.5]
    assert table["blocks"].tolist() == [6, 4, 6]
    assert (table["at_high"] - table["at_low"]).tolist() == pytest.approx(table["change"].tolist())


def test_a_metric_that_turns_round_spans_more_than_it_changes():
    study = factorial({POROSITY: (-1.0, 0.0, 1.0)}, lambda p: {VOLTAGE: p["porosity"] ** 2})
    line = tornado(study, VOLTAGE).iloc[0]
    assert (line["change"], line["span"]) == (0.0, 1.0)


def test_blocks_without_both_ends_are_left_out_and_counted():
    values = {EXCHANGE: (0.0, 1.0, 2.0), POROSITY: (0.0, 1.0), GAP: ("same-layers", "same-distance")}
    study = without(factorial(values, interacting), {1: "failed"})
    table = tornado(study, VOLTAGE).set_index("axis")
    assert table.loc["exchange_current_A_m2", ["blocks", "left_out"]].tolist() == [3, 1]
    assert table.loc["porosity", ["blocks", "left_out"]].tolist() == [5, 1]
    assert table.loc["porosity", "change"] == pytest.approx((10.0 + 2 * 11.0 + 2 * 12.0) / 5.0)


def test_a_point_lost_between_the_ends_loses_no_block():
    study = without(factorial({EXCHANGE: (0.0, 1.0, 2.0), POROSITY: (0.0, 1.0), GAP: ("same-layers",)},
                              interacting), {3: "failed"})  # fmt: skip
    line = tornado(study, VOLTAGE).set_index("axis").loc["exchange_current_A_m2"]
    assert (line["blocks"], line["left_out"], line["change"]) == (2, 0, 5.0)
    assert line["span"] == 6.0  # of the block that is whole


def test_seeds_are_a_bar_of_noise():
    table = tornado(over_seeds(), VOLTAGE).set_index(["design", "axis"])
    line = table.loc[("insulating_mat", "seed")]
    rows = over_seeds().table.query("design == 'insulating_mat'")
    within = math.sqrt(rows.groupby("exchange_current_A_m2")[VOLTAGE].var().mean())
    assert line["at_high"] - line["at_low"] == pytest.approx(2.0 * within)
    assert math.isnan(line["change"])
    assert table.loc[("planar", "seed"), "span"] == 0.0


def test_sampled_axes_have_no_main_effect_but_listed_ones_beside_them_do():
    table = tornado(over_a_sample(designs=(Design.BILAYER,)), VOLTAGE)
    assert set(table["reason"]) == {"no two points differ in this axis alone"}
    assert table["change"].isna().all()
