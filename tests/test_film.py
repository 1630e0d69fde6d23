"""A film in series with a kinetic law: the implicit equation, its limits, and laws of the user's own."""

from __future__ import annotations

import numpy as np
import pytest
from laws import ETA, FILMED, V_T, T, each

from fem.kinetics import (
    ButlerVolmer,
    Film,
    LinearKinetics,
)


@each(FILMED)
def test_film_shares_the_driving_force(law: Film) -> None:
    """eta = eta_s + R i to 1e-13 V, with i the current of the bare law at eta_s."""
    rng = np.random.default_rng(7)
    eta = np.concatenate([rng.uniform(-0.6, 0.6, 2000), [1e-300, -1e-18, 1e-9, 3.0, -3.0]])
    c = rng.uniform(1.0, 3000.0, eta.size)
    reaction = law.evaluate(eta, c, T)
    bare = law.kinetics.evaluate(reaction.eta_s, c, T)
    drop = law.resistance * reaction.current
    np.testing.assert_allclose(reaction.eta_s + drop, eta, rtol=1e-15, atol=1e-13)
    noise = 1e-15 * np.abs(bare.slope_eta * reaction.eta_s)  # of f at a rounded eta_s
    assert (np.abs(bare.current - reaction.current) <= 1e-12 * np.abs(bare.current) + 10 * noise).all()


def test_film_of_a_linear_law_is_a_series_resistance() -> None:
    law = Film(2e-3, LinearKinetics.of_conductance(250.0, T))
    np.testing.assert_allclose(law.evaluate(ETA, 800.0, T).current, ETA / (2e-3 + 4e-3), rtol=1e-14)


def test_film_small_signal_is_the_sum_of_resistances() -> None:
    law = Film(1e-3, ButlerVolmer(exchange_current=100.0))
    assert 1 / law.conductance(1000.0, T) == pytest.approx(1e-3 + V_T / 100.0, rel=1e-14)


def test_film_without_resistance_is_no_film() -> None:
    bare = ButlerVolmer(exchange_current=100.0)
    for one, other in zip(Film(0.0, bare).evaluate(ETA, 9e2, T), bare.evaluate(ETA, 9e2, T), strict=True):
        np.testing.assert_array_equal(one, other)


def test_film_passes_nan_on() -> None:
    """A trial step outside the tables of c comes as NaN and must leave as NaN, for the step control."""
    current = Film(1e-3, ButlerVolmer(exchange_current=1.0)).evaluate([0.1, np.nan], [1e3, 1e3], T).current
    assert np.isnan(current).tolist() == [False, True]


def test_film_takes_a_law_of_the_users_own() -> None:
    """Nothing but the protocol is asked for: a cubic law, flat at rest to first order."""

    class Cubic:
        def evaluate(self, eta, c, temperature):
            eta = np.asarray(eta, dtype=float)
            template = LinearKinetics.of_conductance(1.0, temperature).evaluate(eta, c, temperature)
            return template._replace(current=eta + 1e6 * eta**3, slope_eta=1 + 3e6 * eta**2)

        def conductance(self, c, temperature):
            return 1.0

    eta = np.linspace(-2, 2, 101)
    reaction = Film(0.5, Cubic()).evaluate(eta, np.full(101, 1e3), T)
    np.testing.assert_allclose(
        reaction.eta_s + 0.5 * (reaction.eta_s + 1e6 * reaction.eta_s**3), eta, atol=1e-13
    )
