"""What of a model decides the unknowns, and spaces that serve another model of the same layout."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fem.compartments import Compartment, by_region, compartments
from fem.conditions import Blocking, Boundary, Contact, Electrode, FixedPotential, Interface
from fem.materials import Conductor, Electrolyte, Material, SingleIonConductor
from fem.model import Model
from fem.reacting import cuts, law_at
from fem.spaces import Spaces, ionic_coefficient


def layout(model: Model) -> tuple[Any, ...]:
    """Two models with the same layout have the same unknowns, surfaces and bodies of liquid on a mesh.

    They may differ in kinetics, electrolyte law, temperature, concentration, porosity, MacMullin number,
    conductivity and the size of a resistance.
    """
    return (
        frozenset((name, _kind(material)) for name, material in model.regions.items()),
        frozenset((frozenset(pair), _passing(p)) for pair, p in model.interfaces.items()),
        frozenset((name, _boundary(b)) for name, b in model.boundaries.items()),
    )


def _kind(material: Material) -> tuple[str, Any]:
    """Its type, and what of it decides unknowns (equipotential) or belongs to surfaces (concentration)."""
    if isinstance(material, Conductor):
        return "conductor", material.equipotential
    if isinstance(material, SingleIonConductor):
        return "single-ion conductor", material.concentration
    return type(material).__name__, None


def _passing(passing: Interface) -> str:
    if isinstance(passing, Contact):
        return "resistance" if passing.resistance > 0 else "joined"
    return "blocking" if isinstance(passing, Blocking) else "kinetics"


def _boundary(boundary: Boundary) -> tuple[str, Any]:
    if isinstance(boundary, Electrode):
        return "electrode", boundary.terminal
    if isinstance(boundary, FixedPotential):
        return "fixed", boundary.potential
    return "grounded", boundary.resistance > 0


def relaid(spaces: Spaces, model: Model) -> Spaces:
    """The spaces of another model of the same layout: laws and coefficients are put in place anew."""
    mesh = spaces.mesh
    return replace(
        spaces,
        conductivity=by_region(mesh, model, spaces.solid.elements, "conductivity"),
        ionic_coefficient=ionic_coefficient(mesh, model, spaces.ionic),
        compartments=_refilled(spaces, model),
        surfaces=tuple(replace(s, kinetics=law_at(model, s.key)) for s in spaces.surfaces),
    )


def _refilled(spaces: Spaces, model: Model) -> tuple[Compartment, ...]:
    """The bodies of liquid with the materials of a model; salt and pores are only counted again where they
    differ."""
    materials = [
        {name: m for name in body.regions if isinstance(m := model.regions[name], Electrolyte)}
        for body in spaces.compartments
    ]
    if all(
        (m.porosity, m.concentration) == (body.regions[name].porosity, body.regions[name].concentration)
        for body, of in zip(spaces.compartments, materials, strict=True)
        for name, m in of.items()
    ):
        pairs = zip(spaces.compartments, materials, strict=True)
        return tuple(replace(body, regions=of) for body, of in pairs)
    cut = cuts(spaces.mesh, model, metal=False)
    return compartments(spaces.mesh, model, spaces.n_solid, spaces.ionic, spaces.ionic_elements, cut)
