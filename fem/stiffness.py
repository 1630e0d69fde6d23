"""The operator of int a grad u . grad v with coefficients that never change, as conductances between
unknowns.

Since the rows of a stiffness matrix sum to zero, K x can be written with differences only: (K x)_i = sum_j
K_ij (x_j - x_i). That form is exact for constants and antisymmetric, so currents are conserved to round-off
however large a potential offset is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from fem.elements import Elements, Floats, Ints, scatter


@dataclass(frozen=True, kw_only=True)
class Stiffness:
    """int a grad u . grad v as conductances K_ij between unknowns: rows, cols (row < col), values."""

    size: int
    rows: Ints
    cols: Ints
    values: Floats

    @classmethod
    def assemble(cls, size: int, *parts: tuple[Elements, Ints, Floats]) -> Stiffness:
        """Sum of parts (elements, their unknowns (n_local, n), coefficient a (n,) of each element)."""
        values, first, second = [], [], []
        for elements, unknowns, coefficient in parts:
            weights, gradients = elements.weights, elements.gradients
            if gradients.shape[2] == 1:
                weights = weights.sum(0, keepdims=True)
            weights = weights * coefficient
            for i in range(1, len(unknowns)):
                weighted = gradients[i] * weights
                for j in range(i):
                    values.append(np.einsum("dqn,dqn->n", weighted, gradients[j]))
                    first.append(unknowns[i])
                    second.append(unknowns[j])
        one, other = np.concatenate(first), np.concatenate(second)
        low, high = np.minimum(one, other), np.maximum(one, other)
        upper = sp.coo_matrix((np.concatenate(values), (low, high)), shape=(size, size)).tocsr().tocoo()
        return cls(
            size=size, rows=upper.row.astype(np.int64), cols=upper.col.astype(np.int64), values=upper.data
        )

    def apply(self, x: Floats, low: Floats | None = None) -> Floats:
        """K (x + low) (n,) by differences along edges: constants cancel exactly, the sum over rows is zero.

        low (n,) holds digits of x beyond double precision: neighbours differ little, so x_j - x_i is exact.
        """
        difference = x[self.cols] - x[self.rows]
        if low is not None:
            difference += low[self.cols] - low[self.rows]
        flux = self.values * difference
        return scatter(self.rows, flux, self.size) - scatter(self.cols, flux, self.size)

    def entries(self, number: Ints) -> tuple[Ints, Ints, Floats]:
        """Rows, columns and values (n,) of the symmetric matrix K, each place once; its rows sum to zero.

        number (size,) renumbers the unknowns; those with a negative one are left out of rows and columns.
        """
        diagonal = -scatter(self.rows, self.values, self.size) - scatter(self.cols, self.values, self.size)
        every = np.flatnonzero(diagonal)
        rows = number[np.concatenate((self.rows, self.cols, every))]
        cols = number[np.concatenate((self.cols, self.rows, every))]
        values = np.concatenate((self.values, self.values, diagonal[every]))
        free = (rows >= 0) & (cols >= 0)
        return rows[free], cols[free], values[free]

    def matrix(self) -> sp.csr_matrix:
        """K (n, n) as CSR, symmetric, with rows that sum to zero."""
        rows, cols, values = self.entries(np.arange(self.size))
        return sp.coo_matrix((values, (rows, cols)), shape=(self.size, self.size)).tocsr()
