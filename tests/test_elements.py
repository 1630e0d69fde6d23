"""Integrals on elements and facets against scikit-fem's, order 1 and 2, straight and bent; patch tests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from skfem import (
    Basis,
    BilinearForm,
    ElementTetP1,
    ElementTetP2,
    ElementTriP1,
    ElementTriP2,
    FacetBasis,
    LinearForm,
    MeshTet2,
    MeshTri2,
)
from skfem.helpers import dot, grad

from fem.elements import DEGREE, FACET_DEGREE, Elements, scatter, traces
from fem.interface import ReactingSurface
from fem.kinetics import LinearKinetics
from fem.pattern import Cliques
from fem.space import Space
from fem.stiffness import Stiffness
from fem.surface_pairs import SurfacePairs
from meshes import lagrange
from meshes.structured import layered_box, layered_rectangle
from meshes.tagged import TaggedMesh

RECTANGLE = layered_rectangle([("a", 2.0, 3), ("b", 1.0, 2)], width=1.5, nx=4)
BOX = layered_box([("a", 2.0, 2), ("b", 1.0, 1)], width=1.5, depth=1.0, nx=2, ny=2)


def bent(mesh: TaggedMesh, amount: float = 0.04) -> TaggedMesh:
    """Every edge, outer ones too, bent at random by this part of a unit length."""
    shift = amount * np.random.default_rng(0).uniform(-1, 1, size=mesh.edge_midpoints.shape)
    return mesh.curved(mesh.edge_midpoints + shift)


CASES = {
    "rectangle 1": (RECTANGLE, 1),
    "rectangle 2": (RECTANGLE, 2),
    "rectangle 2 bent": (bent(RECTANGLE), 2),
    "box 1": (BOX, 1),
    "box 2": (BOX, 2),
    "box 2 bent": (bent(BOX), 2),
}


class Both:
    """The same functions here and in scikit-fem; `number` is ours of each of its unknowns."""

    def __init__(self, mesh: TaggedMesh, order: int) -> None:
        self.mesh, self.order = mesh, order
        space = Space.on(mesh, np.arange(mesh.n_elements), order)
        self.size, self.dofs = space.size, space.dofs
        self.elements = Elements.of(mesh, space.elements, space.dofs, order)
        element = {
            (2, 1): ElementTriP1,
            (2, 2): ElementTriP2,
            (3, 1): ElementTetP1,
            (3, 2): ElementTetP2,
        }[mesh.dim, order]()
        self.their_mesh = mesh.mesh if order == 1 else _second_order(mesh)
        # the very points of our rule, since the integrands of bent elements are no polynomials
        points, weights = _reference_rule(mesh.dim, self.elements)
        self.basis = Basis(self.their_mesh, element, quadrature=(points, weights))
        self.element = element
        self.number = np.empty(self.size, dtype=int)
        self.number[self.basis.element_dofs] = space.nodes[space.dofs]

    def ours(self, theirs: np.ndarray) -> np.ndarray:
        """A vector or matrix of scikit-fem in our numbers."""
        out = np.empty_like(theirs)
        if theirs.ndim == 1:
            out[self.number] = theirs
        else:
            out[np.ix_(self.number, self.number)] = theirs
        return out

    def matrix(self, by_gradient: np.ndarray | None, by_value: np.ndarray | None) -> np.ndarray:
        """Dense matrix of int (a grad u + b u) . grad v."""
        out = np.zeros(self.size * self.size)
        places = self.dofs[:, None] * self.size + self.dofs[None]
        self.elements.add_matrices(out, places, 1.0, by_gradient, by_value)
        return out.reshape(self.size, self.size)


def _second_order(mesh: TaggedMesh) -> MeshTri2 | MeshTet2:
    kind = MeshTet2 if mesh.dim == 3 else MeshTri2
    straight = kind.from_mesh(mesh.mesh)
    at = np.empty_like(straight.doflocs)
    at[:, straight.dofs.element_dofs] = mesh.node_points(2)[:, mesh.nodes_of_cells(2)]
    return replace(straight, doflocs=at)


def _reference_rule(dim: int, elements: Elements) -> tuple[np.ndarray, np.ndarray]:
    order = 1 if len(elements.shape) == dim + 1 else 2
    points, weights = lagrange.rule(dim, DEGREE[order])
    return points[1:], weights / (2.0 if dim == 2 else 6.0)


@pytest.fixture(params=CASES, scope="module")
def both(request: pytest.FixtureRequest) -> Both:
    return Both(*CASES[request.param])


def _x(both: Both, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=both.size)


def _diffusion(u, v, w):
    return (1 + w.x[0] ** 2 + w.x[1]) * dot(grad(u), grad(v))


def _advection(u, v, w):
    return u * (w.x[1] * grad(v)[0] + (1 + w.x[0]) * grad(v)[1])


def _divergence(v, w):
    return w.x[1] * grad(v)[0] + (1 + w.x[0]) * grad(v)[1]


def _positions(both: Both) -> np.ndarray:
    """Quadrature points (dim, n_q, n)."""
    nodes = both.mesh.node_points(both.order)
    return np.stack([both.elements.values(row) for row in nodes])


def _vector(both: Both) -> np.ndarray:
    x = _positions(both)
    return np.stack([x[1], 1 + x[0], *np.zeros((both.mesh.dim - 2, *x[0].shape))])


def test_volumes_and_values(both: Both) -> None:
    """Catches a wrong determinant, weight or shape function: volumes, values and gradients at all points."""
    assert both.elements.volumes == pytest.approx(both.mesh.element_volumes, rel=1e-12)
    x = _x(both)
    theirs = both.basis.interpolate(x[both.number])
    assert np.abs(both.elements.values(x).T - np.asarray(theirs)).max() < 1e-12
    gradient = np.broadcast_to(both.elements.gradient(x), (both.mesh.dim, *both.elements.weights.shape))
    assert np.swapaxes(gradient, 1, 2) == pytest.approx(theirs.grad, abs=1e-11)


def test_stiffness_with_a_varying_coefficient(both: Both) -> None:
    """Catches gradients that are not those of the bent element, or taken at the wrong points."""
    x = _positions(both)
    found = both.matrix(1 + x[0] ** 2 + x[1], None)
    expected = both.ours(BilinearForm(_diffusion).assemble(both.basis).toarray())
    assert np.abs(found - expected).max() < 1e-12 * np.abs(expected).max()


def test_edge_form_of_the_stiffness(both: Both) -> None:
    """Catches a conductance between the wrong unknowns: K of elementwise constants, as matrix and applied."""
    a = np.random.default_rng(2).uniform(1, 2, size=both.mesh.n_elements)
    stiffness = Stiffness.assemble(both.size, (both.elements, a))

    def form(u, v, w):
        return w.a * dot(grad(u), grad(v))

    by_point = np.broadcast_to(a[:, None], (a.size, both.elements.weights.shape[0]))
    expected = both.ours(BilinearForm(form).assemble(both.basis, a=by_point).toarray())
    assert np.abs(stiffness.matrix.toarray() - expected).max() < 1e-12 * np.abs(expected).max()
    x = _x(both)
    assert stiffness.apply(x) == pytest.approx(expected @ x, abs=1e-11 * np.abs(expected).max())
    assert (stiffness.apply(np.full(both.size, 1e6)) == 0).all()


def test_advection_and_divergence(both: Both) -> None:
    """Catches a transposed advection matrix, and a divergence whose rows do not sum to zero."""
    vector = _vector(both)
    expected = both.ours(BilinearForm(_advection).assemble(both.basis).toarray())
    assert np.abs(both.matrix(None, vector) - expected).max() < 1e-12 * np.abs(expected).max()
    found = both.elements.divergence(vector, both.size)
    assert found == pytest.approx(both.ours(LinearForm(_divergence).assemble(both.basis)), abs=1e-12)
    assert abs(found.sum()) < 1e-13


def test_loads_and_masses_on_facets(both: Both) -> None:
    """Catches a trace with the wrong nodes or the area of the chord: areas, loads, masses, positions."""
    facets = both.mesh.surfaces["sides"]
    shape, weights, positions = traces(both.mesh, facets, both.order)
    if both.order == 2:
        assert weights.sum(0) == pytest.approx(both.mesh.facet_areas(facets), rel=2e-6)
    basis = FacetBasis(
        both.their_mesh, both.element, facets=facets, quadrature=_facet_rule(both.mesh.dim, both.order)
    )
    nodes = both.mesh.nodes_of_facets(both.order, facets)
    surface = ReactingSurface(
        name="sides", key="sides", kinetics=LinearKinetics(exchange_current=1.0), terminal=None,
        is_contact=False,
        facets=facets, first=None, second=nodes, shape=shape, weights=weights, positions=positions,
        given_concentration=np.full(facets.size, np.nan),
    )  # fmt: skip
    value = positions[0] + 2 * positions[1] ** 2

    def f(w):
        return w.x[0] + 2 * w.x[1] ** 2

    load = LinearForm(lambda v, w: f(w) * v).assemble(basis)
    assert scatter(nodes, surface.load(value), both.size) == pytest.approx(both.ours(load), abs=1e-12)
    mass = both.ours(BilinearForm(lambda u, v, w: f(w) * u * v).assemble(basis).toarray())
    pairs = SurfacePairs(surface, np.arange(both.size))
    pattern = Cliques.of(both.size, [nodes]).pattern
    pairs.locate(pattern)
    found = np.zeros(pattern.indices.size + 1)
    pairs.add(found, np.zeros(0), -pairs.sum(value))
    assert np.abs(pattern.matrix(found).toarray() - mass).max() < 1e-12


def _facet_rule(dim: int, order: int) -> tuple[np.ndarray, np.ndarray]:
    points, weights = lagrange.rule(dim - 1, FACET_DEGREE[order][dim - 1])
    return points[1:], weights / (1.0 if dim == 2 else 2.0)


# --- patch tests: what the functions hold exactly comes out exactly ---


def _linear(x: np.ndarray) -> np.ndarray:
    return 0.3 + x[-1] + 0.5 * x[0]


def _shaken(mesh: TaggedMesh) -> TaggedMesh:
    """Nodes inside the two layers moved at random: no element is like another."""
    points = mesh.points.copy()
    low, high = points.min(1, keepdims=True), points.max(1, keepdims=True)
    inner = ((points > low) & (points < high)).all(0) & (points[-1] != 2.0)
    points[:, inner] += np.random.default_rng(3).uniform(-0.08, 0.08, size=(mesh.dim, int(inner.sum())))
    surfaces = {name: mesh.facets[:, facets] for name, facets in mesh.surfaces.items()}
    return TaggedMesh.from_arrays(points=points, cells=mesh.cells, regions=mesh.regions, surfaces=surfaces)


@pytest.mark.parametrize("name", ["rectangle 2", "box 2", "rectangle 1", "box 1"])
def test_polynomials_of_the_order_solve_their_own_equation(name: str) -> None:
    """K u equals the load of -div grad u inside, for u of the elements' own degree on shaken elements.

    Catches an element that is not complete to its degree; a bent element holds linear functions alone.
    """
    mesh, order = CASES[name]
    mesh = _shaken(mesh)
    both = Both(mesh, order)
    x = mesh.node_points(order)
    u = _linear(x) if order == 1 else _linear(x) + x[0] ** 2 - 2 * x[0] * x[-1] + 3 * x[-1] ** 2
    stiffness = Stiffness.assemble(both.size, (both.elements, np.ones(mesh.n_elements)))
    load = np.zeros(both.size)
    if order == 2:
        local = both.elements.shape @ (both.elements.weights * -8.0)
        load = scatter(both.dofs, local, both.size)
    on_hull = np.unique(mesh.nodes_of_facets(order, np.flatnonzero(mesh.f2t[1] < 0)))
    inner = np.setdiff1d(np.arange(both.size), on_hull)
    assert inner.size > 0
    assert stiffness.apply(u)[inner] == pytest.approx(load[inner], abs=1e-12)


@pytest.mark.parametrize("name", ["rectangle 2 bent", "box 2 bent"])
def test_linear_functions_survive_bending(name: str) -> None:
    """A bent element is isoparametric: the gradient of a linear function is exact at every point."""
    mesh, order = CASES[name]
    both = Both(mesh, order)
    gradient = both.elements.gradient(_linear(mesh.node_points(order)))
    assert gradient[0] == pytest.approx(np.full_like(gradient[0], 0.5), abs=1e-12)
    assert gradient[-1] == pytest.approx(np.ones_like(gradient[-1]), abs=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_powers_by_group_are_sums_of_products_of_gradients(case: str) -> None:
    """Catches coefficients and groups of another element, and a field in the place of another."""
    both, random = Both(*CASES[case]), np.random.default_rng(7)
    elements, n = both.elements, both.elements.dofs.shape[1]
    coefficient, group = random.uniform(1.0, 2.0, n), random.integers(0, 3, n)
    u, *others = random.normal(size=(3, both.size))
    found = elements.powers(coefficient, group, 3, u, *others)
    products = [(elements.gradient(u) * elements.gradient(v)).sum(0) for v in others]
    of_element = [coefficient * elements.integral(p) for p in products]
    expected = np.array([np.bincount(group, p, 3) for p in of_element])
    assert found == pytest.approx(expected, rel=1e-12)
