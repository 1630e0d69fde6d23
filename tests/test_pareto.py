"""Pareto fronts against brute force.

Catches a tie lost, a dominated point kept, a number that is missing taken for a small one, and a lucky seed.
"""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from studies_made_up import (
    CURRENT,
    EXCHANGE,
    SEED,
    THREE,
    factorial,
    over_ranges,
    over_seeds,
    sampled,
    without,
)
from study_shapes import cell

from geometry.designs import Design
from studies.errors import CaseError
from studies.sweep.figures.choose import sections
from studies.sweep.statistics.pareto import front, pareto

AIMS = {"cell_voltage_V": "least", "anode_p99_A_m2": "least"}


def brute(costs: np.ndarray) -> list[bool]:
    """The definition itself, point against point."""
    return [not np.isnan(a).any() and not any((b <= a).all() and (b < a).any() for b in costs) for a in costs]


@settings(max_examples=300, deadline=None)
@given(
    arrays(
        float,
        st.tuples(st.integers(0, 12), st.integers(1, 4)),
        elements=st.sampled_from([-math.inf, -1.0, -0.0, 0.0, 1.0, 2.0, math.nan]),
    )
)
def test_front_is_the_definition(costs: np.ndarray):
    assert front(costs).tolist() == brute(costs)


@settings(max_examples=50, deadline=None)
@given(
    arrays(float, (30, 3), elements=st.floats(-1e6, 1e6)),
    st.randoms(use_true_random=False),
)
def test_order_and_monotone_scales_change_nothing(costs: np.ndarray, random):
    order = list(range(len(costs)))
    random.shuffle(order)
    assert front(costs[order]).tolist() == front(costs)[order].tolist()
    places = stats.rankdata(costs, method="dense", axis=0)  # strictly monotone, exact
    assert front(places**3 * [1.0, 2.0, 3.0]).tolist() == front(costs).tolist()


def test_equal_points_stay_together():
    assert front([[1.0, 2.0], [1.0, 2.0], [2.0, 1.0], [2.0, 2.0]]).tolist() == [True, True, True, False]


def test_many_points_take_little_time():
    costs = np.random.default_rng(1).random((20_000, 2))
    start = time.perf_counter()
    found = costs[front(costs)]
    assert time.perf_counter() - start < 2.0
    found = found[np.argsort(found[:, 0])]
    assert (np.diff(found[:, 1]) < 0.0).all()


def test_a_study_has_a_front_over_all_its_designs():
    table = pareto(over_ranges(), AIMS)
    costs = table[list(AIMS)].to_numpy()
    assert table["on_front"].tolist() == brute(costs)
    assert len(table) == 88 and set(table["points"]) == {1}  # one failed, one is missing
    assert list(table.columns) == ["design", "exchange_current_A_m2", "porosity", "gap", *AIMS, "points",
                                   "point", "on_front"]  # fmt: skip


def test_every_operating_point_has_a_front_of_its_own():
    """Catches a low current that beats every design at a higher one."""
    study = factorial(
        {EXCHANGE: (1.0, 2.0, 3.0), CURRENT: (50.0, 100.0)},
        lambda p: dict.fromkeys(AIMS, p["operation.current_density_A_m2"] * p["exchange_current_A_m2"]),
    )
    table = pareto(study, AIMS)
    best = table[table["on_front"]]
    assert best["operation.current_density_A_m2"].tolist() == [50.0, 100.0]
    assert set(best["exchange_current_A_m2"]) == {1.0}


def test_what_is_to_be_large_is_turned_round():
    study = factorial(
        {EXCHANGE: (1.0, 2.0, 3.0)},
        lambda p: {"cell_voltage_V": p["exchange_current_A_m2"], "share_fibres": p["exchange_current_A_m2"]},
    )
    least = pareto(study, {"cell_voltage_V": "least", "share_fibres": "least"})
    assert least["on_front"].tolist() == [True, False, False]
    most = pareto(study, {"cell_voltage_V": "least", "share_fibres": "most"})
    assert most["on_front"].all()


def test_seeds_are_averaged_and_the_luckiest_does_not_win():
    values = {(1.0, 1): 1.0, (1.0, 2): 9.0, (2.0, 1): 4.0, (2.0, 2): 4.0}
    study = factorial(
        {EXCHANGE: (1.0, 2.0), SEED: (1, 2)},
        lambda p: dict.fromkeys(AIMS, values[p["exchange_current_A_m2"], p["seed"]]),
    )
    table = pareto(study, AIMS)
    assert table["cell_voltage_V"].tolist() == [5.0, 4.0]
    assert table["on_front"].tolist() == [False, True]
    assert table["points"].tolist() == [2, 2]
    assert pareto(without(study, {2: "failed"}), AIMS)["points"].tolist() == [1, 2]


def test_designs_without_a_number_do_not_enter():
    table = pareto(over_seeds(), {"cell_voltage_V": "least", "share_fibres": "most"})
    assert set(table["design"]) == {Design.FRAMEWORK, Design.BILAYER}


@pytest.mark.parametrize(
    ("objectives", "message"),
    [
        ({"cell_voltage_V": "least"}, "two objectives or more"),
        ({"cell_voltage_V": "least", "anode_p99_A_m2": "smallest"}, 'use "least" or "most"'),
        ({"cell_voltage": "least", "anode_p99_A_m2": "least"}, "did you mean"),
    ],
)
def test_bad_objectives_are_refused(objectives, message: str):
    with pytest.raises(CaseError, match=message):
        pareto(over_ranges(), objectives)


def test_a_figure_has_a_front_per_current():
    """Its value stands beside it; no figure where every point has a current of its own."""
    study = factorial({EXCHANGE: (1.0, 10.0, 100.0), CURRENT: (50.0, 100.0)}, cell, THREE)
    name = "anode_cv-cell_voltage_V-front"
    drawn = {picture.name: picture for section in sections(study) for picture in section.pictures}
    assert {text.get_text() for text in drawn[name].figure.axes[0].texts} == {"5 mA/cm²", "10 mA/cm²"}
    assert "at the same current density" in drawn[name].caption
    many = sampled({EXCHANGE: (1.0, 1000.0), CURRENT: (10.0, 100.0)}, cell, 16)
    assert not [p.name for section in sections(many) for p in section.pictures if p.name.endswith("-front")]
