"""Drawn mats kept in a folder: the mesh of a random mat is found again without drawing the mat."""

from __future__ import annotations

import hashlib
import json
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from geometry.fibres import Fibre, Mat
from geometry.random_mat import RandomMat
from meshes.paraview import write_atomically

DRAWING = 1
"""To be raised whenever the same description draws another mat."""


@dataclass(frozen=True, kw_only=True)
class StoredDraws:
    """A random mat that is drawn once for each box and draw, and then read from `directory`, bit for bit.

    Files are named by the SHA-256 of the description, the box, the draw and DRAWING. One that cannot be read
    is reported as a warning and made anew.
    """

    framework: RandomMat
    directory: Path
    redrawable: ClassVar[bool] = True

    @property
    def thickness(self) -> float:
        """Thickness of the mat [m]."""
        return self.framework.thickness

    @property
    def fibre_diameter(self) -> float:
        """Fibre diameter [m]."""
        return self.framework.fibre_diameter

    def path(self, width: float, depth: float, draw: int = 0) -> Path:
        """Where the mat for a box of width x depth [m] lies, or would lie."""
        identity = [DRAWING, asdict(self.framework), width, depth, draw]
        digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
        return self.directory / f"mat-{digest}.npz"

    def draw(self, width: float, depth: float, draw: int = 0) -> Mat:
        """The mat for a box of width x depth [m], as `RandomMat.draw` gives it."""
        path = self.path(width, depth, draw)
        if path.is_file():
            try:
                return _read(path, width, depth, self.thickness)
            except Exception as error:
                warnings.warn(f"stored mat {path} is damaged ({error}) and is drawn anew", stacklevel=2)
        mat = self.framework.draw(width, depth, draw)
        write_atomically(path, lambda temporary: _write(temporary, mat))
        return mat


def _write(path: Path, mat: Mat) -> None:
    with path.open("wb") as out:
        np.savez(out, starts=mat.starts, ends=mat.ends, radii=mat.radii)


def _read(path: Path, width: float, depth: float, thickness: float) -> Mat:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        rows = [stored[name].tolist() for name in ("starts", "ends", "radii")]
    fibres = tuple(Fibre(start=a, end=b, radius=r) for a, b, r in zip(*rows, strict=True))
    return Mat(fibres=fibres, width=width, depth=depth, thickness=thickness)
