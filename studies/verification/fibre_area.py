"""Area and volume of round fibres: straight, area-preserving and curved elements.

A quadratic arc over the angle 2 theta = 2 pi/n departs from the circle so little that n of them miss
(pi/n)^4/60 of the length: 4e-4 with 8 elements around, 8e-5 with 12; chords miss 1 - sin(pi/n)/(pi/n), 2.6 %
with 8. Straight elements can be given the exact area by a common enlargement of the radius; their volume then
still differs. Exact values: 2 pi r and pi r^2 per length; for the meshed mat those of the CAD.

Source: the arc length of the parabola through three points of a circle, expanded in theta.

Catches: edge nodes that are not on the cylinder, edge nodes in another order than the elements expect, areas
that are summed over corners alone, tags lost on the way to second order, a correction that changes the wrong
radius.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fem.convergence import convergence
from geometry.designs import Design
from meshes.curving import curve, enlarge
from meshes.exact_surfaces import Shape
from meshes.generate import mesh_stack
from meshes.sizing import SurfaceShape
from meshes.structured import circle_shape, extrude, fibre_in_rectangle
from meshes.tagged import TaggedMesh
from studies import build
from studies.case import Case
from studies.verification.evidence import Bound, Comparison, Evidence

RADIUS, WIDTH, DEPTH = 0.5e-6, 2.5e-6, 1e-6  # [m]
AROUND = (8, 16, 32)  # elements around the fibre
EXACT_AREA, EXACT_VOLUME = 2 * np.pi * RADIUS * DEPTH, np.pi * RADIUS**2 * DEPTH


def verify() -> Sequence[Evidence]:
    """Rates of all three treatments, and the sizes of the errors at 8 and 12 elements around."""
    curved = convergence(lambda n: errors(curved_fibre(n)), AROUND, least_rates=3.8, largest_errors=1e-5)
    straight = convergence(
        lambda n: {f"straight {key}": error for key, error in errors(fibre(n)).items()},
        AROUND,
        least_rates=1.9,
        largest_errors=1e-2,
    )
    sizes = [
        Bound(
            quantity=f"curved, {n} elements around: area error",
            found=errors(curved_fibre(n))["area"],
            limit=limit,
        )
        for n, limit in ((8, 5e-4), (12, 1e-4))
    ]
    theta = np.pi / 8
    law = Comparison(
        quantity="curved, 8 elements around: area error against the expansion",
        found=errors(curved_fibre(8))["area"],
        expected=theta**4 / 60,
        tolerance=0.1,
    )
    kept = errors(enlarged_fibre(12))
    preserved = [
        Bound(quantity="area-preserving, 12 elements around: area error", found=kept["area"], limit=1e-6),
        Bound(quantity="area-preserving, 12 elements around: volume error", found=kept["volume"], limit=0.03),
    ]
    return [*curved, *straight, *sizes, law, *preserved]


def verify_slow() -> Sequence[Evidence]:
    """The pipeline from the CAD: a crossed log-pile and the random mat of the shipped cases."""
    out: list[Evidence] = []
    for name, size, limits in (("ordered", 0.26e-6, (1e-4, 5e-4)), ("bilayer", 0.35e-6, (5e-4, 1e-3))):
        case = Case.shipped(name)
        stack = build.cell(case).stack(Design.FRAMEWORK, 0)
        for shape in SurfaceShape:
            mesh = mesh_stack(stack, replace(build.sizing(case), size=size, surface=shape))
            report = mesh.report
            assert report is not None and report.fibre_area_error is not None
            assert report.fibre_volume_error is not None
            area, volume = abs(report.fibre_area_error), abs(report.fibre_volume_error)
            bound = {
                SurfaceShape.CURVED: limits,
                SurfaceShape.AREA_PRESERVING: (1e-6, 0.09),
                SurfaceShape.STRAIGHT: (0.03, 0.09),
            }[shape]
            label = f"{name}, {1e6 * size:g} um, {shape.value}"
            out.append(Bound(quantity=f"{label}: area error", found=area, limit=bound[0]))
            out.append(Bound(quantity=f"{label}: volume error", found=volume, limit=bound[1]))
    return out


def fibre(n: int) -> TaggedMesh:
    """A straight fibre in a box, n elements around (a multiple of 4)."""
    flat = fibre_in_rectangle(RADIUS, width=WIDTH, height=WIDTH, n=n // 4)
    return extrude(flat, depth=DEPTH, n=2)


def curved_fibre(n: int) -> TaggedMesh:
    """The same with its surface bent onto the cylinder."""
    mesh = fibre(n)
    return curve(mesh, [_cylinder(mesh)])


def enlarged_fibre(n: int) -> TaggedMesh:
    """The same with straight elements of the exact area."""
    mesh = fibre(n)
    return enlarge(mesh, [_cylinder(mesh)], surface="fibre_surface", area=EXACT_AREA).mesh


def errors(mesh: TaggedMesh) -> dict[str, float]:
    """Relative errors of area and volume."""
    return {
        "area": abs(mesh.surface_area("fibre_surface") / EXACT_AREA - 1),
        "volume": abs(mesh.region_volume("fibres") / EXACT_VOLUME - 1),
    }


def _cylinder(mesh: TaggedMesh) -> Shape:
    return circle_shape(mesh, "fibre_surface", centre=(WIDTH / 2, WIDTH / 2), radius=RADIUS)
