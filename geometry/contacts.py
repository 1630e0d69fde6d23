"""Axis distances, the contact policy of random mats, contact patches, clusters of bonded fibres."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Array = NDArray[np.float64]


def closest_parameters(start: Array, end: Array, starts: Array, ends: Array) -> tuple[Array, Array]:
    """Closest points of one segment and many: parameters s, t in [0, 1], each (n,).

    Source: Ericson (2004), Real-Time Collision Detection, section 5.1.9.
    """
    d1, d2, gap = end - start, ends - starts, start - starts
    a, e, f = d1 @ d1, np.einsum("ij,ij->i", d2, d2), np.einsum("ij,ij->i", d2, gap)
    c, b = gap @ d1, d2 @ d1
    det = a * e - b * b
    skew = det > 1e-12 * a * e
    s = np.where(skew, np.clip((b * f - c * e) / np.where(skew, det, 1.0), 0, 1), 0.0)
    t = (b * s + f) / e
    s = np.where(t < 0, np.clip(-c / a, 0, 1), np.where(t > 1, np.clip((b - c) / a, 0, 1), s))
    return s, np.clip(t, 0, 1)


def axis_distances(start: Array, end: Array, starts: Array, ends: Array) -> Array:
    """Shortest distance [m] of one segment to each of many, (n,)."""
    s, t = closest_parameters(start, end, starts, ends)
    gap = start + s[:, None] * (end - start) - starts - t[:, None] * (ends - starts)
    return np.linalg.norm(gap, axis=1)


def clusters(n: int, bonds: NDArray[np.intp]) -> NDArray[np.int32]:
    """Cluster number of each of n fibres, (n,), from bonded pairs (n_bonds, 2)."""
    pairs = np.asarray(bonds, dtype=np.intp).reshape(-1, 2)
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return connected_components(graph, directed=False)[1]


@dataclass(frozen=True, kw_only=True)
class ContactPolicy:
    """Which fibres may stand next to each other so that CAD and mesher never meet a near-degenerate case.

    Lengths are in units of the common radius. Two axes pass either at a distance in ``bond``, or at 0 if both
    fibres are embedded, or beyond ``gap``, measured also where the fibres stick out of the box. Bonded axes
    cross at a clear angle. The closed intersection curve of a bond lies wholly inside the side walls or
    wholly outside, and curves on one fibre stay apart, along or around it, so that no three fibres meet.
    """

    bond: tuple[float, float] = (1.05, 1.5)
    gap: float = 2.4
    largest_cosine: float = 0.87  # of the angle between bonded axes
    inside_margin: float = 0.25  # from an intersection curve to a side wall
    outside_margin: float = 0.4
    axial_margin: float = 0.25  # between two curves on one fibre, along the axis
    angular_margin: float = 0.15  # ... or around it [rad]
    clearance: float = 1.25  # of axes from the planes that bound the mat
    edge_margin: float = 1.2  # of a fibre's elliptical cut from vertical edges
    steepness: float = 0.5  # least |cosine| between axis and normal of the side wall that it leaves by
    embedded_height: float = 0.3  # of axes that lie in the anode plane
    shortest: float = 4.0  # part of an axis inside the box


@dataclass(frozen=True)
class Patch:
    """The contact patch of a bond on one of its two fibres; lengths in radii."""

    position: float  # along the axis
    half_length: float
    angle: float  # direction of the partner around the axis [rad]
    half_angle: float  # [rad]
    inside: bool  # whether the bond lies inside the box

    def clear_of(self, other: "Patch", policy: ContactPolicy) -> bool:
        """Whether the two patches on one fibre stay apart, along it or around it."""
        axial = abs(self.position - other.position) - self.half_length - other.half_length
        turn = abs((self.angle - other.angle + np.pi) % (2 * np.pi) - np.pi)
        return (
            axial >= policy.axial_margin or turn >= self.half_angle + other.half_angle + policy.angular_margin
        )


def intersection_curves(d1: Array, d2: Array, normal: Array, distance: Array, n: int = 24) -> Array:
    """Points of the intersection curves of pairs of unit cylinders about the foot on axis 1, (m, 2n, 3).

    d1, d2 (m, 3) unit axis directions; normal (m, 3) the unit vectors from foot 1 to foot 2, distance (m,).
    At angle a around axis 1 a curve has t d1 + cos(a) normal + sin(a) (d1 x normal) with
    (cos a - distance)^2 + (t d1.e + sin(a) (d1 x normal).e)^2 = 1, e = d2 x normal.
    """
    across, e = np.cross(d1, normal), np.cross(d2, normal)
    widest = np.arccos(np.clip(distance - 1.0, -1.0, 1.0))
    a = np.linspace(-widest, widest, n, axis=1)
    root = np.sqrt(np.maximum(1.0 - (np.cos(a) - distance[:, None]) ** 2, 0.0))
    shift = np.sin(a) * _dots(across, e)[:, None]
    along = np.concatenate([root - shift, -root - shift], axis=1) / _dots(d1, e)[:, None]
    ring = np.cos(a)[..., None] * normal[:, None] + np.sin(a)[..., None] * across[:, None]
    return np.concatenate([ring, ring], axis=1) + along[..., None] * d1[:, None]


def angles_around(directions: Array, vectors: Array) -> Array:
    """Angle of each vector (n, 3) around an axis (n, 3), in a frame that depends on the axis alone [rad]."""
    helper = np.where(np.abs(directions[:, 2:]) < 0.9, [0.0, 0.0, 1.0], [1.0, 0.0, 0.0])
    u = np.cross(directions, helper)
    return np.arctan2(_dots(vectors, np.cross(directions, u)), _dots(vectors, u))


def _dots(a: Array, b: Array) -> Array:
    return np.einsum("ij,ij->i", a, b)
