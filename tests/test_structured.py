"""Structured meshes: exact measures, exact circles, nesting under doubling."""

import numpy as np
import pytest

from meshes.structured import annulus, extrude, fibre_in_rectangle, layered_box, layered_rectangle
from meshes.tagged import MeshError

LAYERS = [("pores", 16e-6, 2), ("ionic_layer", 5e-6, 1), ("separator", 25e-6, 3)]


def test_layered_box_has_the_names_of_the_cell() -> None:
    mesh = layered_box(LAYERS, width=8e-6, depth=4e-6, nx=2, ny=3)
    assert set(mesh.regions) == {"pores", "ionic_layer", "separator"}
    assert set(mesh.surfaces) == {"foil", "counter", "sides", "ionic_layer_bottom", "separator_bottom"}
    for name, thickness, _ in LAYERS:
        assert mesh.region_volume(name) == pytest.approx(thickness * 32e-12, rel=1e-12)
    for plane in ("foil", "counter", "ionic_layer_bottom", "separator_bottom"):
        assert mesh.surface_area(plane) == pytest.approx(32e-12, rel=1e-12)
    height = mesh.points[2][mesh.mesh.facets[:, mesh.facets_of("separator_bottom")]]
    np.testing.assert_allclose(height, 21e-6, rtol=1e-14)
    assert mesh.n_elements == 6 * 6 * 6


@pytest.mark.parametrize("dim", [2, 3])
def test_doubling_is_nested(dim: int) -> None:
    """Every node and every edge midpoint of the coarse mesh is a node of the fine one."""

    def build(k: int):
        layers = [(name, thickness, k * n) for name, thickness, n in LAYERS]
        if dim == 2:
            return layered_rectangle(layers, width=8e-6, nx=2 * k)
        return layered_box(layers, width=8e-6, depth=4e-6, nx=2 * k, ny=k)

    coarse, fine = build(1), build(2)
    t = coarse.mesh.t
    pairs = [(i, j) for i in range(dim + 1) for j in range(i)]
    wanted = np.concatenate(
        [coarse.points, *(coarse.points[:, t[[i, j]]].mean(axis=1) for i, j in pairs)], axis=1
    )

    def rounded(points: np.ndarray) -> set:
        return set(map(tuple, np.round(points.T * 1e12).astype(int)))

    assert rounded(wanted) == rounded(fine.points)


def test_annulus_lies_on_its_circles() -> None:
    mesh = annulus(1e-6, 4e-6, n_radial=4, n_angular=24)
    for name, radius in (("inner", 1e-6), ("outer", 4e-6)):
        nodes = np.unique(mesh.mesh.facets[:, mesh.facets_of(name)])
        np.testing.assert_allclose(np.linalg.norm(mesh.points[:, nodes], axis=0), radius, rtol=1e-14)
        assert mesh.surface_area(name) == pytest.approx(48 * np.sin(np.pi / 24) * radius, rel=1e-12)
    polygon = 12 * np.sin(np.pi / 12) * 15e-12
    assert mesh.region_volume("pores") == pytest.approx(polygon, rel=1e-12)


@pytest.mark.parametrize(("width", "height"), [(6e-6, 6e-6), (3e-6, 8e-6)])
def test_fibre_in_rectangle(width: float, height: float) -> None:
    n, radius = 6, 1e-6
    mesh = fibre_in_rectangle(radius, width=width, height=height, n=n)
    gamma = mesh.facets_of("fibre_surface")
    assert gamma.size == 4 * n
    nodes = np.unique(mesh.mesh.facets[:, gamma])
    centre = np.array([[width / 2], [height / 2]])
    np.testing.assert_allclose(np.linalg.norm(mesh.points[:, nodes] - centre, axis=0), radius, rtol=1e-12)
    polygon = 2 * n * np.sin(np.pi / (2 * n)) * radius**2
    assert mesh.region_volume("fibres") == pytest.approx(polygon, rel=1e-12)
    assert mesh.region_volume("pores") == pytest.approx(width * height - polygon, rel=1e-12)
    for side, length in (("left", height), ("right", height), ("bottom", width), ("top", width)):
        assert mesh.surface_area(side) == pytest.approx(length, rel=1e-12)
    coarse = fibre_in_rectangle(radius, width=width, height=height, n=n // 2)
    near = np.abs(coarse.points[:, :, None] - mesh.points[:, None, :]).max(axis=0).min(axis=1)
    assert (near < 1e-15).mean() > 0.75  # all but the core keep their nodes


def test_extrusion_keeps_names_and_measures() -> None:
    flat = fibre_in_rectangle(1e-6, width=4e-6, height=5e-6, n=3)
    mesh = extrude(flat, depth=2e-6, n=3)
    assert mesh.n_elements == 9 * flat.n_elements
    for region in flat.regions:
        assert mesh.region_volume(region) == pytest.approx(2e-6 * flat.region_volume(region), rel=1e-12)
    for surface in flat.surfaces:
        assert mesh.surface_area(surface) == pytest.approx(2e-6 * flat.surface_area(surface), rel=1e-12)
    np.testing.assert_array_equal(mesh.interface("fibres", "pores"), mesh.facets_of("fibre_surface"))
    assert mesh.surface_area("sides") == pytest.approx(2 * 20e-12, rel=1e-12)


def test_impossible_shapes_are_refused() -> None:
    with pytest.raises(MeshError, match="thickness of pores must be > 0, got -1"):
        layered_box([("pores", -1.0, 1)], width=1.0, depth=1.0, nx=1, ny=1)
    with pytest.raises(MeshError, match="outer radius"):
        annulus(2.0, 1.0, n_radial=1, n_angular=8)
    with pytest.raises(MeshError, match=r"wider and higher than 2\.1 radii"):
        fibre_in_rectangle(1.0, width=2.0, height=9.0, n=2)
    with pytest.raises(MeshError, match="layer names must differ"):
        layered_rectangle([("a", 1.0, 1), ("a", 1.0, 1)], width=1.0, nx=1)
