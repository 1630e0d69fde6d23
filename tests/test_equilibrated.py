"""The equilibrated system: Jacobian, edge form, guesses, a user's own mesh."""

from __future__ import annotations

import numpy as np
import pytest
from cells import I, half_covered_square, planar_model, standing_fibre, standing_model
from painted import CELL, painted_model

from fem import (
    ButlerVolmer,
    Electrode,
    Electrolyte,
    Film,
    Galvanostatic,
    Model,
    Potentiostatic,
    ValoenReimers,
    solve_steady,
)
from fem.equilibrated import EquilibratedSystem
from fem.model import Control
from fem.spaces import build_spaces
from fem.state import State
from meshes.tagged import TaggedMesh
from studies.verification.derivatives import column_error, taylor_slopes

CONTROL = Galvanostatic(current_density=I)
BV = ButlerVolmer(exchange_current=100.0)
LAW = ValoenReimers()


def _system(control: Control) -> tuple[EquilibratedSystem, State]:
    """A cell with every kind of term, at a state that solves nothing."""
    film = Film(2e-3, ButlerVolmer(exchange_current=30.0, transfer_coefficients=(0.4, 0.6)))
    model = painted_model(CELL, kinetics=film, foil=BV, counter=Film(1e-4, BV))
    system = EquilibratedSystem(build_spaces(CELL, model), model, control)
    assert system.spaces.floating.size == 1
    random = np.random.default_rng(3)
    rest = system.rest()
    x = rest.x.copy()
    solid = np.arange(x.size) < system.spaces.n_solid
    x[system.free] += random.normal(size=system.free.size)
    x = np.where(solid, 5e-3 * x, 2e-3 * x)
    x[system.spaces.fixed] = system.spaces.fixed_values
    voltage = 0.12 if system.has_current_unknown else rest.voltage
    return system, State(x=x, low=np.zeros(x.size), k=np.array([0.02]), voltage=voltage)


CONTROLS = {"galvanostatic": CONTROL, "potentiostatic": Potentiostatic(cell_voltage=0.15)}


def _direction(system: EquilibratedSystem) -> np.ndarray:
    """A random step of the size of the unknowns themselves: [x_free, k, V]."""
    size = system.free.size + len(system.equilibria) + int(system.has_current_unknown)
    z = np.random.default_rng(4).normal(size=size)
    z[: system.free.size] *= np.where(system.free < system.spaces.n_solid, 1e-2, 2e-3)
    z[system.free.size :] *= 1e-2
    return z


@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS)
def test_jacobian_equals_central_differences(control: Control) -> None:
    """Every column, one by one; catches a wrong sign, slope, border or slot anywhere in the pattern."""
    system, state = _system(control)
    size = system.free.size + len(system.equilibria) + int(system.has_current_unknown)
    assert column_error(system, state, 1e-3, np.full(size, 1e-5)) < 2e-7


@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS)
def test_taylor_remainder_is_of_second_order(control: Control) -> None:
    """|R(x + h z) - R(x) - h J z| falls like h^2: slope 2.00 +- 0.05 over four halvings."""
    system, state = _system(control)
    rates = taylor_slopes(system, state, _direction(system), 1e-3, [0.5**k for k in range(3, 8)])
    assert rates == pytest.approx(np.full(4, 2.0), abs=0.05)


def test_steps_keep_the_digits_that_rounding_takes() -> None:
    """Catches a residual floor: a step of 1e-21 on potentials of 1e-2 is kept and moves the fluxes."""
    system, state = _system(CONTROL)
    z = np.zeros(_direction(system).size)
    small = 1e-21 * np.random.default_rng(5).normal(size=system.free.size)
    z[: system.free.size] = small
    near = system.step(state, z, 1.0)
    moved = np.zeros(state.x.size)
    moved[system.free] = small
    assert np.array_equal(near.x, state.x)
    assert np.array_equal(near.low, moved)
    stiffness = system.stiffness
    flux = stiffness.apply(np.zeros(moved.size), near.low)
    assert np.abs(flux).max() > 0
    assert flux == pytest.approx(stiffness.apply(moved), rel=1e-12)


def test_currents_of_the_residual_leave_nothing_over() -> None:
    """At any state, converged or not: what enters the fibres, leaves the electrolyte, to round-off."""
    system, state = _system(CONTROL)
    residual = system.residual(state)
    electrodes = sum(
        at.current for s, at in zip(system.spaces.surfaces, residual.surfaces, strict=True) if s.first is None
    )
    assert residual.nodal.sum() == pytest.approx(-electrodes, rel=1e-12)


# --- guesses and repeatability ---


def test_a_guess_saves_newton_steps() -> None:
    """A neighbouring solution is a better start than none, and leads to the same answer."""
    mesh, model = standing_fibre(2), standing_model()
    control = Galvanostatic(current_density=1000.0)
    near = solve_steady(mesh, model, Galvanostatic(current_density=990.0))
    fresh = solve_steady(mesh, model, control)
    warm = solve_steady(mesh, model, control, guess=near)
    assert warm.statistics.newton_steps < fresh.statistics.newton_steps
    assert warm.cell_voltage == pytest.approx(fresh.cell_voltage, rel=1e-9)
    assert solve_steady(mesh, model, control, guess=fresh).statistics.newton_steps == 0


def test_a_guess_may_come_from_the_other_control() -> None:
    """The guess's own voltage must not survive as the control: 0.15 V stays 0.15 V."""
    mesh, model = standing_fibre(2), standing_model()
    galvanostatic = solve_steady(mesh, model, CONTROL)
    given = Potentiostatic(cell_voltage=0.1)
    warm = solve_steady(mesh, model, given, guess=galvanostatic)
    fresh = solve_steady(mesh, model, given)
    assert warm.cell_voltage == 0.1
    assert warm.metrics["current_density_A_m2"] == pytest.approx(
        fresh.metrics["current_density_A_m2"], rel=1e-8
    )


def test_two_runs_agree_bit_for_bit() -> None:
    """Nothing random and no dictionary order enters a solve."""
    one, two = (solve_steady(CELL, painted_model(CELL), CONTROL) for _ in range(2))
    for a, b in ((one.phi_s, two.phi_s), (one.phi_e, two.phi_e), (one.c, two.c)):
        assert np.array_equal(a, b, equal_nan=True)
    assert one.metrics == two.metrics


# --- any mesh ---


def test_users_own_mesh_in_two_dimensions() -> None:
    """Names of the user's choice, any shape of cells: the solver asks for no name of its own."""
    square = half_covered_square(10)
    points = square.points.copy()
    inner = (points > 1e-9).all(0) & (points < points.max() - 1e-9).all(0)
    points[:, inner] += 0.5e-6 * np.random.default_rng(0).uniform(-1, 1, size=(2, int(inner.sum())))
    mesh = TaggedMesh.from_arrays(
        points=points,
        cells=square.cells,
        regions={"glass": np.arange(square.n_elements)},
        surfaces={
            "copper": square.facets[:, square.surfaces["foil"]],
            "lithium": square.facets[:, square.surfaces["counter"]],
        },
    )
    model = Model(
        regions={"glass": Electrolyte(law=LAW)},
        boundaries={
            "copper": Electrode(BV, terminal="anode"),
            "lithium": Electrode(BV, terminal="counter"),
        },
    )
    solution = solve_steady(mesh, model, CONTROL)
    regular = solve_steady(square, planar_model(kinetics=BV), CONTROL)
    assert solution.trusted
    assert set(solution.maps) == {"copper", "lithium"}
    assert solution.cell_voltage == pytest.approx(regular.cell_voltage, rel=2e-3)
