"""The Jacobian of the equilibrated form: one sparsity pattern, filled anew at every Newton step.

With g = di_n/deta and h = di_n/dc at the quadrature points, corner values phi_e = Psi(c(W)) + k and c(W):
    d i_n/d phi_s = g,   d i_n/dW = -g Psi'(W) + h c'(W),   d i_n/dk = -g,   d i_n/dV = g on the counter.
The stiffness of sigma and 1/N_M never changes; only surface terms are added to it. k and V are borders.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from fem.interface import ReactingSurface, SurfaceState, load, mass
from fem.linear import BorderedSystem
from fem.p1 import Floats, Ints, scatter
from fem.spaces import Spaces
from fem.state import Fields, Residual


class JacobianPattern:
    """Where every entry of the Jacobian goes: a CSR pattern on the free unknowns, made once."""

    def __init__(self, spaces: Spaces) -> None:
        self.spaces = spaces
        n, free = spaces.free.size, spaces.free
        number = np.full(spaces.size, -1, dtype=np.int64)
        number[free] = np.arange(n)
        stiffness = spaces.stiffness.matrix()[free][:, free]
        pattern, local = _pattern_of(stiffness), []
        for surface in spaces.surfaces:
            k = number[_corners(surface)]
            rows, columns = np.broadcast_arrays(k[:, None], k[None])
            local.append((rows, columns))
            there = (rows >= 0) & (columns >= 0)
            touched = sp.coo_matrix((np.ones(int(there.sum())), (rows[there], columns[there])), shape=(n, n))
            pattern = pattern + touched.tocsr()
        pattern.sort_indices()
        self._indices, self._indptr = pattern.indices, pattern.indptr
        keys = np.repeat(np.arange(n), np.diff(self._indptr)) * n + self._indices
        # an entry of a fixed unknown has no place in the pattern: it goes to one spare slot at the end
        self._slots = tuple(
            np.where((r >= 0) & (c >= 0), np.searchsorted(keys, r * n + c), keys.size) for r, c in local
        )
        places = np.searchsorted(
            keys, np.repeat(np.arange(n), np.diff(stiffness.indptr)) * n + stiffness.indices
        )
        self._stiffness = np.zeros(keys.size + 1)
        self._stiffness[places] = stiffness.data

    def assemble(self, residual: Residual, scale: float, *, current_is_given: bool) -> BorderedSystem:
        """The bordered matrix [A] at a state; scale [A] multiplies the relative inventory equations."""
        spaces, fields = self.spaces, residual.fields
        width = len(spaces.salty) + int(current_is_given)
        columns, rows = np.zeros((spaces.size, width)), np.zeros((width, spaces.size))
        corner = np.zeros((width, width))
        for i, j in enumerate(spaces.salty):
            rows[i] = residual.inventory_slope[i] * (scale / spaces.compartments[j].amount)
        data = self._stiffness.copy()
        for surface, at, slots in zip(spaces.surfaces, residual.surfaces, self._slots, strict=True):
            by_eta = mass(at.reaction.slope_eta, at.weights)
            by_w = _by_w(surface, at, fields, by_eta)
            block = -by_w if surface.solid is None else _antisymmetric(by_eta, by_w)
            data += scatter(slots, block, data.size)
            self._add_k(surface, at, columns)
            if current_is_given and surface.terminal == "counter":
                self._add_current(surface, at, by_w.sum(0), columns, rows, corner)
        scaling = self._scaling(fields)
        return BorderedSystem(
            matrix=self._csr(data),
            columns=columns[spaces.free],
            rows=rows[:, spaces.free],
            corner=corner,
            companion=lambda: self._companion(residual, scaling),
            scale=scaling,
        )

    def _add_k(self, surface: ReactingSurface, at: SurfaceState, columns: Floats) -> None:
        """Derivatives of the balances in k: -g where current enters the conductor, +g in the electrolyte."""
        slope = load(at.reaction.slope_eta, at.weights)
        of = self.spaces.compartment_of[surface.ionic[0]]
        for i, j in enumerate(self.spaces.salty):
            mine = np.where(of == j, slope, 0.0)
            columns[:, i] += scatter(surface.ionic, mine, len(columns))
            if surface.solid is not None:
                columns[:, i] -= scatter(surface.solid, mine, len(columns))

    def _add_current(
        self,
        surface: ReactingSurface,
        at: SurfaceState,
        by_w: Floats,
        columns: Floats,
        rows: Floats,
        corner: Floats,
    ) -> None:
        """The counter's potential V as the last unknown, its current as the last equation."""
        slope = load(at.reaction.slope_eta, at.weights)
        columns[:, -1] -= scatter(surface.ionic, slope, len(columns))
        rows[-1] += scatter(surface.ionic, by_w, len(columns))
        of = self.spaces.compartment_of[surface.ionic[0]]
        for i, j in enumerate(self.spaces.salty):
            corner[-1, i] -= slope[:, of == j].sum()
        corner[-1, -1] += slope.sum()

    def _scaling(self, fields: Fields) -> Floats:
        """Factor (n_free,) that turns an unknown into a potential: 1 on phi, the mean Psi'(W) on W."""
        scaling = np.ones(self.spaces.size)
        for j in self.spaces.salty:
            unknowns = self.spaces.compartments[j].unknowns
            scaling[unknowns] = fields.potential_slope[unknowns].mean()
        return scaling[self.spaces.free]

    def _companion(self, residual: Residual, scaling: Floats) -> sp.csr_matrix:
        """Symmetric positive definite neighbour of the Jacobian in potentials: kinetic slopes in eta only."""
        data = self._stiffness.copy()
        data[:-1] /= np.repeat(scaling, np.diff(self._indptr))
        for surface, at, slots in zip(self.spaces.surfaces, residual.surfaces, self._slots, strict=True):
            block = mass(at.reaction.slope_eta, at.weights)
            data += scatter(
                slots, block if surface.solid is None else _antisymmetric(block, -block), data.size
            )
        return self._csr(data)

    def _csr(self, data: Floats) -> sp.csr_matrix:
        n = self.spaces.free.size
        return sp.csr_matrix((data[:-1], self._indices, self._indptr), shape=(n, n))


def _by_w(surface: ReactingSurface, at: SurfaceState, fields: Fields, by_eta: Floats) -> Floats:
    """Local matrices (d, d, n) of the reaction in the ionic unknowns of its corners."""
    by_c, to = mass(at.reaction.slope_c, at.weights), surface.ionic
    return by_c * fields.concentration_slope[to] - by_eta * fields.potential_slope[to]


def _pattern_of(matrix: sp.csr_matrix) -> sp.csr_matrix:
    return sp.csr_matrix((np.ones(matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape)


def _corners(surface: ReactingSurface) -> Ints:
    return surface.ionic if surface.solid is None else np.concatenate((surface.solid, surface.ionic))


def _antisymmetric(to_solid: Floats, to_ionic: Floats) -> Floats:
    """What the conductor gains the electrolyte loses: rows [+i; -i] over columns [solid, ionic]."""
    block = np.concatenate((to_solid, to_ionic), axis=1)
    return np.concatenate((block, -block))
