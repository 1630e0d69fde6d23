"""The way to a state that is hard to reach: Newton at once, else a ramp of the drive; and why it failed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from fem.linear import LinearSession, LinearSolveFailed
from fem.model import Galvanostatic, Potentiostatic
from fem.newton import (
    NewtonResult,
    Outcome,
    SolveFailed,
    counter_current,
    first_guess,
    newton,
)
from fem.span import Span
from fem.state import State
from fem.system import SteadySystem

LARGEST_CELL = 1e-2  # [m], beyond which a mesh was probably drawn in another unit


def solve_system(
    system: SteadySystem,
    session: LinearSession,
    guess: State | None = None,
    progress: Callable[[str], None] | None = None,
    span: Span | None = None,
) -> NewtonResult:
    """Newton from the guess or the first guess; if that fails, a ramp from a part of the drive.

    span: directions in which the step from the guess to the state is likely to lie.
    Raises SolveFailed naming depletion or the last residual, with the last converged current density.
    """
    tell = progress or (lambda _text: None)
    if guess is None:
        result = newton(system, _guess(system, session), session)
    else:
        result = newton(system, guess, session, span)
    if result.outcome is Outcome.CONVERGED:
        return result
    if system.control is None:
        raise _failure(system, result, None)
    session.forget()  # so that the ramp, and what is said of it, does not depend on what was tried before
    reached, increment, last, history = 0.0, 0.25, None, list(result.history)
    state: State | None = None
    while reached < 1.0:
        target = min(1.0, reached + increment)
        part = _with_drive(system, target)
        tell(f"ramp: {100 * target:.0f} % of the drive")
        start = _guess(part, session) if state is None else _under(part, state)
        result = newton(part, start, session)
        history += result.history
        if result.outcome is not Outcome.CONVERGED and state is not None:
            result = newton(part, _guess(part, session), session)  # near depletion it may be the better start
            history += result.history
        if result.outcome is Outcome.CONVERGED:
            reached, last, state = target, _current_density(part, result), result.state
            increment *= 1.5
        else:
            increment = (target - reached) / (2 if reached else 4)
            if increment < max(reached / 16, 1e-4):
                raise _failure(system, result, last)
    return replace(result, history=tuple(history))


def _guess(system: SteadySystem, session: LinearSession) -> State:
    """The first guess, or the cell at rest if its linear system cannot be solved."""
    try:
        return first_guess(system, session)
    except LinearSolveFailed:
        return system.rest()


def _under(system: SteadySystem, state: State) -> State:
    """A state of another drive as a start under this system's control, whose voltage may be given."""
    if isinstance(system.control, Potentiostatic):
        return replace(state, voltage=system.control.cell_voltage)
    return state


def _with_drive(system: SteadySystem, part: float) -> SteadySystem:
    control = system.control
    if isinstance(control, Galvanostatic):
        return system.with_control(replace(control, current_density=part * control.current_density))
    assert isinstance(control, Potentiostatic)
    return system.with_control(replace(control, cell_voltage=part * control.cell_voltage))


def _current_density(system: SteadySystem, result: NewtonResult) -> float:
    return counter_current(system, result.state) / system.area


def _in_both_units(current: float, digits: int = 6) -> str:
    """A current density [A/m2] as people write it in cases, and in SI."""
    return f"{0.1 * current:.{digits}g} mA/cm2 ({current:.{digits}g} A/m2)"


def _failure(system: SteadySystem, result: NewtonResult, last: float | None) -> SolveFailed:
    control = system.control
    if isinstance(control, Galvanostatic):
        wanted = _in_both_units(control.current_density)
    elif isinstance(control, Potentiostatic):
        wanted = f"{control.cell_voltage:.6g} V"
    else:
        wanted = "the fixed potentials"
    reached = (
        f"the last converged current is {_in_both_units(last, 4)}"
        if last is not None
        else "no smaller drive converged either"
    )
    if result.outcome is Outcome.DEPLETED:
        text = (
            f"no steady state found at {wanted}: the salt is depleted; {reached}; "
            "lower the current or shorten the diffusion path"
        )
    else:
        text = (
            f"the solver did not converge at {wanted} ({result.outcome}, residual "
            f"{result.history[-1]:.1e} of the current after {len(result.history)} steps); {reached}; "
            "check the mesh's worst element and the kinetic parameters"
        )
    height = float(np.ptp(system.spaces.mesh.points[-1]))
    if height > LARGEST_CELL:
        text += f"; the cell is {height:.3g} m high: was the mesh drawn in micrometres (scale=1e-6)?"
    return SolveFailed(text, outcome=result.outcome, state=result.state, last_converged_current=last)
