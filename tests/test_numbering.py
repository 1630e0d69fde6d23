"""Numbering along a curve: the same mesh, with neighbours closer in memory."""

import numpy as np

from meshes.cleanup import untouched
from meshes.numbering import along_curve, renumbered
from meshes.simplices import determinants
from meshes.structured import extrude, layered_rectangle


def _shuffled():
    """A mesh of 12 x 12 x 8 cells with nodes and elements in random order, and two of its facets."""
    random = np.random.default_rng(3)
    tagged = extrude(layered_rectangle([("separator", 12.0, 12)], width=12.0, nx=12), depth=8.0, n=8)
    nodes, elements = random.permutation(tagged.n_nodes), random.permutation(tagged.n_elements)
    number = np.empty_like(nodes)
    number[nodes] = np.arange(nodes.size)
    points, cells = tagged.points[:, nodes], number[tagged.cells[:, elements]]
    return untouched(points, cells, cells[:3, :2].copy(), np.array([7, 8]))


def _spread(cells) -> float:
    return float(np.abs(np.diff(cells, axis=0)).mean())


def test_renumbered_mesh_is_the_same_mesh() -> None:
    """Every element keeps its corners, its origin and its volume; facets keep their corners."""
    before = _shuffled()
    after = renumbered(before)
    one = before.points[:, before.cells[:, after.origin]]
    np.testing.assert_array_equal(one, after.points[:, after.cells])
    np.testing.assert_array_equal(before.points[:, before.facets], after.points[:, after.facets])
    total = determinants(before.points, before.cells)[after.origin]
    np.testing.assert_array_equal(total, determinants(after.points, after.cells))


def test_neighbours_lie_close_in_memory() -> None:
    """Corners of an element differ in number by a fraction of what they do in a random numbering."""
    before = _shuffled()
    assert _spread(renumbered(before).cells) < 0.25 * _spread(before.cells)


def test_a_point_on_the_curve_is_visited_once() -> None:
    """A permutation, also of equal points."""
    points = np.zeros((3, 5))
    points[0, 3] = 1.0
    assert sorted(along_curve(points).tolist()) == list(range(5))
