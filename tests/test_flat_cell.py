"""The flat cell in closed form against published laws, the constant-property formula and the solver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from cells import I, L

from fem import (
    ButlerVolmer,
    ConstantProperties,
    Electrode,
    Electrolyte,
    ElectrolyteLaw,
    Film,
    FlatLayer,
    Galvanostatic,
    Kinetics,
    LandesfeindGasteiger,
    Model,
    Properties,
    Solution,
    Solvent,
    ValoenReimers,
    flat_state,
    limiting_current,
    solve_steady,
)
from fem.materials import FARADAY
from fem.penetration import mat_transmissibility, penetration_depth, wagner_number
from meshes.structured import layered_rectangle

T, C0 = 298.15, 1000.0
FREE = [FlatLayer(thickness=L)]
CELGARD_2500 = FlatLayer(thickness=25e-6, porosity=0.55, macmullin=4.5)
CELGARD_2325 = FlatLayer(thickness=25e-6, porosity=0.39, macmullin=10.0)
IONIC_LAYER = FlatLayer(thickness=5e-6, porosity=0.4, macmullin=6.0)
MAT = FlatLayer(thickness=60e-6, porosity=0.85, macmullin=1 / mat_transmissibility(0.85))
STACKS = {
    "C0": [CELGARD_2500],
    "C2": [IONIC_LAYER, CELGARD_2500],
    "C5": [MAT, IONIC_LAYER, CELGARD_2500],
}
LAWS: dict[str, tuple[ElectrolyteLaw, float, float]] = {  # law, variable and constant-property limit [A/m2]
    "valoen": (ValoenReimers(), 2475.0, 2006.0),
    "ec-dmc": (LandesfeindGasteiger(Solvent.EC_DMC), 2258.0, 1661.0),
    "ec-emc": (LandesfeindGasteiger(Solvent.EC_EMC), 1912.0, 1433.0),
}


def _at_rest(law: ElectrolyteLaw) -> ConstantProperties:
    """Properties at c0, kept at every concentration."""
    p = Properties.of(law, T)
    return ConstantProperties(
        conductivity=float(p.kappa(C0)),
        diffusivity=float(p.D(C0)),
        transference=float(p.t(C0)),
        thermodynamic_factor=float(p.tdf(C0)),
    )


def _limit(layers: Sequence[FlatLayer], law: ElectrolyteLaw) -> float:
    return limiting_current(layers, law, temperature=T, concentration=C0)


def _formula(layers: Sequence[FlatLayer], law: ConstantProperties) -> float:
    """(F D c0/(1-t+)) int eps dz / int eps zeta dz."""
    pores = moment = zeta = 0.0
    for layer in layers:
        width = layer.thickness * layer.macmullin
        pores += layer.porosity * layer.thickness
        moment += layer.porosity * layer.thickness * (zeta + width / 2)
        zeta += width
    p = Properties.of(law, T)
    return float(FARADAY * p.D(C0) * C0 / (1 - p.t(C0)) * pores / moment)


@pytest.mark.parametrize("name", LAWS)
def test_limiting_current_of_published_laws(name: str) -> None:
    """V1b: 2475, 2258 and 1912 A/m2 over 50 um; with D and t+ of c0 it would be 19 to 27 % less."""
    law, variable, constant = LAWS[name]
    assert _limit(FREE, law) == pytest.approx(variable, abs=0.5)
    assert _limit(FREE, _at_rest(law)) == pytest.approx(constant, abs=0.5)
    assert _formula(FREE, _at_rest(law)) == pytest.approx(constant, abs=0.5)


@pytest.mark.parametrize(
    ("layers", "limit"),
    [
        ([CELGARD_2500], 891.6),
        ([CELGARD_2325], 401.2),
        ([replace(MAT, macmullin=1 / 0.735), *STACKS["C2"]], 730.4),
    ],
    ids=["celgard-2500", "celgard-2325", "C5"],
)
def test_limiting_current_of_layers(layers: list[FlatLayer], limit: float) -> None:
    """V1c: the closed form for layers, with D at c0; catches porosity or N_M in a wrong place."""
    law = _at_rest(ValoenReimers())
    assert _formula(layers, law) == pytest.approx(limit, abs=0.06)
    assert _limit(layers, law) == pytest.approx(_formula(layers, law), rel=1e-6)


def test_limiting_current_does_not_see_how_a_layer_is_cut() -> None:
    """Two layers of the same stuff are one."""
    half = FlatLayer(thickness=12.5e-6, porosity=0.55, macmullin=4.5)
    assert _limit([half, half], ValoenReimers()) == pytest.approx(
        _limit([CELGARD_2500], ValoenReimers()), rel=1e-10
    )


def test_limiting_current_depends_on_the_side_that_plates() -> None:
    """A layer of low porosity on the plating side costs more than on the other side."""
    first, last = _limit([IONIC_LAYER, MAT], ValoenReimers()), _limit([MAT, IONIC_LAYER], ValoenReimers())
    assert first < last


V1B = {  # c_p, c_s [mol/m3], electrolyte voltage [V]
    "valoen": (902.41025, 1101.95300, 21.956317e-3),
    "ec-dmc": (883.38357, 1124.48005, 26.919384e-3),
    "ec-emc": (865.53353, 1145.23961, 35.435753e-3),
}


@pytest.mark.parametrize("name", V1B)
def test_flat_state_of_published_laws(name: str) -> None:
    """V1b to all printed digits."""
    state = flat_state(FREE, LAWS[name][0], temperature=T, concentration=C0, current=I)
    c_plating, c_stripping, voltage = V1B[name]
    assert state.c_plating == pytest.approx(c_plating, abs=6e-6)
    assert state.c_stripping == pytest.approx(c_stripping, abs=6e-6)
    assert state.electrolyte_voltage == pytest.approx(voltage, abs=6e-10)
    assert state.ohmic_voltage + state.concentration_voltage == pytest.approx(voltage, abs=6e-10)
    if name == "valoen":
        assert state.ohmic_voltage == pytest.approx(8.389804e-3, abs=6e-10)


@pytest.mark.parametrize("current", [0.0, -5.0, 2480.0])
def test_flat_state_refuses_currents_without_a_state(current: float) -> None:
    """Above the limit no state exists: one sentence with current, limit and remedy."""
    with pytest.raises(
        ValueError, match=r"limiting current 247.* A/m2, where .* depleted; lower the current"
    ):
        flat_state(FREE, ValoenReimers(), temperature=T, concentration=C0, current=current)


# --- the solver on the same stacks ---


def _solve(layers: Sequence[FlatLayer], kinetics: Kinetics, current: float, *, n: int = 8) -> Solution:
    """The stack in two dimensions, a few elements wide."""
    names = [f"layer_{k}" for k in range(len(layers))]
    mesh = layered_rectangle(
        [(name, layer.thickness, n) for name, layer in zip(names, layers, strict=True)], width=10e-6, nx=2
    )
    model = Model(
        regions={
            name: Electrolyte(law=ValoenReimers(), porosity=layer.porosity, macmullin=layer.macmullin)
            for name, layer in zip(names, layers, strict=True)
        },
        boundaries={
            "foil": Electrode(kinetics, terminal="anode"),
            "counter": Electrode(kinetics, terminal="counter"),
        },
    )
    return solve_steady(mesh, model, Galvanostatic(current_density=current))


@pytest.mark.parametrize("stack", STACKS)
def test_solver_agrees_with_the_closed_form(stack: str) -> None:
    """Concentrations and voltages of layered stacks at half the limiting current, to the mesh's error."""
    layers = STACKS[stack]
    current = 0.5 * _limit(layers, ValoenReimers())
    state = flat_state(layers, ValoenReimers(), temperature=T, concentration=C0, current=current)
    solution = _solve(layers, ButlerVolmer(exchange_current=100.0), current, n=24)
    c = solution.c[solution.mesh.facets[:, solution.mesh.surfaces["foil"]]]
    assert np.ptp(c) < 1e-6
    assert c.mean() == pytest.approx(state.c_plating, rel=2e-4)
    assert C0 * solution.metrics["c_max_ratio"] == pytest.approx(state.c_stripping, rel=1e-4)
    assert solution.metrics["ohmic_electrolyte_V"] == pytest.approx(state.ohmic_voltage, rel=5e-4)
    assert solution.metrics["concentration_V"] == pytest.approx(state.concentration_voltage, rel=5e-4)


KINETICS = {
    "i0 10": ButlerVolmer(exchange_current=10.0),
    "i0 100": ButlerVolmer(exchange_current=100.0),
    "i0 100, R_f": Film(1e-3, ButlerVolmer(exchange_current=100.0)),
}
V16 = {  # I [A/m2], kinetics -> cell voltage [mV] of C0, C2, C5
    (200.0, "i0 10"): (358.65, 373.41, 413.58),
    (200.0, "i0 100"): (141.11, 155.55, 198.87),
    (200.0, "i0 100, R_f"): (541.11, 555.55, 598.87),
    (10.0, "i0 10"): (51.921, None, 54.190),
    (10.0, "i0 100"): (7.602, None, 10.044),
}


@pytest.mark.parametrize("case", V16, ids=str)
def test_planar_stacks_of_the_prediction_table(case: tuple[float, str]) -> None:
    """V16: cell voltages of the planar designs to 0.1 %, from an independent shooting solution."""
    current, kinetics = case
    for stack, voltage in zip(STACKS, V16[case], strict=True):
        if voltage is not None:
            solution = _solve(STACKS[stack], KINETICS[kinetics], current)
            assert 1e3 * solution.cell_voltage == pytest.approx(voltage, rel=1e-3), stack


# --- numbers of a mat ---


@pytest.mark.parametrize(
    ("porosity", "share"),
    [
        (0.95, 0.9078),
        (0.85, 0.7354),
        (0.7, 0.5069),
        (0.5, 0.2616),
        (0.3, 0.0893),
        (0.2, 0.0331),
        (0.15, 0.0131),
    ],
)
def test_mat_transmissibility(porosity: float, share: float) -> None:
    """Tomadakis-Sotirchos through a layered mat: the table of the closure."""
    assert mat_transmissibility(porosity) == pytest.approx(share, abs=6e-5)


def test_mat_transmissibility_at_its_ends() -> None:
    """Free liquid conducts fully; at and below the percolation threshold nothing passes."""
    assert mat_transmissibility(1.0) == 1.0
    assert mat_transmissibility(0.11) == mat_transmissibility(0.05) == 0.0


A_MAT = 1.2e6  # [1/m] wetted area per volume


def _depth(conductivity: float, i0: float, resistance: float = 0.0) -> float:
    kinetics = Film(resistance, ButlerVolmer(exchange_current=i0))
    return 1e6 * penetration_depth(conductivity, kinetics, A_MAT, temperature=T, concentration=C0)


def test_penetration_depth() -> None:
    """V4b and the initial and steady depths of Valoen-Reimers in a mat, in um."""
    assert _depth(0.8, 10.0) == pytest.approx(41.386, abs=1e-3)
    assert _depth(0.85**1.5, 10.0) == pytest.approx(40.96, abs=6e-3)
    assert _depth(0.85**1.5, 100.0) == pytest.approx(12.95, abs=6e-3)
    p, m = Properties.of(ValoenReimers(), T), mat_transmissibility(0.85)
    assert _depth(m * float(p.kappa(C0)), 10.0) == pytest.approx(43.4, abs=0.06)
    assert _depth(m * float(p.kappa(C0)), 100.0) == pytest.approx(13.7, abs=0.06)
    assert _depth(m * float(p.steady_conductivity(C0)), 10.0) == pytest.approx(26.8, abs=0.06)
    assert _depth(m * float(p.steady_conductivity(C0)), 100.0) == pytest.approx(8.48, abs=6e-3)


def test_penetration_depth_sees_the_film() -> None:
    """L_p grows with sqrt(R_ct + R_f); catches a film left out of the area resistance."""
    charge_transfer = 25.692579e-3 / 100.0
    assert _depth(0.8, 100.0, 3 * charge_transfer) == pytest.approx(2 * _depth(0.8, 100.0), rel=1e-7)


@pytest.mark.parametrize(("i0", "number"), [(100.0, 1028.0), (10.0, 10280.0)])
def test_wagner_number_of_a_fibre(i0: float, number: float) -> None:
    """V8: kappa V_T/(i0 r) of a fibre of 0.25 um: no angular variation."""
    kinetics = ButlerVolmer(exchange_current=i0)
    assert wagner_number(1.0, kinetics, 0.25e-6, temperature=T, concentration=C0) == pytest.approx(
        number, rel=5e-4
    )
