"""Ordered frameworks: parallel fins, crossed log-piles and orthogonal grids with exact volumes.

Bars of one kind are spread evenly, half a spacing from the symmetry walls, so that their number is a whole
one and the porosity comes in steps; what continuous freedom is left (the overlap of bonded bars) is used to
meet the target. A target that stays out of reach by more than TOLERANCE is refused with the nearest values.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from scipy.optimize import brentq

from geometry.errors import MatError, micrometres, require_positive
from geometry.fibres import Fibre, Mat, Vec3
from geometry.overlaps import crossing_volume, lens_area, segment_area

TOLERANCE = 0.005  # largest accepted |porosity - target|
EMBEDDED_HEIGHT = 0.3  # axis height of bars that lie in the anode plane, in radii
CLEARANCE = 1.2  # least distance of an axis from the top of the mat, in radii
BOND = (1.2, 1.5)  # axis distance of bonded crossing bars, in radii
BOND_PARALLEL = (1.0, 1.75)  # axis distance of bonded parallel bars, in radii
LEAST_SPACING = 3.0  # between neighbours of one layer, in radii


class _Layout(NamedTuple):
    """One way to fill the box: counts, the bonded axis distance [m], its porosity and how uneven it is."""

    counts: tuple[int, ...]
    distance: float
    porosity: float
    unevenness: float


def _check(name: str, thickness: float, fibre_diameter: float, porosity: float) -> None:
    require_positive(f"thickness of the {name} framework", thickness)
    require_positive(f"fibre_diameter of the {name} framework", fibre_diameter)
    if not 0.0 < porosity < 1.0:
        raise MatError(f"porosity of the {name} framework must lie between 0 and 1, got {porosity:g}.")
    if fibre_diameter > thickness / 2:
        raise MatError(
            f"fibre_diameter of the {name} framework must be at most half its thickness "
            f"({micrometres(thickness)}), got {micrometres(fibre_diameter)}; thicken the mat."
        )


def _solve(counts: tuple[int, ...], low: float, high: float, target: float, unevenness: float,
           porosity: Callable[[float], float]) -> _Layout:  # fmt: skip
    """The layout whose bonded distance in [low, high] brings the porosity closest to the target."""
    at_low, at_high = porosity(low), porosity(high)
    if min(at_low, at_high) < target < max(at_low, at_high):
        distance = float(brentq(lambda d: porosity(d) - target, low, high, xtol=1e-12 * high))
    else:
        distance = low if abs(at_low - target) <= abs(at_high - target) else high
    return _Layout(counts, distance, porosity(distance), unevenness)


def _best(name: str, target: float, width: float, depth: float, layouts: Iterable[_Layout]) -> _Layout:
    """The most even layout within a tenth of TOLERANCE, else the closest one; refuse when none is close."""
    found = sorted(layouts, key=lambda x: abs(x.porosity - target))
    if not found:
        raise MatError(
            f"a {name} framework does not fit into {micrometres(width)} x {micrometres(depth)}; "
            f"enlarge the cell, thicken the mat or take thinner fibres."
        )
    if abs(found[0].porosity - target) > TOLERANCE:
        below = max((x.porosity for x in found if x.porosity < target), default=None)
        above = min((x.porosity for x in found if x.porosity > target), default=None)
        near = " and ".join(f"{p:.4f}" for p in (below, above) if p is not None)
        raise MatError(
            f"porosity {target:g} is out of reach of a {name} framework in {micrometres(width)} x "
            f"{micrometres(depth)}, where whole bars give {near}; take one of these or change width or depth."
        )
    close = [
        x for x in found if abs(x.porosity - target) <= max(abs(found[0].porosity - target), 0.1 * TOLERANCE)
    ]
    return min(close, key=lambda x: (x.unevenness, abs(x.porosity - target)))


def _piles(
    thickness: float, radius: float, bond: tuple[float, float] = BOND
) -> Iterator[tuple[int, float, float]]:
    """Numbers of levels from the embedded one to the top, and the range of their pitch [m]."""
    room = thickness - EMBEDDED_HEIGHT * radius
    for n in range(2, int((room - CLEARANCE * radius) / (bond[0] * radius)) + 2):
        low = max(bond[0] * radius, (room - (CLEARANCE + 1.8) * radius) / (n - 1))
        high = min(bond[1] * radius, (room - CLEARANCE * radius) / (n - 1))
        if low <= high:
            yield n, low, high


def _counts(length: float, radius: float) -> range:
    return range(1, int(length / (LEAST_SPACING * radius)) + 1)


def _centres(length: float, n: int) -> list[float]:
    return [(i + 0.5) * length / n for i in range(n)]


def _mat(bars: Iterable[tuple[Vec3, Vec3]], radius: float, width: float, depth: float, height: float) -> Mat:
    fibres = tuple(Fibre(start=a, end=b, radius=radius) for a, b in bars)
    return Mat(fibres=fibres, width=width, depth=depth, thickness=height)


@dataclass(frozen=True, kw_only=True)
class ParallelMat:
    """Fins: columns of bars along x, each bonded to the one below, the lowest embedded in the anode plane.

    Solid cross-section of a column of m bars at pitch p: (m - 1)(pi r^2 - lens(p)) + segment(r, 0.3 r).
    """

    thickness: float  # [m]
    fibre_diameter: float  # [m]
    porosity: float  # [-]
    redrawable: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _check("parallel", self.thickness, self.fibre_diameter, self.porosity)

    def draw(self, width: float, depth: float, draw: int = 0) -> Mat:
        """The mat for a box of width x depth [m]; the same for every ``draw``."""
        r, height = self.fibre_diameter / 2, self.thickness

        def porosity(columns: int, m: int, p: float) -> float:
            column = (m - 1) * (np.pi * r**2 - lens_area(r, p)) + segment_area(r, EMBEDDED_HEIGHT * r)
            return 1.0 - columns * column / (depth * height)

        layouts = (
            _solve((columns, m), low, high, self.porosity, -m, lambda p, c=columns, m=m: porosity(c, m, p))
            for columns in _counts(depth, r)
            for m, low, high in _piles(height, r, BOND_PARALLEL)
        )
        (columns, m), p, *_ = _best("parallel", self.porosity, width, depth, layouts)
        bars = [
            ((-4 * r, y, EMBEDDED_HEIGHT * r + k * p), (width + 4 * r, y, EMBEDDED_HEIGHT * r + k * p))
            for y in _centres(depth, columns)
            for k in range(m)
        ]
        return _mat(bars, r, width, depth, height)


@dataclass(frozen=True, kw_only=True)
class CrossedMat:
    """Log-pile: layers of bars along x and y in turn, each bonded to the next, the lowest embedded.

    Solid volume: the bars, the lowest layer cut by the anode plane, less the crossings of neighbours.
    """

    thickness: float  # [m]
    fibre_diameter: float  # [m]
    porosity: float  # [-]
    redrawable: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _check("crossed", self.thickness, self.fibre_diameter, self.porosity)

    def draw(self, width: float, depth: float, draw: int = 0) -> Mat:
        """The mat for a box of width x depth [m]; the same for every ``draw``."""
        r, height = self.fibre_diameter / 2, self.thickness
        circle, cut = np.pi * r**2, segment_area(r, EMBEDDED_HEIGHT * r)

        def porosity(along_x: int, along_y: int, n: int, p: float) -> float:
            bars = circle * (along_x * width * ((n - 1) // 2) + along_y * depth * (n // 2))
            crossings = (n - 1) * along_x * along_y * crossing_volume(r, p)
            return 1.0 - (bars + cut * along_x * width - crossings) / (width * depth * height)

        def uneven(along_x: int, along_y: int) -> float:
            return abs(np.log(depth / along_x * along_y / width))

        layouts = (
            _solve((a, b, n), low, high, self.porosity, uneven(a, b),
                   lambda p, a=a, b=b, n=n: porosity(a, b, n, p))
            for a in _counts(depth, r)
            for b in _counts(width, r)
            for n, low, high in _piles(height, r)
            if uneven(a, b) < np.log(2.01)
        )  # fmt: skip
        (along_x, along_y, n), p, *_ = _best("crossed", self.porosity, width, depth, layouts)
        bars: list[tuple[Vec3, Vec3]] = []
        for k in range(n):
            z = EMBEDDED_HEIGHT * r + k * p
            if k % 2 == 0:
                bars += [((-4 * r, y, z), (width + 4 * r, y, z)) for y in _centres(depth, along_x)]
            else:
                bars += [((x, -4 * r, z), (x, depth + 4 * r, z)) for x in _centres(width, along_y)]
        return _mat(bars, r, width, depth, height)


@dataclass(frozen=True, kw_only=True)
class GridMat:
    """Orthogonal grid: posts that stand on the anode plane, bonded sideways to levels of bars along x and y.

    A post passes every bar at the bonded distance d on its side, so that solid volume = bars + posts
    - (posts x levels) crossing(d); no three cylinders overlap. Levels are evenly spaced in height.
    """

    thickness: float  # [m]
    fibre_diameter: float  # [m]
    porosity: float  # [-]
    redrawable: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _check("grid", self.thickness, self.fibre_diameter, self.porosity)

    def _post_end(self, levels: int) -> float:
        """z of the flat top of a post [m]: midway between the highest bar's top and that of the mat."""
        spacing = self.thickness / levels
        return self.thickness - (spacing / 2 - self.fibre_diameter / 2) / 2

    def draw(self, width: float, depth: float, draw: int = 0) -> Mat:
        """The mat for a box of width x depth [m]; the same for every ``draw``."""
        r, height = self.fibre_diameter / 2, self.thickness
        circle = np.pi * r**2

        def porosity(along_x: int, along_y: int, levels: int, d: float) -> float:
            bars = along_x * width * ((levels + 1) // 2) + along_y * depth * (levels // 2)
            posts = along_x * along_y * self._post_end(levels)
            crossings = along_x * along_y * levels * crossing_volume(r, d)
            return 1.0 - (circle * (bars + posts) - crossings) / (width * depth * height)

        def uneven(along_x: int, along_y: int, levels: int) -> float:
            spacings = np.array([depth / along_x, width / along_y, 2 * height / levels])
            return float(np.log(spacings.max() / spacings.min()))

        layouts = (
            _solve((a, b, n), BOND[0] * r, BOND[1] * r, self.porosity, uneven(a, b, n),
                   lambda d, a=a, b=b, n=n: porosity(a, b, n, d))
            for a in _counts(depth, r)
            for b in _counts(width, r)
            for n in range(2, int(height / (3.2 * r)) + 1)
            if uneven(a, b, n) < np.log(2.01) and min(depth / a, width / b) > 5.5 * r
        )  # fmt: skip
        (along_x, along_y, levels), d, *_ = _best("grid", self.porosity, width, depth, layouts)
        x_lines, y_lines, z_lines = (
            _centres(width, along_y),
            _centres(depth, along_x),
            _centres(height, levels),
        )
        bars: list[tuple[Vec3, Vec3]] = []
        for k, z in enumerate(z_lines):
            if k % 2 == 0:
                bars += [((-4 * r, y - d / 2, z), (width + 4 * r, y - d / 2, z)) for y in y_lines]
            else:
                bars += [((x - d / 2, -4 * r, z), (x - d / 2, depth + 4 * r, z)) for x in x_lines]
        top = self._post_end(levels)
        bars += [
            ((x + d / 2, y + d / 2, -4 * r), (x + d / 2, y + d / 2, top)) for x in x_lines for y in y_lines
        ]
        return _mat(bars, r, width, depth, height)
