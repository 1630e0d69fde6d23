"""Clean-up of slivers: better elements, and nothing else changes."""

import numpy as np
import pytest
from scipy.spatial import Delaunay

from meshes.cleanup import GOAL, Cleaned, clean
from meshes.patch import cut_patch
from meshes.quality import mean_ratio
from meshes.simplices import determinants
from meshes.tagged import TaggedMesh

SIDE = 4.0  # box [0, SIDE]^3 with unit mesh size, two regions that meet in z = SIDE / 2
Box = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def box_with(extra: np.ndarray) -> Box:
    """Delaunay mesh of jittered points and some that spoil it; facets labelled 0-5 (sides), 6 (middle)."""
    rng = np.random.default_rng(5)
    grid = np.stack(np.meshgrid(*[np.arange(0.0, SIDE + 0.5)] * 3, indexing="ij")).reshape(3, -1)
    shift = rng.uniform(-0.2, 0.2, grid.shape)
    shift[(grid == 0) | (grid == SIDE)] = 0.0
    shift[2, grid[2] == SIDE / 2] = 0.0
    points = np.concatenate([grid + shift, extra.T], axis=1)
    cells = Delaunay(points.T).simplices.T
    det = determinants(points, cells)
    cells[2:, det < 0] = cells[2:, det < 0][::-1]
    cells = cells[:, np.abs(det) > 1e-15]
    middle = points[2][cells] - SIDE / 2
    assert not ((middle.max(axis=0) > 1e-12) & (middle.min(axis=0) < -1e-12)).any(), (
        "an element crosses the middle"
    )
    mesh = TaggedMesh.from_arrays(points=points, cells=cells, regions={"all": np.arange(cells.shape[1])})
    facets, labels = [], []
    planes = [(0, 0.0), (0, SIDE), (1, 0.0), (1, SIDE), (2, 0.0), (2, SIDE), (2, SIDE / 2)]
    for label, (axis, at) in enumerate(planes):
        on = (mesh.points[axis][mesh.facets] == at).all(axis=0)
        if label < 6:
            on &= mesh.f2t[1] < 0
        facets.append(mesh.facets[:, on])
        labels.append(np.full(on.sum(), label))
    assert sum(f.shape[1] for f in facets[:6]) == (mesh.f2t[1] < 0).sum()
    return mesh.points, mesh.cells, np.concatenate(facets, axis=1), np.concatenate(labels)


def area(points: np.ndarray, facets: np.ndarray) -> float:
    x = points[:, facets]
    return float(0.5 * np.linalg.norm(np.cross(x[:, 1] - x[:, 0], x[:, 2] - x[:, 0], axis=0), axis=0).sum())


def check_invariants(before: Box, after: Cleaned) -> None:
    """Volumes, areas, names and conformity are what they were."""
    points, cells, facets, labels = before
    upper = points[2][cells].mean(axis=0) > SIDE / 2
    det = determinants(after.points, after.cells)
    assert det.min() > 0
    assert det[upper[after.origin]].sum() / 6 == pytest.approx(SIDE**3 / 2, rel=1e-12)
    assert det[~upper[after.origin]].sum() / 6 == pytest.approx(SIDE**3 / 2, rel=1e-12)
    for label in range(7):
        assert area(after.points, after.facets[:, after.labels == label]) == pytest.approx(SIDE**2, rel=1e-12)
    mesh = TaggedMesh.from_arrays(
        points=after.points,
        cells=after.cells,
        regions={"low": np.flatnonzero(~upper[after.origin]), "high": np.flatnonzero(upper[after.origin])},
        surfaces={str(k): after.facets[:, after.labels == k] for k in range(7)},
    )
    assert mesh.n_facets and mesh.n_elements == after.origin.size
    np.testing.assert_array_equal(mesh.interface("low", "high"), mesh.facets_of("6"))
    outer = np.sort(np.concatenate([mesh.facets_of(str(k)) for k in range(6)]))
    np.testing.assert_array_equal(outer, np.flatnonzero(mesh.f2t[1] < 0))
    assert after.facets.shape[1] <= facets.shape[1] and set(after.labels) == set(labels)


SPOILERS = {
    "twin of an inner node": [[1.5, 1.5, 1.5], [1.5, 1.5, 1.5001]],
    "twins in the middle plane": [[1.5, 1.5, 2.0], [1.50005, 1.5, 2.0]],
    "twins on an edge of the box": [[1.5, 0.0, 0.0], [1.5, 0.0, 5e-5], [1.50005, 0.0, 0.0]],
    "just above the middle plane": [[1.5, 1.4, 2.0 + 1e-5], [1.5, 1.4, 2.0]],
    "just inside a wall": [[1e-6, 1.5, 1.5], [0.0, 1.5, 1.5]],
    "beside a corner": [[5e-5, 0.0, 0.0], [0.0, 5e-5, 0.0], [1e-4, 1e-4, 1e-4]],
}


@pytest.mark.parametrize("spoiler", SPOILERS)
def test_slivers_vanish_and_nothing_else_changes(spoiler: str) -> None:
    before = box_with(np.array(SPOILERS[spoiler]))
    assert mean_ratio(before[0], before[1]).min() < 1e-3
    after = clean(*before, size=1.0)
    assert after.worst_before == mean_ratio(before[0], before[1]).min()
    assert after.worst_after == mean_ratio(after.points, after.cells).min() >= GOAL
    assert after.collapsed_edges >= 1
    check_invariants(before, after)


def test_a_good_mesh_is_left_alone() -> None:
    before = box_with(np.array([[1.5, 1.5, 1.5]]))
    first = clean(*before, size=1.0)
    again = clean(first.points, first.cells, first.facets, first.labels, size=1.0)
    assert again.collapsed_edges == again.relocated_nodes == 0
    np.testing.assert_array_equal(again.cells, first.cells)
    np.testing.assert_array_equal(again.points, first.points)


def test_collapses_that_glue_or_leave_planes_are_refused() -> None:
    """Merging across a thin layer would join two planes; moving a wall's node inwards would dent the wall."""
    points, cells, facets, labels = box_with(np.empty((0, 3)))
    xyz = points.T.copy()
    patch = cut_patch(xyz, cells, facets, labels, set(range(7)), np.arange(cells.shape[1]))
    on = {k: set(np.unique(facets[:, labels == k]).tolist()) for k in range(7)}
    inner = set(range(points.shape[1])) - set().union(*on.values())
    corner = next(n for n in range(points.shape[1]) if (points[:, n] == 0).all())
    assert [patch.rank(corner), patch.rank(next(iter(inner)))] == [0, 3]
    wall = next(iter(on[0] - on[1] - on[2] - on[3] - on[4] - on[5] - on[6]))
    assert patch.rank(wall) == 2 and patch.rank(next(iter((on[0] & on[2]) - on[4] - on[5] - on[6]))) == 1
    neighbours = {n for t in patch.star[wall] for n in patch.cells[t]} - {wall}
    for kept in neighbours - on[0]:
        assert patch.collapse_quality(wall, kept, tiny=10.0) is None
    for kept in {n for t in patch.star[corner] for n in patch.cells[t]} - {corner}:
        assert patch.collapse_quality(corner, kept, tiny=10.0) is None
    across = [
        (a, b) for a in on[6] - on[0] for t in patch.star[a] for b in patch.cells[t] if b in on[0] - on[6]
    ]
    assert across and all(patch.collapse_quality(a, b, tiny=10.0) is None for a, b in across)
