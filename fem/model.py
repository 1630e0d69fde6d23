"""The model: physics declared per name on a tagged mesh, and the controls that drive it.

A model is pure data: regions (what conducts where), interfaces (what reacts between two regions) and
boundaries (what holds at a named surface). `check_model` compares it with a mesh and refuses what does not
fit; the solvers then trust it. Signs: potentials in V against the anode plane (phi_s = 0); a current_density
> 0 plates lithium on the anode.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

from fem.electrolyte import check_validity
from fem.materials import Conductor, Electrolyte, Material, SingleIonConductor
from fem.reaction import Kinetics
from meshes.tagged import TaggedMesh

IonicMaterial = Electrolyte | SingleIonConductor
Terminal = Literal["anode", "counter"]


class ModelError(ValueError):
    """The model or its control does not fit the mesh or is not determined; the text says what to change."""


@dataclass(frozen=True, kw_only=True)
class Grounded:
    """phi_s = 0 on this surface of a conductor (fibre feet on the anode plane)."""


@dataclass(frozen=True, kw_only=True)
class FixedPotential:
    """phi = potential [V] on a surface of a conductor, or of an electrolyte without salt."""

    potential: float  # [V]

    def __post_init__(self) -> None:
        if not math.isfinite(self.potential):
            raise ModelError(f"FixedPotential needs a finite potential in V, got {self.potential}")


@dataclass(frozen=True)
class Electrode:
    """A metal surface with charge transfer, seen by the electrolyte and wired to a terminal.

    The terminal "anode" is at 0 V, the terminal "counter" at the cell voltage.
    """

    kinetics: Kinetics
    terminal: Terminal = field(kw_only=True)

    def __post_init__(self) -> None:
        if self.terminal not in get_args(Terminal):
            raise ModelError(
                f"terminal must be one of {', '.join(get_args(Terminal))}, got {self.terminal!r}"
            )


@dataclass(frozen=True, kw_only=True)
class Blocking:
    """No charge transfer between the two regions of an interface."""


Boundary = Grounded | FixedPotential | Electrode


@dataclass(frozen=True, kw_only=True)
class Model:
    """Physics by name; everything a solver needs beside the mesh.

    regions: every region of the mesh -> its material.
    interfaces: (conductor, electrolyte) region names in either order -> kinetics, or Blocking() for none;
    every conductor | electrolyte contact that the mesh has must be declared.
    boundaries: surface name -> Grounded, Electrode or FixedPotential; every other surface is insulated
    (symmetry).
    temperature [K] is handed to every law.
    """

    regions: Mapping[str, Material]
    interfaces: Mapping[tuple[str, str], Kinetics | Blocking] = field(default_factory=dict)
    boundaries: Mapping[str, Boundary] = field(default_factory=dict)
    temperature: float = 298.15  # [K]

    def __post_init__(self) -> None:
        if not (math.isfinite(self.temperature) and self.temperature > 0):
            raise ModelError(
                f"temperature must be > 0 K, got {self.temperature} K; was it given in degrees Celsius?"
            )

    def regions_of(self, *kinds: type) -> tuple[str, ...]:
        """Names of the regions whose material is of one of these kinds, in the model's order."""
        return tuple(name for name, material in self.regions.items() if isinstance(material, kinds))

    def terminals(self, terminal: Terminal) -> dict[str, Electrode]:
        """Electrodes wired to a terminal, by surface name."""
        return {
            n: b for n, b in self.boundaries.items() if isinstance(b, Electrode) and b.terminal == terminal
        }


@dataclass(frozen=True, kw_only=True)
class Galvanostatic:
    """Fixed current per projected area, I [A/m2] > 0 plating on the anode.

    The projected area is the counter electrode's unless `area` [m2] is given (per metre of depth in 2D).
    """

    current_density: float  # [A/m2]
    area: float | None = None  # [m2]

    def __post_init__(self) -> None:
        if not (math.isfinite(self.current_density) and self.current_density != 0.0):
            raise ModelError(
                f"current_density must be finite and not zero, got {self.current_density} A/m2; "
                "use Potentiostatic(cell_voltage=0) for a cell at rest"
            )
        if self.area is not None and not (math.isfinite(self.area) and self.area > 0):
            raise ModelError(
                f"area must be a finite number > 0 m2, got {self.area} m2; leave it out for the counter's"
            )


@dataclass(frozen=True, kw_only=True)
class Potentiostatic:
    """Fixed cell voltage V [V], counter against anode; > 0 plates on the anode."""

    cell_voltage: float  # [V]
    area: float | None = None  # [m2]

    def __post_init__(self) -> None:
        if not math.isfinite(self.cell_voltage):
            raise ModelError(f"cell_voltage must be finite, got {self.cell_voltage} V")
        if self.area is not None and not (math.isfinite(self.area) and self.area > 0):
            raise ModelError(
                f"area must be a finite number > 0 m2, got {self.area} m2; leave it out for the counter's"
            )


Control = Galvanostatic | Potentiostatic


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
    for pair in model.interfaces:
        _refuse_unknown("interface region", pair, mesh.regions)
        kinds = [isinstance(model.regions[name], Conductor) for name in pair]
        ionic = [isinstance(model.regions[name], IonicMaterial) for name in pair]
        if sorted(kinds) != [False, True] or sorted(ionic) != [False, True]:
            raise ModelError(
                f"interface {pair[0]!r} | {pair[1]!r} must lie between a Conductor and an electrolyte, got "
                f"{type(model.regions[pair[0]]).__name__} | {type(model.regions[pair[1]]).__name__}"
            )
    declared = {frozenset(pair) for pair in model.interfaces}
    if len(declared) < len(model.interfaces):
        raise ModelError(
            "an interface is declared twice, once in each order of its regions; keep one of them"
        )
    for solid in model.regions_of(Conductor):
        for liquid in model.regions_of(Electrolyte, SingleIonConductor):
            if frozenset((solid, liquid)) not in declared and mesh.interface(solid, liquid).size:
                raise ModelError(
                    f"regions {solid!r} and {liquid!r} touch but the model has no interface for them; "
                    "add kinetics, or Blocking() if nothing reacts there"
                )


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
