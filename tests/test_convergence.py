"""Rates and error bars from numbers whose order is known.

Catches a rate with a swapped ratio, a pair that is skipped, NaN that passes, a safety factor on the wrong
branch, and an error bar that does not hold the true value of a clean series.
"""

import itertools
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fem.convergence import ConvergenceError, RateTable, convergence, richardson

SIZES = (0.5, 0.25, 0.125, 0.1)


def table(
    errors: tuple[float, ...], least_rate: float = 1.9, largest_error: float = 1.0, **more
) -> RateTable:
    return RateTable(
        quantity="u", sizes=SIZES[: len(errors)], errors=errors, least_rate=least_rate,
        largest_error=largest_error, **more,
    )  # fmt: skip


@given(order=st.floats(0.3, 6.0), scale=st.floats(1e-3, 1e3))
def test_a_power_law_shows_its_order_between_every_pair(order: float, scale: float):
    found = table(tuple(scale * h**order for h in SIZES), floor=0.0)
    assert found.rates == pytest.approx([order] * 3, rel=1e-9)


@pytest.mark.parametrize("slow", [0, 1, 2])
def test_one_slow_pair_fails_the_table(slow: int):
    """A rate of first against last mesh, or of the last pair alone, would hide it."""
    rates = [1.0 if pair == slow else 3.0 for pair in range(3)]
    errors = [1.0]
    for (coarse, fine), rate in zip(itertools.pairwise(SIZES), rates, strict=True):
        errors.append(errors[-1] * (fine / coarse) ** rate)
    found = table(tuple(errors))
    assert found.rates == pytest.approx(rates)
    assert not found.passed
    assert [row[3] for row in found.rows[1:]] == ["too slow" if p == slow else "ok" for p in range(3)]


def test_pairs_at_the_floor_do_not_count_but_the_error_does():
    """Rounding has no rate; a floor that is never undercut must not excuse anything."""
    noise = (1e-6, 1e-8, 3e-11, 5e-11)
    assert table(noise).counted == (True, False, False)
    assert table(noise).passed
    assert not table(noise, floor=1e-12).passed
    assert not table(noise, largest_error=1e-11).passed
    assert table((0.0, 0.0)).passed and table((0.0, 0.0)).rates == (0.0,)


def test_a_large_error_fails_whatever_its_rate():
    found = table((1e-1, 1e-3), largest_error=1e-4)
    assert min(found.rates) > 6 and not found.passed
    assert found.rows[-1][3] == "ok, error too large"


@pytest.mark.parametrize(
    "errors", [(math.nan, 1e-9), (1e-2, math.nan), (math.nan, math.nan), (math.inf, 1e-9)]
)
def test_nan_never_passes(errors: tuple[float, float]):
    assert not table(errors, floor=1.0).passed


def test_a_table_prints_itself():
    text = str(table((4e-2, 1e-2, 5e-3)))
    assert [line.split() for line in text.splitlines()] == [
        ["u:", "rate", ">=", "1.9,", "finest", "error", "<=", "1"],
        ["size", "error", "rate"],
        ["0.5", "4.000e-02"],
        ["0.25", "1.000e-02", "2.00", "ok"],
        ["0.125", "5.000e-03", "1.00", "too", "slow"],
        ["FELL", "SHORT"],
    ]
    columns = {line.index("e-0") for line in text.splitlines()[2:5]}
    assert len(columns) == 1, "the errors are not aligned"
    assert str(table((4e-2, 1e-2))).endswith("passed")


def test_convergence_runs_each_resolution_once_and_limits_by_name():
    runs: list[int] = []

    def run(n: int) -> dict[str, float]:
        runs.append(n)
        return {"phi": n**-2.0, "current": n**-4.0}

    phi, current = convergence(
        run, (4, 8, 16), least_rates={"phi": 1.9, "current": 3.5}, largest_errors=1.0, size=lambda n: 3.0 / n
    )
    assert runs == [4, 8, 16]
    assert (phi.quantity, current.quantity) == ("phi", "current")
    assert phi.sizes == (0.75, 0.375, 0.1875)
    assert phi.rates == pytest.approx([2.0, 2.0]) and current.rates == pytest.approx([4.0, 4.0])
    assert current.least_rate == 3.5
    assert phi.passed and current.passed
    (slow, _) = convergence(run, (4, 8), least_rates=2.1, largest_errors=1.0)
    assert slow.sizes == (0.25, 0.125) and not slow.passed


def test_convergence_refuses_what_says_nothing():
    def run(n: int) -> dict[str, float]:
        return {"phi": 1.0 / n} if n < 9 else {"psi": 1.0}

    for resolutions, limits, word in (
        ((4,), 1.0, "two"),
        ((8, 4), 1.0, "decrease"),
        ((4, 4), 1.0, "decrease"),
        ((4, 16), 1.0, "psi"),
        ((4, 8), {"phy": 1.0}, 'did you mean "phy"'),
    ):
        with pytest.raises(ConvergenceError, match=word):
            convergence(run, resolutions, least_rates=limits, largest_errors=1.0)


@pytest.mark.parametrize(
    ("sizes", "errors", "word"),
    [
        ((0.5,), (1.0,), "two"),
        ((0.5, 0.25), (1.0,), "1 numbers on 2"),
        ((0.25, 0.5), (1.0, 0.5), "decrease"),
        ((0.5, 0.0), (1.0, 0.5), "above 0"),
        ((0.5, 0.25), (1.0, -0.5), "magnitude"),
    ],
)
def test_a_table_refuses_what_has_no_rate(sizes: tuple[float, ...], errors: tuple[float, ...], word: str):
    with pytest.raises(ConvergenceError, match=word):
        RateTable(quantity="u", sizes=sizes, errors=errors, least_rate=1.0, largest_error=1.0)


@given(
    order=st.floats(0.6, 5.0),
    exact=st.floats(-10.0, 10.0),
    ratios=st.tuples(st.floats(1.2, 3.0), st.floats(1.2, 3.0)),
    sign=st.sampled_from([-1.0, 1.0]),
)
def test_richardson_finds_order_and_limit_of_a_power_law(
    order: float, exact: float, ratios: tuple[float, float], sign: float
):
    """Any refinement ratios; the ratio of the wrong pair in the equation would give another order."""
    sizes = (0.1 * ratios[0] * ratios[1], 0.1 * ratios[1], 0.1)
    values = [exact + sign * 100.0 * h**order for h in sizes]
    found = richardson(values, sizes)
    assert found.kind == "observed"
    assert found.value == values[-1]
    assert found.order == pytest.approx(order, rel=1e-3)
    error = abs(values[-1] - exact)
    assert abs(found.estimate - exact) <= 1e-3 * error + 1e-12
    assert found.uncertainty == pytest.approx(1.25 * error, rel=2e-3)


def test_an_order_above_the_formal_one_is_not_believed():
    """Fourth order by luck in a second-order method would shrink the bar twentyfold."""
    sizes = (4.0, 2.0, 1.0)
    free, held = (richardson([h**4 for h in sizes], sizes, order=order) for order in (None, 2.0))
    assert free.order == pytest.approx(4.0) and held.order == 2.0
    assert "observed order 4.0" in held.note
    assert held.uncertainty == pytest.approx(1.25 * 240.0 / 3.0 / 4.0)
    assert free.uncertainty == pytest.approx(1.25)


def test_two_values_that_agree_by_chance_do_not_narrow_the_bar():
    """Values 1 + h^2 but for the middle one, which noise puts beside the fine one."""
    found = richardson([17.0, 2.0001, 2.0], [4.0, 2.0, 1.0], order=2.0)
    assert found.uncertainty >= abs(found.value - 1.0)


def test_two_values_take_the_formal_order_and_safety_factor_3():
    found = richardson([4.0, 3.0], [2.0, 1.0])
    assert (found.kind, found.order) == ("assumed", 2.0)
    assert found.estimate == pytest.approx(3.0 - 1.0 / 3.0)
    assert found.uncertainty == pytest.approx(1.0)  # 3 * 1/(2^2 - 1)
    assert "two meshes" in found.note and "factor 3" in found.note
    assert richardson([4.0, 3.0], [2.0, 1.0], order=1.0).uncertainty == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("values", "why", "uncertainty"),
    [
        ((2.0, 1.0, 1.4), "oscillate", 1.0),  # 3 * 0.4/3 = 0.4 is less than the spread
        ((1.0, 1.1, 0.5), "oscillate", 0.6),
        ((1.0, 1.0, 1.0), "stop changing", 0.0),
        ((1.0, 2.0, 2.0), "stop changing", 1.0),
        ((2.0, 2.0, 1.0), "stop changing", 1.0),
        ((1.0, 1.1, 1.4), "slower than order 0.5", 3.0 * 0.3 / (math.sqrt(2.0) - 1.0)),
        ((1.0, 2.0, 2.95), "slower than order 0.5", 3.0 * 0.95 / (math.sqrt(2.0) - 1.0)),
    ],
)
def test_series_without_an_order_say_so_and_widen_the_bar(values, why: str, uncertainty: float):
    """Oscillating, constant, stalled and diverging series; none gives NaN."""
    found = richardson(values, (4.0, 2.0, 1.0))
    assert found.kind == "assumed" and why in found.note
    assert found.estimate == found.value == values[-1]
    assert found.uncertainty == pytest.approx(uncertainty)
    assert math.isfinite(found.order)


def test_only_the_finest_three_meshes_count():
    sizes = (8.0, 4.0, 2.0, 1.0)
    values = [100.0, *(3.0 + h**2 for h in sizes[1:])]
    assert richardson(values, sizes) == richardson(values[1:], sizes[1:])


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=5))
@example([0.0, 3e-223, 0.0])  # the product of the changes is below the smallest number
@example([5e-324, 0.0, -1e6])
def test_no_series_gives_nan(values: list[float]):
    found = richardson(values, [2.0**-k for k in range(len(values))], order=2.0)
    numbers = (found.value, found.estimate, found.order, found.uncertainty)
    assert all(map(math.isfinite, numbers))
    assert found.uncertainty >= 0.0
    assert found.order <= 2.0


@pytest.mark.parametrize(
    ("values", "sizes", "order", "word"),
    [
        ((1.0,), (1.0,), None, "two"),
        ((1.0, 2.0, 3.0), (1.0, 0.5), None, "3 numbers on 2"),
        ((1.0, 2.0), (0.5, 1.0), None, "decrease"),
        ((1.0, math.nan), (1.0, 0.5), None, "finite"),
        ((1.0, math.inf), (1.0, 0.5), None, "finite"),
        ((1.0, 2.0), (1.0, 0.5), 0.0, "order"),
    ],
)
def test_misuse_of_richardson(values, sizes, order: float | None, word: str):
    with pytest.raises(ConvergenceError, match=word):
        richardson(values, sizes, order=order)
