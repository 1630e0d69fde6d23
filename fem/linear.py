"""Solvers of sparse systems with a few borders: direct if small, multigrid-Krylov if large.

A solver is a frozen value; `start` gives a session that keeps factors and hierarchies between solves.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as spla

from fem.bordered import BorderedSystem
from fem.elements import Floats
from fem.krylov import Memory, fgmres


class LinearSolveFailed(RuntimeError):
    """A linear system could not be solved; the text names the size and the residual reached."""


@dataclass(kw_only=True)
class LinearStatistics:
    """What a session has done so far."""

    iterations: int = 0
    setups: int = 0
    solves: int = 0
    setup_seconds: float = 0.0
    solve_seconds: float = 0.0

    def since(self, before: LinearStatistics) -> LinearStatistics:
        """What was done after an earlier reading."""
        return LinearStatistics(
            **{f.name: getattr(self, f.name) - getattr(before, f.name) for f in fields(self)}
        )


class LinearSession(Protocol):
    """A solver at work: keeps what can be reused from one system to the next."""

    statistics: LinearStatistics

    def solve(self, system: BorderedSystem, rhs: Floats, rtol: float) -> Floats:
        """z (n + m,) with |rhs - system z| <= rtol |rhs| in the Euclidean norm. Raises LinearSolveFailed."""
        ...

    def prepare(self, system: BorderedSystem) -> None:
        """Make what can be kept for this system, the base that `forget` goes back to."""
        ...

    def forget(self) -> None:
        """Drop what solves since `prepare` have left, so that the next one does not depend on them."""
        ...


class LinearSolver(Protocol):
    """A way to solve bordered systems."""

    @property
    def name(self) -> str:
        """What a result calls this solver."""
        ...

    def start(self) -> LinearSession:
        """A new session with nothing kept."""
        ...


@contextmanager
def _stage(statistics: LinearStatistics, attribute: str) -> Iterator[None]:
    begin = time.perf_counter()
    try:
        yield
    finally:
        setattr(statistics, attribute, getattr(statistics, attribute) + time.perf_counter() - begin)


@dataclass(frozen=True, kw_only=True)
class Direct:
    """Sparse LU (SuperLU, minimum degree on A + A^T) with elimination of the borders."""

    name: str = field(default="direct", init=False)

    def start(self) -> LinearSession:
        """A new session; nothing is reused between systems."""
        return _DirectSession()


class _DirectSession:
    def __init__(self) -> None:
        self.statistics = LinearStatistics()

    def prepare(self, system: BorderedSystem) -> None:
        """Nothing is kept."""

    def forget(self) -> None:
        """Nothing is kept."""

    def solve(self, system: BorderedSystem, rhs: Floats, rtol: float) -> Floats:
        n = system.matrix.shape[0]
        with _stage(self.statistics, "setup_seconds"):
            try:
                factors = _factors(system)
            except RuntimeError as error:
                raise LinearSolveFailed(
                    f"the matrix of {n} unknowns is singular ({error}); is a conductor or an "
                    "electrolyte region connected to nothing?"
                ) from error
        with _stage(self.statistics, "solve_seconds"):
            z = self._eliminate(system, factors, rhs)
            z += self._eliminate(system, factors, rhs - system.apply(z))  # one refinement step
        self.statistics.setups += 1
        self.statistics.solves += 1
        if not np.isfinite(z).all():
            raise LinearSolveFailed(
                f"direct solution of {n} unknowns is not finite; the model is not determined"
            )
        return z

    @staticmethod
    def _eliminate(system: BorderedSystem, factors: spla.SuperLU, rhs: Floats) -> Floats:
        n = system.matrix.shape[0]
        if system.is_singular:
            return factors.solve(rhs)
        x = factors.solve(rhs[:n])
        if not system.columns.shape[1]:
            return x
        response = factors.solve(system.columns)
        y = solve_small(system.corner - system.rows @ response, rhs[n:] - system.rows @ x)
        return np.concatenate((x - response @ y, y))


def _factors(system: BorderedSystem) -> spla.SuperLU:
    """LU of A, or of the whole bordered matrix where A is singular."""
    if not system.is_singular:
        return spla.splu(
            system.matrix.tocsc(),
            permc_spec="MMD_AT_PLUS_A",
            options={"SymmetricMode": True},
            diag_pivot_thresh=0.01,
        )
    borders = [sp.csr_matrix(b) for b in (system.columns, system.rows, system.corner)]
    whole = sp.bmat([[system.matrix, borders[0]], [borders[1], borders[2]]], format="csc")
    return spla.splu(whole, permc_spec="COLAMD")


def solve_small(matrix: Floats, rhs: Floats) -> Floats:
    """Solution of the dense system that is left for the borders."""
    try:
        return np.asarray(np.linalg.solve(matrix, rhs), dtype=np.float64)
    except np.linalg.LinAlgError as error:
        raise LinearSolveFailed(
            f"the {len(rhs)} scalar unknowns (salt constants, counter potential) are not determined "
            f"({error}); is there a path from the counter to an anode?"
        ) from error


@dataclass(frozen=True, kw_only=True)
class MultigridKrylov:
    """Flexible GMRES with the system's preconditioner on smoothed-aggregation multigrid.

    What the preconditioner prepares (hierarchies, border responses) is kept from system to system and rebuilt
    when a solve needed more than `patience` iterations per decade of residual, or did not converge.
    """

    name: str = field(default="multigrid-krylov", init=False)
    patience: float = 6.0
    restart: int = 60
    max_iterations: int = 400

    def start(self) -> LinearSession:
        """A new session without a hierarchy."""
        return _KrylovSession(self)


class _KrylovSession:
    def __init__(self, options: MultigridKrylov) -> None:
        self.options = options
        self.statistics = LinearStatistics()
        self._kept: Any = None
        self._base: Any = None
        self._memory = Memory()

    def prepare(self, system: BorderedSystem) -> None:
        self._build(system)
        self._base = self._kept

    def forget(self) -> None:
        self._kept = self._base

    def solve(self, system: BorderedSystem, rhs: Floats, rtol: float) -> Floats:
        fresh = self._kept is None
        if fresh:
            self._build(system)
        z, effort, converged = self._gmres(system, rhs, rtol)
        if effort > self.options.patience:
            self._kept = None  # rebuilt for the next system
        if not converged and not fresh:
            self._kept = None
            return self.solve(system, rhs, rtol)
        if not converged:
            raise LinearSolveFailed(
                f"GMRES did not reach a relative residual of {rtol:.1e} in "
                f"{self.options.max_iterations} iterations on {system.matrix.shape[0]} unknowns; "
                "check the worst element quality of the mesh"
            )
        self.statistics.solves += 1
        return z

    def _build(self, system: BorderedSystem) -> None:
        with _stage(self.statistics, "setup_seconds"):
            self._kept = system.preconditioner.prepare()
        self.statistics.setups += 1

    def _gmres(self, system: BorderedSystem, rhs: Floats, rtol: float) -> tuple[Floats, float, bool]:
        """(z, iterations per decade of residual, converged)."""
        with _stage(self.statistics, "solve_seconds"):
            z, count, converged = fgmres(
                system.apply,
                system.preconditioner.bind(self._kept),
                rhs,
                rtol=rtol,
                restart=self.options.restart,
                max_iterations=self.options.max_iterations,
                memory=self._memory,
            )
        self.statistics.iterations += count
        return z, count / max(-np.log10(rtol), 0.3), converged


DIRECT_LIMIT = {2: 2_000, 3: 1_000}  # unknowns up to which the direct solver is used, by dimension


def choose_linear_solver(unknowns: int, dim: int) -> LinearSolver:
    """Direct for small systems, multigrid-Krylov for large ones."""
    return Direct() if unknowns <= DIRECT_LIMIT[dim] else MultigridKrylov()
