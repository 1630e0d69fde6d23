"""The span of earlier states: what it holds, its best step, and what it saves on a curve."""

import numpy as np
import pytest

from fem import (
    Conductor,
    FixedPotential,
    Galvanostatic,
    Model,
    MultigridKrylov,
    Potentiostatic,
    SteadyCell,
    newton,
)
from fem.span import Span
from meshes.structured import layered_rectangle
from tests.cells import standing_fibre, standing_model

MESH, MODEL = standing_fibre(6), standing_model()
CURRENTS = [float(i) for i in range(50, 450, 50)]


def _cell(method: str = "equilibrated") -> SteadyCell:
    return SteadyCell(MESH, MODEL, method=method, linear_solver=MultigridKrylov())


def _curve(cell: SteadyCell, currents=CURRENTS):
    return [cell.solve(Galvanostatic(current_density=i)) for i in currents]


@pytest.mark.parametrize("method", ["equilibrated", "full"])
def test_directions_are_orthonormal_and_hold_what_states_differ_by(method: str):
    cell = _cell(method)
    found = [solution.guess for solution in _curve(cell, CURRENTS[:3])]
    system, states = found[-1].system, [point.state for point in found]
    span = Span.of(system, states)
    u = span.directions
    assert np.allclose(u.T @ u, np.eye(u.shape[1]), atol=1e-12)
    for state in states[:-1]:
        z = system.difference(states[-1], state)
        assert np.linalg.norm(z - u @ (u.T @ z)) < 1e-9 * np.linalg.norm(z)
    assert Span.of(system, [*states, states[-1]]).directions.shape == u.shape  # nothing new, nothing more


def test_the_best_step_is_that_of_least_squares():
    cell = _cell()
    found = [solution.guess for solution in _curve(cell, CURRENTS[:3])]
    system = found[-1].system.with_control(Galvanostatic(current_density=220.0))
    span = Span.of(system, [point.state for point in found])
    residual = system.residual(found[-1].state)
    scale = newton.current_scale(system, residual)
    matrix, rhs = system.jacobian(residual, scale), system.right_hand_side(residual, scale)
    z, left = span.step(matrix, rhs)
    images = np.column_stack([matrix.apply(u) for u in span.directions.T])
    y = np.linalg.lstsq(images, rhs, rcond=None)[0]
    assert np.allclose(z, span.directions @ y, rtol=0, atol=1e-8 * np.abs(z).max())
    assert left == pytest.approx(np.linalg.norm(rhs - images @ y) / np.linalg.norm(rhs), rel=1e-6)


def test_a_curve_needs_half_the_iterations(monkeypatch):
    """Catches a span that is lost on the way to Newton's method, and one that leads astray."""
    with_span = _curve(_cell())
    monkeypatch.setattr(SteadyCell, "_span", lambda _self, _system: None)
    without = _curve(_cell())
    for one, other in zip(with_span, without, strict=True):
        assert one.cell_voltage == pytest.approx(other.cell_voltage, rel=1e-9)
    later = slice(3, None)
    iterations = [sum(s.statistics.krylov_iterations for s in curve[later]) for curve in (with_span, without)]
    assert iterations[0] <= 0.6 * iterations[1]


def test_voltages_are_spanned_as_well():
    cell = _cell()
    found = [cell.solve(Potentiostatic(cell_voltage=v)) for v in (0.02, 0.04, 0.06, 0.08)]
    alone = _cell().solve(Potentiostatic(cell_voltage=0.08))
    assert found[-1].metrics["current_density_A_m2"] == pytest.approx(
        alone.metrics["current_density_A_m2"], rel=1e-9
    )
    assert found[-1].statistics.krylov_iterations < alone.statistics.krylov_iterations


def test_a_step_that_leads_nowhere_is_not_the_end():
    """A span without the answer: Newton goes on by its own direction."""

    class Astray(Span):
        def step(self, matrix, rhs):
            return -rhs * 1e3, 0.0

    cell = _cell()
    first = cell.solve(Galvanostatic(current_density=100.0)).guess
    system = first.system.with_control(Galvanostatic(current_density=120.0))
    span = Astray(directions=np.zeros((1, 1)))
    result = newton.newton(system, first.state, cell._session, span)
    assert result.outcome == "converged"


@pytest.mark.parametrize("method", ["equilibrated", "full"])
def test_a_cell_at_rest_may_be_solved_again(method: str):
    """All fixed potentials are zero and there is no salt: states differ by nothing, and span nothing."""
    mesh = layered_rectangle([("metal", 1e-6, 2)], width=1e-6, nx=2)
    ends = {"foil": FixedPotential(potential=0.0), "counter": FixedPotential(potential=0.0)}
    model = Model(temperature=298.15, regions={"metal": Conductor(conductivity=1.0)}, boundaries=ends)
    cell = SteadyCell(mesh, model, method=method)
    for solution in (cell.solve(), cell.solve()):
        assert np.nanmax(np.abs(solution.phi_s)) == 0.0
