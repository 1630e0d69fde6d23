"""Closed forms of what equal cylinders share with each other and with a plane."""

import numpy as np

_GAUSS = np.polynomial.legendre.leggauss(64)


def segment_area(radius: float, height: float) -> float:
    """Area [m2] of a circle above a line ``height`` below its centre, for |height| <= radius."""
    x = height / radius
    return radius**2 * (np.pi - np.arccos(x) + x * np.sqrt(1 - x * x))


def lens_area(radius: float, distance: float) -> float:
    """Area [m2] shared by two equal circles."""
    if distance >= 2 * radius:
        return 0.0
    return 2 * radius**2 * np.arccos(distance / (2 * radius)) - distance / 2 * np.sqrt(
        4 * radius**2 - distance**2
    )


def crossing_volume(radius: float, distance: float) -> float:
    """Volume [m3] shared by equal perpendicular cylinders whose axes pass at ``distance``; 16/3 r^3 at 0.

    Integral over z of 4 sqrt(r^2 - z^2) sqrt(r^2 - (z - d)^2); z = d/2 + w sin(u) removes the end roots.
    """
    if distance >= 2 * radius:
        return 0.0
    middle, half = distance / 2, radius - distance / 2
    u, weight = _GAUSS[0] * np.pi / 2, _GAUSS[1] * np.pi / 2
    z = middle + half * np.sin(u)
    chords = np.sqrt(np.maximum(radius**2 - z**2, 0)) * np.sqrt(
        np.maximum(radius**2 - (z - distance) ** 2, 0)
    )
    return float(4 * np.sum(weight * chords * half * np.cos(u)))
