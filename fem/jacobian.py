"""The Jacobian of the equilibrated form: one sparsity pattern, filled anew at every Newton step.

With g = di_n/deta and h = di_n/dc at the quadrature points, corner values phi_e = Psi(c(W)) + k and c(W):
    d i_n/d phi_s = g,   d i_n/dW = -g Psi'(W) + h c'(W),   d i_n/dk = -g,   d i_n/dV = g on the counter.
The stiffness of sigma and 1/N_M never changes; surface terms are added to it, and a single-ion layer's
stiffness with the slope of its potential in the unknown, which is Psi'(W) where it meets a liquid. k and V
are borders.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from fem.elements import Floats, Ints, scatter
from fem.interface import ReactingSurface, SurfaceState, antisymmetric, nodes_of
from fem.linear import BorderedSystem
from fem.preconditioners import SymmetricNeighbour
from fem.spaces import Spaces
from fem.state import Fields, Residual
from fem.stiffness import Stiffness


class JacobianPattern:
    """Where every entry of the Jacobian goes: a CSR pattern on the free unknowns, made once."""

    def __init__(self, spaces: Spaces, stiffness: Stiffness, layers: Stiffness) -> None:
        self.spaces, self.layers = spaces, layers
        n, free = spaces.free.size, spaces.free
        number = np.full(spaces.size, -1, dtype=np.int64)
        number[free] = np.arange(n)
        constant, in_layers = (k.matrix()[free][:, free] for k in (stiffness, layers))
        pattern, local = _pattern_of(constant) + _pattern_of(in_layers), []
        for surface in spaces.surfaces:
            k = number[nodes_of(surface)]
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
        bodies = np.arange(len(spaces.compartments))
        self._lift = (spaces.compartment_of[free][:, None] == bodies).astype(np.float64)
        self._stiffness, self._layers = _data(keys, constant), _data(keys, in_layers)

    def assemble(self, residual: Residual, scale: float, *, current_is_given: bool) -> BorderedSystem:
        """The bordered matrix [A] at a state; scale [A] multiplies the relative inventory equations."""
        spaces, fields = self.spaces, residual.fields
        width = len(spaces.compartments) + int(current_is_given)
        columns, rows = np.zeros((spaces.size, width)), np.zeros((width, spaces.size))
        corner = np.zeros((width, width))
        for j, compartment in enumerate(spaces.compartments):
            rows[j] = residual.inventory_slope[j] * (scale / compartment.amount)
        data = self._stiffness.copy()
        if self.layers.values.size:
            data[:-1] += self._layers[:-1] * fields.potential_slope[spaces.free][self._indices]
            for j, compartment in enumerate(spaces.compartments):
                of_k = np.zeros(spaces.size)
                of_k[compartment.unknowns] = 1.0
                columns[:, j] += self.layers.apply(of_k)
        for surface, at, slots in zip(spaces.surfaces, residual.surfaces, self._slots, strict=True):
            by_eta = surface.mass(at.reaction.slope_eta)
            by_second = self._by_second(surface, at, fields, by_eta)
            if surface.first is None:
                block = -by_second
            else:
                block = antisymmetric(by_eta * fields.potential_slope[surface.first], by_second)
            data += scatter(slots, block, data.size)
            self._add_k(surface, at, columns)
            if current_is_given and surface.terminal == "counter":
                self._add_current(surface, at, by_second.sum(0), columns, rows, corner)
        scaling = self._scaling(fields)
        columns, rows = columns[spaces.free], rows[:, spaces.free]
        return BorderedSystem(
            matrix=self._csr(data),
            columns=columns,
            rows=rows,
            corner=corner,
            preconditioner=SymmetricNeighbour(
                companion=lambda: self._companion(residual, scaling),
                scale=scaling,
                lift=self._lift,
                columns=columns,
                rows=rows,
                corner=corner,
            ),
        )

    def _by_second(
        self, surface: ReactingSurface, at: SurfaceState, fields: Fields, by_eta: Floats
    ) -> Floats:
        """Local matrices (n_local, n_local, n) of the current in the unknowns of the second side."""
        by_c, to = surface.mass(at.reaction.slope_c), surface.second
        return by_c * fields.concentration_slope[to] - by_eta * fields.potential_slope[to]

    def _add_k(self, surface: ReactingSurface, at: SurfaceState, columns: Floats) -> None:
        """Derivatives of the balances in k: the current's is -g for k of the second side, +g of the first."""
        of = self.spaces.compartment_of
        sides = [(surface.second, -1.0)] + ([(surface.first, 1.0)] if surface.first is not None else [])
        for j in range(len(self.spaces.compartments)):
            for unknowns, sign in sides:
                share = np.where(of[unknowns] == j, 1.0, 0.0)
                if not share.any():
                    continue
                change = surface.load(at.reaction.slope_eta * (surface.shape.T @ share)) * sign
                for other, gain in sides:  # the second side loses what the first one gains
                    columns[:, j] += scatter(other, gain * change, len(columns))

    def _add_current(
        self,
        surface: ReactingSurface,
        at: SurfaceState,
        by_second: Floats,
        columns: Floats,
        rows: Floats,
        corner: Floats,
    ) -> None:
        """The counter's potential V as the last unknown, its current as the last equation."""
        columns[:, -1] -= scatter(surface.second, surface.load(at.reaction.slope_eta), len(columns))
        rows[-1] += scatter(surface.second, by_second, len(columns))
        of = self.spaces.compartment_of[surface.second]
        slope = at.reaction.slope_eta * at.weights
        for j in range(len(self.spaces.compartments)):
            corner[-1, j] -= ((surface.shape.T @ np.where(of == j, 1.0, 0.0)) * slope).sum()
        corner[-1, -1] += slope.sum()

    def _scaling(self, fields: Fields) -> Floats:
        """Factor (n_free,) that turns an unknown into a potential: 1 on phi, the mean Psi'(W) on W."""
        scaling = np.ones(self.spaces.size)
        for compartment in self.spaces.compartments:
            unknowns = compartment.unknowns
            scaling[unknowns] = fields.potential_slope[unknowns].mean()
        return scaling[self.spaces.free]

    def _companion(self, residual: Residual, scaling: Floats) -> sp.csr_matrix:
        """Symmetric positive definite neighbour of the Jacobian in potentials: kinetic slopes in eta only."""
        data = self._stiffness.copy()
        data[:-1] /= np.repeat(scaling, np.diff(self._indptr))
        data += self._layers
        for surface, at, slots in zip(self.spaces.surfaces, residual.surfaces, self._slots, strict=True):
            block = surface.mass(at.reaction.slope_eta)
            data += scatter(
                slots, block if surface.first is None else antisymmetric(block, -block), data.size
            )
        return self._csr(data)

    def _csr(self, data: Floats) -> sp.csr_matrix:
        n = self.spaces.free.size
        return sp.csr_matrix((data[:-1], self._indices, self._indptr), shape=(n, n))


def _pattern_of(matrix: sp.csr_matrix) -> sp.csr_matrix:
    return sp.csr_matrix((np.ones(matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape)


def _data(keys: Ints, matrix: sp.csr_matrix) -> Floats:
    """Entries of a matrix at their places in the pattern, and a spare one, (n_entries + 1,)."""
    n, out = matrix.shape[0], np.zeros(keys.size + 1)
    out[np.searchsorted(keys, np.repeat(np.arange(n), np.diff(matrix.indptr)) * n + matrix.indices)] = (
        matrix.data
    )
    return out
