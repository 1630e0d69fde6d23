"""Nested families: counts, volumes, tags and exact surfaces go over to the children."""

import numpy as np
import pytest

from meshes.curving import bend, curve
from meshes.exact_surfaces import Shape, Sphere
from meshes.quality import mean_ratio
from meshes.refinement import refine
from meshes.structured import annulus, circle_shape, extrude, fibre_in_rectangle, layered_box
from meshes.tagged import MeshError, TaggedMesh

R = 0.5e-6


def fibre(dim: int) -> tuple[TaggedMesh, list[Shape]]:
    mesh = fibre_in_rectangle(R, width=6 * R, height=6 * R, n=2)
    if dim == 3:
        mesh = extrude(mesh, depth=2 * R, n=1)
    return mesh, [circle_shape(mesh, "fibre_surface", centre=(3 * R, 3 * R), radius=R)]


def test_children_fill_their_parents_and_keep_their_names() -> None:
    """A child in the wrong region, or a surface that loses parts, would change the physics, not the shape."""
    mesh = layered_box([("pores", 2.0, 2), ("separator", 1.0, 1)], width=2.0, depth=1.0, nx=2, ny=1)
    fine, none = refine(mesh)
    assert none == [] and not fine.is_curved
    assert (fine.n_elements, fine.n_nodes) == (8 * mesh.n_elements, mesh.n_nodes + mesh.n_edges)
    np.testing.assert_array_equal(fine.points[:, : mesh.n_nodes], mesh.points)
    parents = fine.element_volumes.reshape(-1, 8)
    np.testing.assert_allclose(parents, mesh.element_volumes[:, None].repeat(8, 1) / 8, rtol=1e-12)
    for name in mesh.regions:
        assert fine.region_volume(name) == pytest.approx(mesh.region_volume(name), rel=1e-12)
    for name in mesh.surfaces:
        assert fine.surface_area(name) == pytest.approx(mesh.surface_area(name), rel=1e-12)
        assert fine.facets_of(name).size == 4 * mesh.facets_of(name).size
    np.testing.assert_array_equal(fine.interface("pores", "separator"), fine.facets_of("separator_bottom"))


def test_shapes_of_elements_do_not_degenerate() -> None:
    """Cutting always along the same inner diagonal flattens some children level by level."""
    mesh = layered_box([("pores", 1.0, 1)], width=1.0, depth=1.0, nx=1, ny=1)
    worst = []
    for _ in range(4):
        worst.append(mean_ratio(mesh.points, mesh.cells).min())
        mesh, _ = refine(mesh)
    assert min(worst[1:]) > 0.9 * worst[1]


@pytest.mark.parametrize("dim", [2, 3])
def test_new_nodes_lie_on_the_circle_and_curved_families_converge(dim: int) -> None:
    """Nodes on chords would freeze the polygon of the first mesh: the area would not converge at all."""
    mesh, shapes = fibre(dim)
    exact = np.pi * R**2 * (2 * R if dim == 3 else 1.0)
    errors = []
    for _ in range(3):
        nodes = mesh.points[:, np.unique(mesh.facets[:, shapes[0].facets])]
        assert np.abs(shapes[0].surface.level(nodes)).max() < 1e-12 * R
        np.testing.assert_array_equal(shapes[0].facets, mesh.facets_of("fibre_surface"))
        np.testing.assert_array_equal(mesh.interface("fibres", "pores"), mesh.facets_of("fibre_surface"))
        errors.append(1 - curve(mesh, shapes).region_volume("fibres") / exact)
        mesh, shapes = refine(mesh, shapes)
    assert errors[0] < 1e-3 and np.log2(errors[0] / errors[1]) > 3.8 and np.log2(errors[1] / errors[2]) > 3.8


def test_a_curved_mesh_is_refined_at_its_bent_middles() -> None:
    mesh, shapes = fibre(2)
    from_curved, _ = refine(mesh.curved(bend(mesh, shapes).midpoints))
    from_shapes, _ = refine(mesh, shapes)
    np.testing.assert_array_equal(from_curved.points, from_shapes.points)
    assert not from_curved.is_curved


def test_a_mesh_too_coarse_for_its_circle_is_refused() -> None:
    """Inverted children would otherwise be rewound silently and overlap."""
    ring = annulus(R, 1.05 * R, n_radial=1, n_angular=6)
    wrong = Sphere(centre=(0.0, 0.0), radius=R)
    shapes = [Shape(surface=wrong, facets=ring.facets_of("inner"))]
    bent = bend(ring, shapes, floor=-np.inf).midpoints
    moved = TaggedMesh.from_arrays(points=ring.points, cells=ring.cells, regions=ring.regions)
    object.__setattr__(moved, "midpoints", bent)  # past the check of curved meshes
    with pytest.raises(MeshError, match=r"refined elements turn inside out .* finer mesh"):
        refine(moved)
