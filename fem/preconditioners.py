"""Preconditioners of the bordered Newton systems, built on multigrid for symmetric diffusion problems.

Equilibrated system: with unknowns scaled to potentials its matrix is close to a symmetric positive definite P
(`SymmetricNeighbour`). Full system: with w = phi_e - Psi(c) the anion flux is N_- = ((1 - t+) kappa / (F
N_M)) grad w and the current i_e = -(kappa/N_M) grad w - (kappa_ss/N_M) Psi'(c) grad c, so the salt balance
determines w alone, and what is left for (phi_s, c) is the equilibrated problem (`BlockTriangular`): the
equilibrated solver preconditions the full one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from fem.elements import Floats, Ints, scatter
from fem.krylov import fgmres
from fem.linear import solve_small
from fem.multigrid import Cycle, cycle


@dataclass(frozen=True, kw_only=True)
class SymmetricNeighbour:
    """A ~ P diag(1/scale): multigrid on P, and a lagged Schur complement for the borders.

    companion() assembles P when it is asked for; scale (n,) > 0 turns P's unknowns into A's: x = x_P/scale.
    The first border columns are P lift, the change of the balances when the potential of a body of liquid is
    raised: the response to them is known.
    """

    companion: Callable[[], sp.csr_matrix]
    scale: Floats
    lift: Floats  # (n, n_bodies)
    columns: Floats  # B (n, m)
    rows: Floats  # C (m, n)
    corner: Floats  # D (m, m)

    def prepare(self) -> tuple[Cycle, Floats]:
        """The cycle on P, and P's response to each border column."""
        companion = self.companion()
        of_companion = cycle(companion)
        responses = [
            fgmres(companion.dot, of_companion, column, rtol=1e-2, restart=30, max_iterations=30)[0]
            for column in self.columns.T[self.lift.shape[1] :]
        ]
        return of_companion, np.column_stack((self.lift, *responses))

    def bind(self, kept: tuple[Cycle, Floats]) -> Cycle:
        """r -> z with z = [x, y]."""
        of_companion, response = kept
        response = response / self.scale[:, None]
        schur = self.corner - self.rows @ response
        n = self.scale.size

        def apply(r: Floats) -> Floats:
            x = of_companion(r[:n]) / self.scale
            if not len(schur):
                return x
            y = solve_small(schur, r[n:] - self.rows @ x)
            return np.concatenate((x - response @ y, y))

        return apply


@dataclass(frozen=True, kw_only=True)
class BlockTriangular:
    """The full system in the variables (phi_s, u, w): first w from the salt balance, then the equilibrated
    rest.

    Unknowns x = [potentials | c]; delta phi_e = u + w + k_j and delta c = u/Psi' at the unknowns with salt.
    """

    matrix: sp.csr_matrix  # the Jacobian
    columns: Floats  # (n, m): that of the multipliers first, then that of the counter's potential
    rows: Floats  # (m, n): inventories first, then the current
    salt: Ints  # (n_salt,) potential unknown beside each c
    compartment: Ints  # (n_salt,) number of the body of liquid
    psi_slope: Floats  # (n_salt,) Psi'(c) [V m3/mol]
    anion_operator: Callable[[], sp.csr_matrix]  # of (1 - t+) kappa / N_M on the salt unknowns
    rest: SymmetricNeighbour  # on the potentials, with borders (k_j, V)

    def prepare(self) -> tuple[Cycle, tuple[Cycle, Floats]]:
        """The cycles on both symmetric operators."""
        anions = self.anion_operator()
        # constants are left to the inventory: a shift keeps the coarsest problem solvable
        shifted = (anions + sp.diags(1e-8 * anions.diagonal())).tocsr()
        return cycle(shifted), self.rest.prepare()

    def bind(self, kept: tuple[Cycle, tuple[Cycle, Floats]]) -> Cycle:
        """r -> z with z = [potentials, c, multipliers, V]."""
        of_w, of_rest = kept[0], self.rest.bind(kept[1])
        n, n_salt = self.matrix.shape[0], self.salt.size
        n_potential, n_bodies = n - n_salt, int(self.compartment.max(initial=-1)) + 1

        def apply(r: Floats) -> Floats:
            balance = r[n_potential:n]
            multiplier = scatter(self.compartment, balance, n_bodies)
            balance = balance - self.columns[n_potential:, :n_bodies] @ multiplier
            x = np.zeros(n)
            x[self.salt] = -of_w(balance)
            left = r[:n_potential] - (self.matrix @ x)[:n_potential]
            y = of_rest(np.concatenate((left, r[n:] - self.rows @ x)))
            u, k = y[:n_potential], y[n_potential : n_potential + n_bodies]
            x[:n_potential] += u
            x[self.salt] += k[self.compartment]
            x[n_potential:] = u[self.salt] / self.psi_slope
            return np.concatenate((x, multiplier, y[n_potential + n_bodies :]))

        return apply
