"""Volume of a union of cylinders inside a box, by deterministic low-discrepancy sampling.

The union's volume is the sum over the cylinders of the integral of 1/m over the cylinder's part inside the
box, where m counts the cylinders that hold the point. Each cylinder is sampled by a shifted rank-1 (R3)
sequence in length, radius squared and angle, so the same fibres always give the same number.
"""

import numpy as np
from numpy.typing import NDArray

from geometry.contacts import axis_distances

Array = NDArray[np.float64]
_PLASTIC = 1.2207440846057596  # real root of x^4 = x + 1
_STEPS = 1.0 / _PLASTIC ** np.arange(1, 4)  # Roberts (2018), generalised golden ratio in three dimensions


def sample_count(n_fibres: int) -> int:
    """Points per fibre so that the sum is good to about 1e-3 and stays cheap for large mats."""
    return int(np.clip(400_000 // max(n_fibres, 1), 1024, 16384))


def points_in_cylinder(start: Array, end: Array, radius: float, box: Array, n: int) -> tuple[Array, float]:
    """Quasi-random points of one cylinder [m], (n, 3), and the volume each stands for [m3].

    The axis is first cut to the box plus a margin beyond which the cylinder is outside.
    """
    axis = end - start
    length = float(np.linalg.norm(axis))
    direction = axis / length
    # along the axis, the cylinder is within the slab 0 <= x <= box only where the axis is within it +- reach
    reach = radius * np.sqrt(np.maximum(1.0 - direction**2, 0.0)) * (1 + 1e-12) + 1e-12 * box
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = (-reach - start) / direction, (box + reach - start) / direction
    inside = (start > -reach) & (start < box + reach)
    low = np.where(direction != 0, np.fmin(a, b), np.where(inside, -np.inf, np.inf)).max()
    high = np.where(direction != 0, np.fmax(a, b), np.where(inside, np.inf, -np.inf)).min()
    low, high = max(low, 0.0), min(high, length)
    if high <= low:
        return np.zeros((0, 3)), 0.0
    helper = np.eye(3)[int(np.argmin(np.abs(direction)))]
    u = np.cross(direction, helper)
    u /= np.linalg.norm(u)
    v = np.cross(direction, u)
    q = (0.5 + np.arange(1, n + 1)[:, None] * _STEPS) % 1.0
    t, rho, angle = low + q[:, 0] * (high - low), radius * np.sqrt(q[:, 1]), 2 * np.pi * q[:, 2]
    points = start + t[:, None] * direction
    points += (rho * np.cos(angle))[:, None] * u + (rho * np.sin(angle))[:, None] * v
    return points, np.pi * radius**2 * (high - low) / n


def inside_cylinder(points: Array, start: Array, end: Array, radius: float) -> NDArray[np.bool_]:
    """Which of the points (n, 3) lie in the cylinder with flat ends."""
    axis = end - start
    length2 = float(axis @ axis)
    relative = points - start
    t = relative @ axis
    distance2 = np.einsum("ij,ij->i", relative, relative) - t**2 / length2
    return (t >= 0) & (t <= length2) & (distance2 <= radius**2)


def sliced(
    starts: Array, ends: Array, radii: Array, box: Array, *, n_slices: int, n: int | None = None
) -> Array:
    """Union volume [m3] inside the box in ``n_slices`` equal slices of its height, (n_slices,)."""
    count = sample_count(len(radii)) if n is None else n
    total = np.zeros(n_slices)
    near = _neighbours(starts, ends, radii)
    for i in range(len(radii)):
        points, weight = points_in_cylinder(starts[i], ends[i], radii[i], box, count)
        points = points[((points >= 0) & (points <= box)).all(axis=1)]
        multiplicity = np.ones(len(points))
        for j in near[i]:
            multiplicity += inside_cylinder(points, starts[j], ends[j], float(radii[j]))
        layer = np.minimum((points[:, 2] / box[2] * n_slices).astype(int), n_slices - 1)
        total += np.bincount(layer, weights=weight / multiplicity, minlength=n_slices)
    return total


def _neighbours(starts: Array, ends: Array, radii: Array) -> list[NDArray[np.intp]]:
    near = []
    for i in range(len(radii)):
        distance = axis_distances(starts[i], ends[i], starts, ends)
        close = distance < radii[i] + radii
        close[i] = False
        near.append(np.flatnonzero(close))
    return near
