"""Damped inexact Newton for the steady cell, and its first guess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.optimize import brentq

from fem.interface import ReactingSurface
from fem.kinetics import LinearKinetics
from fem.linear import LinearSession, LinearSolveFailed
from fem.materials import thermal_voltage
from fem.model import Galvanostatic, Potentiostatic
from fem.reaction import Kinetics
from fem.span import EXHAUSTED, Span
from fem.state import Residual, State
from fem.system import SteadySystem

TOLERANCE = 1e-10  # |R|_1 over the cell's current
INVENTORY_TOLERANCE = 1e-12  # relative salt inventory
LAST_PART, LAST_FROM = 0.3, 3e-5  # linear error of the last step over the tolerance; merit it is tried from
MAX_STEPS = 40
PATIENCE = 8  # steps within which the merit must fall by a tenth, or the iteration is given up
DEPLETED_BELOW = 0.05  # c_min/c_mean of a failed iterate from which the failure is named depletion


class Outcome(StrEnum):
    """How a solve ended."""

    CONVERGED = "converged"
    DEPLETED = "depleted"
    STAGNATED = "stagnated"
    LINEAR_SOLVER = "linear solver"


class SolveFailed(RuntimeError):
    """No converged state; carries the outcome, the last iterate and the last converged current [A/m2]."""

    def __init__(
        self, message: str, *, outcome: Outcome, state: State | None, last_converged_current: float | None
    ) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.state = state
        self.last_converged_current = last_converged_current


@dataclass(frozen=True, kw_only=True)
class NewtonResult:
    """Last iterate, its residual, the outcome and the history of the merit |R|_1 / current."""

    state: State
    residual: Residual
    outcome: Outcome
    history: tuple[float, ...]


def current_scale(system: SteadySystem, residual: Residual) -> float:
    """The current [A] to measure residuals against: the applied one, else the counter's or fixed sides'."""
    if isinstance(system.control, Galvanostatic):
        return abs(system.control.current_density) * system.area
    counter = [
        abs(at.current)
        for surface, at in zip(system.spaces.surfaces, residual.surfaces, strict=True)
        if surface.terminal == "counter"
    ]
    fixed = [abs(residual.nodal[unknowns].sum()) for unknowns in system.spaces.fixed_surfaces.values()]
    return max([*counter, *fixed, 1e-9 * small_current(system)])


def small_current(system: SteadySystem) -> float:
    """A current [A] of the order of the exchange currents, the floor for a cell at rest."""
    volts = thermal_voltage(system.model.temperature)
    reacting = [
        s.kinetics.conductance(_mean_c(system, s), system.model.temperature) * s.area
        for s in system.spaces.reacting
    ]
    if reacting:
        return volts * min(reacting)
    return volts * system.conductance_scale()


def _mean_c(system: SteadySystem, surface: ReactingSurface) -> float:
    given = surface.given_concentration[0]
    if np.isfinite(given):
        return float(given)
    of = int(system.spaces.compartment_of[surface.second[0, 0]])
    return system.spaces.compartments[of].mean_concentration


def newton(
    system: SteadySystem, start: State, session: LinearSession, span: Span | None = None
) -> NewtonResult:
    """Newton from a start to |R|_1 <= 1e-10 of the current and a salt inventory to 1e-12.

    Steps are taken in the span of earlier states while they pay. Each step is cut so that salt stays
    positive, then halved until the merit falls; the linear tolerance follows the merit, so that few
    iterations are spent far from the solution.
    """
    state, residual, depleting = start, system.residual(start), False
    history: list[float] = []
    for _ in range(MAX_STEPS):
        scale = current_scale(system, residual)
        size = merit(residual, scale)
        history.append(size)
        if _converged(residual, scale):
            return NewtonResult(
                state=state, residual=residual, outcome=Outcome.CONVERGED, history=tuple(history)
            )
        if len(history) > PATIENCE and size > 0.9 * history[-1 - PATIENCE]:
            break
        rtol = _linear_tolerance(size)
        matrix, rhs = system.jacobian(residual, scale), system.right_hand_side(residual, scale)
        try:
            z, left = span.step(matrix, rhs) if span is not None else (rhs, 1.0)
            if left > EXHAUSTED:
                span, z = None, session.solve(matrix, rhs, rtol)
        except LinearSolveFailed:
            return NewtonResult(
                state=state, residual=residual, outcome=Outcome.LINEAR_SOLVER, history=tuple(history)
            )
        fraction = system.largest_fraction(state, z)
        depleting = fraction < 1e-3
        for _halving in range(12):
            candidate = system.step(state, z, fraction)
            trial = system.residual(candidate)
            if merit(trial, scale) < size * (1 - 1e-4 * fraction) or size < 10 * TOLERANCE:
                break
            fraction /= 2
        else:
            if span is None:
                break
            span = None  # the equations' own direction from here
            continue
        state, residual = candidate, trial
    outcome = (
        Outcome.DEPLETED
        if depleting or lowest_concentration(residual) < DEPLETED_BELOW
        else Outcome.STAGNATED
    )
    return NewtonResult(state=state, residual=residual, outcome=outcome, history=tuple(history))


def _linear_tolerance(size: float) -> float:
    """Of the linear system at a merit: what Newton's method can use, since its own error is of second order;
    from the last step but one on, a third of what is to be reached."""
    last = LAST_PART * TOLERANCE / size
    return max(last, 1e-9) if size < LAST_FROM else max(last, min(1e-2, 0.1 * size), 1e-9)


def merit(residual: Residual, scale: float) -> float:
    """|R|_1 of all equations over a current [A]."""
    field = float(np.abs(residual.field).sum()) / scale if scale else 0.0
    scalar = abs(residual.current) / scale if scale else 0.0
    return field + scalar + float(np.abs(residual.inventory).sum())


def _converged(residual: Residual, scale: float) -> bool:
    field = float(np.abs(residual.field).sum()) + abs(residual.current)
    return field <= TOLERANCE * scale and bool((np.abs(residual.inventory) <= INVENTORY_TOLERANCE).all())


def lowest_concentration(residual: Residual) -> float:
    """min c / mean c over the salt unknowns and the reacting surfaces; 1 without salt."""
    c = residual.fields.concentration
    at_surfaces = [at.concentration[at.reaction.slope_c != 0] for at in residual.surfaces]
    least = min(np.nanmin(part, initial=np.inf) for part in (c, *at_surfaces))
    return float(least / np.nanmean(c)) if np.isfinite(c).any() else 1.0


# --- first guess ---


def first_guess(system: SteadySystem, session: LinearSession) -> State:
    """One linear solve, every law replaced by its secant at the mean current of the reacting area.

    Anode: fibres and foil share the current; counter: its own mean. At fixed voltage the current is found by
    a few rounds; with fixed potentials only, the small-signal conductances are used.
    """
    state = system.rest()
    if isinstance(system.control, Galvanostatic):
        return _linear(system, state, session, _secants(system, system.control.current_density * system.area))
    state = _linear(system, state, session, _secants(system, 0.0))
    if isinstance(system.control, Potentiostatic):
        for _ in range(3):
            laws = _secants(system, counter_current(system, state))
            state = _linear(system, system.rest(), session, laws)
    return state


def prepare(system: SteadySystem, session: LinearSession) -> None:
    """Set the session up for the matrix of the first guess, which every first solve starts with."""
    control = system.control
    current = control.current_density * system.area if isinstance(control, Galvanostatic) else 0.0
    residual = system.residual(system.rest(), _secants(system, current))
    session.prepare(system.jacobian(residual, _scale(system, residual)))


def _linear(system: SteadySystem, start: State, session: LinearSession, laws: Sequence[Kinetics]) -> State:
    residual = system.residual(start, laws)
    scale = _scale(system, residual)
    z = session.solve(system.jacobian(residual, scale), system.right_hand_side(residual, scale), 1e-2)
    if not np.isfinite(z).all():
        raise LinearSolveFailed(f"the first guess of {z.size} unknowns is not finite")
    return system.step(start, z, min(1.0, system.largest_fraction(start, z)))


def _scale(system: SteadySystem, residual: Residual) -> float:
    return max(current_scale(system, residual), small_current(system) * 1e-6)


def counter_current(system: SteadySystem, state: State) -> float:
    fields = system.fields(state)
    return sum(
        system.evaluate_surface(surface, state, fields).current
        for surface in system.spaces.surfaces
        if surface.terminal == "counter"
    )


def _secants(system: SteadySystem, current: float) -> list[Kinetics]:
    anode = sum(s.area for s in system.spaces.reacting if s.terminal != "counter")
    counter = sum(s.area for s in system.spaces.surfaces_of("counter"))
    out: list[Kinetics] = []
    for surface in system.spaces.surfaces:
        if surface.is_contact:
            out.append(surface.kinetics)
            continue
        mean = current / counter if surface.terminal == "counter" else -current / anode
        temperature = system.model.temperature
        slope = secant_conductance(surface.kinetics, mean, _mean_c(system, surface), temperature)
        out.append(LinearKinetics.of_conductance(slope, temperature))
    return out


def secant_conductance(kinetics: Kinetics, current: float, c: float, temperature: float) -> float:
    """g = i/eta [S/m2] at a mean current density i [A/m2]; the small-signal conductance at i = 0."""
    small, volts = kinetics.conductance(c, temperature), thermal_voltage(temperature)
    if abs(current) <= 1e-9 * small * volts:
        return small

    def excess(eta: float) -> float:
        return float(kinetics.evaluate(np.array([eta]), np.array([c]), temperature).current[0]) - current

    sign = 1.0 if current > 0 else -1.0
    reach = volts
    while excess(sign * reach) * sign < 0:
        reach *= 2
        if reach > 1e3:
            return small
    eta = float(brentq(excess, 0.0, sign * reach)) if excess(0.0) * sign < 0 else sign * volts
    return current / eta if eta else small
