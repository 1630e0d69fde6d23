"""CAD: names, exact volumes and areas, union of fibres against sampling, export."""

import numpy as np
import pytest

from geometry.cad import build, export
from geometry.designs import Cell, Design
from geometry.errors import GeometryError
from geometry.fibre_list import FibreList
from geometry.fibres import Fibre
from geometry.ordered_mat import CrossedMat
from geometry.random_mat import RandomMat
from geometry.stack import Roughness, Stack

UM = 1e-6
pytestmark = pytest.mark.gmsh


@pytest.fixture
def model():
    """A running Gmsh with an empty model."""
    import gmsh

    gmsh.initialize(interruptible=False)
    gmsh.option.setNumber("General.Terminal", 0)
    try:
        yield gmsh.model
    finally:
        gmsh.finalize()


def fibre(start, end, radius=0.5) -> Fibre:
    """Micrometres in, metres out."""
    return Fibre(start=tuple(x * UM for x in start), end=tuple(x * UM for x in end), radius=radius * UM)


def cell(**changes) -> Cell:
    """8 x 8 um, two crossing fibres of which the lower one is embedded."""
    fibres = (fibre((-2, 4, 0.15), (10, 4, 0.15)), fibre((4, -2, 0.8), (4, 10, 0.8)))
    parts = {
        "width": 8 * UM,
        "depth": 8 * UM,
        "separator": 6 * UM,
        "ionic_layer": 2 * UM,
        "framework": FibreList(thickness=4 * UM, fibres=fibres),
        "rough": Roughness(kind="bumps", height=2 * UM, wavelength=8 * UM),
    }
    return Cell(**(parts | changes))


EXPECTED = {
    Design.PLANAR: ({"separator"}, {"foil", "counter", "sides"}),
    Design.PLANAR_ROUGH: ({"separator"}, {"foil", "counter", "sides"}),
    Design.PLANAR_IONIC: ({"separator", "ionic_layer"}, {"foil", "counter", "sides", "separator_bottom"}),
    Design.FRAMEWORK: (
        {"separator", "pores", "fibres"},
        {"foil", "feet", "fibre_surface", "counter", "sides", "separator_bottom"},
    ),
    Design.BILAYER: (
        {"separator", "ionic_layer", "pores", "fibres"},
        {"foil", "feet", "fibre_surface", "counter", "sides", "separator_bottom", "ionic_layer_bottom"},
    ),
}


@pytest.mark.parametrize("design", EXPECTED)
def test_each_design_has_its_names_and_exact_volumes(model, design):
    """Physical groups carry the vocabulary; layer volumes are exact to round-off."""
    stack = cell().stack(design)
    summary = build(stack)
    names = [{model.getPhysicalName(dim, tag) for _, tag in model.getPhysicalGroups(dim)} for dim in (3, 2)]
    assert names == list(EXPECTED[design])
    assert set(summary.volumes) == names[0]
    assert set(summary.areas) == names[1]
    for region, volume in stack.exact_volumes().items():
        assert summary.volumes[region] == pytest.approx(volume, rel=1e-9)
    assert summary.areas["counter"] == pytest.approx(stack.projected_area, rel=1e-9)


def test_areas_and_volumes_of_one_embedded_fibre(model):
    """Strip of contact, wetted arc and solid section of a cylinder at 0.3 r above the plane, per length."""
    one = FibreList(thickness=4 * UM, fibres=(fibre((-2, 4, 0.15), (10, 4, 0.15)),))
    summary = build(cell(framework=one).stack(Design.FRAMEWORK))
    arc = 2 * (np.pi - np.arccos(0.3)) * 0.5
    strip = 2 * 0.5 * np.sqrt(1 - 0.09)
    section = 0.25 * (np.pi - np.arccos(0.3) + 0.3 * np.sqrt(0.91))
    assert summary.areas["fibre_surface"] == pytest.approx(arc * 8 * UM**2, rel=1e-6)
    assert summary.areas["feet"] == pytest.approx(strip * 8 * UM**2, rel=1e-6)
    assert summary.areas["foil"] == pytest.approx((64 - strip * 8) * UM**2, rel=1e-6)
    assert summary.volumes["fibres"] == pytest.approx(section * 8 * UM**3, rel=1e-6)


def test_seams_leave_no_short_edge(model):
    """With the seam beside the contacts, the shortest edge is no sliver of the intersection curve."""
    summary = build(cell().stack(Design.BILAYER))
    assert summary.n_fibre_volumes == 1
    assert summary.shortest_edge > 0.05 * UM


def test_fibres_through_the_top_of_the_mat_end_there(model):
    """A listed fibre that sticks out of the framework is cut at its top and touches the layer."""
    post = FibreList(thickness=4 * UM, fibres=(fibre((4, 4, -1), (4, 4, 9)),))
    summary = build(cell(framework=post).stack(Design.BILAYER))
    assert summary.volumes["fibres"] == pytest.approx(np.pi * 0.25 * 4 * UM**3, rel=1e-6)
    assert summary.areas["fibre_surface"] == pytest.approx((np.pi * 4 + np.pi * 0.25) * UM**2, rel=1e-6)
    assert summary.areas["feet"] == pytest.approx(np.pi * 0.25 * UM**2, rel=1e-6)


@pytest.mark.parametrize("kind", ["bumps", "corrugation"])
def test_rough_foils_have_their_exact_area_and_volume(model, kind):
    rough = Roughness(kind=kind, height=1.5 * UM, wavelength=8 * UM)
    stack = Stack(width=16 * UM, depth=8 * UM, separator=6 * UM, roughness=rough)
    summary = build(stack)
    assert summary.areas["foil"] == pytest.approx(rough.area_ratio() * stack.projected_area, rel=5e-5)
    assert summary.volumes["separator"] == pytest.approx(
        stack.exact_volumes()[next(iter(stack.exact_volumes()))], rel=5e-5
    )


def test_log_pile_has_its_exact_porosity(model):
    """Closed form, sampled union and CAD agree."""
    mat = CrossedMat(thickness=4 * UM, fibre_diameter=1 * UM, porosity=0.842).draw(8 * UM, 8 * UM)
    summary = build(Stack(width=8 * UM, depth=8 * UM, separator=4 * UM, mat=mat))
    assert summary.porosity == pytest.approx(0.842, abs=0.005)
    assert summary.porosity == pytest.approx(mat.porosity(), abs=2e-4)


def test_random_mat_is_one_solid_of_the_target_porosity(model):
    """The porosity promised by the draw is that of the fused CAD; every cluster stands on the anode plane."""
    spec = RandomMat(thickness=6 * UM, fibre_diameter=1 * UM, porosity=0.86, seed=3)
    mat = spec.draw(10 * UM, 10 * UM)
    summary = build(Stack(width=10 * UM, depth=10 * UM, separator=4 * UM, mat=mat))
    assert summary.porosity == pytest.approx(0.86, abs=0.005)
    assert summary.porosity == pytest.approx(mat.porosity(), abs=5e-4)
    feet = set(summary.surface_tags["feet"])
    solids = [tag for dim, tag in model.getEntities(3) if dim == 3]
    fibres = set(model.getEntitiesForPhysicalGroup(3, _group(model, "fibres")))
    for tag in fibres & set(solids):
        faces = {abs(face) for _, face in model.getBoundary([(3, tag)], oriented=False)}
        assert faces & feet
    assert summary.shortest_edge > 0.02 * UM


def _group(model, name: str) -> int:
    return next(tag for dim, tag in model.getPhysicalGroups(3) if model.getPhysicalName(dim, tag) == name)


@pytest.mark.parametrize("suffix", [".step", ".stl"])
def test_export_writes_a_readable_file(tmp_path, suffix):
    path = tmp_path / f"cell{suffix}"
    summary = export(cell().stack(Design.FRAMEWORK), path)
    assert path.stat().st_size > 1000
    assert summary.porosity is not None
    if suffix == ".step":
        assert "ISO-10303" in path.read_text(encoding="utf-8")[:200]


def test_export_refuses_unknown_formats_and_folders(tmp_path):
    with pytest.raises(GeometryError, match=r"must end in \.step"):
        export(cell().stack(Design.PLANAR), tmp_path / "cell.iges")
    with pytest.raises(GeometryError, match="does not exist"):
        export(cell().stack(Design.PLANAR), tmp_path / "no" / "cell.step")
