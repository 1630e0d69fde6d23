"""Stack -> tetrahedra with checked names: CAD, size field, mesher and clean-up in a process of their own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from geometry.stack import Stack
from meshes import worker
from meshes.assess import assess, tag
from meshes.cache import MeshCache
from meshes.cleanup import clean
from meshes.raw import MeshingFailed, Raw
from meshes.simplices import FloatArray, IntArray, determinants, used_nodes
from meshes.sizing import Sizing, axis_points
from meshes.tagged import TaggedMesh
from meshes.treatment import treat

MICRO = 1e-6
SAMPLES = np.array([[u, v] for u in (0.2, 0.5, 0.8) for v in (0.2, 0.5, 0.8)])
"""Where a face of the CAD is sampled, in shares of its parameter ranges."""
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
    does not fit the stack, CadError or MeshingFailed when this geometry could not be meshed to the quality
    floor. The mesher's process joins `children`, which can be stopped together.
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
        summary = cad.build(stack)
        begin = time.perf_counter()
        _set_sizes(stack, sizing, summary.surface_tags)
        try:
            worker.stage("surface mesh")
            gmsh.model.mesh.generate(2)
            worker.stage("volume mesh")
            gmsh.model.mesh.generate(3)
        except Exception as error:  # Gmsh raises bare Exception
            raise MeshingFailed(
                f"the mesher failed ({' '.join(str(error).split())}); try another draw"
            ) from None
        meshed = time.perf_counter()
        points, cells, region, names, facets, labels = _collect()
        samples = _face_samples()
    finally:
        gmsh.finalize()
    worker.stage("clean-up")
    cleaned = clean(points, cells, facets, labels, size=sizing.size / MICRO)
    cleaned = replace(cleaned, points=cleaned.points * MICRO)
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
    """Background field: `size` on the fibres (or the foil), growing linearly with the distance; HXT.

    The distance from a fibre is that from points on its axis less its radius: Gmsh's own distance from CAD
    faces costs more than the whole surface mesh.
    """
    import gmsh

    field = gmsh.model.mesh.field
    seeds: list[tuple[str, list[int], float]] = []  # kind, tags, distance of the surface from them [um]
    if stack.mat is None:
        seeds.append(("SurfacesList", list(surface_tags["foil"]), 0.0))
    else:
        for radius in np.unique(stack.mat.radii):
            seeds.append(
                ("PointsList", _free_points(axis_points(stack.mat, float(radius))), float(radius) / MICRO)
            )
    thresholds = []
    for kind, tags, offset in seeds:
        distance, threshold = field.add("Distance"), field.add("Threshold")
        field.setNumbers(distance, kind, tags)
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


def _collect() -> tuple[FloatArray, IntArray, IntArray, tuple[str, ...], IntArray, IntArray]:
    """Points [um], cells, region of each, region names, triangles and the face each lies on."""
    import gmsh

    tags, xyz, _ = gmsh.model.mesh.getNodes()
    tags = np.asarray(tags, dtype=np.int64)
    number = np.full(int(tags.max()) + 1, -1, dtype=np.int64)
    number[tags] = np.arange(tags.size)
    names: list[str] = []
    cells: list[IntArray] = []
    region: list[IntArray] = []
    for _, group in gmsh.model.getPhysicalGroups(3):
        for entity in gmsh.model.getEntitiesForPhysicalGroup(3, group):
            nodes = np.asarray(gmsh.model.mesh.getElementsByType(4, entity)[1], dtype=np.int64)
            cells.append(number[nodes].reshape(-1, 4).T)
            region.append(np.full(cells[-1].shape[1], len(names)))
        names.append(gmsh.model.getPhysicalName(3, group))
    total = len(gmsh.model.mesh.getElementsByType(4)[0])
    cell = np.concatenate(cells, axis=1)
    if cell.shape[1] != total or total == 0:
        raise MeshingFailed(
            f"{total - cell.shape[1]} of {total} tetrahedra lie in no region; try another draw"
        )
    facets: list[IntArray] = []
    labels: list[IntArray] = []
    for _, entity in gmsh.model.getEntities(2):
        nodes = np.asarray(gmsh.model.mesh.getElementsByType(2, entity)[1], dtype=np.int64)
        facets.append(number[nodes].reshape(-1, 3).T)
        labels.append(np.full(facets[-1].shape[1], entity))
    points, facet = np.asarray(xyz).reshape(-1, 3).T, np.concatenate(facets, axis=1)
    points, cell, facet = used_nodes(points, cell, facet)
    flipped = determinants(points, cell) <= 0
    if flipped.all():
        cell[2:] = cell[:1:-1].copy()
    elif flipped.any():
        raise MeshingFailed(f"the mesher left {flipped.sum()} inverted tetrahedra; try another draw")
    return points, cell, np.concatenate(region), tuple(names), facet, np.concatenate(labels)


def _face_samples() -> dict[int, FloatArray]:
    """Points [m], (3, n), on the surface that each face of the CAD is cut from, by label."""
    import gmsh

    samples = {}
    for _, face in gmsh.model.getEntities(2):
        low, high = gmsh.model.getParametrizationBounds(2, face)
        places = np.array(low) + SAMPLES * (np.array(high) - np.array(low))
        samples[face] = np.reshape(gmsh.model.getValue(2, face, places.ravel()), (-1, 3)).T * MICRO
    return samples
