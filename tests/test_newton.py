"""Newton, its first guess and the ramp: few steps, honest failures, depletion named."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from cells import I, L, fibre_mesh, fibre_model, planar_model, standing_fibre, standing_model

from fem import (
    ButlerVolmer,
    Direct,
    FlatLayer,
    Galvanostatic,
    Kinetics,
    LinearKinetics,
    MarcusHushChidsey,
    MultigridKrylov,
    Outcome,
    Potentiostatic,
    SolveFailed,
    SteadyCell,
    ValoenReimers,
    limiting_current,
    linear,
    solve_steady,
)
from fem.bordered import BorderedSystem
from fem.elements import Floats
from fem.film import Film
from fem.linear import LinearSession, LinearStatistics
from fem.newton import TOLERANCE, secant_conductance
from meshes.structured import layered_rectangle

MESH = layered_rectangle([("separator", L, 16)], width=20e-6, nx=2)
LIMIT = limiting_current([FlatLayer(thickness=L)], ValoenReimers(), temperature=298.15, concentration=1000.0)


@pytest.mark.parametrize("i0", [10.0, 100.0])
@pytest.mark.parametrize("cell", ["planar", "floating fibre", "standing fibre"])
def test_first_guess_leaves_few_steps(cell: str, i0: float) -> None:
    """20 mA/cm2: the secant guess starts near enough, <= 6 Newton steps; a planar guess would need 9."""
    kinetics = ButlerVolmer(exchange_current=i0)
    mesh, model = {
        "planar": (MESH, planar_model(kinetics=kinetics)),
        "floating fibre": (fibre_mesh(6), fibre_model(kinetics)),
        "standing fibre": (standing_fibre(4), standing_model(kinetics)),
    }[cell]
    solution = solve_steady(mesh, model, Galvanostatic(current_density=I))
    assert solution.statistics.newton_steps <= 6
    assert solution.statistics.residual_history[-1] < 2 * TOLERANCE


def test_newton_converges_quadratically() -> None:
    """The last steps square the residual; catches an inexact Jacobian or a linear tolerance too loose."""
    solution = solve_steady(
        standing_fibre(2),
        standing_model(ButlerVolmer(exchange_current=10.0)),
        Galvanostatic(current_density=I),
    )
    history = np.array(solution.statistics.residual_history)
    assert (np.diff(history) < 0).all()
    late = history[history < 1e-2]
    assert late.size >= 2
    assert (np.log(late[1:]) < np.maximum(1.6 * np.log(late[:-1]), np.log(TOLERANCE))).all()


@pytest.mark.parametrize(
    "kinetics",
    [
        ButlerVolmer(exchange_current=10.0),
        LinearKinetics(exchange_current=10.0),
        Film(1e-3, ButlerVolmer(exchange_current=100.0)),
        MarcusHushChidsey(exchange_current=10.0, reorganisation_energy=0.3),
    ],
    ids=lambda k: type(k).__name__,
)
@pytest.mark.parametrize("current", [-200.0, 1e-3, 200.0])
def test_secant_gives_the_current_at_its_overpotential(kinetics: Kinetics, current: float) -> None:
    """g eta = i(eta) at the mean current; 0 A/m2 gives the small-signal slope."""
    g = secant_conductance(kinetics, current, 1000.0, 298.15)
    at = kinetics.evaluate(np.array([current / g]), np.array([1000.0]), 298.15)
    assert at.current[0] == pytest.approx(current, rel=1e-6)
    assert secant_conductance(kinetics, 0.0, 1000.0, 298.15) == kinetics.conductance(1000.0, 298.15)


# --- near and above the limiting current ---


@pytest.mark.parametrize(("share", "i0"), [(0.9, 10.0), (0.99, 100.0)])
def test_close_to_the_limit_there_is_a_state(share: float, i0: float) -> None:
    """Below the exact limit a state exists and is found, with nearly no salt left at the foil."""
    model = planar_model(kinetics=ButlerVolmer(exchange_current=i0))
    solution = solve_steady(MESH, model, Galvanostatic(current_density=share * LIMIT))
    assert 0 < solution.metrics["c_min_ratio"] < 1.2 * (1 - share)
    assert solution.metrics["current_density_A_m2"] == pytest.approx(share * LIMIT, rel=1e-9)


@pytest.mark.parametrize(("multiple", "i0"), [(1.05, 100.0), (1.5, 10.0), (200.0, 100.0)])
def test_above_the_limit_depletion_is_named(multiple: float, i0: float) -> None:
    """No state exists: SolveFailed names depletion and the last current that did converge, near the limit."""
    model = planar_model(kinetics=ButlerVolmer(exchange_current=i0))
    with pytest.raises(SolveFailed) as caught:
        solve_steady(MESH, model, Galvanostatic(current_density=multiple * LIMIT))
    failure = caught.value
    assert failure.outcome is Outcome.DEPLETED
    assert failure.state is not None
    assert failure.last_converged_current is not None
    assert 0.5 * LIMIT < failure.last_converged_current < LIMIT
    text = str(failure)
    assert "depleted" in text and "lower the current" in text
    for current, digits in ((multiple * LIMIT, 6), (failure.last_converged_current, 4)):
        assert f"{0.1 * current:.{digits}g} mA/cm2 ({current:.{digits}g} A/m2)" in text
    assert "\n" not in text


def test_a_failure_is_told_alike_whatever_was_tried_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """A point of a sweep that is computed again fails with the same sentence, though its neighbours' states
    are gone: the ramp begins with what was prepared, and no number of an iterate is told."""
    forgotten = []
    forget = linear._KrylovSession.forget
    monkeypatch.setattr(linear._KrylovSession, "forget", lambda s: forgotten.append(s) or forget(s))
    mesh, model = standing_fibre(2), standing_model()
    above = Galvanostatic(current_density=50.0 * LIMIT)
    told = []
    for before in ((), (0.1, 0.3)):
        cell = SteadyCell(mesh, model, linear_solver=MultigridKrylov())
        cell.prepare(Galvanostatic(current_density=0.1 * LIMIT))
        for share in before:
            cell.solve(Galvanostatic(current_density=share * LIMIT))
        with pytest.raises(SolveFailed) as caught:
            cell.solve(above)
        told.append(str(caught.value))
    assert len(forgotten) == 2
    assert told[0] == told[1] and "e-" not in told[0]


def test_giving_up_is_quick() -> None:
    """A stalled iteration is left early: the whole ramp above the limit costs less than 200 Newton steps."""
    counting = _Counting()
    with pytest.raises(SolveFailed):
        solve_steady(MESH, planar_model(), Galvanostatic(current_density=1.5 * LIMIT), linear_solver=counting)
    assert counting.sessions[0].statistics.solves < 200


def test_limit_from_mats_is_not_refused_beforehand() -> None:
    """A mat may carry more than the current that depletes its foil: only the failed ramp decides."""
    layers = [FlatLayer(thickness=20e-6), FlatLayer(thickness=10e-6, porosity=0.55, macmullin=4.5)]
    at_foil = limiting_current(layers, ValoenReimers(), temperature=298.15, concentration=1000.0)
    control = Galvanostatic(current_density=1.05 * at_foil)
    model = standing_model(ButlerVolmer(exchange_current=100.0))
    solution = solve_steady(standing_fibre(2), model, control)
    assert solution.metrics["share_fibres"] > 0.9


@pytest.mark.parametrize("voltage", [0.5, -1.0, 2.0, 10.0])
def test_voltage_beyond_the_limit_current_ends_in_a_state_or_a_failure(voltage: float) -> None:
    """Potentiostatic: the current saturates at the limit; a solution carries the voltage that was asked for.

    Catches a ramp that hands back the voltage of one of its stages.
    """
    try:
        solution = solve_steady(MESH, planar_model(), Potentiostatic(cell_voltage=voltage))
    except SolveFailed as failure:
        assert failure.outcome is Outcome.DEPLETED
        assert failure.last_converged_current is not None
        assert abs(failure.last_converged_current) < LIMIT
        assert abs(voltage) > 1.5
    else:
        assert solution.cell_voltage == voltage
        assert solution.metrics["cell_voltage_V"] == voltage
        assert abs(solution.metrics["current_density_A_m2"]) < LIMIT
        assert solution.split is not None
        assert solution.split.total == pytest.approx(voltage, rel=1e-9)


def test_current_grows_with_voltage_up_to_the_limit() -> None:
    """The polarisation curve is monotone and ends below the exact limit."""
    voltages = [0.2, 0.5, 0.8, 1.2]
    currents = [
        solve_steady(MESH, planar_model(), Potentiostatic(cell_voltage=v)).metrics["current_density_A_m2"]
        for v in voltages
    ]
    assert (np.diff(currents) > 0).all()
    assert 0.97 * LIMIT < currents[-1] < LIMIT


# --- at rest ---


@pytest.mark.parametrize("cell", ["planar", "floating fibre", "standing fibre"])
def test_no_voltage_no_current(cell: str) -> None:
    """V = 0: a cell at rest, with c = c0 everywhere, trusted, and no ratio of round-off among its metrics."""
    mesh, model = {
        "planar": (MESH, planar_model()),
        "floating fibre": (fibre_mesh(4), fibre_model()),
        "standing fibre": (standing_fibre(2), standing_model()),
    }[cell]
    solution = solve_steady(mesh, model, Potentiostatic(cell_voltage=0.0))
    assert solution.metrics["current_density_A_m2"] == 0
    assert solution.metrics["cell_voltage_V"] == 0
    assert max(abs(current) for current in solution.currents.values()) < 1e-20
    assert np.nanmax(np.abs(solution.c - 1000.0)) < 1e-9
    assert solution.split is None
    assert "share_fibres" not in solution.metrics
    assert solution.trusted


@pytest.mark.parametrize("voltage", [1e-9, 1e-6])
def test_small_voltage_meets_the_small_signal_resistance(voltage: float) -> None:
    """V -> 0: I = V / (2 V_T/i0 + L/kappa_ss) with the salt-polarised conductivity, and a closed split."""
    solution = solve_steady(MESH, planar_model(), Potentiostatic(cell_voltage=voltage))
    resistance = 2 * 25.692579e-3 / 10.0 + L / 0.4563
    assert solution.metrics["current_density_A_m2"] == pytest.approx(voltage / resistance, rel=1e-4)
    assert solution.trusted


# --- never an unconverged state ---


@dataclass(frozen=True, kw_only=True)
class _Wrong:
    """A linear solver whose steps are wrong by a factor."""

    factor: float
    name: str = "wrong"

    def start(self) -> LinearSession:
        return _WrongSession(self.factor)


class _WrongSession:
    def __init__(self, factor: float) -> None:
        self.statistics = LinearStatistics()
        self._factor, self._inner = factor, Direct().start()

    def solve(self, system: BorderedSystem, rhs: Floats, rtol: float) -> Floats:
        self.statistics.solves += 1
        return self._factor * self._inner.solve(system, rhs, rtol)

    def prepare(self, system: BorderedSystem) -> None:
        self._inner.prepare(system)

    def forget(self) -> None:
        self._inner.forget()


class _Counting:
    """The direct solver, with its sessions kept for a look at them."""

    name = "counting"

    def __init__(self) -> None:
        self.sessions: list[LinearSession] = []

    def start(self) -> LinearSession:
        self.sessions.append(_WrongSession(1.0))
        return self.sessions[-1]


@pytest.mark.parametrize("factor", [0.0, -1.0, float("nan"), 1e-3])
@pytest.mark.parametrize(
    "control",
    [Galvanostatic(current_density=I), Potentiostatic(cell_voltage=0.3)],
    ids=lambda c: type(c).__name__,
)
def test_unconverged_state_is_never_returned(control, factor: float) -> None:
    """Whatever the steps are worth: either the residual is met or SolveFailed is raised."""
    with pytest.raises(SolveFailed, match=r"did not converge|depleted"):
        solve_steady(MESH, planar_model(), control, linear_solver=_Wrong(factor=factor))


def test_poor_steps_still_lead_to_the_answer() -> None:
    """Steps of 0.7 times the right length converge linearly, to the same tolerance and the same state."""
    control = Galvanostatic(current_density=I)
    exact = solve_steady(MESH, planar_model(), control)
    poor = solve_steady(MESH, planar_model(), control, linear_solver=_Wrong(factor=0.7))
    assert poor.statistics.newton_steps > exact.statistics.newton_steps
    assert poor.statistics.residual_history[-1] < 2 * TOLERANCE
    assert poor.cell_voltage == pytest.approx(exact.cell_voltage, rel=1e-9)


def test_a_mesh_in_the_wrong_unit_is_suspected() -> None:
    """Micrometres taken for metres: depletion at any current, and the sentence asks about the unit."""
    mesh = layered_rectangle([("separator", 50.0, 10)], width=20.0, nx=2)
    with pytest.raises(SolveFailed, match=r"the cell is 50 m high.*scale=1e-6"):
        solve_steady(mesh, planar_model(), Galvanostatic(current_density=100.0))
