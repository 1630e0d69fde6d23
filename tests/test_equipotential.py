"""Conductors of one potential: the bound against the resolved state, what is held, and what is not.

Catches a drop of the wrong sign or scale, currents lost with the unknowns that are gone, a floating piece
tied to ground, and a bound that does not hold.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fem import (
    ButlerVolmer,
    Conductor,
    FixedPotential,
    Galvanostatic,
    Grounded,
    LinearKinetics,
    Model,
    ModelError,
    Potentiostatic,
    SingleIonConductor,
    Tafel,
    solve_steady,
)
from fem.solution import Solution
from geometry.designs import Design
from meshes.generate import mesh_stack
from meshes.structured import layered_rectangle
from meshes.tagged import TaggedMesh
from studies import build
from studies.case import Case, CaseError
from studies.verification.cells import (
    CURRENT,
    FAST,
    I,
    floating_mesh,
    floating_model,
    standing_mesh,
    standing_model,
)
from tests.cases import changed

LAWS = {
    "fast": FAST,
    "slow": ButlerVolmer(exchange_current=1.0),
    "tafel": Tafel(exchange_current=1.0),
    "linear": LinearKinetics(exchange_current=100.0),
}


def held(model: Model) -> Model:
    """The model with its metals at one potential."""
    regions = {
        name: replace(material, equipotential=True) if isinstance(material, Conductor) else material
        for name, material in model.regions.items()
    }
    return replace(model, regions=regions)


def both(mesh: TaggedMesh, model: Model, **options) -> tuple[Solution, Solution]:
    """Resolved and held."""
    return solve_steady(mesh, model, CURRENT, **options), solve_steady(mesh, held(model), CURRENT, **options)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("conductivity", [1e4, 100.0, 3.0, 0.3, 0.03])
def test_the_bound_holds_down_to_where_it_is_useless(law: str, conductivity: float) -> None:
    """From drops of a microvolt to some that exceed the whole overpotential."""
    model = standing_model(LAWS[law], counter=FAST, conductivity=conductivity)
    resolved, found = both(standing_mesh(4), model)
    error = resolved.cell_voltage - found.cell_voltage
    assert 0.0 < error <= found.metrics["equipotential_bound_V"]
    assert found.metrics["equipotential_bound_V"] * conductivity == pytest.approx(8e-3, rel=0.1)
    assert found.statistics.unknowns < 0.85 * resolved.statistics.unknowns


@pytest.mark.parametrize(("method", "order"), [("equilibrated", 2), ("full", 1)])
def test_the_estimate_is_first_order_in_every_system(method, order) -> None:
    model = standing_model(FAST, conductivity=1e3)
    resolved, found = both(standing_mesh(4), model, method=method, order=order)
    error = resolved.cell_voltage - found.cell_voltage
    assert found.metrics["equipotential_estimate_V"] == pytest.approx(error, rel=0.03)
    assert found.metrics["split_closure"] < 1e-9 and found.metrics["charge_imbalance"] < 1e-9
    assert found.currents["feet"] == pytest.approx(-resolved.metrics["share_fibres"] * I * 8e-6, rel=1e-3)
    inside = np.isfinite(resolved.phi_s)
    assert found.phi_s[inside] == pytest.approx(
        resolved.phi_s[inside], abs=0.02 * np.ptp(resolved.phi_s[inside])
    )
    metal = resolved.mesh.regions["fibres"]
    flow = resolved.current_density[:, metal]
    assert found.current_density[:, metal] == pytest.approx(flow, abs=0.03 * np.abs(flow).max())


def test_the_bound_is_attained_where_all_current_takes_the_same_drop() -> None:
    """A plate of metal h thick under the liquid: delta = I h/sigma on all of its surface."""
    mesh = layered_rectangle([("fibres", 4e-6, 4), ("separator", 10e-6, 10)], width=6e-6, nx=3)
    model = standing_model(FAST, conductivity=0.5)
    model = replace(
        model,
        regions={name: model.regions[name] for name in ("fibres", "separator")},
        interfaces={("fibres", "separator"): FAST},
        boundaries={"foil": Grounded(), "counter": model.boundaries["counter"]},
    )
    resolved, found = both(mesh, model)
    drop = I * 4e-6 / 0.5
    assert found.metrics["equipotential_bound_V"] == pytest.approx(drop, rel=1e-5)
    assert found.metrics["equipotential_estimate_V"] == pytest.approx(drop, rel=1e-5)
    assert resolved.cell_voltage - found.cell_voltage == pytest.approx(drop, rel=1e-5)


def test_the_power_of_the_drop_bounds_linear_cells() -> None:
    """Thomson's principle: without salt and with linear kinetics, however large the drop."""
    law = LinearKinetics(exchange_current=100.0, concentration_exponent=0.0)
    for conductivity in (100.0, 1.0, 0.01):
        model = standing_model(law, conductivity=conductivity)
        ions = SingleIonConductor(conductivity=1.0)
        model = replace(model, regions={**model.regions, "pores": ions, "separator": ions})
        resolved, found = both(standing_mesh(4), model)
        error = resolved.cell_voltage - found.cell_voltage
        assert 0.0 < error < found.metrics["equipotential_estimate_V"]
        assert error < found.metrics["equipotential_bound_V"]


@pytest.mark.parametrize("resistance", [None, 1e-4])
def test_pieces_that_no_terminal_holds_keep_their_field(resistance: float | None) -> None:
    """A floating fibre, and one behind a contact resistance: nothing changes, nothing is reported."""
    if resistance is None:
        mesh, model = floating_mesh(4), floating_model(standing_model(FAST).regions["pores"].law, FAST)
    else:
        mesh, model = standing_mesh(4), standing_model(FAST, conductivity=10.0)
        model = replace(model, boundaries={**model.boundaries, "feet": Grounded(resistance=resistance)})
    resolved, found = both(mesh, model)
    assert found.cell_voltage == resolved.cell_voltage
    assert found.statistics.unknowns == resolved.statistics.unknowns
    assert "equipotential_bound_V" not in found.metrics


def test_given_voltage_and_stripping() -> None:
    """The bound is one on the voltage at the current found; with the current turned, the drop turns."""
    mesh, model = standing_mesh(4), standing_model(FAST, conductivity=10.0)
    found = solve_steady(mesh, held(model), Potentiostatic(cell_voltage=0.05))
    same = Galvanostatic(current_density=found.metrics["current_density_A_m2"])
    error = solve_steady(mesh, model, same).cell_voltage - 0.05
    assert 0.0 < error <= found.metrics["equipotential_bound_V"]
    back = Galvanostatic(current_density=-I)
    found = solve_steady(mesh, held(model), back)
    error = solve_steady(mesh, model, back).cell_voltage - found.cell_voltage
    assert -found.metrics["equipotential_bound_V"] <= error < 0.0
    assert found.metrics["equipotential_estimate_V"] == pytest.approx(error, rel=0.1)


def test_terminals_of_different_potential_cannot_hold_one_piece() -> None:
    mesh = layered_rectangle([("metal", 4e-6, 2), ("rest", 4e-6, 2)], width=6e-6, nx=3)
    metal = Conductor(conductivity=1.0, equipotential=True)
    ends = {"foil": FixedPotential(potential=0.0), "counter": FixedPotential(potential=0.1)}
    model = Model(regions={"metal": metal, "rest": metal}, boundaries=ends)
    with pytest.raises(ModelError, match=r"joins 'foil' at 0 V and 'counter' at 0\.1 V"):
        solve_steady(mesh, model)
    resolved = Model(regions={"metal": metal, "rest": Conductor(conductivity=1.0)}, boundaries=ends)
    current = solve_steady(mesh, resolved).currents["counter"]
    assert current == pytest.approx(0.1 * 6e-6 / 4e-6, rel=1e-9)  # the drop is that of the rest alone


@pytest.mark.parametrize(
    ("conductivity", "missed"), [(1e4, set()), (50.0, {"voltage"}), (5.0, {"voltage", "currents"})]
)
def test_a_result_is_trusted_while_the_bounds_are_small(conductivity: float, missed: set[str]) -> None:
    """Both checks say what they compare, and local currents change by less than theirs says."""
    model = standing_model(FAST, conductivity=conductivity)
    resolved, found = both(standing_mesh(4), model)
    bound, checks = found.metrics["equipotential_bound_V"], {check.name: check for check in found.trust}
    voltage, currents = (checks[f"equipotential_{name}"] for name in ("voltage", "currents"))
    assert voltage.value == pytest.approx(bound / found.metrics["anode_overpotential_V"])
    assert {name for name, check in checks.items() if check.missed} == {f"equipotential_{m}" for m in missed}
    change = mean = 0.0
    for name in ("fibre_surface", "foil"):
        one, other = resolved.maps[name], found.maps[name]
        change += float((np.abs(one.samples - other.samples) * one.weights).sum())
        mean += float((np.abs(other.samples) * other.weights).sum())
    assert change / mean < currents.value
    assert "equipotential = false" in voltage.text


def test_cases_choose_by_a_key() -> None:
    data = changed("cell.framework.equipotential", value=True)
    case = Case.from_dict(data)
    assert case.cell.framework is not None and case.cell.framework.equipotential
    assert Case.from_dict(case.to_dict()) == case
    data["cell"]["framework"]["contact_resistance"] = "1 ohm*cm^2"
    with pytest.raises(CaseError, match="behind which the fibres have no given potential"):
        Case.from_dict(data)
    with pytest.raises(CaseError, match="equipotential"):
        Case.from_dict(changed("cell.framework.equipotential", value="yes"))


@pytest.mark.gmsh
def test_the_bound_holds_in_a_random_mat() -> None:
    """Fibres bonded at random: the unknowns of the mat are gone, the error stays below its bound."""
    data = changed("designs", ["bilayer"])
    data["cell"] |= {"width": "7 um", "depth": "7 um"}
    data["cell"]["framework"] |= {"thickness": "7 um", "seed": 3}
    data["mesh"]["size"] = "0.4 um"
    case = Case.from_dict(data)
    mesh = mesh_stack(build.cell(case).stack(Design.BILAYER), build.sizing(case))
    for conductivity in (1000.0, 10.0, 0.3):
        metal = Conductor(conductivity=conductivity)
        model = build.model(case, Design.BILAYER, mesh)
        resolved, found = both(mesh, replace(model, regions={**model.regions, "fibres": metal}))
        error = resolved.cell_voltage - found.cell_voltage
        assert 0.0 < error <= found.metrics["equipotential_bound_V"]
        assert found.metrics["share_fibres"] > resolved.metrics["share_fibres"]
        assert found.statistics.unknowns < 0.75 * resolved.statistics.unknowns
