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
            for i in range(len(unknowns)):
                for j in range(i):
                    values.append(np.einsum("dqn,dqn,qn->n", gradients[i], gradients[j], weights))
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

    def matrix(self) -> sp.csr_matrix:
        """K (n, n) as CSR, symmetric, with rows that sum to zero."""
        upper = sp.coo_matrix((self.values, (self.rows, self.cols)), shape=(self.size, self.size)).tocsr()
        full = (upper + upper.T).tocsr()
        return (full - sp.diags(np.asarray(full.sum(axis=1)).ravel())).tocsr()
