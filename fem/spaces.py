"""Which field lives where: unknowns of both potentials, salt compartments, pockets, reacting facets.

The joint vector of unknowns is [phi_s on conductors | u on electrolytes]; u is the salt potential W [A/m] in
a binary electrolyte (fem/equilibrated.py) and phi_e [V] in a single-ion conductor. Every facet-connected
component is numbered on its own. Electrolyte that lies on no path between terminals (an isolated pore pocket,
fem/circuit.py) carries no current at steady state and would corrupt the salt inventory: it is left out and
reported; so is a conductor that nothing touches electrically.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fem.circuit import working_electrolytes
from fem.compartments import Compartment, by_region, compartments
from fem.interface import ReactingSurface
from fem.materials import Conductor, Electrolyte, SingleIonConductor
from fem.model import Blocking, Electrode, FixedPotential, Grounded, Model, ModelError
from fem.p1 import Floats, Ints, P1Space, Stiffness, barycentric_gradients
from fem.reacting import reacting_surfaces, side
from meshes.tagged import TaggedMesh


@dataclass(frozen=True, kw_only=True)
class Spaces:
    """Everything about a mesh and a model's layout that does not change with the operating point."""

    mesh: TaggedMesh
    solid: P1Space
    ionic: P1Space
    compartments: tuple[Compartment, ...]
    surfaces: tuple[ReactingSurface, ...]
    stiffness: Stiffness  # sigma, 1/N_M or kappa_i: [S/m] on phi, [-] on W
    solid_gradients: Floats
    ionic_gradients: Floats
    solid_weights: Floats  # sigma * volume [S m2]
    ionic_weights: Floats  # volume / N_M [m3] or kappa_i * volume [S m2]
    fixed: Ints  # joint unknowns of given value
    fixed_values: Floats  # [V]
    fixed_surfaces: dict[str, Ints]  # surface name -> its joint unknowns
    floating: Ints  # labels of conductor components with no fixed potential
    pocket_elements: Ints
    isolated_solid_elements: Ints
    idle_facets: Ints  # conductor facets that face a pocket

    @property
    def n_solid(self) -> int:
        """Unknowns of phi_s, which come first."""
        return self.solid.size

    @property
    def size(self) -> int:
        """Unknowns of the joint vector."""
        return self.solid.size + self.ionic.size

    @cached_property
    def salty(self) -> tuple[int, ...]:
        """Numbers of the compartments that hold salt."""
        return tuple(j for j, c in enumerate(self.compartments) if c.electrolyte is not None)

    @cached_property
    def free(self) -> Ints:
        """Joint unknowns without a given value."""
        return np.setdiff1d(np.arange(self.size), self.fixed)

    @cached_property
    def compartment_of(self) -> Ints:
        """Compartment of each joint unknown (size,), -1 on conductors."""
        of = np.full(self.size, -1)
        for j, compartment in enumerate(self.compartments):
            of[compartment.unknowns] = j
        return of

    def surfaces_of(self, terminal: str | None) -> tuple[ReactingSurface, ...]:
        """Reacting surfaces of a terminal, or those of the conductors (None)."""
        return tuple(s for s in self.surfaces if s.terminal == terminal)


def build_spaces(mesh: TaggedMesh, model: Model) -> Spaces:
    """Lay the fields of a model out on a mesh. The model must have passed `check_model`.

    Raises ModelError if no electrolyte is left, or if two materials of one compartment cannot share its salt
    balance.
    """
    solid = P1Space.on(mesh, _elements(mesh, model.regions_of(Conductor)))
    ionic_all = P1Space.on(mesh, _elements(mesh, model.regions_of(Electrolyte, SingleIonConductor)))
    live = working_electrolytes(mesh, model, solid, ionic_all)
    ionic = ionic_all.select(live)
    if ionic.size == 0 and ionic_all.size > 0:
        raise ModelError(
            "no electrolyte is connected to a counter electrode or a fixed potential; "
            "check the surfaces named in boundaries"
        )
    pockets = ionic_all.elements[~live[ionic_all.component_of_element]]

    touched = np.zeros(solid.n_components, dtype=bool)
    pinned = np.zeros(solid.n_components, dtype=bool)
    for name, boundary in model.boundaries.items():
        if isinstance(boundary, Grounded | FixedPotential):
            _, of = side(mesh, solid, mesh.surfaces[name])
            pinned[of[of >= 0]] = True
    idle: list[Ints] = []
    for pair, law in model.interfaces.items():
        facets = mesh.interface(*pair)
        _, of_solid = side(mesh, solid, facets)
        _, of_ionic = side(mesh, ionic, facets)
        idle.append(facets[of_ionic < 0])
        if not isinstance(law, Blocking):
            touched[of_solid[of_ionic >= 0]] = True
    keep = touched | pinned
    isolated = solid.elements[~keep[solid.component_of_element]] if solid.size else solid.elements
    solid = solid.select(keep)
    pinned = pinned[keep]

    fixed, values, by_surface = _fixed(mesh, model, solid, ionic)
    gradients_s, volume_s = barycentric_gradients(mesh.points, mesh.cells[:, solid.elements])
    gradients_e, volume_e = barycentric_gradients(mesh.points, mesh.cells[:, ionic.elements])
    weights_s = volume_s * by_region(mesh, model, solid.elements, "conductivity")
    weights_e = volume_e * _ionic_coefficient(mesh, model, ionic.elements)
    dofs = np.concatenate((solid.dofs, solid.size + ionic.dofs), axis=1)
    size = solid.size + ionic.size
    return Spaces(
        mesh=mesh,
        solid=solid,
        ionic=ionic,
        compartments=compartments(mesh, model, solid.size, ionic, volume_e),
        surfaces=reacting_surfaces(mesh, model, solid, ionic),
        stiffness=Stiffness.assemble(
            size,
            dofs,
            np.concatenate((gradients_s, gradients_e), axis=2),
            np.concatenate((weights_s, weights_e)),
        ),
        solid_gradients=gradients_s,
        ionic_gradients=gradients_e,
        solid_weights=weights_s,
        ionic_weights=weights_e,
        fixed=fixed,
        fixed_values=values,
        fixed_surfaces=by_surface,
        floating=np.flatnonzero(~pinned),
        pocket_elements=pockets,
        isolated_solid_elements=isolated,
        idle_facets=np.concatenate(idle) if idle else np.zeros(0, dtype=np.int64),
    )


def _elements(mesh: TaggedMesh, names: tuple[str, ...]) -> Ints:
    return mesh.elements_of(*names).astype(np.int64) if names else np.zeros(0, dtype=np.int64)


def _fixed(
    mesh: TaggedMesh, model: Model, solid: P1Space, ionic: P1Space
) -> tuple[Ints, Floats, dict[str, Ints]]:
    value: dict[int, tuple[float, str]] = {}
    by_surface: dict[str, Ints] = {}
    for name, boundary in model.boundaries.items():
        if isinstance(boundary, Electrode):
            continue
        potential = boundary.potential if isinstance(boundary, FixedPotential) else 0.0
        facets, found = mesh.surfaces[name], []
        for space, offset in ((solid, 0), (ionic, solid.size)):
            if space is ionic and isinstance(boundary, Grounded):
                continue
            _, of = side(mesh, space, facets)
            nodes = mesh.facets[:, facets[of >= 0]]
            found.append(offset + np.unique(space.unknowns(of[of >= 0], nodes)))
        by_surface[name] = np.concatenate(found)
        for unknown in by_surface[name].tolist():
            if unknown in value and value[unknown][0] != potential:
                raise ModelError(
                    f"surfaces {value[unknown][1]!r} and {name!r} touch but fix different potentials"
                )
            value[unknown] = (potential, name)
    order = sorted(value)
    return np.array(order, dtype=np.int64), np.array([value[k][0] for k in order]), by_surface


def _ionic_coefficient(mesh: TaggedMesh, model: Model, elements: Ints) -> Floats:
    """1/N_M [-] in binary electrolytes, kappa_i [S/m] in single-ion conductors."""
    by_name = {
        name: 1.0 / material.macmullin if isinstance(material, Electrolyte) else material.conductivity
        for name, material in model.regions.items()
        if isinstance(material, Electrolyte | SingleIonConductor)
    }
    return np.array([by_name.get(name, np.nan) for name in mesh.region_names])[
        mesh.region_of_element[elements]
    ]
