"""Smoothed-aggregation multigrid for scalar diffusion with large contrasts.

P. Vanek, J. Mandel, M. Brezina, Computing 56 (1996) 179, doi:10.1007/BF02238511. Set-up in double precision
on the strong part of each matrix: without its weak entries the prolongation stays sparse, and the coarse
matrices with it (all levels together hold about a quarter more entries than the finest). The cycle runs in
single precision or less (fem/sliced.py), since it is a preconditioner. Smoother: Chebyshev polynomials
of the fourth kind, which need products with the matrix alone and no guess of the lower end of the spectrum
(J. Lottes, Numer. Linear Algebra Appl. 30 (2023) e2518, doi:10.1002/nla.2518).
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
from fem.lane_kernels import multiply, smooth
from fem.sliced import Packed, Sliced

Single = NDArray[np.float32]
Cycle = Callable[[Floats], Floats]
"""r -> an approximate solution of A x = r."""

STRENGTH = 0.05  # theta: entries with a_ij^2 < theta^2 a_ii a_jj are weak
REACH = 1.15  # of the smoothers beyond Gershgorin's bound, which is loose by a tenth or more
COARSEST = 300  # unknowns that are solved directly
MOST_LEVELS = 12
# Smoother before and after the coarse correction: two steps, change_k = KEEP change_{k-1} + GAINS[k] D r
KEEP, GAINS = np.float32(1 / 5), (np.float32(4 / 3), np.float32(12 / 5))
ZERO = np.float32(0)


@dataclass(frozen=True, kw_only=True)
class Level:
    """One grid: matrix, row scaling and the transfer to the next coarser one."""

    matrix: Packed
    scaling: Single
    prolongation: Sliced
    restriction: Sliced


def cycle(matrix: sp.csr_matrix) -> Cycle:
    """One symmetric cycle for a symmetric positive definite matrix (n, n)."""
    levels: list[Level] = []
    while matrix.shape[0] > COARSEST and len(levels) < MOST_LEVELS:
        level, matrix = _coarsen(matrix)
        levels.append(level)
    return partial(_apply, tuple(levels), spla.splu(matrix.tocsc()) if matrix.shape[0] else None)


def _coarsen(matrix: sp.csr_matrix) -> tuple[Level, sp.csr_matrix]:
    """A level and the Galerkin matrix of the next one."""
    strong = _strong_part(matrix)
    groups = standard_aggregation(strong)[0].astype(np.float64)
    if not groups.nnz:  # no two unknowns are strongly connected: the smoother suffices
        groups = sp.csr_matrix((matrix.shape[0], 0))
    prolongation = (groups - sp.diags(4 / 3 * _scaling(strong)) @ (strong @ groups)).tocsr()
    restriction = prolongation.T.tocsr()
    coarse = (restriction @ (matrix @ prolongation)).tocsr()
    level = Level(
        matrix=Packed.of(matrix),
        scaling=_scaling(matrix).astype(np.float32),
        prolongation=Sliced.of(prolongation, np.float32),
        restriction=Sliced.of(restriction, np.float32),
    )
    return level, coarse


def _strong_part(matrix: sp.csr_matrix) -> sp.csr_matrix:
    """The matrix without its weak entries, which are added to the diagonal: row sums are kept."""
    n, diagonal = matrix.shape[0], matrix.diagonal()
    row = np.repeat(np.arange(n, dtype=matrix.indices.dtype), np.diff(matrix.indptr))
    size = np.sqrt(STRENGTH * diagonal)
    keep = (np.abs(matrix.data) >= size[row] * size[matrix.indices]) | (row == matrix.indices)
    weak = np.bincount(row, np.where(keep, 0.0, matrix.data), n)
    data = matrix.data[keep]
    row, column = row[keep], matrix.indices[keep]
    data[row == column] += weak
    start = np.concatenate(([0], np.cumsum(np.bincount(row, minlength=n))))
    return sp.csr_matrix((data, column, start), shape=matrix.shape)


def _scaling(matrix: sp.csr_matrix) -> Floats:
    """REACH / sum_j |a_ij| (n,): scaled with it the matrix has no eigenvalue above REACH (Gershgorin), and in
    fact hardly one above 1. Zero for a row of zeros, as weak entries leave it when they cancel."""
    total = np.add.reduceat(np.abs(matrix.data), matrix.indptr[:-1])
    return np.divide(REACH, total, out=np.zeros_like(total), where=total > 0)


def _apply(levels: tuple[Level, ...], coarsest: spla.SuperLU | None, r: Floats) -> Floats:
    size = float(np.abs(r).max(initial=0.0))
    if not (0.0 < size < np.inf):
        return r.copy()
    return _descend(levels, coarsest, (r / size).astype(np.float32)).astype(np.float64) * size


def _descend(levels: tuple[Level, ...], coarsest: spla.SuperLU | None, r: Single) -> Single:
    """x (n,) of one cycle; r is overwritten."""
    if not levels:
        return r if coarsest is None else coarsest.solve(r.astype(np.float64)).astype(np.float32)
    level, below = levels[0], levels[1:]
    matrix, scaling = level.matrix, level.scaling
    first = GAINS[0] * scaling * r
    x, change = first.copy(), np.empty_like(r)
    matrix.run(smooth, scaling, first, KEEP, GAINS[1], change, x, r)
    matrix.run(smooth, scaling, change, ZERO, ZERO, first, x, r)
    restricted = np.empty(level.restriction.n_rows, dtype=np.float32)
    level.restriction.run(multiply, r, restricted)
    level.prolongation.run(multiply, _descend(below, coarsest, restricted), change)
    x += change
    matrix.run(smooth, scaling, change, ZERO, GAINS[0], first, x, r)
    matrix.run(smooth, scaling, first, KEEP, GAINS[1], change, x, r)
    return x
