"""Linear-element kernels against scikit-fem's, and the properties that conservation rests on."""

import numpy as np
import pytest
from skfem import Basis, ElementTetP1, ElementTriP1
from skfem.models.poisson import laplace

from fem.elements import Elements
from fem.space import Space
from fem.stiffness import Stiffness
from meshes.structured import fibre_in_rectangle, layered_box, layered_rectangle
from meshes.tagged import TaggedMesh

MESHES = {
    "rectangle": layered_rectangle([("a", 2.0, 3), ("b", 1.0, 2)], width=1.5, nx=4),
    "box": layered_box([("a", 2.0, 3), ("b", 1.0, 2)], width=1.5, depth=1.0, nx=3, ny=2),
}


def _stiffness(mesh: TaggedMesh) -> Stiffness:
    space = Space.on(mesh, np.arange(mesh.n_elements))
    elements = Elements.of(mesh, space.elements, space.dofs, 1)
    return Stiffness.assemble(space.size, (elements, np.ones(mesh.n_elements)))


@pytest.mark.parametrize("name", MESHES)
def test_stiffness_equals_scikit_fem(name: str) -> None:
    """Catches a wrong gradient, volume or scatter: matrix and edge form agree with scikit-fem's assembly."""
    mesh = MESHES[name]
    element = ElementTetP1() if mesh.dim == 3 else ElementTriP1()
    reference = laplace.assemble(Basis(mesh.mesh, element)).toarray()
    stiffness = _stiffness(mesh)
    assert np.abs(stiffness.matrix.toarray() - reference).max() < 1e-13
    x = np.random.default_rng(0).normal(size=mesh.n_nodes)
    assert np.abs(stiffness.apply(x) - reference @ x).max() < 1e-12


def test_edge_form_is_exact_for_constants_and_conserves() -> None:
    """Catches a residual that loses digits to a common offset: 1e6 V more leave the fluxes unchanged."""
    stiffness = _stiffness(MESHES["box"])
    x = np.random.default_rng(1).integers(0, 100, size=stiffness.pattern.size).astype(float)
    assert (stiffness.apply(np.full(stiffness.pattern.size, 1e6)) == 0).all()
    assert np.abs(stiffness.apply(x + 2.0**20) - stiffness.apply(x)).max() == 0
    assert abs(stiffness.apply(x).sum()) < 1e-12


def test_components_that_meet_in_a_node_keep_their_own_unknowns() -> None:
    """Catches current leaking between two fibres that touch in one point of the mesh."""
    points = np.array([[0.0, 1.0, 0.0, -1.0, 0.0], [0.0, 0.0, 1.0, 0.0, -1.0]])
    cells = np.array([[0, 0], [1, 3], [2, 4]])
    mesh = TaggedMesh.from_arrays(points=points, cells=cells, regions={"a": np.arange(2)})
    space = Space.on(mesh, np.arange(2))
    assert space.n_components == 2
    assert space.size == 6
    second = space.select(np.array([False, True]))
    assert second.size == 3
    assert second.n_components == 1
    assert set(second.nodes) == {0, 3, 4}
    assert (second.nodes[second.unknowns(np.array([1]), np.array([[3]]))] == 3).all()


def test_space_on_one_region_numbers_its_nodes_only() -> None:
    """Catches unknowns outside the region, and a trace that points at the wrong ones."""
    mesh = fibre_in_rectangle(1.0, width=5.0, height=5.0, n=4)
    space = Space.on(mesh, mesh.regions["fibres"])
    assert set(space.nodes) == set(np.unique(mesh.cells[:, mesh.regions["fibres"]]))
    facets = mesh.surfaces["fibre_surface"]
    nodes = mesh.facets[:, facets]
    fibres = np.isin(mesh.f2t[:, facets], mesh.regions["fibres"])
    found = space.unknowns(np.where(fibres[0], *mesh.f2t[:, facets]), nodes)
    assert (space.nodes[found] == nodes).all()


SQUARE = layered_rectangle([("a", 2.0, 4), ("b", 2.0, 4)], width=2.0, nx=4)
BRICK = layered_box([("a", 2.0, 2), ("b", 2.0, 2)], width=2.0, depth=1.0, nx=4, ny=2)


@pytest.mark.parametrize("mesh", [SQUARE, BRICK], ids=["2D", "3D"])
@pytest.mark.parametrize("order", [1, 2])
def test_a_slit_has_two_sides_and_one_tip(order: int, mesh: TaggedMesh) -> None:
    """A cut that ends inside a body doubles what lies on it but its tip; one that divides it, all of it.

    Catches a contact resistance that is shorted by unknowns that both sides share.
    """
    plane = mesh.surfaces["b_bottom"]
    half = plane[mesh.points[0][mesh.facets[:, plane]].max(0) <= 1.0]
    everywhere = np.arange(mesh.n_elements)
    whole = Space.on(mesh, everywhere, order)
    slit = Space.on(mesh, everywhere, order, half)
    on_slit = np.unique(mesh.nodes_of_facets(order, half))
    behind_tip = mesh.node_points(order)[0][on_slit] < 1.0
    assert slit.size - whole.size == behind_tip.sum() > 1
    assert slit.n_components == 1
    assert (slit.nodes[slit.dofs] == mesh.nodes_of_cells(order)).all()
    nodes = mesh.nodes_of_facets(order, half)
    below, above = (slit.unknowns(mesh.f2t[k, half], nodes) for k in (0, 1))
    assert (slit.nodes[below] == nodes).all() and (slit.nodes[above] == nodes).all()
    x = mesh.node_points(order)[0][nodes]
    assert ((below == above) == (x == 1.0)).all()
    divided = Space.on(mesh, everywhere, order, plane)
    assert divided.n_components == 2
    assert divided.size == whole.size + np.unique(mesh.nodes_of_facets(order, plane)).size


@pytest.mark.parametrize("order", [1, 2])
def test_a_pinch_joins_nothing(order: int) -> None:
    """Where a body touches itself in a node alone, and is told so, each side keeps its own unknown there."""
    box = layered_rectangle([("all", 3.0, 3)], width=3.0, nx=3)
    middle = box.points[:, box.cells].mean(1).astype(int)
    ring = np.flatnonzero(((middle[0] != 1) | (middle[1] != 1)) & ((middle[0] != 0) | (middle[1] != 0)))
    corner = np.flatnonzero((abs(box.points - 1.0) < 1e-9).all(0))
    plain, apart = Space.on(box, ring, order), Space.on(box, ring, order, pinches=corner)
    assert plain.n_components == apart.n_components == 1
    assert apart.size == plain.size + 1
    assert (apart.nodes[apart.dofs] == box.nodes_of_cells(order)[:, ring]).all()
    everything = np.arange(box.n_elements)
    assert Space.on(box, everything, order, pinches=corner).size == Space.on(box, everything, order).size
