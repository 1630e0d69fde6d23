"""The floor: one scalar Laplace problem in NGSolve with its algebraic multigrid."""

from __future__ import annotations

import importlib
from typing import Any

from fem.conditions import Electrode
from fem.model import Model
from studies.bench.run import Stages

TOLERANCE = 1e-8  # of the residual of conjugate gradients, in the norm of the preconditioner


def laplace(mesh: Any, model: Model, stages: Stages, threads: int) -> dict[str, int]:
    """Solve  -div grad u = 0  on all of a Netgen mesh: u = 1 on the counter, 0 on foil and feet.

    Linear elements, preconditioner "h1amg", conjugate gradients. Stages: assembly (with the set-up of the
    preconditioner, which NGSolve does in the same pass) and solve. Gives unknowns and krylov_iterations.
    """
    ng = importlib.import_module("ngsolve")
    counter = [
        name for name, b in model.boundaries.items() if isinstance(b, Electrode) and b.terminal == "counter"
    ]
    ng.SetNumThreads(threads)
    with ng.TaskManager():
        with stages("assembly"):
            space = ng.H1(mesh, order=1, dirichlet="|".join(model.boundaries))
            u, v = space.TnT()
            form = ng.BilinearForm(space, symmetric=True)
            form += ng.grad(u) * ng.grad(v) * ng.dx
            preconditioner = ng.Preconditioner(form, "h1amg")
            form.Assemble()
        with stages("solve"):
            field = ng.GridFunction(space)
            field.Set(1.0, definedon=mesh.Boundaries("|".join(counter)))
            residual = field.vec.CreateVector()
            residual.data = -form.mat * field.vec
            solver = ng.krylovspace.CGSolver(form.mat, preconditioner, tol=TOLERANCE, maxiter=1000)
            field.vec.data += solver * residual
    if solver.iterations >= 1000:
        raise RuntimeError(f"NGSolve's conjugate gradients did not reach {TOLERANCE} in 1000 iterations")
    return {"unknowns": int(sum(space.FreeDofs())), "krylov_iterations": int(solver.iterations)}
