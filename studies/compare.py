"""The main job: all designs of a case on one mat, area, separator and counter; table, files, report."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fem.conditions import ModelError
from fem.film import FilmNotSolved
from fem.newton import SolveFailed
from fem.solve import Method
from fem.trust import missed
from geometry.designs import Design
from meshes.cache import MeshCache
from meshes.realisation import Realisation
from studies import limits, output
from studies.case import Case
from studies.meshing import mesh_designs
from studies.run import DesignResult, Progress, run_design

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "current_density_A_m2", "cell_voltage_V", "cell_resistance_ohm_m2", "anode_overpotential_V",
    "ohmic_solid_V", "ohmic_electrolyte_V",
    "concentration_V", "kinetic_anode_V", "kinetic_counter_V", "film_anode_V", "film_counter_V", "junction_V",
    "share_fibres", "share_foil",
    *(f"{surface}_{name}" for surface in ("fibres", "foil", "anode")
      for name in ("mean_A_m2", "p99_A_m2", "max_A_m2", "cv", "gini", "reversed_share", "area_m2")),
    "top_bottom_ratio", "top_bottom_density_ratio", "z50_m", "c_min_ratio", "limiting_current_foil_A_m2",
    "limiting_current_top_A_m2", "limit_ratio", "wagner", "penetration_depth_m", "charge_imbalance",
    "split_closure", "inventory_error",
    "psi_spread", "porosity_cad", "porosity_mesh", "percolating_share", "pocket_share", "worst_mean_ratio",
    "fibre_area_error", "fibre_volume_error",
)  # fmt: skip
"""Columns of comparison.csv after ``design``, ``status`` and ``reason``; further metrics follow them."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A design that gave no result, and why."""

    design: Design
    reason: str


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """All designs of a case, in the order of the case; ``failures`` are those without a result."""

    case: Case
    results: Mapping[Design, DesignResult]
    failures: tuple[Failure, ...]
    draw: int  # which draw of the mat all designs share
    notes: tuple[str, ...]  # what went wrong and was mended, such as a draw that could not be meshed

    @property
    def complete(self) -> bool:
        """Whether every design gave a result that passes its checks."""
        return not self.failures and all(result.trusted for result in self.results.values())

    def table(self) -> pd.DataFrame:
        """One row per design, SI units in the column names; empty where a design has no such number."""
        import pandas as pd

        reasons = {failure.design: failure.reason for failure in self.failures}
        rows = []
        for design in self.case.designs:
            result = self.results.get(design)
            if result is None:
                rows.append(
                    {"design": str(design), "status": "failed", "reason": reasons.get(design, "not run")}
                )
                continue
            status = "ok" if result.trusted else "not trusted"
            rows.append(
                {"design": str(design), "status": status, "reason": missed(result.trust), **result.metrics}
            )
        extra = [
            key
            for row in rows
            for key in row
            if key not in COLUMNS and key not in ("design", "status", "reason")
        ]
        return pd.DataFrame(rows, columns=["design", "status", "reason", *COLUMNS, *dict.fromkeys(extra)])


def compare_designs(
    case: Case,
    out: Path | str,
    *,
    cache: MeshCache | None = None,
    method: Method | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Run all designs of ``case`` and write comparison.csv, report.html and a folder per design into ``out``.

    A design that fails is a row with its reason; the others are kept. Raises CaseError before any work if
    the current is above the limit of a flat design or ``out`` cannot be written, GeometryError if the mat
    cannot be drawn.
    """
    from studies import report

    tell = progress or (lambda _text: None)
    limits.refuse_depletion(case, case.designs)
    with output.folder(out) as folder:
        made = mesh_designs(case, case.designs, cache=cache, progress=tell)
        results, failures = _solve(case, made, folder, method, tell)
        comparison = Comparison(
            case=case, results=results, failures=failures, draw=made.draw, notes=tuple(made.failures)
        )
        comparison.table().to_csv(folder / "comparison.csv", index=False)
        tell("report")
        report.write(comparison, folder)
    _forget(Path(out), comparison)
    return comparison


def _forget(out: Path, comparison: Comparison) -> None:
    """Remove what an earlier comparison left of designs that this one has no result for."""
    for design in Design:
        if design not in comparison.results and (out / design / "result.json").is_file():
            shutil.rmtree(out / design)


def _solve(
    case: Case, made: Realisation, folder: Path, method: Method | None, tell: Progress
) -> tuple[dict[Design, DesignResult], tuple[Failure, ...]]:
    results, failures = {}, []
    for design in case.designs:
        mesh = made.meshes.get(design)
        if mesh is None or mesh.report is None:
            failures.append(Failure(design=design, reason="no mesh was made: " + "; ".join(made.failures)))
            continue
        try:
            results[design] = run_design(
                case,
                design,
                mesh,
                mesh.report,
                folder / design,
                method=method,
                progress=lambda text, design=design: tell(f"{design}: {text}"),
            )
        except (SolveFailed, FilmNotSolved, ModelError) as error:
            failures.append(Failure(design=design, reason=str(error)))
    return results, tuple(failures)
