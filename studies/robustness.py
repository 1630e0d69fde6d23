"""How surely random mats draw, mesh and solve: many seeds at several porosities, one row each.

Every mat is fresh: no mesh cache. A job that fails is a row with its reason. Run it with
`python -m studies.robustness`; the test of the same name asserts the goal.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pandas as pd
from rich.console import Console
from rich.progress import track

from fem.model import Galvanostatic
from fem.newton import SolveFailed
from fem.solve import solve_steady
from fem.trust import missed
from geometry.designs import Cell, Design
from geometry.errors import GeometryError
from geometry.random_mat import RandomMat
from meshes.raw import MeshingFailed
from meshes.realisation import realise
from meshes.sizing import Sizing
from studies import build
from studies.case import DEFAULT, Case

WIDTH = {0.80: 16e-6, 0.85: 17e-6, 0.90: 22e-6}  # [m] by porosity: a cell that hosts 60 fibres of 1 um
THICKNESS = {0.80: 16e-6, 0.85: 16e-6, 0.90: 20e-6}  # [m] of the mat
SIZE = 0.4e-6  # [m] at the fibre surface, 0.8 r

Row = dict[str, float | int | str | None]


def one(porosity: float, seed: int, size: float = SIZE) -> Row:
    """Draw, mesh and solve one bilayer with the shipped case's physics; a row whatever happens."""
    case = Case.shipped(DEFAULT)
    mat = RandomMat(thickness=THICKNESS[porosity], fibre_diameter=1e-6, porosity=porosity, seed=seed)
    shape = Cell(
        width=WIDTH[porosity],
        depth=WIDTH[porosity],
        separator=case.cell.separator.thickness,
        ionic_layer=build.cell(case).ionic_layer,
        framework=mat,
        rough=None,
    )
    row: Row = {"porosity": porosity, "seed": seed, "failure": None}
    begin = time.perf_counter()
    try:
        made = realise(shape, [Design.BILAYER], Sizing(size=size), workers=1)
    except (GeometryError, MeshingFailed) as error:
        return row | {"failure": str(error)}
    mesh, report = made.meshes[Design.BILAYER], made.meshes[Design.BILAYER].report
    stack_mat = made.stacks[Design.BILAYER].mat
    assert report is not None and stack_mat is not None
    row |= {
        "draws": made.draw + 1,
        "fibres": len(stack_mat.fibres),
        "tetrahedra": report.n_elements,
        "worst_mean_ratio": report.worst_mean_ratio,
        "worst_before_cleanup": report.worst_before_cleanup,
        "percolating_share": report.percolating_share,
        "porosity_error": None if report.porosity_cad is None else report.porosity_cad - porosity,
        "clusters": report.n_clusters,
        "pocket_share": report.pocket_share,
        "mesh_seconds": time.perf_counter() - begin,
    }
    begin = time.perf_counter()
    try:
        solution = solve_steady(
            mesh, build.model(case, Design.BILAYER, mesh), Galvanostatic(current_density=100.0)
        )
    except SolveFailed as error:
        return row | {"failure": str(error)}
    return row | {
        "newton_steps": solution.statistics.newton_steps,
        "krylov_iterations": solution.statistics.krylov_iterations,
        "solve_seconds": time.perf_counter() - begin,
        "failure": None if solution.trusted else missed(solution.trust),
    }


def study(
    porosities: Sequence[float], seeds: Sequence[int], *, workers: int = 2, size: float = SIZE
) -> pd.DataFrame:
    """All combinations on a pool of processes; one row each."""
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(one, porosity, seed, size) for porosity in porosities for seed in seeds]
        return pd.DataFrame([job.result() for job in track(jobs, "mats", console=Console(stderr=True))])


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per porosity: how many made it at the first draw and in the end, and the worst figures."""

    def of(group: pd.DataFrame) -> Mapping[str, float]:
        done = group[group["failure"].isna()]
        return {
            "seeds": len(group),
            "first_draw": int((done["draws"] == 1).sum()),
            "in_the_end": len(done),
            "fewest_fibres": done["fibres"].min(),
            "worst_mean_ratio": done["worst_mean_ratio"].min(),
            "worst_before_cleanup": done["worst_before_cleanup"].min(),
            "least_percolating": done["percolating_share"].min(),
            "largest_porosity_error": done["porosity_error"].abs().max(),
            "most_newton_steps": done["newton_steps"].max(),
            "most_iterations": done["krylov_iterations"].max(),
        }

    return pd.DataFrame([{"porosity": p, **of(g)} for p, g in rows.groupby("porosity")])


def main() -> None:
    """20 seeds at three porosities on two processes; prints both tables."""
    rows = study(list(WIDTH), range(1, 21))
    console = Console(width=200, highlight=False)
    for table in (rows, summary(rows)):
        console.print(table.to_string(index=False, float_format="{:.4g}".format))


if __name__ == "__main__":
    main()
