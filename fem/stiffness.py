"""The operator of int a grad u . grad v with coefficients that never change, as conductances between
unknowns.

Since the rows of a stiffness matrix sum to zero, K x can be written with differences only: (K x)_i = sum_j
K_ij (x_j - x_i). That form is exact for constants and antisymmetric, so currents are conserved to round-off
however large a potential offset is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import scipy.sparse as sp

from fem.assembly_kernels import conductances
from fem.elements import Elements, Floats
from fem.kernels import Rows, add_differences, in_threads
from fem.pattern import Cliques, Pattern


@dataclass(frozen=True, kw_only=True)
class Stiffness:
    """int a grad u . grad v as a symmetric matrix K whose rows sum to zero: values (n,) of a pattern.

    K_ij and K_ji are the same number to the last digit.
    """

    pattern: Pattern
    values: Floats

    @classmethod
    def assemble(cls, size: int, *parts: tuple[Elements, Floats]) -> Stiffness:
        """Sum of parts (elements, coefficient a (n,) of each), on a pattern of its own."""
        cliques = Cliques.of(size, [elements.dofs for elements, _ in parts])
        return cls.on(cliques, dict(enumerate(parts)))

    @classmethod
    def on(cls, cliques: Cliques, parts: Mapping[int, tuple[Elements, Floats]]) -> Stiffness:
        """Sum of parts (elements, coefficient a (n,) of each), by the block of cliques that the elements are.

        The pattern is that of all cliques, or without any entry if no part has elements.
        """
        if not any(coefficient.size for _, coefficient in parts.values()):
            return cls(pattern=Pattern.empty(cliques.size), values=np.zeros(0))
        values = np.zeros(cliques.pattern.indices.size)
        for block, (elements, coefficient) in parts.items():
            k, n = elements.dofs.shape
            local = np.empty((n, k * (k - 1) // 2))
            part = elements.gradients, elements.weights, np.ascontiguousarray(coefficient)
            in_threads(n, partial(conductances, *part, local))
            cliques.add(values, block, local)
        return cls(pattern=cliques.pattern, values=values)

    def apply(self, x: Floats, low: Floats | None = None) -> Floats:
        """K (x + low) (n,) by differences along edges: constants cancel exactly, the sum over rows is zero.

        low (n,) holds digits of x beyond double precision: neighbours differ little, so x_j - x_i is exact.
        """
        out = np.empty_like(x)
        self._rows.run(add_differences, x, np.zeros(1) if low is None else low, out)
        return out

    @cached_property
    def _rows(self) -> Rows:
        return Rows.of(self.matrix)

    @cached_property
    def matrix(self) -> sp.csr_matrix:
        """K (n, n) as CSR."""
        return self.pattern.matrix(self.values)

    @property
    def largest(self) -> float:
        """The largest conductance [S] between two unknowns."""
        between = self.pattern.indices != self.pattern.rows
        return float(np.abs(self.values[between]).max(initial=0.0))
