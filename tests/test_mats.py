"""Random mats: porosity, percolation, contact policy, reproducibility, jams."""

import dataclasses

import numpy as np
import pytest

from geometry.contacts import ContactPolicy, clusters, intersection_curves
from geometry.errors import GeometryError, MatError
from geometry.fibres import Mat
from geometry.orientation import Orientation
from geometry.proposals import through
from geometry.random_mat import RandomMat

UM = 1e-6
BASE = RandomMat(thickness=10 * UM, fibre_diameter=1 * UM, porosity=0.88, seed=1)


@pytest.fixture(scope="module")
def mat() -> Mat:
    """A small random mat."""
    return BASE.draw(12 * UM, 12 * UM)


def pairs(mat: Mat):
    """Distance [radii], foot [radii], cosine and whether both feet lie within the axes, for every pair."""
    r = mat.radii[0]
    for i in range(len(mat.fibres)):
        for j in range(i):
            u, v = mat.ends[i] - mat.starts[i], mat.ends[j] - mat.starts[j]
            m = np.column_stack([u, -v])
            st = np.clip(np.linalg.lstsq(m, mat.starts[j] - mat.starts[i], rcond=None)[0], 0, 1)
            foot = mat.starts[i] + st[0] * u
            gap = np.linalg.norm(foot - mat.starts[j] - st[1] * v) / r
            yield (
                i,
                j,
                gap,
                foot / r,
                abs(u @ v) / np.linalg.norm(u) / np.linalg.norm(v),
                st.min() > 0,
                st.max() < 1,
            )


def test_default_mat_meets_its_porosity_with_sixty_fibres():
    """The shipped case: 16 um cube, 1 um fibres, porosity 0.85, seed 1."""
    mat = RandomMat(thickness=16 * UM, fibre_diameter=1 * UM, porosity=0.85, seed=1).draw(16 * UM, 16 * UM)
    assert len(mat.fibres) >= 60
    assert mat.porosity() == pytest.approx(0.85, abs=0.003)
    assert np.abs(np.array(mat.porosity_tenths()[1:-1]) - 0.85).max() < 0.03


def test_every_fibre_reaches_the_anode_plane(mat):
    """Percolation by construction, recounted here from the axes alone: bonds inside the box, or embedded."""
    n, policy, box = len(mat.fibres), ContactPolicy(), mat.box / mat.radii[0]
    bonds = [
        (i, j)
        for i, j, gap, foot, *_ in pairs(mat)
        if gap < policy.bond[1] + 1e-6 and (foot > 0).all() and (foot < box).all()
    ]
    embedded = [i for i in range(n) if mat.starts[i, 2] < mat.radii[i]]
    label = clusters(n + 1, np.array(bonds + [(i, n) for i in embedded]))
    assert len(embedded) >= 2
    assert len(set(label)) == 1


def test_contact_policy_holds_between_all_pairs(mat):
    """No distance between bond and gap, no shallow crossing: the near-degenerate cases that break CAD."""
    policy = ContactPolicy()
    for i, j, gap, _, cosine, after, before in pairs(mat):
        flat = mat.starts[i, 2] < mat.radii[i] and mat.starts[j, 2] < mat.radii[j]
        if gap < policy.gap - 1e-9 and after and before:
            assert (flat and gap < 1e-9) or policy.bond[0] - 1e-9 <= gap <= policy.bond[1] + 1e-9
            assert cosine <= policy.largest_cosine + 1e-9


def test_axes_keep_clear_of_the_planes(mat):
    """Inside the box; embedded axes lie at their own height."""
    r, policy = mat.radii[0], ContactPolicy()
    direction = mat.ends - mat.starts
    for start, d in zip(mat.starts, direction, strict=True):
        t = np.sort([-start[:2] / d[:2], (mat.box[:2] - start[:2]) / d[:2]], axis=0)
        z = start[2] + np.array([t[0].max(), t[1].min()]) * d[2]
        if d[2] == 0 and start[2] < r:
            assert np.allclose(z, policy.embedded_height * r)
        else:
            assert z.min() > policy.clearance * r * (1 - 1e-9)
            assert z.max() < mat.thickness - policy.clearance * r * (1 - 1e-9)


def test_same_seed_same_mat_and_a_new_draw_another(mat):
    assert BASE.draw(12 * UM, 12 * UM) == mat
    assert BASE.draw(12 * UM, 12 * UM, draw=1) != mat
    assert dataclasses.replace(BASE, seed=2).draw(12 * UM, 12 * UM) != mat
    assert BASE.redrawable


def test_orientation_follows_its_distribution():
    """A concentrated distribution turns fibres towards its axis; before bonds, cos 2a has mean I1/I0."""
    aligned = dataclasses.replace(BASE, porosity=0.93, orientation=Orientation(concentration=1.5, axis=0.0))
    mats = [dataclasses.replace(aligned, seed=seed).draw(16 * UM, 16 * UM) for seed in range(1, 7)]
    angle = np.concatenate([np.arctan2(*(d.ends - d.starts)[:, [1, 0]].T) for d in mats])
    assert np.mean(np.cos(2 * angle)) > 0.3  # 96 fibres; 0 +- 0.07 without a preferred direction
    sample = Orientation(concentration=1.5, axis=0.4).angles(np.random.default_rng(0), 20000)
    assert np.mean(np.cos(2 * (sample - 0.4))) == pytest.approx(0.5965, abs=0.02)


def test_zero_tilt_gives_horizontal_fibres():
    flat = dataclasses.replace(BASE, thickness=6 * UM, porosity=0.93, tilt=0.0).draw(12 * UM, 12 * UM)
    assert np.allclose(flat.starts[:, 2], flat.ends[:, 2])


def test_intersection_curve_lies_on_both_cylinders():
    """Unit cylinders along d1 and d2, whose axes pass at 1.3 along the common normal."""
    d1, d2 = np.array([1.0, 0, 0]), np.array([0.6, 0.8, 0])
    normal = np.array([0.0, 0, 1])
    curve = intersection_curves(d1[None], d2[None], normal[None], np.array([1.3]))[0]
    assert np.allclose(np.linalg.norm(np.cross(curve, d1), axis=1), 1.0)
    assert np.allclose(np.linalg.norm(np.cross(curve - 1.3 * normal, d2), axis=1), 1.0)


def test_grazing_candidates_are_not_proposed():
    """An axis that leaves by a wall at 20 degrees, or near a vertical edge, is turned down."""
    box = np.array([32.0, 32.0, 32.0])
    points = np.array([[16.0, 16, 16], [16.0, 16, 16], [16.0, 0.8, 16]])
    directions = np.array([[1.0, 0.1, 0], [1.0, 0.999, 0], [1.0, 0.0, 0]])
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    _, good = through(points, directions, box, ContactPolicy())
    assert good.tolist() == [0]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"porosity": 1.2}, "porosity of a random mat must lie between .* got 1.2"),
        ({"porosity": 0.3}, "packs no denser"),
        ({"thickness": -1 * UM}, "thickness of the mat must be a finite length above 0"),
        ({"fibre_diameter": 12 * UM}, "too thick for a mat of 10 µm"),
        ({"tilt": 1.0}, "tilt must lie between 0 and"),
        ({"embedded_share": 0.0}, "no contact to it"),
    ],
)
def test_bad_descriptions_are_refused(changes, sentence):
    with pytest.raises(GeometryError, match=sentence):
        dataclasses.replace(BASE, **changes)


def test_bad_orientation_is_refused():
    with pytest.raises(MatError, match="concentration of the orientation"):
        Orientation(concentration=-1.0)


def test_box_too_small_for_the_fibres_is_refused():
    with pytest.raises(GeometryError, match="at least four fibre diameters"):
        BASE.draw(3 * UM, 12 * UM)


def test_jam_names_what_was_reached_and_what_to_do():
    """Strongly aligned fibres hardly cross, so a dense mat of them cannot be bonded."""
    aligned = dataclasses.replace(
        BASE, thickness=4 * UM, porosity=0.78, orientation=Orientation(concentration=20.0)
    )
    with pytest.raises(MatError, match=r"porosity 0\.78 jams at 0\.\d+ .*raise the porosity"):
        aligned.draw(8 * UM, 8 * UM)
