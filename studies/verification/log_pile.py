"""Crossed log-pile under the ionic layer at four resolutions: error bars against the finest values.

The shipped case `ordered` (bilayer) is meshed at 0.8, 0.57, 0.4 and 0.28 um. From the three coarser meshes
every metric of the fields gets a Richardson estimate and a grid-convergence index (Celik et al., J. Fluids
Eng. 130 (2008) 078001, 10.1115/1.2960953); the value on the finest mesh must lie within that bar. The fibre
area's bar must hold the exact area of the cylinders.

Catches: error bars that promise too much, a metric that does not converge (a maximum, or a quantile taken
over facets instead of area), another geometry at another mesh size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fem import Extrapolation, richardson, solve_steady
from geometry.designs import Design
from meshes.generate import mesh_stack
from meshes.tagged import TaggedMesh
from studies import build
from studies.case import Case
from studies.verification.evidence import Bound, Evidence

SIZES = (0.8e-6, 0.8e-6 / 2**0.5, 0.4e-6, 0.4e-6 / 2**0.5)  # [m]
METRICS = {
    "cell_voltage_V": "cell voltage", "anode_overpotential_V": "anode overpotential",
    "ohmic_electrolyte_V": "ohmic part", "concentration_V": "concentration part",
    "kinetic_anode_V": "kinetic part, anode", "share_fibres": "current on the fibres",
    "fibres_mean_A_m2": "mean local current", "fibres_p99_A_m2": "99 % quantile", "fibres_cv": "std/mean",
    "top_bottom_ratio": "top over bottom tenth", "z50_m": "z50", "c_min_ratio": "lowest c",
    "fibres_area_m2": "fibre area",
}  # fmt: skip


def verify() -> Sequence[Evidence]:
    """The value at 0.57 um against a bar from 0.8 and 0.7 um, whose order is assumed."""
    return distances((0.8e-6, 0.7e-6, SIZES[1]))


def verify_slow() -> Sequence[Evidence]:
    """The value at 0.28 um against a bar from the three coarser meshes."""
    return distances(SIZES)


def distances(asked: Sequence[float]) -> list[Evidence]:
    """Distance of the value on the finest mesh from that on the one before, over the bar without the
    finest."""
    case = Case.shipped("ordered")
    stack = build.cell(case).stack(Design.BILAYER, 0)
    meshes = [mesh_stack(stack, replace(build.sizing(case), size=size)) for size in asked]
    found = [
        solve_steady(mesh, build.model(case, Design.BILAYER, mesh), build.control(case)).metrics
        for mesh in meshes
    ]
    sizes = [element_size(mesh) for mesh in meshes[:-1]]
    out: list[Evidence] = []
    for key, name in METRICS.items():
        bar = richardson([metrics[key] for metrics in found[:-1]], sizes, order=2.0)
        out.append(_within(f"{name}: finest value", found[-1][key], bar))
    report = meshes[-2].report
    assert report is not None
    areas = [metrics["fibres_area_m2"] for metrics in found[:-1]]
    exact = report.areas_cad["fibre_surface"]
    return [*out, _within("fibre area: exact value", exact, richardson(areas, sizes, order=2.0))]


def element_size(mesh: TaggedMesh) -> float:
    """Mean element size [m], (volume / number of elements)^(1/3)."""
    return (mesh.element_volumes.sum() / mesh.n_elements) ** (1 / 3)


def _within(quantity: str, value: float, bar: Extrapolation) -> Bound:
    text = f"{quantity}, {value:.6g} against {bar.value:.6g} ± {bar.uncertainty:.2g}: distance over bar"
    return Bound(quantity=text, found=abs(value - bar.value) / bar.uncertainty, limit=1.0)
