"""Directions that earlier states of a cell span: there, most of a further state is found without a solve.

From one operating point to the next the fields change along few directions: differences of earlier states,
the constants of each body of liquid (its salt moves up and down as a whole), and the scalar unknowns. A
Newton step is first sought among them, z = U y with least |J U y - r|_2; only what they cannot express is
left to the linear solver.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fem.bordered import BorderedSystem
from fem.elements import Floats
from fem.state import State
from fem.system import SteadySystem

EXHAUSTED = 0.3  # of the residual left by the best step of a span, above which it is of no more use
DEPENDENT = 1e-12  # relative, of directions that say nothing new


@dataclass(frozen=True, kw_only=True)
class Span:
    """Orthonormal directions U (n, m) in the unknowns of a Newton step."""

    directions: Floats

    @classmethod
    def of(cls, system: SteadySystem, states: Sequence[State]) -> Span | None:
        """What the states differ by, and the constants and scalars of the system; None if that is nothing."""
        *earlier, last = states
        found = [system.difference(last, state) for state in earlier]
        n = system.free.size
        for compartment in system.spaces.compartments:
            level = np.zeros(last.x.size)
            level[compartment.unknowns] = 1.0
            found.append(np.concatenate((level[system.free], np.zeros(system.n_scalars))))
        for scalar in range(system.n_scalars):
            found.append(np.zeros(n + system.n_scalars))
            found[-1][n + scalar] = 1.0
        lengths = [float(np.linalg.norm(z)) for z in found]
        if not any(lengths):
            return None
        columns = np.column_stack(
            [z / length for z, length in zip(found, lengths, strict=True) if length > 0]
        )
        directions, triangle = np.linalg.qr(columns)
        new = np.abs(np.diagonal(triangle)) > DEPENDENT
        return cls(directions=np.ascontiguousarray(directions[:, new]))

    def step(self, matrix: BorderedSystem, rhs: Floats) -> tuple[Floats, float]:
        """The step z (n,) of least |rhs - matrix z|_2 in the span, and that residual over |rhs|_2.

        By normal equations with two corrections: the directions are orthonormal, so that they are well posed.
        """
        images = matrix.apply_to_all(self.directions)
        scale = np.sqrt(np.einsum("nm,nm->m", images, images))
        images /= np.where(scale > 0, scale, 1.0)
        inverse = np.linalg.pinv(images.T @ images, rcond=DEPENDENT, hermitian=True)
        y, left = np.zeros(scale.size), rhs
        for _ in range(3):
            y += inverse @ (images.T @ left)
            left = rhs - images @ y
        size = max(float(np.linalg.norm(rhs)), np.finfo(float).tiny)
        return self.directions @ (y / np.where(scale > 0, scale, 1.0)), float(np.linalg.norm(left)) / size
