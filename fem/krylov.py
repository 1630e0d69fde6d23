"""Flexible GMRES: Y. Saad, SIAM J. Sci. Comput. 14 (1993) 461, doi:10.1137/0914028.

Flexible, since a preconditioner in single precision is linear up to its rounding only; and right
preconditioned, so that the residual that is watched is that of the system itself.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fem.elements import Floats

Operator = Callable[[Floats], Floats]
SLACK = 1.01  # on the true residual, where rounding parts it from the one of the small problem
ORTHOGONAL = 0.1  # part of its length that a vector must keep, or it is made orthogonal once more


def fgmres(
    apply: Operator, precondition: Operator, rhs: Floats, *, rtol: float, restart: int, max_iterations: int
) -> tuple[Floats, int, bool]:
    """(z, iterations, converged) with |rhs - A z| <= rtol |rhs| in the Euclidean norm, from z = 0."""
    z, residual, count = np.zeros_like(rhs), rhs, 0
    length = float(np.linalg.norm(rhs))
    aim = rtol * length
    while length > SLACK * aim and count < max_iterations:
        most = min(restart, max_iterations - count)
        change, steps = _cycle(apply, precondition, residual, length, aim, most)
        z, count = z + change, count + steps
        residual = rhs - apply(z)
        length = float(np.linalg.norm(residual))
    return z, count, length <= SLACK * aim


def _cycle(
    apply: Operator, precondition: Operator, residual: Floats, length: float, aim: float, most: int
) -> tuple[Floats, int]:
    """The change of z of least residual over the space of at most `most` preconditioned vectors."""
    basis = np.empty((most + 1, residual.size))
    images = np.empty((most, residual.size))
    hessenberg = np.zeros((most + 1, most))
    wanted = np.zeros(most + 1)
    wanted[0] = length
    basis[0] = residual / length
    weights = np.zeros(0)
    for k in range(most):
        images[k] = precondition(basis[k])
        vector = apply(images[k])
        before, after = np.inf, float(np.linalg.norm(vector))
        while after < ORTHOGONAL * before and after > 0:
            parts = basis[: k + 1] @ vector
            vector = vector - parts @ basis[: k + 1]
            hessenberg[: k + 1, k] += parts
            before, after = after, float(np.linalg.norm(vector))
        hessenberg[k + 1, k] = after
        if not np.isfinite(after):
            return np.full_like(residual, np.nan), k + 1
        small = hessenberg[: k + 2, : k + 1]
        weights = np.linalg.lstsq(small, wanted[: k + 2], rcond=None)[0]
        if after == 0 or np.linalg.norm(wanted[: k + 2] - small @ weights) <= aim:
            break
        basis[k + 1] = vector / after
    return weights @ images[: weights.size], weights.size
