"""The designs that are compared, all made from the parts of one cell."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from geometry.errors import GeometryError, require_positive
from geometry.fibres import Framework, Mat
from geometry.stack import Roughness, Stack


class Design(StrEnum):
    """Which parts of the cell are built."""

    PLANAR = "planar"
    PLANAR_ROUGH = "planar_rough"
    PLANAR_IONIC = "planar_ionic"
    FRAMEWORK = "framework"
    BILAYER = "bilayer"
    INSULATING_MAT = "insulating_mat"  # the geometry of BILAYER; the model makes its fibres insulators

    @property
    def has_framework(self) -> bool:
        """Whether there are fibres."""
        return self in (Design.FRAMEWORK, Design.BILAYER, Design.INSULATING_MAT)

    @property
    def has_ionic_layer(self) -> bool:
        """Whether there is an ionic layer under the separator."""
        return self in (Design.PLANAR_IONIC, Design.BILAYER, Design.INSULATING_MAT)

    @property
    def is_rough(self) -> bool:
        """Whether the foil has a relief."""
        return self is Design.PLANAR_ROUGH


class Gap(StrEnum):
    """What stays equal between designs when they lack the mat or the layer."""

    SAME_LAYERS = "same-layers"  # every layer keeps its thickness; cells differ in height
    SAME_DISTANCE = "same-distance"  # foil to counter stays that of the bilayer; the separator fills the gap


@dataclass(frozen=True, kw_only=True)
class Cell:
    """The parts all designs are made from; lengths in metres."""

    width: float  # x [m]
    depth: float  # y [m]
    separator: float  # thickness [m]
    ionic_layer: float | None = None  # thickness [m]
    framework: Framework | None = None
    rough: Roughness | None = None
    gap: Gap = Gap.SAME_LAYERS

    def __post_init__(self) -> None:
        for name in ("width", "depth", "separator", "ionic_layer"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, float(value))
                require_positive(f"{name} of the cell", value)
        try:
            object.__setattr__(self, "gap", Gap(self.gap))
        except ValueError as error:
            raise GeometryError(f"gap {self.gap!r} is unknown; use one of {', '.join(Gap)}.") from error

    @property
    def redrawable(self) -> bool:
        """Whether another ``draw`` gives another mat."""
        return self.framework is not None and self.framework.redrawable

    def stack(self, design: Design, draw: int = 0) -> Stack:
        """The layers of one design; raises GeometryError when the cell lacks a part that it needs."""
        design = Design(design)
        self._require(design)
        mat = None
        if self.framework is not None and design.has_framework:
            mat = _drawn(self.framework, self.width, self.depth, draw)
        return Stack(
            width=self.width,
            depth=self.depth,
            separator=self.separator_of(design),
            ionic_layer=self.ionic_layer if design.has_ionic_layer else None,
            mat=mat,
            roughness=self.rough if design.is_rough else None,
        )

    def separator_of(self, design: Design) -> float:
        """Separator thickness [m] of one design: the gap convention decides what fills a missing part."""
        lacking = 0.0
        if self.framework is not None and not design.has_framework:
            lacking += self.framework.thickness
        if self.ionic_layer is not None and not design.has_ionic_layer:
            lacking += self.ionic_layer
        return self.separator + (lacking if self.gap is Gap.SAME_DISTANCE else 0.0)

    def _require(self, design: Design) -> None:
        needed = (
            (design.has_framework, self.framework, "framework"),
            (design.has_ionic_layer, self.ionic_layer, "ionic_layer"),
            (design.is_rough, self.rough, "rough"),
        )
        for need, part, name in needed:
            if need and part is None:
                raise GeometryError(
                    f"design {design} needs the part {name!r}, which the cell does not have; "
                    f"add it or leave the design out."
                )


@lru_cache(maxsize=8)
def _drawn(framework: Framework, width: float, depth: float, draw: int) -> Mat:
    """A mat is drawn once for all designs that share it: a draw takes seconds, and both are values."""
    return framework.draw(width, depth, draw)
