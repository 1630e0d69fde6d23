"""Patch tests and closed forms: planar cells, concentric cylinders, a floating fibre, limits."""

import numpy as np
import pytest
from cells import I, L, fibre_mesh, fibre_model, planar_model, standing_fibre, standing_model
from painted import painted

from fem import (
    ButlerVolmer,
    Conductor,
    ConstantProperties,
    Electrode,
    ElectrolyteLaw,
    Film,
    FixedPotential,
    Galvanostatic,
    IdealDilute,
    LandesfeindGasteiger,
    LinearKinetics,
    Model,
    Potentiostatic,
    SingleIonConductor,
    Solvent,
    Tafel,
    ValoenReimers,
    solve_steady,
)
from fem.materials import thermal_voltage
from meshes.structured import annulus, fibre_in_rectangle, layered_box, layered_rectangle

V_T = thermal_voltage(298.15)


def _planar_mesh(dim: int, n: int = 20):
    layers = [("separator", L, n)]
    if dim == 2:
        return layered_rectangle(layers, width=20e-6, nx=3)
    return layered_box(layers, width=20e-6, depth=10e-6, nx=3, ny=2)


@pytest.mark.parametrize("dim", [2, 3])
@pytest.mark.parametrize("kind", [Conductor, SingleIonConductor])
def test_patch_linear_field(dim: int, kind: type) -> None:
    """A linear potential is reproduced to round-off in both phases; catches any error of assembly."""
    model = Model(
        regions={"separator": kind(conductivity=3.0)},
        boundaries={"foil": FixedPotential(potential=0.2), "counter": FixedPotential(potential=0.7)},
    )
    mesh = _planar_mesh(dim)
    solution = solve_steady(mesh, model)
    phi = solution.phi_s if kind is Conductor else solution.phi_e
    assert np.abs(phi - (0.2 + 0.5 * mesh.points[-1] / L)).max() < 1e-13
    assert solution.current_density[-1] == pytest.approx(-3.0 * 0.5 / L, rel=1e-10)
    assert sum(solution.currents.values()) == pytest.approx(0.0, abs=1e-12 * max(solution.currents.values()))


def test_patch_layers_in_series() -> None:
    """Three single-ion layers of different conductivity and thickness: the exact series resistance."""
    kappa, thickness = (0.1, 5.0, 0.7), (5e-6, 20e-6, 25e-6)
    names = ("a", "b", "c")
    mesh = layered_box(
        [(n, t, 4) for n, t in zip(names, thickness, strict=True)], width=1e-5, depth=1e-5, nx=2, ny=2
    )
    model = Model(
        regions={n: SingleIonConductor(conductivity=k) for n, k in zip(names, kappa, strict=True)},
        boundaries={"foil": FixedPotential(potential=0.0), "counter": FixedPotential(potential=0.01)},
    )
    solution = solve_steady(mesh, model)
    resistance = sum(t / k for t, k in zip(thickness, kappa, strict=True))
    assert solution.currents["counter"] == pytest.approx(0.01 / resistance * 1e-10, rel=1e-10)


@pytest.mark.parametrize("dim", [2, 3])
@pytest.mark.parametrize(("i0", "voltage"), [(10.0, 0.32527497), (100.0, 0.10769144)])
def test_planar_cell_constant_properties(dim: int, i0: float, voltage: float) -> None:
    """V1: c, ohmic and concentration voltage and the cell voltage in closed form, to 1e-6.

    Catches (1-2t+), TDF counted twice, a missing inventory constraint (c pinned to c0 at the stripping side).
    """
    law = ConstantProperties(conductivity=1.0, diffusivity=3e-10, transference=0.38, thermodynamic_factor=1.0)
    solution = solve_steady(
        _planar_mesh(dim),
        planar_model(law, ButlerVolmer(exchange_current=i0)),
        Galvanostatic(current_density=I),
    )
    assert solution.metrics["c_min_ratio"] == pytest.approx(0.8929025, rel=1e-6)
    assert solution.metrics["c_max_ratio"] == pytest.approx(1.1070975, rel=1e-6)
    assert solution.metrics["ohmic_electrolyte_V"] == pytest.approx(10e-3, rel=1e-6)
    assert solution.metrics["concentration_V"] == pytest.approx(6.850263e-3, rel=1e-6)
    kinetic = sum(
        2 * V_T * np.arcsinh(I / (2 * i0 * np.sqrt(ratio))) for ratio in (0.8929024531, 1.1070975469)
    )
    exact = 10e-3 + 2 * V_T * 0.62 * np.log(1.1070975469 / 0.8929024531) + kinetic
    assert exact == pytest.approx(voltage, rel=1e-6)
    assert solution.cell_voltage == pytest.approx(exact, rel=1e-7)


VARIABLE = [
    (ValoenReimers(), 902.41025, 1101.95300, 21.956317e-3),
    (LandesfeindGasteiger(Solvent.EC_DMC), 883.38357, 1124.48005, 26.919384e-3),
    (LandesfeindGasteiger(Solvent.EC_EMC), 865.53353, 1145.23961, 35.435753e-3),
]


@pytest.mark.parametrize(
    ("law", "lowest", "highest", "voltage"), VARIABLE, ids=lambda v: getattr(v, "name", "")
)
def test_planar_cell_variable_properties(
    law: ElectrolyteLaw, lowest: float, highest: float, voltage: float
) -> None:
    """V1b: concentrations and electrolyte voltage with published laws, to 1e-6."""
    solution = solve_steady(_planar_mesh(2), planar_model(law), Galvanostatic(current_density=I))
    metrics = solution.metrics
    assert 1000 * metrics["c_min_ratio"] == pytest.approx(lowest, rel=1e-6)
    assert 1000 * metrics["c_max_ratio"] == pytest.approx(highest, rel=1e-6)
    assert metrics["ohmic_electrolyte_V"] + metrics["concentration_V"] == pytest.approx(voltage, rel=1e-6)


@pytest.mark.parametrize(("i0", "voltage"), [(10.0, 0.33022911), (100.0, 0.11268244)])
def test_planar_cell_voltage_valoen(i0: float, voltage: float) -> None:
    """V1b: the cell voltage with Valoen-Reimers properties, galvanostatic and potentiostatic alike."""
    model = planar_model(kinetics=ButlerVolmer(exchange_current=i0))
    mesh = _planar_mesh(2)
    solution = solve_steady(mesh, model, Galvanostatic(current_density=I))
    assert solution.cell_voltage == pytest.approx(voltage, rel=1e-6)
    again = solve_steady(mesh, model, Potentiostatic(cell_voltage=solution.cell_voltage))
    assert again.metrics["current_density_A_m2"] == pytest.approx(I, rel=1e-8)
    assert np.nanmax(np.abs(again.c - solution.c)) < 1e-6


def test_ideal_dilute_voltage_is_nernst() -> None:
    """V12: with the ideal dilute law the electrolyte's voltage is 2 V_T ln(c_s/c_p), 11.04881 mV."""
    solution = solve_steady(_planar_mesh(2), planar_model(IdealDilute()), Galvanostatic(current_density=I))
    total = solution.metrics["ohmic_electrolyte_V"] + solution.metrics["concentration_V"]
    assert total == pytest.approx(11.04881e-3, rel=1e-6)


def test_reversed_current_mirrors_the_cell() -> None:
    """Stripping the anode is plating the counter: V -> -V and c mirrored; catches a sign error."""
    mesh = _planar_mesh(2)
    plating = solve_steady(mesh, planar_model(), Galvanostatic(current_density=I))
    stripping = solve_steady(mesh, planar_model(), Galvanostatic(current_density=-I))
    assert stripping.cell_voltage == pytest.approx(-plating.cell_voltage, rel=1e-9)
    order = np.lexsort((mesh.points[0], mesh.points[1]))
    mirrored = np.lexsort((mesh.points[0], -mesh.points[1]))
    assert np.abs(plating.c[order] - stripping.c[mirrored]).max() < 1e-6


@pytest.mark.parametrize("i0", [1e5, 10.0])
def test_concentric_cylinders(i0: float) -> None:
    """V6: R' = ln(b/a)/(2 pi kappa) + V_T/(2 pi a i0), second order on nested rings.

    Catches a wrong surface quadrature or conductance. At i0 = 10 the surface term is all of R' and its error
    that of the polygon's perimeter, known exactly.
    """
    a, b, kappa, volts = 0.25e-6, 2e-6, 1.0, 1e-4
    model = Model(
        regions={"pores": SingleIonConductor(conductivity=kappa)},
        boundaries={
            "inner": Electrode(LinearKinetics(exchange_current=i0), terminal="counter"),
            "outer": FixedPotential(potential=0.0),
        },
    )
    exact = np.log(b / a) / (2 * np.pi * kappa) + V_T / (2 * np.pi * a * i0)
    errors = []
    for n in (1, 2, 4, 8):
        mesh = annulus(a, b, n_radial=6 * n, n_angular=12 * n)
        solution = solve_steady(mesh, model, Potentiostatic(cell_voltage=volts))
        errors.append(abs(volts / abs(solution.currents["outer"]) / exact - 1))
    rates = np.log2(np.array(errors[:-1]) / errors[1:])
    assert (rates > 1.9).all(), (errors, rates)
    assert errors[-1] < 5e-4


def test_floating_fibre_is_bipolar() -> None:
    """V8: a floating fibre in a uniform field carries 4 kappa E r/(1+Wa) through itself and nothing net.

    Catches a floating conductor that is silently grounded, and currents from rounded potentials.
    """
    radius, side, kappa, field, i0 = 0.25e-6, 5e-6, 1.0, 100.0, 1e5
    model = Model(
        regions={"fibres": Conductor(conductivity=1e6), "pores": SingleIonConductor(conductivity=kappa)},
        interfaces={("fibres", "pores"): LinearKinetics(exchange_current=i0)},
        boundaries={
            "bottom": FixedPotential(potential=0.0),
            "top": FixedPotential(potential=field * side),
        },
    )
    wa = kappa * V_T / (i0 * radius)
    for n, limit in ((8, 6e-3), (16, 2e-3)):
        solution = solve_steady(fibre_in_rectangle(radius, width=side, height=side, n=n), model)
        on_fibre = solution.maps["fibre_surface"]
        through = np.abs(on_fibre.areas * on_fibre.current_density).sum() / 2
        assert through == pytest.approx(4 * kappa * field * radius / (1 + wa), rel=limit)
        assert np.abs(on_fibre.samples).max() == pytest.approx(2 * kappa * field / (1 + wa), rel=limit)
        assert abs(solution.cluster_currents[0]) < 1e-9 * through
        assert solution.phi_s[solution.mesh.regions["fibres"][0]] == pytest.approx(field * side / 2, rel=0.1)


def test_insulating_kinetics_give_uniform_current_by_area() -> None:
    """V14: i0 -> 0 spreads the current evenly over all true surface; share_fibres = A_f/(A_f + A_foil)."""
    mesh = standing_fibre(3)
    solution = solve_steady(
        mesh, standing_model(ButlerVolmer(exchange_current=1e-4)), Galvanostatic(current_density=1.0)
    )
    fibres, foil = solution.metrics["fibres_area_m2"], solution.metrics["foil_area_m2"]
    assert solution.metrics["share_fibres"] == pytest.approx(fibres / (fibres + foil), rel=1e-4)
    assert solution.metrics["anode_cv"] < 1e-3


def test_fast_kinetics_concentrate_current_at_the_top() -> None:
    """Faster kinetics and better wires push the reaction up; catches a fibre that conducts ions, or none."""
    mesh, control = standing_fibre(3), Galvanostatic(current_density=I)
    slow, fast = (
        solve_steady(mesh, standing_model(ButlerVolmer(exchange_current=i0)), control).metrics[
            "top_bottom_ratio"
        ]
        for i0 in (10.0, 1000.0)
    )
    assert 1 < slow < fast


@pytest.mark.parametrize("law", [LinearKinetics(exchange_current=50.0), Tafel(exchange_current=50.0)])
def test_any_kinetic_law_can_be_the_anode(law) -> None:
    """A cell converges with each law on the fibre's side; the counter keeps Butler-Volmer."""
    model = standing_model(law)
    counter = Electrode(Film(1e-4, ButlerVolmer(exchange_current=100.0)), terminal="counter")
    model = Model(
        regions=model.regions,
        interfaces=model.interfaces,
        boundaries={**model.boundaries, "counter": counter},
    )
    solution = solve_steady(standing_fibre(2), model, Galvanostatic(current_density=I))
    assert solution.trusted
    assert solution.metrics["film_counter_V"] == pytest.approx(1e-4 * I, rel=1e-6)


@pytest.mark.parametrize("m", [0.5, 1.0, 2.0])
def test_fin(m: float) -> None:
    """V7 for a plate: current tanh(m)/m of the uniform one, overpotential base/tip cosh m, m = L/lambda.

    lambda = sqrt(sigma t/g). Catches a wrong factor on the conductor's sigma.
    """
    mesh = painted(["#.."] * 40)
    height, half = 40e-6, 1e-6
    x = mesh.points[0][mesh.facets]
    mesh = mesh.with_surfaces({"right": np.flatnonzero((x > 3e-6 - 1e-12).all(0))})
    law = LinearKinetics(exchange_current=100.0)
    sigma = 100.0 / V_T * (height / m) ** 2 / half
    model = Model(
        regions={"fibres": Conductor(conductivity=sigma), "pores": SingleIonConductor(conductivity=100.0)},
        interfaces={("fibres", "pores"): law},
        boundaries={"feet": FixedPotential(potential=0.0), "right": FixedPotential(potential=0.01)},
    )
    solution = solve_steady(mesh, model)
    uniform = 100.0 / V_T * 0.01 * height
    assert solution.currents["fibre_surface"] == pytest.approx(uniform * np.tanh(m) / m, rel=2e-3)
    tip = 0.01 - np.nanmax(solution.phi_s)
    assert 0.01 / tip == pytest.approx(np.cosh(m), rel=2e-3)


def test_fibre_conductor_limits() -> None:
    """sigma -> infinity: the fibre is equipotential, and a further factor 1e3 changes nothing."""
    mesh, control = fibre_mesh(6), Galvanostatic(current_density=I)
    one, two = (solve_steady(mesh, fibre_model(conductivity=s), control) for s in (1e6, 1e9))
    nodes = np.isfinite(one.phi_s)
    assert np.ptp(two.phi_s[nodes]) < 1e-9
    assert one.cell_voltage == pytest.approx(two.cell_voltage, rel=1e-7)
