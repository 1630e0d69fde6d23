"""Exact surfaces, edges bent onto them, radii enlarged: against closed forms, without a mesher."""

from collections.abc import Iterator

import numpy as np
import pytest
from scipy.special import ellipe

from meshes.curving import AREA_TOLERANCE, DET_FLOOR, bend, curve, enlarge
from meshes.exact_surfaces import Corrugation, Cylinder, ExactSurface, Plane, Shape, Sphere, project
from meshes.lagrange import least_determinant
from meshes.quality import QUALITY_FLOOR, mean_ratio
from meshes.structured import annulus, circle_shape, extrude, fibre_in_rectangle, layered_box
from meshes.tagged import MeshError, TaggedMesh

MICRO = 1e-6
R = 0.5 * MICRO
SURFACES: list[ExactSurface] = [
    Plane(point=(0.0, 0.0, MICRO), normal=(0.0, 2.0, 1.0)),
    Cylinder(point=(MICRO, 0.0, MICRO), axis=(1.0, 3.0, -0.5), radius=R),
    Sphere(centre=(MICRO, 0.0, 0.0), radius=2 * R),
    Corrugation(height=0.3 * MICRO, wavelength=4 * MICRO),
]


def fibre(n: int, *, wide: float = 6.0) -> tuple[TaggedMesh, Shape]:
    """One straight fibre of radius R through a box; n elements per quarter of its circle."""
    flat = fibre_in_rectangle(R, width=wide * R, height=wide * R, n=n)
    mesh = extrude(flat, depth=4 * R, n=2)
    return mesh, circle_shape(mesh, "fibre_surface", centre=(wide * R / 2, wide * R / 2), radius=R)


def waves(n: int) -> tuple[TaggedMesh, list[Shape]]:
    """A layer over z = h cos(2 pi x/L), one wave long, all nodes of its foil on the wave."""
    surface = Corrugation(height=0.2 * MICRO, wavelength=4 * MICRO)
    box = layered_box([("separator", 2 * MICRO, n)], width=4 * MICRO, depth=MICRO, nx=2 * n, ny=2)
    x, y, z = box.points
    lift = surface.height * np.cos(2 * np.pi * x / surface.wavelength) * (1 - z / z.max())
    mesh = TaggedMesh.from_arrays(
        points=np.stack([x, y, z + lift]),
        cells=box.cells,
        regions=box.regions,
        surfaces={name: box.facets[:, facets] for name, facets in box.surfaces.items()},
    )
    return mesh, [Shape(surface=surface, facets=mesh.facets_of("foil"))]


def rates(errors: list[float], counts: list[int]) -> Iterator[float]:
    for k in range(1, len(errors)):
        yield np.log(errors[k - 1] / errors[k]) / np.log(counts[k] / counts[k - 1])


def same_tags(a: TaggedMesh, b: TaggedMesh) -> None:
    for ours, theirs in ((a.regions, b.regions), (a.surfaces, b.surfaces)):
        assert list(ours) == list(theirs)
        assert all(np.array_equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.parametrize("surface", SURFACES, ids=lambda s: type(s).__name__)
def test_gradients_are_slopes_of_levels_and_enlarged_surfaces_keep_their_kind(surface: ExactSurface) -> None:
    """A sign or a missing factor in a gradient sends Newton away from the surface."""
    x = np.random.default_rng(1).uniform(-3, 3, (3, 40)) * MICRO
    step = 1e-5 * MICRO
    slopes = [(surface.level(x + d) - surface.level(x - d)) / (2 * step) for d in step * np.eye(3)[..., None]]
    np.testing.assert_allclose(surface.gradient(x), slopes, atol=1e-6)
    assert surface == surface.enlarged(1.0) and (surface.enlarged(1.1) == surface) == surface.is_plane


def test_points_find_the_intersection_of_two_cylinders() -> None:
    """The foot lies on both to round-off; a point on a chord between two of its points hardly moves."""
    low = Cylinder(point=(0, 0, 0), axis=(1, 0, 0), radius=R)
    high = Cylinder(point=(0, 0, 1.4 * R), axis=(0, 1, 0), radius=R)
    rng = np.random.default_rng(2)
    near = np.stack(
        [0.7 * R * rng.uniform(-1, 1, 30), 0.7 * R * rng.uniform(-1, 1, 30), np.full(30, 0.7 * R)]
    )
    reach = np.full(30, R)
    feet, found = project(near, [low, high], levels=np.zeros((2, 30)), reach=reach)
    assert found.sum() > 20
    for surface in (low, high):
        assert np.abs(surface.level(feet[:, found])).max() < 1e-13 * R * 10
    again, _ = project(feet[:, found], [low, high], levels=np.zeros((2, found.sum())), reach=reach[found])
    np.testing.assert_array_equal(again, feet[:, found])
    np.testing.assert_array_equal(feet[:, ~found], near[:, ~found])


def test_points_without_a_foot_stay() -> None:
    """Parallel surfaces, too many surfaces, and feet out of reach leave a point on its chord."""
    point = np.array([[0.1 * R], [0.2 * R], [1.2 * R]])
    wall = Plane(point=(0, 0, 0), normal=(0, 0, 1))
    tangent = Cylinder(point=(0, 0, R), axis=(1, 0, 0), radius=R)
    axis = np.array([0.0, 0.0, 0.0])[:, None]
    for at, surfaces, reach in (
        (axis, [wall, tangent], R),
        (point, [wall, tangent, wall, tangent], R),
        (point, [Cylinder(point=(0, 0, 0), axis=(1, 0, 0), radius=R)], 0.1 * R),
    ):
        off = np.full((len(surfaces), 1), -1e-3 * R)
        foot, found = project(at, surfaces, levels=off, reach=np.array([reach]))
        assert not found.any()
        np.testing.assert_array_equal(foot, at)


def test_area_and_volume_of_a_curved_fibre() -> None:
    """Fourth order; second order would mean midpoints on chords, or areas of the straight facets."""
    counts, area, volume = [2, 3, 4, 6], [], []
    for n in counts:
        mesh, shape = fibre(n)
        bent = bend(mesh, [shape])
        assert bent.relaxed_edges == 0 and bent.least_det_ratio > 0.3
        curved = mesh.curved(bent.midpoints)
        area.append(abs(curved.surface_area("fibre_surface") / (8 * np.pi * R**2) - 1))
        volume.append(abs(curved.region_volume("fibres") / (4 * np.pi * R**3) - 1))
        whole = sum(curved.region_volume(name) for name in curved.regions)
        assert whole == pytest.approx(144 * R**3, rel=1e-12)
        for name in ("left", "right", "bottom", "top", "sides"):
            assert curved.surface_area(name) == pytest.approx(mesh.surface_area(name), rel=1e-12)
    assert area[0] <= 5e-4 and area[1] <= 1e-4
    assert min(*rates(area, counts), *rates(volume, counts)) >= 3.8


def test_curving_keeps_nodes_tags_and_inner_edges() -> None:
    """Only edges of shaped facets bend: a midpoint moved inside would change the field's accuracy unseen."""
    mesh, shape = fibre(3)
    curved = curve(mesh, [shape])
    np.testing.assert_array_equal(curved.points, mesh.points)
    same_tags(curved, mesh)
    on = np.unique(mesh.nodes_of_facets(2, shape.facets)[3:]) - mesh.n_nodes
    moved = np.flatnonzero((curved.edge_midpoints != mesh.edge_midpoints).any(axis=0))
    assert set(moved) <= set(on) and moved.size > 0.5 * on.size  # edges along the axis are straight already
    assert np.abs(shape.surface.level(curved.edge_midpoints[:, on])).max() < 1e-12 * R
    again = curve(curved, [shape])
    np.testing.assert_array_equal(again.edge_midpoints, curved.edge_midpoints)


def test_elements_too_thin_for_the_bend_are_relaxed() -> None:
    """Without it the mesh of a fibre near a wall turns inside out; with too much of it nothing is curved."""
    mesh, shape = fibre(2, wide=3.0)
    with pytest.raises(MeshError, match="turn inside out"):
        mesh.curved(bend(mesh, [shape], floor=-np.inf).midpoints)
    bent = bend(mesh, [shape])
    assert bent.relaxed_edges > 0 and bent.least_det_ratio >= DET_FLOOR
    curved = mesh.curved(bent.midpoints)
    least = least_determinant(curved.node_points(2)[:, curved.nodes_of_cells(2)])
    assert least.min() == pytest.approx(bent.least_det_ratio)
    straight, exact = mesh.surface_area("fibre_surface"), 8 * np.pi * R**2
    assert straight < curved.surface_area("fibre_surface") < exact


def test_nodes_off_their_surface_keep_their_distance() -> None:
    """A node that the clean-up merged leaves no kink: the middle of its edges is off by the mean of both."""
    mesh, shape = fibre(3)
    points, node = mesh.points.copy(), mesh.facets[0, shape.facets[0]]
    points[:, node] += 0.05 * shape.surface.gradient(points[:, [node]])[:, 0] * R
    mesh = TaggedMesh.from_arrays(
        points=points,
        cells=mesh.cells,
        regions=mesh.regions,
        surfaces={name: mesh.facets[:, facets] for name, facets in mesh.surfaces.items()},
    )
    curved = curve(mesh, [shape])
    on = np.unique(mesh.nodes_of_facets(2, shape.facets)[3:]) - mesh.n_nodes
    at = np.flatnonzero((mesh.edges[:, on] == node).any(axis=0))
    level = shape.surface.level(curved.edge_midpoints[:, on[at]])
    np.testing.assert_allclose(level, 0.025 * R, rtol=1e-9)


def test_corrugation() -> None:
    """Length of the wave by elliptic integral, to fourth order."""
    exact = 4 * MICRO**2 * 2 / np.pi * ellipe(-((2 * np.pi * 0.05) ** 2))
    counts, errors = [4, 6, 8], []
    for n in counts:
        mesh, shapes = waves(n)
        errors.append(abs(curve(mesh, shapes).surface_area("foil") / exact - 1))
    assert errors[0] < 1e-4 and min(rates(errors, counts)) > 3.8
    mesh, shapes = waves(4)
    assert mesh.surface_area("foil") < exact * (1 - 1e-3)
    made = enlarge(mesh, shapes, surface="foil", area=exact)
    assert made.mesh.surface_area("foil") == pytest.approx(exact, rel=AREA_TOLERANCE) and made.factor > 1


def test_circles_in_two_dimensions() -> None:
    ring = annulus(R, 3 * R, n_radial=3, n_angular=12)
    radii = {"inner": R, "outer": 3 * R}
    shapes = [circle_shape(ring, name, centre=(0, 0), radius=r) for name, r in radii.items()]
    curved = curve(ring, shapes)
    for name, r in radii.items():
        assert curved.surface_area(name) == pytest.approx(2 * np.pi * r, rel=1e-4)
    assert curved.region_volume("pores") == pytest.approx(8 * np.pi * R**2, rel=2e-4)
    made = enlarge(ring, shapes, surface="inner", area=2 * np.pi * R)
    assert made.factor == pytest.approx(np.pi / 12 / np.sin(np.pi / 12), rel=1e-7)
    with pytest.raises(MeshError, match=r"'outer' has nodes .* off the circle"):
        circle_shape(ring, "outer", centre=(0, 0), radius=2 * R)


@pytest.mark.parametrize("n", [2, 4])
def test_area_preserving_radii(n: int) -> None:
    """The factor is that of a regular polygon; planes stay planes, and elements stay sound."""
    mesh, shape = fibre(n)
    made = enlarge(mesh, [shape], surface="fibre_surface", area=8 * np.pi * R**2)
    assert made.mesh.surface_area("fibre_surface") == pytest.approx(8 * np.pi * R**2, rel=AREA_TOLERANCE)
    assert made.factor == pytest.approx(np.pi / (4 * n) / np.sin(np.pi / (4 * n)), rel=1e-7)
    assert made.held_nodes == 0
    assert mean_ratio(made.mesh.points, made.mesh.cells).min() > QUALITY_FLOOR
    whole = sum(made.mesh.region_volume(name) for name in mesh.regions)
    assert whole == pytest.approx(144 * R**3, rel=1e-12)
    assert mesh.region_volume("fibres") < made.mesh.region_volume("fibres") < 4 * np.pi * R**3
    np.testing.assert_array_equal(made.mesh.cells, mesh.cells)
    same_tags(made.mesh, mesh)


def test_nodes_at_slivers_are_held_back() -> None:
    """A sliver on the fibre would be turned inside out, and silently rewound, by radii that grow."""
    mesh, shape = fibre(2)
    inside = np.unique(mesh.cells[:, mesh.elements_of("fibres")])
    for facet in shape.facets:
        (element,) = np.intersect1d(mesh.f2t[:, facet], mesh.elements_of("pores"))
        top = np.setdiff1d(mesh.cells[:, element], inside)
        points = mesh.points.copy()
        centre = points[:, mesh.facets[:, facet]].mean(axis=1, keepdims=True)
        points[:, top] = centre * 0.96 + 0.04 * points[:, top]
        if mean_ratio(points, mesh.cells).min() > 0:
            break
    sliver = TaggedMesh.from_arrays(
        points=points,
        cells=mesh.cells,
        regions=mesh.regions,
        surfaces={name: mesh.facets[:, facets] for name, facets in mesh.surfaces.items()},
    )
    made = enlarge(sliver, [shape], surface="fibre_surface", area=8 * np.pi * R**2)
    assert made.held_nodes > 0
    assert made.mesh.surface_area("fibre_surface") == pytest.approx(8 * np.pi * R**2, rel=AREA_TOLERANCE)
    assert mean_ratio(made.mesh.points, mesh.cells).min() > 0


def test_an_area_out_of_reach_is_refused() -> None:
    mesh, shape = fibre(2)
    with pytest.raises(MeshError, match=r"'fibre_surface' keeps an area error of .* use a finer mesh"):
        enlarge(mesh, [shape], surface="fibre_surface", area=80 * np.pi * R**2)


def test_impossible_surfaces_are_refused() -> None:
    with pytest.raises(MeshError, match="radius of a cylinder must be a finite length > 0 m, got -1"):
        Cylinder(point=(0, 0, 0), axis=(0, 0, 1), radius=-1)
    with pytest.raises(MeshError, match="normal of a plane must have a direction"):
        Plane(point=(0, 0), normal=(0, 0))
    with pytest.raises(MeshError, match="wavelength of a corrugation must be > 0 m, got 0"):
        Corrugation(height=1, wavelength=0)
