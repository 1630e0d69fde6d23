"""Cross-sections: which stacks have one, its areas against closed forms, and 2D against 3D.

Catches a section taken along the wrong side, circles at the wrong place, lost or wrongly named pieces, and a
currents-per-depth mix-up: the 2D cell must give what the whole cell gives.
"""

from __future__ import annotations

import numpy as np
import pytest

from fem.solve import solve_steady
from geometry.designs import Cell, Design
from geometry.errors import GeometryError
from geometry.fibre_list import FibreList
from geometry.fibres import Fibre
from geometry.ordered_mat import EMBEDDED_HEIGHT, CrossedMat, ParallelMat
from geometry.overlaps import segment_area
from geometry.section import Section
from geometry.stack import Roughness
from meshes.cache import MeshCache
from meshes.generate import mesh_stack
from meshes.simplices import MeshError
from meshes.sizing import Sizing, SurfaceShape
from meshes.tagged import TaggedMesh
from studies import build
from studies.case import Case, CaseError

UM = 1e-6


def cell(**changes) -> Cell:
    """6 x 8 um; an embedded fibre along y and one above it that floats."""
    parts = {
        "width": 6 * UM,
        "depth": 8 * UM,
        "separator": 5 * UM,
        "ionic_layer": 2 * UM,
        "framework": listed(bar((2, -2, 0.2), (2, 10, 0.2)), bar((4, 9, 2.5), (4, -1, 2.5))),
        "rough": Roughness(kind="corrugation", height=1 * UM, wavelength=3 * UM),
    }
    return Cell(**(parts | changes))


def bar(start: tuple[float, ...], end: tuple[float, ...], radius: float = 0.5) -> Fibre:
    """Micrometres in, metres out."""
    return Fibre(start=tuple(UM * x for x in start), end=tuple(UM * x for x in end), radius=UM * radius)


def listed(*fibres: Fibre) -> FibreList:
    return FibreList(thickness=4 * UM, fibres=fibres)


def meshed(design: Design, parts: Cell, size: float = 0.1, **sizing) -> TaggedMesh:
    return mesh_stack(parts.stack(design), Sizing(size=size * UM, dimension=2, **sizing))


def test_fibres_become_circles_in_the_plane_across_them() -> None:
    """Along y the plane is (x, z); the parallel mat runs along x, so its plane is (y, z)."""
    section = Section(stack=cell().stack(Design.FRAMEWORK))
    assert section.across == 0 and section.width == 6 * UM
    assert section.circles == pytest.approx(UM * np.array([[2, 0.2, 0.5], [4, 2.5, 0.5]]))
    fins = ParallelMat(thickness=4 * UM, fibre_diameter=1 * UM, porosity=0.7757)
    section = Section(stack=cell(framework=fins).stack(Design.BILAYER))
    assert section.across == 1 and section.width == 8 * UM
    assert section.corner == pytest.approx(UM * np.array([8, 11]))


@pytest.mark.parametrize(
    ("framework", "reason"),
    [
        (listed(bar((2, -2, 0.2), (2, 10, 0.2)), bar((-2, 4, 2), (8, 4, 2))), "fibre 2 runs along (1, 0, 0)"),
        (listed(bar((2, -2, 0.2), (2, 10, 0.3))), "fibre 1 runs along (0, 1, 0.00833)"),
        (listed(bar((2, 0, 0.2), (2, 7, 0.2))), "fibre 1 reaches from 0 µm to 7 µm along y"),
        (CrossedMat(thickness=4 * UM, fibre_diameter=1 * UM, porosity=0.7757), "not along x alone"),
    ],
)
def test_fibres_that_are_not_the_same_everywhere_are_refused(framework, reason: str) -> None:
    with pytest.raises(GeometryError, match="three dimensions") as refused:
        Section(stack=cell(framework=framework).stack(Design.FRAMEWORK))
    assert reason in str(refused.value)


def test_bumps_and_unknown_dimensions_are_refused() -> None:
    bumps = Roughness(kind="bumps", height=0.5 * UM, wavelength=2 * UM)
    with pytest.raises(GeometryError, match="a foil with bumps has no cross-section"):
        Section(stack=cell(rough=bumps).stack(Design.PLANAR_ROUGH))
    with pytest.raises(MeshError, match="dimension of the mesh must be 2"):
        Sizing(size=UM, dimension=4)  # type: ignore[arg-type]
    with pytest.raises(MeshError, match="edges on the finest surface"):
        Sizing(size=1e-11, dimension=2).require(cell().stack(Design.FRAMEWORK))


@pytest.mark.gmsh
def test_measures_of_a_cross_section_are_exact() -> None:
    """CAD against circle and chord; bent elements follow to 1e-4; names are those of the whole cell."""
    mesh = meshed(Design.BILAYER, cell(), surface=SurfaceShape.CURVED)
    report, r = mesh.report, 0.5 * UM
    assert report is not None
    assert set(mesh.regions) == {"fibres", "pores", "ionic_layer", "separator"}
    assert set(mesh.surfaces) == {
        "foil", "feet", "fibre_surface", "counter", "sides", "ionic_layer_bottom", "separator_bottom",
    }  # fmt: skip
    half = np.sqrt(r**2 - (0.2 * UM) ** 2)  # of the foot
    arc = 2 * r * (np.pi - np.arccos(0.4))
    exact = {
        "foil": 6 * UM - 2 * half,
        "feet": 2 * half,
        "fibre_surface": arc + 2 * np.pi * r,
        "counter": 6 * UM,
        "sides": 2 * 11 * UM,
    }
    solid = segment_area(r, 0.2 * UM) + np.pi * r**2
    for name, length in exact.items():
        assert report.areas_cad[name] == pytest.approx(length, rel=1e-9), name
        assert report.areas_mesh[name] == pytest.approx(length, rel=1e-4), name
    assert report.volumes_cad["fibres"] == pytest.approx(solid, rel=1e-9)
    assert report.volumes_mesh["fibres"] == pytest.approx(solid, rel=1e-4)
    assert report.porosity_cad == pytest.approx(1 - solid / (24 * UM**2), rel=1e-9)
    assert (report.n_clusters, report.n_floating, report.n_pockets) == (2, 1, 0)
    assert report.worst_mean_ratio > 0.5


@pytest.mark.gmsh
def test_bonded_fins_are_one_piece_each(tmp_path) -> None:
    """Circles that overlap are one region; a mesh that is stored comes back, apart from that of the cell."""
    fins = ParallelMat(thickness=4 * UM, fibre_diameter=1 * UM, porosity=0.7757)
    stack, cache = cell(framework=fins).stack(Design.FRAMEWORK), MeshCache(tmp_path)
    sizing = Sizing(size=0.2 * UM, dimension=2)
    report = mesh_stack(stack, sizing, cache=cache).report
    assert report is not None and report.n_clusters == len({fibre.start[1] for fibre in stack.mat.fibres})
    assert report.n_floating == 0
    assert report.porosity_cad == pytest.approx(fins.porosity, abs=5e-3)
    feet = 2 * np.sqrt(1 - EMBEDDED_HEIGHT**2) * 0.5 * UM * report.n_clusters
    assert report.areas_cad["feet"] == pytest.approx(feet, rel=1e-9)
    stored = cache.get(stack, sizing)
    assert stored is not None and stored.dim == 2
    assert cache.get(stack, Sizing(size=0.2 * UM)) is None


@pytest.mark.gmsh
def test_corrugation_in_two_dimensions() -> None:
    """Length against the elliptic integral, area of the separator as if it were flat."""
    parts = cell()
    mesh, rough = meshed(Design.PLANAR_ROUGH, parts, surface=SurfaceShape.CURVED), parts.rough
    assert rough is not None
    assert mesh.surface_area("foil") == pytest.approx(rough.area_ratio() * 6 * UM, rel=3e-5)
    assert mesh.region_volume("separator") == pytest.approx(30 * UM**2, rel=1e-5)


def case(**mesh) -> Case:
    """Small fins under an ionic layer."""
    data = Case.shipped("parallel").to_dict()
    data["designs"] = ["planar", "bilayer"]
    data["cell"] |= {"width": "1.5 um", "depth": "5.25 um"}
    data["mesh"] = mesh
    return Case.from_dict(data)


@pytest.mark.gmsh
def test_cross_section_gives_what_the_whole_cell_gives() -> None:
    """One fin: voltage, share, mean and spread of j of both meshes, apart by their discretisation."""
    metrics = {}
    for dimension in (2, 3):
        chosen = case(size="0.3 um", far="2 um", dimension=dimension)
        mesh = mesh_stack(build.cell(chosen).stack(Design.BILAYER), build.sizing(chosen))
        solution = solve_steady(mesh, build.model(chosen, Design.BILAYER, mesh), build.control(chosen))
        assert solution.trusted
        metrics[dimension] = solution.metrics
        width = mesh.surface_area("counter")
        assert width == pytest.approx(5.25 * UM * (1.5 * UM if dimension == 3 else 1.0), rel=1e-9)
    flat, whole = metrics[2], metrics[3]
    for key, tolerance in {
        "cell_voltage_V": 3e-3, "anode_overpotential_V": 1e-2, "share_fibres": 3e-3,
        "anode_mean_A_m2": 1e-2, "anode_cv": 3e-2, "c_min_ratio": 1e-3, "z50_m": 1e-2,
    }.items():  # fmt: skip
        assert flat[key] == pytest.approx(whole[key], rel=tolerance), key


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kind": "crossed", "porosity": 0.8}, "fibre 3 runs along (0, 1, 0) and not along x alone"),
        ({"kind": "random"}, 'a framework of kind "random" has no cross-section'),
    ],
)
def test_cases_in_two_dimensions_need_designs_with_a_cross_section(change: dict, reason: str) -> None:
    data = Case.shipped("parallel").to_dict()
    data["cell"]["framework"] |= change
    with pytest.raises(CaseError) as refused:
        Case.from_dict(data)
    assert reason in str(refused.value)
    assert str(refused.value).count("mesh.dimension is 2") == 1
    data["mesh"]["dimension"] = 3
    data["mesh"]["size"] = "0.3 um"
    assert Case.from_dict(data).mesh.dimension == 3


def test_bumps_are_refused_in_a_case_of_two_dimensions() -> None:
    data = Case.shipped("parallel").to_dict()
    data["cell"]["rough"]["kind"] = "bumps"
    with pytest.raises(CaseError, match=r"mesh\.dimension is 2: a foil with bumps"):
        Case.from_dict(data)
