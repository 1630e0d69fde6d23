"""Single-ion layers between two bodies of liquid, each with its own salt; junctions with a resistance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from painted import MATERIALS, painted, painted_model

from fem import (
    ButlerVolmer,
    Contact,
    Electrode,
    Electrolyte,
    FixedPotential,
    Galvanostatic,
    LinearKinetics,
    Model,
    ModelError,
    Potentiostatic,
    SingleIonConductor,
    Solution,
    ValoenReimers,
    solve_steady,
)
from fem.conditions import Interface
from fem.flat_cell import FlatLayer, flat_state
from fem.materials import thermal_voltage
from fem.solve import Method
from meshes.structured import layered_box, layered_rectangle
from meshes.tagged import TaggedMesh

T, I = 298.15, 100.0
V_T = thermal_voltage(T)
LAW, BV = ValoenReimers(), ButlerVolmer(exchange_current=100.0)
KAPPA_LAYER, LAYER = 0.02, 5e-6
BELOW, ABOVE = 900.0, 1200.0  # [mol/m3] put in below and above the layer
PORES = Electrolyte(law=LAW, concentration=BELOW)
SEPARATOR = Electrolyte(law=LAW, concentration=ABOVE, porosity=0.55, macmullin=4.5)
IONS = SingleIonConductor(conductivity=KAPPA_LAYER)
CONTROL = Galvanostatic(current_density=I)
METHODS: tuple[Method, ...] = ("equilibrated", "full")
ORDERS = pytest.mark.parametrize("order", [1, 2])

LOW = flat_state([FlatLayer(thickness=40e-6)], LAW, temperature=T, concentration=BELOW, current=I)
HIGH = flat_state(
    [FlatLayer(thickness=25e-6, porosity=0.55, macmullin=4.5)],
    LAW, temperature=T, concentration=ABOVE, current=I,
)  # fmt: skip


def _charge_transfer(c: float) -> float:
    return 2 * V_T * np.arcsinh(I / (2 * 100.0 * np.sqrt(c / 1000.0)))


LIQUIDS = LOW.electrolyte_voltage + HIGH.electrolyte_voltage
ELECTRODES = _charge_transfer(LOW.c_plating) + _charge_transfer(HIGH.c_stripping)
WITHOUT_LAYER = LIQUIDS + ELECTRODES


def flat_mesh(dim: int = 2, n: int = 1) -> TaggedMesh:
    """40 um of pores, 5 um of single-ion layer, 25 um of separator."""
    layers = [("pores", 40e-6, 8 * n), ("layer", LAYER, n), ("separator", 25e-6, 5 * n)]
    if dim == 3:
        return layered_box(layers, width=10e-6, depth=10e-6, nx=1, ny=1)
    return layered_rectangle(layers, width=10e-6, nx=2)


def flat_model(junction: Interface, other: Interface | None = None) -> Model:
    """Lithium, liquid, single-ion layer, liquid, lithium, one junction on both sides unless told."""
    return Model(
        regions={"pores": PORES, "layer": IONS, "separator": SEPARATOR},
        interfaces={("pores", "layer"): junction, ("separator", "layer"): other or junction},
        boundaries={
            "foil": Electrode(BV, terminal="anode"),
            "counter": Electrode(BV, terminal="counter"),
        },
    )


# --- liquid, single-ion layer, liquid: exact ---


@pytest.mark.parametrize("dim", [2, 3])
@pytest.mark.parametrize("resistance", [0.0, 1e-5, 2e-3])
@ORDERS
def test_two_liquids_keep_their_salt_and_the_layer_adds_its_ohmic_drop(
    order: Literal[1, 2], resistance: float, dim: int
) -> None:
    """Each liquid is a flat cell of its own; the layer adds I L/kappa, each junction I R.

    Catches one inventory for both liquids, a Donnan jump, and a salt term in the layer.
    """
    solution = solve_steady(flat_mesh(dim), flat_model(Contact(resistance=resistance)), CONTROL, order=order)
    split = solution.split
    assert split is not None
    exact = WITHOUT_LAYER + I * LAYER / KAPPA_LAYER + 2 * I * resistance
    assert solution.cell_voltage == pytest.approx(exact, abs=2e-8)
    assert split.ohmic_electrolyte["layer"] == pytest.approx(I * LAYER / KAPPA_LAYER, rel=1e-9)
    assert "layer" not in split.concentration
    assert split.junction == pytest.approx(2 * I * resistance, rel=1e-10, abs=1e-17)
    assert split.closure < 1e-12
    mesh = solution.mesh
    z = mesh.node_points(order)[-1]
    for at, expected in ((0.0, LOW.c_plating), (z.max(), HIGH.c_stripping)):
        assert solution.c[z == at] == pytest.approx(expected, rel=1e-6)
    inside = (z > 40e-6 * 1.001) & (z < 45e-6 * 0.999)
    assert np.isnan(solution.c[inside]).all()
    assert solution.metrics["inventory_error"] <= 1e-12
    assert solution.trusted


def test_potential_across_the_layer_and_its_junctions() -> None:
    """phi_e is continuous where the junction has no resistance; with one, the liquid's side is reported."""
    for resistance in (0.0, 1e-3):
        solution = solve_steady(flat_mesh(n=4), flat_model(Contact(resistance=resistance)), CONTROL)
        z = solution.mesh.points[1]
        bottom, top = (solution.phi_e[abs(z - at) < 1e-9].mean() for at in (40e-6, 45e-6))
        assert top - bottom == pytest.approx(I * (LAYER / KAPPA_LAYER + 2 * resistance), rel=1e-9)


def test_currents_through_junctions_run_from_the_layer_to_the_liquid() -> None:
    """Plating current comes down from the counter: into the layer above, out of it below."""
    solution = solve_steady(flat_mesh(), flat_model(Contact(resistance=1e-3)), CONTROL)
    through = I * solution.projected_area
    assert solution.currents["layer|pores"] == pytest.approx(through, rel=1e-9)
    assert solution.currents["layer|separator"] == pytest.approx(-through, rel=1e-9)
    assert "layer|pores" not in solution.maps


@ORDERS
def test_junction_with_an_exchange_current(order: Literal[1, 2]) -> None:
    """I = 2 i0 sinh(dphi/(2 V_T)) on each side, with kinetics that depend on no concentration."""
    i0 = 30.0
    law = ButlerVolmer(exchange_current=i0, concentration_exponent=0.0)
    solution = solve_steady(flat_mesh(), flat_model(law), CONTROL, order=order)
    split = solution.split
    assert split is not None
    drop = 2 * V_T * np.arcsinh(I / (2 * i0))
    assert split.junction == pytest.approx(2 * drop, rel=1e-9)
    assert solution.cell_voltage == pytest.approx(
        WITHOUT_LAYER + I * LAYER / KAPPA_LAYER + 2 * drop, abs=2e-8
    )
    assert split.closure < 1e-12


def test_junction_kinetics_see_the_liquids_concentration() -> None:
    """With the usual exponent, i0 is that of the liquid at the junction, not of the layer."""
    solution = solve_steady(flat_mesh(n=2), flat_model(Contact(), BV), CONTROL)
    top = solution.c[abs(solution.mesh.points[1] - 45e-6) < 1e-9].mean()
    assert top < ABOVE
    assert solution.split is not None
    assert solution.split.junction == pytest.approx(_charge_transfer(top), rel=1e-9)


def test_small_resistance_tends_to_none() -> None:
    """R -> 0 gives the continuous potential: same voltage and fields, error proportional to R."""
    mesh, model = _fibre_through_the_junction()
    exact = solve_steady(mesh, model(Contact()), CONTROL)
    errors = []
    for resistance in (1e-5, 1e-6, 1e-7):
        solution = solve_steady(mesh, model(Contact(resistance=resistance)), CONTROL)
        assert solution.trusted
        errors.append(abs(solution.cell_voltage - exact.cell_voltage))
        assert np.nanmax(abs(solution.c - exact.c)) < 1e3 * resistance / 1e-5
    assert np.diff(np.log10(errors)) == pytest.approx(-1.0, abs=0.05)


def test_linear_kinetics_are_a_resistance() -> None:
    """Contact(R) and linear kinetics with V_T/i0 = R (both ways 1) are one thing."""
    mesh, model = _fibre_through_the_junction()
    resistance = 2e-3
    law = LinearKinetics.of_conductance(1 / resistance, T)
    one, two = (solve_steady(mesh, model(j), CONTROL) for j in (Contact(resistance=resistance), law))
    assert one.cell_voltage == pytest.approx(two.cell_voltage, rel=1e-12)


# --- a fibre through the junction, galvanostatic and potentiostatic ---

ROWS = ["ssssss", "ssssss", "iiiiii", "ii##ii", "..##..", "..##..", "..##..", "......"]


def _fibre_through_the_junction(n: int = 2) -> tuple[TaggedMesh, Callable[[Interface], Model]]:
    """A floating fibre that reaches from the liquid below into a single-ion layer."""
    mesh = painted(ROWS, n=n)
    regions = {**MATERIALS, "pores": PORES, "ionic_layer": IONS, "separator": SEPARATOR}

    def model(junction: Interface) -> Model:
        base = painted_model(mesh)
        return replace(
            base,
            regions={name: regions[name] for name in mesh.regions},
            interfaces={
                **base.interfaces,
                ("pores", "ionic_layer"): junction,
                ("ionic_layer", "separator"): junction,
            },
        )

    return mesh, model


def held(solution: Solution, region: str) -> float:
    """int porosity c0 over a region minus what it holds, relative; order 1."""
    mesh, material = solution.mesh, solution.model.regions[region]
    assert isinstance(material, Electrolyte)
    elements = mesh.regions[region]
    mean = solution.c[mesh.cells[:, elements]].mean(0)
    volumes = mesh.element_volumes[elements]
    return float((mean * volumes).sum() / (material.concentration * volumes.sum()) - 1)


@pytest.mark.parametrize("junction", [Contact(), Contact(resistance=1e-3), BV], ids=["0", "R", "BV"])
@ORDERS
def test_fibre_through_a_junction(order: Literal[1, 2], junction: Interface) -> None:
    """Two bodies of liquid and a fibre in one and in the layer: everything balances, either control.

    Catches a border of one inventory that reaches into the other, and k of the wrong side in the layer.
    """
    mesh, model = _fibre_through_the_junction()
    solution = solve_steady(mesh, model(junction), CONTROL, order=order)
    assert solution.trusted
    assert solution.split is not None and solution.split.closure < 1e-12
    assert solution.metrics["charge_imbalance"] < 1e-11
    assert solution.metrics["psi_spread"] < 1e-10
    assert np.abs(solution.cluster_currents).max() < 1e-9 * I * solution.projected_area
    assert solution.statistics.newton_steps <= 8
    if order == 1:
        assert abs(held(solution, "pores")) < 1e-4 and abs(held(solution, "separator")) < 1e-4
    again = solve_steady(
        mesh, model(junction), Potentiostatic(cell_voltage=solution.cell_voltage), order=order
    )
    assert again.metrics["current_density_A_m2"] == pytest.approx(I, rel=1e-9)
    assert again.phi_e == pytest.approx(solution.phi_e, abs=1e-11, nan_ok=True)
    assert again.c == pytest.approx(solution.c, rel=1e-8, nan_ok=True)


def test_orders_agree_on_a_junction_with_a_fibre() -> None:
    """Order 1 on finer and finer meshes tends to order 2: two discretisations of one problem."""

    def voltage(n: int, order: Literal[1, 2]) -> float:
        mesh, model = _fibre_through_the_junction(n)
        return solve_steady(mesh, model(Contact(resistance=1e-3)), CONTROL, order=order).cell_voltage

    reference = voltage(3, 2)
    errors = [abs(voltage(n, 1) - reference) for n in (1, 2, 4)]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 2e-4 * reference


@ORDERS
def test_layer_directly_on_the_foil(order: Literal[1, 2]) -> None:
    """Lithium plates under the layer: its exchange current is that of the layer's own concentration."""
    mesh = layered_rectangle([("layer", LAYER, 2), ("separator", 25e-6, 10)], width=1e-5, nx=2)
    dense = replace(IONS, concentration=4000.0)
    model = replace(
        flat_model(Contact(resistance=1e-4)),
        regions={"layer": dense, "separator": SEPARATOR},
        interfaces={("layer", "separator"): Contact(resistance=1e-4)},
    )
    solution = solve_steady(mesh, model, CONTROL, order=order)
    exact = (
        HIGH.electrolyte_voltage + _charge_transfer(4000.0) + _charge_transfer(HIGH.c_stripping)
        + I * (LAYER / KAPPA_LAYER + 1e-4)
    )  # fmt: skip
    assert solution.cell_voltage == pytest.approx(exact, abs=2e-8)
    assert solution.metrics["c_min_ratio"] == pytest.approx(np.nanmin(solution.c) / ABOVE, rel=1e-12)
    assert "c_min_anode_ratio" not in solution.metrics
    assert solution.trusted


def test_a_fixed_potential_where_a_layer_meets_salt_is_refused() -> None:
    """Without resistance the layer's node is the liquid's: its W was set to volts, without a word."""
    mesh = flat_mesh()
    sides, layer = mesh.surfaces["sides"], mesh.region_names.index("layer")
    mesh = mesh.with_surfaces({"tap": sides[mesh.region_of_element[mesh.f2t[0, sides]] == layer]})
    model = flat_model(Contact())
    tapped = replace(model, boundaries={**model.boundaries, "tap": FixedPotential(potential=0.02)})
    for method in METHODS:
        with pytest.raises(ModelError, match=r"FixedPotential on 'tap'.*'pores'.*resistance"):
            solve_steady(mesh, tapped, CONTROL, method=method)


def test_both_solvers_agree_on_a_fibre_through_a_junction() -> None:
    """Two discretisations of the salt, one state: voltage, losses, and both bodies' salt."""
    mesh, model = _fibre_through_the_junction()
    one, two = (
        solve_steady(mesh, model(Contact(resistance=1e-3)), CONTROL, method=method, order=2)
        for method in METHODS
    )
    assert two.method == "full" and two.trusted
    assert two.cell_voltage == pytest.approx(one.cell_voltage, rel=1e-5)
    assert two.c == pytest.approx(one.c, rel=1e-4, nan_ok=True)
    assert two.phi_e == pytest.approx(one.phi_e, abs=1e-5, nan_ok=True)
    assert one.split is not None and two.split is not None
    assert two.split.junction == pytest.approx(one.split.junction, rel=1e-5)
    assert two.split.closure < 1e-9
