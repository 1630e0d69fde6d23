"""The Jacobian of the full problem: one sparsity pattern, filled anew at every Newton step, and its
preconditioner.

A flux f of an equation with derivatives a in grad u and b in u (fem/fluxes.py) gives
    dR(v)/du = -int (a grad du + b du) . grad v;
surfaces add g = di/deta on the potentials of both sides and h = di/dc; multipliers, and V, are borders.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from fem.bordered import BorderedSystem, Preconditioner
from fem.electrolyte import Properties
from fem.elements import Floats, Ints, present, scatter
from fem.fluxes import TO_AMPERE
from fem.interface import ReactingSurface, SurfaceState
from fem.kernels import gather, in_threads, one_by_one
from fem.materials import Electrolyte
from fem.pattern import Cliques
from fem.preconditioners import BlockTriangular, SymmetricNeighbour
from fem.sliced import Sliced
from fem.state import Residual
from fem.surface_pairs import SurfacePairs

if TYPE_CHECKING:
    from fem.coupled import Body, CoupledSystem

Slope = Floats | None


class CoupledJacobian:
    """Where every entry of the Jacobian goes: a CSR pattern on the free unknowns, made once."""

    def __init__(self, system: CoupledSystem) -> None:
        self.system = system
        self._number = np.full(system.size, -1, dtype=np.int64)
        self._number[system.free] = np.arange(system.free.size)
        spaces, n = system.spaces, system.spaces.size
        nodes = [next(iter(body.unknowns.values())) for body in system.bodies]
        self._pairs = tuple(SurfacePairs(surface, np.arange(n)) for surface in spaces.surfaces)
        cliques = Cliques.of(n, [*nodes, *(surface.unknowns for surface in spaces.surfaces)])
        self._graph = cliques.pattern
        ends = np.cumsum([part.shape[1] for part in nodes])[:-1]
        places = np.split(cliques.places(0, len(nodes)), ends, axis=2)
        self._slots = [np.ascontiguousarray(part) for part in places]
        for pairs in self._pairs:
            pairs.locate(self._graph)
        # the four blocks are put together with numbers in place of entries: where each of them goes
        size, salt, free = self._graph.indices.size, system.salt, system.free
        graph = self._graph.indices, self._graph.indptr
        numbered = [
            sp.csr_matrix((np.arange(1.0, size + 1) + k * size, *graph), shape=(n, n)) for k in range(4)
        ]
        whole = sp.bmat(
            [[numbered[0], numbered[1][:, salt]], [numbered[2][salt], numbered[3][salt][:, salt]]],
            format="csr",
        )[free][:, free]
        self._n_potential = int((free < n).sum())
        self._whole = _Gather.of(whole)
        self._potentials = _Gather.of(whole[: self._n_potential, : self._n_potential])
        self._salts = _Gather.of(numbered[0][salt][:, salt])

    def of(self, system: CoupledSystem) -> CoupledJacobian:
        """The same pattern for a system with other laws."""
        other = copy.copy(self)
        other.system = system
        return other

    def _c_of(self, surface: ReactingSurface) -> Ints:
        """Unknowns of c (n_local, n) on the second side, -1 where the concentration is given."""
        return np.where(np.isnan(surface.given_concentration), self.system.c_of[surface.second], -1)

    def assemble(self, residual: Residual, scale: float, *, current_is_given: bool) -> BorderedSystem:
        """The bordered matrix [A] at a state; scale [A] multiplies the relative inventory equations."""
        system = self.system
        blocks = self._blocks(residual)
        bodies = len(system.spaces.compartments)
        width = bodies + int(current_is_given)
        columns, rows = np.zeros((system.size, width)), np.zeros((width, system.size))
        corner = np.zeros((width, width))
        for j, compartment in enumerate(system.spaces.compartments):
            columns[:, j] = system.capacity[j] / compartment.pore_volume
            rows[j] = system.capacity[j] * (scale / compartment.amount)
        for pairs, at in zip(self._pairs, residual.surfaces, strict=True):
            by_eta, by_c = pairs.sum(at.reaction.slope_eta), pairs.sum(at.reaction.slope_c)
            pairs.add(blocks[0], by_eta, -by_eta)
            pairs.add(blocks[1], np.zeros_like(by_c), by_c)
            if current_is_given and pairs.surface.terminal == "counter":
                self._add_current(pairs.surface, at, columns, rows, corner)
        matrix, free = self._whole.matrix(blocks.ravel()), system.free
        columns, rows = columns[free], rows[:, free]
        return BorderedSystem(
            matrix=matrix,
            columns=columns,
            rows=rows,
            corner=corner,
            is_singular=bodies > 0,
            slices=self._whole.slices,
            preconditioner=self._preconditioner(residual, matrix, columns, rows, corner),
        )

    def _blocks(self, residual: Residual) -> Floats:
        """Derivatives of the fluxes' balances (4, n_entries): (potentials, c) x (potentials, c), a block a
        thread."""
        blocks = np.zeros((4, self._graph.indices.size))
        parts: list[list[tuple[Body, Ints, float, Slope, Slope]]] = [[] for _ in blocks]
        for body, fluxes, place in zip(self.system.bodies, residual.fluxes, self._slots, strict=True):
            for equation, flux in fluxes.items():
                for field in body.unknowns:
                    slopes = flux.by_gradient.get(field), flux.by_value.get(field)
                    if any(slope is not None for slope in slopes):
                        part = (body, place, -TO_AMPERE[equation], *slopes)
                        parts[2 * (equation == "c") + (field == "c")].append(part)

        def fill(block: int) -> None:
            for body, place, gain, by_gradient, by_value in parts[block]:
                body.elements.add_matrices(blocks[block], place, gain, by_gradient, by_value)

        one_by_one(len(blocks), fill)
        return blocks

    def _add_current(
        self, surface: ReactingSurface, at: SurfaceState, columns: Floats, rows: Floats, corner: Floats
    ) -> None:
        """The counter's potential V as the last unknown, its current as the last equation."""
        by_eta, size = surface.load(at.reaction.slope_eta), self.system.size
        columns[:, -1] -= scatter(surface.second, by_eta, size)
        rows[-1] -= scatter(surface.second, by_eta, size)
        c_of = self._c_of(surface)
        by_c = np.where(c_of >= 0, surface.load(at.reaction.slope_c), 0.0)
        rows[-1] += scatter(np.maximum(c_of, 0), by_c, size)
        corner[-1, -1] += (at.reaction.slope_eta * at.weights).sum()

    # --- preconditioner ---

    def _preconditioner(
        self, residual: Residual, matrix: sp.csr_matrix, columns: Floats, rows: Floats, corner: Floats
    ) -> Preconditioner:
        system = self.system
        bodies, n_potential = len(system.spaces.compartments), self._n_potential
        salt = self._number[system.salt]
        of = system.spaces.compartment_of[system.salt]
        psi_slope = self._psi_slope(residual)
        by_u = rows[:, :n_potential].copy()
        by_u[:, salt] += rows[:, n_potential:] / psi_slope
        lift = np.zeros((matrix.shape[0], bodies))
        lift[salt, of] = 1.0  # k_j raises phi_e in body j
        rest = SymmetricNeighbour(
            companion=lambda: self._companion(residual),
            scale=np.ones(n_potential),
            lift=lift[:n_potential],
            columns=np.concatenate(((matrix @ lift)[:n_potential], columns[:n_potential, bodies:]), axis=1),
            rows=by_u,
            corner=np.concatenate((rows @ lift, corner[:, bodies:]), axis=1),
        )
        if not bodies:
            return rest
        return BlockTriangular(
            matrix=matrix,
            columns=columns,
            rows=rows,
            salt=salt,
            compartment=of,
            psi_slope=psi_slope,
            anion_operator=lambda: self._anion_operator(residual),
            rest=rest,
        )

    def _psi_slope(self, residual: Residual) -> Floats:
        """Psi'(c) (n_salt,) [V m3/mol] at the salt unknowns, the mean over the liquids that meet there."""
        system = self.system
        c = residual.fields.concentration[system.salt]
        total, count = np.zeros(system.salt.size), np.zeros(system.salt.size)
        liquids = {b.region: b.material for b in system.bodies if isinstance(b.material, Electrolyte)}
        for region, liquid in liquids.items():
            parts = [b.unknowns["c"].ravel() for b in system.bodies if b.region == region]
            mine = present(np.concatenate(parts) - system.spaces.size, system.salt.size)
            total[mine] += sum(self._law(liquid).dpsi_dc(c[mine]))
            count[mine] += 1
        return total / count

    def _law(self, material: Electrolyte) -> Properties:
        return Properties.of(material.law, self.system.model.temperature, material.transference)

    def _companion(self, residual: Residual) -> sp.csr_matrix:
        """The potentials' operator at equilibrium: sigma, kappa_ss/N_M and kappa_i, kinetic slopes in eta
        only."""
        data = np.zeros(self._graph.indices.size)
        for body, place in zip(self.system.bodies, self._slots, strict=True):
            coefficient = getattr(body.material, "conductivity", 1.0) * np.ones_like(body.elements.weights)
            if isinstance(body.material, Electrolyte):
                c = self._concentration(body, residual)
                coefficient = self._law(body.material).steady_conductivity(c) / body.material.macmullin
            body.elements.add_matrices(data, place, 1.0, coefficient, None)
        for pairs, at in zip(self._pairs, residual.surfaces, strict=True):
            by_eta = pairs.sum(at.reaction.slope_eta)
            pairs.add(data, by_eta, -by_eta)
        return self._potentials.matrix(data)

    def _anion_operator(self, residual: Residual) -> sp.csr_matrix:
        """The operator of (1 - t+) kappa / N_M on the salt unknowns [S]."""
        data = np.zeros(self._graph.indices.size)
        for body, place in zip(self.system.bodies, self._slots, strict=True):
            if isinstance(body.material, Electrolyte):
                law, c = self._law(body.material), self._concentration(body, residual)
                coefficient = (1 - law.t(c)) * law.kappa(c) / body.material.macmullin
                body.elements.add_matrices(data, place, 1.0, coefficient, None)
        return self._salts.matrix(data)

    def _concentration(self, body: Body, residual: Residual) -> Floats:
        """c (n_q, n) at the quadrature points of a body of liquid."""
        return body.elements.shape.T @ residual.fields.concentration[body.unknowns["phi_e"]]


@dataclass(frozen=True, kw_only=True)
class _Gather:
    """A CSR matrix whose entries are taken from an array, by place."""

    places: Ints
    indices: Ints
    indptr: Ints

    @classmethod
    def of(cls, numbered: sp.csr_matrix) -> _Gather:
        """From a matrix that holds place + 1 in each of its entries."""
        numbered.sort_indices()
        return cls(
            places=numbered.data.astype(np.int32) - 1, indices=numbered.indices, indptr=numbered.indptr
        )

    @cached_property
    def slices(self) -> Sliced:
        """The matrix by slices of rows, to be filled for products."""
        return Sliced.of(self.matrix(np.zeros(int(self.places.max()) + 1)), np.float64)

    def matrix(self, values: Floats) -> sp.csr_matrix:
        """The square matrix of values by place."""
        size = self.indptr.size - 1
        data = np.empty(self.places.size)
        in_threads(data.size, partial(gather, values, self.places, data))
        return sp.csr_matrix((data, self.indices, self.indptr), shape=(size, size))
