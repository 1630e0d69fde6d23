"""Stack -> simplices with checked names: CAD, size field, mesher and clean-up in a process of their own."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from geometry.regions import Surface
from geometry.section import Section
from geometry.stack import Stack
from meshes import worker
from meshes.assess import assess, tag
from meshes.cache import MeshCache
from meshes.cleanup import clean, untouched
from meshes.numbering import renumbered
from meshes.raw import MeshingFailed, Raw
from meshes.simplices import FloatArray, IntArray, determinants, used_nodes
from meshes.sizing import Sizing, axes
from meshes.tagged import TaggedMesh
from meshes.treatment import treat

MICRO = 1e-6
SAMPLES = {
    1: np.array([[0.1], [0.3], [0.5], [0.7], [0.9]]),
    2: np.array([[u, v] for u in (0.2, 0.5, 0.8) for v in (0.2, 0.5, 0.8)]),
}
"""Where a curve or a face of the CAD is sampled, in shares of its parameter ranges."""
SIMPLEX = {1: 1, 2: 2, 3: 4}
"""Gmsh's number of the straight simplex of each dimension."""
Progress = Callable[[str], None]


def mesh_stack(
    stack: Stack,
    sizing: Sizing,
    *,
    draw: int = 0,
    cache: MeshCache | None = None,
    progress: Progress | None = None,
    children: worker.Children | None = None,
) -> TaggedMesh:
    """Mesh one stack; the result carries its MeshReport.

    The same stack and sizing give the same mesh (one meshing thread). Raises MeshError when the sizing
    does not fit the stack, GeometryError when a cross-section is asked for that does not stand for it,
    CadError or MeshingFailed when this geometry could not be meshed to the quality floor. The mesher's
    process joins `children`, which can be stopped together.
    """
    sizing.require(stack)
    if cache is not None:
        found = cache.get(stack, sizing)
        if found is not None:
            return of_draw(found, draw)
    raw = worker.run(mesh_job, stack, sizing, progress=progress, children=children)
    begin = time.perf_counter()
    mesh = tag(raw)
    tagged = time.perf_counter()
    treated = treat(mesh, stack, sizing.surface, raw)
    seconds = {**raw.seconds, "tagging": tagged - begin, "surfaces": time.perf_counter() - tagged}
    report = assess(treated, stack, sizing, raw, draw=draw, seconds=seconds)
    mesh = treated.mesh.with_report(report)
    if cache is not None:
        cache.put(stack, sizing, mesh)
    return mesh


def of_draw(mesh: TaggedMesh, draw: int) -> TaggedMesh:
    """A mesh without mat may stem from an earlier draw; its report shall name the present one."""
    return mesh if mesh.report is None else mesh.with_report(replace(mesh.report, draw=draw))


def mesh_job(stack: Stack, sizing: Sizing) -> Raw:
    """CAD, surface mesh, volume mesh and clean-up; meant for `worker.run`, since Gmsh's state is global."""
    import gmsh

    from geometry import cad

    gmsh.initialize(interruptible=False)
    try:
        for option, value in {"General.Terminal": 0, "General.NumThreads": 1}.items():
            gmsh.option.setNumber(option, value)
        gmsh.model.add("cell")
        worker.stage("CAD")
        planar = sizing.dimension == 2
        summary = cad.build_section(Section(stack=stack)) if planar else cad.build(stack)
        begin = time.perf_counter()
        _set_sizes(stack, sizing, summary.surface_tags)
        try:
            worker.stage("surface mesh")
            gmsh.model.mesh.generate(2)
            if not planar:
                worker.stage("volume mesh")
                gmsh.model.mesh.generate(3)
        except Exception as error:  # Gmsh raises bare Exception
            raise MeshingFailed(
                f"the mesher failed ({' '.join(str(error).split())}); try another draw"
            ) from None
        meshed = time.perf_counter()
        points, cells, region, names, facets, labels = _collect(sizing.dimension)
        samples = _face_samples(sizing.dimension)
    finally:
        gmsh.finalize()
    worker.stage("clean-up")
    cleaned = (
        untouched(points, cells, facets, labels)
        if planar
        else clean(points, cells, facets, labels, size=sizing.size / MICRO)
    )
    cleaned = renumbered(replace(cleaned, points=cleaned.points * MICRO))
    return Raw(
        cleaned=cleaned,
        region_of_cell=region[cleaned.origin],
        region_names=names,
        surface_labels=summary.surface_tags,
        face_samples=samples,
        volumes_cad=dict(summary.volumes),
        areas_cad=dict(summary.areas),
        porosity_cad=summary.porosity,
        seconds={
            "cad": summary.seconds,
            "mesh": meshed - begin,
            "cleanup": time.perf_counter() - meshed,
        },
    )


def _set_sizes(stack: Stack, sizing: Sizing, surface_tags: Mapping[str, Sequence[int]]) -> None:
    """Background field: `size` on the fibres (or the foil), growing linearly with the distance.

    The distance from a fibre is that from points on its axis less its radius: Gmsh's own distance from CAD
    faces costs more than the whole surface mesh.
    """
    import gmsh

    field = gmsh.model.mesh.field
    seeds: list[tuple[str, list[int], float]] = []  # kind, tags, distance of the surface from them [um]
    for radius, points in axes(stack, sizing.dimension).items():
        seeds.append(("PointsList", _free_points(points), radius / MICRO))
    if stack.mat is None:
        kind = "CurvesList" if sizing.dimension == 2 else "SurfacesList"
        seeds.append((kind, list(surface_tags[Surface.FOIL]), 0.0))
    thresholds = []
    for kind, tags, offset in seeds:
        distance, threshold = field.add("Distance"), field.add("Threshold")
        field.setNumbers(distance, kind, tags)
        if kind == "CurvesList":
            field.setNumber(distance, "Sampling", max(20, math.ceil(2.0 * stack.width / sizing.size)))
        for key, value in {
            "InField": distance,
            "SizeMin": sizing.size / MICRO,
            "SizeMax": sizing.largest / MICRO,
            "DistMin": offset + sizing.size / MICRO,
            "DistMax": offset + sizing.reach / MICRO,
        }.items():
            field.setNumber(threshold, key, value)
        thresholds.append(threshold)
    finest = field.add("Min")
    field.setNumbers(finest, "FieldsList", thresholds)
    field.setAsBackgroundMesh(finest)
    for option, value in {
        "MeshSizeExtendFromBoundary": 0,
        "MeshSizeFromPoints": 0,
        "MeshSizeFromCurvature": 0,
        "MeshSizeMax": sizing.largest / MICRO,
        "LcIntegrationPrecision": 1e-5,  # of the divisions of a curve; Gmsh's 1e-9 takes as long as the faces
        "Algorithm3D": 10,
        "ElementOrder": 1,
    }.items():
        gmsh.option.setNumber(f"Mesh.{option}", value)


def _free_points(points: FloatArray) -> list[int]:
    """Tags of new points (n, 3) [m] that belong to no curve; their nodes belong to no element."""
    import gmsh

    first = max(tag for _, tag in gmsh.model.getEntities(0)) + 1
    tags = [gmsh.model.geo.addPoint(*x, tag=tag) for tag, x in enumerate((points / MICRO).tolist(), first)]
    gmsh.model.geo.synchronize()
    return tags


def _collect(dim: int) -> tuple[FloatArray, IntArray, IntArray, tuple[str, ...], IntArray, IntArray]:
    """Points [um], cells, region of each, region names, facets and the CAD's face (curve) each lies on."""
    import gmsh

    tags, xyz, _ = gmsh.model.mesh.getNodes()
    tags = np.asarray(tags, dtype=np.int64)
    number = np.full(int(tags.max()) + 1, -1, dtype=np.int64)
    number[tags] = np.arange(tags.size)
    names: list[str] = []
    cells: list[IntArray] = []
    region: list[IntArray] = []
    for _, group in gmsh.model.getPhysicalGroups(dim):
        for entity in gmsh.model.getEntitiesForPhysicalGroup(dim, group):
            nodes = np.asarray(gmsh.model.mesh.getElementsByType(SIMPLEX[dim], entity)[1], dtype=np.int64)
            cells.append(number[nodes].reshape(-1, dim + 1).T)
            region.append(np.full(cells[-1].shape[1], len(names)))
        names.append(gmsh.model.getPhysicalName(dim, group))
    total = len(gmsh.model.mesh.getElementsByType(SIMPLEX[dim])[0])
    cell = np.concatenate(cells, axis=1)
    if cell.shape[1] != total or total == 0:
        raise MeshingFailed(f"{total - cell.shape[1]} of {total} elements lie in no region; try another draw")
    facets: list[IntArray] = []
    labels: list[IntArray] = []
    for _, entity in gmsh.model.getEntities(dim - 1):
        nodes = np.asarray(gmsh.model.mesh.getElementsByType(SIMPLEX[dim - 1], entity)[1], dtype=np.int64)
        facets.append(number[nodes].reshape(-1, dim).T)
        labels.append(np.full(facets[-1].shape[1], entity))
    points, facet = np.asarray(xyz).reshape(-1, 3).T[:dim], np.concatenate(facets, axis=1)
    points, cell, facet = used_nodes(points, cell, facet)
    flipped = determinants(points, cell) <= 0
    if flipped.all() or dim == 2:  # a plane face may be seen from behind
        cell[-2:, flipped] = cell[-2:, flipped][::-1]
    elif flipped.any():
        raise MeshingFailed(f"the mesher left {flipped.sum()} inverted tetrahedra; try another draw")
    return points, cell, np.concatenate(region), tuple(names), facet, np.concatenate(labels)


def _face_samples(dim: int) -> dict[int, FloatArray]:
    """Points [m], (dim, n), on the surface that each face (curve) of the CAD is cut from, by label."""
    import gmsh

    samples = {}
    for _, face in gmsh.model.getEntities(dim - 1):
        low, high = gmsh.model.getParametrizationBounds(dim - 1, face)
        places = np.array(low) + SAMPLES[dim - 1] * (np.array(high) - np.array(low))
        values = gmsh.model.getValue(dim - 1, face, places.ravel())
        samples[face] = np.reshape(values, (-1, 3)).T[:dim] * MICRO
    return samples
