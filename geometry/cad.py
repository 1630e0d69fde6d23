"""Stack -> OpenCASCADE volumes in the current Gmsh model, fragmented and named; lengths in micrometres.

OpenCASCADE works with absolute tolerances near 1e-7, hence micrometres instead of metres; CadSummary is SI.
Volumes are told apart by the map that `fragment` returns, faces by which volumes they bound.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from geometry.errors import CadError, GeometryError
from geometry.fibres import Mat
from geometry.regions import ELECTROLYTES, Region, Surface
from geometry.seams import cut_cylinders
from geometry.stack import Roughness, RoughnessKind, Stack

MICRO = 1e6  # [um/m]
POINTS_PER_HALF_WAVE = 25  # spline points of a corrugation; area and volume are then good to 2e-5
FORMATS = {".step": ".step", ".stp": ".step", ".stl": ".stl"}

Tags = list[tuple[int, int]]


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


def build(stack: Stack) -> CadSummary:
    """Build the stack in the current Gmsh model, in micrometres, with named physical groups.

    Gmsh must be initialised; the model should be empty. Raises CadError when OpenCASCADE fails.
    """
    begin = time.perf_counter()
    try:
        volumes = _volumes(stack)
        faces = _surfaces(stack, volumes)
        return _summary(stack, volumes, faces, begin)
    except CadError:
        raise
    except Exception as error:  # Gmsh raises bare Exception
        raise CadError(
            f"OpenCASCADE failed on {_described(stack)} ({error}); try another seed or draw."
        ) from error


def export(stack: Stack, path: Path | str) -> CadSummary:
    """Write the volumes as STEP or the faces as STL, numbers in micrometres; the suffix decides.

    Uses its own Gmsh session, or a model of its own in a running one.
    """
    import gmsh

    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        raise GeometryError(f"CAD file {path} must end in {', '.join(FORMATS)}; rename it.")
    if not path.parent.is_dir():
        raise GeometryError(f"folder {path.parent} of CAD file {path.name} does not exist; make it first.")
    own_session = not gmsh.isInitialized()
    if own_session:
        gmsh.initialize(interruptible=False)
        gmsh.option.setNumber("General.Terminal", 0)
    previous = None if own_session else gmsh.model.getCurrent()
    gmsh.model.add("export")
    try:
        summary = build(stack)
        if FORMATS[path.suffix.lower()] == ".stl":
            size = _finest_radius(stack) / 2
            gmsh.option.setNumber("Mesh.MeshSizeMax", size)
            gmsh.model.mesh.generate(2)
        gmsh.write(str(path))
        return summary
    finally:
        if own_session:
            gmsh.finalize()
        else:
            gmsh.model.remove()
            gmsh.model.setCurrent(previous)


def _described(stack: Stack) -> str:
    return "the flat layers" if stack.mat is None else f"a mat of {len(stack.mat.fibres)} fibres"


def _finest_radius(stack: Stack) -> float:
    if stack.mat is not None:
        return float(stack.mat.radii.min()) * MICRO
    if stack.roughness is not None:
        return min(stack.roughness.height, stack.roughness.wavelength / 4) * MICRO
    return min(stack.width, stack.depth) * MICRO / 4


def _volumes(stack: Stack) -> dict[Region, list[int]]:
    """Volume tags of each region; regions that a stack lacks are absent."""
    import gmsh

    occ = gmsh.model.occ
    spans: dict[Region, tuple[float, float]] = {}
    if stack.mat is not None:
        spans[Region.PORES] = (0.0, stack.framework_top)
    if stack.ionic_layer is not None:
        spans[Region.IONIC_LAYER] = (stack.framework_top, stack.separator_bottom_z)
    spans[Region.SEPARATOR] = (stack.separator_bottom_z, stack.height)
    if stack.roughness is not None:
        volumes = {Region.SEPARATOR: _rough_separator(stack, stack.roughness)}
        occ.synchronize()
        return volumes
    boxes = {name: _box(stack, low, high) for name, (low, high) in spans.items()}
    fibres = [] if stack.mat is None else _fused(stack.mat, boxes[Region.PORES])
    if len(boxes) + len(fibres) == 1:
        occ.synchronize()
        return {name: [tag] for name, tag in boxes.items()}
    objects = [(3, tag) for tag in boxes.values()]
    _, pieces = occ.fragment(objects[:1], objects[1:] + fibres)
    occ.synchronize()
    n = len(objects)
    solid = {tag for piece in pieces[n:] for dim, tag in piece if dim == 3}
    volumes = {
        name: sorted({tag for dim, tag in piece if dim == 3} - solid)
        for name, piece in zip(boxes, pieces[:n], strict=True)
    }
    if fibres:
        volumes[Region.FIBRES] = sorted(solid)
    return volumes


def _box(stack: Stack, low: float, high: float) -> int:
    import gmsh

    w, d = stack.width * MICRO, stack.depth * MICRO
    return gmsh.model.occ.addBox(0, 0, low * MICRO, w, d, (high - low) * MICRO)


def _fused(mat: Mat, box: int) -> Tags:
    """The union of all fibres inside the box of the mat."""
    import gmsh

    occ = gmsh.model.occ
    cylinders: Tags = []
    for start, end, radius, seam in cut_cylinders(mat):
        start, end, radius = start * MICRO, end * MICRO, radius * MICRO
        axis = end - start
        disk = occ.addDisk(*start, radius, radius, zAxis=list(axis), xAxis=list(seam))
        solid = [tag for tag in occ.extrude([(2, disk)], *axis) if tag[0] == 3]
        occ.remove([(2, disk)], recursive=True)
        cylinders += solid
    if not cylinders:
        raise CadError("no fibre touches the box of the mat; check the coordinates and units of the fibres.")
    fused = cylinders if len(cylinders) == 1 else occ.fuse(cylinders[:1], cylinders[1:])[0]
    inside = occ.intersect(fused, [(3, box)], removeObject=True, removeTool=False)[0]
    if not inside:
        raise CadError(
            "no fibre lies inside the box of the mat; check the coordinates and units of the fibres."
        )
    return inside


def _rough_separator(stack: Stack, rough: Roughness) -> list[int]:
    import gmsh

    occ = gmsh.model.occ
    wave, height = rough.wavelength * MICRO, rough.height * MICRO
    if rough.kind is RoughnessKind.BUMPS:
        radius = rough.sphere_radius * MICRO
        spheres = [
            (3, occ.addSphere((i + 0.5) * wave, (j + 0.5) * wave, height - radius, radius))
            for i in range(rough.waves(stack.width, "width"))
            for j in range(rough.waves(stack.depth, "depth"))
        ]
        pieces = occ.cut([(3, _box(stack, 0.0, stack.height))], spheres)[0]
        return [tag for _, tag in pieces]
    width, top = stack.width * MICRO, stack.height * MICRO
    foil: list[int] = []
    corner = first = occ.addPoint(0.0, 0.0, height)
    for half_wave in range(2 * rough.waves(stack.width, "width")):
        x = (half_wave + np.linspace(0.0, 1.0, POINTS_PER_HALF_WAVE)) * wave / 2
        phase = 2 * np.pi * x / wave
        z = height * np.cos(phase)
        points = [corner, *(occ.addPoint(xi, 0.0, zi) for xi, zi in zip(x[1:], z[1:], strict=True))]
        slope = -2 * np.pi * height / wave * np.sin(phase)
        tangents = np.column_stack([np.ones_like(x), np.zeros_like(x), slope])
        foil.append(occ.addSpline(points, tangents=tangents.ravel().tolist()))
        corner = points[-1]
    left, right = occ.addPoint(0.0, 0.0, top), occ.addPoint(width, 0.0, top)
    walls = [occ.addLine(corner, right), occ.addLine(right, left), occ.addLine(left, first)]
    face = occ.addPlaneSurface([occ.addCurveLoop([*foil, *walls])])
    return [tag for dim, tag in occ.extrude([(2, face)], 0.0, stack.depth * MICRO, 0.0) if dim == 3]


def _faces(tags: Iterable[int]) -> set[int]:
    import gmsh

    boundary = gmsh.model.getBoundary([(3, tag) for tag in tags], combined=False, oriented=False)
    return {tag for _, tag in boundary}


def _surfaces(stack: Stack, volumes: Mapping[Region, list[int]]) -> dict[Surface, list[int]]:
    """Face tags of each surface, by set algebra; centres of mass only tell outer planes apart."""
    import gmsh

    of = {name: _faces(tags) for name, tags in volumes.items()}
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
    outer -= _shared(volumes)
    size = np.array([stack.width, stack.depth, stack.height]) * MICRO
    for name in (Surface.FOIL, Surface.FEET, Surface.COUNTER, Surface.SIDES):
        surfaces[name] = set()
    for face in outer:
        centre = np.array(gmsh.model.occ.getCenterOfMass(2, face))
        if np.any(np.minimum(np.abs(centre[:2]), np.abs(size[:2] - centre[:2])) < 1e-6 * size[:2]):
            name = Surface.SIDES
        elif abs(centre[2] - size[2]) < 1e-6 * size[2]:
            name = Surface.COUNTER
        else:
            name = Surface.FEET if face in fibres else Surface.FOIL
        surfaces[name].add(face)
    return {name: sorted(tags) for name, tags in surfaces.items() if tags}


def _shared(volumes: Mapping[Region, list[int]]) -> set[int]:
    """Faces between two volumes."""
    seen: set[int] = set()
    shared: set[int] = set()
    for tags in volumes.values():
        for tag in tags:
            faces = _faces([tag])
            shared |= faces & seen
            seen |= faces
    return shared


def _summary(
    stack: Stack, volumes: Mapping[Region, list[int]], faces: Mapping[Surface, list[int]], begin: float
) -> CadSummary:
    import gmsh

    model: Any = gmsh.model
    for name, tags in volumes.items():
        model.addPhysicalGroup(3, tags, name=str(name))
    for name, tags in faces.items():
        model.addPhysicalGroup(2, tags, name=str(name))
    volume = {
        str(name): sum(model.occ.getMass(3, tag) for tag in tags) / MICRO**3 for name, tags in volumes.items()
    }
    area = {
        str(name): sum(model.occ.getMass(2, tag) for tag in tags) / MICRO**2 for name, tags in faces.items()
    }
    cell = stack.projected_area * stack.height
    relief = 0.0 if stack.roughness is None else stack.roughness.mean_height() * stack.projected_area
    if abs(sum(volume.values()) + relief - cell) > 1e-3 * cell:
        raise CadError(
            f"the volumes of {_described(stack)} add up to {sum(volume.values()):.6e} m3 instead of "
            f"{cell - relief:.6e} m3, so a boolean operation lost a piece; try another seed or draw."
        )
    edges = [model.occ.getMass(1, tag) for _, tag in model.getEntities(1)]
    porosity = None
    if stack.mat is not None:
        porosity = 1.0 - volume[Region.FIBRES] / stack.mat.box_volume
    return CadSummary(
        volumes=volume,
        areas=area,
        surface_tags={str(name): tuple(tags) for name, tags in faces.items()},
        porosity=porosity,
        n_fibre_volumes=len(volumes.get(Region.FIBRES, [])),
        shortest_edge=min((e for e in edges if e > 0), default=0.0) / MICRO,
        seconds=time.perf_counter() - begin,
    )
