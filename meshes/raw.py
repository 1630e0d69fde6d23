"""A mesh as the mesher leaves it, before its names are checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from meshes.cleanup import Cleaned
from meshes.simplices import FloatArray, IntArray


class MeshingFailed(RuntimeError):
    """A geometry that could not be meshed as promised; another draw of the mat usually helps."""


@dataclass(frozen=True, kw_only=True)
class Raw:
    """What the mesher returns, before names are checked; lengths in metres."""

    cleaned: Cleaned
    region_of_cell: IntArray  # (n_elements,) index into region_names
    region_names: tuple[str, ...]
    surface_labels: Mapping[str, tuple[int, ...]]  # labels of the facets of each surface
    face_samples: Mapping[int, FloatArray]  # label -> points on its surface [m], (dim, n)
    volumes_cad: Mapping[str, float]  # [m3]; of a cross-section per metre of depth [m2]
    areas_cad: Mapping[str, float]  # [m2]; per metre of depth [m]
    porosity_cad: float | None
    seconds: Mapping[str, float]
