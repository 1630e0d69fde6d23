"""Sensitivity indices from given data on functions whose indices are known, and against another library.

Catches an index of the wrong input, noise counted as influence, a sign lost, a bootstrap too narrow.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import norm, qmc, rankdata

from studies.sweep.statistics.given_data import (
    HARMONICS,
    classes,
    correlation_ratio,
    delta,
    first_order,
    rank_regression,
    resampled,
    shuffled,
    unbiased_ratio,
)

VOLTAGE = "cell_voltage_V"


def hypercube(n: int, inputs: int, seed: int = 1) -> NDArray:
    return qmc.LatinHypercube(d=inputs, rng=seed).random(n)


def ishigami(u: NDArray) -> NDArray:
    """Ishigami and Homma 1990, doi:10.1109/ISUMA.1990.151285, a = 7, b = 0.1, of u in [0, 1]^3."""
    x = math.pi * (2.0 * u - 1.0)
    return np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


@pytest.mark.parametrize(("n", "room"), [(256, 0.12), (2048, 0.04)])
def test_first_order_indices_of_ishigami(n: int, room: float):
    # three times the deviation over samples; it falls as 1/sqrt(n)
    u = hypercube(n, 3)
    found = [first_order(u[:, k], ishigami(u)) for k in range(3)]
    assert found == pytest.approx([0.3139, 0.4424, 0.0], abs=room)


@pytest.mark.parametrize(("n", "room"), [(64, 0.25), (1024, 0.06)])
def test_first_order_indices_of_a_linear_function(n: int, room: float):
    u = hypercube(n, 3, seed=2)
    y = 3.0 * u[:, 0] - 2.0 * u[:, 1]
    found = [first_order(u[:, k], y) for k in range(3)]
    assert found == pytest.approx([9 / 13, 4 / 13, 0.0], abs=room)


def test_first_order_is_without_bias_where_nothing_depends():
    rng = np.random.default_rng(3)
    found = [first_order(rng.random(64), rng.random(64)) for _ in range(500)]
    assert np.mean(found) == pytest.approx(0.0, abs=0.015)  # 12/64 without the correction


def test_bootstrap_deviation_is_that_over_new_samples():
    true = [first_order(u[:, 0], ishigami(u)) for u in (hypercube(128, 3, seed=k) for k in range(100))]
    u = hypercube(128, 3, seed=1000)
    again = resampled(first_order, u[:, 0], ishigami(u), resamples=200, seed=1)
    assert again.std() == pytest.approx(np.std(true), rel=0.5)


def test_delta_of_a_sum_of_two_normals_is_that_of_its_classes():
    # f(y) is N(0, 2); f(y | class) the mean over the class of N(x, 1), by quadrature over its quantiles
    n = 4096
    y = np.linspace(-6.0, 6.0, 1201)
    x = norm.ppf((np.arange(200 * classes(n)) + 0.5) / (200 * classes(n)))
    known = norm.pdf(y[None, :] - x[:, None]).reshape(classes(n), 200, -1).mean(axis=1)
    exact = 0.5 * np.trapezoid(np.abs(known - norm.pdf(y, scale=math.sqrt(2.0))), y, axis=1).mean()
    z = norm.ppf(hypercube(n, 2, seed=4))
    assert delta(z[:, 0], z.sum(axis=1)) == pytest.approx(exact, abs=0.015)


def test_delta_sees_what_first_order_is_blind_to():
    u = hypercube(1024, 3, seed=5)
    y = ishigami(u)
    noise = np.random.default_rng(6).random(1024)
    assert first_order(u[:, 2], y) < 0.03
    assert delta(u[:, 2], y) > 2.0 * delta(noise, y)


def test_shuffling_claims_an_influence_as_rarely_as_it_says():
    rng = np.random.default_rng(9)
    found = [shuffled(correlation_ratio, np.arange(20) // 5, rng.random(20), resamples=99, seed=k)
             for k in range(200)]  # fmt: skip
    assert np.mean(np.array(found) <= 0.05) == pytest.approx(0.05, abs=0.03)


def test_delta_of_a_single_input_is_bounded_by_its_classes():
    u = hypercube(64, 1)[:, 0]
    assert classes(64) == 3
    assert 0.5 < delta(u, u) < 1.0 - 1.0 / 3.0
    assert delta(np.arange(60), np.arange(60) // 20) == pytest.approx(1.0)  # one value in each class


@settings(max_examples=60, deadline=None)
@given(st.integers(30, 400), st.floats(0.0, 30.0), st.floats(0.0, 1.0), st.integers(0, 10_000))
def test_delta_of_skewed_numbers_lies_between_zero_and_one(n: int, decades: float, step: float, seed: int):
    x, noise = hypercube(n, 2, seed=seed).T
    for y in (10.0 ** (decades * x), (x > step) + 1e-6 * noise, (x > step) + 0.0, 10.0 ** (decades * noise)):
        assert 0.0 <= delta(x, y) <= 1.0


def test_delta_of_a_number_that_does_not_vary_is_zero():
    assert delta(np.arange(40.0), np.ones(40)) == 0.0


def test_both_indices_are_those_of_another_library():
    rbd_fast = pytest.importorskip("SALib.analyze.rbd_fast")
    peer = pytest.importorskip("SALib.analyze.delta")
    for n in (75, 128):
        u = hypercube(n, 3)
        y = ishigami(u)
        share = rbd_fast.compute_first_order(rbd_fast.permute_outputs(u[:, 1], y), HARMONICS)
        assert first_order(u[:, 1], y) == pytest.approx(rbd_fast.unskew_S1(share, HARMONICS, n))
        grid, edges = np.linspace(-n, 2 * n, 3000), np.linspace(0, n, classes(n) + 1)  # tails too
        assert delta(u[:, 1], y) == pytest.approx(
            peer.calc_delta(rankdata(y), grid, u[:, 1], edges), rel=0.003
        )


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_only_the_order_of_an_input_matters(seed: int):
    u = hypercube(60, 2, seed=seed)
    y = u[:, 0] ** 2 + u[:, 1]
    x = np.exp(5.0 * u[:, 0])
    assert first_order(x, y) == first_order(u[:, 0], y)
    assert delta(x, y) == delta(u[:, 0], y)
    assert delta(x, np.exp(20.0 * y)) == delta(x, y)
    warped = np.column_stack([x, u[:, 1]])
    assert rank_regression(warped, np.exp(y))[0] == pytest.approx(rank_regression(u, y)[0])


def test_rank_regression_knows_signs_and_fit():
    u = hypercube(200, 3, seed=7)
    coefficients, fit = rank_regression(u, np.exp(3.0 * u[:, 0]) - 2.0 * u[:, 1])
    assert coefficients[0] > 0.8 and -0.5 < coefficients[1] < -0.05 and abs(coefficients[2]) < 0.05
    assert 0.9 < fit <= 1.0
    assert rank_regression(u, (u[:, 0] - 0.5) ** 2)[1] < 0.1  # not monotone: nothing for ranks


def test_correlation_ratio_of_a_factorial_is_exact():
    a, b = (grid.ravel() for grid in np.meshgrid([0.0, 1.0, 2.0], [0.0, 1.0, 2.0]))
    assert correlation_ratio(a, 3.0 * a + b) == pytest.approx(0.9)
    assert correlation_ratio(b, 3.0 * a + b) == pytest.approx(0.1)


def test_unbiased_ratio_takes_chance_off():
    rng = np.random.default_rng(8)
    levels = np.repeat(np.arange(5), 8)
    found = [unbiased_ratio(levels, rng.random(40)) for _ in range(500)]
    assert np.mean(found) == pytest.approx(0.0, abs=0.015)  # 4/39 without the correction
    assert math.isnan(unbiased_ratio(np.arange(4), rng.random(4)))
