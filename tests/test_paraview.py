"""ParaView files: read back, restricted to what they show, written whole or not at all."""

from pathlib import Path

import meshio
import numpy as np
import pytest

from meshes.paraview import write_atomically, write_mesh, write_pvd, write_region, write_surface
from meshes.structured import layered_box, layered_rectangle
from meshes.tagged import MeshError, TaggedMesh


def box() -> TaggedMesh:
    return layered_box([("pores", 2e-6, 2), ("separator", 1e-6, 1)], width=2e-6, depth=1e-6, nx=2, ny=1)


def test_region_carries_its_own_nodes_only(tmp_path: Path) -> None:
    mesh = box()
    elements = mesh.elements_of("separator")
    phi = np.where(mesh.points[2] < 1.9e-6, np.nan, mesh.points[2])
    path = write_region(
        tmp_path / "separator.vtu",
        mesh,
        elements,
        {"phi_e_V": phi},
        {"current_density_A_m2": np.ones((elements.size, 3))},
    )
    back = meshio.vtu.read(path)
    np.testing.assert_array_equal(back.point_data["phi_e_V"], back.points[:, 2])
    assert back.points.shape == (12, 3)
    assert back.cells[0].type == "tetra" and back.cells[0].data.shape == (elements.size, 4)
    assert back.cell_data["current_density_A_m2"][0].shape == (elements.size, 3)
    np.testing.assert_allclose(
        back.points[back.cells[0].data[:, 0]], mesh.points[:, mesh.cells[0, elements]].T
    )


def test_every_region_and_surface_in_pyvista(tmp_path: Path) -> None:
    pyvista = pytest.importorskip("pyvista")
    mesh = box()
    paths = write_mesh(tmp_path, mesh)
    assert {p.stem for p in paths} == set(mesh.regions) | set(mesh.surfaces)
    pores = pyvista.read(tmp_path / "pores.vtu")
    assert pores["volume_m3"].sum() == pytest.approx(mesh.region_volume("pores"), rel=1e-12)
    foil = pyvista.read(tmp_path / "foil.vtu")
    assert foil["area_m2"].sum() == pytest.approx(2e-12, rel=1e-12) and foil.n_points == 6


def test_two_dimensions_get_a_third(tmp_path: Path) -> None:
    mesh = layered_rectangle([("pores", 1e-6, 2)], width=1e-6, nx=2)
    facets = mesh.facets_of("foil")
    path = write_surface(tmp_path / "foil.vtu", mesh, facets, cell_data={"j": np.ones((facets.size, 2))})
    back = meshio.vtu.read(path)
    assert back.cells[0].type == "line" and back.points.shape == (3, 3)
    np.testing.assert_array_equal(back.cell_data["j"][0], [[1, 1, 0]] * 2)


def test_collection_names_files_relative_to_itself(tmp_path: Path) -> None:
    mesh = box()
    rows = [
        (0.5 * k, 0, write_region(tmp_path / f"p{k}.vtu", mesh, mesh.elements_of("pores"))) for k in range(2)
    ]
    path = write_pvd(tmp_path / "run.pvd", rows)
    assert 'timestep="0.5" part="0" file="p1.vtu"' in path.read_text()
    reader = pytest.importorskip("pyvista").get_reader(path)
    assert list(reader.time_values) == [0.0, 0.5]


def test_failure_leaves_the_old_file_and_no_fragment(tmp_path: Path) -> None:
    target = tmp_path / "a.vtu"
    target.write_text("old")

    def fail(path: Path) -> None:
        path.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_atomically(target, fail)
    assert target.read_text() == "old" and list(tmp_path.iterdir()) == [target]
    mesh = box()
    with pytest.raises(MeshError, match=r"field 'x' has shape \(3,\); .* for the 24 nodes"):
        write_region(target, mesh, mesh.elements_of("pores"), {"x": np.zeros(3)})
