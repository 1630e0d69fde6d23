"""Which facets carry current between two bodies: the surfaces of a model, with the unknowns on both sides."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fem.conditions import Blocking, Contact, Electrode, Grounded, Interface, Terminal
from fem.elements import Floats, Ints, traces
from fem.interface import ReactingSurface
from fem.kinetics import LinearKinetics
from fem.materials import Conductor, Electrolyte, SingleIonConductor
from fem.model import Model
from fem.reaction import Kinetics
from fem.space import Space
from meshes.tagged import TaggedMesh

ANY_CONCENTRATION = 1000.0  # [mol/m3], where a law of one carrier is asked for its current


def side(mesh: TaggedMesh, space: Space, facets: Ints) -> tuple[Ints, Ints]:
    """(element, component) of the space behind each facet; component -1 where there is none."""
    first, second = mesh.f2t[:, facets].astype(np.int64)
    on_first = space.component_at(first)
    on_second = np.where(second >= 0, space.component_at(np.maximum(second, 0)), -1)
    return np.where(on_first >= 0, first, second), np.maximum(on_first, on_second)


def in_region(mesh: TaggedMesh, facets: Ints, region: str) -> Ints:
    """The element (n,) of each facet that lies in a region."""
    first, second = mesh.f2t[:, facets].astype(np.int64)
    return np.where(mesh.region_of_element[first] == mesh.region_names.index(region), first, second)


def separates(model: Model, pair: tuple[str, str], passing: Interface) -> bool:
    """Whether two bodies of one carrier have potentials of their own on the two sides of their interface."""
    one_carrier = _is_metal(model, pair[0]) == _is_metal(model, pair[1])
    return one_carrier and not (isinstance(passing, Contact) and passing.resistance == 0.0)


def cuts(mesh: TaggedMesh, model: Model, *, metal: bool) -> Ints:
    """Facets between conductors (or between electrolytes) whose two sides have potentials of their own."""
    found = [
        mesh.interface(*pair)
        for pair, passing in model.interfaces.items()
        if separates(model, pair, passing) and _is_metal(model, pair[0]) == metal
    ]
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


def reacting_surfaces(
    mesh: TaggedMesh, model: Model, solid: Space, ionic: Space
) -> tuple[ReactingSurface, ...]:
    """Every surface through which current passes into live bodies; unknowns are numbered [solid | ionic]."""
    build = _Builder(mesh, model, solid, ionic)
    out = []
    pairs = [mesh.interface(*pair) for pair, law in model.interfaces.items() if reacts(model, pair, law)]
    reacting = np.zeros(mesh.n_facets, dtype=bool)
    for facets in pairs:
        reacting[facets] = True
    for pair, passing in model.interfaces.items():
        facets = mesh.interface(*pair)
        if reacts(model, pair, passing):
            metal, liquid = pair if _is_metal(model, pair[0]) else pair[::-1]
            name = _surface_name(mesh, pair, facets, reacting)
            out.append(build.between(name, facets, pair, metal, liquid))
        elif separates(model, pair, passing) and not isinstance(passing, Blocking):
            one, other = pair[::-1] if _holds_salt(model, pair[0]) else pair
            out.append(build.between(f"{one}|{other}", facets, pair, one, other))
    for name, boundary in model.boundaries.items():
        if isinstance(boundary, Electrode):
            out.append(build.at_terminal(name, ionic, boundary.terminal, is_contact=False))
        elif isinstance(boundary, Grounded) and boundary.resistance > 0:
            out.append(build.at_terminal(name, solid, "anode", is_contact=True))
    return tuple(s for s in out if s.facets.size)


def law_at(model: Model, key: tuple[str, str] | str) -> Kinetics:
    """The law by which current passes at a pair of regions, in either order, or at a boundary."""
    if isinstance(key, str):
        passing = model.boundaries[key]
        if isinstance(passing, Electrode):
            return passing.kinetics
    else:
        one, other = key
        passing = model.interfaces[key if key in model.interfaces else (other, one)]
    if isinstance(passing, Contact | Grounded):
        return LinearKinetics.of_conductance(1.0 / passing.resistance, model.temperature)
    assert isinstance(passing, Kinetics)
    return passing


def reacts(model: Model, pair: tuple[str, str], passing: Interface) -> bool:
    """Whether lithium is plated or dissolved between two regions."""
    return _is_metal(model, pair[0]) != _is_metal(model, pair[1]) and not isinstance(passing, Blocking)


class _Builder:
    """Makes surfaces of facets whose bodies on both sides are live."""

    def __init__(self, mesh: TaggedMesh, model: Model, solid: Space, ionic: Space) -> None:
        self.mesh, self.model, self.solid, self.ionic = mesh, model, solid, ionic

    def between(
        self, name: str, facets: Ints, key: tuple[str, str], first: str, second: str
    ) -> ReactingSurface:
        """The surface between two regions, declared under a key."""
        one, other = self._space(first), self._space(second)
        at_first, at_second = (in_region(self.mesh, facets, region) for region in (first, second))
        live = (one.component_at(at_first) >= 0) & (other.component_at(at_second) >= 0)
        facets, at_first, at_second = facets[live], at_first[live], at_second[live]
        same_carrier = one is other
        return self._surface(
            name, facets, key, None, is_contact=same_carrier,
            first=self._unknowns(one, at_first, facets),
            second=self._unknowns(other, at_second, facets),
            given=self._given(np.full(facets.size, self.mesh.region_names.index(second))),
        )  # fmt: skip

    def at_terminal(
        self, name: str, space: Space, terminal: Terminal, *, is_contact: bool
    ) -> ReactingSurface:
        """The surface of a body that is wired to a terminal."""
        facets = self.mesh.surfaces[name]
        element, component = side(self.mesh, space, facets)
        live = component >= 0
        facets, element = facets[live], element[live]
        return self._surface(
            name, facets, name, terminal, is_contact=is_contact, first=None,
            second=self._unknowns(space, element, facets),
            given=self._given(self.mesh.region_of_element[element]),
        )  # fmt: skip

    def _surface(
        self, name: str, facets: Ints, key: tuple[str, str] | str, terminal: Terminal | None, *,
        is_contact: bool, first: Ints | None, second: Ints, given: Floats,
    ) -> ReactingSurface:  # fmt: skip
        shape, weights, positions = traces(self.mesh, facets, self.solid.order)
        return ReactingSurface(
            name=name,
            key=key,
            kinetics=law_at(self.model, key),
            terminal=terminal,
            is_contact=is_contact,
            facets=facets,
            first=first,
            second=second,
            shape=shape,
            weights=weights,
            positions=positions,
            given_concentration=given,
        )

    def _space(self, region: str) -> Space:
        return self.solid if _is_metal(self.model, region) else self.ionic

    def _unknowns(self, space: Space, elements: Ints, facets: Ints) -> Ints:
        offset = 0 if space is self.solid else self.solid.size
        return offset + space.unknowns(elements, self.mesh.nodes_of_facets(space.order, facets))

    def _given(self, region: Ints) -> Floats:
        """Concentration [mol/m3] on facets whose second side lies in a region by number; NaN in liquids."""
        by_region = []
        for name in self.mesh.region_names:
            material = self.model.regions[name]
            if isinstance(material, Electrolyte):
                by_region.append(np.nan)
            else:
                fixed = isinstance(material, SingleIonConductor)
                by_region.append(material.concentration if fixed else ANY_CONCENTRATION)
        return np.array(by_region)[region]


def _is_metal(model: Model, region: str) -> bool:
    return isinstance(model.regions[region], Conductor)


def _holds_salt(model: Model, region: str) -> bool:
    return isinstance(model.regions[region], Electrolyte)


def _surface_name(mesh: TaggedMesh, pair: tuple[str, str], facets: Ints, reacting: NDArray[np.bool_]) -> str:
    """The mesh's name of the reacting surface that these facets belong to, else 'a|b'.

    reacting (n_facets of the mesh,) flags the facets on which lithium is plated or dissolved.
    """
    for name, group in mesh.surfaces.items():
        if reacting[group].all():
            of_group = np.zeros(mesh.n_facets, dtype=bool)
            of_group[group] = True
            if of_group[facets].all():
                return name
    return "|".join(pair)
