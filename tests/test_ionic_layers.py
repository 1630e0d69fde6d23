"""Ionic layers of every kind in case files: porous with a transference number of its own, or single-ion."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from cases import changed

from fem import (
    ButlerVolmer,
    Conductor,
    Contact,
    Electrode,
    Electrolyte,
    FlatLayer,
    Galvanostatic,
    Grounded,
    Model,
    SingleIonConductor,
    ValoenReimers,
    flat_state,
    limiting_current,
    solve_steady,
)
from fem.materials import thermal_voltage
from geometry.designs import Design
from meshes.structured import layered_box, layered_rectangle
from meshes.tagged import TaggedMesh
from studies import build
from studies.case import Case
from studies.errors import CaseError
from studies.limits import limit, liquids, refuse_depletion, stack_metrics
from studies.parameters import parameters

T, C0, I = 298.15, 1000.0, 200.0
CELGARD_2500 = FlatLayer(thickness=25e-6, porosity=0.55, macmullin=4.5)
DENSE = {
    "kind": "single-ion", "thickness": "5 um", "conductivity": "0.02 S/m",
    "junction_resistance": "2 ohm*cm^2",
}  # fmt: skip
LAYER = "cell.ionic_layer"


def case(name: str, value: Any, *more: tuple[str, Any]) -> Case:
    """The default case with some fields changed."""
    data = changed(name, value)
    for dotted, other in more:
        *tables, key = dotted.split(".")
        table = data
        for part in tables:
            table = table[part]
        table[key] = other
    return Case.from_dict(data)


def stack(*names: str) -> TaggedMesh:
    """Layers of 16, 5 and 25 um by name, with feet beside the foil under fibres."""
    thickness = {"pores": 16e-6, "fibres": 16e-6, "ionic_layer": 5e-6, "separator": 25e-6}
    return layered_box([(n, thickness[n], 8) for n in names], width=4e-6, depth=4e-6, nx=1, ny=1)


# --- case files ---

BAD = {
    "kind": ("cell.ionic_layer.kind", "single", ["single", "porous, single-ion", "did you mean"]),
    "no conductivity": (LAYER, {"kind": "single-ion", "thickness": "1 um"}, ["conductivity", "0.01 S/m"]),
    "porosity of a dense layer": (LAYER, {**DENSE, "porosity": 0.4}, ["porosity", '"porous" only']),
    "conductivity of pores": (
        "cell.ionic_layer.conductivity",
        "1 S/m",
        ["conductivity", '"single-ion" only'],
    ),
    "negative junction": (LAYER, {**DENSE, "junction_resistance": "-1 ohm*cm^2"}, ["-1 ohm", "at least 0"]),
    "rounding": (LAYER, {**DENSE, "junction_resistance": "1e-7 ohm*cm^2"}, ["1e-11 ohm m2", "use 0"]),
    "no area": (LAYER, {**DENSE, "junction_resistance": "1 ohm"}, ["1 ohm", '"1 ohm*cm^2"']),
    "t+ of 1": ("cell.ionic_layer.transference", 1.0, ["transference", "1.0", "at most 0.95"]),
    "negative contact": ("cell.framework.contact_resistance", "-1 ohm*cm^2", ["-1 ohm", "at least 0"]),
}


@pytest.mark.parametrize(("name", "value", "words"), BAD.values(), ids=BAD)
def test_a_mistake_is_named_in_one_sentence(name: str, value: Any, words: list[str]) -> None:
    """Field, value and remedy; one mistake makes one sentence."""
    with pytest.raises(CaseError) as caught:
        Case.from_dict(changed(name, value))
    (found,) = caught.value.problems
    assert found.startswith(name.rsplit(".", 1)[0] if name != LAYER else LAYER)
    assert all(word in found for word in words), found


@pytest.mark.parametrize("layer", [DENSE, {"kind": "porous", "thickness": "5 um", "transference": 0.7}])
def test_layers_read_back_and_are_listed(layer: dict[str, Any]) -> None:
    """The record of a run gives the same case; every number of the layer has a source."""
    one = case(LAYER, layer)
    assert Case.from_dict(one.to_dict()) == one
    sources = {p.name: p.source for p in parameters(one)}
    assert {f"{LAYER}.{key}" for key in layer} <= set(sources)
    assert "0-1 ohm*cm^2" in sources["cell.framework.contact_resistance"]
    plain = {p.name: (p.value, p.source) for p in parameters(Case.shipped())}
    assert plain["cell.ionic_layer.kind"] == ("porous", "default")


# --- models ---


def test_models_of_a_dense_layer() -> None:
    """Junctions on both sides, with 2 ohm cm2 = 2e-4 ohm m2; the mat's own resistance on its feet."""
    dense = case(LAYER, DENSE, ("cell.framework.contact_resistance", "0.5 ohm*cm^2"))
    mesh = stack("fibres", "pores", "ionic_layer", "separator")
    mesh = mesh.with_surfaces({"feet": mesh.surfaces["foil"]})
    model = build.model(dense, Design.BILAYER, mesh)
    assert model.regions["ionic_layer"] == SingleIonConductor(conductivity=0.02)
    assert model.interfaces["pores", "ionic_layer"] == Contact(resistance=2e-4)
    assert model.interfaces["separator", "ionic_layer"] == Contact(resistance=2e-4)
    assert model.boundaries["feet"] == Grounded(resistance=5e-5)
    assert isinstance(model.regions["fibres"], Conductor)
    for design in (Design.FRAMEWORK, Design.PLANAR):
        assert not any(isinstance(j, Contact) for j in build.model(dense, design, mesh).interfaces.values())
    flat = build.model(dense, Design.PLANAR_IONIC, mesh)
    assert set(flat.interfaces) == {("separator", "ionic_layer")}
    assert build.model(Case.shipped(), Design.BILAYER, mesh).boundaries["feet"] == Grounded()


def test_a_flat_case_with_a_dense_layer_gives_the_exact_voltage() -> None:
    """planar_ionic from file to voltage: the separator alone holds salt, the layer adds I (L/kappa + R)."""
    dense = case(LAYER, DENSE)
    mesh = stack("ionic_layer", "separator")
    solution = solve_steady(
        mesh, build.model(dense, Design.PLANAR_IONIC, mesh), build.control(dense), order=2
    )
    current = 100.0
    exact = flat_state([CELGARD_2500], ValoenReimers(), temperature=T, concentration=C0, current=current)

    def transfer(c: float) -> float:
        return 2 * thermal_voltage(T) * np.arcsinh(current / (2 * 100.0 * np.sqrt(c / C0)))

    expected = (
        exact.electrolyte_voltage + transfer(C0) + transfer(exact.c_stripping)
        + current * (5e-6 / 0.02 + 2e-4)
    )  # fmt: skip
    assert solution.cell_voltage == pytest.approx(expected, rel=1e-7)
    assert solution.metrics["junction_V"] == pytest.approx(current * 2e-4, rel=1e-9)


def test_a_flat_case_with_its_own_transference_number() -> None:
    """A layer with t+ = 0.7 goes to the solver, which solves it in full."""
    own = case("cell.ionic_layer.transference", 0.7)
    mesh = stack("ionic_layer", "separator")
    solution = solve_steady(mesh, build.model(own, Design.PLANAR_IONIC, mesh), build.control(own))
    assert solution.method == "full"
    polymer = FlatLayer(thickness=5e-6, porosity=0.4, macmullin=6.0, transference=0.7)
    state = flat_state(
        [polymer, CELGARD_2500], ValoenReimers(), temperature=T, concentration=C0, current=100.0
    )
    assert solution.c.min() == pytest.approx(state.c_plating, rel=1e-4)
    assert liquids(own, Design.PLANAR_IONIC) == [[polymer, CELGARD_2500]]


# --- limiting currents ---


def test_limits_by_body_of_liquid() -> None:
    """A dense layer parts the salt: the body that empties first sets the limit; the porous cell has one."""
    dense, porous = case(LAYER, DENSE), Case.shipped()
    rest = {"temperature": T, "concentration": C0}
    separator = limiting_current([CELGARD_2500], ValoenReimers(), **rest)
    assert limit(dense, liquids(dense, Design.PLANAR_IONIC)) == pytest.approx(separator, rel=1e-12)
    assert limit(dense, liquids(dense, Design.PLANAR)) == pytest.approx(separator, rel=1e-12)
    below, above = liquids(dense, Design.BILAYER)
    assert [layer.thickness for layer in (*below, *above)] == [16e-6, 25e-6]
    mat = limiting_current(below, ValoenReimers(), **rest)
    assert limit(dense, [below, above]) == pytest.approx(min(mat, separator), rel=1e-12)
    assert mat > separator
    assert limit(porous, liquids(porous, Design.PLANAR_IONIC)) < separator
    assert len(liquids(dense, Design.FRAMEWORK)) == len(liquids(porous, Design.BILAYER)) == 1


def test_limits_of_the_mat_under_a_dense_layer() -> None:
    """With the reaction at its top a mat under a dense layer never empties: the separator alone limits."""
    dense = case(LAYER, DENSE)
    mesh = stack("fibres", "pores", "ionic_layer", "separator")
    mesh = mesh.with_surfaces({"fibre_surface": mesh.interface("fibres", "pores")})
    metrics = stack_metrics(dense, Design.BILAYER, mesh, 100.0, 0.85)
    separator = limiting_current([CELGARD_2500], ValoenReimers(), temperature=T, concentration=C0)
    assert metrics["limiting_current_top_A_m2"] == pytest.approx(separator, rel=1e-12)
    assert metrics["limiting_current_foil_A_m2"] == pytest.approx(separator, rel=1e-12)
    thick, thin = (
        stack_metrics(case(LAYER, {**DENSE, "conductivity": k}), Design.PLANAR_IONIC, mesh, 100.0, None)
        for k in ("0.02 S/m", "2e-4 S/m")
    )
    assert thin["wagner"] < 0.1 * thick["wagner"]


def test_depletion_of_a_dense_design_is_refused_where_it_happens() -> None:
    """Above the separator's own limit no steady state exists; the layer is named, not the foil."""
    fine = case(LAYER, DENSE, ("operation.current_density", "89 mA/cm^2"))
    refuse_depletion(fine, (Design.PLANAR_IONIC,))
    above = case(LAYER, DENSE, ("operation.current_density", "120 mA/cm^2"))
    with pytest.raises(CaseError, match="salt at its ionic layer is depleted"):
        refuse_depletion(above, (Design.PLANAR_IONIC,))


# --- flat cells whose layers have transference numbers of their own ---

POLYMER = FlatLayer(thickness=5e-6, porosity=0.4, macmullin=6.0, transference=0.7)


@pytest.mark.parametrize(
    "layers", [[POLYMER, CELGARD_2500], [CELGARD_2500, POLYMER]], ids=["plating side", "counter side"]
)
def test_layer_with_its_own_transference_number(layers: list[FlatLayer]) -> None:
    """In one dimension no anion moves although Psi differs from layer to layer; the full solver agrees.

    Catches a transference number taken for all layers, and W taken for continuous between two of them.
    """
    plain = [replace(layer, transference=None) for layer in layers]
    law, rest = ValoenReimers(), {"temperature": T, "concentration": C0}
    assert limiting_current(layers, law, **rest) > 1.03 * limiting_current(plain, law, **rest)
    exact = flat_state(layers, law, current=I, **rest)
    regions = [f"layer {n}" for n in range(2)]
    mesh = layered_rectangle(
        [(name, layer.thickness, 10) for name, layer in zip(regions, layers, strict=True)], width=2e-6, nx=1
    )
    kinetics = ButlerVolmer(exchange_current=100.0)
    model = Model(
        regions={
            name: Electrolyte(
                law=law, porosity=layer.porosity, macmullin=layer.macmullin, transference=layer.transference
            )
            for name, layer in zip(regions, layers, strict=True)
        },
        boundaries={
            "foil": Electrode(kinetics, terminal="anode"),
            "counter": Electrode(kinetics, terminal="counter"),
        },
    )
    solution = solve_steady(mesh, model, Galvanostatic(current_density=I), order=2)
    assert solution.method == "full"
    assert solution.split is not None
    assert sum(solution.split.ohmic_electrolyte.values()) == pytest.approx(exact.ohmic_voltage, rel=1e-7)
    assert sum(solution.split.concentration.values()) == pytest.approx(exact.concentration_voltage, rel=1e-7)
    assert (solution.c.min(), solution.c.max()) == pytest.approx(
        (exact.c_plating, exact.c_stripping), rel=1e-6
    )
