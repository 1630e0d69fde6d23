"""The Jacobian of the equilibrated form: one sparsity pattern, filled anew at every Newton step.

With g = di_n/deta and h = di_n/dc at the quadrature points, corner values phi_e = Psi(c(W)) + k and c(W):
    d i_n/d phi_s = g,   d i_n/dW = -g Psi'(W) + h c'(W),   d i_n/dk = -g,   d i_n/dV = g on the counter.
The stiffness of sigma and 1/N_M never changes; surface terms are added to it, and a single-ion layer's
stiffness with the slope of its potential in the unknown, which is Psi'(W) where it meets a liquid. k and V
are borders.
"""

from __future__ import annotations

import copy

import numpy as np
import scipy.sparse as sp

from fem.bordered import BorderedSystem
from fem.elements import Floats, scatter
from fem.interface import ReactingSurface, SurfaceState
from fem.pattern import Pattern
from fem.preconditioners import SymmetricNeighbour
from fem.spaces import Spaces
from fem.state import Fields, Residual
from fem.stiffness import Stiffness
from fem.surface_pairs import SurfacePairs


class JacobianPattern:
    """Where every entry of the Jacobian goes: a CSR pattern on the free unknowns, made once."""

    def __init__(self, spaces: Spaces, pattern: Pattern, stiffness: Stiffness, layers: Stiffness) -> None:
        self.spaces, self.layers = spaces, layers
        number = np.full(spaces.size, -1, dtype=np.int64)
        number[spaces.free] = np.arange(spaces.free.size)
        self._pairs = tuple(SurfacePairs(surface, number) for surface in spaces.surfaces)
        self.pattern, places = pattern.among(spaces.free)
        for pairs in self._pairs:
            pairs.locate(self.pattern)
        self._stiffness, self._layers = np.zeros((2, places.size + 1))
        for k, values in ((stiffness, self._stiffness), (layers, self._layers)):
            if k.values.size:
                np.take(k.values, places, out=values[:-1], mode="clip")
        self._data = np.empty_like(self._stiffness)
        bodies = np.arange(len(spaces.compartments))
        self._lift = (spaces.compartment_of[spaces.free][:, None] == bodies).astype(np.float64)

    def of(self, spaces: Spaces) -> JacobianPattern:
        """The same pattern and stiffness for other laws and contents of the bodies of liquid."""
        other = copy.copy(self)
        other.spaces = spaces
        return other

    def assemble(self, residual: Residual, scale: float, *, current_is_given: bool) -> BorderedSystem:
        """The bordered matrix [A] at a state; scale [A] multiplies the relative inventory equations.

        It holds until the next one is assembled in the same place: new pages cost much.
        """
        spaces, fields = self.spaces, residual.fields
        width = len(spaces.compartments) + int(current_is_given)
        columns, rows = np.zeros((spaces.size, width)), np.zeros((width, spaces.size))
        corner = np.zeros((width, width))
        for j, compartment in enumerate(spaces.compartments):
            rows[j] = residual.inventory_slope[j] * (scale / compartment.amount)
        data = self._data
        np.copyto(data, self._stiffness)
        if self.layers.values.size:
            data[:-1] += self._layers[:-1] * fields.potential_slope[spaces.free][self.pattern.indices]
            for j, compartment in enumerate(spaces.compartments):
                of_k = np.zeros(spaces.size)
                of_k[compartment.unknowns] = 1.0
                columns[:, j] += self.layers.apply(of_k)
        for pairs, at in zip(self._pairs, residual.surfaces, strict=True):
            by_eta, by_c = pairs.sum(at.reaction.slope_eta), pairs.sum(at.reaction.slope_c)
            by_second = pairs.in_unknowns(by_c, fields.concentration_slope[pairs.second])
            by_second -= pairs.in_unknowns(by_eta, fields.potential_slope[pairs.second])
            pairs.add(data, pairs.in_unknowns(by_eta, fields.potential_slope[pairs.first]), by_second)
            self._add_k(pairs, by_eta, columns)
            if current_is_given and pairs.surface.terminal == "counter":
                rows[-1] += scatter(pairs.second, pairs.column_sums(by_second), spaces.size)
                self._add_voltage(pairs.surface, at, columns, corner)
        scaling = self._scaling(fields)
        columns, rows = columns[spaces.free], rows[:, spaces.free]
        return BorderedSystem(
            matrix=self.pattern.matrix(data),
            columns=columns,
            rows=rows,
            corner=corner,
            slices=self.pattern.slices,
            preconditioner=SymmetricNeighbour(
                companion=lambda: self._companion(residual, scaling),
                scale=scaling,
                lift=self._lift,
                columns=columns,
                rows=rows,
                corner=corner,
            ),
        )

    def _add_k(self, pairs: SurfacePairs, by_eta: Floats, columns: Floats) -> None:
        """Derivatives of the balances in k: the current's is -g for k of the second side, +g of the first."""
        of = self.spaces.compartment_of
        sides = [(pairs.second, -1.0)] + ([(pairs.first, 1.0)] if pairs.surface.first is not None else [])
        for j in range(len(self.spaces.compartments)):
            for unknowns, sign in sides:
                share = np.where(of[unknowns] == j, sign, 0.0)
                if not share.any():
                    continue
                change = pairs.product(by_eta, share)
                for other, gain in sides:  # the second side loses what the first one gains
                    columns[:, j] += scatter(other, gain * change, len(columns))

    def _add_voltage(
        self, surface: ReactingSurface, at: SurfaceState, columns: Floats, corner: Floats
    ) -> None:
        """Derivatives in the counter's potential V, the last unknown, and of its current in k and V."""
        columns[:, -1] -= scatter(surface.second, surface.load(at.reaction.slope_eta), len(columns))
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
        data = self._layers.copy()
        data[:-1] += self._stiffness[:-1] / scaling[self.pattern.rows]
        for pairs, at in zip(self._pairs, residual.surfaces, strict=True):
            by_eta = pairs.sum(at.reaction.slope_eta)
            pairs.add(data, by_eta, -by_eta)
        return self.pattern.matrix(data)
