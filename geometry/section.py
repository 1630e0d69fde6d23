"""The cross-section of a cell that is the same along one of its horizontal sides."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from geometry.errors import GeometryError, micrometres
from geometry.fibres import Mat
from geometry.stack import RoughnessKind, Stack

STRAIGHT = 1e-9
"""Largest component of a fibre's direction across the side that it runs along [-]."""


@dataclass(frozen=True, kw_only=True)
class Section:
    """A stack that is the same along one side, seen along that side: coordinates (across, z).

    What does not depend on a coordinate in its geometry does not depend on it in its fields either, so that
    the cross-section gives what the whole cell gives; its measures are per metre of depth. Fibres all along x
    or all along y, and from wall to wall, become circles in the plane across them; a corrugation and flat
    layers are seen along y. Raises GeometryError for every other stack.
    """

    stack: Stack

    def __post_init__(self) -> None:
        rough = self.stack.roughness
        if rough is not None and rough.kind is not RoughnessKind.CORRUGATION:
            raise GeometryError(
                f"a foil with {rough.kind} has no cross-section that stands for the whole cell; take a "
                f"{RoughnessKind.CORRUGATION}, or three dimensions."
            )
        if self.stack.mat is not None:
            _check_fibres(self.stack.mat)

    @cached_property
    def across(self) -> int:
        """The axis that is seen, 0 for x and 1 for y; the cell is the same along the other one."""
        return 0 if self.stack.mat is None else 1 - _along(self.stack.mat)

    @property
    def width(self) -> float:
        """Length of the cell across [m]."""
        return (self.stack.width, self.stack.depth)[self.across]

    @property
    def corner(self) -> NDArray[np.float64]:
        """Upper corner (across, z) of the cross-section [m], (2,); the lower one is the origin."""
        return np.array([self.width, self.stack.height])

    @cached_property
    def circles(self) -> NDArray[np.float64]:
        """Centre across, centre height and radius of each fibre [m], (n_fibres, 3)."""
        mat = self.stack.mat
        if mat is None:
            return np.empty((0, 3))
        return np.column_stack([mat.starts[:, self.across], mat.starts[:, 2], mat.radii])


def _along(mat: Mat) -> int:
    """The horizontal axis that the first fibre comes nearest to."""
    return int(np.argmax(np.abs(mat.ends[0] - mat.starts[0])[:2]))


def _check_fibres(mat: Mat) -> None:
    """Refuse fibres in another direction, or with an end in the box."""
    axis, reach = _along(mat), mat.box[_along(mat)]
    direction = mat.ends - mat.starts
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    skew = np.flatnonzero(np.abs(np.delete(direction, axis, axis=1)).max(axis=1) > STRAIGHT)
    if skew.size:
        towards = ", ".join(f"{x:.3g}" for x in direction[skew[0]])
        raise GeometryError(
            f"fibre {skew[0] + 1} runs along ({towards}) and not along {'xy'[axis]} alone, so that no "
            "cross-section stands for the whole cell; take parallel fibres, or three dimensions."
        )
    low = np.minimum(mat.starts[:, axis], mat.ends[:, axis])
    high = np.maximum(mat.starts[:, axis], mat.ends[:, axis])
    short = np.flatnonzero((low > 0.0) | (high < reach))
    if short.size:
        k = int(short[0])
        raise GeometryError(
            f"fibre {k + 1} reaches from {micrometres(float(low[k]))} to {micrometres(float(high[k]))} along "
            f"{'xy'[axis]}, not through the whole cell (0 to {micrometres(reach)}), so that no cross-section "
            "stands for it; lengthen the fibre, or take three dimensions."
        )
