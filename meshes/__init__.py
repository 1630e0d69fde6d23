"""Tagged meshes of tetrahedra or triangles: made from stacks, read from files, checked, cached, shown."""

from meshes.assess import MeshingFailed
from meshes.cache import MeshCache
from meshes.connectivity import components, floating, touching
from meshes.files import load, save
from meshes.generate import Realisation, mesh_stack, realise
from meshes.paraview import write_mesh, write_pvd, write_region, write_surface
from meshes.quality import QUALITY_FLOOR, MeshReport, connectivity, mean_ratio
from meshes.sizing import Sizing
from meshes.structured import annulus, extrude, fibre_in_rectangle, layered_box, layered_rectangle
from meshes.tagged import MeshError, TaggedMesh

__all__ = [
    "QUALITY_FLOOR",
    "MeshCache",
    "MeshError",
    "MeshReport",
    "MeshingFailed",
    "Realisation",
    "Sizing",
    "TaggedMesh",
    "annulus",
    "components",
    "connectivity",
    "extrude",
    "fibre_in_rectangle",
    "floating",
    "layered_box",
    "layered_rectangle",
    "load",
    "mean_ratio",
    "mesh_stack",
    "realise",
    "save",
    "touching",
    "write_mesh",
    "write_pvd",
    "write_region",
    "write_surface",
]
