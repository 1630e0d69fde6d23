"""What the mesh owes to the geometry: limits depend on how curved surfaces are followed."""

from dataclasses import replace

import pytest
from test_report import mesh_report

from geometry.designs import Design
from meshes.quality import MeshReport
from meshes.structured import layered_box
from studies.case import Case
from studies.mesh_checks import mesh_checks

REPORT: MeshReport = mesh_report(layered_box([("separator", 1e-6, 1)], width=1e-6, depth=1e-6, nx=1, ny=1))


@pytest.mark.parametrize(
    ("geometry", "area", "volume", "passed"),
    [
        ("straight", -0.011, -0.05, (True, True)),
        ("straight", -0.031, -0.091, (False, False)),
        ("area-preserving", -0.004, -0.2, (True, True)),
        ("area-preserving", -0.006, -0.03, (False, True)),
        ("curved", 4e-4, -9e-4, (True, True)),
        ("curved", 6e-4, -0.0011, (False, False)),
    ],
)
def test_limits_by_treatment(geometry: str, area: float, volume: float, passed: tuple[bool, bool]) -> None:
    """Judged as straight, a curved mesh could lose a whole fibre unnoticed."""
    report = replace(REPORT, geometry=geometry, fibre_area_error=area, fibre_volume_error=volume)
    checks = {check.name: check for check in mesh_checks(Case.shipped(), Design.PLANAR, report)}
    found = checks["fibre_area_error"], checks["fibre_volume_error"]
    assert tuple(check.passed for check in found) == passed
    word = {"straight": "straight elements", "curved": "curved elements"}.get(geometry, "keep the area")
    assert all(word in check.text for check in found)
    assert (found[1].limit is None) == (geometry == "area-preserving")
