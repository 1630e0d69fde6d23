"""The cylinders that the CAD is made of: how far they reach, and where their seam lines lie.

OpenCASCADE closes every cylinder with a line along its length. Where this line meets the contact patch of
another fibre, the CAD gets tiny edges, so it is turned into the middle of the widest gap between contacts;
the anode plane counts as one, unless the fibre is embedded: then the seam points down and is cut away.
"""

import numpy as np
from numpy.typing import NDArray

from geometry.contacts import closest_parameters
from geometry.fibres import Mat

OVERHANG = 4.0  # how far cylinders are kept beyond the box before they are cut, in radii

Array = NDArray[np.float64]


def frame(direction: Array) -> tuple[Array, Array]:
    """Two unit vectors across a unit direction; the second points up as far as it can."""
    up = np.array([0.0, 0.0, 1.0]) if abs(direction[2]) < 0.99 else np.array([0.0, 1.0, 0.0])
    u = np.cross(direction, up)
    u /= np.linalg.norm(u)
    return u, np.cross(u, direction)


def seam_directions(starts: Array, ends: Array, radii: Array, box: Array) -> Array:
    """Unit vectors across each axis on which the seam lies, (n_fibres, 3)."""
    seams = np.empty_like(starts)
    for i in range(len(radii)):
        axis = ends[i] - starts[i]
        direction = axis / np.linalg.norm(axis)
        u, v = frame(direction)
        low = min(starts[i, 2], ends[i, 2])
        if low > 0 and low < radii[i] and abs(direction[2]) < 0.5:  # embedded
            seams[i] = -v
            continue
        s, t = closest_parameters(starts[i], ends[i], starts, ends)
        gap = starts + t[:, None] * (ends - starts) - starts[i] - s[:, None] * axis
        distance = np.linalg.norm(gap, axis=1)
        near = (distance < radii + radii[i]) & (distance > 0)
        near[i] = False
        angles = np.sort(np.arctan2(gap[near] @ v, gap[near] @ u) % (2 * np.pi))
        if len(angles) == 0:
            seams[i] = u
            continue
        gaps = np.diff(np.append(angles, angles[0] + 2 * np.pi))
        k = int(np.argmax(gaps))
        middle = angles[k] + gaps[k] / 2
        seams[i] = np.cos(middle) * u + np.sin(middle) * v
    return seams


def cut_cylinders(mat: Mat) -> list[tuple[Array, Array, float, Array]]:
    """Start, end, radius [m] and seam direction of each fibre, cut to the box plus OVERHANG radii."""
    found = []
    seams = seam_directions(mat.starts, mat.ends, mat.radii, mat.box)
    for start, end, radius, seam in zip(mat.starts, mat.ends, mat.radii, seams, strict=True):
        axis = end - start
        margin = OVERHANG * radius
        with np.errstate(divide="ignore", invalid="ignore"):
            a, b = (-margin - start) / axis, (mat.box + margin - start) / axis
        still = axis == 0
        if np.any(still & ((start < -margin) | (start > mat.box + margin))):
            continue
        low = max(np.where(still, -np.inf, np.fmin(a, b)).max(), 0.0)
        high = min(np.where(still, np.inf, np.fmax(a, b)).min(), 1.0)
        if high > low:
            found.append((start + low * axis, start + high * axis, float(radius), seam))
    return found
