"""Names and measures of what OpenCASCADE has built: regions, the surfaces they bound, volumes and areas.

Works on the volumes of a stack and, one dimension lower, on the faces of its cross-section.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geometry.errors import CadError
from geometry.regions import ELECTROLYTES, Region, Surface
from geometry.stack import Stack

MICRO = 1e6  # [um/m]; the model is in micrometres
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class CadSummary:
    """What was built, measured by OpenCASCADE and converted to SI."""

    volumes: Mapping[str, float]  # by region [m3]
    areas: Mapping[str, float]  # by surface [m2]
    surface_tags: Mapping[str, tuple[int, ...]]  # Gmsh tags of the faces of each surface
    porosity: float | None  # of the box of the mat, None without a mat [-]
    n_fibre_volumes: int  # fibres that bond are one volume
    shortest_edge: float  # of the CAD [m]
    seconds: float


def described(stack: Stack) -> str:
    """What failed, for messages."""
    return "the flat layers" if stack.mat is None else f"a mat of {len(stack.mat.fibres)} fibres"


def _faces(tags: Iterable[int], dim: int) -> set[int]:
    import gmsh

    boundary = gmsh.model.getBoundary([(dim, tag) for tag in tags], combined=False, oriented=False)
    return {tag for _, tag in boundary}


def _surfaces(volumes: Mapping[Region, list[int]], size: FloatArray) -> dict[Surface, list[int]]:
    """Face tags of each surface, by set algebra; centres of mass only tell outer planes apart."""
    import gmsh

    dim = size.size
    of = {name: _faces(tags, dim) for name, tags in volumes.items()}
    none: set[int] = set()
    fibres, pores = of.get(Region.FIBRES, none), of.get(Region.PORES, none)
    layer, separator = of.get(Region.IONIC_LAYER, none), of[Region.SEPARATOR]
    electrolyte = none.union(*(of.get(name, none) for name in ELECTROLYTES))
    surfaces: dict[Surface, set[int]] = {
        Surface.FIBRE_SURFACE: fibres & electrolyte,
        Surface.IONIC_LAYER_BOTTOM: layer & pores,
        Surface.SEPARATOR_BOTTOM: separator & (layer | pores),
    }
    outer = none.union(*of.values()) - none.union(*surfaces.values())
    outer -= _shared(volumes, dim)
    for name in (Surface.FOIL, Surface.FEET, Surface.COUNTER, Surface.SIDES):
        surfaces[name] = set()
    for face in outer:
        centre = np.array(gmsh.model.occ.getCenterOfMass(dim - 1, face))[:dim]
        if np.any(np.minimum(np.abs(centre), np.abs(size - centre))[:-1] < 1e-6 * size[:-1]):
            name = Surface.SIDES
        elif abs(centre[-1] - size[-1]) < 1e-6 * size[-1]:
            name = Surface.COUNTER
        else:
            name = Surface.FEET if face in fibres else Surface.FOIL
        surfaces[name].add(face)
    return {name: sorted(tags) for name, tags in surfaces.items() if tags}


def _shared(volumes: Mapping[Region, list[int]], dim: int) -> set[int]:
    """Faces between two volumes."""
    seen: set[int] = set()
    shared: set[int] = set()
    for tags in volumes.values():
        for tag in tags:
            faces = _faces([tag], dim)
            shared |= faces & seen
            seen |= faces
    return shared


def named(volumes: Mapping[Region, list[int]], stack: Stack, corner: FloatArray, begin: float) -> CadSummary:
    """Name and measure the volumes (in a cross-section: faces) of a stack that fill the box up to `corner`.

    corner [m] is (3,) or, for a cross-section, (2,); measures are then per metre of depth. `begin` is when
    the work began [s, perf_counter]. Raises CadError when a piece was lost.
    """
    import gmsh

    model: Any = gmsh.model
    dim, faces = corner.size, _surfaces(volumes, corner * MICRO)
    for name, tags in volumes.items():
        model.addPhysicalGroup(dim, tags, name=str(name))
    for name, tags in faces.items():
        model.addPhysicalGroup(dim - 1, tags, name=str(name))
    volume = {
        str(name): sum(model.occ.getMass(dim, tag) for tag in tags) / MICRO**dim
        for name, tags in volumes.items()
    }
    area = {
        str(name): sum(model.occ.getMass(dim - 1, tag) for tag in tags) / MICRO ** (dim - 1)
        for name, tags in faces.items()
    }
    relief = 0.0 if stack.roughness is None else stack.roughness.mean_height()
    cell = float(np.prod(corner[:-1])) * (stack.height - relief)
    if abs(sum(volume.values()) - cell) > 1e-3 * cell:
        raise CadError(
            f"the volumes of {described(stack)} add up to {sum(volume.values()):.6e} m{dim} instead of "
            f"{cell:.6e} m{dim}, so a boolean operation lost a piece; try another seed or draw."
        )
    edges = [model.occ.getMass(1, tag) for _, tag in model.getEntities(1)]
    porosity = None
    if stack.mat is not None:
        porosity = 1.0 - volume[Region.FIBRES] / (float(np.prod(corner[:-1])) * stack.mat.thickness)
    return CadSummary(
        volumes=volume,
        areas=area,
        surface_tags={str(name): tuple(tags) for name, tags in faces.items()},
        porosity=porosity,
        n_fibre_volumes=len(volumes.get(Region.FIBRES, [])),
        shortest_edge=min((e for e in edges if e > 0), default=0.0) / MICRO,
        seconds=time.perf_counter() - begin,
    )
