"""Is this mesh the geometry that was asked for? Volumes and areas against the CAD, quality floor, report."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from geometry.regions import Region, Surface
from geometry.stack import Stack
from meshes.quality import QUALITY_FLOOR, MeshReport, connectivity, mean_ratio, relative_error
from meshes.raw import MeshingFailed, Raw
from meshes.sizing import Sizing
from meshes.tagged import TaggedMesh
from meshes.treatment import Treated

PLANE_TOLERANCE = 1e-6
"""Relative error allowed for what only planes bound."""
FACETING_AREA, FACETING_VOLUME = 0.08, 0.30
"""Straight elements lose about 0.031 (size/r)^2 of a fibre's area, 0.123 (size/r)^2 of its volume; an error
more than 2.5 times that large comes from lost or wrongly named pieces, not from faceting."""


def tag(raw: Raw) -> TaggedMesh:
    """The mesh with its names; raises MeshingFailed when a surface has no facets."""
    cleaned = raw.cleaned
    surfaces = {
        name: cleaned.facets[:, np.isin(cleaned.labels, labels)]
        for name, labels in raw.surface_labels.items()
    }
    missing = [name for name, nodes in surfaces.items() if nodes.shape[1] == 0]
    if missing:
        lost = ", ".join(missing)
        raise MeshingFailed(f"the mesh lost the surface {lost}; use a finer size or another draw")
    return TaggedMesh.from_arrays(
        points=cleaned.points,
        cells=cleaned.cells,
        regions={name: np.flatnonzero(raw.region_of_cell == k) for k, name in enumerate(raw.region_names)},
        surfaces=surfaces,
    )


def assess(
    treated: Treated, stack: Stack, sizing: Sizing, raw: Raw, *, draw: int, seconds: Mapping[str, float]
) -> MeshReport:
    """The report of a fresh mesh; raises MeshingFailed below the quality floor or against the CAD."""
    mesh = treated.mesh
    quality = mean_ratio(mesh.points, mesh.cells)
    worst = float(quality.min())
    if not worst >= QUALITY_FLOOR:
        raise MeshingFailed(
            f"the worst element has a mean ratio of {worst:.2g}, below the floor of {QUALITY_FLOOR:g}; "
            "try another draw"
        )
    volumes = {name: mesh.region_volume(name) for name in mesh.regions}
    areas = {name: mesh.surface_area(name) for name in mesh.surfaces}
    _compare(stack, sizing, volumes, areas, raw)
    linked = connectivity(mesh)
    framework = volumes.get(Region.FIBRES, 0.0) + volumes.get(Region.PORES, 0.0)
    fibres, surface = str(Region.FIBRES), str(Surface.FIBRE_SURFACE)
    return MeshReport(
        geometry=str(treated.geometry),
        relaxed_edges=treated.relaxed_edges,
        least_det_ratio=treated.least_det_ratio,
        radius_factor=treated.radius_factor,
        n_elements=mesh.n_elements,
        n_nodes=mesh.n_nodes,
        size=sizing.size,
        draw=draw,
        worst_mean_ratio=worst,
        mean_ratio_p01=float(np.quantile(quality, 0.01)),
        worst_before_cleanup=raw.cleaned.worst_before,
        collapsed_edges=raw.cleaned.collapsed_edges,
        relocated_nodes=raw.cleaned.relocated_nodes,
        volumes_mesh=volumes,
        volumes_cad=dict(raw.volumes_cad),
        areas_mesh=areas,
        areas_cad=dict(raw.areas_cad),
        porosity_cad=raw.porosity_cad,
        porosity_mesh=volumes[Region.PORES] / framework if stack.mat is not None else None,
        porosity_tenths=() if stack.mat is None else tuple(stack.mat.porosity_tenths()),
        n_clusters=linked.n_clusters,
        n_floating=linked.n_floating,
        percolating_share=linked.percolating_share,
        n_pockets=linked.n_pockets,
        pocket_share=linked.pocket_share,
        fibre_area_error=relative_error(areas.get(surface), raw.areas_cad.get(surface)),
        fibre_volume_error=relative_error(volumes.get(fibres), raw.volumes_cad.get(fibres)),
        seconds=dict(seconds),
    )


def _compare(
    stack: Stack, sizing: Sizing, volumes: Mapping[str, float], areas: Mapping[str, float], raw: Raw
) -> None:
    """Every name of the CAD is in the mesh, with the volume and area it has there."""
    dim = sizing.dimension
    for kind, unit, mesh_values, cad_values in (
        ("region", f"m{dim}", volumes, raw.volumes_cad),
        ("surface", f"m{dim - 1}", areas, raw.areas_cad),
    ):
        if set(mesh_values) != set(cad_values):
            odd = ", ".join(sorted(set(mesh_values) ^ set(cad_values)))
            raise MeshingFailed(f"mesh and CAD do not have the same {kind}s ({odd}); try another draw")
        for name, exact in cad_values.items():
            allowed = _allowance(stack, sizing, name)
            if abs(mesh_values[name] - exact) > allowed * exact:
                raise MeshingFailed(
                    f"{kind} '{name}' measures {mesh_values[name]:.6g} {unit} in the mesh and "
                    f"{exact:.6g} {unit} in the CAD, further apart than {allowed:.2g}; "
                    "use a finer mesh size or another draw"
                )
    box, filled = raw.areas_cad[Surface.COUNTER] * stack.height, sum(volumes.values())
    if stack.roughness is None and abs(filled - box) > PLANE_TOLERANCE * box:
        raise MeshingFailed(f"the elements fill {filled:.6g} of a box of {box:.6g} m{dim}; try another draw")


def _allowance(stack: Stack, sizing: Sizing, name: str) -> float:
    """Relative difference from the CAD that faceting may explain."""
    if stack.roughness is not None:
        curved = sizing.size / min(stack.roughness.height, stack.roughness.base_radius)
        return PLANE_TOLERANCE if name == Surface.COUNTER else 0.005 + FACETING_VOLUME * curved**2
    if stack.mat is None or name in (Surface.COUNTER, Region.SEPARATOR, Region.IONIC_LAYER):
        return PLANE_TOLERANCE
    ratio = sizing.size / float(stack.mat.radii.min())
    if name == Region.FIBRES:
        return 0.005 + FACETING_VOLUME * ratio**2
    if name == Surface.FIBRE_SURFACE:
        return 0.005 + FACETING_AREA * ratio**2
    if name == Surface.FEET:  # narrow strips whose rims are chords
        return 0.05 + FACETING_VOLUME * ratio**2
    return 0.01 + 0.1 * FACETING_VOLUME * ratio**2
