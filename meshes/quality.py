"""How good a mesh is: element shape, connectivity, and the report with volumes and areas against the CAD."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from geometry.regions import ELECTROLYTES, Region, Surface
from meshes.connectivity import components, touching
from meshes.simplices import FloatArray, IntArray, corner_blocks, determinants

if TYPE_CHECKING:
    from meshes.tagged import TaggedMesh

QUALITY_FLOOR = 1e-3
"""Every accepted mesh has no element with a mean ratio below this."""


def mean_ratio(points: FloatArray, cells: IntArray) -> FloatArray:
    """Mean ratio of every simplex, shape (n_elements,): 1 if regular, 0 if flat, < 0 if inverted.

    Tetrahedra: 12 (3 V)^(2/3) / sum l^2; triangles: 4 sqrt(3) A / sum l^2; V and A signed by the winding
    (Liu and Joe 1994, BIT 34, 268, doi:10.1007/BF01955874).
    """
    squares = np.zeros(cells.shape[1])
    for block, x in corner_blocks(points, cells):
        for one, other in combinations(x, 2):
            squares[block] += ((one - other) ** 2).sum(axis=0)
    det = determinants(points, cells)
    if points.shape[0] == 2:
        return 2.0 * np.sqrt(3.0) * det / squares
    return 12.0 * np.sign(det) * np.cbrt(0.5 * np.abs(det)) ** 2 / squares


@dataclass(frozen=True, kw_only=True)
class Connectivity:
    """Fibre clusters and pockets of electrolyte, measured on the elements (shared facets)."""

    n_clusters: int  # electronic clusters of fibres
    n_floating: int  # those of them that do not touch `feet`
    percolating_share: float | None  # fibre volume in clusters that touch `feet` [-]; None without fibres
    n_pockets: int  # electrolyte components without path to `counter`
    pocket_share: float | None  # their share of the volume of `pores` [-]; None without pores


def connectivity(mesh: TaggedMesh) -> Connectivity:
    """Count clusters and pockets of a cell with the program's names; missing regions count nothing."""
    n_clusters = n_floating = n_pockets = 0
    percolating = pocket_share = None
    none = np.empty(0, dtype=np.int64)
    if Region.FIBRES in mesh.regions:
        labels = components(mesh, mesh.elements_of(Region.FIBRES))
        grounded = touching(mesh, labels, mesh.surfaces.get(Surface.FEET, none))
        n_clusters = int(labels.max()) + 1
        n_floating = n_clusters - grounded.size
        volume = mesh.element_volumes
        percolating = float(volume[np.isin(labels, grounded)].sum() / volume[labels >= 0].sum())
    present = [name for name in ELECTROLYTES if name in mesh.regions]
    if present and Surface.COUNTER in mesh.surfaces:
        labels = components(mesh, mesh.elements_of(*present))
        reached = touching(mesh, labels, mesh.surfaces[Surface.COUNTER])
        n_pockets = int(labels.max()) + 1 - reached.size
        lost = np.flatnonzero((labels >= 0) & ~np.isin(labels, reached))
        if Region.PORES in mesh.regions:
            pore_volume = mesh.region_volume(Region.PORES)
            pocket_share = float(mesh.element_volumes[lost].sum() / pore_volume)
    return Connectivity(
        n_clusters=n_clusters,
        n_floating=n_floating,
        percolating_share=percolating,
        n_pockets=n_pockets,
        pocket_share=pocket_share,
    )


@dataclass(frozen=True, kw_only=True)
class MeshReport:
    """How a mesh was made and how good it is; plain numbers, ready for JSON."""

    n_elements: int
    n_nodes: int
    size: float  # edge length asked for at the fibres [m]
    draw: int  # which draw of the mat was meshed
    worst_mean_ratio: float
    mean_ratio_p01: float  # 1 % quantile
    worst_before_cleanup: float  # worst mean ratio as the mesher left it
    collapsed_edges: int
    relocated_nodes: int
    volumes_mesh: dict[str, float]  # [m3]; these and areas of a 2D mesh: per metre of depth
    volumes_cad: dict[str, float]  # [m3]
    areas_mesh: dict[str, float]  # [m2]
    areas_cad: dict[str, float]  # [m2]
    porosity_cad: float | None  # of the framework; None without one
    porosity_mesh: float | None
    porosity_tenths: tuple[float, ...]  # bottom to top; empty without a mat
    n_clusters: int
    n_floating: int
    percolating_share: float | None
    n_pockets: int
    pocket_share: float | None
    fibre_area_error: float | None  # (mesh - CAD) / CAD
    fibre_volume_error: float | None
    geometry: str  # how curved surfaces are followed: straight, area-preserving or curved
    relaxed_edges: int  # edges of curved surfaces that had to stay nearer to their chord
    least_det_ratio: float | None  # least det of a curved element over that of the straight one [-]
    radius_factor: float | None  # of all radii, where the area of straight elements is preserved [-]
    seconds: dict[str, float] = field(default_factory=dict)  # by stage

    def metrics(self) -> dict[str, float | None]:
        """The columns of a comparison that belong to the mesh."""
        keys = (
            "porosity_cad", "porosity_mesh", "percolating_share", "pocket_share",
            "worst_mean_ratio", "fibre_area_error", "fibre_volume_error",
        )  # fmt: skip
        return {key: getattr(self, key) for key in keys}

    def as_dict(self) -> dict[str, Any]:
        """All fields as JSON-able values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> MeshReport:
        """Inverse of `as_dict`; raises TypeError when a field is missing or unknown."""
        known = {f.name for f in fields(cls)}
        if set(values) != known:
            raise TypeError(f"fields of a mesh report differ: {sorted(set(values) ^ known)}")
        return cls(**{**values, "porosity_tenths": tuple(values["porosity_tenths"])})


def relative_error(value: float | None, exact: float | None) -> float | None:
    """(value - exact) / exact, None when either is missing."""
    return None if value is None or not exact else (value - exact) / exact
