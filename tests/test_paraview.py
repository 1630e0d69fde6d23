"""ParaView files: read back, restricted to what they show, written whole or not at all."""

from pathlib import Path

import meshio
import numpy as np
import pytest

from meshes.curving import curve
from meshes.paraview import write_atomically, write_mesh, write_pvd, write_region, write_surface
from meshes.structured import circle_shape, extrude, fibre_in_rectangle, layered_box, layered_rectangle
from meshes.tagged import MeshError, TaggedMesh
from meshes.vtu import BLOCK, CELL_TYPES, write_vtu


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


def test_curved_meshes_and_second_order_fields_are_quadratic(tmp_path: Path) -> None:
    """Linear cells would show a polygon and drop half of a quadratic field."""
    pyvista = pytest.importorskip("pyvista")
    flat = fibre_in_rectangle(1e-6, width=6e-6, height=6e-6, n=2)
    for mesh in (flat, extrude(flat, depth=2e-6, n=1)):
        curved = curve(mesh, [circle_shape(mesh, "fibre_surface", centre=(3e-6, 3e-6), radius=1e-6)])
        square = (curved.node_points(2)[0] * 1e6) ** 2
        linear = curved.points[0] * 1e6
        elements, facets = curved.elements_of("fibres"), curved.facets_of("fibre_surface")
        region = write_region(tmp_path / "fibres.vtu", curved, elements, {"x": linear, "xx": square})
        surface = write_surface(tmp_path / "surface.vtu", curved, facets, {"xx": square})
        kinds = {2: ("triangle6", "line3"), 3: ("tetra10", "triangle6")}[mesh.dim]
        for path, kind, count in zip((region, surface), kinds, (elements.size, facets.size), strict=True):
            back = meshio.vtu.read(path)
            assert back.cells[0].type == kind and len(back.cells[0].data) == count
            np.testing.assert_allclose(back.point_data["xx"], (back.points[:, 0] * 1e6) ** 2, rtol=1e-12)
        assert meshio.vtu.read(region).point_data["x"].shape == (len(meshio.vtu.read(region).points),)
        shown = pyvista.read(surface).points
        radius = np.hypot(shown[:, 0] - 3e-6, shown[:, mesh.dim - 1] - 3e-6)
        np.testing.assert_allclose(radius, 1e-6, rtol=1e-6)
        straight = write_region(tmp_path / "p2.vtu", mesh, elements, {"x": mesh.node_points(2)[0]})
        assert meshio.vtu.read(straight).cells[0].type == kinds[0]  # VTK draws the order of the field
    with pytest.raises(MeshError, match="field 'x' has shape"):
        write_region(tmp_path / "x.vtu", curved, elements, {"x": np.zeros(3)})


def test_arrays_of_many_blocks_come_back_bit_for_bit(tmp_path: Path) -> None:
    """Both readers, on fields just below, at and above whole blocks of compression."""
    pyvista = pytest.importorskip("pyvista")
    rng = np.random.default_rng(0)
    per_block = BLOCK // 8
    for count in (per_block - 1, per_block, 2 * per_block + 1):
        points, field = rng.random((count, 3)), rng.random(count)
        path = tmp_path / f"{count}.vtu"
        write_vtu(
            path,
            points=points,
            cells=np.array([[0], [1], [2], [count - 1]]),
            cell_type=CELL_TYPES[1][3],
            point_data={'a "b" [<m>]': field, "number": np.arange(count)},
            cell_data={"vector": np.ones((1, 3)), "flag": np.array([True])},
        )
        for back in (meshio.vtu.read(path), pyvista.read(path)):
            data = back.point_data
            np.testing.assert_array_equal(back.points, points)
            np.testing.assert_array_equal(data['a "b" [<m>]'], field)
            np.testing.assert_array_equal(data["number"], np.arange(count))
            assert np.shape(back.cell_data["vector"]) in ((1, 3), (1, 1, 3))
            assert np.ravel(back.cell_data["flag"]) == [1.0]
