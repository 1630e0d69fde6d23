"""How fine a mesh is where: a size at the fibre surface that grows with the distance from it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import numpy as np

from geometry.errors import micrometres
from geometry.fibres import Mat
from geometry.section import Section
from geometry.stack import Stack
from meshes.simplices import FloatArray, MeshError

FAR_RATIO = 5.0
"""Default edge length far away, in sizes at the fibres: 1.75 µm in the separator for 0.35 µm."""
GROWTH = 0.2
"""Default increase of the edge length per distance from the fibre surface [-]."""
MAX_FACETS = {2: 1e5, 3: 3e6}
"""More edges (triangles) on the finest surface than this are refused: too much for a workstation."""


class SurfaceShape(StrEnum):
    """How elements follow curved surfaces."""

    STRAIGHT = "straight"  # nodes on the surface, facets inside it: too little area and volume
    AREA_PRESERVING = "area-preserving"  # straight, radii enlarged until the area is exact
    CURVED = "curved"  # second-order elements, the middles of their edges on the surface


@dataclass(frozen=True, kw_only=True)
class Sizing:
    """Edge lengths of the elements, and how they follow curved surfaces.

    size       on the fibre surface (on the foil where there are no fibres) [m]
    far        largest edge length [m]; None means FAR_RATIO times `size`
    growth     increase of the edge length per distance from that surface [-]
    surface    straight elements, straight ones with the exact area, or curved ones
    dimension  3: tetrahedra; 2: triangles of the cross-section of a stack that is the same along one side
    """

    size: float
    far: float | None = None
    growth: float = GROWTH
    surface: SurfaceShape = SurfaceShape.STRAIGHT
    dimension: Literal[2, 3] = 3

    def __post_init__(self) -> None:
        if not (math.isfinite(self.size) and self.size > 0):
            raise MeshError(f"mesh size must be a finite length above 0 µm, got {micrometres(self.size)}")
        if self.far is not None and not (math.isfinite(self.far) and self.far >= self.size):
            raise MeshError(
                f"far mesh size must be at least the size at the fibres ({micrometres(self.size)}), "
                f"got {micrometres(self.far)}"
            )
        if not (math.isfinite(self.growth) and self.growth > 0):
            raise MeshError(
                f"growth of the mesh size must be above 0, got {self.growth:g}; 0.2 to 0.5 is usual"
            )
        if self.surface not in list(SurfaceShape):
            raise MeshError(
                f"surface of the mesh {self.surface!r} is unknown; use one of {', '.join(SurfaceShape)}"
            )
        object.__setattr__(self, "surface", SurfaceShape(self.surface))
        if self.dimension not in MAX_FACETS:
            raise MeshError(
                f"dimension of the mesh must be 2 (a cross-section) or 3, got {self.dimension!r}; use either"
            )

    @property
    def largest(self) -> float:
        """Edge length far from the fibres [m]."""
        return FAR_RATIO * self.size if self.far is None else self.far

    @property
    def reach(self) -> float:
        """Distance from the surface at which `largest` is reached [m]; the first `size` has no grading."""
        return self.size + max(self.largest - self.size, 1e-3 * self.size) / self.growth

    def require(self, stack: Stack) -> None:
        """Raise MeshError when the size cannot resolve the stack, or would never finish.

        In two dimensions, GeometryError when the stack has no cross-section that stands for it.
        """
        if stack.mat is not None:
            self._limit("the fibre diameter", 2.0 * float(stack.mat.radii.min()))
            area = 4.0 * stack.mat.solid_volume() / (2.0 * float(stack.mat.radii.mean()))
        else:
            area = stack.projected_area
        if self.dimension == 2:  # per metre of depth
            area *= Section(stack=stack).width / stack.projected_area
        if stack.roughness is not None:
            self._limit("the height of the roughness", stack.roughness.height)
        self.require_area(area)

    def require_area(self, area: float) -> None:
        """Raise MeshError when a surface of `area` [m2] (length [m] in 2D) would take too many facets."""
        facets = area / (self.size if self.dimension == 2 else 0.433 * self.size**2)
        if facets > MAX_FACETS[self.dimension]:
            raise MeshError(
                f"mesh size {micrometres(self.size)} would need about {facets:.2g} "
                f"{'edges' if self.dimension == 2 else 'triangles'} on the finest surface, more than "
                f"{MAX_FACETS[self.dimension]:.0e}; use a coarser size or a smaller cell"
            )

    def _limit(self, what: str, length: float) -> None:
        if self.size > length * (1 + 1e-9):
            raise MeshError(
                f"mesh size {micrometres(self.size)} is larger than {what} ({micrometres(length)}); "
                f"use at most that, better {micrometres(0.35 * length)} or less"
            )


def axes(stack: Stack, dimension: int) -> dict[float, FloatArray]:
    """Points [m] (n, 3) on the fibres' axes by radius [m]; in 2D their centres (across, z, 0)."""
    if stack.mat is None:
        return {}
    radii = np.unique(stack.mat.radii).tolist()
    if dimension == 3:
        return {radius: _axis_points(stack.mat, radius) for radius in radii}
    circles = Section(stack=stack).circles
    return {radius: circles[circles[:, 2] == radius] * [1.0, 1.0, 0.0] for radius in radii}


def _axis_points(mat: Mat, radius: float) -> FloatArray:
    """Points [m] a quarter radius apart on the axes of all fibres of one radius, near the box, (n, 3)."""
    parts = []
    for start, end in zip(mat.starts[mat.radii == radius], mat.ends[mat.radii == radius], strict=True):
        count = max(math.ceil(np.linalg.norm(end - start) / (0.25 * radius)), 1)
        parts.append(start + np.linspace(0.0, 1.0, count + 1)[:, None] * (end - start))
    points = np.concatenate(parts)
    return points[((points >= -2.0 * radius) & (points <= mat.box + 2.0 * radius)).all(axis=1)]
