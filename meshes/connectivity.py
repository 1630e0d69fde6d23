"""What hangs together through shared facets: electronic clusters, isolated pockets of electrolyte.

Elements that touch only in an edge or a node exchange no current in the limit of a fine mesh.
"""

from __future__ import annotations

from collections.abc import Iterable

import numba
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
    is_cut = np.zeros(mesh.n_facets, dtype=bool)
    if cut is not None:
        is_cut[cut] = True
    labels = np.empty(mesh.n_elements, dtype=np.int64)
    _label(mesh.f2t, chosen, is_cut, labels)
    return labels


@numba.njit(nogil=True, cache=True)
def _label(f2t, chosen, is_cut, labels):
    """Union of the chosen elements beside each facet, the lowest number standing for all; then the labels.

    Until then labels holds an element of the same component with a lower number, or the element itself.
    """
    for e in range(labels.size):
        labels[e] = e
    for f in range(is_cut.size):
        one, other = f2t[0, f], f2t[1, f]
        if is_cut[f] or other < 0 or not (chosen[one] and chosen[other]):
            continue
        while labels[one] != one:
            labels[one] = labels[labels[one]]
            one = labels[one]
        while labels[other] != other:
            labels[other] = labels[labels[other]]
            other = labels[other]
        labels[max(one, other)] = min(one, other)
    count = 0
    for e in range(labels.size):
        if not chosen[e]:
            labels[e] = -1
        elif labels[e] == e:
            labels[e] = count
            count += 1
        else:
            labels[e] = labels[labels[e]]  # a lower one, which has its label already


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
