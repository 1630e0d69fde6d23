"""Which field lives where: unknowns of both potentials, bodies of liquid, pockets, surfaces with current.

The joint vector of unknowns is [phi_s on conductors | electrolyte potential on electrolytes]. Every connected
component is numbered on its own; a contact or junction resistance separates the bodies on its two sides.
Electrolyte that lies on no path between terminals (an isolated pore pocket, fem/circuit.py) carries no
current at steady state and would corrupt the salt inventory: it is left out and reported; so is a conductor
that nothing touches electrically.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fem.circuit import working_electrolytes
from fem.compartments import Compartment, by_region, compartments
from fem.conditions import Blocking, Electrode, FixedPotential, Grounded, ModelError
from fem.elements import Elements, Floats, Ints, present
from fem.equipotential import with_held_pieces
from fem.interface import ReactingSurface
from fem.materials import Conductor, Electrolyte, SingleIonConductor
from fem.model import Model
from fem.reacting import cuts, in_region, reacting_surfaces, reacts, side
from fem.space import Space
from meshes.connectivity import components, linked
from meshes.tagged import TaggedMesh


@dataclass(frozen=True, kw_only=True)
class Spaces:
    """Everything about a mesh and a model's layout that does not change with the operating point."""

    mesh: TaggedMesh
    order: int
    solid: Space
    ionic: Space
    solid_elements: Elements  # dofs are joint unknowns
    ionic_elements: Elements
    conductivity: Floats  # sigma [S/m] of each solid element
    ionic_coefficient: Floats  # 1/N_M [-] of each liquid element, kappa_i [S/m] of each single-ion one
    liquid: NDArray[np.bool_]  # (n,) which ionic elements hold salt
    compartments: tuple[Compartment, ...]
    surfaces: tuple[ReactingSurface, ...]
    fixed: Ints  # joint unknowns of given value
    fixed_values: Floats  # [V]
    fixed_surfaces: dict[str, Ints]  # surface name -> its joint unknowns, and those of the pieces it holds
    equipotential: Ints  # those of `fixed` in pieces that a surface holds (fem/equipotential.py), not on it
    floating: Ints  # labels of conductor components without a path of metal to a terminal
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
    def free(self) -> Ints:
        """Joint unknowns without a given value."""
        free = np.ones(self.size, dtype=bool)
        free[self.fixed] = False
        return np.flatnonzero(free)

    @cached_property
    def compartment_of(self) -> Ints:
        """Compartment of each joint unknown (size,), -1 where there is no salt."""
        of = np.full(self.size, -1)
        for j, compartment in enumerate(self.compartments):
            of[compartment.unknowns] = j
        return of

    @cached_property
    def mat_extent(self) -> tuple[float, float]:
        """Lowest and highest z [m] of the conductors and of the electrolyte region that they touch most."""
        mesh, surfaces = self.mesh, self.surfaces_of(None)
        beside = mesh.region_of_element[mesh.f2t[:, np.concatenate([s.facets for s in surfaces])]]
        areas = np.concatenate([s.areas for s in surfaces])
        area = np.bincount(beside.ravel(), np.tile(areas, 2), len(mesh.region_names))
        metals = present(mesh.region_of_element[self.solid.elements], len(mesh.region_names))
        area[metals] = 0.0
        inside = mesh.elements_of(*(mesh.region_names[k] for k in (*metals, int(np.argmax(area)))))
        corners = [mesh.points[-1, row[inside]] for row in mesh.cells]
        return float(min(z.min() for z in corners)), float(max(z.max() for z in corners))

    @property
    def reacting(self) -> tuple[ReactingSurface, ...]:
        """Surfaces on which lithium is plated or dissolved."""
        return tuple(s for s in self.surfaces if not s.is_contact)

    def surfaces_of(self, terminal: str | None) -> tuple[ReactingSurface, ...]:
        """Reacting surfaces of a terminal, or those of the conductors (None)."""
        return tuple(s for s in self.reacting if s.terminal == terminal)


def build_spaces(mesh: TaggedMesh, model: Model, order: int = 1) -> Spaces:
    """Lay the fields of a model out on a mesh. The model must have passed `check_model`.

    Raises ModelError if no electrolyte is left, two bodies of liquid share an unknown, or a potential is
    fixed where there is salt.
    """
    solid_cut, ionic_cut = cuts(mesh, model, metal=True), cuts(mesh, model, metal=False)
    solid = Space.on(mesh, _elements(mesh, model.regions_of(Conductor)), order, solid_cut)
    ionic_all = Space.on(
        mesh,
        _elements(mesh, model.regions_of(Electrolyte, SingleIonConductor)),
        order,
        ionic_cut,
        _pinches(mesh, model, order, ionic_cut),
    )
    live = working_electrolytes(mesh, model, solid, ionic_all)
    ionic = ionic_all.select(live)
    if ionic.size == 0 and ionic_all.size > 0:
        raise ModelError(
            "no electrolyte is connected to a counter electrode or a fixed potential; "
            "check the surfaces named in boundaries"
        )
    keep, wired, idle = _conductors(mesh, model, solid, ionic)
    isolated = solid.elements[~keep[solid.component_of_element]] if solid.size else solid.elements
    solid = solid.select(keep)

    ionic_elements = Elements.of(mesh, ionic.elements, solid.size + ionic.dofs, order)
    liquids = compartments(mesh, model, solid.size, ionic, ionic_elements, ionic_cut)
    fixed, values, by_surface = _fixed(mesh, model, solid, ionic, liquids)
    spaces = Spaces(
        mesh=mesh,
        order=order,
        solid=solid,
        ionic=ionic,
        solid_elements=Elements.of(mesh, solid.elements, solid.dofs, order),
        ionic_elements=ionic_elements,
        conductivity=by_region(mesh, model, solid.elements, "conductivity"),
        ionic_coefficient=ionic_coefficient(mesh, model, ionic),
        liquid=np.isfinite(by_region(mesh, model, ionic.elements, "macmullin")),
        compartments=liquids,
        surfaces=reacting_surfaces(mesh, model, solid, ionic),
        fixed=fixed,
        fixed_values=values,
        fixed_surfaces=by_surface,
        equipotential=fixed[:0],
        floating=np.flatnonzero(~wired[keep]),
        pocket_elements=ionic_all.elements[~live[ionic_all.component_of_element]],
        isolated_solid_elements=isolated,
        idle_facets=idle,
    )
    return with_held_pieces(spaces, model, solid_cut)


def ionic_coefficient(mesh: TaggedMesh, model: Model, ionic: Space) -> Floats:
    """1/N_M [-] of each liquid element of a space, kappa_i [S/m] of each single-ion one."""
    macmullin = by_region(mesh, model, ionic.elements, "macmullin")
    conductivity = by_region(mesh, model, ionic.elements, "conductivity")
    return np.where(np.isfinite(macmullin), 1.0 / macmullin, conductivity)


def _pinches(mesh: TaggedMesh, model: Model, order: int, cut: Ints) -> Ints:
    """Lagrange nodes at which two bodies of liquid meet that a single-ion conductor joins elsewhere."""
    if not model.regions_of(SingleIonConductor):
        return np.zeros(0, dtype=np.int64)
    liquid = _elements(mesh, model.regions_of(Electrolyte))
    label, nodes = components(mesh, liquid, cut)[liquid], mesh.nodes_of_cells(order)[:, liquid]
    least = np.full(mesh.node_points(order).shape[1], liquid.size)
    most = np.full(least.size, -1)
    np.minimum.at(least, nodes, np.broadcast_to(label, nodes.shape))
    np.maximum.at(most, nodes, np.broadcast_to(label, nodes.shape))
    return np.flatnonzero(most > least)


def _conductors(
    mesh: TaggedMesh, model: Model, solid: Space, ionic: Space
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], Ints]:
    """Of each conductor: does anything touch it electrically, is it wired to a terminal; and the idle
    facets."""
    touched = np.zeros(solid.n_components, dtype=bool)
    wired = np.zeros(solid.n_components, dtype=bool)
    for name, boundary in model.boundaries.items():
        if isinstance(boundary, Grounded | FixedPotential):
            _, of = side(mesh, solid, mesh.surfaces[name])
            wired[of[of >= 0]] = True
    idle: list[Ints] = [np.zeros(0, dtype=np.int64)]
    joined: list[Ints] = [np.zeros((2, 0), dtype=np.int64)]
    for pair, passing in model.interfaces.items():
        facets = mesh.interface(*pair)
        metals = [isinstance(model.regions[name], Conductor) for name in pair]
        if all(metals):
            sides = [solid.component_at(in_region(mesh, facets, name)) for name in pair]
            if not isinstance(passing, Blocking):
                joined.append(np.stack(sides))
        elif any(metals):
            _, of_solid = side(mesh, solid, facets)
            _, of_ionic = side(mesh, ionic, facets)
            idle.append(facets[of_ionic < 0])
            if reacts(model, pair, passing):
                touched[of_solid[of_ionic >= 0]] = True
    group = linked(solid.n_components, np.concatenate(joined, axis=1))
    for flags in (touched, wired):
        some = np.zeros(solid.n_components, dtype=bool)
        some[group[flags]] = True
        flags |= some[group]
    return touched | wired, wired, np.concatenate(idle)


def _elements(mesh: TaggedMesh, names: tuple[str, ...]) -> Ints:
    return mesh.elements_of(*names).astype(np.int64) if names else np.zeros(0, dtype=np.int64)


def _fixed(
    mesh: TaggedMesh, model: Model, solid: Space, ionic: Space, liquids: tuple[Compartment, ...]
) -> tuple[Ints, Floats, dict[str, Ints]]:
    """Joint unknowns of given value, the values [V], and the unknowns by surface."""
    value: dict[int, tuple[float, str]] = {}
    by_surface: dict[str, Ints] = {}
    for name, boundary in model.boundaries.items():
        if isinstance(boundary, Electrode) or getattr(boundary, "resistance", 0.0) > 0:
            continue
        potential = boundary.potential if isinstance(boundary, FixedPotential) else 0.0
        facets, found = mesh.surfaces[name], []
        for space, offset in ((solid, 0), (ionic, solid.size)):
            if space is ionic and isinstance(boundary, Grounded):
                continue
            element, of = side(mesh, space, facets)
            nodes = mesh.nodes_of_facets(space.order, facets[of >= 0])
            found.append(offset + np.unique(space.unknowns(element[of >= 0], nodes)))
        by_surface[name] = np.concatenate(found)
        for liquid in liquids:
            if np.isin(by_surface[name], liquid.unknowns).any():
                raise ModelError(
                    f"FixedPotential on {name!r} reaches the liquid of "
                    f"{' and '.join(map(repr, liquid.regions))} at a junction without resistance, where a "
                    "potential alone does not fix the state; end the surface one element before the "
                    "junction, or give the Contact a resistance"
                )
        for unknown in by_surface[name].tolist():
            if unknown in value and value[unknown][0] != potential:
                raise ModelError(
                    f"surfaces {value[unknown][1]!r} and {name!r} touch but fix different potentials"
                )
            value[unknown] = (potential, name)
    order = sorted(value)
    return np.array(order, dtype=np.int64), np.array([value[k][0] for k in order]), by_surface
