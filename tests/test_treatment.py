"""Meshes of the mesher's own, curved or area-preserving, against the CAD and closed forms."""

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from geometry.designs import Cell, Design
from geometry.fibres import Framework
from geometry.ordered_mat import CrossedMat, ParallelMat
from geometry.random_mat import RandomMat
from geometry.stack import Roughness, Stack
from meshes import worker
from meshes.assess import assess, tag
from meshes.cache import MeshCache
from meshes.curving import DET_FLOOR, bend
from meshes.generate import mesh_job, mesh_stack
from meshes.quality import QUALITY_FLOOR, MeshReport, mean_ratio
from meshes.raw import Raw
from meshes.sizing import Sizing, SurfaceShape
from meshes.structured import layered_box
from meshes.tagged import MeshError, TaggedMesh
from meshes.treatment import Treated, stack_shapes, treat

MICRO = 1e-6
CAD_TOLERANCE = 2e-13  # [m] of intersection curves: 1e-7 in the CAD's micrometres
Meshed = tuple[Stack, Raw, TaggedMesh]


def made(size: float, stack: Stack) -> Meshed:
    raw = worker.run(mesh_job, stack, Sizing(size=size * MICRO))
    return stack, raw, tag(raw)


def bilayer(framework: Framework, width: float, depth: float) -> Stack:
    cell = Cell(
        width=width * MICRO,
        depth=depth * MICRO,
        separator=2 * MICRO,
        ionic_layer=1 * MICRO,
        framework=framework,
    )
    return cell.stack(Design.BILAYER)


@pytest.fixture(scope="module")
def random() -> Meshed:
    """A random mat with about nine elements around a fibre."""
    mat = RandomMat(thickness=8 * MICRO, fibre_diameter=1 * MICRO, porosity=0.75, seed=2)
    return made(0.35, bilayer(mat, 8.0, 8.0))


@pytest.fixture(scope="module")
def crossed() -> Meshed:
    mat = CrossedMat(thickness=4 * MICRO, fibre_diameter=1 * MICRO, porosity=0.7823)
    return made(0.35, bilayer(mat, 4.0, 4.0))


def treated(meshed: Meshed, surface: SurfaceShape) -> tuple[Treated, MeshReport]:
    stack, raw, mesh = meshed
    result = treat(mesh, stack, surface, raw)
    sizing = Sizing(size=0.35 * MICRO, surface=surface)
    return result, assess(result, stack, sizing, raw, draw=0, seconds={})


def check_all_treatments(meshed: Meshed) -> None:
    stack, raw, mesh = meshed
    reports = {}
    for surface in SurfaceShape:
        result, report = treated(meshed, surface)
        reports[surface] = report
        assert report.geometry == surface and report.n_nodes == mesh.n_nodes
        np.testing.assert_array_equal(result.mesh.facets, mesh.facets)
        for name, facets in mesh.surfaces.items():
            np.testing.assert_array_equal(result.mesh.facets_of(name), facets)
        for name, elements in mesh.regions.items():
            np.testing.assert_array_equal(result.mesh.regions[name], elements)
        assert (result.mesh.element_volumes > 0).all()
        for plane in ("counter", "ionic_layer_bottom", "separator_bottom"):
            assert report.areas_mesh[plane] == pytest.approx(raw.areas_cad[plane], rel=1e-12)
        box = stack.projected_area * stack.height
        assert sum(report.volumes_mesh.values()) == pytest.approx(box, rel=1e-12)
    straight, preserving, curved = reports.values()
    assert straight.fibre_area_error is not None and straight.fibre_volume_error is not None
    assert -0.012 < straight.fibre_area_error < -0.003
    assert abs(preserving.fibre_area_error or 1.0) <= 1e-6 and preserving.radius_factor is not None
    assert 1.003 < preserving.radius_factor < 1.02
    assert straight.fibre_volume_error < (preserving.fibre_volume_error or 1.0) < 0
    assert preserving.worst_mean_ratio >= QUALITY_FLOOR
    assert abs(curved.fibre_area_error or 1.0) <= 5e-4 and abs(curved.fibre_volume_error or 1.0) <= 1e-3
    assert curved.least_det_ratio is not None and curved.least_det_ratio >= DET_FLOOR
    assert curved.worst_mean_ratio == straight.worst_mean_ratio


@pytest.mark.gmsh
def test_random_mat(random: Meshed) -> None:
    """Areas and volumes of the three treatments; tags, planes and box are untouched by all of them."""
    stack = random[0]
    assert stack.mat is not None and len(stack.mat.fibres) >= 20
    check_all_treatments(random)


@pytest.mark.gmsh
def test_crossed_log_pile(crossed: Meshed) -> None:
    check_all_treatments(crossed)


@pytest.mark.gmsh
def test_every_facet_of_the_cad_finds_its_surface(random: Meshed) -> None:
    """A facet without a shape, or on a neighbour's cylinder, stays straight or bulges."""
    stack, raw, mesh = random
    shapes = stack_shapes(mesh, stack, raw)
    covered = np.concatenate([shape.facets for shape in shapes])
    assert np.unique(covered).size == covered.size == raw.cleaned.facets.shape[1]
    for shape in shapes:
        level = shape.surface.level(mesh.points[:, np.unique(mesh.facets[:, shape.facets])])
        assert np.abs(level).max() < 0.1 * 0.35 * MICRO  # what the clean-up may do
        assert np.median(np.abs(level)) < 1e-12 * MICRO
    fibres = [shape.facets for shape in shapes if not shape.surface.is_plane]
    on_planes = [s.facets for s in shapes if s.surface.is_plane]
    ends = np.setdiff1d(mesh.facets_of("fibre_surface"), np.concatenate(fibres))  # tops cut off by the layer
    assert np.isin(ends, np.concatenate(on_planes)).all() and ends.size < 0.1 * sum(map(len, fibres))


@pytest.mark.gmsh
def test_edges_between_two_fibres_follow_both(crossed: Meshed) -> None:
    """Projected onto one cylinder only, the seam of a bond would leave the other and open a gap of area."""
    stack, raw, mesh = crossed
    curved = treat(mesh, stack, SurfaceShape.CURVED, raw).mesh
    shapes = [shape for shape in stack_shapes(mesh, stack, raw) if not shape.surface.is_plane]
    edges = [np.unique(mesh.nodes_of_facets(2, shape.facets)[3:]) - mesh.n_nodes for shape in shapes]
    seen = 0
    for i, j in combinations(range(len(shapes)), 2):
        shared = np.intersect1d(edges[i], edges[j])
        seen += shared.size
        for k in (i, j):
            level = np.abs(shapes[k].surface.level(curved.edge_midpoints[:, shared]))
            relaxed = level > CAD_TOLERANCE
            assert relaxed.sum() <= 0.2 * shared.size
    assert seen > 20


@pytest.mark.gmsh
def test_the_same_mesh_is_treated_the_same(crossed: Meshed) -> None:
    stack, raw, mesh = crossed
    shapes = stack_shapes(mesh, stack, raw)
    first, again = bend(mesh, shapes), bend(tag(raw), stack_shapes(tag(raw), stack, raw))
    np.testing.assert_array_equal(first.midpoints, again.midpoints)
    assert first.relaxed_edges == again.relaxed_edges


@pytest.mark.gmsh
def test_parallel_mat_converges() -> None:
    """8, 12, 16 elements around: fourth order against the CAD, whose faces are exact cylinders."""
    mat = ParallelMat(thickness=4 * MICRO, fibre_diameter=1 * MICRO, porosity=0.6724)
    stack, counts = bilayer(mat, 4.0, 2.0), [8, 12, 16]
    area, volume = [], []
    for n in counts:
        stack, raw, mesh = made(np.pi / n, stack)
        curved = treat(mesh, stack, SurfaceShape.CURVED, raw).mesh
        area.append(abs(curved.surface_area("fibre_surface") / raw.areas_cad["fibre_surface"] - 1))
        volume.append(abs(curved.region_volume("fibres") / raw.volumes_cad["fibres"] - 1))
    assert area[0] <= 5e-4 and area[1] <= 1e-4 and volume[1] <= 2e-4
    for errors in (area, volume):
        rates = np.diff(np.log(errors)) / -np.diff(np.log(counts))
        assert rates.min() >= 3.8


@pytest.mark.gmsh
@pytest.mark.parametrize("kind", ["bumps", "corrugation"])
def test_rough_foils(kind: str) -> None:
    """Against the closed form; the caps' rims stay in the anode plane."""
    rough = Roughness(kind=kind, height=1 * MICRO, wavelength=8 * MICRO)
    cell = Cell(width=8 * MICRO, depth=8 * MICRO, separator=5 * MICRO, rough=rough)
    stack, raw, mesh = made(0.6, cell.stack(Design.PLANAR_ROUGH))
    exact = stack.projected_area * rough.area_ratio()
    assert mesh.surface_area("foil") < exact * (1 - 3e-4)
    curved = treat(mesh, stack, SurfaceShape.CURVED, raw)
    assert curved.mesh.surface_area("foil") == pytest.approx(exact, rel=5e-5)
    volume = stack.projected_area * (stack.height - rough.mean_height())
    assert curved.mesh.region_volume("separator") == pytest.approx(volume, rel=2e-5)
    preserving = treat(mesh, stack, SurfaceShape.AREA_PRESERVING, raw)
    assert preserving.mesh.surface_area("foil") == pytest.approx(exact, rel=1e-6)
    assert preserving.mesh.points[2].min() == pytest.approx(mesh.points[2].min(), rel=0.02, abs=1e-18)
    assert mean_ratio(preserving.mesh.points, preserving.mesh.cells).min() > QUALITY_FLOOR


@pytest.mark.gmsh
def test_sizing_asks_for_the_treatment_and_the_cache_keeps_it(tmp_path: Path) -> None:
    """A cache that ignored the treatment would hand out straight meshes for curved ones."""
    rough = Roughness(kind="bumps", height=1 * MICRO, wavelength=4 * MICRO)
    cell = Cell(width=4 * MICRO, depth=4 * MICRO, separator=3 * MICRO, rough=rough)
    stack, cache = cell.stack(Design.PLANAR_ROUGH), MeshCache(tmp_path)
    sizing = Sizing(size=0.4 * MICRO, surface=SurfaceShape.CURVED)
    mesh = mesh_stack(stack, sizing, cache=cache)
    assert mesh.is_curved and mesh.report is not None and mesh.report.geometry == "curved"
    assert cache.get(stack, replace(sizing, surface=SurfaceShape.STRAIGHT)) is None
    stored = cache.get(stack, sizing)
    assert stored is not None and stored.report is not None
    np.testing.assert_array_equal(stored.edge_midpoints, mesh.edge_midpoints)
    assert stored.report.least_det_ratio == mesh.report.least_det_ratio
    assert stored.surface_area("foil") == pytest.approx(16e-12 * rough.area_ratio(), rel=1e-3)


def test_flat_stacks_are_straight_and_unknown_treatments_are_refused() -> None:
    mesh = layered_box([("separator", MICRO, 1)], width=MICRO, depth=MICRO, nx=1, ny=1)
    stack = Stack(width=MICRO, depth=MICRO, separator=MICRO)
    raw = Raw.__new__(Raw)  # a flat stack is treated without a look at it
    result = treat(mesh, stack, SurfaceShape.CURVED, raw)
    assert result.mesh is mesh and result.geometry == "straight" and result.least_det_ratio is None
    assert Sizing(size=MICRO, surface="curved").surface is SurfaceShape.CURVED  # type: ignore[arg-type]
    with pytest.raises(MeshError, match="surface of the mesh 'bent' is unknown; use one of straight, area-"):
        Sizing(size=MICRO, surface="bent")  # type: ignore[arg-type]
