"""Stack -> OpenCASCADE volumes in the current Gmsh model, fragmented and named; lengths in micrometres.

OpenCASCADE works with absolute tolerances near 1e-7, hence micrometres instead of metres; CadSummary is SI.
Volumes are told apart by the map that `fragment` returns, faces by which volumes they bound. The same holds
one dimension lower for a cross-section, whose coordinates are (across, z).
"""

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from geometry.cad_names import MICRO, CadSummary, FloatArray, described, named
from geometry.errors import CadError, GeometryError
from geometry.fibres import Mat
from geometry.regions import Region
from geometry.seams import cut_cylinders
from geometry.section import Section
from geometry.stack import Roughness, RoughnessKind, Stack

POINTS_PER_HALF_WAVE = 25  # spline points of a corrugation; area and volume are then good to 2e-5
FORMATS = {".step": ".step", ".stp": ".step", ".stl": ".stl"}

Tags = list[tuple[int, int]]
Pieces = dict[Region, list[int]]


def build(stack: Stack) -> CadSummary:
    """Build the stack in the current Gmsh model, in micrometres, with named physical groups.

    Gmsh must be initialised; the model should be empty. Raises CadError when OpenCASCADE fails.
    """
    return _built(stack, np.array([stack.width, stack.depth, stack.height]), partial(_volumes, stack))


def build_section(section: Section) -> CadSummary:
    """Build a cross-section likewise, in the plane (across, z) of the current Gmsh model.

    Its regions are faces and its surfaces curves; the measures of the summary are per metre of depth.
    """
    return _built(section.stack, section.corner, partial(_sheets, section))


def _built(stack: Stack, corner: FloatArray, shape: Callable[[], Pieces]) -> CadSummary:
    begin = time.perf_counter()
    try:
        return named(shape(), stack, corner, begin)
    except CadError:
        raise
    except Exception as error:  # Gmsh raises bare Exception
        raise CadError(
            f"OpenCASCADE failed on {described(stack)} ({error}); try another seed or draw."
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


def _finest_radius(stack: Stack) -> float:
    if stack.mat is not None:
        return float(stack.mat.radii.min()) * MICRO
    if stack.roughness is not None:
        return min(stack.roughness.height, stack.roughness.wavelength / 4) * MICRO
    return min(stack.width, stack.depth) * MICRO / 4


def _spans(stack: Stack) -> dict[Region, tuple[float, float]]:
    """Bottom and top [m] of each layer."""
    spans: dict[Region, tuple[float, float]] = {}
    if stack.mat is not None:
        spans[Region.PORES] = (0.0, stack.framework_top)
    if stack.ionic_layer is not None:
        spans[Region.IONIC_LAYER] = (stack.framework_top, stack.separator_bottom_z)
    spans[Region.SEPARATOR] = (stack.separator_bottom_z, stack.height)
    return spans


def _volumes(stack: Stack) -> Pieces:
    """Volume tags of each region; regions that a stack lacks are absent."""
    import gmsh

    if stack.roughness is not None:
        volumes = {Region.SEPARATOR: _rough_separator(stack, stack.roughness)}
        gmsh.model.occ.synchronize()
        return volumes
    boxes = {name: _box(stack, low, high) for name, (low, high) in _spans(stack).items()}
    fibres = [] if stack.mat is None else _fused(_cylinders(stack.mat), (3, boxes[Region.PORES]))
    return _fragmented(boxes, fibres, 3)


def _sheets(section: Section) -> Pieces:
    """Face tags of each region of a cross-section, in the plane z = 0 of the model."""
    import gmsh

    occ, stack = gmsh.model.occ, section.stack
    if stack.roughness is not None:
        face = _corrugated_face(stack, stack.roughness)
        occ.rotate([(2, face)], 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, -np.pi / 2)
        occ.synchronize()
        return {Region.SEPARATOR: [face]}
    width = section.width * MICRO
    sheets = {
        name: occ.addRectangle(0.0, low * MICRO, 0.0, width, (high - low) * MICRO)
        for name, (low, high) in _spans(stack).items()
    }
    disks = [
        (2, occ.addDisk(x, z, 0.0, radius, radius, xAxis=[0.0, 1.0, 0.0]))  # its vertex on top
        for x, z, radius in (section.circles * MICRO).tolist()
    ]
    return _fragmented(sheets, _fused(disks, (2, sheets[Region.PORES])) if disks else [], 2)


def _fragmented(layers: Mapping[Region, int], fibres: Tags, dim: int) -> Pieces:
    """Tags of each region once layers and fibres share their boundaries."""
    import gmsh

    occ = gmsh.model.occ
    if len(layers) + len(fibres) == 1:
        occ.synchronize()
        return {name: [tag] for name, tag in layers.items()}
    objects = [(dim, tag) for tag in layers.values()]
    _, parts = occ.fragment(objects[:1], objects[1:] + fibres)
    occ.synchronize()
    n = len(objects)
    solid = {tag for part in parts[n:] for d, tag in part if d == dim}
    pieces = {
        name: sorted({tag for d, tag in part if d == dim} - solid)
        for name, part in zip(layers, parts[:n], strict=True)
    }
    if fibres:
        pieces[Region.FIBRES] = sorted(solid)
    return pieces


def _box(stack: Stack, low: float, high: float) -> int:
    import gmsh

    w, d = stack.width * MICRO, stack.depth * MICRO
    return gmsh.model.occ.addBox(0, 0, low * MICRO, w, d, (high - low) * MICRO)


def _cylinders(mat: Mat) -> Tags:
    """Every fibre that touches the box of the mat, cut to its neighbourhood.

    Each is a primitive put in place, its seam turned: an extruded disk looks the same, but OpenCASCADE then
    intersects surfaces of extrusion, which takes four times as long and is ten times less exact.
    """
    import gmsh

    occ = gmsh.model.occ
    cylinders: Tags = []
    for start, end, radius, seam in cut_cylinders(mat):
        length = float(np.linalg.norm(end - start))
        along = (end - start) / length
        turn = Rotation.from_matrix(np.column_stack([seam, np.cross(along, seam), along])).as_rotvec()
        cylinder = (3, occ.addCylinder(0, 0, 0, 0, 0, length * MICRO, radius * MICRO))  # its seam at +x
        if turn.any():
            occ.rotate([cylinder], 0, 0, 0, *turn.tolist(), float(np.linalg.norm(turn)))
        occ.translate([cylinder], *(start * MICRO).tolist())
        cylinders.append(cylinder)
    if not cylinders:
        raise CadError("no fibre touches the box of the mat; check the coordinates and units of the fibres.")
    return cylinders


def _fused(fibres: Tags, box: tuple[int, int]) -> Tags:
    """The union of all fibres inside the box of the mat."""
    import gmsh

    occ = gmsh.model.occ
    fused = fibres if len(fibres) == 1 else occ.fuse(fibres[:1], fibres[1:])[0]
    inside = occ.intersect(fused, [box], removeObject=True, removeTool=False)[0]
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
    face = _corrugated_face(stack, rough)
    return [tag for dim, tag in occ.extrude([(2, face)], 0.0, stack.depth * MICRO, 0.0) if dim == 3]


def _corrugated_face(stack: Stack, rough: Roughness) -> int:
    """The separator over a corrugated foil, as a face in the plane y = 0."""
    import gmsh

    occ = gmsh.model.occ
    wave, height = rough.wavelength * MICRO, rough.height * MICRO
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
    return occ.addPlaneSurface([occ.addCurveLoop([*foil, *walls])])
