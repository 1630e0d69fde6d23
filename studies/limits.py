"""Numbers of the stack rather than of the solution: limiting currents, Wagner number, penetration depths."""

from __future__ import annotations

import math
from collections.abc import Iterable

from fem.electrolyte import Properties
from fem.flat_cell import FlatLayer, limiting_current
from fem.penetration import mat_transmissibility, penetration_depth, wagner_number
from geometry.designs import Design
from geometry.regions import Region, Surface
from meshes.tagged import TaggedMesh
from studies import build
from studies.case import Case
from studies.errors import CaseError
from studies.tables import SingleIonLayer
from studies.units import shown

FLAT = (Design.PLANAR, Design.PLANAR_IONIC)
CONDUCTING = (Design.FRAMEWORK, Design.BILAYER)


def liquids(case: Case, design: Design, porosity: float | None = None) -> list[list[FlatLayer]]:
    """Layers between anode plane and counter by body of liquid, from below; a single-ion layer parts them.

    The mat is one layer of the given (else the wanted) porosity. Its MacMullin number is that of random
    overlapping fibres (`fem.penetration.mat_transmissibility`), an estimate for ordered frameworks.
    """
    cell, below = case.cell, []
    if cell.framework is not None and design.has_framework:
        eps = porosity if porosity is not None else wanted_porosity(case)
        through = mat_transmissibility(eps)
        below.append(
            FlatLayer(
                thickness=cell.framework.thickness,
                porosity=eps,
                macmullin=1.0 / through if through > 0 else math.inf,
            )
        )
    separator, thickness = cell.separator, build.cell(case).separator_of(design)
    above = [FlatLayer(thickness=thickness, porosity=separator.porosity, macmullin=separator.macmullin)]
    layer = cell.ionic_layer if design.has_ionic_layer else None
    if isinstance(layer, SingleIonLayer):
        return [below, above] if below else [above]
    if layer is not None:
        below.append(
            FlatLayer(
                thickness=layer.thickness,
                porosity=layer.porosity,
                macmullin=layer.macmullin,
                transference=layer.transference,
            )
        )
    return [below + above]


def wanted_porosity(case: Case) -> float:
    """The framework's porosity as the case asks for it; that of its drawing for given fibres."""
    framework = case.cell.framework
    wanted = getattr(framework, "porosity", None)
    if wanted is not None:
        return float(wanted)
    assert framework is not None
    return build.framework(framework).draw(case.cell.width, case.cell.depth).porosity()


def limit(case: Case, bodies: Iterable[list[FlatLayer]]) -> float:
    """Limiting current density [A/m2] with the reaction at the bottom: of the body that empties first."""
    conditions = case.electrolyte
    return min(
        limiting_current(
            body,
            build.electrolyte_law(case),
            temperature=conditions.temperature,
            concentration=conditions.concentration,
        )
        for body in bodies
    )


def bracket(case: Case, design: Design, porosity: float | None = None) -> tuple[float, float]:
    """Limiting current densities [A/m2] with the reaction at the anode plane, and at a conducting mat's top.

    One number for designs without conducting fibres, where it is exact if they are flat; NaN for a mat too
    dense for its closure.
    """
    bodies = liquids(case, design, porosity)
    bottom, *over = bodies[0]
    if not math.isfinite(bottom.macmullin):
        return math.nan, math.nan
    foil = limit(case, bodies)
    if design not in CONDUCTING:
        return foil, foil
    # Without resistance but with its salt: what the mat is to a reaction at its top.
    emptied = FlatLayer(thickness=bottom.thickness, porosity=bottom.porosity, macmullin=0.0)
    return foil, limit(case, [[emptied, *over], *bodies[1:]] if over else bodies[1:])


def refuse_depletion(case: Case, designs: tuple[Design, ...]) -> None:
    """Refuse a current above the limit of a flat design, where it is exact; mats are never refused."""
    current = case.operation.current_density
    if current is None:
        return
    found = []
    for design in designs:
        if design in FLAT and current >= (highest := limit(case, liquids(case, design))):
            dense = design.has_ionic_layer and isinstance(case.cell.ionic_layer, SingleIonLayer)
            found.append(
                f"operation.current_density is {shown(current, 'A/m^2', 'mA/cm^2')}, above the limiting "
                f"current {shown(highest, 'A/m^2', 'mA/cm^2')} of design {design}: the salt at its "
                f"{'ionic layer' if dense else 'foil'} is depleted and no steady state exists; lower the "
                "current, thin the separator or leave the design out."
            )
    if found:
        raise CaseError(found)


def stack_metrics(case: Case, design: Design, mesh: TaggedMesh, current_density: float,
                  porosity: float | None) -> dict[str, float]:  # fmt: skip
    """The metrics that need the stack: keys as in the result files.

    penetration_depth_m uses the steady conductivity kappa_ss (what a steady current sees),
    penetration_depth_initial_m the plain kappa (before the salt has moved); both are properties of a
    conducting mat alone; a mat too dense for its closure has none of these. The length in the Wagner number
    is the mat's thickness, the wavelength of a relief, or the distance to the counter.
    """
    law, conditions = build.electrolyte_law(case), case.electrolyte
    at = {"temperature": conditions.temperature, "concentration": conditions.concentration}
    bodies = liquids(case, design, porosity)
    bottom = bodies[0][0]
    foil, top = bracket(case, design, porosity)
    if math.isnan(foil):
        return {}
    metrics = {
        "limiting_current_foil_A_m2": foil,
        "limit_ratio": current_density / foil,
        "limiting_current_top_A_m2": top,
    }
    properties = Properties.of(law, conditions.temperature)
    kappa = float(properties.kappa(conditions.concentration))
    framework = case.cell.framework
    if design in CONDUCTING and framework is not None:
        reaction = build.kinetics(case, "fibres")
        volume = mesh.region_volume(Region.FIBRES) + mesh.region_volume(Region.PORES)
        area = mesh.surface_area(Surface.FIBRE_SURFACE) / volume
        steady = float(properties.steady_conductivity(conditions.concentration))
        metrics["penetration_depth_m"] = penetration_depth(steady / bottom.macmullin, reaction, area, **at)
        metrics["penetration_depth_initial_m"] = penetration_depth(
            kappa / bottom.macmullin, reaction, area, **at
        )
        metrics["wagner"] = wagner_number(kappa / bottom.macmullin, reaction, framework.thickness, **at)
        return metrics
    stack = [layer for body in bodies for layer in body]
    length = sum(layer.thickness for layer in stack)
    resistance = sum(layer.thickness * layer.macmullin for layer in stack) / kappa
    dense = case.cell.ionic_layer
    if isinstance(dense, SingleIonLayer) and design.has_ionic_layer:
        length += dense.thickness
        resistance += dense.thickness / dense.conductivity
    effective = length / resistance
    if design.is_rough and case.cell.rough is not None:
        length = case.cell.rough.wavelength
    metrics["wagner"] = wagner_number(effective, build.kinetics(case, "foil"), length, **at)
    return metrics
