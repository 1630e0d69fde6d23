"""What a solve hands back: files for ParaView read with pyvista, and result keys."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from cells import I, standing_fibre, standing_model
from painted import painted

from fem import (
    ButlerVolmer,
    Conductor,
    Electrode,
    Electrolyte,
    Film,
    FixedPotential,
    Galvanostatic,
    Grounded,
    Insulator,
    Model,
    SingleIonConductor,
    Solution,
    ValoenReimers,
    solve_steady,
)
from meshes.structured import extrude

pv = import_module("pyvista")
CONTROL = Galvanostatic(current_density=I)
BV = ButlerVolmer(exchange_current=100.0)


def _cell() -> Solution:
    """3D: a standing fibre with a film, pores and a separator."""
    mesh = extrude(standing_fibre(2), depth=4e-6, n=2)
    return solve_steady(mesh, standing_model(Film(1e-3, BV)), CONTROL)


@pytest.fixture(scope="module")
def solution() -> Solution:
    return _cell()


@pytest.fixture(scope="module")
def files(solution: Solution, tmp_path_factory: pytest.TempPathFactory) -> dict:
    paths = solution.write(tmp_path_factory.mktemp("fields"))
    return {path.stem: pv.read(path) for path in paths}


# --- files ---


def test_every_region_and_reacting_surface_has_its_file(solution: Solution, files: dict) -> None:
    """One file per region and per surface with a current; names are those of the mesh."""
    assert set(files) == {"fibres", "pores", "separator", "fibre_surface", "foil", "counter"}
    for name in solution.mesh.regions:
        assert files[name].n_cells == solution.mesh.regions[name].size
        assert files[name].volume == pytest.approx(solution.mesh.region_volume(name), rel=1e-6)
    for name, current_map in solution.maps.items():
        assert files[name].n_cells == current_map.facets.size
        assert files[name].area == pytest.approx(current_map.area, rel=1e-6)


def test_arrays_are_those_of_the_region(files: dict) -> None:
    """Fibres have no concentration, pores no phi_s; every name ends in its unit."""
    expected = {
        "fibres": ({"phi_s_V"}, {"current_density_A_m2"}),
        "pores": ({"phi_e_V", "c_mol_m3"}, {"current_density_A_m2"}),
        "separator": ({"phi_e_V", "c_mol_m3"}, {"current_density_A_m2"}),
        "fibre_surface": (set(), {"local_current_density_A_m2", "overpotential_V", "area_m2"}),
        "foil": (set(), {"local_current_density_A_m2", "overpotential_V", "area_m2"}),
        "counter": (set(), {"local_current_density_A_m2", "overpotential_V", "area_m2"}),
    }
    for name, (points, cells) in expected.items():
        assert set(files[name].point_data) == points, name
        assert set(files[name].cell_data) == cells, name
        for array in (*points, *cells):
            assert array.endswith(("_V", "_mol_m3", "_A_m2", "area_m2"))
            data = files[name].point_data if array in points else files[name].cell_data
            assert np.isfinite(data[array]).all(), (name, array)


def test_ranges_in_the_files(solution: Solution, files: dict) -> None:
    """Values that a reader would see: metres, volts against the anode plane, mol/m3, > 0 plates."""
    assert files["fibres"].bounds == pytest.approx((3e-6, 5e-6, 0.0, 4e-6, 0.0, 20e-6), abs=1e-12)
    assert files["separator"].bounds[5] == pytest.approx(30e-6)
    phi_s = files["fibres"].point_data["phi_s_V"]
    assert phi_s.min() == 0 and 0 < phi_s.max() < 1e-3  # electrons go up, the current comes down
    salt = np.concatenate([files[name].point_data["c_mol_m3"] for name in ("pores", "separator")])
    assert salt.min() == pytest.approx(1000 * solution.metrics["c_min_ratio"], rel=1e-9)
    assert salt.max() == pytest.approx(1000 * solution.metrics["c_max_ratio"], rel=1e-9)
    assert (files["fibre_surface"].cell_data["local_current_density_A_m2"] > 0).all()
    assert (files["counter"].cell_data["local_current_density_A_m2"] < 0).all()
    assert (files["fibre_surface"].cell_data["overpotential_V"] < 0).all()
    vectors = files["separator"].cell_data["current_density_A_m2"]
    assert vectors.shape[1] == 3
    assert (vectors[:, 2] < 0).all()  # positive current flows from the counter down to the anode
    volumes = files["separator"].compute_cell_sizes().cell_data["Volume"]
    assert -(vectors[:, 2] * volumes).sum() / volumes.sum() == pytest.approx(I, rel=1e-6)


def test_integral_of_the_written_current_is_the_reported_current(solution: Solution, files: dict) -> None:
    """int j dA over the fibre surface's file = the residual's current on the fibres, to round-off."""
    grid = files["fibre_surface"]
    areas = grid.compute_cell_sizes().cell_data["Area"]
    total = float((areas * grid.cell_data["local_current_density_A_m2"]).sum())
    assert total == pytest.approx(solution.currents["fibre_surface"], rel=1e-12)
    reported = solution.metrics["share_fibres"] * I * solution.projected_area
    assert total == pytest.approx(reported, rel=1e-9)


def test_files_of_two_dimensions(tmp_path: Path) -> None:
    """Triangles and lines in the plane, vectors padded to three components, the same totals."""
    flat = solve_steady(standing_fibre(2), standing_model(), CONTROL)
    grids = {path.stem: pv.read(path) for path in flat.write(tmp_path / "a" / "b")}
    assert (grids["pores"].celltypes == pv.CellType.TRIANGLE).all()
    assert (grids["fibre_surface"].celltypes == pv.CellType.LINE).all()
    assert grids["pores"].cell_data["current_density_A_m2"].shape[1] == 3
    lengths = grids["fibre_surface"].compute_cell_sizes().cell_data["Length"]
    total = (lengths * grids["fibre_surface"].cell_data["local_current_density_A_m2"]).sum()
    assert total == pytest.approx(flat.currents["fibre_surface"], rel=1e-12)


def test_files_of_regions_without_current(tmp_path: Path) -> None:
    """An insulator has geometry only; an interface without a name in the mesh is called after its regions."""
    mesh = painted(["ssss", "....", ".##.", ".##x"])
    mesh = replace(mesh, surfaces={k: f for k, f in mesh.surfaces.items() if k in ("feet", "counter")})
    law = ValoenReimers()
    model = Model(
        regions={
            "fibres": Conductor(conductivity=1e3),
            "pores": Electrolyte(law=law),
            "separator": Electrolyte(law=law, porosity=0.55, macmullin=4.5),
            "filler": Insulator(),
        },
        interfaces={("fibres", "pores"): BV},
        boundaries={"feet": Grounded(), "counter": Electrode(BV, terminal="counter")},
    )
    told: list[str] = []
    paths = solve_steady(mesh, model, CONTROL).write(tmp_path, told.append)
    assert told == [f"writing {name}.vtu" for name in mesh.regions]
    names = {path.stem for path in paths}
    assert names == {"fibres", "pores", "separator", "filler", "fibres-pores", "counter"}
    filler = pv.read(tmp_path / "filler.vtu")
    assert not filler.point_data.keys() and not filler.cell_data.keys()


# --- metrics ---

KEYS = {
    "current_density_A_m2", "cell_voltage_V", "anode_overpotential_V", "ohmic_solid_V", "ohmic_electrolyte_V",
    "concentration_V", "kinetic_anode_V", "kinetic_counter_V", "film_anode_V", "film_counter_V", "junction_V",
    "share_fibres", "share_foil", "top_bottom_ratio", "top_bottom_density_ratio", "z50_m", "c_min_ratio",
    "charge_imbalance", "split_closure", "inventory_error", "psi_spread", "worst_mean_ratio",
} | {
    f"{surface}_{name}"
    for surface in ("fibres", "foil", "anode")
    for name in ("mean_A_m2", "p99_A_m2", "max_A_m2", "cv", "gini", "reversed_share")
}  # fmt: skip


def test_result_keys(solution: Solution) -> None:
    """Every promised key that needs only mesh and model is there, finite, in its range."""
    assert set(solution.metrics) >= KEYS
    assert all(np.isfinite(value) for value in solution.metrics.values())
    m = solution.metrics
    assert m["current_density_A_m2"] == pytest.approx(I, rel=1e-9)
    assert m["share_fibres"] + m["share_foil"] == pytest.approx(1.0, rel=1e-9)
    assert m["fibres_area_m2"] + m["foil_area_m2"] == pytest.approx(m["anode_area_m2"], rel=1e-12)
    anode = m["anode_mean_A_m2"] * m["anode_area_m2"]
    assert anode == pytest.approx(I * solution.projected_area, rel=1e-9)
    assert m["fibres_mean_A_m2"] <= m["fibres_p99_A_m2"] <= m["fibres_max_A_m2"]
    assert 0 < m["z50_m"] < 20e-6 and m["top_bottom_ratio"] > 1
    assert 0 < m["anode_overpotential_V"] < m["cell_voltage_V"]


def test_film_drop_is_the_current_times_the_resistance(solution: Solution) -> None:
    """At the counter and on the anode: R int j^2 dA / I; catches a sign or an area."""
    counter = solution.maps["counter"]
    assert solution.metrics["film_counter_V"] == pytest.approx(
        1e-3 * float((counter.samples**2 * counter.weights).sum()) / (I * solution.projected_area), rel=1e-9
    )
    anode = sum(
        float((solution.maps[n].samples ** 2 * solution.maps[n].weights).sum())
        for n in ("fibre_surface", "foil")
    )
    assert solution.metrics["film_anode_V"] == pytest.approx(
        1e-3 * anode / (I * solution.projected_area), rel=1e-9
    )


def test_overpotential_of_the_anode(solution: Solution) -> None:
    """Area mean of phi_e on the separator's bottom plane, where the fibre's top counts as well."""
    facets = solution.mesh.surfaces["separator_bottom"]
    values = solution.phi_e[solution.mesh.facets[:, facets]].mean(0)
    mean = float(np.average(values, weights=solution.mesh.facet_areas(facets)))
    assert solution.metrics["anode_overpotential_V"] == pytest.approx(mean, rel=1e-12)


def test_statistics(solution: Solution) -> None:
    """How the state was found travels with it."""
    statistics = solution.statistics
    assert statistics.method == solution.method == "equilibrated"
    assert statistics.linear_solver == "direct"
    assert statistics.newton_steps == len(statistics.residual_history) - 1
    assert statistics.unknowns > 100
    assert {"assembly", "solve", "linear_setup", "linear_solve", "currents"} <= set(statistics.seconds)
    assert all(seconds >= 0 for seconds in statistics.seconds.values())


def test_solution_of_a_model_without_salt() -> None:
    """Primary distribution: potentials and currents, no salt, no cell voltage."""
    mesh = painted(["ssss"] * 4)
    fixed = {"foil": FixedPotential(potential=0.0), "counter": FixedPotential(potential=0.1)}
    model = Model(regions={"separator": SingleIonConductor(conductivity=2.0)}, boundaries=fixed)
    primary = solve_steady(mesh, model)
    assert np.isnan(primary.c).all()
    assert primary.currents["counter"] == pytest.approx(2.0 * 0.1 / 4e-6 * 4e-6, rel=1e-12)
    assert "c_min_ratio" not in primary.metrics and "cell_voltage_V" not in primary.metrics
    assert primary.trusted
