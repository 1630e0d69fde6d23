"""Smoothed-aggregation multigrid of pyamg, set up for scalar diffusion with large contrasts.

P. Vanek, J. Mandel, M. Brezina, Computing 56 (1996) 179, doi:10.1007/BF02238511.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pyamg
import scipy.sparse as sp

from fem.elements import Floats

Cycle = Callable[[Floats], Floats]
"""r -> an approximate solution of A x = r."""


def cycle(matrix: sp.csr_matrix, *, strength: float) -> Cycle:
    """One symmetric V-cycle for a symmetric positive definite matrix; strength is the threshold theta."""
    with _fixed_random_state():
        hierarchy = pyamg.smoothed_aggregation_solver(
            matrix,
            symmetry="symmetric",
            strength=("symmetric", {"theta": strength}),
            presmoother=("gauss_seidel", {"sweep": "forward"}),
            postsmoother=("gauss_seidel", {"sweep": "backward"}),
            improve_candidates=None,
            max_coarse=300,
            coarse_solver="splu",
        )
    # scalar blocks gain nothing from block storage and lose half the speed
    for level in hierarchy.levels:
        level.A = level.A.tocsr()
        for transfer in ("P", "R"):
            if hasattr(level, transfer):
                setattr(level, transfer, getattr(level, transfer).tocsr())
    return hierarchy.aspreconditioner().matvec


@contextmanager
def _fixed_random_state() -> Iterator[None]:
    """pyamg draws start vectors from numpy's global generator: fix them, so that a solve is reproducible."""
    before = np.random.get_state()
    np.random.seed(0)
    try:
        yield
    finally:
        np.random.set_state(before)
