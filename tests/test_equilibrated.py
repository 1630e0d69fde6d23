"""The equilibrated system: Jacobian, bodies without current, compartments, guesses, the salt residual."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from cells import I, half_covered_square, planar_model, standing_fibre, standing_model
from painted import painted

from fem import (
    ButlerVolmer,
    Conductor,
    Electrode,
    Electrolyte,
    Film,
    Galvanostatic,
    Grounded,
    Insulator,
    LandesfeindGasteiger,
    Model,
    Potentiostatic,
    Solution,
    Solvent,
    ValoenReimers,
    solve_steady,
)
from fem.equilibrated import EquilibratedSystem
from fem.materials import FARADAY
from fem.model import Control
from fem.salt import salt_residual
from fem.spaces import build_spaces
from fem.state import State
from meshes.structured import layered_rectangle
from meshes.tagged import TaggedMesh

CONTROL = Galvanostatic(current_density=I)
BV = ButlerVolmer(exchange_current=100.0)
LAW = ValoenReimers()
MATERIALS = {
    "fibres": Conductor(conductivity=50.0),
    "pores": Electrolyte(law=LAW),
    "ionic_layer": Electrolyte(law=LAW, porosity=0.4, macmullin=6.0),
    "separator": Electrolyte(law=LAW, porosity=0.55, macmullin=4.5),
    "filler": Insulator(),
}

# A fibre on its foot, a floating one that reaches into the ionic layer, an insulating grain.
CELL = painted(
    ["ssssssss", "ssssssss", "iiiiiiii", "iiii##ii", "....##..", ".##.##..", ".##.....", ".##...xx"]
)


def _model(mesh: TaggedMesh, *, kinetics=BV, foil=BV, counter=BV) -> Model:
    """Materials of the mesh's regions, one law on all fibres, electrodes where the mesh has them."""
    regions = {name: MATERIALS[name] for name in mesh.regions}
    liquids = [name for name in regions if name not in ("fibres", "filler")]
    boundaries = {
        "feet": Grounded(),
        "foil": Electrode(foil, terminal="anode"),
        "counter": Electrode(counter, terminal="counter"),
    }
    return Model(
        regions=regions,
        interfaces={("fibres", name): kinetics for name in liquids if "fibres" in regions},
        boundaries={name: b for name, b in boundaries.items() if name in mesh.surfaces},
    )


def _system(control: Control) -> tuple[EquilibratedSystem, State]:
    """A cell with every kind of term, at a state that solves nothing."""
    film = Film(2e-3, ButlerVolmer(exchange_current=30.0, transfer_coefficients=(0.4, 0.6)))
    mesh = CELL.with_surfaces({"foil": CELL.surfaces["foil"][:-2]})  # none on the insulating grain
    model = _model(mesh, kinetics=film, foil=BV, counter=Film(1e-4, BV))
    system = EquilibratedSystem(build_spaces(mesh, model), model, control)
    assert system.spaces.floating.size == 1
    random = np.random.default_rng(3)
    rest = system.rest()
    x = rest.x.copy()
    solid = np.arange(x.size) < system.spaces.n_solid
    x[system.free] += random.normal(size=system.free.size)
    x = np.where(solid, 5e-3 * x, 2e-3 * x)
    x[system.spaces.fixed] = system.spaces.fixed_values
    voltage = 0.12 if system.has_current_unknown else rest.voltage
    return system, State(x=x, offset=np.array([0.03]), k=np.array([0.02]), voltage=voltage)


CONTROLS = {"galvanostatic": CONTROL, "potentiostatic": Potentiostatic(cell_voltage=0.15)}


def _direction(system: EquilibratedSystem) -> np.ndarray:
    """A random step of the size of the unknowns themselves: [x_free, k, V]."""
    size = system.free.size + len(system.salty) + int(system.has_current_unknown)
    z = np.random.default_rng(4).normal(size=size)
    z[: system.free.size] *= np.where(system.free < system.spaces.n_solid, 1e-2, 2e-3)
    z[system.free.size :] *= 1e-2
    return z


@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS)
def test_jacobian_equals_central_differences(control: Control) -> None:
    """Every column, one by one; catches a wrong sign, slope, border or slot anywhere in the pattern."""
    system, state = _system(control)
    residual = system.residual(state)
    scale = 1e-3
    matrix = system.jacobian(residual, scale)
    size = system.free.size + len(system.salty) + int(system.has_current_unknown)
    exact = np.stack([matrix.apply(e) for e in np.eye(size)], axis=1)
    step = 1e-5
    difference = np.empty_like(exact)
    for j in range(size):
        e = np.zeros(size)
        e[j] = step
        ahead, behind = (system.residual(system.step(state, e, sign)) for sign in (1.0, -1.0))
        difference[:, j] = (system.right_hand_side(behind, scale) - system.right_hand_side(ahead, scale)) / (
            2 * step
        )
    error = np.abs(exact - difference) / np.abs(exact).max(0)
    assert error.max() < 2e-7, np.unravel_index(error.argmax(), error.shape)


@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS)
def test_taylor_remainder_is_of_second_order(control: Control) -> None:
    """|R(x + h z) - R(x) - h J z| falls like h^2: slope 2.00 +- 0.05 over four halvings."""
    system, state = _system(control)
    residual, z = system.residual(state), _direction(system)
    slope = system.jacobian(residual, 1e-3).apply(z)
    before = system.right_hand_side(residual, 1e-3)
    remainders = []
    for h in 2.0 ** -np.arange(3, 8):
        after = system.right_hand_side(system.residual(system.step(state, z, h)), 1e-3)
        remainders.append(np.abs(before - after - h * slope).sum())
    rates = np.log2(np.array(remainders[:-1]) / remainders[1:])
    assert rates == pytest.approx(np.full(4, 2.0), abs=0.05)


def test_floating_offset_leaves_the_residual_unchanged() -> None:
    """Part of a floating conductor's potential kept as its offset: the same equations, to the last digits."""
    system, state = _system(CONTROL)
    unknowns = system.spaces.floating_unknowns[0]
    x = state.x.copy()
    x[unknowns] += state.offset[0]
    moved = replace(state, x=x, offset=np.zeros(1))
    one, two = (system.residual(s).nodal for s in (state, moved))
    assert np.abs(one - two).max() < 1e-12 * np.abs(one).max()
    still = system.step(state, np.zeros(_direction(system).size), 1.0)
    assert abs(still.x[unknowns].mean()) < 1e-18
    assert np.abs(system.fields(still).potential - system.fields(state).potential).max() < 1e-16


def test_currents_of_the_residual_leave_nothing_over() -> None:
    """At any state, converged or not: what enters the fibres, leaves the electrolyte, to round-off."""
    system, state = _system(CONTROL)
    residual = system.residual(state)
    electrodes = sum(
        at.current for s, at in zip(system.spaces.surfaces, residual.surfaces, strict=True) if s.solid is None
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
    one, two = (solve_steady(CELL, _cell_model(), CONTROL) for _ in range(2))
    for a, b in ((one.phi_s, two.phi_s), (one.phi_e, two.phi_e), (one.c, two.c)):
        assert np.array_equal(a, b, equal_nan=True)
    assert one.metrics == two.metrics


def _cell_model() -> Model:
    model = _model(CELL)
    boundaries = dict(model.boundaries)
    return replace(model, boundaries={k: b for k, b in boundaries.items() if k != "foil"})


# --- bodies that take no part ---

SOUND = painted(["ssssssss", "........", ".####...", ".####...", ".####...", ".####..."], n=2)
HOLLOW = painted(["ssssssss", "........", ".####...", ".#..#...", ".####...", ".####..."], n=2)


def _held(solution: Solution) -> float:
    """int porosity c [mol/m] of the nodal c where there is any."""
    mesh, held = solution.mesh, 0.0
    for name, material in solution.model.regions.items():
        if isinstance(material, Electrolyte):
            c = solution.c[mesh.cells[:, mesh.regions[name]]].mean(0)
            lives = np.isfinite(c)
            held += material.porosity * float((c * mesh.element_volumes[mesh.regions[name]])[lives].sum())
    return held


def test_isolated_pocket_is_left_out() -> None:
    """A pore inside a fibre holds salt that no current reaches: out of the fields and out of the inventory.

    Catches an inventory that counts the pocket's salt, which would shift c everywhere.
    """
    sound, hollow = (solve_steady(mesh, _model(mesh), CONTROL) for mesh in (SOUND, HOLLOW))
    centre = HOLLOW.points[:, HOLLOW.cells].mean(1)
    inside = (abs(centre[0] - 3e-6) < 1e-6) & (abs(centre[1] - 2.5e-6) < 0.5e-6)
    assert inside.sum() == 16
    assert np.isnan(hollow.current_density[:, inside]).all()
    assert hollow.metrics["idle_fibre_area_share"] == pytest.approx(6 / (6 + 12), rel=1e-12)
    assert sound.metrics["idle_fibre_area_share"] == 0
    assert hollow.metrics["fibres_area_m2"] == pytest.approx(sound.metrics["fibres_area_m2"], rel=1e-12)
    put_in = 1000.0 * (HOLLOW.region_volume("pores") - 2e-12 + 0.55 * HOLLOW.region_volume("separator"))
    assert _held(hollow) == pytest.approx(put_in, rel=1e-4)
    assert hollow.metrics["c_min_ratio"] == pytest.approx(sound.metrics["c_min_ratio"], rel=1e-5)
    assert hollow.cell_voltage == pytest.approx(sound.cell_voltage, rel=1e-4)
    assert hollow.trusted


def test_conductor_that_nothing_reaches_is_left_out() -> None:
    """A grain of metal inside an insulator takes no part: the answer is that of the cell without it."""
    with_grain = painted(["ssssss", "......", ".##...", ".##xxx", ".##x#x", ".##xxx"])
    without = painted(["ssssss", "......", ".##...", ".##xxx", ".##xxx", ".##xxx"])
    models = [
        replace(_model(m), boundaries={k: b for k, b in _model(m).boundaries.items() if k != "foil"})
        for m in (with_grain, without)
    ]
    one, two = (
        solve_steady(m, model, CONTROL) for m, model in zip((with_grain, without), models, strict=True)
    )
    assert one.statistics.unknowns == two.statistics.unknowns
    assert one.cell_voltage == pytest.approx(two.cell_voltage, rel=1e-12)
    assert one.cluster_currents.size == 0


# --- several compartments ---


def test_two_compartments_side_by_side() -> None:
    """Two cells parted by a wall share the voltage, each keeps its own salt and the current of its width."""
    mesh = painted(["sssxssssss"] * 8)
    ends = {
        name: facets[np.isin(mesh.f2t[0, facets], mesh.regions["separator"])]
        for name, facets in mesh.surfaces.items()
        if name in ("foil", "counter")
    }
    mesh = mesh.with_surfaces(ends)
    solution = solve_steady(mesh, _model(mesh), CONTROL)
    alone = layered_rectangle([("separator", 8e-6, 8)], width=3e-6, nx=3)
    reference = solve_steady(alone, _model(alone), CONTROL)
    assert solution.cell_voltage == pytest.approx(reference.cell_voltage, rel=1e-10)
    assert solution.projected_area == pytest.approx(9e-6, rel=1e-12)
    assert solution.metrics["c_min_ratio"] == pytest.approx(reference.metrics["c_min_ratio"], rel=1e-10)
    assert solution.metrics["foil_cv"] < 1e-9
    assert solution.trusted


def test_two_compartments_in_series_through_a_floating_plate() -> None:
    """A bipolar plate: two cells in series, twice the voltage, salt conserved on each side of the plate.

    Catches electrolyte without its own path to the counter being taken for a pocket.
    """
    rows = ["ssssss"] * 8 + ["######"] + ["......"] * 8
    mesh = painted(rows)
    same = {**MATERIALS, "pores": MATERIALS["separator"], "fibres": Conductor(conductivity=1e6)}
    model = replace(_model(mesh), regions={name: same[name] for name in mesh.regions})
    solution = solve_steady(mesh, model, CONTROL)
    alone = layered_rectangle([("separator", 8e-6, 8)], width=6e-6, nx=6)
    reference = solve_steady(alone, _model(alone), CONTROL)
    assert solution.cell_voltage == pytest.approx(2 * reference.cell_voltage, rel=1e-6)
    assert solution.metrics["c_min_ratio"] == pytest.approx(reference.metrics["c_min_ratio"], rel=1e-10)
    assert np.abs(solution.cluster_currents).max() < 1e-9 * I * solution.projected_area
    assert solution.metrics["idle_fibre_area_share"] == 0
    assert solution.trusted


def test_grounded_plate_cuts_off_what_lies_below() -> None:
    """Between a grounded plate and the foil there is no voltage: that electrolyte is out."""
    mesh = painted(["ssss"] * 8 + ["####"] + ["...."] * 4)
    ends = mesh.interface("fibres", ("pores", "separator"))
    edge = np.setdiff1d(
        np.flatnonzero(np.isin(mesh.f2t[0], mesh.regions["fibres"]) & (mesh.f2t[1] < 0)), ends
    )
    mesh = mesh.with_surfaces({"feet": edge})
    model = replace(_model(mesh), regions={**_model(mesh).regions, "fibres": Conductor(conductivity=1e6)})
    solution = solve_steady(mesh, model, CONTROL)
    assert "foil" not in solution.maps
    assert np.isnan(solution.phi_e[mesh.points[1] < 3.5e-6]).all()
    assert solution.metrics["idle_fibre_area_share"] == pytest.approx(0.5)
    assert solution.trusted


# --- the salt balance across layers ---


@pytest.mark.parametrize("law", [LAW, LandesfeindGasteiger(Solvent.EC_EMC)], ids=lambda v: v.name)
def test_no_anion_moves_across_layers(law: ValoenReimers) -> None:
    """R_c with porous layers of different MacMullin number falls with the mesh size at every node.

    Catches a MacMullin number on the conductivity but not on the diffusivity.
    """
    sizes = []
    for n in (8, 16, 32):
        mesh = layered_rectangle([("pores", 20e-6, n), ("separator", 20e-6, n)], width=40e-6, nx=2 * n)
        foil = mesh.surfaces["foil"]
        mesh = mesh.with_surfaces({"foil": foil[mesh.points[0][mesh.facets[:, foil]].mean(0) < 20e-6]})
        model = Model(
            regions={
                "pores": Electrolyte(law=law),
                "separator": Electrolyte(law=law, porosity=0.55, macmullin=4.5),
            },
            boundaries=planar_model().boundaries,
        )
        solution = solve_steady(mesh, model, CONTROL)
        residual = salt_residual(mesh, model, solution.phi_e, solution.c)
        sizes.append(float(np.abs(residual).sum()) * FARADAY / (I * solution.projected_area))
    rates = np.log2(np.array(sizes[:-1]) / sizes[1:])
    assert (rates > 0.8).all(), (sizes, rates)
    assert sizes[-1] < 5e-3


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
