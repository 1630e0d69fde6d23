"""States of the full system: conservation, depletion, the choice of the method, guesses, lean models."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from cells import I, half_covered_square, planar_model, standing_fibre, standing_model
from coupled_cells import every_kind, standing

from fem import (
    Conductor,
    Direct,
    FixedPotential,
    Galvanostatic,
    LinearKinetics,
    Model,
    ModelError,
    MultigridKrylov,
    Outcome,
    Potentiostatic,
    SingleIonConductor,
    Solution,
    SolveFailed,
    solve_steady,
)
from fem.coupled import CoupledSystem
from fem.model import Control
from fem.solve import Method, Order
from fem.state import State
from meshes.structured import layered_rectangle

CONTROL = Galvanostatic(current_density=I)
METHODS: tuple[Method, ...] = ("full", "equilibrated")
each_order = pytest.mark.parametrize("order", [1, 2])


# --- what a converged state keeps ---


@each_order
@pytest.mark.parametrize("control", [CONTROL, Potentiostatic(cell_voltage=0.15)], ids=["I", "V"])
def test_converged_state_conserves_everything(control: Control, order: Order) -> None:
    """Charge, both inventories, the anions' balance, the split of the voltage: all at round-off."""
    solution = solve_steady(*every_kind(2), control, order=order)
    assert solution.method == "full" and solution.trusted
    found = solution.metrics
    for key, limit in (
        ("charge_imbalance", 1e-11), ("split_closure", 1e-11),
        ("inventory_error", 1e-12), ("salt_multiplier", 1e-14),
    ):  # fmt: skip
        assert found[key] < limit, key
    assert np.abs(solution.cluster_currents).max() < 1e-11 * I * solution.projected_area
    assert 1e-3 < found["salt_circulation"] < 0.1
    assert solution.split is not None and solution.split.junction > 0


def test_potentiostatic_and_galvanostatic_are_one_state() -> None:
    """The voltage of one drive, given to the other, brings back its current and fields."""
    mesh, model = every_kind(2)
    one = solve_steady(mesh, model, CONTROL)
    two = solve_steady(mesh, model, Potentiostatic(cell_voltage=one.cell_voltage))
    assert two.metrics["current_density_A_m2"] == pytest.approx(I, rel=1e-9)
    assert two.phi_e == pytest.approx(one.phi_e, abs=1e-11, nan_ok=True)
    assert two.c == pytest.approx(one.c, rel=1e-9, nan_ok=True)


# --- depletion ---


@each_order
def test_depletion_is_named_and_salt_stays_positive(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the limit: a sentence with the last converged current; no iterate with c <= 0 anywhere.

    Catches a step that takes c through zero, where order 2 has its minimum between the nodes.
    """
    least = np.inf
    evaluate = CoupledSystem.residual

    def watched(self: CoupledSystem, state: State, laws=None):
        nonlocal least
        least = min(least, *(part.min() for part in self._salt_at_points(state.x)))
        return evaluate(self, state, laws)

    monkeypatch.setattr(CoupledSystem, "residual", watched)
    with pytest.raises(SolveFailed, match="the salt is depleted") as failure:
        solve_steady(
            half_covered_square(8),
            planar_model(),
            Galvanostatic(current_density=2500.0),
            method="full",
            order=order,
        )
    assert failure.value.outcome is Outcome.DEPLETED
    last = failure.value.last_converged_current
    assert last is not None and last > 1500.0
    assert f"the last converged current is {0.1 * last:.4g} mA/cm2 ({last:.4g} A/m2)" in str(failure.value)
    assert least > 0


@each_order
def test_both_solvers_come_as_near_to_depletion(order: Order) -> None:
    """The ramp ends at one current for both; catches one that starts from the state before alone."""
    reached = []
    for method in METHODS:
        with pytest.raises(SolveFailed, match="the salt is depleted") as failure:
            solve_steady(
                half_covered_square(10),
                planar_model(),
                Galvanostatic(current_density=2000.0),
                method=method,
                order=order,
            )
        reached.append(failure.value.last_converged_current)
    assert reached[0] == pytest.approx(reached[1], rel=1e-6)


@each_order
def test_near_depletion_both_solvers_agree(order: Order) -> None:
    """A state with c down to a tenth is found, after damped steps, and is that of the other solver."""
    control, mesh = Galvanostatic(current_density=1500.0), half_covered_square(16)
    full, other = (solve_steady(mesh, planar_model(), control, method=m, order=order) for m in METHODS)
    assert full.metrics["c_min_ratio"] < 0.15
    assert full.cell_voltage == pytest.approx(other.cell_voltage, rel=2e-3 if order == 1 else 5e-4)


# --- the choice of the method, guesses ---


def test_the_method_is_chosen_and_shown() -> None:
    """One law: equilibrated; two t+ or laws in one body of liquid: full; either may be forced."""
    mesh = standing_fibre(2)
    equal, own = standing_model(), standing(2, 1e3, 4.5, 0.7)[1]
    for model, expected in ((equal, "equilibrated"), (own, "full")):
        solution = solve_steady(mesh, model, CONTROL)
        assert solution.method == solution.statistics.method == expected
        assert solution.trusted
    forced = solve_steady(mesh, equal, CONTROL, method="full")
    assert forced.method == "full" and "salt_multiplier" in forced.metrics
    assert {c.name for c in forced.trust} >= {"salt_multiplier", "salt_circulation", "psi_spread"}
    assert "psi_spread" not in solve_steady(mesh, own, CONTROL).metrics
    with pytest.raises(ModelError, match="or ask for 'full'"):
        solve_steady(mesh, own, CONTROL, method="equilibrated")
    with pytest.raises(ModelError, match="method 'fast' is not known"):
        solve_steady(mesh, equal, CONTROL, method="fast")  # type: ignore[arg-type]


def test_a_t_plus_equal_to_the_laws_still_counts_as_another() -> None:
    """Own t+ 0.38 beside a law with 0.38: the full solver runs, and finds the equilibrated state."""
    mesh, own = standing(4, 1e3, 4.5, 0.38)
    plain = standing(4, 1e3, 4.5, None)[1]
    full, other = solve_steady(mesh, own, CONTROL), solve_steady(mesh, plain, CONTROL)
    assert (full.method, other.method) == ("full", "equilibrated")
    same = solve_steady(mesh, plain, CONTROL, method="full")
    assert full.cell_voltage == pytest.approx(same.cell_voltage, rel=1e-9)
    assert full.cell_voltage == pytest.approx(other.cell_voltage, rel=1e-4)


def test_a_guess_saves_steps_and_must_fit() -> None:
    """From the neighbour in fewer steps to the same state; in none from itself; also from the other one."""
    mesh, model = every_kind(2)
    near = solve_steady(mesh, model, Galvanostatic(current_density=0.98 * I))
    fresh = solve_steady(mesh, model, CONTROL)
    warm = solve_steady(mesh, model, CONTROL, guess=near)
    assert warm.statistics.newton_steps < fresh.statistics.newton_steps
    assert warm.cell_voltage == pytest.approx(fresh.cell_voltage, rel=1e-9)
    assert solve_steady(mesh, model, CONTROL, guess=fresh).statistics.newton_steps == 0
    one = standing_fibre(2)
    other = solve_steady(one, standing_model(), CONTROL)
    full = solve_steady(one, standing_model(), CONTROL, method="full", guess=other)
    assert full.statistics.newton_steps < fresh.statistics.newton_steps
    back = solve_steady(one, standing_model(), CONTROL, guess=full)
    assert back.cell_voltage == pytest.approx(other.cell_voltage, rel=1e-9)


# --- models that lack something ---


def without_salt() -> Model:
    """A single-ion square, linear kinetics above, a fixed potential below."""
    return Model(
        regions={"separator": SingleIonConductor(conductivity=0.1)},
        boundaries={"foil": FixedPotential(potential=0.0), "counter": FixedPotential(potential=0.1)},
    )


def test_models_without_salt_or_conductors_are_the_same_in_both_solvers() -> None:
    """Blocks of no unknowns: no salt, no conductor, neither; both linear solvers."""
    square = layered_rectangle([("separator", 10e-6, 6)], width=5e-6, nx=3)
    flat = layered_rectangle([("pores", 40e-6, 16)], width=1e-5, nx=2)
    fibre = standing_fibre(2)
    dry = standing_model(kinetics=LinearKinetics(exchange_current=10.0))
    ions = SingleIonConductor(conductivity=0.1)
    dry = replace(dry, regions={"fibres": Conductor(conductivity=1e3), "pores": ions, "separator": ions})
    for mesh, model, control in (
        (square, without_salt(), None), (flat, planar_model(region="pores"), CONTROL), (fibre, dry, CONTROL)
    ):  # fmt: skip
        other = solve_steady(mesh, model, control, method="equilibrated")
        for solver in (Direct(), MultigridKrylov()):
            full = solve_steady(mesh, model, control, method="full", linear_solver=solver)
            assert full.phi_e == pytest.approx(
                other.phi_e, abs=1e-4 * np.nanmax(np.abs(other.phi_e)), nan_ok=True
            )  # NaN inside the metal, in both
            assert full.currents == pytest.approx(other.currents, rel=1e-6, abs=1e-15)
            assert full.trusted


def total_salt(solution: Solution, region: str) -> float:
    """int c over a region [mol/m] at order 1."""
    elements = solution.mesh.regions[region]
    return float(
        solution.c[solution.mesh.cells[:, elements]].mean(0) @ solution.mesh.element_volumes[elements]
    )


def test_each_body_of_liquid_keeps_its_own_salt() -> None:
    """1.2 mol/L above the single-ion layer, 1.0 below, porosities counted."""
    solution = solve_steady(*every_kind(2), CONTROL)
    area = solution.mesh.element_volumes[solution.mesh.regions["separator"]].sum()
    assert total_salt(solution, "separator") == pytest.approx(1200.0 * area, rel=1e-12)
    below = {"pores": 1.0, "ionic_layer": 0.4, "gel": 0.8}
    held = sum(p * total_salt(solution, name) for name, p in below.items())
    volume = sum(
        p * solution.mesh.element_volumes[solution.mesh.regions[name]].sum() for name, p in below.items()
    )
    assert held == pytest.approx(1000.0 * volume, rel=1e-12)
