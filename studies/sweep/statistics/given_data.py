"""Sensitivity indices from points that are already there: how much of an output's variation an input makes.

All of them use the order of an input's values only, so an input enters in the same way as its logarithm, and
points that failed may be left out. x, y: (n,) or x: (n, n_inputs); results are pure numbers.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

HARMONICS = 6
"""M of `first_order`; Tissot and Prieur 2012. More of them add noise, fewer miss steep changes."""
FEWEST = 30
"""Points below which neither a spectrum nor a density says anything."""
CELLS = 100  # in which densities of y are compared


def first_order(x: NDArray, y: NDArray) -> float:
    """First-order Sobol index Var(E[y|x]) / Var(y) by random balance designs on given data.

    Sorted by x up and down again, y is a periodic signal; S = sum_{k<=M} |Y_k|^2 / sum_k |Y_k|^2
    (Tarantola, Gatelli and Mara 2006, Reliab. Eng. Syst. Saf. 91, 717, doi:10.1016/j.ress.2005.06.003;
    Plischke 2010, 95, 354, doi:10.1016/j.ress.2009.11.005), less what noise puts into M harmonics:
    S - l/(1-l) (1-S), l = 2M/n (Tissot and Prieur 2012, 107, 205, doi:10.1016/j.ress.2012.06.010). May come
    out slightly below zero; NaN if y does not vary.
    """
    if np.ptp(y) == 0.0:
        return math.nan
    order = np.argsort(x, kind="stable")
    signal = y[np.concatenate([order[::2], order[1::2][::-1]])]
    power = np.abs(np.fft.rfft(signal - signal.mean())[1:]) ** 2
    if len(y) % 2 == 0:
        power[-1] *= 0.5  # the highest frequency has no mirror image
    share = power[:HARMONICS].sum() / power.sum()
    noise = 2.0 * HARMONICS / len(y)
    return float(share - noise / (1.0 - noise) * (1.0 - share))


def correlation_ratio(x: NDArray, y: NDArray) -> float:
    """Var over levels of the mean of y, over Var(y): the first-order index of a full factorial, exactly.

    eta^2 = sum_l n_l (m_l - m)^2 / sum (y - m)^2, Pearson's correlation ratio; with levels of equal weight it
    is Sobol's index S_i (Sobol' 2001, Math. Comput. Simul. 55, 271, doi:10.1016/S0378-4754(00)00270-6).
    """
    _, level = np.unique(x, return_inverse=True)
    count = np.bincount(level)
    means = np.bincount(level, weights=y) / count
    return float(count @ (means - y.mean()) ** 2 / np.sum((y - y.mean()) ** 2))


def unbiased_ratio(x: NDArray, y: NDArray) -> float:
    """`correlation_ratio` less what chance puts into the means of k levels: 1 - (1 - eta^2)(n - 1)/(n - k).

    Kelley 1935, PNAS 21, 554, doi:10.1073/pnas.21.9.554; NaN where no level has two points.
    """
    n, k = len(y), len(np.unique(x))
    return 1.0 - (1.0 - correlation_ratio(x, y)) * (n - 1) / (n - k) if n > k else math.nan


def classes(n: int) -> int:
    """Classes of x in `delta` for n points: n^(2/(7 + tanh((1500 - n)/500))), at most 48."""
    return min(math.ceil(n ** (2.0 / (7.0 + math.tanh((1500.0 - n) / 500.0)))), 48)


def delta(x: NDArray, y: NDArray) -> float:
    """Borgonovo's delta, 1/2 E_x int |f(y) - f(y|x)| dy: how far knowing x moves the whole distribution of y.

    Between 0 and 1; zero when y does not depend on x, and not where first order alone is blind. No monotone
    scale of y changes it, so the ranks of y are taken, which no skewness stretches. Densities are Gaussian
    kernels of Silverman's width in `classes` of equal counts, so that a strong influence comes out low, below
    1 - 1/classes (0.67 from 64 points), and noise alone gives some 0.1; `shuffled` tells one from the other.
    Borgonovo 2007, Reliab. Eng. Syst. Saf. 92, 771, doi:10.1016/j.ress.2006.04.015; Plischke, Borgonovo and
    Smith 2013, Eur. J. Oper. Res. 226, 536, doi:10.1016/j.ejor.2012.11.047, eq. 26.
    """
    n = len(y)
    values = stats.rankdata(y)
    if np.ptp(values) == 0.0:
        return 0.0
    inner = n * np.linspace(-0.25, 1.25, CELLS - 1)  # kernels reach beyond the ranks
    whole = _masses(values, inner)
    rank = stats.rankdata(x, method="ordinal")
    edges = np.linspace(0, n, classes(n) + 1)
    total = 0.0
    for low, high in itertools.pairwise(edges):
        part = values[(rank > low) & (rank <= high)]
        distance = 2.0  # of a part with one value only: its density shares nothing with that of y
        if np.ptp(part) > 0.0:
            distance = np.abs(whole - _masses(part, inner)).sum()
        total += len(part) / (2.0 * n) * distance
    return min(float(total), 1.0)  # but for rounding


def _masses(values: NDArray, edges: NDArray) -> NDArray:
    """What a mean of Gaussians of width s (3n/4)^(-1/5) on the values has in each cell; the sum is one.

    edges: between the cells, of which the first and the last are open. Silverman 1986, Density Estimation,
    doi:10.1201/9781315140919, section 3.4.
    """
    width = values.std(ddof=1) * (0.75 * len(values)) ** -0.2
    below = special.ndtr((edges[:, None] - values) / width).mean(axis=1)
    return np.diff(below, prepend=0.0, append=1.0)


def rank_regression(x: NDArray, y: NDArray) -> tuple[NDArray, float]:
    """Standardised rank regression coefficients (n_inputs,) and R^2 of the regression.

    Ranks of y on ranks of all inputs, each with mean 0 and deviation 1: the sign says whether y rises with an
    input; to be trusted as far as R^2 is near 1, that is, y monotone and nearly additive (Iman and Conover
    1979, Technometrics 21, 499, doi:10.1080/00401706.1979.10489820).
    """
    inputs = stats.zscore(stats.rankdata(x, axis=0), axis=0)
    output = stats.zscore(stats.rankdata(y))
    coefficients, *_ = np.linalg.lstsq(inputs, output)
    rest = output - inputs @ coefficients
    return coefficients, float(1.0 - rest @ rest / (output @ output))


def resampled(
    index: Callable[[NDArray, NDArray], float], x: NDArray, y: NDArray, *, resamples: int, seed: int
) -> NDArray:
    """The index of so many samples drawn from the points with replacement: its bootstrap distribution.

    Efron 1979, Ann. Stat. 7, 1, doi:10.1214/aos/1176344552. Plischke et al. 2013, eq. 30, take the bias off
    an index I with it: 2 I - mean of these.
    """
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(y), size=(resamples, len(y)))
    return np.array([index(x[chosen], y[chosen]) for chosen in drawn])


def shuffled(
    index: Callable[[NDArray, NDArray], float], x: NDArray, y: NDArray, *, resamples: int, seed: int
) -> float:
    """How often an index at least as large comes from an input that does nothing, by shuffling x: a p-value.

    p = (1 + number of shuffles with I >= I observed) / (1 + resamples) (Phipson and Smyth 2010, Stat. Appl.
    Genet. Mol. Biol. 9, 39, doi:10.2202/1544-6115.1585); never below 1 / (1 + resamples).
    """
    rng = np.random.default_rng(seed)
    seen = index(x, y)
    above = sum(index(rng.permutation(x), y) >= seen for _ in range(resamples))
    return (1.0 + above) / (1.0 + resamples)
