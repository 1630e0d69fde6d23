"""Growth of a percolating mat, fibre by fibre, under the contact policy; lengths in fibre radii.

Proposals are made in batches: a fibre that crosses an accepted one at a bonded distance, or one that lies in
the anode plane. A fibre is accepted only if all its neighbours obey the policy and it is embedded or bonds,
inside the box, with an accepted one, so every fibre is connected to the anode plane.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geometry.contacts import ContactPolicy, Patch, clusters, intersection_curve
from geometry.proposals import Batch
from geometry.union_volume import inside_cylinder, points_in_cylinder

Array = NDArray[np.float64]
VOLUME_POINTS = 4096
TENTHS = 10
Bond = tuple[int, Patch, Patch]  # partner, patch on the new fibre, patch on the partner
_RINGS = np.array([-0.8, -0.4, 0.0, 0.4, 0.8])  # heights across a fibre, for the share of each tenth
_RING_WEIGHTS = np.array([0.1424, 0.2306, 0.2540, 0.2306, 0.1424])


class _Pairs(NamedTuple):
    """Pairs of a candidate and a fibre, (n_pairs,) each."""

    candidate: NDArray[np.intp]
    fibre: NDArray[np.intp]
    distance: Array
    foot: Array  # on the candidate, from its entry
    other_foot: Array  # on the fibre
    cosine: Array


@dataclass
class Growth:
    """The fibres accepted so far, their contact patches, and the solid volume by tenths of the height."""

    box: Array
    policy: ContactPolicy
    axes: Batch = field(init=False)
    patches: list[dict[int, Patch]] = field(default_factory=list)  # of each fibre, by partner
    volumes: list[Array] = field(default_factory=list)  # that each fibre adds to those before it, by tenths

    def __post_init__(self) -> None:
        self.axes = Batch.empty()

    @property
    def n(self) -> int:
        """Number of fibres accepted so far."""
        return len(self.patches)

    @property
    def solid(self) -> Array:
        """Volume of the union inside the box by tenths of the height, (10,)."""
        return np.sum(self.volumes, axis=0) if self.volumes else np.zeros(TENTHS)

    def ends(self, axes: Batch) -> tuple[Array, Array]:
        """Both ends of each axis, overhang included, (n, 3) each."""
        start = axes.entry - axes.before[:, None] * axes.direction
        return start, axes.entry + (axes.length + axes.after)[:, None] * axes.direction

    def admissible(self, batch: Batch) -> tuple[NDArray[np.intp], list[list[Bond]]]:
        """Candidates that obey the policy against all accepted fibres, and the bonds of each."""
        ok = np.ones(len(batch.length), dtype=bool)
        i, j, distance, s, t, cosine = self._near(batch)
        policy = self.policy
        flat = batch.embedded[i] & self.axes.embedded[j]
        bonded = (distance >= policy.bond[0]) & (distance <= policy.bond[1]) | (flat & (distance < 1e-9))
        within = (s > -batch.before[i]) & (s < (batch.length + batch.after)[i])
        within &= (t > -self.axes.before[j]) & (t < (self.axes.length + self.axes.after)[j])
        bonded &= within & (np.abs(cosine) <= policy.largest_cosine)
        ok[i[~bonded]] = False
        bonds: list[list[Bond]] = [[] for _ in range(len(ok))]
        for k in np.flatnonzero(bonded & ok[i]):
            if ok[i[k]]:
                pair = self._bond(batch, int(i[k]), int(j[k]), float(s[k]), float(t[k]))
                if pair is None:
                    ok[i[k]] = False
                else:
                    bonds[i[k]].append((int(j[k]), *pair))
        for k in np.flatnonzero(ok):
            ok[k] = self._apart(bonds[k]) and (
                bool(batch.embedded[k]) or any(own.inside for _, own, _ in bonds[k])
            )
        good = np.flatnonzero(ok)
        return good, [bonds[k] for k in good]

    def _near(self, batch: Batch) -> _Pairs:
        """The pairs of candidate and fibre that are closer than the gap."""
        a, b = self.ends(batch)
        c, d = self.ends(self.axes)
        gap = self.policy.gap
        low, high = np.minimum(a[:, 2], b[:, 2]) - gap, np.maximum(a[:, 2], b[:, 2]) + gap
        i, j = np.nonzero(
            (low[:, None] < np.maximum(c[:, 2], d[:, 2])) & (high[:, None] > np.minimum(c[:, 2], d[:, 2]))
        )
        u, v = batch.direction[i], self.axes.direction[j]
        w = batch.entry[i] - self.axes.entry[j]
        s_low, s_high = -batch.before[i], (batch.length + batch.after)[i]
        t_low, t_high = -self.axes.before[j], (self.axes.length + self.axes.after)[j]
        cosine = np.einsum("ij,ij->i", u, v)
        uw, vw = np.einsum("ij,ij->i", u, w), np.einsum("ij,ij->i", v, w)
        s = np.clip((cosine * vw - uw) / np.maximum(1 - cosine**2, 1e-12), s_low, s_high)
        t = vw + s * cosine
        s = np.where(
            (t < t_low) | (t > t_high), np.clip(np.clip(t, t_low, t_high) * cosine - uw, s_low, s_high), s
        )
        t = np.clip(t, t_low, t_high)
        distance = np.linalg.norm(w + s[:, None] * u - t[:, None] * v, axis=1)
        close = distance < gap
        return _Pairs(i[close], j[close], distance[close], s[close], t[close], cosine[close])

    def _bond(self, batch: Batch, i: int, j: int, s: float, t: float) -> tuple[Patch, Patch] | None:
        """Patches of a bond on candidate and fibre; None when its curve meets a side wall."""
        d1, d2 = batch.direction[i], self.axes.direction[j]
        foot = batch.entry[i] + s * d1
        normal = self.axes.entry[j] + t * d2 - foot
        distance = float(np.linalg.norm(normal))
        if distance < 1e-6:  # embedded fibres cross in one plane: two ellipses
            distance, normal = 0.0, np.array([0.0, 0.0, 1.0])
            half_angle = np.pi
            half = 1 / np.tan(np.arccos(min(abs(float(d1 @ d2)), 1.0)) / 2)
            corners = np.array([[x * half * d1 + y * np.cross(d1, normal)] for x in (-1, 1) for y in (-1, 1)])
            curve = foot + corners.reshape(-1, 3)
        else:
            normal = normal / distance
            points = intersection_curve(d1, d2, normal, distance)
            half_angle = float(np.arccos(distance - 1.0))
            half = float(np.abs(points @ d1).max())
            curve = foot + points
        low, high = curve.min(axis=0)[:2], curve.max(axis=0)[:2]
        inside = bool((low >= self.policy.inside_margin).all())
        inside &= bool((high <= self.box[:2] - self.policy.inside_margin).all())
        outside = bool((high <= -self.policy.outside_margin).any())
        outside |= bool((low >= self.box[:2] + self.policy.outside_margin).any())
        if not (inside or outside):
            return None
        return (
            Patch(s, half, _turn(d1, normal), half_angle, inside),
            Patch(t, half, _turn(d2, -normal), half_angle, inside),
        )

    def _apart(self, bonds: list[Bond]) -> bool:
        """Whether all patches on the candidate, and the new ones on its partners, keep apart."""
        own = [patch for _, patch, _ in bonds]
        pairs = ((own[a], own[b]) for a in range(len(own)) for b in range(a))
        if not all(x.clear_of(y, self.policy) for x, y in pairs):
            return False
        return all(new.clear_of(old, self.policy) for j, _, new in bonds for old in self.patches[j].values())

    def middle_tenth(self, axes: Batch) -> NDArray[np.intp]:
        """The tenth of the height in which the middle of each axis lies, (n,)."""
        z = axes.entry[:, 2] + 0.5 * axes.length * axes.direction[:, 2]
        return np.clip((z / self.box[2] * TENTHS).astype(int), 0, TENTHS - 1)

    def by_tenths(self, batch: Batch) -> Array:
        """Rough volume of each candidate in each tenth of the height, (n, 10)."""
        along = batch.length[:, None] * (np.arange(8) + 0.5) / 8
        z = batch.entry[:, 2, None] + along * batch.direction[:, 2, None]
        z = z[:, :, None] + _RINGS
        layer = np.clip((z / self.box[2] * TENTHS).astype(int), -1, TENTHS)
        weights = np.broadcast_to(_RING_WEIGHTS / 8, z.shape) * (z > 0)
        shares = np.stack([(weights * (layer == k)).sum(axis=(1, 2)) for k in range(TENTHS)], axis=1)
        return shares * (np.pi * batch.length)[:, None]

    def volume(self, batch: Batch, k: int, partners: list[int]) -> Array:
        """Volume that candidate k adds to the union inside the box, by tenths, (10,)."""
        a, b = (x[k] for x in self.ends(batch))
        points, weight = points_in_cylinder(a, b, 1.0, self.box, VOLUME_POINTS)
        points = points[((points >= 0) & (points <= self.box)).all(axis=1)]
        if partners:
            starts, ends = self.ends(self.axes.take(np.array(partners)))
            held = np.zeros(len(points), dtype=bool)
            for start, end in zip(starts, ends, strict=True):
                held |= inside_cylinder(points, start, end, 1.0)
            points = points[~held]
        layer = np.minimum((points[:, 2] / self.box[2] * TENTHS).astype(int), TENTHS - 1)
        return weight * np.bincount(layer, minlength=TENTHS).astype(float)

    def accept(self, batch: Batch, k: int, bonds: list[Bond], volume: Array) -> None:
        """Add candidate k with its bonds."""
        self.axes = self.axes.joined(batch.take(np.array([k])))
        for j, _, its in bonds:
            self.patches[j][self.n] = its
        self.patches.append({j: own for j, own, _ in bonds})
        self.volumes.append(volume)

    def copy(self) -> "Growth":
        """The same fibres, not affected by what happens to these."""
        twin = Growth(self.box, self.policy, [dict(p) for p in self.patches], list(self.volumes))
        twin.axes = self.axes
        return twin

    def removable(self) -> NDArray[np.intp]:
        """Fibres without which all others still reach the anode plane."""
        embedded = np.flatnonzero(self.axes.embedded).tolist()
        pairs = [(i, j) for i in range(self.n) for j, p in self.patches[i].items() if i < j and p.inside]
        pairs += [(i, self.n) for i in embedded]  # the plane is one more node

        def whole(without: int) -> bool:
            label = clusters(self.n + 1, np.array([p for p in pairs if without not in p], dtype=np.intp))
            return bool((np.delete(label, without) == label[self.n]).all())

        return np.array([i for i in range(self.n) if i not in embedded and whole(i)], dtype=np.intp)

    def remove(self, gone: int) -> None:
        """Take one fibre out; what it shared with later ones is theirs again."""
        later = [j for j in self.patches[gone] if j > gone]
        keep = np.delete(np.arange(self.n), gone)
        self.axes = self.axes.take(keep)
        self.patches = [
            {j - (j > gone): patch for j, patch in self.patches[i].items() if j != gone} for i in keep
        ]
        del self.volumes[gone]
        for j in later:
            partners = [k for k in self.patches[j - 1] if k < j - 1]
            self.volumes[j - 1] = self.volume(self.axes, j - 1, partners)


def _turn(direction: Array, normal: Array) -> float:
    """Angle of a vector across an axis, in a frame that depends on the axis alone [rad]."""
    helper = np.eye(3)[2 if abs(direction[2]) < 0.9 else 0]
    u = np.cross(direction, helper)
    v = np.cross(direction, u)
    return float(np.arctan2(normal @ v, normal @ u))
