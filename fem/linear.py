"""Solvers of sparse systems with a few borders: direct if small, multigrid-Krylov if large.

Each Newton step solves
    [ A  B ] [x]   [f]
    [ C  D ] [y] = [g],     A (n, n) sparse, B (n, m), C (m, n) and D (m, m) dense with m of the order of 1,
where y are the scalar unknowns (one constant per salt compartment, the counter's potential). A is close to a
symmetric positive definite matrix P after a scaling of columns, A ~ P diag(1/scale); algebraic multigrid
works on P. A solver is a frozen value; `start` gives a session that keeps factors and hierarchies between
solves.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pyamg
import scipy.sparse as sp
import scipy.sparse.linalg as spla

from fem.elements import Floats


class LinearSolveFailed(RuntimeError):
    """A linear system could not be solved; the text names the size and the residual reached."""


@dataclass(frozen=True, kw_only=True)
class BorderedSystem:
    """The matrix of one Newton step, see the module's docstring.

    companion() assembles P when a solver asks for it; scale (n,) > 0 turns P's unknowns into A's: x = x_P /
    scale.
    """

    matrix: sp.csr_matrix
    columns: Floats  # B (n, m)
    rows: Floats  # C (m, n)
    corner: Floats  # D (m, m)
    companion: Callable[[], sp.csr_matrix]
    scale: Floats

    def apply(self, z: Floats) -> Floats:
        """The bordered matrix times z = [x, y]."""
        n = self.matrix.shape[0]
        x, y = z[:n], z[n:]
        return np.concatenate((self.matrix @ x + self.columns @ y, self.rows @ x + self.corner @ y))


@dataclass(kw_only=True)
class LinearStatistics:
    """What a session has done so far."""

    iterations: int = 0
    setups: int = 0
    solves: int = 0
    setup_seconds: float = 0.0
    solve_seconds: float = 0.0


class LinearSession(Protocol):
    """A solver at work: keeps what can be reused from one system to the next."""

    statistics: LinearStatistics

    def solve(self, system: BorderedSystem, rhs: Floats, rtol: float) -> Floats:
        """z (n + m,) with |rhs - system z| <= rtol |rhs| in the Euclidean norm. Raises LinearSolveFailed."""
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

    def solve(self, system: BorderedSystem, rhs: Floats, rtol: float) -> Floats:
        n = system.matrix.shape[0]
        with _stage(self.statistics, "setup_seconds"):
            try:
                factors = spla.splu(
                    system.matrix.tocsc(),
                    permc_spec="MMD_AT_PLUS_A",
                    options={"SymmetricMode": True},
                    diag_pivot_thresh=0.01,
                )
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
        x = factors.solve(rhs[:n])
        if not system.columns.shape[1]:
            return x
        response = factors.solve(system.columns)
        y = _solve_small(system.corner - system.rows @ response, rhs[n:] - system.rows @ x)
        return np.concatenate((x - response @ y, y))


def _solve_small(matrix: Floats, rhs: Floats) -> Floats:
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
    """GMRES with smoothed-aggregation multigrid on P and a lagged Schur complement for the borders.

    The hierarchy is kept from system to system and rebuilt when a solve needed more than `patience`
    iterations per decade of residual, or did not converge. strength is the aggregation threshold theta.
    """

    name: str = field(default="multigrid-krylov", init=False)
    strength: float = 0.08
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
        self._cycle: Callable[[Floats], Floats] | None = None
        self._response = np.zeros((0, 0))

    def solve(self, system: BorderedSystem, rhs: Floats, rtol: float) -> Floats:
        fresh = self._cycle is None
        if fresh:
            self._build(system)
        z, effort, converged = self._gmres(system, rhs, rtol)
        if effort > self.options.patience:
            self._cycle = None  # rebuilt for the next system
        if not converged and not fresh:
            self._cycle = None
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
        with _stage(self.statistics, "setup_seconds"), _fixed_random_state():
            companion = system.companion()
            hierarchy = pyamg.smoothed_aggregation_solver(
                companion,
                symmetry="symmetric",
                strength=("symmetric", {"theta": self.options.strength}),
                presmoother=("gauss_seidel", {"sweep": "forward"}),
                postsmoother=("gauss_seidel", {"sweep": "backward"}),
                improve_candidates=None,
                max_coarse=300,
                coarse_solver="splu",
            )
            # scalar blocks gain nothing from block storage and lose half the speed
            for level in hierarchy.levels:
                level.A = level.A.tocsr()
                for transfer in ("P", "R"):
                    if hasattr(level, transfer):
                        setattr(level, transfer, getattr(level, transfer).tocsr())
            cycle = hierarchy.aspreconditioner()
            self._cycle = cycle.matvec
            response = [spla.cg(companion, b, rtol=1e-2, maxiter=30, M=cycle)[0] for b in system.columns.T]
            self._response = np.stack(response, axis=1) if response else np.zeros_like(system.columns)
        self.statistics.setups += 1

    def _gmres(self, system: BorderedSystem, rhs: Floats, rtol: float) -> tuple[Floats, float, bool]:
        """(z, iterations per decade of residual, converged); right preconditioned: the true residual."""
        assert self._cycle is not None
        n, cycle = system.matrix.shape[0], self._cycle
        response = self._response / system.scale[:, None]
        schur = system.corner - system.rows @ response

        def precondition(r: Floats) -> Floats:
            x = cycle(r[:n]) / system.scale
            if not len(schur):
                return x
            y = _solve_small(schur, r[n:] - system.rows @ x)
            return np.concatenate((x - response @ y, y))

        count = 0

        def tick(_: float) -> None:
            nonlocal count
            count += 1

        operator = spla.LinearOperator(
            (len(rhs), len(rhs)), matvec=lambda v: system.apply(precondition(v)), dtype=np.float64
        )
        with _stage(self.statistics, "solve_seconds"):
            cycles = -(-self.options.max_iterations // self.options.restart)
            v, info = spla.gmres(
                operator, rhs, rtol=rtol, restart=self.options.restart, maxiter=cycles, callback=tick,
                callback_type="pr_norm",
            )  # fmt: skip
            z = precondition(v)
        self.statistics.iterations += count
        return z, count / max(-np.log10(rtol), 0.3), info == 0


@contextmanager
def _fixed_random_state() -> Iterator[None]:
    """pyamg draws start vectors from numpy's global generator: fix them, so that a solve is reproducible."""
    before = np.random.get_state()
    np.random.seed(0)
    try:
        yield
    finally:
        np.random.set_state(before)


DIRECT_LIMIT = {
    2: 60_000,
    3: 12_000,
}  # unknowns up to which the direct solver is the faster one, by dimension


def choose_linear_solver(unknowns: int, dim: int) -> LinearSolver:
    """Direct for small systems, multigrid-Krylov for large ones."""
    return Direct() if unknowns <= DIRECT_LIMIT[dim] else MultigridKrylov()
