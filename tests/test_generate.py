"""From a stack to a checked mesh: sizing, names, agreement with the CAD, retries, harmless crashes."""

import os
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from geometry.designs import Cell, Design
from geometry.fibres import Fibre, Mat
from geometry.stack import Roughness, Stack
from meshes import assess, worker
from meshes.cache import MeshCache
from meshes.generate import mesh_job, mesh_stack
from meshes.quality import QUALITY_FLOOR, mean_ratio
from meshes.raw import MeshingFailed, Raw
from meshes.realisation import realise
from meshes.sizing import Sizing, SurfaceShape
from meshes.tagged import MeshError, TaggedMesh
from meshes.treatment import treat

MICRO = 1e-6
RADIUS = 0.5 * MICRO
SIZING = Sizing(size=0.35 * MICRO)


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """Two bonded fibres, the lower one embedded in the foil; the first `broken` draws lie outside the box."""

    thickness: float = 3 * MICRO
    fibre_diameter: float = 2 * RADIUS
    broken: int = 0
    redrawable: bool = True

    def draw(self, width: float, depth: float, draw: int = 0) -> Mat:
        lift = 1.0 if draw < self.broken else 0.0
        low, high = 0.3 * RADIUS + lift, 1.5 * RADIUS + lift
        y = 0.5 * depth + 0.1 * draw * RADIUS
        fibres = (
            Fibre(start=(-9 * MICRO, y, low), end=(9 * MICRO, y, low), radius=RADIUS),
            Fibre(start=(0.5 * width, -9 * MICRO, high), end=(0.5 * width, 9 * MICRO, high), radius=RADIUS),
        )
        return Mat(fibres=fibres, width=width, depth=depth, thickness=self.thickness)


def cell(**changes) -> Cell:
    parts = {
        "width": 4 * MICRO,
        "depth": 4 * MICRO,
        "separator": 3 * MICRO,
        "ionic_layer": 1 * MICRO,
        "framework": Crossing(),
    }
    return Cell(**{**parts, **changes})


@pytest.fixture(scope="module")
def stack() -> Stack:
    return cell().stack(Design.BILAYER)


@pytest.fixture(scope="module")
def mesh(stack: Stack) -> TaggedMesh:
    return mesh_stack(stack, SIZING)


@pytest.mark.gmsh
def test_names_volumes_and_areas(mesh: TaggedMesh) -> None:
    assert set(mesh.regions) == {"fibres", "pores", "ionic_layer", "separator"}
    planes = {"ionic_layer_bottom", "separator_bottom", "counter"}
    assert set(mesh.surfaces) == {"foil", "feet", "fibre_surface", "sides"} | planes
    for plane in planes:
        assert mesh.surface_area(plane) == pytest.approx(16e-12, rel=1e-9)
    assert mesh.surface_area("foil") + mesh.surface_area("feet") == pytest.approx(16e-12, rel=1e-9)
    assert sum(map(mesh.region_volume, mesh.regions)) == pytest.approx(16e-12 * 7 * MICRO, rel=1e-9)
    np.testing.assert_array_equal(mesh.interface("fibres", "pores"), mesh.facets_of("fibre_surface"))
    np.testing.assert_array_equal(
        mesh.interface("pores", "ionic_layer"), mesh.facets_of("ionic_layer_bottom")
    )
    outer = np.concatenate([mesh.facets_of(name) for name in ("foil", "feet", "counter", "sides")])
    np.testing.assert_array_equal(np.sort(outer), np.flatnonzero(mesh.f2t[1] < 0))


@pytest.mark.gmsh
def test_report(mesh: TaggedMesh, stack: Stack) -> None:
    report = mesh.report
    assert report is not None and stack.mat is not None
    quality = mean_ratio(mesh.points, mesh.cells)
    assert report.worst_mean_ratio == quality.min() >= QUALITY_FLOOR
    assert (report.n_elements, report.n_nodes, report.draw) == (mesh.n_elements, mesh.n_nodes, 0)
    assert (report.n_clusters, report.n_floating, report.n_pockets) == (1, 0, 0)
    assert report.percolating_share == 1.0 and report.pocket_share == 0.0
    ratio = (SIZING.size / RADIUS) ** 2
    assert report.fibre_area_error is not None and report.fibre_volume_error is not None
    assert -0.06 * ratio < report.fibre_area_error < 0
    assert -0.25 * ratio < report.fibre_volume_error < 0
    assert report.porosity_cad == pytest.approx(stack.mat.porosity(), abs=1e-3)
    assert report.porosity_mesh is not None and report.porosity_mesh > report.porosity_cad
    assert len(report.porosity_tenths) == 10 and {"cad", "mesh", "cleanup"} <= set(report.seconds)


@pytest.mark.gmsh
def test_size_at_the_fibres_grows_towards_the_counter(mesh: TaggedMesh) -> None:
    def edges(facets: np.ndarray) -> float:
        return float(np.sqrt(mesh.facet_areas(facets).mean() / 0.433))

    assert edges(mesh.facets_of("fibre_surface")) == pytest.approx(SIZING.size, rel=0.15)
    assert edges(mesh.facets_of("counter")) > 1.8 * SIZING.size


@pytest.mark.gmsh
def test_the_same_stack_gives_the_same_mesh_and_the_cache_returns_it(
    mesh: TaggedMesh, stack: Stack, tmp_path: Path
) -> None:
    cache = MeshCache(tmp_path)
    again = mesh_stack(stack, SIZING, cache=cache)
    stored = mesh_stack(stack, SIZING, draw=3, cache=cache)
    for other in (again, stored):
        np.testing.assert_array_equal(other.points, mesh.points)
        np.testing.assert_array_equal(other.cells, mesh.cells)
    assert stored.report is not None and set(stored.report.seconds) == {"cache"} and stored.report.draw == 3


@pytest.mark.gmsh
def test_rough_foil(tmp_path: Path) -> None:
    rough = Roughness(kind="bumps", height=1 * MICRO, wavelength=4 * MICRO)
    report = mesh_stack(cell(rough=rough).stack(Design.PLANAR_ROUGH), SIZING).report
    assert report is not None and set(report.volumes_mesh) == {"separator"}
    assert report.areas_mesh["foil"] == pytest.approx(16e-12 * rough.area_ratio(), rel=0.03)
    assert report.porosity_cad is None and report.percolating_share is None and report.porosity_tenths == ()


@pytest.mark.gmsh
def test_one_draw_for_all_designs_and_failed_draws_are_reported() -> None:
    told: list[str] = []
    designs = [Design.PLANAR, Design.FRAMEWORK, Design.BILAYER, Design.INSULATING_MAT]
    made = realise(cell(framework=Crossing(broken=1)), designs, SIZING, progress=told.append)
    assert made.draw == 1 and list(made.meshes) == designs == list(made.stacks)
    assert len(made.failures) == 2
    assert all("no fibre touches" in text for text in made.failures)
    assert made.failures[0].startswith("draw 0, framework: ")
    assert made.stacks[Design.FRAMEWORK].mat == made.stacks[Design.BILAYER].mat
    assert made.meshes[Design.BILAYER].mesh is made.meshes[Design.INSULATING_MAT].mesh
    assert all(mesh.report is not None and mesh.report.draw == 1 for mesh in made.meshes.values())
    assert "geometry, draw 1" in told and "bilayer: volume mesh" in told
    assert told.count("planar: volume mesh") == 1  # does not depend on the draw


@pytest.mark.gmsh
def test_retries_are_bounded() -> None:
    with pytest.raises(MeshingFailed, match=r"no mesh after 2 attempts \(draw 0, .*; draw 1, .*\)"):
        realise(cell(framework=Crossing(broken=9)), [Design.BILAYER], SIZING, max_draws=2)
    with pytest.raises(MeshingFailed, match="no mesh after 1 attempts"):
        realise(cell(framework=Crossing(broken=9, redrawable=False)), [Design.BILAYER], SIZING)


@pytest.mark.gmsh
def test_a_mesh_that_contradicts_the_cad_is_refused(stack: Stack) -> None:
    raw = worker.run(mesh_job, stack, SIZING)

    def check(changed: Raw) -> None:
        treated = treat(assess.tag(changed), stack, SurfaceShape.STRAIGHT, changed)
        assess.assess(treated, stack, SIZING, changed, draw=0, seconds={})

    check(raw)
    swapped = {**raw.surface_labels, "foil": raw.surface_labels["feet"], "feet": raw.surface_labels["foil"]}
    with pytest.raises(MeshingFailed, match=r"surface 'feet' measures|surface 'foil' measures"):
        check(replace(raw, surface_labels=swapped))
    with pytest.raises(MeshingFailed, match="lost the surface feet"):
        check(replace(raw, surface_labels={**raw.surface_labels, "feet": (999,)}))
    names = tuple({"pores": "fibres", "fibres": "pores"}.get(n, n) for n in raw.region_names)
    with pytest.raises(MeshingFailed, match=r"region '\w+' measures"):
        check(replace(raw, region_names=names))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"size": 0.0}, "mesh size must be a finite length above 0 µm, got 0 µm"),
        ({"size": 1 * MICRO, "far": 0.5 * MICRO}, r"at least the size at the fibres \(1 µm\), got 0.5 µm"),
        ({"size": 1 * MICRO, "growth": -1.0}, "growth of the mesh size must be above 0"),
    ],
)
def test_impossible_sizings_are_refused(change: dict, words: str) -> None:
    with pytest.raises(MeshError, match=words):
        Sizing(**change)


def test_sizes_that_do_not_fit_the_stack_are_refused(stack: Stack) -> None:
    with pytest.raises(MeshError, match=r"1\.2 µm is larger than the fibre diameter \(1 µm\)"):
        mesh_stack(stack, Sizing(size=1.2 * MICRO))
    with pytest.raises(MeshError, match=r"would need about .* triangles"):
        mesh_stack(stack, Sizing(size=1e-9))
    rough = Roughness(kind="corrugation", height=0.3 * MICRO, wavelength=4 * MICRO)
    with pytest.raises(MeshError, match="larger than the height of the roughness"):
        mesh_stack(cell(rough=rough).stack(Design.PLANAR_ROUGH), SIZING)


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def refuse(text: str) -> None:
    worker.stage("before the end")
    raise MeshError(text)


def chatter() -> int:
    os.system("echo noise; echo noise >&2")
    return 42


def sleep() -> None:
    time.sleep(60)


def test_a_crash_is_an_exception(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(worker.WorkerError, match=r"crash died from signal 11"):
        worker.run(crash)
    told: list[str] = []
    with pytest.raises(MeshError, match=r"^too fine$"):
        worker.run(refuse, "too fine", progress=told.append)
    assert told == ["before the end"]
    assert worker.run(chatter) == 42
    assert capfd.readouterr() == ("", "")


def test_jobs_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "TIME_LIMIT", 0.1)
    with pytest.raises(worker.WorkerError, match=r"stopped after 0 s"):
        worker.run(sleep)
    monkeypatch.undo()
    children = worker.Children()
    children.kill()
    begin = time.perf_counter()
    with pytest.raises(worker.WorkerError, match="died from signal 9"):
        worker.run(sleep, children=children)
    assert time.perf_counter() - begin < 30
