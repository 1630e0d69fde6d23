"""The report of a comparison: one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from geometry.designs import Design
from studies import figures, html, render
from studies.headlines import headlines
from studies.labels import LABELS
from studies.parameters import parameters
from studies.run import DesignResult, version
from studies.table import MESH_ROWS, NOTES, ROWS, SOLVER_ROWS, Row

if TYPE_CHECKING:
    from studies.compare import Comparison

PICTURED = (Design.BILAYER, Design.FRAMEWORK, Design.INSULATING_MAT, Design.PLANAR_ROUGH)
"""The first of these that gave a result is drawn."""


def write(comparison: Comparison, folder: Path) -> Path:
    """Write ``report.html`` into ``folder``, where the designs' files already are."""
    target = folder / "report.html"
    target.write_text(html.render("report.html.j2", content(comparison, folder)), encoding="utf-8")
    return target


def content(comparison: Comparison, folder: Path) -> dict[str, Any]:
    """Everything the template shows."""
    results = comparison.results
    return {
        "title": comparison.case.title,
        "version": version(),
        "made": html.now(),
        "headlines": headlines(comparison.case, results),
        "failures": [(LABELS[failure.design], failure.reason) for failure in comparison.failures],
        "complete": comparison.complete,
        "untrusted": [LABELS[design] for design, result in results.items() if not result.trusted],
        "designs": [LABELS[design] for design in results],
        "rows": _rows(ROWS, results, lambda result: result.metrics),
        "notes": NOTES,
        "picture": _picture(comparison, folder),
        "figures": _figures(results),
        "checks": _checks(results),
        "mesh_rows": _rows(MESH_ROWS, results, lambda result: _numbers(result.mesh.as_dict())),
        "mesh_seconds": [_seconds(result.mesh.seconds) for result in results.values()],
        "solver_rows": [
            ("method", [r.solver["method"] for r in results.values()]),
            ("linear solver", [r.solver["linear_solver"] for r in results.values()]),
            *_rows(SOLVER_ROWS, results, lambda result: _numbers(result.solver)),
            (
                "peak memory (MiB)",
                [f"{r.solver['peak_memory']['program_MiB']:.0f}" for r in results.values()],
            ),
        ],
        "solver_seconds": [_seconds(result.solver["seconds"]) for result in results.values()],
        "draw": comparison.draw,
        "draw_notes": comparison.notes,
        "parameters": parameters(comparison.case),
    }


def _rows(
    rows: tuple[Row, ...],
    results: Mapping[Design, DesignResult],
    numbers: Callable[[DesignResult], Mapping[str, float]],
) -> list[tuple[str, list[str]]]:
    """Label and one text per design; rows in which no design has a number are left out."""
    table = [(row.label, [row.cell(numbers(result)) for result in results.values()]) for row in rows]
    return [(label, cells) for label, cells in table if any(cell != "–" for cell in cells)]


def _numbers(values: Mapping[str, Any]) -> dict[str, float]:
    return {key: float(value) for key, value in values.items() if isinstance(value, (int, float))}


def _seconds(stages: Mapping[str, float]) -> str:
    return ", ".join(f"{stage.replace('_', ' ')} {seconds:.1f}" for stage, seconds in stages.items())


def _figures(results: Mapping[Design, DesignResult]) -> list[tuple[str, str, Markup]]:
    """Title, caption and drawing."""
    if not results:
        return []
    drawn = [
        (
            "Where the current plates, from the foil upwards",
            "Share of the current that has plated below a height. A flat anode is a step at the foil.",
            figures.depth_share(results),
        ),
        (
            "Current per height of the mat",
            "Current on the fibres alone, per projected area of the cell and micrometre of height.",
            figures.depth_density(results),
        ),
        (
            "How even the surface works",
            "Share of the plating surface (fibres and foil, by true area) that carries more than a "
            "current density.",
            figures.distribution(results),
        ),
        (
            "Where the voltage goes",
            "The parts add up to the cell voltage exactly (see the trust checks).",
            figures.voltage_split(results),
        ),
    ]
    return [(title, caption, Markup(svg)) for title, caption, svg in drawn if svg is not None]


def _picture(comparison: Comparison, folder: Path) -> dict[str, str]:
    design = next((d for d in PICTURED if d in comparison.results), None)
    if design is None:
        return {"missing": "No design with a resolved surface was run, so there is no 3D picture."}
    with tempfile.TemporaryDirectory() as aside:
        try:
            drawn = render.current_picture(folder / design / "fields", Path(aside) / "picture.png")
        except render.NoPicture as error:
            return {"missing": str(error)}
        data = base64.b64encode(drawn.read_bytes()).decode("ascii")
    return {"source": f"data:image/png;base64,{data}", "design": LABELS[design]}


def _checks(results: Mapping[Design, DesignResult]) -> list[dict[str, Any]]:
    """One row per check: name, text, and per design value and verdict ("ok", "missed", "info", "")."""
    names = dict.fromkeys(check.name for result in results.values() for check in result.trust)
    ordered = sorted(names, key=lambda name: name == "discretisation")
    rows = []
    for name in ordered:
        found = {d: next((c for c in r.trust if c.name == name), None) for d, r in results.items()}
        first = next(check for check in found.values() if check is not None)
        text, limit = first.text, "" if first.limit is None else f"{first.limit:g}"
        if name.startswith("law_range_"):  # its text and limit are those of one design
            text, limit = "extreme salt concentration (mol/m³), within the range of the law", ""
        cells = []
        for check in found.values():
            if check is None:
                cells.append(("–", ""))
            else:
                verdict = (
                    "missed" if check.missed
                    else "warning" if check.warns
                    else "info" if check.limit is None
                    else "ok"
                )  # fmt: skip
                cells.append(("not assessed" if name == "discretisation" else f"{check.value:.3g}", verdict))
        rows.append(
            {
                "name": name.replace("_", " "),
                "text": text,
                "limit": limit,
                "cells": cells,
            }
        )
    return rows
