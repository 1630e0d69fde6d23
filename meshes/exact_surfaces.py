"""Exact surfaces as level functions, and the foot of a point on one or on the intersection of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from meshes.simplices import FloatArray, IntArray, MeshError

Vector = tuple[float, ...]
BoolArray = NDArray[np.bool_]

NEWTON_STEPS = 30
CONVERGED = 1e-13
"""Residual of a foot, relative to the extent of the points: round-off of coordinates."""
PARALLEL = 0.01
"""No foot where the unit normals n_i have det(n_i . n_j) below this; of two it is sin^2 of their angle."""


class ExactSurface(Protocol):
    """A surface in space (a curve in the plane) given by level(x) = 0; equal ones compare equal."""

    is_plane: ClassVar[bool]

    def level(self, x: FloatArray) -> FloatArray:
        """Signed distance [m] or nearly so, (n,), at points (dim, n) [m]."""
        ...

    def gradient(self, x: FloatArray) -> FloatArray:
        """Gradient of `level` [-], (dim, n)."""
        ...

    def enlarged(self, factor: float) -> ExactSurface:
        """The same surface with its radius (or amplitude) times `factor`; a plane stays what it is."""
        ...


@dataclass(frozen=True, kw_only=True)
class Plane:
    """Points with (x - point) . normal = 0; a straight line in two dimensions."""

    point: Vector  # [m]
    normal: Vector
    is_plane: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _set_unit(self, "normal", self.normal)

    def level(self, x: FloatArray) -> FloatArray:
        """Signed distance [m], (n,)."""
        return np.array(self.normal) @ (x - np.array(self.point)[:, None])

    def gradient(self, x: FloatArray) -> FloatArray:
        """The unit normal, (dim, n)."""
        return np.repeat(np.array(self.normal)[:, None], x.shape[1], axis=1)

    def enlarged(self, factor: float) -> Plane:
        """The plane itself."""
        return self


@dataclass(frozen=True, kw_only=True)
class Cylinder:
    """Points at the distance `radius` from the line through `point` along `axis`."""

    point: Vector  # [m]
    axis: Vector
    radius: float  # [m]
    is_plane: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _set_unit(self, "axis", self.axis)
        _require_radius("cylinder", self.radius)

    def level(self, x: FloatArray) -> FloatArray:
        """Distance from the axis less the radius [m], (n,)."""
        return np.linalg.norm(self._across(x), axis=0) - self.radius

    def gradient(self, x: FloatArray) -> FloatArray:
        """The unit vector away from the axis, (3, n)."""
        return _units(self._across(x))

    def enlarged(self, factor: float) -> Cylinder:
        """The cylinder of radius times `factor` about the same axis."""
        return replace(self, radius=self.radius * factor)

    def _across(self, x: FloatArray) -> FloatArray:
        axis, away = np.array(self.axis)[:, None], x - np.array(self.point)[:, None]
        return away - axis * (axis * away).sum(axis=0)


@dataclass(frozen=True, kw_only=True)
class Sphere:
    """Points at the distance `radius` from `centre`; a circle in two dimensions."""

    centre: Vector  # [m]
    radius: float  # [m]
    is_plane: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _require_radius("sphere", self.radius)

    def level(self, x: FloatArray) -> FloatArray:
        """Distance from the centre less the radius [m], (n,)."""
        return np.linalg.norm(x - np.array(self.centre)[:, None], axis=0) - self.radius

    def gradient(self, x: FloatArray) -> FloatArray:
        """The unit vector away from the centre, (dim, n)."""
        return _units(x - np.array(self.centre)[:, None])

    def enlarged(self, factor: float) -> Sphere:
        """The sphere of radius times `factor` about the same centre."""
        return replace(self, radius=self.radius * factor)


@dataclass(frozen=True, kw_only=True)
class Corrugation:
    """z = height cos(2 pi x / wavelength); x is the first, z the last coordinate."""

    height: float  # [m]
    wavelength: float  # [m]
    is_plane: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not self.wavelength > 0:
            raise MeshError(f"wavelength of a corrugation must be > 0 m, got {self.wavelength:g}")

    def level(self, x: FloatArray) -> FloatArray:
        """Height above the surface [m], (n,)."""
        return x[-1] - self.height * np.cos(2.0 * np.pi / self.wavelength * x[0])

    def gradient(self, x: FloatArray) -> FloatArray:
        """(2 pi height/wavelength sin(2 pi x/wavelength), 0, 1), shape (dim, n)."""
        k = 2.0 * np.pi / self.wavelength
        slope = np.zeros_like(x)
        slope[0], slope[-1] = self.height * k * np.sin(k * x[0]), 1.0
        return slope

    def enlarged(self, factor: float) -> Corrugation:
        """The corrugation of amplitude times `factor`."""
        return replace(self, height=self.height * factor)


@dataclass(frozen=True, kw_only=True, eq=False)
class Shape:
    """Facets of a mesh that lie on an exact surface."""

    surface: ExactSurface
    facets: IntArray  # indices of facets


Shapes = Sequence[Shape]


def project(
    points: FloatArray, surfaces: Sequence[ExactSurface], *, levels: FloatArray, reach: FloatArray
) -> tuple[FloatArray, BoolArray]:
    """Points (dim, n) with level_i = levels_i on all `surfaces` at once near the given ones; which have one.

    Newton steps of least norm, x <- x - J^T (J J^T)^-1 (level - levels), J the gradients (k, dim).
    levels (k, n) [m]. A point is left where it is when there are more surfaces than dimensions, when they are
    nearly parallel, when Newton does not converge, or when its foot is further away than `reach` (n,) [m].
    """
    x = np.array(points, dtype=np.float64)
    if len(surfaces) > len(x):
        return x, np.zeros(x.shape[1], dtype=bool)
    tolerance = CONVERGED * float(np.abs(points).max(initial=0.0))
    active, found = np.arange(x.shape[1]), np.zeros(x.shape[1], dtype=bool)
    for _ in range(NEWTON_STEPS):
        residual = np.stack([s.level(x[:, active]) for s in surfaces]) - levels[:, active]
        done = np.abs(residual).max(axis=0) <= tolerance
        found[active[done]] = True
        active, residual = active[~done], residual[:, ~done]
        slopes = np.stack([s.gradient(x[:, active]) for s in surfaces])  # (k, dim, n)
        gram = np.einsum("idn,jdn->nij", slopes, slopes)
        sound = np.linalg.det(gram) > PARALLEL * np.einsum("nii->ni", gram).prod(axis=1)
        active = active[sound]
        if active.size == 0:
            break
        push = np.linalg.solve(gram[sound], residual[:, sound].T[:, :, None])[:, :, 0]
        x[:, active] -= np.einsum("idn,ni->dn", slopes[:, :, sound], push)
    found &= np.linalg.norm(x - points, axis=0) <= reach
    return np.where(found, x, points), found


def _units(vectors: FloatArray) -> FloatArray:
    length = np.linalg.norm(vectors, axis=0)
    return vectors / np.where(length > 0, length, 1.0)


def _set_unit(surface: Plane | Cylinder, name: str, vector: Vector) -> None:
    length = float(np.linalg.norm(vector))
    if not (np.isfinite(length) and length > 0):
        raise MeshError(f"{name} of a {type(surface).__name__.lower()} must have a direction, got {vector}")
    object.__setattr__(surface, name, tuple(float(c) / length for c in vector))


def _require_radius(what: str, radius: float) -> None:
    if not (np.isfinite(radius) and radius > 0):
        raise MeshError(f"radius of a {what} must be a finite length > 0 m, got {radius:g}")
