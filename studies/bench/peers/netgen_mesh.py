"""A tagged mesh handed to Netgen as arrays: tetrahedra by region, triangles where something happens."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from fem.materials import Conductor
from fem.model import Model
from meshes.tagged import TaggedMesh

MICRO = 1e-6
REACTING = "fibre_surface"
"""Name of the triangles between conductors and electrolytes."""


def netgen_mesh(mesh: TaggedMesh, model: Model) -> Any:
    """`ngsolve.Mesh` in µm with the regions of the mesh as materials and named triangles.

    Triangles: the surfaces that the model names in its boundaries, and what lies between conductors and
    electrolytes, as `REACTING`; each knows the regions on its two sides, so that a field that lives on one
    side has a trace there. Elements come grouped by region, nodes keep their numbers.
    """
    meshing, ngsolve = importlib.import_module("netgen.meshing"), importlib.import_module("ngsolve")
    made = meshing.Mesh(dim=3)
    made.AddPoints(np.ascontiguousarray(mesh.points.T / MICRO))
    number = {}
    for name, elements in mesh.regions.items():
        number[name] = made.AddRegion(name, 3)
        made.AddElements(dim=3, index=number[name], data=_rows(mesh.cells[:, elements]), base=0)
    for k, (name, inner, outer, facets) in enumerate(_surfaces(mesh, model)):
        descriptor = meshing.FaceDescriptor(
            surfnr=k + 1, domin=number[inner], domout=number.get(outer, 0), bc=k + 1
        )
        index = made.Add(descriptor)
        made.SetBCName(k, name)
        made.AddElements(dim=2, index=index, data=_rows(mesh.facets[:, facets]), base=0)
    return ngsolve.Mesh(made)


def _rows(nodes: Any) -> Any:
    return np.ascontiguousarray(nodes.T, dtype=np.int32)


def _surfaces(mesh: TaggedMesh, model: Model) -> Iterator[tuple[str, str, str, Any]]:
    """(name, region on one side, region on the other or "", facets) of all triangles."""
    names, of = mesh.region_names, mesh.region_of_element
    for name in model.boundaries:
        facets = mesh.surfaces[name]
        inside = of[mesh.f2t[0, facets]]
        for region in np.unique(inside):
            yield name, names[region], "", facets[inside == region]
    conductors = model.regions_of(Conductor)
    for conductor in conductors:
        for region in names:
            facets = mesh.interface(conductor, region) if region not in conductors else ()
            if len(facets):
                yield REACTING, conductor, region, facets
