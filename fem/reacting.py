"""Which facets react: the surfaces of a model, with the unknowns of their corners on both sides."""

from __future__ import annotations

import numpy as np

from fem.interface import ReactingSurface
from fem.model import Blocking, Electrode, Model
from fem.p1 import Ints, P1Space
from meshes.tagged import TaggedMesh


def side(mesh: TaggedMesh, space: P1Space, facets: Ints) -> tuple[Ints, Ints]:
    """(element, component) of the space behind each facet; component -1 where there is none."""
    first, second = mesh.f2t[:, facets].astype(np.int64)
    on_first = space.component_at(first)
    on_second = np.where(second >= 0, space.component_at(np.maximum(second, 0)), -1)
    return np.where(on_first >= 0, first, second), np.maximum(on_first, on_second)


def reacting_surfaces(
    mesh: TaggedMesh, model: Model, solid: P1Space, ionic: P1Space
) -> tuple[ReactingSurface, ...]:
    """Every interface and electrode with live electrolyte; unknowns are numbered [solid | ionic]."""
    out = []
    pairs = [mesh.interface(*pair) for pair, law in model.interfaces.items() if not isinstance(law, Blocking)]
    reacting = np.unique(np.concatenate(pairs)) if pairs else np.zeros(0, dtype=np.int64)
    for pair, law in model.interfaces.items():
        if not isinstance(law, Blocking):
            facets = mesh.interface(*pair)
            _, of_ionic = side(mesh, ionic, facets)
            facets = facets[of_ionic >= 0]
            _, of_solid = side(mesh, solid, facets)
            nodes = mesh.facets[:, facets]
            out.append(
                ReactingSurface(
                    name=_surface_name(mesh, pair, mesh.interface(*pair), reacting),
                    kinetics=law,
                    terminal=None,
                    facets=facets,
                    areas=mesh.facet_areas(facets),
                    solid=solid.unknowns(of_solid, nodes),
                    ionic=solid.size + ionic.unknowns(of_ionic[of_ionic >= 0], nodes),
                )
            )
    for name, boundary in model.boundaries.items():
        if isinstance(boundary, Electrode):
            facets = mesh.surfaces[name]
            _, of_ionic = side(mesh, ionic, facets)
            facets, of_ionic = facets[of_ionic >= 0], of_ionic[of_ionic >= 0]
            out.append(
                ReactingSurface(
                    name=name,
                    kinetics=boundary.kinetics,
                    terminal=boundary.terminal,
                    facets=facets,
                    areas=mesh.facet_areas(facets),
                    solid=None,
                    ionic=solid.size + ionic.unknowns(of_ionic, mesh.facets[:, facets]),
                )
            )
    return tuple(s for s in out if s.facets.size)


def _surface_name(mesh: TaggedMesh, pair: tuple[str, str], facets: Ints, reacting: Ints) -> str:
    """The mesh's name of the reacting surface that these facets belong to, else 'a|b'."""
    for name, group in mesh.surfaces.items():
        if np.isin(facets, group).all() and np.isin(group, reacting).all():
            return name
    return "|".join(pair)
