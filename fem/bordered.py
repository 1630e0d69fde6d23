"""Sparse matrices with a few borders, the systems of Newton's method.

Each Newton step solves
    [ A  B ] [x]   [f]
    [ C  D ] [y] = [g],     A (n, n) sparse, B (n, m), C (m, n) and D (m, m) dense with m of the order of 1,
where y are the scalar unknowns (one constant per salt compartment, the counter's potential). Each system
brings its own preconditioner (fem/preconditioners.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import scipy.sparse as sp

from fem.elements import Floats
from fem.kernels import Rows, add_products
from fem.lane_kernels import multiply
from fem.multigrid import Cycle
from fem.sliced import Sliced


class Preconditioner(Protocol):
    """An approximate inverse of a bordered matrix: an expensive part to keep, and a cheap one made anew."""

    def prepare(self) -> Any:
        """Hierarchies and border responses, which serve later systems as well."""
        ...

    def bind(self, kept: Any) -> Cycle:
        """r -> z (n + m,), with what was kept from this or an earlier system."""
        ...


@dataclass(frozen=True, kw_only=True)
class BorderedSystem:
    """The matrix of one Newton step, see the module's docstring.

    is_singular: A alone is singular, only with its borders is the matrix regular. slices: a matrix of the
    same pattern, where its slices are kept from one system to the next.
    """

    matrix: sp.csr_matrix
    columns: Floats  # B (n, m)
    rows: Floats  # C (m, n)
    corner: Floats  # D (m, m)
    preconditioner: Preconditioner
    is_singular: bool = False
    slices: Sliced | None = None

    @cached_property
    def _sliced(self) -> Sliced:
        if self.slices is None:
            return Sliced.of(self.matrix, np.float64)
        self.slices.fill(self.matrix.data)
        return self.slices

    @cached_property
    def _shared(self) -> Rows:
        return Rows.of(self.matrix)

    def apply(self, z: Floats) -> Floats:
        """The bordered matrix times z = [x, y]."""
        n = self.matrix.shape[0]
        x, y = np.ascontiguousarray(z[:n]), z[n:]
        out = np.empty(z.size)
        self._sliced.run(multiply, x, out)
        out[:n] += self.columns @ y
        out[n:] = self.rows @ x + self.corner @ y
        return out

    def apply_to_all(self, vectors: Floats) -> Floats:
        """The bordered matrix times several vectors (n + m, k) at once."""
        n = self.matrix.shape[0]
        x, y = vectors[:n], vectors[n:]
        out = np.empty_like(vectors)
        out[:n] = self.columns @ y
        self._shared.run(add_products, x, out)
        out[n:] = self.rows @ x + self.corner @ y
        return out
