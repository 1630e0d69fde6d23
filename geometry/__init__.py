"""Shapes: stacks, fibres, mats, contacts, CAD. Knows nothing of meshes or physics."""

from geometry.cad import build, build_section, export
from geometry.cad_names import CadSummary
from geometry.designs import Cell, Design, Gap
from geometry.errors import CadError, GeometryError, MatError
from geometry.fibre_list import FibreList
from geometry.fibres import Fibre, Framework, Mat
from geometry.ordered_mat import CrossedMat, GridMat, ParallelMat
from geometry.orientation import Orientation
from geometry.random_mat import RandomMat
from geometry.regions import Region, Surface
from geometry.section import Section
from geometry.stack import Roughness, RoughnessKind, Stack

__all__ = [
    "CadError",
    "CadSummary",
    "Cell",
    "CrossedMat",
    "Design",
    "Fibre",
    "FibreList",
    "Framework",
    "Gap",
    "GeometryError",
    "GridMat",
    "Mat",
    "MatError",
    "Orientation",
    "ParallelMat",
    "RandomMat",
    "Region",
    "Roughness",
    "RoughnessKind",
    "Section",
    "Stack",
    "Surface",
    "build",
    "build_section",
    "export",
]
