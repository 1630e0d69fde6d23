"""The equilibrated solver at order 2: Jacobian, conservation, curved cells, and all that reads its fields."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import meshio
import numpy as np
import pytest
from cells import fibre_mesh, fibre_model, standing_fibre, standing_model
from painted import MATERIALS, painted

from fem import (
    ButlerVolmer,
    Conductor,
    Contact,
    Electrode,
    Film,
    FixedPotential,
    Galvanostatic,
    Grounded,
    LinearKinetics,
    Model,
    MultigridKrylov,
    Potentiostatic,
    SingleIonConductor,
    Solution,
    current_map,
    solve_steady,
)
from fem.elements import Elements
from fem.equilibrated import EquilibratedSystem
from fem.materials import FARADAY
from fem.model import Control
from fem.salt import salt_residual
from fem.spaces import build_spaces
from fem.state import State
from meshes.curving import curve
from meshes.exact_surfaces import Shape, Sphere
from meshes.structured import annulus, layered_box, layered_rectangle
from meshes.tagged import TaggedMesh
from studies.verification.derivatives import column_error

I = 200.0
CONTROL = Galvanostatic(current_density=I)
CONTROLS = {"galvanostatic": CONTROL, "potentiostatic": Potentiostatic(cell_voltage=0.15)}
Order = Literal[1, 2]
ORDERS = pytest.mark.parametrize("order", [1, 2])
BV = ButlerVolmer(exchange_current=100.0)
RECTANGLE = layered_rectangle([("a", 2.0, 3), ("b", 1.0, 2)], width=1.5, nx=4)
BOX = layered_box([("a", 2.0, 2), ("b", 1.0, 1)], width=1.5, depth=1.0, nx=2, ny=2)


def curved_fibre(n: int) -> TaggedMesh:
    """The floating fibre of 1 um in its 5 um square, with a round surface."""
    mesh = fibre_mesh(n)
    circle = Sphere(centre=(2.5e-6, 2.5e-6), radius=0.5e-6)
    return curve(mesh, [Shape(surface=circle, facets=mesh.surfaces["fibre_surface"])])


# --- the Jacobian, with every kind of surface ---

LEGEND = {"#": "fibres", "g": "grain", ".": "pores", "i": "ionic_layer", "s": "separator", "x": "filler"}
ROWS = ["ssssss", "iiiiii", "iii##i", "...##.", "......", ".gg...", ".#...x"]


def everything(n: int = 1) -> tuple[TaggedMesh, Model]:
    """Feet and a grain with contact resistances, a floating fibre, two junctions, films."""
    mesh = painted(ROWS, n=n, legend=LEGEND)
    film = Film(2e-3, ButlerVolmer(exchange_current=30.0, transfer_coefficients=(0.4, 0.6)))
    model = Model(
        regions={
            **{name: MATERIALS[name] for name in ("fibres", "pores", "separator", "filler")},
            "grain": Conductor(conductivity=20.0),
            "ionic_layer": SingleIonConductor(conductivity=0.05),
        },
        interfaces={
            ("pores", "fibres"): film,
            ("fibres", "ionic_layer"): BV,
            ("grain", "pores"): BV,
            ("grain", "fibres"): Contact(resistance=1e-7),
            ("pores", "ionic_layer"): Contact(),
            ("ionic_layer", "separator"): ButlerVolmer(exchange_current=50.0),
        },
        boundaries={
            "feet": Grounded(resistance=1e-6),
            "foil": Electrode(BV, terminal="anode"),
            "counter": Electrode(Film(1e-4, BV), terminal="counter"),
        },
    )
    return mesh, model


def _system(control: Control, order: Order) -> tuple[EquilibratedSystem, State]:
    """The cell with every kind of term at a state that solves nothing."""
    mesh, model = everything()
    system = EquilibratedSystem(build_spaces(mesh, model, order), model, control)
    assert len(system.equilibria) == 2 and len(system.spaces.surfaces) == 8
    random = np.random.default_rng(3)
    rest = system.rest()
    x = rest.x.copy()
    x[system.free] += 5e-3 * random.normal(size=system.free.size)
    voltage = 0.12 if system.has_current_unknown else rest.voltage
    return system, State(x=x, low=np.zeros(x.size), k=np.array([0.02, -0.01]), voltage=voltage)


@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS)
@ORDERS
def test_jacobian_equals_central_differences(order: Order, control: Control) -> None:
    """Every column; catches a border of the wrong body, a junction's slope, a slot of an edge's unknown."""
    system, state = _system(control, order)
    size = system.free.size + len(system.equilibria) + int(system.has_current_unknown)
    assert column_error(system, state, 1e-3, np.full(size, 1e-5)) < 5e-7


@ORDERS
def test_everything_together_balances(order: Order) -> None:
    """Charge, salt on both sides and the split of the voltage close to round-off, whatever the order."""
    mesh, model = everything(2)
    solution = solve_steady(mesh, model, CONTROL, order=order)
    assert solution.split is not None and solution.split.closure < 1e-12
    assert solution.metrics["charge_imbalance"] < 1e-11
    assert solution.metrics["inventory_error"] <= 1e-12
    assert np.abs(solution.cluster_currents).max() < 1e-9 * I * solution.projected_area
    assert solution.trusted
    iterative = solve_steady(mesh, model, CONTROL, order=order, linear_solver=MultigridKrylov())
    assert iterative.cell_voltage == pytest.approx(solution.cell_voltage, rel=1e-9)
    assert iterative.phi_e == pytest.approx(solution.phi_e, abs=1e-10, nan_ok=True)


# --- conservation, order and area on curved cells ---


@pytest.mark.parametrize("make", [fibre_mesh, curved_fibre])
def test_a_cell_of_order_two_conserves(make: Callable[[int], TaggedMesh]) -> None:
    """Charge, salt integrated afresh, and the split, on straight and on curved elements."""
    mesh = make(4)
    solution = solve_steady(mesh, fibre_model(), CONTROL, order=2)
    assert solution.trusted
    assert solution.split is not None and solution.split.closure < 1e-12
    assert solution.metrics["charge_imbalance"] < 1e-11
    assert np.abs(solution.cluster_currents).max() < 1e-9 * I * solution.projected_area
    assert solution.metrics["fibres_area_m2"] == pytest.approx(mesh.surface_area("fibre_surface"), rel=1e-12)
    pores = mesh.regions["pores"]
    part = Elements.of(mesh, pores, mesh.nodes_of_cells(2)[:, pores], 2)
    assert part.integral(part.values(solution.c)).sum() == pytest.approx(
        1000.0 * mesh.region_volume("pores"), rel=1e-7
    )
    assert solution.metrics["psi_spread"] < 1e-9


def test_order_two_on_curved_elements_is_far_ahead() -> None:
    """Currents on the fibre: 6 curved elements per quarter at order 2 beat 18 straight ones at order 1.

    Catches a surface whose area is that of its chords, or an order 2 that keeps order 1's geometry.
    """
    exact = _moment(solve_steady(curved_fibre(12), fibre_model(), CONTROL))
    assert exact != 0
    second = abs(_moment(solve_steady(curved_fibre(6), fibre_model(), CONTROL)) / exact - 1)
    first = abs(_moment(solve_steady(fibre_mesh(18), fibre_model(), CONTROL)) / exact - 1)
    assert second < 0.15 * first < 1.5e-3


def _moment(solution: Solution) -> float:
    """int j z dA [A] on the fibre: how much of the current it takes across."""
    found = current_map(solution, "fibre_surface")
    return float((found.samples * found.weights * found.heights).sum())


# --- what reads fields of order 2 ---


def test_fields_of_order_two_are_written_and_read(tmp_path: Path) -> None:
    """Quadratic cells with values in the middles of their edges; catches files of corners only."""
    solution = solve_steady(curved_fibre(3), fibre_model(), CONTROL)
    written = {path.stem: path for path in solution.write(tmp_path)}
    pores = meshio.read(written["pores"])
    assert pores.cells[0].type == "triangle6"
    assert pores.point_data["c_mol_m3"].min() == pytest.approx(np.nanmin(solution.c), rel=1e-12)
    assert np.isfinite(pores.point_data["phi_e_V"]).all()
    fibre = meshio.read(written["fibre_surface"])
    assert fibre.cells[0].type == "line3"
    radius = np.linalg.norm(fibre.points[:, :2] - 2.5e-6, axis=1)
    assert radius == pytest.approx(np.full(radius.size, 0.5e-6), rel=1e-9)
    assert meshio.read(written["fibres"]).cell_data["current_density_A_m2"][0].shape[1] == 3


def test_metrics_agree_between_the_orders() -> None:
    """Every number of a result, at order 1 on a fine mesh and at order 2 on a coarse one.

    Catches a metric that takes the corners' values for all, or indexes them by elements' corners.
    """
    model = standing_model()
    fine, coarse = (
        solve_steady(standing_fibre(8), model, CONTROL, order=1),
        solve_steady(standing_fibre(2), model, CONTROL, order=2),
    )
    assert set(fine.metrics) == set(coarse.metrics)
    for key in ("cell_voltage_V", "c_min_ratio", "c_max_ratio", "c_min_anode_ratio", "anode_overpotential_V",
                "share_fibres", "top_bottom_ratio", "z50_m", "anode_mean_A_m2", "fibres_cv"):  # fmt: skip
        assert coarse.metrics[key] == pytest.approx(fine.metrics[key], rel=0.02), key
    assert coarse.trusted
    names = {check.name: check.text for check in coarse.trust}
    low = float(names["law_range_separator"].split(" is ")[1].split(" to ")[0])
    separator = coarse.mesh.nodes_of_cells(2)[:, coarse.mesh.regions["separator"]]
    assert low == pytest.approx(coarse.c[separator].min(), rel=1e-3)
    found = current_map(coarse, "counter")
    assert found.centroids.shape == (2, found.facets.size)
    assert found.centroids[1] == pytest.approx(np.full(found.facets.size, 30e-6), rel=1e-12)


def test_salt_residual_of_order_two_is_small() -> None:
    """The weak salt balance takes fields of either order; a smooth one of order 2 is far better kept."""
    found = []
    orders: tuple[Order, ...] = (1, 2)
    for order in orders:
        solution = solve_steady(fibre_mesh(4), fibre_model(), CONTROL, order=order)
        residual = salt_residual(solution.mesh, solution.model, solution.phi_e, solution.c)
        assert residual.shape == solution.c.shape
        found.append(np.abs(residual).sum() * FARADAY / (I * solution.projected_area))
    assert found[1] < 0.1 * found[0]


# --- exact fields ---


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("mesh", [RECTANGLE, BOX], ids=["rectangle", "box"])
def test_a_uniform_field_is_exact(mesh: TaggedMesh, order: Order) -> None:
    """Between two plates, in layers of unequal conductivity, the current is exact on any straight mesh."""
    mesh = mesh
    model = Model(
        regions={"a": Conductor(conductivity=2.0), "b": Conductor(conductivity=5.0)},
        boundaries={"foil": FixedPotential(potential=1.0), "counter": FixedPotential(potential=0.0)},
    )
    solution = solve_steady(mesh, model, order=order)
    expected = mesh.surface_area("foil") / (2.0 / 2.0 + 1.0 / 5.0)
    assert solution.currents["foil"] == pytest.approx(expected, rel=1e-12)
    assert solution.phi_s.shape == (mesh.node_points(order).shape[1],)
    z = mesh.node_points(order)[-1]
    exact = 1.0 - expected / mesh.surface_area("foil") * np.where(z < 2, z / 2, 1 + (z - 2) / 5)
    assert solution.phi_s == pytest.approx(exact, abs=1e-12)


def test_order_one_sees_a_curved_mesh_with_straight_edges() -> None:
    """Asked for order 1, a curved mesh gives exactly what its straight twin gives."""
    ring = annulus(1.0, 2.0, n_radial=2, n_angular=8)
    x = ring.points[:, ring.edges]
    radius = np.linalg.norm(x, axis=0).mean(0)
    middle = x.mean(1)
    curved = ring.curved(middle * radius / np.linalg.norm(middle, axis=0))
    model = Model(
        regions={"pores": SingleIonConductor(conductivity=1.0)},
        boundaries={"inner": FixedPotential(potential=1.0), "outer": FixedPotential(potential=0.0)},
    )
    one, two = solve_steady(ring, model), solve_steady(curved, model, order=1)
    assert one.currents["inner"] == two.currents["inner"]
    assert not two.mesh.is_curved
    assert solve_steady(curved, model).mesh.is_curved
    exact = 2 * np.pi / np.log(2)
    errors = [abs(abs(s.currents["inner"]) / exact - 1) for s in (two, solve_steady(curved, model))]
    assert errors[1] < 0.03 * errors[0]


def test_spaces_number_edges_of_every_body_apart() -> None:
    """At order 2 the middle of an edge that two bodies share has an unknown in each."""
    model = Model(
        regions={"a": Conductor(conductivity=2.0), "b": SingleIonConductor(conductivity=1.0)},
        interfaces={("a", "b"): LinearKinetics(exchange_current=1.0)},
        boundaries={"foil": FixedPotential(potential=1.0), "counter": FixedPotential(potential=0.0)},
    )
    spaces = build_spaces(BOX, model, 2)
    shared = BOX.nodes_of_facets(2, BOX.surfaces["b_bottom"])
    total = BOX.n_nodes + BOX.n_edges
    assert spaces.size == total + np.unique(shared).size
    surface = spaces.surfaces[0]
    assert surface.first is not None
    assert (spaces.solid.nodes[surface.first] == shared).all()
    assert (spaces.ionic.nodes[surface.second - spaces.n_solid] == shared).all()
