"""The full system: its Jacobian, what its rows add up to, linear solvers, Newton."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from cells import I, planar_model
from coupled_cells import SMALL, every_kind, standing

from fem import (
    Direct,
    Galvanostatic,
    MultigridKrylov,
    Potentiostatic,
    solve_steady,
)
from fem.coupled import CoupledSystem
from fem.model import Control
from fem.solve import Order
from fem.spaces import build_spaces
from fem.state import State
from meshes.structured import layered_rectangle
from studies.verification.derivatives import column_error, taylor_slopes

CONTROL = Galvanostatic(current_density=I)
CONTROLS = {"galvanostatic": CONTROL, "potentiostatic": Potentiostatic(cell_voltage=0.15)}
each_control = pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS)
each_order = pytest.mark.parametrize("order", [1, 2])
SCALE = 1e-3  # [A] of the relative inventory equations
VOLT, SALT = 5e-3, 100.0  # size of random potentials [V] and of random deviations of c [mol/m3]


def system_and_state(control: Control, order: Order) -> tuple[CoupledSystem, State]:
    """A cell with every kind of term, at a state that solves nothing."""
    mesh, model = every_kind(rows=SMALL)
    system = CoupledSystem(build_spaces(mesh, model, order), model, control)
    assert system.spaces.floating.size == 1 and len(system.spaces.compartments) == 2
    random, rest = np.random.default_rng(3), system.rest()
    x = rest.x + sizes(system) * random.normal(size=system.size)
    x[system.spaces.fixed] = system.spaces.fixed_values
    voltage = 0.12 if system.has_current_unknown else rest.voltage
    return system, State(x=x, low=np.zeros(x.size), k=1e-4 * random.normal(size=2), voltage=voltage)


def sizes(system: CoupledSystem) -> np.ndarray:
    """Size (n,) of a change of each unknown."""
    return np.where(np.arange(system.size) < system.spaces.size, VOLT, SALT)


def unit(system: CoupledSystem) -> np.ndarray:
    """Size of a change of [x_free, multipliers, V]."""
    scalars = [1e-4] * len(system.capacity) + [VOLT] * int(system.has_current_unknown)
    return np.concatenate((sizes(system)[system.free], scalars))


# --- Jacobian ---


@pytest.mark.parametrize(("control", "order"), [(CONTROL, 1), (CONTROL, 2), (CONTROLS["potentiostatic"], 1)])
def test_jacobian_equals_central_differences(control: Control, order: Order) -> None:
    """Every column, one by one; catches a wrong sign, slope, border or slot anywhere in the pattern."""
    system, state = system_and_state(control, order)
    worst = column_error(system, state, SCALE, 2e-4 * unit(system))
    assert worst < 1e-6


@each_order
@each_control
def test_taylor_remainder_is_of_second_order(control: Control, order: Order) -> None:
    """|R(x + h z) - R(x) - h J z| falls like h^2: slope 2.00 +- 0.05 over four halvings."""
    system, state = system_and_state(control, order)
    z = unit(system) * np.random.default_rng(4).normal(size=unit(system).size)
    rates = taylor_slopes(system, state, z, SCALE, [0.5**k for k in range(4, 9)])
    assert rates == pytest.approx(np.full(4, 2.0), abs=0.05)


def summed(system: CoupledSystem, state: State) -> dict[str, np.ndarray]:
    """Everything that is summed up over the bodies."""
    residual = system.residual(state)
    matrix, losses = system.jacobian(residual, SCALE), system.bulk_losses(state, residual)
    by_region = (*sorted(losses.ohmic_electrolyte.items()), *sorted(losses.concentration.items()))
    return {
        "residual": residual.nodal,
        "matrix": matrix.matrix.toarray(),
        "psi": system.pattern._psi_slope(residual),
        "losses": np.array([losses.ohmic_solid, *(power for _, power in by_region)]),
        "current": system.current_density(state, residual),
        "salt": np.array(list(system.salt_metrics(state, residual, I).values())),
    }


@each_order
def test_parts_of_bodies_and_threads_change_nothing(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bodies in parts to round-off; the threads that share them not at all."""
    system, state = system_and_state(CONTROL, order)
    whole = summed(system, state)
    monkeypatch.setattr("fem.coupled.PART", 2)
    found = {}
    for threads in (1, 3):
        monkeypatch.setattr("fem.kernels.threads", lambda threads=threads: threads)
        parts, _ = system_and_state(CONTROL, order)
        assert len(parts.bodies) > 2 * len(system.bodies)
        found[threads] = summed(parts, state)
    for name, values in whole.items():
        np.testing.assert_array_equal(found[1][name], found[3][name])
        largest = np.nanmax(np.abs(values))
        np.testing.assert_allclose(found[1][name], values, rtol=0, atol=1e-12 * largest, err_msg=name)


@each_order
def test_any_state_conserves_charge_and_salt(order: Order) -> None:
    """Converged or not: the potentials' rows add up to the electrodes' currents, those of the salt to zero.

    Catches a reaction in the balance of the anions, and currents by another quadrature on one side.
    """
    system, state = system_and_state(CONTROL, order)
    residual = system.residual(replace(state, k=np.zeros(2)))
    n = system.spaces.size
    surfaces = zip(system.spaces.surfaces, residual.surfaces, strict=True)
    electrodes = sum(at.current for surface, at in surfaces if surface.first is None)
    assert residual.nodal[:n].sum() == pytest.approx(-electrodes, rel=1e-11)
    assert abs(residual.nodal[n:].sum()) < 1e-12 * np.abs(residual.nodal[n:]).sum()


def test_load_is_taken_from_the_balances() -> None:
    """A source of anions in one half and a sink in the other: their flux between them, with its sign."""
    mesh = layered_rectangle([("separator", 10e-6, 10)], width=1e-6, nx=1)
    model = planar_model(region="separator")
    spaces = build_spaces(mesh, model)
    plain = CoupledSystem(spaces, model, CONTROL)
    z = mesh.points[1][spaces.ionic.nodes]
    load = np.zeros(plain.size)
    load[plain.c_of[plain.salt]] = np.sign(z - 5e-6)
    loaded = CoupledSystem(spaces, model, CONTROL, load=load)
    rest = plain.rest()
    assert plain.residual(rest).nodal - loaded.residual(rest).nodal == pytest.approx(load)


# --- linear solvers and Newton ---


@each_order
@each_control
def test_direct_and_iterative_solutions_agree(control: Control, order: Order) -> None:
    """Two inverses of one matrix; few iterations, one set-up."""
    one, two = (
        solve_steady(*every_kind(3), control, order=order, linear_solver=solver)
        for solver in (Direct(), MultigridKrylov())
    )
    assert two.cell_voltage == pytest.approx(one.cell_voltage, rel=1e-9)
    assert two.phi_e == pytest.approx(
        one.phi_e, abs=1e-9 * np.ptp(one.phi_e[np.isfinite(one.phi_e)]), nan_ok=True
    )
    assert two.phi_s == pytest.approx(one.phi_s, abs=1e-9 * one.metrics["anode_overpotential_V"], nan_ok=True)
    assert two.c == pytest.approx(one.c, rel=1e-9, nan_ok=True)
    assert two.statistics.setups == 1
    assert two.statistics.krylov_iterations <= 25 * two.statistics.newton_steps


CONTRASTS = {
    "as usual": (1e3, 4.5, None),
    "metal fibre": (1e6, 20.0, 0.7),
    "poor fibre": (1.0, 20.0, 0.7),
    "almost single-ion": (1e3, 20.0, 0.9),
    "t+ below 0": (1e3, 4.5, -0.2),
}


@pytest.mark.parametrize("case", CONTRASTS.values(), ids=CONTRASTS)
@pytest.mark.parametrize(("order", "n"), [(1, 4), (1, 8), (2, 4)])
def test_iterations_stay_few_under_contrasts(
    order: Order, n: int, case: tuple[float, float, float | None]
) -> None:
    """At most 25 Krylov iterations a Newton step from one set-up, on every mesh; catches a preconditioner
    that has lost a block."""
    solution = solve_steady(
        *standing(n, *case), CONTROL, method="full", order=order, linear_solver=MultigridKrylov()
    )
    found = solution.statistics
    assert found.setups == 1 and found.newton_steps <= 6
    assert found.krylov_iterations <= 25 * found.newton_steps


@each_order
@pytest.mark.parametrize("current", [200.0, 1000.0])
def test_newton_is_quadratic(current: float, order: Order) -> None:
    """e_k+1 <= C e_k^2 with one C over the last steps: the Jacobian is the derivative of the residual."""
    control = Galvanostatic(current_density=current)
    solution = solve_steady(*every_kind(2), control, order=order, linear_solver=Direct())
    e = np.array(solution.statistics.residual_history)
    late = np.flatnonzero((e[:-1] < 0.3) & (e[1:] > 1e-12))
    assert late.size >= 2
    assert (e[late + 1] / e[late] ** 2).max() < 1.0
