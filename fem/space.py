"""Continuous Lagrange functions on some elements, numbered apart on each connected component."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fem.elements import Ints, distinct_pairs
from meshes.connectivity import components, linked
from meshes.tagged import TaggedMesh


@dataclass(frozen=True, kw_only=True)
class Space:
    """Continuous functions of order 1 or 2 on some elements, numbered apart on each facet-connected
    component.

    Two components that only share a node or an edge (a fibre touching another at a point) keep their own
    unknowns; so do the two sides of a cut, also of one that ends inside a component. elements (n_elements,)
    in the mesh; dofs (n_local, n_elements); nodes (n,) Lagrange node of each unknown
    (`TaggedMesh.nodes_of_cells`); component (n,) of each unknown and component_of_element (n_elements,);
    n_points Lagrange nodes of the whole mesh.
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
        return self._component[np.minimum(mesh_elements, self._component.size - 1)]

    def unknowns(self, elements: Ints, nodes: Ints) -> Ints:
        """Unknown numbers (k, n) of Lagrange nodes (k, n) as seen from mesh elements (n,) of this space."""
        dofs = self.dofs[:, self._position[elements]]
        of_element, out = self.nodes[dofs], np.empty(nodes.shape, dtype=np.int64)
        for row, node in zip(out, nodes, strict=True):
            for candidate, at in zip(dofs, of_element, strict=True):
                np.copyto(row, candidate, where=at == node)
        return out

    @cached_property
    def _position(self) -> Ints:
        """Where each mesh element stands in `elements`, -1 elsewhere; the last entry is of none."""
        return self._over_mesh(np.arange(self.elements.size))

    @cached_property
    def _component(self) -> Ints:
        """Component of each mesh element, -1 elsewhere; the last entry is of none."""
        return self._over_mesh(self.component_of_element)

    def _over_mesh(self, of_elements: Ints) -> Ints:
        out = np.full(int(self.elements.max(initial=-1)) + 2, -1)
        out[self.elements] = of_elements
        return out

    @classmethod
    def on(
        cls,
        mesh: TaggedMesh,
        elements: Ints,
        order: int = 1,
        cut: Ints | None = None,
        pinches: Ints | None = None,
    ) -> Space:
        """The space on these elements (n_elements,), ascending, of a mesh.

        Facets of the cut (n,) connect nothing; at pinches (n,), Lagrange nodes, neither do edges and nodes.
        """
        label = components(mesh, elements, cut)[elements]
        n = mesh.n_nodes if order == 1 else mesh.n_nodes + mesh.n_edges
        cells = mesh.nodes_of_cells(order)[:, elements]
        labels = np.broadcast_to(label, cells.shape)
        dofs, component, nodes = distinct_pairs(labels, cells, int(label.max(initial=-1)) + 1, n)
        none = np.zeros(0, dtype=np.int64)
        cut, pinches = (none if some is None else some for some in (cut, pinches))
        if cut.size or pinches.size:
            at_pinch = np.isin(nodes, pinches)
            dofs, twins = _slit(mesh, elements, dofs, at_pinch, cut)
            nodes, component = (np.concatenate((of, of[twins])) for of in (nodes, component))
        return cls(
            order=order,
            n_points=n,
            elements=elements,
            dofs=dofs,
            nodes=nodes,
            component=component,
            component_of_element=label,
        )

    def select(self, keep: NDArray[np.bool_]) -> Space:
        """The space on the components flagged in keep (n_components,), renumbered in the same order."""
        if keep.all():
            return self
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


def _slit(
    mesh: TaggedMesh, elements: Ints, dofs: Ints, at_pinch: NDArray[np.bool_], cut: Ints
) -> tuple[Ints, Ints]:
    """Unknowns doubled along a cut that ends inside a component, and at pinches (n_unknowns,): new dofs, and
    whose twin each new one is.

    Around such a node, elements that share a facet outside the cut keep their unknown together; at the tip of
    a slit they all do.
    """
    size = at_pinch.size
    position = np.full(mesh.n_elements + 1, -1)  # the last one stands for no element at all
    position[elements] = np.arange(elements.size)
    beside = position[mesh.f2t]
    at_cut = at_pinch.copy()
    is_cut = np.zeros(mesh.n_facets, dtype=bool)
    is_cut[cut] = True
    one, other = beside[:, is_cut & (beside >= 0).all(0)]
    shared = dofs[:, None, one] == dofs[None, :, other]
    at_cut[dofs[:, one][shared.any(1)]] = True

    near = np.zeros(elements.size, dtype=bool)
    near[at_cut[dofs].any(0)] = True
    one, other = beside[:, ~is_cut & (beside >= 0).all(0)]
    keep = near[one] & near[other]
    one, other = one[keep], other[keep]
    number = np.full(dofs.shape, -1)
    local, element = np.nonzero(at_cut[dofs])
    number[local, element] = np.arange(local.size)
    i, j, pair = np.nonzero((dofs[:, None, one] == dofs[None, :, other]) & at_cut[dofs[:, None, one]])
    group = linked(local.size, np.stack((number[i, one[pair]], number[j, other[pair]])))

    _, first = np.unique(group, return_index=True)
    of_group = dofs[local[first], element[first]]
    is_twin = np.ones(of_group.size, dtype=bool)
    is_twin[np.unique(of_group, return_index=True)[1]] = False
    number_of_group = np.where(is_twin, size - 1 + np.cumsum(is_twin), of_group)
    dofs = dofs.copy()
    dofs[local, element] = number_of_group[group]
    return dofs, of_group[is_twin]
