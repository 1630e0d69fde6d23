"""Newton for the three fields in NGSolve with GMRES, block preconditioner and algebraic multigrid.

The preconditioner is made once, at the initial concentration: "h1amg" on both potentials together, coupled
through the reaction at the mean current density, and on the diffusion of salt; salt follows the potentials
(block Gauss-Seidel), the two scalars by their Schur complement. Linear tolerances follow the residual.
From rest the first step solves the linear problem with the slopes of the kinetics at zero.

Slower in trials: multiplier and voltage as NumberSpace unknowns (assembly four times as long), direct factors
of the three fields (some ten times the iterations at 38 000 unknowns), a start with secant kinetics (a solve
more, no step less), looser linear tolerances (a step more), interpreted integrands (assembly four times).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from studies.bench.peers.bordered import BlockTriangular, Bordered, Borders
from studies.bench.peers.netgen_mesh import REACTING
from studies.bench.peers.three_fields import ThreeFields
from studies.bench.run import Stages

ng: Any = importlib.import_module("ngsolve")

TOLERANCE = 1e-9  # |R|_1 over the cell current: in double precision the fields round off at some 1e-10
MOST_STEPS, MOST_ITERATIONS = 30, 300
REGULAR = 1e-6  # share of a mass on either side that makes the coupling of u and w regular
SHIFT = 1e-3  # [1/µm2] of a mass matrix in the preconditioner of the salt, singular without


class PeerFailed(RuntimeError):
    """NGSolve's Newton did not converge; the text gives the residual reached."""


@dataclass(frozen=True, kw_only=True)
class PeerState:
    """What was found, in the result keys, and the effort."""

    counts: dict[str, int]
    metrics: dict[str, float]


def solve(problem: ThreeFields, stages: Stages, threads: int, progress: Callable[[str], None]) -> PeerState:
    """The steady state from rest. Stages: preconditioner, assembly, solve. Raises PeerFailed."""
    ng.SetNumThreads(threads)
    with ng.TaskManager():
        return _solve(problem, stages, progress)


def _solve(problem: ThreeFields, stages: Stages, progress: Callable[[str], None]) -> PeerState:
    with stages("preconditioner"):
        field = ng.GridFunction(problem.space)
        field.components[2].vec[:] = 1.0
        preconditioner = _Preconditioner(problem)
        inventory = problem.inventory()
        free = ng.Projector(mask=problem.space.FreeDofs(), range=True)
    held = ng.InnerProduct(inventory, field.vec)
    residual, iterations, n, size = field.vec.CreateVector(), 0, problem.space.ndof, np.inf
    for step in range(MOST_STEPS):
        with stages("assembly"):
            problem.form.Apply(field.vec, residual)
            residual.data = free * residual
            scalars = np.array(
                [
                    ng.InnerProduct(inventory, field.vec) - held,
                    problem.counter_current(field) - problem.projected_area,
                ]
            )
            size = _size(residual, scalars, problem.projected_area, held)
        progress(f"step {step}, residual {size:.1e}")
        if size <= TOLERANCE:
            return PeerState(
                counts={"unknowns": problem.unknowns, "newton_steps": step, "krylov_iterations": iterations},
                metrics=problem.metrics(field),
            )
        with stages("assembly"):
            problem.form.AssembleLinearization(field.vec)
            borders = problem.borders(field, inventory)
        with stages("solve"):
            matrix = Bordered(problem.form.mat, borders)
            inverse = ng.krylovspace.GMRESSolver(
                mat=matrix,
                pre=preconditioner.of(problem.form.mat, borders),
                tol=max(0.05 * TOLERANCE / size, min(1e-3, 1e-2 * size), 1e-9),
                maxiter=MOST_ITERATIONS,
            )
            right, change = matrix.CreateVector(False), matrix.CreateVector(True)  # noqa: FBT003
            right[0:n].data = residual
            right.FV().NumPy()[n:] = scalars
            inverse.Mult(right, change)
            iterations += inverse.iterations
        problem.advance(field, change)
    raise PeerFailed(f"NGSolve's Newton stands at a residual of {size:.1e} after {MOST_STEPS} steps")


def _size(residual: Any, scalars: Any, area: float, held: float) -> float:
    """Sum of all residuals over the cell's current, and the relative error of the inventory."""
    fields = float(np.abs(residual.FV().NumPy()).sum())
    return (fields + abs(scalars[1])) / area + abs(scalars[0]) / held


class _Preconditioner:
    """The multigrid cycles, made once."""

    def __init__(self, problem: ThreeFields) -> None:
        solid, liquid, salt = problem.spaces
        kappa, diffusivity, _ = problem.liquid(1.0)
        open_share, electrolytes = 1 / problem.by_region("macmullin"), ng.dx(problem.electrolytes)
        pair = ng.ProductSpace(solid, liquid)
        (u, w), (of_u, of_w) = pair.TnT()
        form = ng.BilinearForm(pair, symmetric=True)
        form += problem.electronic(u, of_u)
        form += kappa * open_share * ng.grad(w) * ng.grad(of_w) * electrolytes
        for name, slope in problem.mean_slopes().items():
            coupled = (
                (u - w) * (of_u - of_w) + REGULAR * (u * of_u + w * of_w) if name == REACTING else w * of_w
            )
            form += slope * coupled * ng.ds(name)
        self.potentials = ng.Preconditioner(form, "h1amg")
        form.Assemble()
        c, of_c = salt.TnT()
        diffusion = ng.BilinearForm(salt, symmetric=True)
        diffusion += diffusivity * open_share * (ng.grad(c) * ng.grad(of_c) + SHIFT * c * of_c) * electrolytes
        self.salt = ng.Preconditioner(diffusion, "h1amg")
        diffusion.Assemble()
        self._forms, self._split = (form, diffusion), pair.ndof

    def of(self, matrix: Any, borders: Borders) -> BlockTriangular:
        """For one Newton step."""
        return BlockTriangular(matrix, borders, self.potentials.mat, self.salt.mat, self._split)
