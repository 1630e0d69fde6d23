"""Is the Jacobian of a steady system the derivative of its residual? This file has no study of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fem.elements import Floats
from fem.state import State
from fem.system import SteadySystem


def column_error(system: SteadySystem, state: State, scale: float, steps: Floats) -> float:
    """Worst difference of a column of the Jacobian from central differences, over its largest entry.

    scale [A] as in `SteadySystem.jacobian`; steps (n,) by which each unknown [x_free, scalars, V] is moved.
    """
    matrix, worst = system.jacobian(system.residual(state), scale), 0.0
    for j, step in enumerate(steps):
        e = np.zeros(steps.size)
        e[j] = step
        behind, ahead = (
            system.right_hand_side(system.residual(system.step(state, e, sign)), scale)
            for sign in (-1.0, 1.0)
        )
        column = matrix.apply(e)
        error = np.abs(column - (behind - ahead) / 2).max() / np.abs(column).max()
        worst = float(np.maximum(worst, error))
    return worst


def taylor_slopes(
    system: SteadySystem, state: State, direction: Floats, scale: float, fractions: Sequence[float]
) -> Floats:
    """Slopes of ln |R(x + s z) - R(x) - s J z|_1 in ln s between consecutive fractions s: 2 where J = R'."""
    residual = system.residual(state)
    change = system.jacobian(residual, scale).apply(direction)
    before = system.right_hand_side(residual, scale)
    left = []
    for s in fractions:
        after = system.right_hand_side(system.residual(system.step(state, direction, s)), scale)
        left.append(np.abs(before - after - s * change).sum())
    return np.diff(np.log(left)) / np.diff(np.log(fractions))
