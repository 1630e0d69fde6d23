"""Continuous Lagrange functions on some elements, numbered apart on each connected component."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fem.elements import Ints
from meshes.connectivity import components
from meshes.tagged import TaggedMesh


@dataclass(frozen=True, kw_only=True)
class Space:
    """Continuous functions of order 1 or 2 on some elements, numbered apart on each facet-connected
    component.

    Two components that only share a node or an edge (a fibre touching another at a point) keep their own
    unknowns; so do the two sides of a cut. elements (n_elements,) in the mesh; dofs (n_local, n_elements);
    nodes (n,) Lagrange node of each unknown (`TaggedMesh.nodes_of_cells`); component (n,) of each unknown and
    component_of_element (n_elements,); n_points Lagrange nodes of the whole mesh.
    """

    order: int
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
        """Number of connected components."""
        return int(self.component_of_element.max()) + 1 if self.elements.size else 0

    def component_at(self, mesh_elements: Ints) -> Ints:
        """Component of each of these mesh elements, -1 where an element is not of this space."""
        position = np.full(int(max(self.elements.max(initial=-1), mesh_elements.max(initial=-1))) + 2, -1)
        position[self.elements] = self.component_of_element
        return position[mesh_elements]

    def unknowns(self, component: Ints, nodes: Ints) -> Ints:
        """Unknown numbers of Lagrange nodes (k, n) on given components (n,)."""
        return np.searchsorted(self.component * self.n_points + self.nodes, component * self.n_points + nodes)

    @classmethod
    def on(cls, mesh: TaggedMesh, elements: Ints, order: int = 1, cut: Ints | None = None) -> Space:
        """The space on these elements (n_elements,) of a mesh; facets of the cut (n,) connect nothing."""
        label = components(mesh, elements, cut)[elements]
        n = mesh.n_nodes if order == 1 else mesh.n_nodes + mesh.n_edges
        keys = label * n + mesh.nodes_of_cells(order)[:, elements]
        used = np.zeros((int(label.max(initial=-1)) + 1) * n, dtype=bool)
        used[keys] = True
        present = np.flatnonzero(used)
        return cls(
            order=order,
            n_points=n,
            elements=elements,
            dofs=(np.cumsum(used) - 1)[keys],
            nodes=present % n,
            component=present // n,
            component_of_element=label,
        )

    def select(self, keep: NDArray[np.bool_]) -> Space:
        """The space on the components flagged in keep (n_components,), renumbered in the same order."""
        on, of = keep[self.component_of_element], keep[self.component]
        dof = np.cumsum(of) - 1
        relabel = np.cumsum(keep) - 1
        return Space(
            order=self.order,
            n_points=self.n_points,
            elements=self.elements[on],
            dofs=dof[self.dofs[:, on]],
            nodes=self.nodes[of],
            component=relabel[self.component[of]],
            component_of_element=relabel[self.component_of_element[on]],
        )
