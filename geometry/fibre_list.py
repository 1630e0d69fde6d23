"""A framework whose fibres are given, for instance from tomography."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from geometry.errors import MatError, require_positive
from geometry.fibres import Fibre, Mat, read_fibres


@dataclass(frozen=True, kw_only=True)
class FibreList:
    """Given fibres in a mat of given thickness; fibres outside the box of the cell are cut off."""

    thickness: float  # [m]
    fibres: tuple[Fibre, ...]
    redrawable: ClassVar[bool] = False

    def __post_init__(self) -> None:
        require_positive("thickness of the mat", self.thickness)
        object.__setattr__(self, "fibres", tuple(self.fibres))
        if not self.fibres:
            raise MatError(
                "a fibre list needs at least one fibre; leave the framework out for a planar cell."
            )

    @property
    def fibre_diameter(self) -> float:
        """Smallest fibre diameter [m]."""
        return 2 * min(f.radius for f in self.fibres)

    @classmethod
    def from_csv(cls, path: Path | str, *, thickness: float, unit: str | None = None) -> "FibreList":
        """Read the fibres from CSV; see `geometry.fibres.read_fibres`."""
        return cls(thickness=thickness, fibres=read_fibres(path, unit=unit))

    def draw(self, width: float, depth: float, draw: int = 0) -> Mat:
        """The mat; the same for every ``draw``."""
        return Mat(fibres=self.fibres, width=width, depth=depth, thickness=self.thickness)
