"""What a mesh owes to the geometry: areas, volumes and porosity, as trust checks with limits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fem.trust import Check
from geometry.designs import Design
from meshes.quality import MeshReport
from meshes.sizing import SurfaceShape
from studies.case import Case
from studies.tables import RandomFramework

AREA_LIMITS = {SurfaceShape.STRAIGHT: 0.03, SurfaceShape.AREA_PRESERVING: 0.005, SurfaceShape.CURVED: 0.0005}
"""|error| of the fibre area, by treatment of curved surfaces."""
VOLUME_LIMITS = {SurfaceShape.STRAIGHT: 0.09, SurfaceShape.AREA_PRESERVING: None, SurfaceShape.CURVED: 0.001}
"""The same for the fibre volume; where the area is preserved, the volume is reported only."""
TREATMENTS = {
    SurfaceShape.STRAIGHT: "straight elements",
    SurfaceShape.AREA_PRESERVING: "straight elements with the radii enlarged to keep the area",
    SurfaceShape.CURVED: "curved elements",
}
POROSITY_LIMIT = 0.005  # |porosity of the CAD - wanted|
EVENNESS = 0.03  # |porosity of a tenth of the mat - mean|


def mesh_checks(case: Case, design: Design, report: MeshReport) -> list[Check]:
    """What the mesh owes to the geometry."""
    found = list(_fibres(report))
    wanted = getattr(case.cell.framework, "porosity", None) if design.has_framework else None
    if wanted is not None and report.porosity_cad is not None:
        error = report.porosity_cad - wanted
        text = f"porosity of the geometry ({report.porosity_cad:.4f}) is the wanted one ({wanted:g})"
        found.append(
            Check(
                name="porosity_error",
                value=error,
                limit=POROSITY_LIMIT,
                passed=abs(error) <= POROSITY_LIMIT,
                text=text,
            )
        )
    if design.has_framework and isinstance(case.cell.framework, RandomFramework):
        middle = np.array(report.porosity_tenths[1:-1])
        uneven = float(np.abs(middle - middle.mean()).max())
        text = f"unevenness of the porosity by tenths of the mat, middle 80 % (unusual beyond {EVENNESS:g})"
        found.append(
            Check(name="porosity_evenness", value=uneven, limit=None, passed=uneven <= EVENNESS, text=text)
        )
    if report.pocket_share:
        text = "share of the pore volume without a path to the counter, left out of the electrolyte"
        found.append(
            Check(name="pocket_share", value=report.pocket_share, limit=None, passed=True, text=text)
        )
    if report.n_floating:
        text = "fibre clusters that do not touch the anode plane (their net current is zero)"
        found.append(
            Check(
                name="floating_clusters", value=float(report.n_floating), limit=None, passed=True, text=text
            )
        )
    text = "discretisation error of voltage and currents: not assessed (no second mesh was solved)"
    return [*found, Check(name="discretisation", value=0.0, limit=None, passed=True, text=text)]


def _fibres(report: MeshReport) -> Iterator[Check]:
    treatment = SurfaceShape(report.geometry)
    for key, limits, what in (
        ("fibre_area_error", AREA_LIMITS, "area"),
        ("fibre_volume_error", VOLUME_LIMITS, "volume"),
    ):
        value, limit = getattr(report, key), limits[treatment]
        if value is None:
            continue
        text = (
            f"{what} of the meshed fibres against that of the cylinders, {TREATMENTS[treatment]} "
            "(a smaller mesh.size helps)"
        )
        passed = limit is None or abs(value) <= limit
        yield Check(name=key, value=value, limit=limit, passed=passed, text=text)
