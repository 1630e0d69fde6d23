"""The entry points: `solve_steady(mesh, model, control)` for one state, `SteadyCell` for many on one mesh."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
from threadpoolctl import threadpool_limits

from fem.check import check_model
from fem.conditions import ModelError
from fem.coupled import CoupledSystem
from fem.elements import Floats
from fem.equilibrated import EquilibratedSystem
from fem.layout import layout, relaid
from fem.linear import LinearSession, LinearSolver, choose_linear_solver
from fem.model import Control, Galvanostatic, Model, Potentiostatic
from fem.newton import current_scale, merit, prepare
from fem.ramp import solve_system
from fem.results import collect
from fem.solution import Solution
from fem.spaces import Spaces, build_spaces
from fem.span import Span
from fem.state import State
from fem.system import Found, SteadySystem, adopted
from meshes.tagged import TaggedMesh

Method = Literal["equilibrated", "full"]
Order = Literal[1, 2]
Progress = Callable[[str], None]

NEAR = 1.0  # residual over the current, below which the state of another model is a better start than none
REMEMBERED = 5  # states
POINTS = 5  # that a polynomial goes through at the most
AMPLIFIED = 40.0  # sum of the weights of a polynomial, beyond which fewer points say more


class SteadyCell:
    """One mesh for many operating points: what does not change from one to the next is kept.

    Kept between solves: unknowns and surfaces, stiffness and sparsity patterns, multigrid hierarchy, and the
    last solutions as first guesses. Controls may change freely; so may a model's kinetics, electrolyte law,
    temperature, concentration, porosity, MacMullin numbers, conductivities and sizes of resistances. A model
    with another layout (fem/layout.py) is set up afresh. Arguments as in `solve_steady`.

        cell = SteadyCell(mesh, model)
        curve = [cell.solve(Galvanostatic(current_density=i)) for i in (50.0, 100.0, 200.0)]
    """

    def __init__(
        self,
        mesh: TaggedMesh,
        model: Model,
        *,
        method: Method | None = None,
        order: Order | None = None,
        linear_solver: LinearSolver | None = None,
    ) -> None:
        if method not in (None, *get_args(Method)):
            raise ModelError(
                f"method {method!r} is not known; use None (automatic), 'equilibrated' or 'full'"
            )
        if order not in (None, *get_args(Order)):
            raise ModelError(f"order {order!r} is not known; use None (automatic), 1 or 2")
        self.mesh, self.model, self.method, self.linear_solver = mesh, model, method, linear_solver
        self.order: Order = order or (2 if mesh.is_curved else 1)
        self._system: SteadySystem | None = None
        self._session: LinearSession | None = None
        self._found: list[Found] = []  # the last few

    def solve(
        self,
        control: Control | None = None,
        *,
        model: Model | None = None,
        guess: Solution | None = None,
        progress: Progress | None = None,
    ) -> Solution:
        """The steady state under a control; with another model, this one holds from now on.

        guess: a Solution on the same mesh to start from, instead of the last ones. Raises as `solve_steady`;
        the cell stays usable.
        """
        # threads of BLAS wait by spinning, in the way of our own (fem/kernels.py)
        with threadpool_limits(1, user_api="blas"):
            return self._solve(control, model or self.model, guess, progress or (lambda _text: None))

    def prepare(self, control: Control | None = None, *, model: Model | None = None) -> None:
        """Set everything up that does not change, for a reference point that need not be solved."""
        with threadpool_limits(1, user_api="blas"):
            system, session, _ = self._prepare(model or self.model, control)
            prepare(system, session)

    def forget(self) -> None:
        """Go back to what `prepare` has set up: solves after this do not depend on those before it."""
        self._found = []
        if self._session is not None:
            self._session.forget()

    def recall(self, state: State, control: Control | None = None, *, model: Model | None = None) -> None:
        """Take a stored state (`Solution.guess.state`) of a point for the last one that was found."""
        system, _, _ = self._prepare(model or self.model, control)
        self._found = [
            *self._found[1 - REMEMBERED :],
            Found(system=system, state=state, fields=system.fields(state)),
        ]

    def _solve(
        self, control: Control | None, model: Model, guess: Solution | None, tell: Progress
    ) -> Solution:
        begin = time.perf_counter()
        tell("assembling")
        system, session, solver = self._prepare(model, control)
        seconds = {"assembly": time.perf_counter() - begin}

        begin = time.perf_counter()
        before = replace(session.statistics)
        tell(f"solving {system.free.size} unknowns ({solver.name})")
        start = self._predicted(system) if guess is None else adopted(guess.guess, system)
        result = solve_system(system, session, start, tell, self._span(system))
        used = session.statistics.since(before)
        seconds["solve"] = time.perf_counter() - begin
        seconds["linear_setup"], seconds["linear_solve"] = used.setup_seconds, used.solve_seconds

        begin = time.perf_counter()
        tell("currents and metrics")
        solution = collect(system, result, solver.name, used, seconds, begin)
        self._found = [*self._found[1 - REMEMBERED :], solution.guess]
        return solution

    def _prepare(
        self, model: Model, control: Control | None
    ) -> tuple[SteadySystem, LinearSession, LinearSolver]:
        """The system of a model and a control, and a session, both with as much of the last as possible."""
        check_model(model, self.mesh, control)
        old, session = self._system, self._session
        if old is None or layout(model) != layout(old.model):
            mesh = self.mesh if self.order == 2 else self.mesh.straight()
            spaces, session, self._found = build_spaces(mesh, model, self.order), None, []
            system = self._kind(spaces)(spaces, model, control)
        elif model != old.model:
            spaces = relaid(old.spaces, model)
            kind = self._kind(spaces)
            system = old.with_model(spaces, model) if type(old) is kind else kind(spaces, model, control)
        else:
            system = old
        system = system.with_control(control)
        solver = self.linear_solver or choose_linear_solver(system.free.size, self.mesh.dim)
        if old is not None and type(system) is type(old) and system.n_scalars == old.n_scalars:
            session = session or solver.start()
        else:  # what a session keeps is for another number of unknowns
            session = solver.start()
        self._system, self._session, self.model = system, session, model
        return system, session, solver

    def _kind(self, spaces: Spaces) -> type[SteadySystem]:
        """The equations to solve: the equilibrated ones wherever they hold, unless the method is given."""
        method = self.method
        if method is None:
            method = "equilibrated" if all(c.shares_one_law for c in spaces.compartments) else "full"
        return EquilibratedSystem if method == "equilibrated" else CoupledSystem

    def _span(self, system: SteadySystem) -> Span | None:
        """The directions between rest and the states found so far."""
        if not self._found:
            return None
        return Span.of(system, [system.rest(), *(adopted(found, system) for found in self._found)])

    def _predicted(self, system: SteadySystem) -> State | None:
        """A start on the polynomial in the drive through rest and the last states of this model; after
        another model its last state, if near. None where a first guess is better."""
        if not self._found:
            return None
        last = adopted(self._found[-1], system)
        drives = [_drive(found.system, system) for found in self._found]
        if np.isnan(drives[-1]):
            residual = system.residual(last)
            return last if merit(residual, current_scale(system, residual)) < NEAR else None
        known = {0.0: system.rest()}
        for found, drive in zip(self._found, drives, strict=True):
            if np.isfinite(drive):
                known[drive] = adopted(found, system)
        wanted, nearest = _drive(system, system), sorted(known, key=lambda at: abs(at - drives[-1]))
        for count in range(min(len(nearest), POINTS), 1, -1):
            weights = _lagrange(np.array(nearest[:count]), wanted)
            if np.abs(weights).sum() > AMPLIFIED:
                continue
            change = np.zeros(system.free.size + system.n_scalars)
            for at, weight in zip(nearest[:count], weights, strict=True):
                change += weight * system.difference(known[at], last)
            if system.largest_fraction(last, change) < 1:
                continue
            return system.step(last, change, 1.0)
        return last if wanted == drives[-1] else None


def _lagrange(nodes: Floats, at: float) -> Floats:
    """Weights (n,) of the values at the nodes (n,) in the value of their polynomial at a place."""
    factors = (at - nodes[None, :]) / (nodes[:, None] - nodes[None, :] + np.eye(nodes.size))
    np.fill_diagonal(factors, 1.0)
    return factors.prod(axis=1)


def _drive(system: SteadySystem, present: SteadySystem) -> float:
    """Current density or voltage of a system; NaN if its model or kind of control is not the present one."""
    control = system.control
    if system.model is present.model and type(control) is type(present.control):
        if isinstance(control, Galvanostatic):
            return control.current_density
        if isinstance(control, Potentiostatic):
            return control.cell_voltage
    return np.nan


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
    cell = SteadyCell(mesh, model, method=method, order=order, linear_solver=linear_solver)
    return cell.solve(control, guess=guess, progress=progress)
