"""The exact surfaces of a stack, the facets that lie on each, and the treatment that a mesh gets for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from geometry.regions import Surface
from geometry.section import Section
from geometry.stack import RoughnessKind, Stack
from meshes.curving import bend, enlarge
from meshes.exact_surfaces import Corrugation, Cylinder, ExactSurface, Plane, Shape, Sphere
from meshes.raw import MeshingFailed, Raw
from meshes.simplices import MeshError, facet_numbers
from meshes.sizing import SurfaceShape
from meshes.tagged import TaggedMesh

MATCH = 1e-3
"""A face lies on an exact surface when its samples are nearer than this, relative to the finest length."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Treated:
    """A mesh whose elements follow curved surfaces in one way."""

    mesh: TaggedMesh
    geometry: SurfaceShape
    relaxed_edges: int = 0
    least_det_ratio: float | None = None  # curved elements only
    radius_factor: float | None = None  # area-preserving only


def treat(mesh: TaggedMesh, stack: Stack, surface: SurfaceShape, raw: Raw) -> Treated:
    """The straight mesh of a stack as `surface` wants it; straight where nothing in it is curved."""
    if surface is SurfaceShape.STRAIGHT or (stack.mat is None and stack.roughness is None):
        return Treated(mesh=mesh, geometry=SurfaceShape.STRAIGHT)
    shapes = stack_shapes(mesh, stack, raw)
    try:
        if surface is SurfaceShape.CURVED:
            bent = bend(mesh, shapes)
            return Treated(
                mesh=mesh.curved(bent.midpoints),
                geometry=surface,
                relaxed_edges=bent.relaxed_edges,
                least_det_ratio=bent.least_det_ratio,
            )
        if stack.roughness is None:
            surface_name, area = Surface.FIBRE_SURFACE, raw.areas_cad[Surface.FIBRE_SURFACE]
        else:  # a closed form, better than the spline of the CAD
            projected = raw.areas_cad[Surface.COUNTER]
            surface_name, area = Surface.FOIL, stack.roughness.area_ratio() * projected
        enlarged = enlarge(mesh, shapes, surface=surface_name, area=area)
    except MeshError as error:
        raise MeshingFailed(f"{error}; or try another draw") from error
    return Treated(mesh=enlarged.mesh, geometry=surface, radius_factor=enlarged.factor)


def stack_shapes(mesh: TaggedMesh, stack: Stack, raw: Raw) -> list[Shape]:
    """The exact surfaces of a stack with their facets; faces that lie on none of them are left out."""
    surfaces = list(dict.fromkeys(_curves(Section(stack=stack)) if mesh.dim == 2 else _surfaces(stack)))
    labels = sorted(raw.face_samples)
    samples = np.stack([raw.face_samples[label] for label in labels], axis=1)  # (dim, n_labels, n_samples)
    flat = samples.reshape(mesh.dim, -1)
    away = np.stack([np.abs(s.level(flat)).reshape(samples.shape[1:]).max(axis=1) for s in surfaces])
    owner = np.where(away.min(axis=0) <= MATCH * _finest_length(stack), away.argmin(axis=0), -1)
    number = facet_numbers(mesh.mesh, raw.cleaned.facets)
    of_facet = owner[np.searchsorted(labels, raw.cleaned.labels)]
    return [
        Shape(surface=surfaces[k], facets=np.unique(number[of_facet == k]))
        for k in np.unique(of_facet[of_facet >= 0])
    ]


def _finest_length(stack: Stack) -> float:
    if stack.mat is not None:
        return float(stack.mat.radii.min())
    assert stack.roughness is not None
    return stack.roughness.height


def _surfaces(stack: Stack) -> Iterator[ExactSurface]:
    """Walls, levels between layers, and what is curved or ends there."""
    yield from _planes(stack, (stack.width, stack.depth, stack.height))
    if stack.mat is not None:
        for fibre in stack.mat.fibres:
            axis = tuple(np.subtract(fibre.end, fibre.start).tolist())
            yield Cylinder(point=fibre.start, axis=axis, radius=fibre.radius)
            yield Plane(point=fibre.start, normal=axis)
            yield Plane(point=fibre.end, normal=axis)
    yield from _relief(stack)


def _curves(section: Section) -> Iterator[ExactSurface]:
    """The same of a cross-section, in coordinates (across, z)."""
    yield from _planes(section.stack, section.corner.tolist())
    for x, z, radius in section.circles.tolist():
        yield Sphere(centre=(x, z), radius=radius)
    yield from _relief(section.stack)


def _planes(stack: Stack, corner: Sequence[float]) -> Iterator[ExactSurface]:
    """Walls and levels of the box up to `corner` [m], the height last."""
    for axis, top in enumerate(corner):
        normal = tuple(np.eye(len(corner))[axis].tolist())
        levels = {0.0, top}
        if axis == len(corner) - 1:
            levels |= {stack.framework_top, stack.separator_bottom_z}
        for level in sorted(levels):
            yield Plane(point=tuple(level * n for n in normal), normal=normal)


def _relief(stack: Stack) -> Iterator[ExactSurface]:
    """What a rough foil consists of."""
    rough = stack.roughness
    if rough is None:
        return
    if rough.kind is RoughnessKind.CORRUGATION:
        yield Corrugation(height=rough.height, wavelength=rough.wavelength)
        return
    radius = rough.sphere_radius
    for i in range(rough.waves(stack.width, "width")):
        for j in range(rough.waves(stack.depth, "depth")):
            place = ((i + 0.5) * rough.wavelength, (j + 0.5) * rough.wavelength, rough.height - radius)
            yield Sphere(centre=place, radius=radius)
