"""Candidate axes for a growing mat, in batches; lengths in fibre radii."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

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
    normal, so each pair forbids and bonds intervals of z; they are summed on a grid of STEP. Pairs that are
    nearest at an end are left to the exact check.
    """
    cells = int(np.ceil(box[2] / STEP))
    n, m = len(batch.length), len(axes.length)
    i, j = np.repeat(np.arange(n), m), np.tile(np.arange(m), n)
    u, v = batch.direction[i], axes.direction[j]
    det = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    det = np.where(np.abs(det) < 1e-6, 1e-6, det)
    w = axes.entry[j] - batch.entry[i]
    s, t = (w[:, 0] * v[:, 1] - w[:, 1] * v[:, 0]) / det, (w[:, 0] * u[:, 1] - w[:, 1] * u[:, 0]) / det
    meets = (s > -batch.before[i]) & (s < (batch.length + batch.after)[i])
    meets &= (t > -axes.before[j]) & (t < (axes.length + axes.after)[j])
    i, j = i[meets], j[meets]
    u, v, det, w, s, t = (x[meets] for x in (u, v, det, w, s, t))
    middle = w[:, 2] + t * v[:, 2] - s * u[:, 2]  # shift that makes the axes meet
    cross = np.linalg.norm(np.cross(u, v), axis=1)
    stretch = cross / np.abs(det)
    blunt = np.abs(np.einsum("ij,ij->i", u, v)) <= policy.largest_cosine
    inside = (s > 0) & (s < batch.length[i]) & blunt
    blocked = np.zeros((n, cells + 1))
    bonds = np.zeros_like(blocked)

    def mark(where: Array, rows: NDArray[np.intp], low: Array, high: Array, grow: float) -> None:
        first = np.clip(np.rint(low / STEP - grow), 0, cells).astype(int)
        last = np.clip(np.rint(high / STEP + grow), 0, cells).astype(int)
        keep = last > first
        np.add.at(where, (rows[keep], first[keep]), 1.0)
        np.add.at(where, (rows[keep], last[keep]), -1.0)

    inner = np.where(blunt, policy.bond[0], policy.gap) * stretch
    mark(blocked, i, middle - inner, middle + inner, 0.5)
    near, far = policy.bond[1] * stretch, policy.gap * stretch
    for side in (-1.0, 1.0):
        ends = np.sort(np.stack([middle + side * near, middle + side * far]), axis=0)
        mark(blocked, i[blunt], ends[0][blunt], ends[1][blunt], 0.5)
        ends = np.sort(np.stack([middle + side * policy.bond[0] * stretch, middle + side * near]), axis=0)
        mark(bonds, i[inside], ends[0][inside], ends[1][inside], -0.5)
    return (np.cumsum(blocked, axis=1)[:, :cells] < 0.5) & (np.cumsum(bonds, axis=1)[:, :cells] > 0.5)
