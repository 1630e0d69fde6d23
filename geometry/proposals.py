"""Candidate axes for a growing mat, in batches; lengths in fibre radii."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geometry.contacts import ContactPolicy

Array = NDArray[np.float64]
OVERHANG = 1.5  # how far fibres stick out of the box
STEP = 0.05  # resolution of the search for free heights


@dataclass(frozen=True)
class Batch:
    """Axes: entry point into the box, unit direction, length inside the box, parts that stick out."""

    entry: Array  # (n, 3)
    direction: Array  # (n, 3)
    length: Array  # (n,)
    before: Array  # overhang before the entry (n,)
    after: Array  # overhang behind the exit (n,)
    embedded: NDArray[np.bool_]  # whether the axis lies in the anode plane, (n,)

    @classmethod
    def empty(cls) -> "Batch":
        """No axes."""
        points, numbers = np.zeros((0, 3)), np.zeros(0)
        return cls(points, points, numbers, numbers, numbers, np.zeros(0, dtype=bool))

    def take(self, index: NDArray[np.intp]) -> "Batch":
        """The candidates of the given numbers."""
        return Batch(*(getattr(self, f.name)[index] for f in fields(self)))

    def joined(self, other: "Batch") -> "Batch":
        """These axes and then the others."""
        return Batch(*(np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)))


def through(
    points: Array, directions: Array, box: Array, policy: ContactPolicy
) -> tuple[Batch, NDArray[np.intp]]:
    """Axes through points of the box, and the numbers of those that enter and leave it as the policy asks."""
    safe = np.where(np.abs(directions[:, :2]) < 1e-9, 1e-9, directions[:, :2])
    a, b = -points[:, :2] / safe, (box[:2] - points[:, :2]) / safe
    low, high = np.minimum(a, b), np.maximum(a, b)
    rows = np.arange(len(points))
    ok = high.min(axis=1) - low.max(axis=1) >= policy.shortest
    overhang = []
    embedded = (directions[:, 2] == 0.0) & (points[:, 2] == policy.embedded_height)
    for t, wall in ((low.max(axis=1), low.argmax(axis=1)), (high.min(axis=1), high.argmin(axis=1))):
        steep = np.abs(directions[rows, wall])
        y = points + t[:, None] * directions
        other = 1 - wall
        # the cut ellipse reaches 1/steep along the wall
        room = np.minimum(y[rows, other], box[other] - y[rows, other])
        ok &= (steep >= policy.steepness) & (room >= policy.edge_margin / np.maximum(steep, 1e-9))
        z = y[:, 2]
        ok &= embedded | ((z >= policy.clearance) & (z <= box[2] - policy.clearance))
        overhang.append(OVERHANG / np.maximum(steep, policy.steepness))
    start, stop = low.max(axis=1), high.min(axis=1)
    batch = Batch(
        points + start[:, None] * directions, directions, stop - start, overhang[0], overhang[1], embedded
    )
    return batch, np.flatnonzero(ok)


def random_lines(rng: np.random.Generator, directions: Array, box: Array) -> Array:
    """A point of the box's floor on a uniformly random line for each direction, (n, 3).

    The offset is uniform over the projected width, which gives the mean chord pi A / P for isotropic lines.
    """
    normal = np.stack([-directions[:, 1], directions[:, 0], np.zeros(len(directions))], axis=1)
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    reach = 0.5 * (np.abs(normal[:, :2]) @ box[:2])
    points = np.array([*(box[:2] / 2), 0.0]) + (rng.uniform(-1, 1, len(directions)) * reach)[:, None] * normal
    return points


def free_heights(batch: Batch, axes: Batch, box: Array, policy: ContactPolicy) -> NDArray[np.bool_]:
    """Heights at which each candidate may lie, bonded to an accepted fibre inside the box, (n, cells).

    A shift z of a candidate changes its distance to an axis that it passes by z n_z, n being the common
    normal, so each pair forbids and bonds intervals of z; they are counted on a grid of STEP. Pairs that are
    nearest at an end are left to the exact check.
    """
    cells, n = int(np.ceil(box[2] / STEP)), len(batch.length)
    (ux, uy, _), (x, y, _) = batch.direction.T[..., None], batch.entry.T[..., None]
    (vx, vy, _), (other_x, other_y, _) = axes.direction.T, axes.entry.T
    det = ux * vy - uy * vx
    det = np.where(np.abs(det) < 1e-6, 1e-6, det)
    wx, wy = other_x - x, other_y - y
    s, t = (wx * vy - wy * vx) / det, (wx * uy - wy * ux) / det  # where the two cross, seen from above
    meets = (s > -batch.before[:, None]) & (s < (batch.length + batch.after)[:, None])
    meets &= (t > -axes.before) & (t < axes.length + axes.after)
    i, j = np.nonzero(meets)
    u, v, det, s, t = batch.direction[i], axes.direction[j], det[meets], s[meets], t[meets]
    # shift that makes the axes meet
    middle = axes.entry[j, 2] - batch.entry[i, 2] + t * v[:, 2] - s * u[:, 2]
    stretch = np.linalg.norm(np.cross(u, v), axis=1) / np.abs(det)
    blunt = np.abs(np.einsum("ij,ij->i", u, v)) <= policy.largest_cosine
    inside = (s > 0) & (s < batch.length[i]) & blunt

    def covered(grow: float, *intervals: tuple[NDArray[np.bool_], ArrayLike, ArrayLike]) -> NDArray[np.intp]:
        """How many intervals of shifts, given by pairs and distances low and high, cover each cell."""
        rows = np.concatenate([i[chosen] for chosen, _, _ in intervals])
        low = np.concatenate([(middle + end * stretch)[chosen] for chosen, end, _ in intervals])
        high = np.concatenate([(middle + end * stretch)[chosen] for chosen, _, end in intervals])
        first = np.clip(np.rint(low / STEP - grow), 0, cells).astype(int)
        last = np.clip(np.rint(high / STEP + grow), 0, cells).astype(int)
        keep = last > first
        row, size = rows[keep] * (cells + 1), n * (cells + 1)
        change = np.bincount(row + first[keep], minlength=size)
        change -= np.bincount(row + last[keep], minlength=size)
        return change.reshape(n, cells + 1).cumsum(axis=1)[:, :cells]

    nearest, near = policy.bond
    far, inner = policy.gap, np.where(blunt, nearest, policy.gap)
    blocked = covered(0.5, (np.ones_like(blunt), -inner, inner), (blunt, -far, -near), (blunt, near, far))
    bonded = covered(-0.5, (inside, -near, -nearest), (inside, nearest, near))
    return (blocked == 0) & (bonded > 0)
