"""The entry point: `solve_steady(mesh, model, control)`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal, get_args

import numpy as np

from fem.check import check_model
from fem.conditions import ModelError
from fem.coupled import CoupledSystem
from fem.equilibrated import EquilibratedSystem
from fem.linear import LinearSolver, choose_linear_solver
from fem.model import Control, Model
from fem.ramp import solve_system
from fem.results import collect
from fem.solution import Solution
from fem.spaces import Spaces, build_spaces
from fem.state import State
from fem.system import SteadySystem
from meshes.tagged import TaggedMesh

Method = Literal["equilibrated", "full"]
Order = Literal[1, 2]


def solve_steady(
    mesh: TaggedMesh,
    model: Model,
    control: Control | None = None,
    *,
    method: Method | None = None,
    order: Order | None = None,
    linear_solver: LinearSolver | None = None,
    guess: Solution | None = None,
    progress: Callable[[str], None] | None = None,
) -> Solution:
    """Steady state of a model on any tagged mesh, 2D or 3D.

    control: Galvanostatic or Potentiostatic when the model has a counter electrode, None when fixed
    potentials drive it. method None takes the equilibrated solver where it holds and the full one elsewhere
    (a body of liquid with several laws or transference numbers); both may be forced. order of the fields:
    None takes 2 on a curved mesh, else 1; order 1 sees the mesh with straight edges. linear_solver None
    chooses by size. guess: a Solution on the same mesh and layout to start from. progress receives short
    stage texts.

    Raises ModelError (ValueError) if the model does not fit the mesh or is not determined, SolveFailed if no
    converged state was found; an unconverged state is never returned.
    """
    if method not in (None, *get_args(Method)):
        raise ModelError(f"method {method!r} is not known; use None (automatic), 'equilibrated' or 'full'")
    if order not in (None, *get_args(Order)):
        raise ModelError(f"order {order!r} is not known; use None (automatic), 1 or 2")
    tell = progress or (lambda _text: None)
    check_model(model, mesh, control)
    order = order or (2 if mesh.is_curved else 1)
    seconds: dict[str, float] = {}
    begin = time.perf_counter()
    tell("assembling")
    spaces = build_spaces(mesh if order == 2 else mesh.straight(), model, order)
    system = _system(spaces, model, control, method)
    seconds["assembly"] = time.perf_counter() - begin

    begin = time.perf_counter()
    solver = linear_solver or choose_linear_solver(system.free.size, mesh.dim)
    session = solver.start()
    tell(f"solving {system.free.size} unknowns ({solver.name})")
    result = solve_system(system, session, _start(guess, system), tell)
    seconds["solve"] = time.perf_counter() - begin
    seconds["linear_setup"] = session.statistics.setup_seconds
    seconds["linear_solve"] = session.statistics.solve_seconds

    begin = time.perf_counter()
    tell("currents and metrics")
    return collect(system, result, solver.name, session.statistics, seconds, begin)


def _system(spaces: Spaces, model: Model, control: Control | None, method: Method | None) -> SteadySystem:
    """The equations to solve: the equilibrated ones wherever they hold, unless the method is given."""
    if method is None:
        method = "equilibrated" if all(c.shares_one_law for c in spaces.compartments) else "full"
    return (EquilibratedSystem if method == "equilibrated" else CoupledSystem)(spaces, model, control)


def _start(guess: Solution | None, system: SteadySystem) -> State | None:
    """The state of an earlier solution, if it has the layout of this system."""
    if guess is None:
        return None
    state, rest = guess.guess, system.rest()
    if not isinstance(state, State) or (state.x.size, state.k.size) != (rest.x.size, rest.k.size):
        raise ModelError(
            "guess is a solution with other unknowns; "
            "give one from the same mesh with the same kinds of regions"
        )
    x = state.x.copy()
    x[system.spaces.fixed] = rest.x[system.spaces.fixed]
    voltage = state.voltage if system.has_current_unknown else rest.voltage
    return State(x=x, low=np.where(rest.x == x, 0.0, state.low), k=state.k, voltage=voltage)
