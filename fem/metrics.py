"""Numbers derived from current maps: uniformity of a surface, where in depth the current flows.

Statistics use s*j with s = +1 on anode surfaces and -1 on the counter, weighted by true area over the
quadrature points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fem.currents import CurrentMap
from fem.elements import Floats

NOISE = 1e-9  # relative, of current densities


@dataclass(frozen=True, kw_only=True)
class Uniformity:
    """How evenly a surface works; current densities in A/m2.

    mean is signed; cv = std / |mean|; p99 the area-weighted 99 % quantile and gini use max(s j, 0);
    reversed_share is the part of the area where the current runs against the surface's sense.
    """

    mean: float
    maximum: float
    p99: float
    cv: float
    gini: float
    reversed_share: float

    def as_metrics(self, prefix: str) -> dict[str, float]:
        """The result keys of this surface."""
        return {
            f"{prefix}_mean_A_m2": self.mean,
            f"{prefix}_p99_A_m2": self.p99,
            f"{prefix}_max_A_m2": self.maximum,
            f"{prefix}_cv": self.cv,
            f"{prefix}_gini": self.gini,
            f"{prefix}_reversed_share": self.reversed_share,
        }


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """Quadrature values of some surfaces in ascending order: s j (n,) [A/m2] and their areas (n,) [m2]."""

    current_density: Floats
    areas: Floats

    @classmethod
    def of(cls, current_map: CurrentMap) -> Ranking:
        """The ranking of one surface."""
        j = (current_map.sign * current_map.samples).ravel()
        order = np.argsort(j)
        return cls(current_density=j[order], areas=current_map.weights.ravel()[order])

    @classmethod
    def merged(cls, parts: Sequence[Ranking]) -> Ranking:
        """Several surfaces as one: ascending runs are merged, which takes far less than sorting them anew."""
        if len(parts) == 1:
            return parts[0]
        j = np.concatenate([part.current_density for part in parts])
        order = np.argsort(j, kind="stable")
        return cls(current_density=j[order], areas=np.concatenate([part.areas for part in parts])[order])

    def uniformity(self) -> Uniformity:
        """How evenly the surfaces work together."""
        j, area = self.current_density, self.areas
        total = area.sum()
        mean = float((j * area).sum() / total)
        variance = float(((j - mean) ** 2 * area).sum() / total)
        plated, share = np.maximum(j, 0.0), area / total
        cumulative = np.cumsum(plated * share)
        if cumulative[-1] > 0:
            before = np.concatenate(([0.0], cumulative[:-1]))
            gini = 1.0 - float((share * (cumulative + before)).sum() / cumulative[-1])
        else:
            gini = np.nan
        at = np.cumsum(share)
        return Uniformity(
            mean=mean,
            maximum=float(plated[-1]),
            p99=float(plated[min(np.searchsorted(at, 0.99), plated.size - 1)]),
            cv=_but_noise(float(np.sqrt(variance) / abs(mean))) if mean else np.nan,
            gini=_but_noise(gini),
            reversed_share=float(area[: np.searchsorted(j, 0.0)].sum() / total),
        )


def uniformity(current_map: CurrentMap) -> Uniformity:
    """Uniformity of one surface from its quadrature values."""
    return Ranking.of(current_map).uniformity()


def _but_noise(spread: float) -> float:
    """A measure of spread; zero below what Newton's tolerance leaves on an even surface."""
    return 0.0 if abs(spread) < NOISE else spread


@dataclass(frozen=True, kw_only=True)
class DepthProfile:
    """Plating current by height above the anode plane, the fibres' only, and the foil's beside it.

    edges (n+1,) [m]; current (n,) [A] on fibres in each slice; foil [A]; projected_area [m2].
    """

    edges: Floats
    current: Floats
    foil: float
    projected_area: float

    @property
    def current_per_height(self) -> Floats:
        """q(z) (n,) [A/m3]: fibre current per projected area and height."""
        return self.current / np.diff(self.edges) / self.projected_area

    @property
    def total(self) -> float:
        """Fibres and foil together [A]."""
        return float(self.current.sum()) + self.foil

    def height_above_which(self, share: float) -> float:
        """Greatest height z [m] above which this share of all current (foil included) flows; 0.5: z50."""
        above = np.append(np.cumsum(self.current[::-1])[::-1], 0.0) / self.total
        enough = np.flatnonzero(above >= share)
        if not enough.size:
            return float(self.edges[0])
        k = enough[-1]
        part = (above[k] - share) / (above[k] - above[k + 1])
        return float(self.edges[k] + part * (self.edges[k + 1] - self.edges[k]))


def depth_profile(
    fibres: Sequence[CurrentMap],
    foil: Sequence[CurrentMap],
    bottom: float,
    top: float,
    projected_area: float,
    slices: int = 50,
) -> DepthProfile:
    """Bin the fibres' current by height between bottom and top [m], at the quadrature points."""
    edges = np.linspace(bottom, top, slices + 1)
    current = np.zeros(slices)
    for part in fibres:
        z = np.clip(part.heights.ravel(), bottom, top)
        weights = (part.samples * part.weights).ravel()
        current += np.histogram(z, bins=slices, range=(bottom, top), weights=weights)[0]  # of equal height
    return DepthProfile(
        edges=edges, current=current, foil=sum(m.current for m in foil), projected_area=projected_area
    )


def top_bottom_ratio(profile: DepthProfile) -> float:
    """Fibre current in the top tenth of the mat over that in the bottom tenth.

    Of currents, not of current densities: a tenth with less fibre area carries less. It is 0 where the top
    tenth holds no fibre, and NaN where the bottom tenth carries no current.
    """
    tenth = max(1, round(len(profile.current) / 10))
    bottom = float(profile.current[:tenth].sum())
    return float(profile.current[-tenth:].sum()) / bottom if bottom else np.nan
