"""A simplex mesh, straight or curved, whose regions and surfaces have names that can be relied upon."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from skfem import MeshTet1, MeshTri1

from meshes import lagrange
from meshes.naming import STRAY_PREFIX, check_partition, checked, listed
from meshes.simplices import FloatArray, IntArray, MeshError, determinants, find_facets, rewound, simplex_mesh

if TYPE_CHECKING:
    from meshes.quality import MeshReport

FACET_DEGREE = 7
"""Degree of the rule for areas of curved facets, whose element of area is no polynomial."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TaggedMesh:
    """Triangles or tetrahedra in metres with named regions and surfaces.

    Guaranteed after construction: every element has positive volume (winding is mended) and is in exactly
    one region, no region or surface is empty, and every index exists. Index arrays are sorted and unique.

    mesh       MeshTri1 (dim 2) or MeshTet1 (dim 3), coordinates [m]
    regions    name -> element indices, a partition of all elements
    surfaces   name -> facet indices; surfaces may overlap
    midpoints  where the middle of every edge lies [m], (dim, n_edges), in the order of `edges`: the mesh is
               curved, of second order; None: all edges are straight
    report     how the mesh was made and how good it is, when it was generated here
    """

    mesh: MeshTri1 | MeshTet1
    regions: Mapping[str, IntArray]
    surfaces: Mapping[str, IntArray] = field(default_factory=dict)
    midpoints: FloatArray | None = None
    report: MeshReport | None = None

    def __post_init__(self) -> None:
        if type(self.mesh) not in (MeshTri1, MeshTet1):
            raise MeshError(
                f"a tagged mesh needs a MeshTri1 or MeshTet1, got {type(self.mesh).__name__}; "
                "use straight triangles or tetrahedra"
            )
        object.__setattr__(self, "mesh", _wound(self.mesh))
        object.__setattr__(self, "regions", checked("region", "element", self.regions, self.n_elements))
        object.__setattr__(self, "surfaces", checked("surface", "facet", self.surfaces, self.n_facets))
        check_partition(self.regions, self.n_elements)
        if self.midpoints is not None:
            self._check_curved(self.midpoints)

    @classmethod
    def from_arrays(
        cls,
        *,
        points: ArrayLike,
        cells: ArrayLike,
        regions: Mapping[str, ArrayLike],
        surfaces: Mapping[str, ArrayLike] | None = None,
        report: MeshReport | None = None,
    ) -> TaggedMesh:
        """Build from plain arrays, about ten times faster than scikit-fem's own readers.

        points (dim, n_nodes) [m], cells (dim + 1, n_elements), regions name -> element indices,
        surfaces name -> node numbers of facets (dim, n_facets_of_surface), in any winding.
        Raises MeshError when an element is flat, a facet is shared by three elements, or a surface facet
        does not exist.
        """
        p = np.ascontiguousarray(points, dtype=np.float64)
        t = np.ascontiguousarray(cells, dtype=np.int32)
        mesh = simplex_mesh(p, t)
        named = {
            name: find_facets(mesh, np.asarray(nodes), name)
            for name, nodes in (surfaces or {}).items()
            if not name.startswith(STRAY_PREFIX)
        }
        of = {name: np.asarray(elements) for name, elements in regions.items()}
        return cls(mesh=mesh, regions=of, surfaces=named, report=report)

    @property
    def dim(self) -> int:
        """Space dimension, 2 or 3."""
        return self.mesh.p.shape[0]

    @property
    def points(self) -> FloatArray:
        """Node coordinates [m], shape (dim, n_nodes)."""
        return self.mesh.p

    @property
    def cells(self) -> IntArray:
        """Node numbers of the elements, shape (dim + 1, n_elements)."""
        return self.mesh.t

    @property
    def facets(self) -> IntArray:
        """Node numbers of all facets, ascending, shape (dim, n_facets)."""
        return np.asarray(self.mesh.facets)

    @property
    def f2t(self) -> IntArray:
        """The one or two elements of every facet, shape (2, n_facets); -1 for none."""
        return self.mesh.f2t

    @property
    def n_nodes(self) -> int:
        return self.mesh.p.shape[1]

    @property
    def n_elements(self) -> int:
        return self.cells.shape[1]

    @property
    def n_facets(self) -> int:
        return self.facets.shape[1]

    @property
    def is_curved(self) -> bool:
        """Whether edges have midpoints of their own."""
        return self.midpoints is not None

    @cached_property
    def _edge_tables(self) -> tuple[IntArray, IntArray]:
        return lagrange.unique_edges(self.cells, self.n_nodes)

    @property
    def edges(self) -> IntArray:
        """Node numbers of all edges, ascending, shape (2, n_edges)."""
        return self._edge_tables[0]

    @property
    def n_edges(self) -> int:
        return self.edges.shape[1]

    @cached_property
    def edge_midpoints(self) -> FloatArray:
        """Where the middle of every edge lies [m], (dim, n_edges): on the chord unless the mesh is curved."""
        return self.points[:, self.edges].mean(axis=1) if self.midpoints is None else self.midpoints

    def nodes_of_cells(self, order: int) -> IntArray:
        """Lagrange nodes of every element, shape (n_local, n_elements): corners, then n_nodes + edge."""
        if order == 1:
            return self.cells
        return np.concatenate((self.cells, self.n_nodes + self._edge_tables[1]))

    def nodes_of_facets(self, order: int, facets: IntArray) -> IntArray:
        """Lagrange nodes of some facets, shape (n_local, len(facets)), numbered as in `nodes_of_cells`."""
        corners = self.facets[:, facets]
        if order == 1:
            return corners
        pairs = np.stack([corners[list(edge)] for edge in lagrange.LOCAL_EDGES[self.dim - 1]], axis=1)
        return np.concatenate((corners, self.n_nodes + lagrange.find_edges(self.edges, pairs, self.n_nodes)))

    def node_points(self, order: int) -> FloatArray:
        """Coordinates [m] of the Lagrange nodes, shape (dim, n_nodes) or (dim, n_nodes + n_edges)."""
        return self.points if order == 1 else np.concatenate((self.points, self.edge_midpoints), axis=1)

    @cached_property
    def element_volumes(self) -> FloatArray:
        """Volumes [m3] (areas [m2] in 2D), shape (n_elements,), all positive."""
        straight = determinants(self.points, self.cells) / (2.0 if self.dim == 2 else 6.0)
        if self.midpoints is None:
            return straight
        bent = self.bent_elements
        nodes = self.node_points(2)[:, self.nodes_of_cells(2)[:, bent]]
        points, weights = lagrange.rule(self.dim, 3)  # det of a quadratic map is a cubic
        det = lagrange.determinant(lagrange.jacobians(nodes, points))
        straight[bent] = weights @ det / (2.0 if self.dim == 2 else 6.0)
        return straight

    @cached_property
    def bent_elements(self) -> IntArray:
        """Sorted indices of the elements that have a curved edge; none on a straight mesh."""
        if self.midpoints is None:
            return np.empty(0, dtype=np.int64)
        chord = self.points[:, self.edges]
        sag = np.abs(self.midpoints - chord.mean(axis=1)).max(axis=0)
        length = np.abs(chord[:, 1] - chord[:, 0]).max(axis=0)
        return np.flatnonzero((sag > 1e-12 * length)[self._edge_tables[1]].any(axis=0))

    @cached_property
    def region_names(self) -> tuple[str, ...]:
        """Names in a fixed order, to which `region_of_element` points."""
        return tuple(self.regions)

    @cached_property
    def region_of_element(self) -> IntArray:
        """Index into `region_names` for every element, shape (n_elements,)."""
        owner = np.empty(self.n_elements, dtype=np.int32)
        for index, elements in enumerate(self.regions.values()):
            owner[elements] = index
        return owner

    def elements_of(self, *names: str) -> IntArray:
        """Sorted indices of the elements of one or several regions."""
        return np.flatnonzero(self._flags(names)[self.region_of_element])

    def facets_of(self, name: str) -> IntArray:
        """Facet indices of one surface; refuses unknown names with those that exist."""
        if name not in self.surfaces:
            raise MeshError(f"the mesh has no surface '{name}'; it has {listed(self.surfaces)}")
        return self.surfaces[name]

    def facet_areas(self, facets: IntArray) -> FloatArray:
        """Areas [m2] of facets (lengths [m] in 2D), shape (len(facets),)."""
        if self.midpoints is not None:
            nodes = self.node_points(2)[:, self.nodes_of_facets(2, facets)]
            points, weights = lagrange.rule(self.dim - 1, FACET_DEGREE)
            area = lagrange.surface_element(lagrange.jacobians(nodes, points))
            return weights @ area / (1.0 if self.dim == 2 else 2.0)
        corners = self.points[:, self.facets[:, facets]]
        edges = corners[:, 1:] - corners[:, :1]
        return lagrange.surface_element(edges) / (1.0 if self.dim == 2 else 2.0)

    def region_volume(self, name: str) -> float:
        """Volume [m3] of a region (area [m2] in 2D)."""
        return float(self.element_volumes[self._region(name)].sum())

    def surface_area(self, name: str) -> float:
        """Area [m2] of a surface (length [m] in 2D)."""
        return float(self.facet_areas(self.facets_of(name)).sum())

    def interface(self, first: str | Iterable[str], second: str | Iterable[str]) -> IntArray:
        """Sorted facets between `first` and `second`, each the name of a region or several other names."""
        one, two = self._flags(first), self._flags(second)
        found = [f for (a, b), f in self._between_regions.items() if one[a] & two[b] | one[b] & two[a]]
        return found[0] if len(found) == 1 else np.sort(np.concatenate([np.empty(0, dtype=np.int64), *found]))

    def with_surfaces(self, surfaces: Mapping[str, IntArray]) -> TaggedMesh:
        """The same mesh with further (or replaced) surfaces, given as facet indices."""
        named = {**self.surfaces, **surfaces}
        return self._with("surfaces", checked("surface", "facet", named, self.n_facets))

    def curved(self, midpoints: FloatArray) -> TaggedMesh:
        """The same mesh with its edges bent through `midpoints` [m] (dim, n_edges), in the order of `edges`.

        Raises MeshError when an element turns inside out.
        """
        return replace(self, midpoints=np.asarray(midpoints, dtype=np.float64))

    def straight(self) -> TaggedMesh:
        """The same mesh with straight edges."""
        return self if self.midpoints is None else replace(self, midpoints=None)

    def with_report(self, report: MeshReport) -> TaggedMesh:
        """The same mesh with a report."""
        return self._with("report", report)

    def _with(self, name: str, value: object) -> TaggedMesh:
        """The same mesh but for a field on which no table of it depends, without checking it once more."""
        twin = copy(self)
        object.__setattr__(twin, name, value)
        return twin

    def _check_curved(self, midpoints: FloatArray) -> None:
        if midpoints.shape != (self.dim, self.n_edges) or not np.isfinite(midpoints).all():
            raise MeshError(
                f"midpoints must be finite and of shape {(self.dim, self.n_edges)}, got {midpoints.shape}"
            )
        bent = self.bent_elements
        least = lagrange.least_determinant(self.node_points(2)[:, self.nodes_of_cells(2)[:, bent]])
        if least.min(initial=1.0) <= 0:
            raise MeshError(
                f"{int((least <= 0).sum())} curved elements turn inside out (least det ratio "
                f"{least.min():.2g}); use a finer mesh at curved surfaces"
            )

    @cached_property
    def _between_regions(self) -> dict[tuple[int, int], IntArray]:
        """Sorted facets between every two regions that touch, by their indices, the lower one first."""
        below, above = self.region_of_element[self.f2t]
        facets, n = np.flatnonzero((self.f2t[1] >= 0) & (below != above)), len(self.region_names)
        below, above = below[facets], above[facets]
        pairs = n * np.minimum(below, above) + np.maximum(below, above)
        return {divmod(pair, n): facets[pairs == pair] for pair in np.unique(pairs).tolist()}

    def _flags(self, names: str | Iterable[str]) -> NDArray[np.bool_]:
        """Which of `region_names` are meant."""
        wanted = [names] if isinstance(names, str) else [*names]
        known = [name for name in wanted if len(self._region(name))]  # refuses unknown names
        return np.isin(self.region_names, known)

    def _region(self, name: str) -> IntArray:
        if name not in self.regions:
            raise MeshError(f"the mesh has no region '{name}'; it has {listed(self.regions)}")
        return self.regions[name]


def _wound(mesh: MeshTri1 | MeshTet1) -> MeshTri1 | MeshTet1:
    cells = rewound(mesh.p, mesh.t)
    return mesh if cells is mesh.t else simplex_mesh(np.ascontiguousarray(mesh.p), cells)
