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
from fem.metric_kernels import ascending, lorenz

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


def uniformity(*maps: CurrentMap) -> Uniformity:
    """How evenly some surfaces work together, from their quadrature values."""
    j = np.concatenate([(part.sign * part.samples).ravel() for part in maps])
    area = np.concatenate([part.weights.ravel() for part in maps])
    order, total = ascending(j), area.sum()
    mean = float((j * area).sum() / total)
    variance = float(((j - mean) ** 2 * area).sum() / total)
    plated = float((np.maximum(j, 0.0) * area).sum())
    under, at_p99 = lorenz(order, j, area)
    return Uniformity(
        mean=mean,
        maximum=max(float(j[order[-1]]), 0.0),
        p99=max(float(j[order[at_p99]]), 0.0),
        cv=_but_noise(float(np.sqrt(variance) / abs(mean))) if mean else np.nan,
        gini=_but_noise(1.0 - 2.0 * float(under / (total * plated))) if plated > 0 else np.nan,
        reversed_share=float(area[j < 0].sum() / total),
    )


def _but_noise(spread: float) -> float:
    """A measure of spread; zero below what Newton's tolerance leaves on an even surface."""
    return 0.0 if abs(spread) < NOISE else spread


@dataclass(frozen=True, kw_only=True)
class DepthProfile:
    """Plating current by height above the anode plane, the fibres' only, and the foil's beside it.

    edges (n+1,) [m]; current (n,) [A] on fibres and their area (n,) [m2] in each slice; foil [A];
    projected_area [m2].
    """

    edges: Floats
    current: Floats
    area: Floats
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
    current, area = np.zeros((2, slices))
    for part in fibres:
        z = np.clip(part.heights.ravel(), bottom, top)
        for total, weights in ((current, part.samples * part.weights), (area, part.weights)):
            total += np.histogram(z, bins=slices, range=(bottom, top), weights=weights.ravel())[0]
    return DepthProfile(
        edges=edges,
        current=current,
        area=area,
        foil=sum(m.current for m in foil),
        projected_area=projected_area,
    )


def top_bottom_ratio(profile: DepthProfile) -> float:
    """Fibre current in the top tenth of the mat over that in the bottom tenth.

    Of currents, not of current densities: a tenth with less fibre area carries less. It is 0 where the top
    tenth holds no fibre, and NaN where the bottom tenth carries no current.
    """
    bottom, top = _tenths(profile.current)
    return top / bottom if bottom else np.nan


def top_bottom_density_ratio(profile: DepthProfile) -> float:
    """Mean current density on the fibres of the top tenth over that of the bottom tenth; NaN where a tenth
    has no fibre. Above 1 lithium grows faster towards the separator, wherever the fibres lie."""
    bottom, top = _tenths(profile.area)
    return top_bottom_ratio(profile) * bottom / top if top else np.nan


def _tenths(by_slice: Floats) -> tuple[float, float]:
    """Sums over the bottom and the top tenth of the slices."""
    tenth = max(1, round(len(by_slice) / 10))
    return float(by_slice[:tenth].sum()), float(by_slice[-tenth:].sum())
