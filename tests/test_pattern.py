"""Matrices put together row by row, against plain numpy: who meets, where entries go, what they add up to."""

import numpy as np
import pytest

from fem import kernels
from fem.elements import DEGREE, Elements, distinct_pairs, traces
from fem.interface import BLOCK, ReactingSurface, evaluate
from fem.kinetics import ButlerVolmer
from fem.pattern import Cliques, Pattern
from fem.space import Space
from fem.stiffness import Stiffness
from fem.surface_pairs import SurfacePairs
from meshes import lagrange
from meshes.connectivity import components
from meshes.structured import layered_box, layered_rectangle
from meshes.tagged import TaggedMesh

SIZE = 60  # unknowns, the last of which is in no clique
RANDOM = np.random.default_rng(5)
BLOCKS = [
    np.array([RANDOM.choice(SIZE - 1, size=k, replace=False) for _ in range(n)]).reshape(n, k).T.astype(int)
    for k, n in ((4, 50), (4, 7), (6, 9), (3, 0), (2, 5))
]
BOX = layered_box([("a", 2.0, 3), ("b", 1.0, 2)], width=1.5, depth=1.0, nx=3, ny=2)
BRICKS = layered_box([("a", 1.0, 16), ("b", 1.0, 16)], width=1.0, depth=1.0, nx=10, ny=10)
SHEET = layered_rectangle([("a", 2.0, 3), ("b", 1.0, 2)], width=1.5, nx=4)


@pytest.fixture(params=[1, 3])
def shared(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """As many threads, however little there is to do."""
    monkeypatch.setattr(kernels, "threads", lambda: request.param)
    monkeypatch.setattr(kernels, "FEW", 0)
    return request.param


def _meeting() -> np.ndarray:
    """Which unknowns meet, themselves included, (SIZE, SIZE)."""
    out = np.eye(SIZE, dtype=bool)
    for block in BLOCKS:
        out[block[:, None], block[None]] = True
    return out


def _dense(pattern: Pattern, values: np.ndarray) -> np.ndarray:
    return pattern.matrix(values).toarray()


def test_pattern_holds_who_meets_and_no_other(shared: int) -> None:
    """Catches a neighbour that is lost, counted twice, or out of order, between ranges of rows too."""
    pattern = Cliques.of(SIZE, BLOCKS).pattern
    rows, cols = np.nonzero(_meeting())
    np.testing.assert_array_equal(pattern.rows, rows)
    np.testing.assert_array_equal(pattern.indices, cols)


def test_many_neighbours_find_room() -> None:
    """Catches a buffer that a row with more neighbours than expected runs out of."""
    everyone = np.arange(1500)[:, None]
    pattern = Cliques.of(1501, [everyone]).pattern
    assert pattern.indices.size == 1500**2 + 1
    assert (pattern.indices[-1501:-1] == np.arange(1500)).all()


def test_places_of_entries(shared: int) -> None:
    """Catches a place in another row or column, and a negative number that gets one."""
    cliques = Cliques.of(SIZE, BLOCKS)
    pattern = cliques.pattern
    for number, block in enumerate(BLOCKS):
        places = cliques.places(number)
        if block.size:
            np.testing.assert_array_equal(pattern.rows[places], np.broadcast_to(block[:, None], places.shape))
            np.testing.assert_array_equal(pattern.indices[places], np.broadcast_to(block, places.shape))
    everywhere = np.arange(pattern.indices.size)
    np.testing.assert_array_equal(pattern.places(pattern.rows, pattern.indices), everywhere)
    outside = pattern.places(np.array([-1, 3, -1]), np.array([3, -1, -1]))
    np.testing.assert_array_equal(outside, everywhere.size)


def test_pattern_among_some_unknowns(shared: int) -> None:
    """Catches an entry of an unknown that was not chosen, and a value that moves to another entry."""
    pattern = Cliques.of(SIZE, BLOCKS).pattern
    chosen = np.flatnonzero(RANDOM.uniform(size=SIZE) < 0.7)
    part, places = pattern.among(chosen)
    values = RANDOM.normal(size=pattern.indices.size)
    expected = _dense(pattern, values)[np.ix_(chosen, chosen)]
    np.testing.assert_array_equal(_dense(part, values[places]), expected)


def test_conductances_add_up(shared: int) -> None:
    """Catches a pair in the wrong block or order: the matrix, to the last digit symmetric, its rows zero."""
    cliques = Cliques.of(SIZE, BLOCKS)
    values, expected = np.zeros(cliques.pattern.indices.size), np.zeros((SIZE, SIZE))
    for number, block in enumerate(BLOCKS[:3]):
        k = len(block)
        local = RANDOM.normal(size=(block.shape[1], k * (k - 1) // 2))
        cliques.add(values, number, local)
        pairs = [(i, j) for i in range(k) for j in range(i)]
        for (i, j), value in zip(pairs, local.T, strict=True):
            for row, col, sign in ((i, j, 1), (j, i, 1), (i, i, -1), (j, j, -1)):
                np.add.at(expected, (block[row], block[col]), sign * value)
    found = _dense(cliques.pattern, values)
    assert np.abs(found - expected).max() < 1e-13
    np.testing.assert_array_equal(found, found.T)
    assert np.abs(found.sum(1)).max() < 1e-13


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("mesh", [SHEET, BOX], ids=["2D", "3D"])
def test_gradients_and_weights(mesh: TaggedMesh, order: int, shared: int) -> None:
    """Catches a wrong cofactor, point or element: the loop against the formula on arrays."""
    some = np.flatnonzero(np.arange(mesh.n_elements) % 3)
    nodes = mesh.nodes_of_cells(order)[:, some]
    elements = Elements.of(mesh, some, nodes, order)
    points, weights = lagrange.rule(mesh.dim, DEGREE[order])
    jacobian = lagrange.jacobians(mesh.node_points(order)[:, nodes], points)
    det = lagrange.determinant(jacobian)
    slopes = lagrange.shape_slopes(order, points)
    expected = np.einsum("lkq,kdqn->ldqn", slopes, lagrange.inverse(jacobian, det))
    assert elements.gradients == pytest.approx(expected, abs=1e-12)
    volume = 2.0 if mesh.dim == 2 else 6.0
    assert elements.weights == pytest.approx(weights[:, None] * det / volume, rel=1e-13)
    a = RANDOM.uniform(1, 2, size=some.size)
    stiffness = Stiffness.assemble(nodes.max() + 1, (elements, a))
    local = np.einsum("idqn,jdqn,qn->ijn", expected, expected, weights[:, None] * det / volume * a)
    dense = np.zeros((nodes.max() + 1,) * 2)
    np.add.at(dense, (nodes[:, None], nodes[None]), local)
    assert np.abs(stiffness.matrix.toarray() - dense).max() < 1e-12 * np.abs(dense).max()


def test_products_by_differences(shared: int) -> None:
    """Catches a residual that loses digits to an offset, or the digits that a State carries beyond double."""
    space = Space.on(BOX, np.arange(BOX.n_elements))
    elements = Elements.of(BOX, space.elements, space.dofs, 1)
    stiffness = Stiffness.assemble(space.size, (elements, np.full(BOX.n_elements, 3.0)))
    x, low = RANDOM.normal(size=space.size), 1e-17 * RANDOM.normal(size=space.size)
    dense = stiffness.matrix.toarray()
    differences = (x[None] - x[:, None]) + (low[None] - low[:, None])
    assert stiffness.apply(x, low) == pytest.approx((dense * differences).sum(1), abs=1e-14)
    assert stiffness.apply(np.zeros(space.size), low) == pytest.approx(dense @ low, abs=1e-30)
    for constant in (np.full(space.size, 1e6), np.zeros(space.size)):
        assert (stiffness.apply(constant, np.full(space.size, 1e-17 / 3)) == 0).all()
    assert abs(stiffness.apply(x).sum()) < 1e-13


def test_laws_of_a_surface_do_not_depend_on_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bit for bit, block by block: catches a block that is left out, and sums in another order."""
    facets = np.flatnonzero(BRICKS.f2t[1] >= 0)
    shape, weights, positions = traces(BRICKS, facets, 1)
    surface = ReactingSurface(
        name="inner", key="inner", kinetics=ButlerVolmer(exchange_current=1.0), terminal=None,
        is_contact=False, facets=facets, first=None, second=BRICKS.facets[:, facets], shape=shape,
        weights=weights, positions=positions, given_concentration=np.full(facets.size, np.nan),
    )  # fmt: skip
    potential, c = RANDOM.normal(size=BRICKS.n_nodes) / 40, RANDOM.uniform(500, 1500, size=BRICKS.n_nodes)
    found, sums = [], []
    for threads in (1, 3):
        monkeypatch.setattr(kernels, "threads", lambda threads=threads: threads)
        monkeypatch.setattr(kernels, "FEW", 0)
        at = evaluate(surface, potential, c, 0.1, 298.15)
        found.append((at.eta, at.concentration, *at.reaction))
        sums.append(SurfacePairs(surface, np.arange(BRICKS.n_nodes)).sum(at.reaction.slope_eta))
    assert facets.size > 2 * BLOCK
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(sums[0], sums[1])
    whole = surface.kinetics.evaluate(
        0.1 - shape.T @ potential[surface.second], shape.T @ c[surface.second], 298.15
    )
    for one, other in zip(found[0][2:], whole, strict=True):
        assert one == pytest.approx(other, rel=1e-12)


def test_different_pairs_are_numbered_in_order() -> None:
    """As np.unique does for keys first * n + second, whatever the order they come in."""
    first, second = RANDOM.integers(0, 9, size=(2, 3, 40))
    numbers, firsts, seconds = distinct_pairs(first, second, 9, 12)
    keys, inverse = np.unique(first * 12 + second, return_inverse=True)
    np.testing.assert_array_equal(firsts * 12 + seconds, keys)
    np.testing.assert_array_equal(numbers, inverse.reshape(numbers.shape))
    nothing = np.zeros((3, 0), dtype=np.int64)
    assert [a.size for a in distinct_pairs(nothing, nothing, 0, 5)] == [0, 0, 0]


def test_components_are_numbered_by_their_first_element() -> None:
    """Against a search from element to element: scattered elements and cuts leave many components."""
    chosen = np.flatnonzero(RANDOM.uniform(size=BRICKS.n_elements) < 0.45)
    cut = np.flatnonzero(RANDOM.uniform(size=BRICKS.n_facets) < 0.1)
    links: dict[int, list[int]] = {e: [] for e in chosen.tolist()}
    for facet in np.setdiff1d(np.arange(BRICKS.n_facets), cut):
        one, other = BRICKS.f2t[:, facet].tolist()
        if one in links and other in links:
            links[one].append(other)
            links[other].append(one)
    expected, count = np.full(BRICKS.n_elements, -1), 0
    for start in chosen.tolist():
        if expected[start] >= 0:
            continue
        todo = [start]
        while todo:
            element = todo.pop()
            if expected[element] < 0:
                expected[element] = count
                todo += links[element]
        count += 1
    assert count > 50
    np.testing.assert_array_equal(components(BRICKS, chosen, cut), expected)
