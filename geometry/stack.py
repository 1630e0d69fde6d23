"""The layers of one cell, bottom to top, as pure data."""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum

import numpy as np
from scipy.special import ellipe

from geometry.errors import GeometryError, micrometres, require_positive
from geometry.fibres import Mat
from geometry.regions import Region


class RoughnessKind(StrEnum):
    """Shape of a rough foil."""

    BUMPS = "bumps"
    CORRUGATION = "corrugation"


@dataclass(frozen=True, kw_only=True)
class Roughness:
    """Periodic relief of the foil.

    bumps: spherical caps of the given height on a square lattice of pitch ``wavelength``, with base radius
    a = wavelength/4, standing on z = 0. Each cap adds pi h^2 to the area of the foil and takes
    pi h (3 a^2 + h^2)/6 from the separator.
    corrugation: z = h cos(2 pi x / wavelength). Its area is (2/pi) E(-(2 pi h/wavelength)^2) times the
    projected one, E being the complete elliptic integral of the second kind in the parameter m; the
    separator keeps its volume.
    """

    kind: RoughnessKind
    height: float  # h, cap height or amplitude [m]
    wavelength: float  # pitch [m]

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "kind", RoughnessKind(self.kind))
        except ValueError as error:
            allowed = ", ".join(RoughnessKind)
            raise GeometryError(
                f"kind of roughness {self.kind!r} is unknown; use one of {allowed}."
            ) from error
        require_positive("height of the roughness", self.height)
        require_positive("wavelength of the roughness", self.wavelength)
        limit = self.wavelength / (4 if self.kind is RoughnessKind.BUMPS else 2)
        if self.height > limit * (1 + 1e-9):
            raise GeometryError(
                f"height of the {self.kind} must be at most {micrometres(limit)} at a wavelength of "
                f"{micrometres(self.wavelength)}, got {micrometres(self.height)}; lower it."
            )

    @property
    def base_radius(self) -> float:
        """Radius of a cap's base circle [m]."""
        return self.wavelength / 4

    @property
    def sphere_radius(self) -> float:
        """Radius of the sphere a cap is cut from [m]."""
        return (self.base_radius**2 + self.height**2) / (2 * self.height)

    @property
    def lowest(self) -> float:
        """Lowest point of the foil [m]."""
        return 0.0 if self.kind is RoughnessKind.BUMPS else -self.height

    def area_ratio(self) -> float:
        """Exact area of the foil over its projected area [-]."""
        if self.kind is RoughnessKind.BUMPS:
            return 1.0 + np.pi * self.height**2 / self.wavelength**2
        return float(2 / np.pi * ellipe(-((2 * np.pi * self.height / self.wavelength) ** 2)))

    def mean_height(self) -> float:
        """Exact mean height of the foil above z = 0 [m]."""
        if self.kind is RoughnessKind.BUMPS:
            a, h = self.base_radius, self.height
            return np.pi * h * (3 * a**2 + h**2) / 6 / self.wavelength**2
        return 0.0

    def waves(self, length: float, name: str) -> int:
        """Number of wavelengths in a side of the cell [m]; symmetry walls allow whole ones only."""
        n = round(length / self.wavelength)
        if n < 1 or abs(n * self.wavelength - length) > 1e-6 * self.wavelength:
            raise GeometryError(
                f"{name} of the cell must be a whole number of waves of {micrometres(self.wavelength)}, "
                f"got {micrometres(length)}; change {name} or wavelength."
            )
        return n


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One cell: foil at z = 0 | mat | ionic layer | separator | counter electrode at z = height."""

    width: float  # x [m]
    depth: float  # y [m]
    separator: float  # thickness [m]
    ionic_layer: float | None = None  # thickness [m]
    mat: Mat | None = None
    roughness: Roughness | None = None

    def __post_init__(self) -> None:
        for name in ("width", "depth", "separator", "ionic_layer"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, float(value))
                require_positive(f"{name} of the stack", value)
        if self.mat is not None and (self.mat.width, self.mat.depth) != (self.width, self.depth):
            raise GeometryError(
                f"the mat measures {micrometres(self.mat.width)} x {micrometres(self.mat.depth)}, the stack "
                f"{micrometres(self.width)} x {micrometres(self.depth)}; draw the mat for the stack."
            )
        if self.roughness is not None:
            self._check_roughness(self.roughness)

    def _check_roughness(self, rough: Roughness) -> None:
        if self.mat is not None or self.ionic_layer is not None:
            raise GeometryError("a rough foil lies under the separator alone; leave mat and ionic layer out.")
        rough.waves(self.width, "width")
        if rough.kind is RoughnessKind.BUMPS:
            rough.waves(self.depth, "depth")
        if rough.height >= 0.9 * self.separator:
            raise GeometryError(
                f"roughness of height {micrometres(rough.height)} must stay below 0.9 of the separator "
                f"({micrometres(self.separator)}), or it shorts the cell; lower the height."
            )

    @property
    def framework_top(self) -> float:
        """z of the top of the mat, 0 without a mat [m]."""
        return 0.0 if self.mat is None else self.mat.thickness

    @property
    def separator_bottom_z(self) -> float:
        """z of the bottom of the separator [m]."""
        return self.framework_top + (self.ionic_layer or 0.0)

    @property
    def height(self) -> float:
        """z of the counter electrode [m]."""
        return self.separator_bottom_z + self.separator

    @property
    def projected_area(self) -> float:
        """Area of the cell seen from above [m2]."""
        return self.width * self.depth

    def exact_volumes(self) -> dict[Region, float]:
        """Region volumes [m3] that have a closed form (all but the split of a mat into fibres and pores)."""
        area = self.projected_area
        relief = 0.0 if self.roughness is None else self.roughness.mean_height()
        volumes = {Region.SEPARATOR: area * (self.separator - relief)}
        if self.ionic_layer is not None:
            volumes[Region.IONIC_LAYER] = area * self.ionic_layer
        return volumes

    def fingerprint(self) -> str:
        """Canonical JSON text of all numbers: equal for equal geometry, different otherwise."""
        return json.dumps(asdict(self), sort_keys=True, allow_nan=False)
