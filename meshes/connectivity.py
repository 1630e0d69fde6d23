"""What hangs together through shared facets: electronic clusters, isolated pockets of electrolyte.

Elements that touch only in an edge or a node exchange no current in the limit of a fine mesh.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from meshes.tagged import IntArray, TaggedMesh


def components(mesh: TaggedMesh, elements: IntArray, cut: IntArray | None = None) -> IntArray:
    """Component number of every element, shape (n_elements,); -1 outside `elements`.

    Components are numbered from 0 in the order of their first element; facets of the cut connect nothing.
    """
    chosen = np.zeros(mesh.n_elements, dtype=bool)
    chosen[elements] = True
    below, above = mesh.f2t
    link = (above >= 0) & chosen[below] & chosen[above]
    if cut is not None:
        link[cut] = False
    local = np.cumsum(chosen) - 1
    size = int(chosen.sum())
    graph = coo_matrix(
        (np.ones(int(link.sum()), dtype=bool), (local[below[link]], local[above[link]])), shape=(size, size)
    )
    raw = connected_components(graph, directed=False)[1]
    _, first, inverse = np.unique(raw, return_index=True, return_inverse=True)
    rank = np.empty(first.size, dtype=np.int64)
    rank[np.argsort(first)] = np.arange(first.size)
    labels = np.full(mesh.n_elements, -1, dtype=np.int64)
    labels[chosen] = rank[inverse]
    return labels


def linked(count: int, pairs: IntArray) -> IntArray:
    """Group number (count,) of each of `count` bodies that hang together through pairs (2, n)."""
    graph = coo_matrix((np.ones(pairs.shape[1], dtype=bool), (pairs[0], pairs[1])), shape=(count, count))
    return connected_components(graph, directed=False)[1]


def touching(mesh: TaggedMesh, labels: IntArray, facets: IntArray) -> IntArray:
    """Sorted numbers of the components that own an element beside one of `facets`."""
    beside = mesh.f2t[:, facets]
    seen = labels[beside[beside >= 0]]
    return np.unique(seen[seen >= 0])


def floating(mesh: TaggedMesh, regions: Iterable[str], grounds: Iterable[str]) -> IntArray:
    """Sorted elements of `regions` in components that touch none of the surfaces `grounds`.

    Fibres without electronic path to `feet` are floating clusters, electrolyte without path to `counter`
    is a pocket. Surfaces that the mesh does not have ground nothing.
    """
    labels = components(mesh, mesh.elements_of(*regions))
    present = [mesh.surfaces[name] for name in grounds if name in mesh.surfaces]
    facets = np.concatenate(present) if present else np.empty(0, dtype=np.int64)
    return np.flatnonzero((labels >= 0) & ~np.isin(labels, touching(mesh, labels, facets)))
