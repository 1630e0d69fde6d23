"""Quadrature on the elements of a space: shape functions, gradients and weights, order 1 or 2, straight or
curved.

A field is u = sum u_i N_i on each element; integrals are sums over points with weights. Gradients of fields
are formed from differences to the element's first node, (u_i - u_0) grad N_i, since the gradients of the
shape functions add up to zero: a common offset of a potential, however large, then costs no digits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fem.assembly_kernels import number_pairs, shape_gradients
from fem.kernels import add_matrices, in_blocks, in_threads
from fem.metric_kernels import BLOCK, powers
from meshes import lagrange
from meshes.tagged import TaggedMesh

Floats = NDArray[np.float64]
Ints = NDArray[np.integer[Any]]

DEGREE = {1: 1, 2: 5}
"""Degree of the rule on elements, by the order of the field: coefficients vary within an element."""
FACET_DEGREE = {1: {1: 3, 2: 2}, 2: {1: 7, 2: 6}}
"""Degree of the rule on facets, by the order of the field and the dimension of the facet."""


def scatter(unknowns: Ints, values: Floats, size: int) -> Floats:
    """Sum values into a vector (size,) at the given unknowns; both of one shape."""
    return np.bincount(unknowns.ravel(), values.ravel(), size).astype(np.float64, copy=False)


def present(numbers: Ints, size: int) -> Ints:
    """The different ones among numbers from 0 to size - 1, sorted: np.unique for dense numbers."""
    flags = np.zeros(size, dtype=bool)
    flags[numbers] = True
    return np.flatnonzero(flags)


def distinct_pairs(first: Ints, second: Ints, n_first: int, n_second: int) -> tuple[Ints, Ints, Ints]:
    """The different pairs (first, second) in two arrays (n_local, n), by first and then by second.

    Returns the number (n_local, n) of every pair, and first (n_pairs,) and second (n_pairs,) of each; first
    numbers are below n_first, second ones below n_second.
    """
    start, head = np.zeros(n_first + 1, dtype=np.int64), np.full(n_second, -1, dtype=np.int32)
    return number_pairs(first, second, start, head)


@dataclass(frozen=True, kw_only=True)
class Elements:
    """Shape functions and their gradients at the quadrature points of some elements.

    dofs (n_local, n): the unknowns of each element; shape (n_local, n_q); gradients (n_local, dim, n_g, n)
    [1/m] with n_g = 1 where they are constant (order 1), else n_q; weights (n_q, n) [m^dim].
    """

    dofs: Ints
    shape: Floats
    gradients: Floats
    weights: Floats

    @classmethod
    def of(cls, mesh: TaggedMesh, elements: Ints, dofs: Ints, order: int) -> Elements:
        """Elements (n,) of a mesh with fields of this order; order 1 sees the mesh with straight edges."""
        dim = mesh.dim
        points, weights = lagrange.rule(dim, DEGREE[order])
        slopes = lagrange.shape_slopes(order, points)
        n_local, n_q = slopes.shape[0], points.shape[1]
        found = cls(
            dofs=dofs,
            shape=np.ascontiguousarray(lagrange.shape_functions(order, points)),
            gradients=np.empty((n_local, dim, n_q, elements.size)),
            weights=np.empty((n_q, elements.size)),
        )
        nodes = tuple(mesh.node_points(order)), mesh.nodes_of_cells(order)
        rule = weights / (2.0 if dim == 2 else 6.0)
        to = found.gradients, found.weights
        in_threads(elements.size, partial(shape_gradients, *nodes, elements, slopes, rule, *to))
        return found

    @property
    def volumes(self) -> Floats:
        """Volume (n,) [m^dim] of each element."""
        return self.weights.sum(0)

    def where(self, keep: NDArray[np.bool_]) -> Elements:
        """The elements flagged in keep (n,)."""
        return self if keep.all() else self.chosen(np.flatnonzero(keep))

    def chosen(self, numbers: Ints) -> Elements:
        """The elements with these numbers (n_chosen,); no copy of all of them, which takes kilobytes each at
        order 2."""
        if numbers.size == self.weights.shape[1]:
            return self
        return Elements(
            dofs=self.dofs[:, numbers],
            shape=self.shape,
            gradients=np.take(self.gradients, numbers, axis=-1),
            weights=self.weights[:, numbers],
        )

    def with_unknowns(self, dofs: Ints) -> Elements:
        """The same elements for another field, with unknowns (n_local, n)."""
        return replace(self, dofs=dofs)

    def values(self, u: Floats) -> Floats:
        """u (n_q, n) from values at the unknowns (n_unknowns,)."""
        return self.shape.T @ u[self.dofs]

    def gradient(self, u: Floats, low: Floats | None = None) -> Floats:
        """grad u (dim, n_g, n) from values u + low at the unknowns; low holds digits beyond double
        precision."""
        difference = u[self.dofs[1:]] - u[self.dofs[:1]]
        if low is not None:
            difference += low[self.dofs[1:]] - low[self.dofs[:1]]
        return np.einsum("ldqn,ln->dqn", self.gradients[1:], difference, optimize=True)

    def powers(self, coefficient: Floats, group: Ints, n_groups: int, u: Floats, *others: Floats) -> Floats:
        """int coefficient grad u . grad v (n_others, n_groups) over the elements of each group, v all others.

        coefficient and group (n,) on the elements; u and v at the unknowns (n_unknowns,).
        """
        blocks = -(-group.size // BLOCK)
        out = np.zeros((blocks, n_groups, len(others)))
        arguments = coefficient, group, np.column_stack((u, *others)), out
        in_blocks(blocks, partial(powers, self.dofs, self.gradients, self.weights, *arguments))
        return out.sum(0).T

    def integral(self, values: Floats) -> Floats:
        """int values (n,) over each element, from values (n_q, n)."""
        return (self.weights * values).sum(0)

    def mean(self, vector: Floats) -> Floats:
        """Mean (dim, n) over each element, from values (dim, n_q or 1, n)."""
        return (vector * self.weights).sum(1) / self.volumes

    def divergence(self, flux: Floats, size: int) -> Floats:
        """int flux . grad N_i for every unknown (size,), from flux (dim, n_q, n); the sum over i is zero."""
        return scatter(self.dofs, self.loads(flux), size)

    def loads(self, flux: Floats) -> Floats:
        """`divergence` by element: int flux . grad N_i (n_local, n)."""
        weighted = flux * self.weights
        if self.gradients.shape[2] == 1:
            weighted = weighted.sum(1, keepdims=True)
        local = np.einsum("dqn,ldqn->ln", weighted, self.gradients[1:], optimize=True)
        return np.concatenate((-local.sum(0, keepdims=True), local))

    def add_matrices(
        self, data: Floats, places: Ints, gain: float, by_gradient: Floats | None, by_value: Floats | None
    ) -> None:
        """Add gain * int (a grad N_j + b N_j) . grad N_i to data (n_entries,).

        places (n_local, n_local, n) say where; a (n_q, n) = by_gradient and b (dim, n_q, n) = by_value; None
        stands for zero.
        """
        dim, n_q, n = self.gradients.shape[1], *self.weights.shape
        a = np.zeros((0, n)) if by_gradient is None else np.broadcast_to(by_gradient, (n_q, n))
        b = np.zeros((0, 1, n)) if by_value is None else np.broadcast_to(by_value, (dim, n_q, n))
        a, b = np.ascontiguousarray(a), np.ascontiguousarray(b)
        add_matrices(places, self.shape, self.gradients, self.weights, a, b, gain, data)


def traces(mesh: TaggedMesh, facets: Ints, order: int) -> tuple[Floats, Floats, Floats]:
    """On facets (n,): shape functions (n_local, n_q), weights (n_q, n) [m^(dim-1)], positions (dim, n_q, n)
    [m]."""
    points, weights = lagrange.rule(mesh.dim - 1, FACET_DEGREE[order][mesh.dim - 1])
    nodes = mesh.node_points(order)[:, mesh.nodes_of_facets(order, facets)]
    shape = lagrange.shape_functions(order, points)
    at = points if order == 2 else points[:, :1]  # tangents of straight facets are constant
    area = lagrange.surface_element(lagrange.jacobians(nodes, at)) / (1.0 if mesh.dim == 2 else 2.0)
    return shape, weights[:, None] * area, np.einsum("dln,lq->dqn", nodes, shape, optimize=True)
