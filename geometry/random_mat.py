"""Random mats of near-planar fibres that percolate by construction and always mesh."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from geometry.contacts import ContactPolicy
from geometry.errors import GeometryError, MatError, micrometres, require_positive
from geometry.fibres import Fibre, Mat, Vec3
from geometry.growth import TENTHS, Bond, Growth
from geometry.orientation import Orientation
from geometry.proposals import STEP, Batch, free_heights, random_lines, through

Array = NDArray[np.float64]
LOWEST_POROSITY = 0.6  # no mat under the contact policy is denser
LARGEST_TILT = 0.35  # [rad]
TOLERANCE = 0.0015  # of the porosity
PROPOSALS = 200  # candidates of a batch
PATIENCE = 15  # batches in a row without an acceptance before some fibres are taken out again
PRUNINGS = 60  # rounds of taking fibres out, against jams and uneven heights
ATTEMPTS = 4  # fresh starts of one draw
STALLS = 20  # rounds without a denser mat after which it counts as jammed
EVENINGS = 8  # how often a mat that meets the target is evened out
THIN = 25.0  # radii; tenths of thinner mats are thinner than a fibre and not evened out
EVENNESS = 0.02  # of the porosity of a tenth
ACCEPTANCES = 5  # of one batch at most


@dataclass(frozen=True, kw_only=True)
class RandomMat:
    """Straight fibres of one diameter that cross the whole box, bonded into one network on the anode plane.

    tilt is the standard deviation of the out-of-plane angle (normal, cut at three deviations). embedded_share
    is the largest share of fibres that lie in the anode plane and make the feet; thick mats hold fewer, since
    feet cover at most twice the solid fraction of the plane. The same seed, draw and box give the same mat.
    """

    thickness: float  # [m]
    fibre_diameter: float  # [m]
    porosity: float  # of the mat, fibres fused [-]
    seed: int = 1
    tilt: float = 0.1  # [rad]
    orientation: Orientation = field(default_factory=Orientation)
    embedded_share: float = 0.12  # [-]
    redrawable: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require_positive("thickness of the mat", self.thickness)
        require_positive("fibre_diameter of the mat", self.fibre_diameter)
        if not LOWEST_POROSITY <= self.porosity < 1.0:
            raise MatError(
                f"porosity of a random mat must lie between {LOWEST_POROSITY:g} (the contact policy packs no "
                f"denser) and 1, got {self.porosity:g}."
            )
        least = (2 * ContactPolicy().clearance + 1.0) * self.fibre_diameter / 2
        if self.thickness < least:
            raise MatError(
                f"fibre_diameter {micrometres(self.fibre_diameter)} is too thick for a mat of "
                f"{micrometres(self.thickness)}, which must have {micrometres(least)}; thicken the mat."
            )
        if not 0.0 <= self.tilt <= LARGEST_TILT:
            raise MatError(
                f"tilt must lie between 0 and {LARGEST_TILT:g} rad, got {self.tilt:g}; flatten the mat."
            )
        if not 0.0 < self.embedded_share <= 0.5:
            raise MatError(
                f"embedded_share must lie above 0 and at most at 0.5, got {self.embedded_share:g}; "
                f"without fibres in the anode plane the mat has no contact to it."
            )

    def draw(self, width: float, depth: float, draw: int = 0) -> Mat:
        """The mat for a box of width x depth [m]; ``draw`` > 0 gives others of the same kind.

        Growth that jams starts afresh, at most four times in all. Raises MatError when every start jams.
        """
        radius = self.fibre_diameter / 2
        box = np.array([width, depth, self.thickness]) / radius
        if min(width, depth) < 8 * radius:
            raise GeometryError(
                f"width and depth of a random mat must be at least four fibre diameters, got "
                f"{micrometres(width)} x {micrometres(depth)}; widen the cell."
            )
        reached = 1.0
        for attempt in range(ATTEMPTS):
            rng = np.random.default_rng([self.seed, draw, attempt])
            growth = _Grower(self, Growth(box, ContactPolicy()), rng).run()
            porosity = 1.0 - growth.solid.sum() / box.prod()
            if abs(porosity - self.porosity) <= 2 * TOLERANCE:
                return _mat(growth, radius, width, depth, self.thickness)
            reached = min(reached, porosity)
        raise MatError(
            f"a random mat of porosity {self.porosity:g} jams at {reached:.3f} under the contact policy; "
            f"raise the porosity, take thinner fibres, a wider cell, another seed, less tilt or orientation."
        )


class _Grower:
    """Chooses among admissible proposals so that the target is met, evenly over the height."""

    def __init__(self, spec: RandomMat, growth: Growth, rng: np.random.Generator) -> None:
        self.spec, self.growth, self.rng = spec, growth, rng
        self.volume = float(growth.box.prod())
        self.target = (1.0 - spec.porosity) * self.volume
        self.goal = np.full(TENTHS, self.target / TENTHS)
        self.chord = np.pi * growth.box[0] * growth.box[1] / (2 * (growth.box[0] + growth.box[1]))

    def run(self) -> Growth:
        """Embedded fibres first, then bonded ones until the target or until nothing fits."""
        growth = self.growth
        misses = 0
        planned = self._embedded_count()
        while growth.n < planned and misses < PATIENCE:
            misses = 0 if self._step(self._embedded()) else misses + 1
        best, least, met = growth, np.inf, 0
        grain = 0.7 * np.pi * self.chord / (self.volume / TENTHS)  # a tenth holds whole fibres
        evenings = EVENINGS if self.growth.box[2] >= THIN else 1
        lowest, stalled = np.inf, 0
        for _ in range(PRUNINGS):
            full = self._fill()
            stalled = stalled + 1 if self.missing() >= lowest and not full else 0
            lowest = min(lowest, self.missing())
            if full:
                met += 1
                unevenness = self._unevenness()
                if unevenness < least:
                    best, least = growth.copy(), unevenness
                if unevenness < max(EVENNESS, grain) or met == evenings:
                    break
            if stalled == STALLS or not self._prune():
                break
        return best

    def _fill(self) -> bool:
        """Add bonded fibres until the target; False when nothing fits any more."""
        misses = 0
        while misses < PATIENCE and self.missing() > TOLERANCE / 4 * self.volume:
            misses = 0 if self._step(self._bonded()) else misses + 1
        return misses < PATIENCE

    def _unevenness(self) -> float:
        """Largest deviation of a tenth's porosity; the outer two, bounded by planes, count half."""
        excess = np.abs(self.growth.solid - self.goal) / (self.volume / TENTHS)
        excess[[0, -1]] /= 2
        return float(excess.max())

    def _prune(self) -> bool:
        """Take fibres out, rather where there is too much solid, never one that others need; tell if any."""
        growth = self.growth
        for _ in range(max(2, growth.n // 25)):
            candidates = growth.removable()
            if len(candidates) == 0:
                return False
            excess = np.maximum(growth.solid / self.goal, 0.1) ** 4
            weight = excess[growth.middle_tenth(growth.axes)[candidates]]
            growth.remove(int(self.rng.choice(candidates, p=weight / weight.sum())))
        return True

    def missing(self) -> float:
        """Solid volume still to be placed [radius^3]."""
        return self.target - float(self.growth.solid.sum())

    def _embedded_count(self) -> int:
        fibres = self.target / (np.pi * self.chord)
        plane = 2 * (1 - self.spec.porosity) * self.growth.box[0] * self.growth.box[1] / (2 * self.chord)
        return max(2, round(min(self.spec.embedded_share * fibres, plane)))

    def _directions(self, n: int) -> Array:
        angle = self.spec.orientation.angles(self.rng, n)
        tilt = np.clip(self.rng.normal(0.0, 1.0, n), -3, 3) * self.spec.tilt
        return np.stack([np.cos(angle) * np.cos(tilt), np.sin(angle) * np.cos(tilt), np.sin(tilt)], axis=1)

    def _embedded(self) -> Batch:
        growth, n = self.growth, 32
        angle = self.spec.orientation.angles(self.rng, n)
        d = np.stack([np.cos(angle), np.sin(angle), np.zeros(n)], axis=1)
        points = self.rng.random((n, 3)) * growth.box
        points[:, 2] = growth.policy.embedded_height
        batch, good = through(points, d, growth.box, growth.policy)
        return batch.take(good)

    def _bonded(self) -> Batch:
        """Candidates at free heights, more of them where solid is lacking."""
        growth = self.growth
        directions = self._directions(PROPOSALS)
        points = random_lines(self.rng, directions, growth.box)
        batch, _ = through(points, directions, growth.box, growth.policy)
        free = free_heights(batch, growth.axes, growth.box, growth.policy)
        z = (np.arange(free.shape[1]) + 0.5) * STEP
        lack = np.maximum(1.0 - growth.solid / self.goal, 0.0) + 1e-3
        middle = batch.entry[:, 2] + 0.5 * batch.length * batch.direction[:, 2]
        candidate, cell = np.nonzero(free)
        layer = ((z[cell] + middle[candidate]) / growth.box[2] * TENTHS).astype(int)
        weight = lack[np.clip(layer, 0, TENTHS - 1)]
        rows, first = np.unique(candidate, return_index=True)
        sums = [np.cumsum(weight[a:b]) for a, b in pairwise([*first, len(weight)])]
        level = self.rng.random(len(rows)) * np.array([s[-1] for s in sums])
        found = [a + np.searchsorted(s, x) for a, s, x in zip(first, sums, level, strict=True)]
        points = points[rows].copy()
        points[:, 2] = z[cell[found]]
        batch, good = through(points, directions[rows], growth.box, growth.policy)
        return batch.take(good)

    def _step(self, batch: Batch) -> bool:
        """Accept what is admissible and useful of a batch, a few at most; tell whether anything was."""
        growth, accepted = self.growth, 0
        while accepted < ACCEPTANCES and len(batch.length):
            good, bonds = growth.admissible(batch)
            if len(good) == 0:
                break
            batch = batch.take(good)
            if self.missing() < 1.6 * np.pi * self.chord:
                return self._finish(batch, bonds) or accepted > 0
            lack = self.goal - growth.solid
            rough = growth.by_tenths(batch)
            gain = (lack**2).sum() - ((lack - rough) ** 2).sum(axis=1)
            if gain.max() <= 0:
                break
            # per length as well: chords across corners are refused, which makes the mean chord too long
            weight = np.maximum(gain / rough.sum(axis=1), 0.0) ** 3 / batch.length
            pick = int(self.rng.choice(len(good), p=weight / weight.sum()))
            growth.accept(
                batch, pick, bonds[pick], growth.volume(batch, pick, [j for j, _, _ in bonds[pick]])
            )
            accepted += 1
        return accepted > 0

    def _finish(self, batch: Batch, bonds: list[list[Bond]]) -> bool:
        """Accept one of the last fibres: the one whose volume is closest to what is missing."""
        growth, missing = self.growth, self.missing()
        lack = self.goal - growth.solid
        gain = (lack**2).sum() - ((lack - growth.by_tenths(batch)) ** 2).sum(axis=1)
        order = np.argsort(-gain)[:12]
        volumes = [growth.volume(batch, int(k), [j for j, _, _ in bonds[k]]) for k in order]
        after = np.array([missing - v.sum() for v in volumes])
        best = int(np.argmin(np.abs(after)))
        if after[best] < -TOLERANCE / 2 * self.volume:
            return False
        growth.accept(batch, int(order[best]), bonds[order[best]], volumes[best])
        return True


def _mat(growth: Growth, radius: float, width: float, depth: float, thickness: float) -> Mat:
    def point(x: Array) -> Vec3:
        return (float(x[0] * radius), float(x[1] * radius), float(x[2] * radius))

    starts, ends = growth.ends(growth.axes)
    fibres = tuple(
        Fibre(start=point(a), end=point(b), radius=radius) for a, b in zip(starts, ends, strict=True)
    )
    return Mat(fibres=fibres, width=width, depth=depth, thickness=thickness)
