"""Sensitivity of studies: which points count, what seeds and listed axes contribute, and what cannot be said.

Catches points counted that failed, seeds taken for an axis, and numbers where there is nothing to say.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from studies_made_up import (
    EXCHANGE,
    GAP,
    LAYER,
    POROSITY,
    SEED,
    factorial,
    over_a_sample,
    over_ranges,
    sampled,
    without,
)

from studies.errors import CaseError
from studies.sweep.statistics.given_data import delta
from studies.sweep.statistics.sensitivity import indices
from studies.sweep.study import Study

VOLTAGE = "cell_voltage_V"


def linear(point) -> dict[str, float]:
    """Three decades of exchange current weigh 3, the porosity -2, of a volt."""
    return {
        VOLTAGE: math.log10(point["exchange_current_A_m2"]) - 2.0 * (point["porosity"] - 0.5)
        + 1e-12 * point.get("layer_thickness_m", 0.0),
    }  # fmt: skip


BOUNDS = {EXCHANGE: (1.0, 1000.0), POROSITY: (0.5, 1.5), LAYER: (1e-6, 2e-6)}


def test_indices_of_a_sampled_study():
    study = sampled(BOUNDS, linear, 256)
    table = indices(study, VOLTAGE, resamples=60).set_index("axis")
    assert table["first_order"].to_numpy() == pytest.approx([9 / 13, 4 / 13, 0.0], abs=0.12)
    assert (table["first_order"].sub([9 / 13, 4 / 13, 0.0]).abs() < 2.0 * table["first_half"]).all()
    assert table["rank_coefficient"].to_numpy() == pytest.approx([0.83, -0.55, 0.0], abs=0.06)
    assert table.loc["porosity", "rank_high"] < 0.0 < table.loc["exchange_current_A_m2", "rank_low"]
    assert table["delta"].is_monotonic_decreasing
    assert table["delta_p"].iloc[:2].to_numpy() == pytest.approx([1 / 61, 1 / 61])
    assert table["delta_p"].iloc[2] > 0.05
    raw = delta(*study.table[["layer_thickness_m", VOLTAGE]].to_numpy().T)
    assert abs(table["delta"].iloc[2]) < 0.7 * raw
    assert (table["rank_low"] < table["rank_coefficient"]).all()
    assert (table["rank_coefficient"] < table["rank_high"]).all()
    assert set(table["reason"]) == {""}


def test_indices_repeat_themselves():
    study = over_a_sample()
    assert indices(study, VOLTAGE, resamples=5).equals(indices(study, VOLTAGE, resamples=5))


def test_points_that_failed_are_left_out_and_counted():
    study = sampled(BOUNDS, linear, 100)
    ruined = without(study, {1: "failed", 2: "not trusted", 3: "missing"})
    ruined.table.loc[ruined.table["point"] == 2, VOLTAGE] = 1e6
    table = indices(ruined, VOLTAGE, resamples=5)
    assert (table["n"] == 97).all() and (table["left_out"] == 3).all()
    assert table["first_order"].iloc[0] == pytest.approx(9 / 13, abs=0.2)


def test_what_cannot_be_said_has_a_reason():
    few = indices(sampled(BOUNDS, linear, 20), VOLTAGE)
    assert few["reason"].str.startswith("20 points are too few").all() and few["first_order"].isna().all()
    flat = indices(sampled(BOUNDS, lambda _: {VOLTAGE: 0.1}, 40), VOLTAGE)
    assert set(flat["reason"]) == {"the metric does not vary"}
    absent = indices(over_a_sample(), "share_fibres", resamples=5).query("design == 'planar'")
    assert set(absent["reason"]) == {"no trusted point has this number"}


def test_a_metric_that_differs_at_one_point_has_finite_intervals():
    """Many resamples miss that point, and say nothing."""
    least = sampled(BOUNDS, linear, 40).table["porosity"].min()
    lonely = sampled(BOUNDS, lambda point: {VOLTAGE: 0.1 + 0.1 * (point["porosity"] == least)}, 40)
    table = indices(lonely, VOLTAGE, resamples=40)
    assert np.isfinite(table[["first_order", "first_half", "delta", "delta_half"]]).all(axis=None)


def test_axes_of_a_factorial_have_exact_indices():
    table = indices(over_ranges(), VOLTAGE).query("design == 'planar' and gap == 'same-layers'")
    assert table["first_order"].to_numpy() == pytest.approx([1.0, 0.0])
    assert table["rank_coefficient"].to_numpy() == pytest.approx([-1.0, 0.0])
    assert set(table["reason"]) == {"delta needs a sampled axis"}


def noisy(point) -> dict[str, float]:
    draw = np.random.default_rng([point["seed"], int(1e6 * point["porosity"])]).normal()
    return {VOLTAGE: math.sqrt(12.0) * point["porosity"] + 0.5 * draw}


def test_seeds_are_noise_beside_the_axes():
    # the porosity's variance is 1, that of the seeds 1/4: a fifth of the total
    study = factorial({POROSITY: tuple(np.linspace(0.0, 1.0, 60)), SEED: (1, 2, 3, 4)}, noisy)
    table = indices(study, VOLTAGE, resamples=5).set_index("axis")
    assert table.loc["seed", "first_order"] == pytest.approx(0.2, abs=0.05)
    assert (table["n"] == 60).all()
    assert table.loc["porosity", "reason"] == "no value of the axis occurs twice, and it is not sampled"


def shares(noise: float, study: Study, draw: int = 12) -> dict[str, float]:
    """First-order indices of a study without seeds, repeated with two draws of noise at every point."""
    rng = np.random.default_rng(draw)
    draws = [
        study.table.assign(
            seed=seed, **{VOLTAGE: study.table[VOLTAGE] + noise * rng.normal(size=len(study.table))}
        )
        for seed in (1, 2)
    ]
    repeated = pd.concat(draws, ignore_index=True)
    repeated["point"] = np.arange(len(repeated)) + 1
    table = indices(Study(title="", about="", axes=(*study.axes, SEED), table=repeated), VOLTAGE, resamples=5)
    return table.set_index("axis")["first_order"].to_dict()


def test_axes_and_seeds_share_one_variance():
    # 9 and 4 of 13 from the axes, noise of the same variance as both together
    share = shares(0.5 * math.sqrt(13 / 3), sampled(BOUNDS, linear, 512))
    known = {
        "exchange_current_A_m2": 4.5 / 13,
        "porosity": 2 / 13,
        "layer_thickness_m": 0.0,
        "seed": 0.5,
    }
    assert share == pytest.approx(known, abs=0.08)
    assert sum(share.values()) == pytest.approx(1.0, abs=0.08)


def test_axes_of_a_factorial_and_seeds_share_one_variance():
    grid = {EXCHANGE: tuple(np.linspace(-1.0, 1.0, 20)), POROSITY: tuple(np.linspace(-1.0, 1.0, 15))}
    study = factorial(grid, lambda p: {VOLTAGE: p["exchange_current_A_m2"] + p["porosity"]})
    noise = study.table[VOLTAGE].std(ddof=0)
    share = pd.DataFrame([shares(noise, study, draw) for draw in range(8)]).mean().to_dict()
    part = np.linspace(-1.0, 1.0, 20).var() / study.table[VOLTAGE].var(ddof=0) / 2
    known = {"exchange_current_A_m2": part, "porosity": 0.5 - part, "seed": 0.5}
    assert share == pytest.approx(known, abs=0.04)
    assert sum(share.values()) == pytest.approx(1.0, abs=0.03)


def test_noise_alone_leaves_nothing_to_the_axes():
    grid = {EXCHANGE: tuple(range(20)), POROSITY: tuple(range(3))}
    found = [shares(1.0 + k, factorial(grid, lambda _: {VOLTAGE: 0.0})) for k in range(2)]
    assert found[0] == pytest.approx(found[1])  # whatever its size
    assert found[0] == pytest.approx({"exchange_current_A_m2": 0.0, "porosity": 0.0, "seed": 1.0}, abs=0.12)


def test_seeds_that_never_repeat_are_told_so():
    study = sampled({SEED: (1.0, 1e6), POROSITY: (0.0, 1.0)}, lambda p: {VOLTAGE: p["porosity"]}, 40)
    study = Study(title="", about="", axes=(SEED, study.axes[1]), table=study.table)
    table = indices(study, VOLTAGE, resamples=5)
    assert table.set_index("axis").loc["seed", "reason"].startswith("no point has two seeds")


def test_a_study_of_text_alone_has_no_sensitivity():
    study = factorial({GAP: ("same-layers", "same-distance")}, lambda _: {VOLTAGE: 1.0})
    with pytest.raises(CaseError, match="no numeric axis"):
        indices(study, VOLTAGE)


def test_listed_axes_beside_a_sample_have_their_chance_taken_off():
    rng = np.random.default_rng(10)
    study = sampled({EXCHANGE: (1.0, 1000.0), POROSITY: (0.5, 1.5)}, linear, 200)
    listed = rng.integers(0, 5, 200).astype(float)
    axes = (*study.axes, LAYER)
    table = indices(
        Study(title="", about="", axes=axes, table=study.table.assign(layer_thickness_m=listed)),
        VOLTAGE,
        resamples=20,
    ).set_index("axis")
    line = table.loc["layer_thickness_m"]
    assert abs(line["first_order"]) < 0.06 and 0.0 < line["first_half"] < 0.2
    assert table.loc["porosity", "delta"] > 0.0
