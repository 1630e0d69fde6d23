"""Growth of a percolating mat, fibre by fibre, under the contact policy; lengths in fibre radii.

Proposals are made in batches: a fibre that crosses an accepted one at a bonded distance, or one that lies in
the anode plane. A fibre is accepted only if all its neighbours obey the policy and it is embedded or bonds,
inside the box, with an accepted one, so every fibre is connected to the anode plane.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geometry.contacts import ContactPolicy, Patch, angles_around, clusters, intersection_curves
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
        chosen = np.flatnonzero(bonded & ok[i])
        for k, pair in zip(
            chosen, self._patches(batch, i[chosen], j[chosen], s[chosen], t[chosen]), strict=True
        ):
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

    def _patches(
        self, batch: Batch, i: NDArray[np.intp], j: NDArray[np.intp], s: Array, t: Array
    ) -> list[tuple[Patch, Patch] | None]:
        """Patches of bonds on candidates i and fibres j; None where the curve meets a side wall."""
        d1, d2 = batch.direction[i], self.axes.direction[j]
        foot = batch.entry[i] + s[:, None] * d1
        normal = self.axes.entry[j] + t[:, None] * d2 - foot
        distance = np.linalg.norm(normal, axis=1)
        flat = distance < 1e-6  # embedded fibres cross in one plane: two ellipses
        distance[flat], normal[flat] = 0.0, [0.0, 0.0, 1.0]
        normal[~flat] /= distance[~flat, None]
        curve = intersection_curves(d1, d2, normal, distance)
        half_angle = np.arccos(distance - 1.0)
        half = np.abs(np.einsum("ijk,ik->ij", curve, d1)).max(axis=1)
        low, high = foot + curve.min(axis=1), foot + curve.max(axis=1)
        cosine = np.minimum(np.abs(np.einsum("ij,ij->i", d1, d2))[flat], 1.0)
        half[flat] = 1 / np.tan(np.arccos(cosine) / 2)
        reach = half[flat, None] * np.abs(d1[flat]) + np.abs(np.cross(d1[flat], normal[flat]))
        low[flat], high[flat] = foot[flat] - reach, foot[flat] + reach
        policy, walls = self.policy, self.box[:2]
        inside = (low[:, :2] >= policy.inside_margin).all(axis=1)
        inside &= (high[:, :2] <= walls - policy.inside_margin).all(axis=1)
        outside = (high[:, :2] <= -policy.outside_margin).any(axis=1)
        outside |= (low[:, :2] >= walls + policy.outside_margin).any(axis=1)
        clear = inside | outside
        own = zip(s, half, angles_around(d1, normal), half_angle, inside, strict=True)
        its = zip(t, half, angles_around(d2, -normal), half_angle, inside, strict=True)
        pairs = zip(clear, own, its, strict=True)
        return [(Patch(*mine), Patch(*theirs)) if ok else None for ok, mine, theirs in pairs]

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
