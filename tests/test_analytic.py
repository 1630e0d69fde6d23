"""Patch tests, the sense of a trend, every kinetic law on an anode; closed forms are in the verification."""

import numpy as np
import pytest
from cells import I, L, standing_fibre, standing_model

from fem import (
    ButlerVolmer,
    Conductor,
    Electrode,
    Film,
    FixedPotential,
    Galvanostatic,
    LinearKinetics,
    Model,
    SingleIonConductor,
    Tafel,
    solve_steady,
)
from meshes.structured import layered_box, layered_rectangle


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


def test_fast_kinetics_concentrate_current_at_the_top() -> None:
    """Faster kinetics and better wires push the reaction up; catches a fibre that conducts ions, or none."""
    mesh, control = standing_fibre(4), Galvanostatic(current_density=I)
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
