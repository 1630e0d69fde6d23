"""Fast kernels of linear elements on triangles and tetrahedra; tests compare them with scikit-fem's.

On a simplex the gradients of the barycentric coordinates are constant, so a stiffness matrix is one array
product, and since its rows sum to zero, K x can be written with differences along mesh edges only:
(K x)_i = sum_j K_ij (x_j - x_i). That form is exact for constants and antisymmetric, so currents are
conserved to round-off however large a potential offset is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from meshes.connectivity import components
from meshes.tagged import TaggedMesh

Floats = NDArray[np.float64]
Ints = NDArray[np.integer[Any]]


def scatter(unknowns: Ints, values: Floats, size: int) -> Floats:
    """Sum values into a vector (size,) at the given unknowns; both of one shape."""
    return np.bincount(unknowns.ravel(), values.ravel(), size).astype(np.float64, copy=False)


def barycentric_gradients(points: Floats, simplices: Ints) -> tuple[Floats, Floats]:
    """Gradients (d+1, d, n) [1/m] of the barycentric coordinates and volumes (n,) [m^d] of n simplices.

    points (d, n_points) [m], simplices (d+1, n). Volumes carry the sign of the orientation.
    """
    corners = points[:, simplices]
    if points.shape[0] == 2:
        (ax, ay), (bx, by) = (corners[:, k] - corners[:, 0] for k in (1, 2))
        det = ax * by - ay * bx
        inner = np.stack((np.stack((by, -bx)), np.stack((-ay, ax)))) / det
        return np.concatenate((-inner.sum(0, keepdims=True), inner)), det / 2
    a, b, c = (corners[:, k] - corners[:, 0] for k in (1, 2, 3))
    bc, ca, ab = (np.cross(u, v, axis=0) for u, v in ((b, c), (c, a), (a, b)))
    det = (a * bc).sum(0)
    inner = np.stack((bc, ca, ab)) / det
    return np.concatenate((-inner.sum(0, keepdims=True), inner)), det / 6


@dataclass(frozen=True, kw_only=True)
class P1Space:
    """Continuous linear functions on some elements, numbered apart on each facet-connected component.

    Two components that only share a node or an edge (a fibre touching another at a point) keep their own
    unknowns. elements (n_elements,) in the mesh; dofs (d+1, n_elements); nodes (n,) mesh node of each
    unknown; component (n,) of each unknown and component_of_element (n_elements,); n_points of the whole
    mesh.
    """

    n_points: int
    elements: Ints
    dofs: Ints
    nodes: Ints
    component: Ints
    component_of_element: Ints

    @property
    def size(self) -> int:
        """Number of unknowns."""
        return self.nodes.size

    @property
    def n_components(self) -> int:
        """Number of facet-connected components."""
        return int(self.component_of_element.max()) + 1 if self.elements.size else 0

    def component_at(self, mesh_elements: Ints) -> Ints:
        """Component of each of these mesh elements, -1 where an element is not of this space."""
        position = np.full(int(max(self.elements.max(initial=-1), mesh_elements.max(initial=-1))) + 2, -1)
        position[self.elements] = self.component_of_element
        return position[mesh_elements]

    def unknowns(self, component: Ints, nodes: Ints) -> Ints:
        """Unknown numbers of mesh nodes (k, n) on given components (n,)."""
        return np.searchsorted(self.component * self.n_points + self.nodes, component * self.n_points + nodes)

    @classmethod
    def on(cls, mesh: TaggedMesh, elements: Ints) -> P1Space:
        """The space on these elements (n_elements,) of a mesh."""
        label = components(mesh, elements)[elements]
        n = mesh.n_nodes
        keys = label * n + mesh.cells[:, elements]
        used = np.zeros((int(label.max(initial=-1)) + 1) * n, dtype=bool)
        used[keys] = True
        present = np.flatnonzero(used)
        return cls(
            n_points=n,
            elements=elements,
            dofs=(np.cumsum(used) - 1)[keys],
            nodes=present % n,
            component=present // n,
            component_of_element=label,
        )

    def select(self, keep: NDArray[np.bool_]) -> P1Space:
        """The space on the components flagged in keep (n_components,), renumbered in the same order."""
        on, of = keep[self.component_of_element], keep[self.component]
        dof = np.cumsum(of) - 1
        relabel = np.cumsum(keep) - 1
        return P1Space(
            n_points=self.n_points,
            elements=self.elements[on],
            dofs=dof[self.dofs[:, on]],
            nodes=self.nodes[of],
            component=relabel[self.component[of]],
            component_of_element=relabel[self.component_of_element[on]],
        )


@dataclass(frozen=True, kw_only=True)
class Stiffness:
    """The operator of int a grad u . grad v as edge conductances K_ij: rows, cols (row < col), values."""

    size: int
    rows: Ints
    cols: Ints
    values: Floats

    @classmethod
    def assemble(cls, size: int, dofs: Ints, gradients: Floats, weights: Floats) -> Stiffness:
        """Sum the elements' K_ij = grad N_i . grad N_j * weight; weights (n_elements,) hold a * volume."""
        pairs = [(i, j) for i in range(len(dofs)) for j in range(i)]
        local = np.stack([np.einsum("dn,dn->n", gradients[i], gradients[j]) for i, j in pairs]) * weights
        first = np.concatenate([dofs[i] for i, _ in pairs])
        second = np.concatenate([dofs[j] for _, j in pairs])
        low, high = np.minimum(first, second), np.maximum(first, second)
        upper = sp.coo_matrix((local.ravel(), (low, high)), shape=(size, size)).tocsr().tocoo()
        return cls(
            size=size, rows=upper.row.astype(np.int64), cols=upper.col.astype(np.int64), values=upper.data
        )

    def apply(self, x: Floats, low: Floats | None = None) -> Floats:
        """K (x + low) (n,) by differences along edges: constants cancel exactly, the sum over rows is zero.

        low (n,) holds digits of x beyond double precision: neighbours differ little, so x_j - x_i is exact.
        """
        difference = x[self.cols] - x[self.rows]
        if low is not None:
            difference += low[self.cols] - low[self.rows]
        flux = self.values * difference
        return scatter(self.rows, flux, self.size) - scatter(self.cols, flux, self.size)

    def matrix(self) -> sp.csr_matrix:
        """K (n, n) as CSR, symmetric, with rows that sum to zero."""
        upper = sp.coo_matrix((self.values, (self.rows, self.cols)), shape=(self.size, self.size)).tocsr()
        full = (upper + upper.T).tocsr()
        return (full - sp.diags(np.asarray(full.sum(axis=1)).ravel())).tocsr()


def simplex_rule(dim: int) -> tuple[Floats, Floats]:
    """Barycentric points (dim+1, n_q) and weights (n_q,) of a rule on facets; weights sum to 1.

    dim 1: Gauss, two points, degree 3. dim 2: three interior points, degree 2.
    """
    if dim == 1:
        s = 0.5 - 0.5 / np.sqrt(3.0)
        return np.array([[1 - s, s], [s, 1 - s]]), np.full(2, 0.5)
    return np.full((3, 3), 1 / 6) + np.eye(3) / 2, np.full(3, 1 / 3)
