"""Uniformity, depth profile and joined maps on synthetic data with closed forms."""

from __future__ import annotations

from dataclasses import astuple
from functools import partial
from math import exp, log, sqrt

import numpy as np
import pytest

from fem import CurrentMap, DepthProfile, kernels, uniformity
from fem.currents import join
from fem.elements import Floats
from fem.metric_kernels import BLOCK, ascending, extremes
from fem.metrics import depth_profile, top_bottom_density_ratio, top_bottom_ratio


def _map(j: Floats, area: Floats | float, *, sign: int = 1, z: Floats | None = None) -> CurrentMap:
    """One quadrature point per facet: j [A/m2] on areas [m2] at heights z [m]."""
    j = np.asarray(j, dtype=float)
    areas = np.broadcast_to(np.asarray(area, dtype=float), j.shape).copy()
    heights = np.zeros_like(j) if z is None else z
    return CurrentMap(
        name="fibre_surface",
        sign=sign,
        facets=np.arange(j.size),
        areas=areas,
        centroids=np.zeros((3, j.size)),
        current_density=j,
        overpotential=-j,
        samples=j[None],
        weights=areas[None],
        heights=heights[None],
    )


def _ramp(n: int = 100_000) -> Floats:
    """Midpoints of n equal parts of (0, 1)."""
    return (np.arange(n) + 0.5) / n


def test_uniform_current_is_uniform() -> None:
    """cv = gini = 0, p99 = max = mean, whatever the facets' areas."""
    random = np.random.default_rng(0)
    result = uniformity(_map(np.full(50, 7.0), random.uniform(0.1, 2.0, 50)))
    assert result.mean == pytest.approx(7.0, rel=1e-14)
    assert result.maximum == result.p99 == 7.0
    assert abs(result.cv) < 1e-14
    assert abs(result.gini) < 1e-14
    assert result.reversed_share == 0


def test_linear_current() -> None:
    """j uniform on (0, 1): mean 1/2, cv 1/sqrt 3, Gini 1/3, p99 0.99."""
    result = uniformity(_map(_ramp(), 1.0))
    assert result.mean == pytest.approx(0.5, rel=1e-9)
    assert result.cv == pytest.approx(1 / sqrt(3), rel=1e-6)
    assert result.gini == pytest.approx(1 / 3, rel=1e-6)
    assert result.p99 == pytest.approx(0.99, abs=2e-5)
    assert result.maximum == pytest.approx(1.0, abs=1e-5)


def test_exponential_current() -> None:
    """j = exp(-z/l) on 0 < z < 1, as in a thick mat: moments in closed form, Gini by exact integration."""
    l = 0.2
    decay = exp(-1 / l)
    result = uniformity(_map(np.exp(-_ramp() / l), 1.0))
    mean, square = l * (1 - decay), l / 2 * (1 - decay**2)
    assert result.mean == pytest.approx(mean, rel=1e-6)
    assert result.cv == pytest.approx(sqrt(square / mean**2 - 1), rel=1e-6)
    # Lorenz curve from the small end: L(p) = (e^{p/l} - 1)/(e^{1/l} - 1); Gini = 1 - 2 int L
    lorenz = (l * (exp(1 / l) - 1) - 1) / (exp(1 / l) - 1)
    assert result.gini == pytest.approx(1 - 2 * lorenz, rel=1e-6)
    assert result.p99 == pytest.approx(exp(-0.01 / l), rel=1e-4)


@pytest.mark.parametrize("share", [0.5, 0.1, 0.01])
def test_two_levels(share: float) -> None:
    """All current on a share s of the area: Gini 1 - s, cv sqrt(1/s - 1)."""
    result = uniformity(_map(np.array([0.0, 3.0]), np.array([1 - share, share])))
    assert result.mean == pytest.approx(3 * share)
    assert result.gini == pytest.approx(1 - share)
    assert result.cv == pytest.approx(sqrt(1 / share - 1))


def test_statistics_weigh_by_area() -> None:
    """A facet of twice the area counts as two facets; catches averages over facets."""
    j = np.array([1.0, 2.0, 5.0])
    one = uniformity(_map(j, np.array([1.0, 2.0, 3.0])))
    other = uniformity(_map(np.repeat(j, [1, 2, 3]), 1.0))
    for name in ("mean", "cv", "gini", "maximum", "reversed_share"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-13), name


def test_splitting_facets_changes_nothing() -> None:
    """Gini of a step function must not depend on how finely it is sampled."""
    coarse = uniformity(_map(np.array([1.0, 4.0]), 1.0))
    fine = uniformity(_map(np.repeat([1.0, 4.0], 1000), 1e-3))
    assert fine.gini == pytest.approx(coarse.gini, rel=1e-12)
    assert fine.p99 == coarse.p99 == 4.0


def test_reversed_current_is_reported_and_not_hidden() -> None:
    """A quarter of the area strips: the mean is signed, Gini and p99 see the plating part only."""
    result = uniformity(_map(np.array([-2.0, 2.0, 2.0, 2.0]), 1.0))
    assert result.mean == pytest.approx(1.0)
    assert result.reversed_share == 0.25
    assert result.cv == pytest.approx(sqrt(3.0))
    assert result.gini == pytest.approx(0.25)
    assert result.p99 == result.maximum == 2.0


def test_counter_counts_stripping_as_its_sense() -> None:
    """On the counter j < 0 while charging: sign -1 turns it, so that nothing there is 'reversed'."""
    anode = uniformity(_map(np.array([1.0, 3.0]), 1.0))
    counter = uniformity(_map(np.array([-1.0, -3.0]), 1.0, sign=-1))
    assert counter == anode
    assert uniformity(_map(np.array([-1.0, -3.0]), 1.0)).reversed_share == 1.0


def test_surface_without_plating_has_no_gini() -> None:
    """All current reversed: Gini is undefined, not 0."""
    result = uniformity(_map(np.array([-1.0, -2.0]), 1.0))
    assert np.isnan(result.gini)
    assert result.maximum == 0


def test_keys_carry_units() -> None:
    """Result keys of a surface."""
    assert set(uniformity(_map(np.ones(2), 1.0)).as_metrics("foil")) == {
        "foil_mean_A_m2", "foil_p99_A_m2", "foil_max_A_m2", "foil_cv", "foil_gini", "foil_reversed_share",
    }  # fmt: skip


# --- depth ---

L = 60e-6  # [m]
A = 1e-10  # [m2]


def _profile(j: Floats, foil: float = 0.0, slices: int = 50) -> DepthProfile:
    """Current density j [A/m2] at uniform heights of a mat of thickness L; each point holds an equal area."""
    z = _ramp(j.size) * L
    area = 72 * A / j.size
    flat = [_map(np.array([foil / A]), A)] if foil else []
    return depth_profile([_map(j, area, z=z)], flat, 0.0, L, A, slices=slices)


def test_profile_of_a_uniform_mat() -> None:
    """q constant, z50 at half height, top/bottom 1, and the sum is the current."""
    profile = _profile(np.full(100_000, 2.0))
    assert profile.current.sum() == pytest.approx(2 * 72 * A, rel=1e-12)
    assert profile.current_per_height == pytest.approx(np.full(50, 2 * 72 / L), rel=1e-3)
    assert profile.height_above_which(0.5) == pytest.approx(L / 2, rel=1e-9)
    assert top_bottom_ratio(profile) == pytest.approx(1.0, rel=1e-9)
    assert profile.total == pytest.approx(2 * 72 * A, rel=1e-12)


@pytest.mark.parametrize("depth", [0.1, 0.3, 1.0])
def test_profile_of_an_exponential_mat(depth: float) -> None:
    """q ~ exp(z/(lL)): top/bottom exp(0.9/l), z50 = lL ln[(1 + e^{1/l})/2]."""
    profile = _profile(np.exp((_ramp() - 1) / depth))
    assert top_bottom_ratio(profile) == pytest.approx(exp(0.9 / depth), rel=1e-4)
    assert profile.height_above_which(0.5) / L == pytest.approx(
        depth * log((1 + exp(1 / depth)) / 2), abs=1e-3
    )
    assert profile.height_above_which(0.99) / L == pytest.approx(
        depth * log(0.99 + 0.01 * exp(1 / depth)), abs=2e-3
    )


def test_foil_counts_for_z50_but_not_for_top_and_bottom() -> None:
    """z50 is of mat + foil; 40 % on the foil and a uniform mat put it at L/6; 60 % put it at the foil."""
    uniform = np.full(100_000, 1.0)
    mat = 72 * A
    profile = _profile(uniform, foil=mat * 0.4 / 0.6)
    assert profile.total == pytest.approx(mat / 0.6, rel=1e-12)
    assert profile.height_above_which(0.5) == pytest.approx(L / 6, rel=1e-9)
    assert top_bottom_ratio(profile) == pytest.approx(1.0, rel=1e-9)
    assert _profile(uniform, foil=mat * 1.5).height_above_which(0.5) == 0.0


def test_profile_of_the_porous_electrode() -> None:
    """V4 (Newman-Tobias): the closed profile j(y), binned, against its own integrals; nu = 1.561428."""
    kappa, sigma, nu = 0.8, 5.0, 1.561428
    y = _ramp()
    j = nu / np.sinh(nu) * (np.cosh(nu * y) / kappa + np.cosh(nu * (1 - y)) / sigma) / (1 / kappa + 1 / sigma)
    profile = _profile(j)
    assert profile.current.sum() == pytest.approx(72 * A, rel=1e-6)

    def between(a: float, b: float) -> float:
        rise = (np.sinh(nu * b) - np.sinh(nu * a)) / kappa - (
            np.sinh(nu * (1 - b)) - np.sinh(nu * (1 - a))
        ) / sigma
        return float(rise / np.sinh(nu) / (1 / kappa + 1 / sigma))

    assert top_bottom_ratio(profile) == pytest.approx(between(0.9, 1.0) / between(0.0, 0.1), rel=1e-6)
    z50 = profile.height_above_which(0.5) / L
    assert between(z50, 1.0) == pytest.approx(0.5, abs=1e-4)


def test_points_on_the_edges_are_not_lost() -> None:
    """Quadrature points a rounding error outside the mat's height stay in the first or last slice."""
    z = np.array([-1e-18, 0.0, L, L * (1 + 1e-15)])
    profile = depth_profile([_map(np.ones(4), 1.0, z=z)], [], 0.0, L, A)
    assert profile.current.sum() == 4.0
    assert profile.current[0] == profile.current[-1] == 2.0


def test_density_ratio_leaves_the_fibres_out_of_account() -> None:
    """Twice the current density on a tenth of the area: more lithium grows at the top, less plates there."""
    top = _map(np.full(1, 2.0), 0.1, z=np.full(1, L))
    profile = depth_profile([_map(np.ones(1), 1.0, z=np.zeros(1)), top], [], 0.0, L, A)
    assert top_bottom_ratio(profile) == pytest.approx(0.2, rel=1e-12)
    assert top_bottom_density_ratio(profile) == pytest.approx(2.0, rel=1e-12)


def test_no_fibre_at_the_top_gives_no_density_ratio() -> None:
    profile = depth_profile([_map(np.ones(2), 1.0, z=np.zeros(2))], [], 0.0, L, A)
    assert top_bottom_ratio(profile) == 0.0
    assert np.isnan(top_bottom_density_ratio(profile))


def test_nothing_at_the_bottom_gives_no_ratio() -> None:
    """All current in the top slice: the ratio is undefined, not infinite."""
    profile = depth_profile([_map(np.ones(2), 1.0, z=np.full(2, L))], [], 0.0, L, A)
    assert np.isnan(top_bottom_ratio(profile))


# --- joined maps ---


def test_joined_maps_add_up() -> None:
    """Areas and currents add; the statistics are those of all points together."""
    one, two = _map(np.array([1.0, 2.0]), 1.0), _map(np.array([3.0]), 2.0)
    both = join("anode", [one, two])
    assert both.area == 4.0
    assert both.current == 9.0
    assert uniformity(both) == uniformity(_map(np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 2.0])))


def test_several_surfaces_are_rated_as_the_joined_one() -> None:
    """Catches areas that stay behind when values of several surfaces are sorted together."""
    random = np.random.default_rng(3)
    maps = [_map(random.normal(1.0, 1.0, n), random.uniform(0.1, 2.0, n)) for n in (300, 40, 7)]
    assert astuple(uniformity(*maps)) == pytest.approx(astuple(uniformity(join("anode", maps))), rel=1e-12)


@pytest.mark.parametrize("n", [1, 2, 5000])
@pytest.mark.parametrize("shape", ["even", "close", "far", "equal", "alike"])
def test_the_order_is_that_of_argsort(n: int, shape: str) -> None:
    """Also where nearly all values fall into one class, beside a few that are far away."""
    values = np.random.default_rng(4).normal(size=n)
    values = {
        "even": values,
        "close": 1.0 + 1e-12 * values,
        "far": np.append(values, 1e14),
        "equal": np.full(n, 3.0),
        "alike": values.round(1),
    }[shape]
    np.testing.assert_array_equal(ascending(values), np.argsort(values, kind="stable"))


@pytest.mark.parametrize("threads", [1, 3])
def test_extremes_of_regions_pass_over_what_is_not_a_number(
    threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches cells that fall between blocks, and NaN of conductors that would be extremes."""
    monkeypatch.setattr(kernels, "threads", lambda: threads)
    random = np.random.default_rng(5)
    nodes, cells = random.integers(0, 900, (4, 60_000)), random.permutation(60_000)[:50_001]
    values = np.where(random.random(900) < 0.1, np.nan, random.normal(size=900))
    found = np.empty((-(-cells.size // BLOCK), 2))
    kernels.in_blocks(len(found), partial(extremes, nodes, cells, values, found))
    there = values[nodes[:, cells]]
    assert found[:, 0].min() == np.nanmin(there)
    assert found[:, 1].max() == np.nanmax(there)
