"""Does this model fit this mesh, and is it determined? What does not fit is refused before anything is
solved."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import combinations

import numpy as np

from fem.conditions import (
    Blocking,
    Contact,
    Electrode,
    FixedPotential,
    Grounded,
    Interface,
    ModelError,
)
from fem.electrolyte import check_validity
from fem.materials import Conductor, Electrolyte, Material, SingleIonConductor
from fem.model import Control, Model
from meshes.tagged import TaggedMesh

IonicMaterial = Electrolyte | SingleIonConductor


def _refuse_unknown(kind: str, names: Iterable[str], known: Iterable[str]) -> None:
    known = list(known)
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ModelError(
                f"{kind} {name!r} is not in the mesh, which has: {', '.join(known) or 'none'}{hint}"
            )


def check_model(model: Model, mesh: TaggedMesh, control: Control | None) -> None:
    """Refuse a model that does not fit the mesh, with the names that exist.

    Raises ModelError (a ValueError) with one sentence; returns nothing.
    """
    _refuse_unknown("region", model.regions, mesh.regions)
    missing = [name for name in mesh.regions if name not in model.regions]
    if missing:
        raise ModelError(
            f"region {missing[0]!r} of the mesh has no material in the model; "
            "give it a Conductor, Electrolyte, SingleIonConductor or Insulator"
        )
    _refuse_unknown("surface", model.boundaries, mesh.surfaces)
    _check_interfaces(model, mesh)
    _check_boundaries(model, mesh)
    for name, material in model.regions.items():
        if isinstance(material, Electrolyte):
            try:
                check_validity(material.law, model.temperature, material.concentration)
            except ValueError as error:
                raise ModelError(f"region {name!r}: {error}") from None
    _check_determined(model, control)


def _check_interfaces(model: Model, mesh: TaggedMesh) -> None:
    for pair, passing in model.interfaces.items():
        _refuse_unknown("interface region", pair, mesh.regions)
        _check_pair(model, pair, passing)
    declared = {frozenset(pair) for pair in model.interfaces}
    if len(declared) < len(model.interfaces):
        raise ModelError(
            "an interface is declared twice, once in each order of its regions; keep one of them"
        )
    for one, other in combinations(model.regions, 2):
        kinds = {_kind(model.regions[one]), _kind(model.regions[other])}
        if frozenset((one, other)) in declared or not mesh.interface(one, other).size:
            continue
        if kinds in ({"metal", "liquid"}, {"metal", "single-ion"}):
            raise ModelError(
                f"regions {one!r} and {other!r} touch but the model has no interface for them; "
                "add kinetics, or Blocking() if nothing reacts there"
            )
        if kinds == {"liquid", "single-ion"}:
            raise ModelError(
                f"liquid and single-ion conductor touch at {one!r} | {other!r} but the model has no "
                "interface for them; add Contact(), or Contact(resistance=...) in ohm m2"
            )


def _check_pair(model: Model, pair: tuple[str, str], passing: Interface) -> None:
    """Whether what is declared between two regions can pass between their materials."""
    kinds = {_kind(model.regions[name]) for name in pair}
    if kinds in ({"metal", "liquid"}, {"metal", "single-ion"}):
        fits = not isinstance(passing, Contact)
        remedy = "kinetics or Blocking(), since another carrier takes over there"
    elif kinds == {"liquid", "single-ion"}:
        fits, remedy = True, ""
    elif kinds in ({"metal"}, {"single-ion"}):
        fits, remedy = isinstance(passing, Contact | Blocking), "Contact(resistance=...) or Blocking()"
    else:
        raise ModelError(
            f"interface {pair[0]!r} | {pair[1]!r} must lie between a Conductor and an electrolyte, two "
            "conductors, or a liquid and a single-ion conductor, got "
            f"{type(model.regions[pair[0]]).__name__} | {type(model.regions[pair[1]]).__name__}"
        )
    if not fits:
        raise ModelError(
            f"interface {pair[0]!r} | {pair[1]!r} cannot be {type(passing).__name__}; use {remedy}"
        )


def _kind(material: Material) -> str:
    if isinstance(material, Conductor):
        return "metal"
    if isinstance(material, SingleIonConductor):
        return "single-ion"
    return "liquid" if isinstance(material, Electrolyte) else "insulator"


def _check_boundaries(model: Model, mesh: TaggedMesh) -> None:
    names = mesh.region_names
    conducts = np.array([isinstance(model.regions[name], Conductor) for name in names])
    ionic = np.array([isinstance(model.regions[name], IonicMaterial) for name in names])
    salty = np.array([isinstance(model.regions[name], Electrolyte) for name in names])

    def touches(facets: np.ndarray, kind: np.ndarray) -> np.ndarray:
        first, second = mesh.f2t[:, facets]
        second_is = (second >= 0) & kind[mesh.region_of_element[second]]
        return np.stack((kind[mesh.region_of_element[first]], second_is))

    for name, boundary in model.boundaries.items():
        facets = mesh.surfaces[name]
        if isinstance(boundary, Electrode):
            if not (touches(facets, ionic).sum(0) == 1).all():
                raise ModelError(
                    f"electrode {name!r} must be the surface of an electrolyte region on one side only"
                )
            if touches(facets, conducts).any():
                raise ModelError(
                    f"electrode {name!r} also touches a Conductor; declare charge transfer between them "
                    "in interfaces, and ground or wire the conductor elsewhere"
                )
        elif isinstance(boundary, Grounded):
            if not touches(facets, conducts).any(0).all():
                raise ModelError(f"grounded surface {name!r} must belong to a Conductor region")
        elif not touches(facets, conducts | ionic).any(0).all():
            raise ModelError(
                f"FixedPotential on {name!r} must belong to a Conductor or a SingleIonConductor; "
                "an insulator has no potential"
            )
        elif touches(facets, salty).any():
            raise ModelError(
                f"FixedPotential on {name!r} touches an electrolyte with salt, where a potential alone "
                "does not fix the state; use an Electrode there, or a SingleIonConductor for a primary "
                "distribution"
            )


def _check_determined(model: Model, control: Control | None) -> None:
    counters = model.terminals("counter")
    fixed = [n for n, b in model.boundaries.items() if isinstance(b, FixedPotential)]
    if control is not None and not counters:
        raise ModelError(
            f"{type(control).__name__} control needs an Electrode with terminal='counter'; "
            f"the model's boundaries are: {', '.join(model.boundaries) or 'none'}"
        )
    if control is None and counters:
        raise ModelError(
            "a model with a counter electrode needs a control: Galvanostatic(...) or Potentiostatic(...)"
        )
    if control is None and not fixed:
        raise ModelError(
            "nothing drives this model: give a counter electrode and a control, or a FixedPotential"
        )
