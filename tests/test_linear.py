"""Linear solvers on bordered systems: one answer, borders, reuse of the hierarchy, honest failures."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import scipy.sparse as sp
from cells import I, fibre_mesh, fibre_model, standing_fibre, standing_model

from fem import (
    Direct,
    Galvanostatic,
    LinearSolver,
    MultigridKrylov,
    Outcome,
    Potentiostatic,
    SolveFailed,
    solve_steady,
)
from fem.elements import Floats
from fem.krylov import fgmres
from fem.linear import (
    DIRECT_LIMIT,
    BorderedSystem,
    LinearSolveFailed,
    LinearStatistics,
    choose_linear_solver,
)
from fem.multigrid import cycle
from fem.preconditioners import SymmetricNeighbour
from meshes.structured import extrude

SOLVERS = {"direct": Direct(), "multigrid-krylov": MultigridKrylov()}
GALVANOSTATIC = Galvanostatic(current_density=I)
BOTH = pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)


def _system(*, n: int = 40, borders: int = 2, sink: float = 1e-2, skew: float = 0.02) -> BorderedSystem:
    """A Laplacian on n x n points with a sink, columns scaled as W is against Psi, a slight asymmetry."""
    random = np.random.default_rng(5)
    line = sp.diags([-np.ones(n - 1), np.r_[1, np.full(n - 2, 2.0), 1], -np.ones(n - 1)], [-1, 0, 1])
    laplacian = sp.kron(line, sp.eye(n)) + sp.kron(sp.eye(n), line)
    companion = (laplacian + sink * sp.eye(n * n)).tocsr()
    scale = 10.0 ** random.uniform(-3, -2.9, size=n * n)
    change = sp.diags(skew * sink * random.uniform(size=n * n))
    lift = np.ones((n * n, min(borders, 1)))
    columns = random.uniform(size=(n * n, borders)) * sink
    columns[:, : lift.shape[1]] = companion @ lift
    matrix = sp.csr_matrix((companion + change) @ sp.diags(scale))
    rows = random.uniform(size=(borders, n * n)) * scale
    corner = np.diag(random.uniform(1, 2, size=borders))
    return BorderedSystem(
        matrix=matrix,
        columns=columns,
        rows=rows,
        corner=corner,
        preconditioner=SymmetricNeighbour(
            companion=lambda: companion, scale=scale, lift=lift, columns=columns, rows=rows, corner=corner
        ),
    )


def _rhs(system: BorderedSystem) -> Floats:
    return np.random.default_rng(6).normal(size=sum(system.columns.shape))


def _dense(system: BorderedSystem) -> Floats:
    return np.block([[system.matrix.toarray(), system.columns], [system.rows, system.corner]])


@BOTH
@pytest.mark.parametrize("borders", [0, 1, 3])
def test_bordered_systems_are_solved(solver: LinearSolver, borders: int) -> None:
    """The residual promised is the residual delivered, with and without borders."""
    system = _system(borders=borders)
    rhs = _rhs(system)
    session = solver.start()
    z = session.solve(system, rhs, 1e-10)
    assert np.linalg.norm(rhs - system.apply(z)) <= 1.001e-10 * np.linalg.norm(rhs)
    assert session.statistics.solves == session.statistics.setups == 1
    small = _system(n=8, borders=borders)
    exact = np.linalg.solve(_dense(small), _rhs(small))
    found = solver.start().solve(small, _rhs(small), 1e-12)
    assert np.abs(found - exact).max() < 1e-8 * np.abs(exact).max()


def test_apply_is_the_bordered_matrix() -> None:
    """Catches a transposed border."""
    system = _system(n=6, borders=2)
    z = _rhs(system)
    assert system.apply(z) == pytest.approx(_dense(system) @ z, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    "control", [GALVANOSTATIC, Potentiostatic(cell_voltage=0.1)], ids=lambda c: type(c).__name__
)
@pytest.mark.parametrize("cell", ["floating fibre", "standing fibre", "in space"])
def test_both_solvers_give_one_answer(cell: str, control: Galvanostatic | Potentiostatic) -> None:
    """Potentials, concentrations and currents of a cell agree to 1e-9 whatever solves the steps."""
    mesh, model = (
        (fibre_mesh(6), fibre_model())
        if cell == "floating fibre"
        else (standing_fibre(4 if cell == "standing fibre" else 2), standing_model())
    )
    if cell == "in space":
        mesh = extrude(mesh, depth=4e-6, n=2)
    one, two = (solve_steady(mesh, model, control, linear_solver=s) for s in SOLVERS.values())
    assert two.statistics.krylov_iterations > 0
    assert two.statistics.linear_solver == "multigrid-krylov"
    for a, b, size in ((one.phi_s, two.phi_s, 0.1), (one.phi_e, two.phi_e, 0.1), (one.c, two.c, 1000.0)):
        assert np.nanmax(np.abs(a - b)) < 1e-9 * size
    assert two.cell_voltage == pytest.approx(one.cell_voltage, rel=1e-9)
    for name, current in one.currents.items():
        assert two.currents[name] == pytest.approx(current, rel=1e-8)


def test_one_hierarchy_serves_a_whole_solve() -> None:
    """Set-ups are what a large solve pays for: one for the first guess and all Newton steps."""
    solution = solve_steady(
        standing_fibre(4), standing_model(), GALVANOSTATIC, linear_solver=MultigridKrylov()
    )
    assert solution.statistics.newton_steps >= 3
    assert solution.statistics.setups == 1
    assert solution.statistics.krylov_iterations < 25 * solution.statistics.newton_steps


def test_hierarchy_is_rebuilt_when_it_no_longer_pays() -> None:
    """A system far from the one of the set-up: more iterations, then a new hierarchy for the next."""
    near, far = _system(sink=10.0), _system(sink=0.1)
    session = MultigridKrylov(patience=3.0).start()
    for system, setups in ((near, 1), (near, 1), (far, 1), (far, 2)):
        session.solve(system, _rhs(system), 1e-8)
        assert session.statistics.setups == setups


def test_a_session_forgets_a_hierarchy_that_was_rebuilt() -> None:
    """What is solved after `forget` does not depend on what was solved before, to the bit."""
    base, other, last = (_system(sink=sink) for sink in (1e-2, 1.0, 3e-2))

    def solved(*before: BorderedSystem) -> Floats:
        session = MultigridKrylov(patience=0.0).start()  # every solve has a hierarchy rebuilt
        session.prepare(base)
        for system in before:
            session.solve(system, _rhs(system), 1e-8)
        session.forget()
        return session.solve(last, _rhs(last), 1e-3)

    np.testing.assert_array_equal(solved(other, other), solved())


def test_hierarchy_is_rebuilt_at_once_when_a_solve_fails() -> None:
    """A stale hierarchy that does not lead to the solution is no reason to give up."""
    near, far = _system(n=60, sink=100.0), _system(n=60, sink=1e-6)
    session = MultigridKrylov(restart=20, max_iterations=20).start()
    session.solve(near, _rhs(near), 1e-8)
    z = session.solve(far, _rhs(far), 1e-4)
    assert np.linalg.norm(_rhs(far) - far.apply(z)) <= 1.001e-4 * np.linalg.norm(_rhs(far))
    assert session.statistics.setups == 2


def test_singular_matrix_is_reported_by_the_direct_solver() -> None:
    """Never numbers out of a singular matrix: an unknown that nothing determines is named."""
    system = _system(n=12, borders=0)
    empty = sp.csr_matrix(system.matrix.multiply(np.r_[np.ones(143), 0.0]))
    broken = replace(system, matrix=empty)
    with pytest.raises(LinearSolveFailed, match="144 unknowns is singular"):
        Direct().start().solve(broken, np.ones(144), 1e-8)


def test_singular_borders_are_reported() -> None:
    """Two equal scalar equations: LinearSolveFailed, not numpy's LinAlgError."""
    system = _system(n=8, borders=1)
    columns, corner = np.zeros((64, 1)), np.zeros((1, 1))
    assert isinstance(system.preconditioner, SymmetricNeighbour)
    neighbour = replace(system.preconditioner, lift=np.zeros((64, 0)), columns=columns, corner=corner)
    twice = replace(system, columns=columns, corner=corner, preconditioner=neighbour)
    for solver in SOLVERS.values():
        with pytest.raises(LinearSolveFailed, match="1 scalar unknowns"):
            solver.start().solve(twice, np.ones(65), 1e-8)


def test_unconverged_gmres_is_reported() -> None:
    """Too few iterations raise, with their number and the size; no half-solved step is handed on."""
    system = _system(n=40, sink=1e-5)
    with pytest.raises(LinearSolveFailed, match=r"GMRES .* 3 iterations on 1600 unknowns"):
        MultigridKrylov(restart=3, max_iterations=3).start().solve(system, _rhs(system), 1e-12)


@dataclass(frozen=True, kw_only=True)
class _Refuses:
    """A linear solver that gives up after some solves."""

    after: int
    name: str = "refuses"

    def start(self) -> _RefusingSession:
        return _RefusingSession(self.after)


class _RefusingSession:
    def __init__(self, left: int) -> None:
        self.statistics = LinearStatistics()
        self._left, self._inner = left, Direct().start()

    def solve(self, system: BorderedSystem, rhs: Floats, rtol: float) -> Floats:
        if self._left == 0:
            raise LinearSolveFailed("no")
        self._left -= 1
        return self._inner.solve(system, rhs, rtol)

    def forget(self) -> None:
        self._inner.forget()


@pytest.mark.parametrize("after", [0, 1, 2])
def test_failed_linear_solve_becomes_a_failed_solve(after: int) -> None:
    """Whether in the first guess or in a Newton step: SolveFailed with its outcome, never a raw error."""
    with pytest.raises(SolveFailed, match="linear solver") as caught:
        solve_steady(standing_fibre(2), standing_model(), GALVANOSTATIC, linear_solver=_Refuses(after=after))
    assert caught.value.outcome is Outcome.LINEAR_SOLVER


def test_solver_is_chosen_by_size() -> None:
    """Small systems go to the direct solver, large ones to multigrid, in either dimension."""
    for dim, limit in DIRECT_LIMIT.items():
        assert choose_linear_solver(limit, dim).name == "direct"
        assert choose_linear_solver(limit + 1, dim).name == "multigrid-krylov"


def _iterations(n: int) -> int:
    """Of a cycle on a cube of n points a side with a layer that conducts a thousand times as well."""
    line = sp.diags([-np.ones(n - 1), np.r_[1, np.full(n - 2, 2.0), 1], -np.ones(n - 1)], [-1, 0, 1])
    one, layer = sp.eye(n), sp.diags(np.where(np.arange(n) < n // 3, 1e3, 1.0))
    gap = sp.diags(np.where(np.arange(n - 1) < n // 3, 1e3, 1.0))  # conductance to the next point across
    step = sp.diags([-np.ones(n - 1), np.ones(n - 1)], [0, 1], shape=(n - 1, n))
    along = sp.kron(sp.kron(line, one), layer) + sp.kron(sp.kron(one, line), layer)
    across = sp.kron(sp.kron(one, one), step.T @ gap @ step)
    matrix = (along + across + 1e-3 * sp.eye(n**3)).tocsr()
    rhs = np.random.default_rng(3).normal(size=n**3)
    return fgmres(matrix.dot, cycle(matrix), rhs, rtol=1e-8, restart=60, max_iterations=60)[1]


def test_a_cycle_keeps_its_few_iterations() -> None:
    """Eight times the unknowns and a level more; one cycle on the second level instead of two takes 14."""
    assert _iterations(20) <= 13
    assert _iterations(40) <= 20


def test_a_node_that_hangs_on_weak_entries_alone() -> None:
    """Its row of the strong part is zero: no division by it, and the cycle still converges on everything."""
    n = 900
    line = sp.diags([-np.ones(n - 1), np.full(n, 2.0), -np.ones(n - 1)], [-1, 0, 1]).tolil()
    line[n - 1, n - 2] = line[n - 2, n - 1] = -1e-3
    line[n - 1, n - 1], line[n - 2, n - 2] = 1e-3, 1.0 + 1e-3
    matrix = line.tocsr()
    rhs = np.random.default_rng(2).normal(size=n)
    found, steps, converged = fgmres(
        lambda x: matrix @ x, cycle(matrix), rhs, rtol=1e-8, restart=60, max_iterations=60
    )
    assert converged and steps < 40
    assert np.linalg.norm(rhs - matrix @ found) <= 1.01e-8 * np.linalg.norm(rhs)
