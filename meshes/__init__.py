"""Tagged meshes of tetrahedra or triangles: made from stacks, read from files, checked, cached, shown."""

from meshes.cache import MeshCache
from meshes.connectivity import components, floating, touching
from meshes.curving import bend, curve, enlarge
from meshes.exact_surfaces import Corrugation, Cylinder, ExactSurface, Plane, Shape, Sphere, project
from meshes.files import load, save
from meshes.generate import mesh_stack
from meshes.paraview import write_mesh, write_pvd, write_region, write_surface
from meshes.quality import QUALITY_FLOOR, MeshReport, connectivity, mean_ratio
from meshes.raw import MeshingFailed
from meshes.realisation import Realisation, realise
from meshes.refinement import refine
from meshes.sizing import Sizing, SurfaceShape
from meshes.structured import (
    annulus,
    circle_shape,
    extrude,
    fibre_in_rectangle,
    layered_box,
    layered_rectangle,
)
from meshes.tagged import MeshError, TaggedMesh

__all__ = [
    "QUALITY_FLOOR",
    "Corrugation",
    "Cylinder",
    "ExactSurface",
    "MeshCache",
    "MeshError",
    "MeshReport",
    "MeshingFailed",
    "Plane",
    "Realisation",
    "Shape",
    "Sizing",
    "Sphere",
    "SurfaceShape",
    "TaggedMesh",
    "annulus",
    "bend",
    "circle_shape",
    "components",
    "connectivity",
    "curve",
    "enlarge",
    "extrude",
    "fibre_in_rectangle",
    "floating",
    "layered_box",
    "layered_rectangle",
    "load",
    "mean_ratio",
    "mesh_stack",
    "project",
    "realise",
    "refine",
    "save",
    "touching",
    "write_mesh",
    "write_pvd",
    "write_region",
    "write_surface",
]
