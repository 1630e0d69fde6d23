"""Flexible GMRES: Y. Saad, SIAM J. Sci. Comput. 14 (1993) 461, doi:10.1137/0914028.

Flexible, since a preconditioner in single precision is linear up to its rounding only; and right
preconditioned, so that the residual that is watched is that of the system itself.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fem.elements import Floats
from fem.kernels import in_blocks
from fem.vector_kernels import BLOCK, products, subtract

Operator = Callable[[Floats], Floats]
SLACK = 1.01  # on the true residual, where rounding parts it from the one of the small problem
ORTHOGONAL = 0.1  # part of its length that a vector must keep, or it is made orthogonal once more


class Memory:
    """Room for the vectors of a solver, kept from one solve to the next: new pages cost much."""

    def __init__(self) -> None:
        self._room: dict[str, NDArray[np.generic]] = {}

    def room(self, name: str, shape: tuple[int, int], dtype: type[np.generic]) -> NDArray[Any]:
        """An array of a shape and a type with any content."""
        found = self._room.get(name)
        if found is None or found.shape != shape:
            found = self._room[name] = np.empty(shape, dtype)
        return found


def fgmres(
    apply: Operator,
    precondition: Operator,
    rhs: Floats,
    *,
    rtol: float,
    restart: int,
    max_iterations: int,
    memory: Memory | None = None,
) -> tuple[Floats, int, bool]:
    """(z, iterations, converged) with |rhs - A z| <= rtol |rhs| in the Euclidean norm, from z = 0."""
    z, residual, count = np.zeros_like(rhs), rhs, 0
    length = float(np.linalg.norm(rhs))
    aim = rtol * length
    while length > SLACK * aim and count < max_iterations:
        most = min(restart, max_iterations - count)
        change, steps = _cycle(apply, precondition, residual, length, aim, most, memory or Memory())
        z, count = z + change, count + steps
        residual = rhs - apply(z)
        length = float(np.linalg.norm(residual))
    return z, count, length <= SLACK * aim


def _cycle(
    apply: Operator,
    precondition: Operator,
    residual: Floats,
    length: float,
    aim: float,
    most: int,
    memory: Memory,
) -> tuple[Floats, int]:
    """The change of z of least residual over the space of at most `most` preconditioned vectors.

    These are rounded to single precision, which the preconditioner works in; the product is that of what is
    left.
    """
    basis = memory.room("basis", (most + 1, residual.size), np.float64)
    images = memory.room("images", (most, residual.size), np.float32)
    hessenberg = np.zeros((most + 1, most))
    wanted = np.zeros(most + 1)
    wanted[0] = length
    np.divide(residual, length, out=basis[0])
    weights = np.zeros(0)
    for k in range(most):
        images[k] = precondition(basis[k])
        vector = apply(images[k].astype(np.float64))
        before, after = np.inf, float(np.linalg.norm(vector))
        while after < ORTHOGONAL * before and after > 0:
            before = after
            parts, after = _orthogonalise(basis, k + 1, vector)
            hessenberg[: k + 1, k] += parts
        hessenberg[k + 1, k] = after
        if not np.isfinite(after):
            return np.full_like(residual, np.nan), k + 1
        small = hessenberg[: k + 2, : k + 1]
        weights = np.linalg.lstsq(small, wanted[: k + 2], rcond=None)[0]
        if after == 0 or np.linalg.norm(wanted[: k + 2] - small @ weights) <= aim:
            break
        np.divide(vector, after, out=basis[k + 1])
    change = np.zeros_like(residual)
    for weight, image in zip(weights, images, strict=False):
        change += weight * image
    return change, weights.size


def _orthogonalise(basis: Floats, count: int, vector: Floats) -> tuple[Floats, float]:
    """Make a vector (n,) orthogonal to the first ones of a basis: its parts (count,), and the length left."""
    blocks = -(-vector.size // BLOCK)
    found, squares = np.empty((blocks, count)), np.empty(blocks)
    in_blocks(blocks, partial(products, basis, count, vector, found))
    parts = found.sum(0)
    in_blocks(blocks, partial(subtract, basis, parts, vector, squares))
    return parts, float(np.sqrt(squares.sum()))
