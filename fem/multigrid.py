"""Smoothed-aggregation multigrid for scalar diffusion with large contrasts.

P. Vanek, J. Mandel, M. Brezina, Computing 56 (1996) 179, doi:10.1007/BF02238511. Set-up in double precision
on the strong part of each matrix: without its weak entries the prolongation stays sparse, and the coarse
matrices with it (all levels together hold about a quarter more entries than the finest). The cycle runs in
single precision or less (fem/sliced.py), since it is a preconditioner. It corrects on the coarser level
first and smooths afterwards only. Each coarser level takes two cycles, combined for the least error in energy
(Y. Notay, P. S. Vassilevski, Numer. Linear Algebra Appl. 15 (2008) 473, doi:10.1002/nla.542), so that the
number of iterations does not grow with that of levels. Smoother: Chebyshev polynomials of the fourth kind,
which need products with the matrix alone and no guess of the lower end of the spectrum (J. Lottes, Numer.
Linear Algebra Appl. 30 (2023) e2518, doi:10.1002/nla.2518).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as spla
from numpy.typing import NDArray
from pyamg.aggregation import standard_aggregation

from fem.elements import Floats
from fem.kernels import in_threads
from fem.lane_kernels import multiply, multiply_packed, smooth
from fem.sliced import Packed, Sliced
from fem.vector_kernels import strong_rows

Single = NDArray[np.float32]
Cycle = Callable[[Floats], Floats]
"""r -> an approximate solution of A x = r."""

STRENGTH = 0.05  # theta: entries with a_ij^2 < theta^2 a_ii a_jj are weak
SMOOTHED = 0.01  # the same for what the smoother of the finest level leaves out: a third of all entries
REACH = 1.1  # of the smoothers beyond Gershgorin's bound, which is loose by a tenth
COARSEST = 500  # unknowns that are solved directly
MOST_LEVELS = 12
# Smoother: change_k = keep_k change_{k-1} + gain_k D r
STEPS = tuple((np.float32(a), np.float32(b)) for a, b in ((0, 4 / 3), (1 / 5, 12 / 5), (3 / 7, 20 / 7)))


@dataclass(frozen=True, kw_only=True)
class Level:
    """One grid: matrix, row scaling and the transfer to the next coarser one."""

    matrix: Packed
    scaling: Single
    prolongation: Sliced
    restriction: Sliced


def cycle(matrix: sp.csr_matrix) -> Cycle:
    """One cycle for a symmetric positive definite matrix (n, n); neither symmetric nor quite linear."""
    levels: list[Level] = []
    while matrix.shape[0] > COARSEST and len(levels) < MOST_LEVELS:
        level, matrix = _coarsen(matrix, _strong_part(matrix, SMOOTHED) if not levels else matrix)
        levels.append(level)
    return partial(_apply, tuple(levels), spla.splu(matrix.tocsc()) if matrix.shape[0] else None)


def _coarsen(matrix: sp.csr_matrix, smoothed: sp.csr_matrix) -> tuple[Level, sp.csr_matrix]:
    """A level, with the matrix that its smoother takes, and the Galerkin matrix of the next one."""
    strong = _strong_part(matrix, STRENGTH)
    groups = standard_aggregation(strong)[0].astype(np.float64)
    if not groups.nnz:  # no two unknowns are strongly connected: the smoother suffices
        groups = sp.csr_matrix((matrix.shape[0], 0))
    prolongation = (groups - sp.diags(4 / 3 * _scaling(strong)) @ (strong @ groups)).tocsr()
    restriction = prolongation.T.tocsr()
    coarse = (restriction @ (matrix @ prolongation)).tocsr()
    level = Level(
        matrix=Packed.of(smoothed),
        scaling=_scaling(smoothed).astype(np.float32),
        prolongation=Sliced.of(prolongation, np.float32),
        restriction=Sliced.of(restriction, np.float32),
    )
    return level, coarse


def _strong_part(matrix: sp.csr_matrix, strength: float) -> sp.csr_matrix:
    """The matrix without entries weaker than `strength`, which go to the diagonal: row sums are kept."""
    size = np.sqrt(strength * matrix.diagonal())
    entries = matrix.indptr, matrix.indices, matrix.data
    parts = in_threads(matrix.shape[0], partial(strong_rows, *entries, size))
    counts, columns, values = (np.concatenate(found) for found in zip(*parts, strict=True))
    start = np.concatenate(([0], np.cumsum(counts)))
    return sp.csr_matrix((values, columns, start), shape=matrix.shape)


def _scaling(matrix: sp.csr_matrix) -> Floats:
    """REACH / sum_j |a_ij| (n,): scaled with it the matrix has no eigenvalue above REACH (Gershgorin), and in
    fact hardly one above 1. Zero for a row of zeros, as weak entries leave it when they cancel."""
    total = np.add.reduceat(np.abs(matrix.data), matrix.indptr[:-1])
    return np.divide(REACH, total, out=np.zeros_like(total), where=total > 0)


def _apply(levels: tuple[Level, ...], coarsest: spla.SuperLU | None, r: Floats) -> Floats:
    size = float(np.abs(r).max(initial=0.0))
    if not (0.0 < size < np.inf):
        return r.copy()
    return _cycle(levels, coarsest, (r / size).astype(np.float32)).astype(np.float64) * size


def _cycle(levels: tuple[Level, ...], coarsest: spla.SuperLU | None, r: Single) -> Single:
    """x (n,) of one cycle; r is overwritten."""
    if not levels:
        return r if coarsest is None else coarsest.solve(r.astype(np.float64)).astype(np.float32)
    level = levels[0]
    restricted = np.empty(level.restriction.n_rows, np.float32)
    change, new = np.empty((2, r.size), np.float32)
    level.restriction.run(multiply, r, restricted)
    level.prolongation.run(multiply, _two_cycles(levels[1:], coarsest, restricted), change)
    x = change.copy()
    for keep, gain in STEPS:
        level.matrix.run(smooth, level.scaling, change, keep, gain, new, x, r)
        change, new = new, change
    return x


def _two_cycles(levels: tuple[Level, ...], coarsest: spla.SuperLU | None, r: Single) -> Single:
    """The combination (n,) of two cycles, the second on what the first leaves, of least error in energy."""
    if not levels:
        return _cycle(levels, coarsest, r)
    matrix = levels[0].matrix
    its_image, image = np.empty((2, r.size), np.float32)
    one = _cycle(levels, coarsest, r.copy())
    matrix.run(multiply_packed, one, its_image)
    energy = one @ its_image
    if not energy > 0:
        return one
    part = (one @ r) / energy
    left = (r - part * its_image).astype(np.float32, copy=False)
    other = _cycle(levels, coarsest, left.copy())
    matrix.run(multiply_packed, other, image)
    common = (other @ its_image) / energy
    other -= common * one
    image -= common * its_image
    energy = other @ image
    more = (other @ left) / energy if energy > 0 else np.float32(0)
    return (part * one + more * other).astype(np.float32, copy=False)
