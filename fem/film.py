"""A resistive film in series with any kinetic law, solved implicitly at every point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fem.materials import thermal_voltage
from fem.parameters import ParameterError, not_negative
from fem.reaction import Array, Kinetics, Reaction, points

EPSILON = float(np.finfo(float).eps)
TINY = float(np.finfo(float).tiny)  # [V]
CLOSE = 1e-9  # relative error of F from which one more Newton step is the last
MOST_STEPS = 200  # bisection alone needs about 60; a law that needs more is not monotone


class FilmNotSolved(RuntimeError):
    """The film equation did not settle; the kinetic law is not monotone or not finite."""


@dataclass(frozen=True)
class Film:
    """Film of area resistance R on the true surface: eta = eta_s + R i, i = f(eta_s, c).

    With f increasing there is one solution, between 0 and eta - R f(0) (f(0) = 0 except for Tafel), and
    di/deta = f'/(1 + R f'), di/dc = (df/dc)/(1 + R f').  The equation is solved in the form
    ln[F(x)/F*] = 0, F(x) = x + R (f(x) - f(0)), F* = eta - R f(0): Newton on the logarithm takes an
    exponential law in one step where Newton on F would gain a factor e a step.  A bracket guards it.
    """

    resistance: float  # R [ohm m2] of true area
    kinetics: Kinetics

    def __post_init__(self) -> None:
        not_negative("film resistance", self.resistance, "ohm m2", "1 ohm cm2 is 1e-4 ohm m2")
        if isinstance(self.kinetics, Film):
            raise ParameterError(
                f"a film of {self.resistance} ohm m2 cannot cover another film"
                f" ({self.kinetics.resistance} ohm m2); give one film with the sum of the resistances."
            )

    def evaluate(self, eta: ArrayLike, c: ArrayLike, temperature: float) -> Reaction:
        """Reaction at eta [V] with the film, c [mol/m3], temperature [K]; eta_s is behind the film."""
        eta, c = points(eta, c)
        if self.resistance == 0:
            return self.kinetics.evaluate(eta, c, temperature)
        eta_s = self._behind_film(eta.ravel(), c.ravel(), temperature).reshape(eta.shape)
        bare = self.kinetics.evaluate(eta_s, c, temperature)
        stiff = self.resistance * bare.slope_eta
        return Reaction(bare.current, bare.slope_eta / (1 + stiff), bare.slope_c / (1 + stiff), eta_s)

    def conductance(self, c: float, temperature: float) -> float:
        """di/deta [S/m2] at eta = 0, film included."""
        return float(self.evaluate(0.0, c, temperature).slope_eta)

    def _behind_film(self, eta: Array, c: Array, temperature: float) -> Array:
        """eta_s [V] with eta_s + R f(eta_s, c) = eta to round-off; all arguments (n,)."""
        rest = self.kinetics.evaluate(np.zeros_like(eta), c, temperature)
        at_rest = self.resistance * rest.current
        target = eta - at_rest
        # start: the lesser of two bounds that are exact for symmetric Butler-Volmer kinetics
        scale = 2 * thermal_voltage(temperature)
        film_alone = scale * np.arcsinh(np.abs(target) / (scale * self.resistance * rest.slope_eta))
        solution = np.copysign(np.minimum(np.abs(target), film_alone), target)
        open_ = np.flatnonzero(np.isfinite(target) & (target != 0))  # NaN stays NaN for the step control
        inner, outer = np.zeros(open_.size), target[open_].copy()
        for _ in range(MOST_STEPS):
            if not open_.size:
                return solution
            x, wanted = solution[open_], target[open_]
            bare = self.kinetics.evaluate(x, c[open_], temperature)
            value = x + (self.resistance * bare.current - at_rest[open_])
            ratio = value / wanted
            outer = np.where(ratio >= 1, x, outer)
            inner = np.where(ratio < 1, x, inner)
            with np.errstate(divide="ignore", invalid="ignore"):
                trial = x - value * np.log(ratio) / (1 + self.resistance * bare.slope_eta)
                inside = (trial - inner) * (trial - outer) <= 0  # also false for NaN
            # one Newton step from here reaches round-off; the noise of the law may exceed CLOSE near F = 0
            noise = np.abs(x) * (1 + self.resistance * bare.slope_eta) + np.abs(value) + np.abs(wanted)
            close = (np.abs(ratio - 1) < CLOSE) | (np.abs(value - wanted) < 8 * EPSILON * noise + TINY)
            newton = inside | (close & np.isfinite(trial))
            solution[open_] = np.where(newton, trial, 0.5 * (inner + outer))
            moving = ~close
            open_, inner, outer = open_[moving], inner[moving], outer[moving]
        raise FilmNotSolved(
            f"the film equation of {self} did not settle at {open_.size} points in {MOST_STEPS} steps;"
            " the kinetic law must be finite and increasing in eta."
        )
