"""Trust checks: they pass on a sound cell and fail when they should."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from cells import I, standing_fibre, standing_model
from painted import painted

from fem import (
    Blocking,
    ButlerVolmer,
    Conductor,
    Electrode,
    Electrolyte,
    FixedPotential,
    Galvanostatic,
    Model,
    SingleIonConductor,
    Solution,
    ValoenReimers,
    solve_steady,
)
from fem import newton as newton_module
from fem.equilibrated import EquilibratedSystem
from fem.linear import Direct
from fem.ramp import solve_system
from fem.results import collect
from fem.spaces import build_spaces
from fem.trust import Check, missed

CONTROL = Galvanostatic(current_density=I)
BV = ButlerVolmer(exchange_current=100.0)


def _check(solution: Solution, name: str) -> bool:
    found = [check for check in solution.trust if check.name == name]
    assert len(found) == 1, name
    assert found[0].text
    return found[0].passed


def test_all_checks_pass_on_a_sound_cell() -> None:
    """The names of the checks, and that nothing fails by default."""
    solution = solve_steady(standing_fibre(2), standing_model(), CONTROL)
    names = {check.name for check in solution.trust}
    assert names == {
        "charge_imbalance", "split_closure", "inventory_error", "psi_spread", "worst_mean_ratio",
        "reversed_share", "law_range_pores", "law_range_separator",
    }  # fmt: skip
    assert solution.trusted


def test_a_missed_check_is_told_with_its_value_and_limit() -> None:
    """Catches a reason that names the check alone, which reads as if it had passed."""
    fine = Check(name="psi_spread", value=0.0, limit=1e-3, passed=True, text="constant")
    bad = Check(name="split_closure", value=3.21e-8, limit=1e-9, passed=False, text="losses add up")
    assert missed([fine]) == ""
    assert missed([fine, bad]) == "split closure is 3.21e-08, limit 1e-09 (check: losses add up)"
    assert replace(fine, limit=None).finding == "psi spread is 0 (check: constant)"


def test_current_that_enters_at_a_fixed_potential_counts() -> None:
    """An electrode against a fixed potential is as sound as a cell of two electrodes."""
    model = Model(
        regions={"separator": SingleIonConductor(conductivity=2.0)},
        boundaries={
            "foil": FixedPotential(potential=0.0),
            "counter": Electrode(BV, terminal="counter"),
        },
    )
    solution = solve_steady(painted(["ssss"] * 4), model, CONTROL)
    assert solution.metrics["charge_imbalance"] < 1e-11
    assert solution.trusted


def _loose(monkeypatch: pytest.MonkeyPatch, *, tolerance: float, inventory: float) -> Solution:
    """The same cell with Newton stopped early."""
    monkeypatch.setattr(newton_module, "TOLERANCE", tolerance)
    monkeypatch.setattr(newton_module, "INVENTORY_TOLERANCE", inventory)
    return solve_steady(standing_fibre(2), standing_model(), CONTROL)


def test_unconverged_charge_and_voltage_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A state short of convergence fails the charge balance and the closure of the split."""
    loose = _loose(monkeypatch, tolerance=1e-2, inventory=1e-2)
    assert not _check(loose, "charge_imbalance")
    assert not _check(loose, "split_closure")
    assert not loose.trusted


def test_lost_salt_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A state whose salt is not what was put in fails its check."""
    loose = _loose(monkeypatch, tolerance=1e-1, inventory=1e-1)
    assert loose.metrics["inventory_error"] > 1e-12
    assert not _check(loose, "inventory_error")


def test_wrong_potential_is_seen() -> None:
    """phi_e that does not belong to c: the spread of phi_e - Psi(c) shows it."""
    mesh, model = standing_fibre(2), standing_model()
    system = EquilibratedSystem(build_spaces(mesh, model), model, CONTROL)
    result = solve_system(system, Direct().start())
    fields = result.residual.fields
    wrong = replace(fields, potential=fields.potential * 1.01)
    result = replace(result, residual=replace(result.residual, fields=wrong))
    spoiled = collect(system, result, "direct", Direct().start().statistics, {}, 0.0)
    assert spoiled.metrics["psi_spread"] == pytest.approx(0.01, rel=0.3)
    assert not _check(spoiled, "psi_spread")


def test_missing_numbers_fail_their_check() -> None:
    """A check whose value is not a number fails; it does not vanish."""
    mesh, model = standing_fibre(2), standing_model()
    system = EquilibratedSystem(build_spaces(mesh, model), model, CONTROL)
    result = solve_system(system, Direct().start())
    fields = result.residual.fields
    wrong = replace(fields, potential=np.where(fields.potential > 0, np.nan, fields.potential))
    result = replace(result, residual=replace(result.residual, fields=wrong))
    spoiled = collect(system, result, "direct", Direct().start().statistics, {}, 0.0)
    assert not _check(spoiled, "psi_spread")
    assert not spoiled.trusted


def test_flat_elements_are_seen() -> None:
    """A mesh with elements below the quality floor is solved, but not trusted."""
    mesh = standing_fibre(2)
    points = mesh.points.copy()
    points[1, abs(points[1] - 22.5e-6) < 1e-9] = 20.0005e-6  # a row of elements of 1 um x 0.5 nm
    flat = replace(mesh, mesh=type(mesh.mesh)(points, mesh.cells))
    solution = solve_steady(flat, standing_model(), CONTROL)
    assert not _check(solution, "worst_mean_ratio")


def test_leaving_the_law_is_seen() -> None:
    """Salt piled up beyond the law's range is named with region, range and value; the run goes on."""
    mesh = standing_fibre(2)
    solution = solve_steady(mesh, standing_model(), Galvanostatic(current_density=1.8e3))
    high = next(check for check in solution.trust if check.name == "law_range_separator")
    assert high.value == pytest.approx(1000 * solution.metrics["c_max_ratio"], rel=1e-3)
    assert not high.passed
    assert "separator" in high.text and "holds from" in high.text


def test_reversed_current_is_information_not_failure() -> None:
    """A floating fibre strips at its bottom: reported with its share, without a limit."""
    mesh = painted(["ssssss", "......", ".####.", ".####.", "......"])
    law = ValoenReimers()
    model = Model(
        regions={
            "fibres": Conductor(conductivity=1e3),
            "pores": Electrolyte(law=law),
            "separator": Electrolyte(law=law),
        },
        interfaces={("fibres", "pores"): BV, ("fibres", "separator"): Blocking()},
        boundaries={"foil": Electrode(BV, terminal="anode"), "counter": Electrode(BV, terminal="counter")},
    )
    solution = solve_steady(mesh, model, CONTROL)
    found = next(check for check in solution.trust if check.name == "reversed_share")
    assert 0.2 < solution.metrics["fibres_reversed_share"] < 0.8
    assert found.value == solution.metrics["anode_reversed_share"] > 0
    assert found.limit is None and found.passed
    assert solution.trusted
