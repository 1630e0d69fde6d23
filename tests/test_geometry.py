"""Names, stacks, designs, ordered frameworks, fibre lists: exact values and the sentences of errors."""

import json

import numpy as np
import pytest

from geometry.contacts import axis_distances, clusters
from geometry.designs import Cell, Design, Gap
from geometry.errors import GeometryError, MatError
from geometry.fibre_list import FibreList
from geometry.fibres import Fibre, Mat
from geometry.ordered_mat import CrossedMat, GridMat, ParallelMat
from geometry.overlaps import crossing_volume, lens_area, segment_area
from geometry.regions import Region
from geometry.stack import Roughness, Stack

UM = 1e-6
ORDERED = [
    ParallelMat(thickness=16 * UM, fibre_diameter=1 * UM, porosity=0.85),
    CrossedMat(thickness=16 * UM, fibre_diameter=1 * UM, porosity=0.85),
    GridMat(thickness=16 * UM, fibre_diameter=1 * UM, porosity=0.85),
]


def single(start=(-4.0, 8.0, 8.0), end=(20.0, 8.0, 8.0), radius=1.0) -> Fibre:
    """One fibre, micrometres in, metres out."""
    return Fibre(start=tuple(x * UM for x in start), end=tuple(x * UM for x in end), radius=radius * UM)


def cell(**changes) -> Cell:
    """A cell with every part."""
    parts = {
        "width": 16 * UM,
        "depth": 16 * UM,
        "separator": 25 * UM,
        "ionic_layer": 5 * UM,
        "framework": FibreList(thickness=16 * UM, fibres=(single(),)),
        "rough": Roughness(kind="bumps", height=2 * UM, wavelength=8 * UM),
    }
    return Cell(**(parts | changes))


def box_mat(*fibres: Fibre) -> Mat:
    """Fibres in a cube of 16 um."""
    return Mat(fibres=fibres, width=16 * UM, depth=16 * UM, thickness=16 * UM)


def test_solid_volume_of_one_fibre_is_that_of_its_cylinder():
    """Catches a wrong cut at the walls: the axis sticks out of the box by 4 um on each side."""
    assert box_mat(single()).solid_volume() == pytest.approx(np.pi * 16 * UM**3, rel=1e-3)


def test_solid_volume_of_an_oblique_fibre_uses_the_exact_cut():
    """A cylinder through two opposite walls holds cross-section times length, whatever its tilt."""
    fibre = single(start=(-8, 4, 4), end=(24, 12, 12))
    length = 16 * np.linalg.norm([32, 8, 8]) / 32
    assert box_mat(fibre).solid_volume() == pytest.approx(np.pi * length * UM**3, rel=1e-3)


def test_solid_volume_counts_shared_volume_once():
    """Two equal cylinders crossing at right angles share Steinmetz's 16/3 r^3."""
    across = single(start=(8, -4, 8), end=(8, 20, 8))
    exact = (2 * np.pi * 16 - 16 / 3) * UM**3
    assert box_mat(single(), across).solid_volume() == pytest.approx(exact, rel=1e-3)
    assert box_mat(single(), single()).solid_volume() == pytest.approx(np.pi * 16 * UM**3, rel=1e-3)


def test_porosity_by_tenths_averages_to_the_porosity():
    mat = CrossedMat(thickness=16 * UM, fibre_diameter=1 * UM, porosity=0.85).draw(16 * UM, 16 * UM)
    assert np.mean(mat.porosity_tenths()) == pytest.approx(mat.porosity(), abs=1e-12)


def test_overlap_formulas_at_their_limits():
    assert crossing_volume(1.0, 0.0) == pytest.approx(16 / 3, rel=1e-12)
    assert crossing_volume(1.0, 2.0) == 0.0
    assert lens_area(1.0, 0.0) == pytest.approx(np.pi)
    assert lens_area(1.0, 2.0) == 0.0
    assert segment_area(1.0, 0.0) == pytest.approx(np.pi / 2)
    assert segment_area(1.0, 0.3) == pytest.approx(np.pi - np.arccos(0.3) + 0.3 * np.sqrt(0.91))


@pytest.mark.parametrize("spec", ORDERED, ids=lambda s: type(s).__name__)
def test_ordered_frameworks_meet_their_porosity_and_percolate(spec):
    """The sampled union volume is an independent check of the closed forms behind the layout."""
    mat = spec.draw(16 * UM, 16 * UM)
    assert mat.porosity() == pytest.approx(spec.porosity, abs=0.0055)
    assert spec.draw(16 * UM, 16 * UM, draw=3) == mat
    bonds = [
        (i, int(j))
        for i in range(len(mat.fibres))
        for j in np.flatnonzero(
            axis_distances(mat.starts[i], mat.ends[i], mat.starts, mat.ends) < 1.8 * mat.radii[i]
        )
    ]
    label = clusters(len(mat.fibres), np.array(bonds))
    low = np.minimum(mat.starts[:, 2], mat.ends[:, 2])
    assert set(label) == set(label[low < 0.5 * mat.radii])


@pytest.mark.parametrize("spec", ORDERED, ids=lambda s: type(s).__name__)
def test_ordered_frameworks_are_symmetric_in_the_walls(spec):
    """Bars are evenly spread half a spacing from the walls, so mirrored cells continue the pattern."""
    mat = spec.draw(16 * UM, 16 * UM)
    along_x = np.abs(mat.ends[:, 0] - mat.starts[:, 0]) > 10 * UM
    y = np.unique(np.round(mat.starts[along_x, 1] / UM, 6))
    assert np.allclose(np.diff(y), 16 / len(y))


def test_unreachable_porosity_names_the_nearest_ones():
    spec = ParallelMat(thickness=16 * UM, fibre_diameter=1 * UM, porosity=0.87)
    with pytest.raises(MatError, match=r"0\.8\d+ and 0\.8\d+; take one of these"):
        spec.draw(16 * UM, 16 * UM)


def test_fibre_list_survives_csv(tmp_path):
    spec = FibreList(thickness=16 * UM, fibres=(single(), single(start=(0, 1, 2.5), radius=0.5)))
    path = tmp_path / "fibres.csv"
    spec.draw(16 * UM, 16 * UM).to_csv(path)
    read = FibreList.from_csv(path, thickness=16 * UM)
    for a, b in zip(read.fibres, spec.fibres, strict=True):
        assert np.allclose([*a.start, *a.end, a.radius], [*b.start, *b.end, b.radius], rtol=1e-14, atol=0)
    path.write_text("x1,y1,z1,x2,y2,z2,radius\n0,0,0,1,0,0,0.1\n")
    assert FibreList.from_csv(path, thickness=16 * UM, unit="mm").fibre_diameter == pytest.approx(2e-4)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("x1 [um],y1,z1,x2,y2,z2\n", "line 1 .* lacks the columns radius"),
        ("x1,y1,z1,x2,y2,z2,radius\n0,0,0,1,0,0,1\n", "must state one unit"),
        ("x1 [ell],y1,z1,x2,y2,z2,radius\n0,0,0,1,0,0,1\n", "'ell' of a fibre list is unknown"),
        ("x1 [um],y1,z1,x2,y2,z2,radius\n", "no fibre"),
        ("x1 [um],y1,z1,x2,y2,z2,radius\n0,0,0,1,0,0,1\n0,0,0,1,0,zero,1\n", "line 3 .* seven numbers"),
        ("x1 [um],y1,z1,x2,y2,z2,radius\n0,0,0,1,0\n", "line 2 .* seven numbers"),
        ("x1 [um],y1,z1,x2,y2,z2,radius\n0,0,0,1,0,0,-1\n", "line 2 .*radius .*above 0"),
        ("x1 [um],y1,z1,x2,y2,z2,radius\n1,0,0,1,0,0,1\n", "line 2 .*two different ends"),
    ],
)
def test_bad_fibre_lists_are_refused_with_their_line(tmp_path, text, sentence):
    path = tmp_path / "fibres.csv"
    path.write_text(text)
    with pytest.raises(MatError, match=sentence):
        FibreList.from_csv(path, thickness=16 * UM)


def test_missing_and_binary_fibre_lists_are_refused(tmp_path):
    with pytest.raises(MatError, match="cannot be read"):
        FibreList.from_csv(tmp_path / "none.csv", thickness=16 * UM)
    (tmp_path / "binary.csv").write_bytes(bytes(range(200, 256)))
    with pytest.raises(MatError, match="not a text file"):
        FibreList.from_csv(tmp_path / "binary.csv", thickness=16 * UM)


def test_fibre_thicker_than_the_mat_is_refused():
    with pytest.raises(MatError, match=r"fibre 1 is 20 µm thick, more than .*16 µm"):
        box_mat(single(radius=10))


@pytest.mark.parametrize(
    ("design", "parts"),
    [
        (Design.PLANAR, (None, None, None)),
        (Design.PLANAR_ROUGH, (None, None, "rough")),
        (Design.PLANAR_IONIC, (None, "layer", None)),
        (Design.FRAMEWORK, ("mat", None, None)),
        (Design.BILAYER, ("mat", "layer", None)),
        (Design.INSULATING_MAT, ("mat", "layer", None)),
    ],
)
def test_designs_are_made_of_the_parts_of_the_cell(design, parts):
    stack = cell().stack(design)
    mat, layer, rough = parts
    assert (stack.mat is None) == (mat is None)
    assert (stack.ionic_layer is None) == (layer is None)
    assert (stack.roughness is None) == (rough is None)
    assert stack.separator == pytest.approx(25 * UM)


def test_same_distance_keeps_foil_to_counter():
    heights = {cell(gap=Gap.SAME_DISTANCE).stack(d).height for d in Design}
    assert max(heights) - min(heights) < 1e-18
    assert min(heights) == pytest.approx(46 * UM)


def test_insulating_mat_shares_geometry_and_fingerprint_with_the_bilayer():
    assert cell().stack(Design.INSULATING_MAT) == cell().stack(Design.BILAYER)
    prints = {cell().stack(d).fingerprint() for d in Design}
    assert len(prints) == len(Design) - 1
    assert json.loads(cell().stack(Design.BILAYER).fingerprint())["separator"] == 25 * UM


@pytest.mark.parametrize(
    ("part", "design"),
    [("framework", "bilayer"), ("ionic_layer", "planar_ionic"), ("rough", "planar_rough")],
)
def test_design_without_its_part_is_refused(part, design):
    with pytest.raises(GeometryError, match=f"{design} needs the part '{part}'"):
        cell(**{part: None}).stack(Design(design))


@pytest.mark.parametrize("field", ["width", "depth", "separator", "ionic_layer"])
@pytest.mark.parametrize("value", [-5 * UM, 0.0, float("nan"), float("inf")])
def test_lengths_must_be_positive(field, value):
    with pytest.raises(GeometryError, match=f"{field} of the cell must be a finite length above 0"):
        cell(**{field: value})


def test_roughness_formulas():
    """Hemispheres of 2 um every 8 um: area 1 + pi 4/64, mean height (2/3) pi 8/64 um."""
    bumps = Roughness(kind="bumps", height=2 * UM, wavelength=8 * UM)
    assert bumps.area_ratio() == pytest.approx(1 + np.pi * 4 / 64)
    assert bumps.mean_height() == pytest.approx(2 / 3 * np.pi * 8 / 64 * UM)
    wave = Roughness(kind="corrugation", height=2 * UM, wavelength=8 * UM)
    x = (np.arange(200) + 0.5) / 200 * 2 * np.pi
    assert wave.area_ratio() == pytest.approx(np.mean(np.hypot(1, 2 * np.pi * 2 / 8 * np.sin(x))), rel=1e-10)
    stack = Stack(width=16 * UM, depth=16 * UM, separator=10 * UM, roughness=bumps)
    assert stack.exact_volumes()[Region.SEPARATOR] == pytest.approx(
        (256 * 10 - 4 * 2 / 3 * np.pi * 8) * UM**3
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kind": "spikes"}, "use one of bumps, corrugation"),
        ({"height": -1 * UM}, "height of the roughness"),
        ({"height": 3 * UM}, "at most 2 µm at a wavelength of 8 µm"),
    ],
)
def test_bad_roughness_is_refused(changes, sentence):
    with pytest.raises(GeometryError, match=sentence):
        Roughness(**({"kind": "bumps", "height": 2 * UM, "wavelength": 8 * UM} | changes))


def test_roughness_must_fit_the_cell():
    with pytest.raises(GeometryError, match="width of the cell must be a whole number of waves"):
        cell(width=15 * UM).stack(Design.PLANAR_ROUGH)
    with pytest.raises(GeometryError, match="shorts the cell"):
        cell(separator=2 * UM).stack(Design.PLANAR_ROUGH)


@pytest.mark.parametrize("kind", [ParallelMat, CrossedMat, GridMat])
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"porosity": 1.2}, "porosity of the .* between 0 and 1, got 1.2"),
        ({"thickness": -1 * UM}, "thickness of the .* above 0"),
        ({"fibre_diameter": 20 * UM}, "at most half its thickness"),
    ],
)
def test_bad_ordered_frameworks_are_refused(kind, changes, sentence):
    with pytest.raises(GeometryError, match=sentence):
        kind(**({"thickness": 16 * UM, "fibre_diameter": 1 * UM, "porosity": 0.85} | changes))
