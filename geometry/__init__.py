"""Shapes: stacks, fibres, mats, contacts, CAD. Knows nothing of meshes or physics."""

from geometry.designs import Cell, Design, Gap
from geometry.errors import CadError, GeometryError, MatError
from geometry.fibre_list import FibreList
from geometry.fibres import Fibre, Framework, Mat
from geometry.regions import Region, Surface
from geometry.stack import Roughness, RoughnessKind, Stack

__all__ = [
    "CadError",
    "Cell",
    "Design",
    "Fibre",
    "FibreList",
    "Framework",
    "Gap",
    "GeometryError",
    "Mat",
    "MatError",
    "Region",
    "Roughness",
    "RoughnessKind",
    "Stack",
    "Surface",
]
