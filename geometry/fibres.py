"""Straight fibres and the mat they form inside the box of a framework."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from geometry import union_volume
from geometry.errors import MatError, micrometres, require_positive

Vec3 = tuple[float, float, float]
UNITS = {"m": 1.0, "mm": 1e-3, "um": 1e-6, "µm": 1e-6, "nm": 1e-9}
COLUMNS = ("x1", "y1", "z1", "x2", "y2", "z2", "radius")


@dataclass(frozen=True, kw_only=True)
class Fibre:
    """A solid circular cylinder; its axis may start and end outside the box of the mat."""

    start: Vec3  # [m]
    end: Vec3  # [m]
    radius: float  # [m]

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            point = tuple(float(x) for x in getattr(self, name))
            if len(point) != 3 or not all(np.isfinite(point)):
                raise MatError(f"{name} of a fibre must be three finite coordinates in metres, got {point}.")
            object.__setattr__(self, name, point)
        object.__setattr__(self, "radius", float(self.radius))
        require_positive("radius of a fibre", self.radius)
        if self.length <= 0.0:
            raise MatError(f"a fibre must have two different ends, got {self.start} m twice.")

    @property
    def length(self) -> float:
        """Length of the axis [m]."""
        return float(np.linalg.norm(np.subtract(self.end, self.start)))


@dataclass(frozen=True, kw_only=True)
class Mat:
    """Fibres in the box [0, width] x [0, depth] x [0, thickness]; what sticks out is cut off."""

    fibres: tuple[Fibre, ...]
    width: float  # x [m]
    depth: float  # y [m]
    thickness: float  # z [m]

    def __post_init__(self) -> None:
        for name in ("width", "depth", "thickness"):
            object.__setattr__(self, name, float(getattr(self, name)))
            require_positive(f"{name} of the mat", getattr(self, name))
        object.__setattr__(self, "fibres", tuple(self.fibres))
        if not self.fibres:
            raise MatError("a mat needs at least one fibre; leave the framework out for a planar cell.")
        for number, fibre in enumerate(self.fibres, start=1):
            if 2 * fibre.radius > min(self.width, self.depth, self.thickness):
                raise MatError(
                    f"fibre {number} is {micrometres(2 * fibre.radius)} thick, more than the least side of "
                    f"the mat ({micrometres(min(self.width, self.depth, self.thickness))}); enlarge the mat "
                    f"or take thinner fibres."
                )

    @cached_property
    def starts(self) -> NDArray[np.float64]:
        """Axis starts [m], (n_fibres, 3)."""
        return np.array([f.start for f in self.fibres])

    @cached_property
    def ends(self) -> NDArray[np.float64]:
        """Axis ends [m], (n_fibres, 3)."""
        return np.array([f.end for f in self.fibres])

    @cached_property
    def radii(self) -> NDArray[np.float64]:
        """Fibre radii [m], (n_fibres,)."""
        return np.array([f.radius for f in self.fibres])

    @property
    def box(self) -> NDArray[np.float64]:
        """Upper corner of the box [m], (3,); the lower one is the origin."""
        return np.array([self.width, self.depth, self.thickness])

    @property
    def box_volume(self) -> float:
        """Volume of the box [m3]."""
        return self.width * self.depth * self.thickness

    @cached_property
    def _solid_slices(self) -> NDArray[np.float64]:
        return union_volume.sliced(self.starts, self.ends, self.radii, self.box, n_slices=10)

    def solid_volume(self) -> float:
        """Volume of the union of the fibres inside the box [m3], to about 1e-3 relative."""
        return float(self._solid_slices.sum())

    def porosity(self) -> float:
        """Share of the box outside the fibres [-]."""
        return 1.0 - self.solid_volume() / self.box_volume

    def porosity_tenths(self) -> tuple[float, ...]:
        """Porosity [-] of each tenth of the thickness, bottom to top."""
        return tuple(float(p) for p in 1.0 - self._solid_slices / (self.box_volume / 10))

    def to_csv(self, path: Path | str, unit: str = "um") -> None:
        """Write the fibres as CSV with the unit in the header, e.g. ``x1 [um]``."""
        scale = _scale(unit)
        with Path(path).open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow([f"{name} [{unit}]" for name in COLUMNS])
            for f in self.fibres:
                writer.writerow([repr(x / scale) for x in (*f.start, *f.end, f.radius)])

    @classmethod
    def from_csv(
        cls, path: Path | str, *, width: float, depth: float, thickness: float, unit: str | None = None
    ) -> "Mat":
        """Read the fibres of a mat with a box of the given size [m]; see `read_fibres`."""
        return cls(fibres=read_fibres(path, unit=unit), width=width, depth=depth, thickness=thickness)


class Framework(Protocol):
    """Anything that can draw a mat for a given cross-section."""

    redrawable: ClassVar[bool]  # whether draw = 1, 2, ... give other mats of the same kind

    @property
    def thickness(self) -> float:
        """Thickness of the mat [m]."""
        ...

    @property
    def fibre_diameter(self) -> float:
        """Fibre diameter [m], the smallest one if they differ."""
        ...

    def draw(self, width: float, depth: float, draw: int = 0) -> Mat:
        """The mat for a box of width x depth [m]."""
        ...


def read_fibres(path: Path | str, *, unit: str | None = None) -> tuple[Fibre, ...]:
    """Fibres from a CSV file with columns x1, y1, z1, x2, y2, z2, radius.

    The unit of all numbers is ``unit`` (m, mm, um, nm) or stands in the header as ``x1 [um]``.
    Raises MatError naming file and line for anything else.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise MatError(f"fibre list {path} cannot be read ({error.strerror}); check the path.") from error
    except UnicodeDecodeError as error:
        raise MatError(
            f"fibre list {path} is not a text file; expected CSV with {', '.join(COLUMNS)}."
        ) from error
    rows = [
        (number, row)
        for number, row in enumerate(csv.reader(text.splitlines()), start=1)
        if any(cell.strip() for cell in row) and not row[0].lstrip().startswith("#")
    ]
    if not rows:
        raise MatError(f"fibre list {path} is empty; expected a header with {', '.join(COLUMNS)} and rows.")
    order, scale = _read_header(path, *rows[0], unit)
    fibres = tuple(_read_row(path, number, row, order, scale) for number, row in rows[1:])
    if not fibres:
        raise MatError(f"fibre list {path} has a header but no fibre; add one row per fibre.")
    return fibres


def _scale(unit: str) -> float:
    if unit not in UNITS:
        raise MatError(f"unit {unit!r} of a fibre list is unknown; use one of {', '.join(UNITS)}.")
    return UNITS[unit]


def _read_header(path: Path, number: int, row: Sequence[str], unit: str | None) -> tuple[list[int], float]:
    names, units = [], set()
    for cell in row:
        name, _, rest = cell.strip().partition("[")
        names.append(name.strip().lower())
        if rest:
            units.add(rest.strip().rstrip("]").strip())
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise MatError(
            f"line {number} of fibre list {path} lacks the columns {', '.join(missing)}; "
            f"the header must hold {', '.join(COLUMNS)}."
        )
    if unit is None and len(units) != 1:
        found = f"got {', '.join(sorted(units))}" if units else "found none"
        raise MatError(f"line {number} of fibre list {path} must state one unit as in 'x1 [um]', {found}.")
    return [names.index(name) for name in COLUMNS], _scale(unit if unit is not None else units.pop())


def _read_row(path: Path, number: int, row: Sequence[str], order: Iterable[int], scale: float) -> Fibre:
    try:
        values = [float(row[i]) * scale for i in order]
    except (ValueError, IndexError) as error:
        raise MatError(
            f"line {number} of fibre list {path} must hold seven numbers, got {','.join(row)!r}."
        ) from error
    try:
        return Fibre(
            start=(values[0], values[1], values[2]), end=(values[3], values[4], values[5]), radius=values[6]
        )
    except ValueError as error:
        raise MatError(f"line {number} of fibre list {path}: {error}") from error
