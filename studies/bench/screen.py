"""What ``bilayer bench`` shows: a table of medians, and every figure with its target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich import box
from rich.markup import escape
from rich.table import Table

from studies.bench.run import Kind, Run
from studies.bench.shows import AGREEMENT, MIB_PER_GB, Show
from studies.bench.summary import Typical

STAGES = {
    "load": "load",
    "assembly": "assem.",
    "preconditioner": "set-up",
    "solve": "solve",
    "currents": "curr.",
    "files": "files",
}
NAMES = {
    Kind.EQUILIBRATED: "equilibrated",
    Kind.FULL: "full",
    Kind.HIGH_CURRENT: "20 mA/cm²",
    Kind.LAPLACE: "NGS Laplace",
    Kind.THREE_FIELDS: "NGS 3 fields",
    Kind.FROM_CASE: "from case",
}


def medians(rows: Sequence[Typical]) -> Table:
    """Seconds by stage, memory and counts; the total is without load and files."""
    table = _table("Seconds, medians; NGS: NGSolve")
    for header in ("size", "", "unknowns", *STAGES.values(), "total", "GB", "steps", "Krylov"):
        table.add_column(header, justify="left" if header in ("size", "") else "right", no_wrap=True)
    solving = [row for row in rows if row.kind in NAMES]
    for number, row in enumerate(solving):
        table.add_row(
            escape(row.name),
            NAMES[row.kind],
            f"{row.counts['unknowns']:,}",
            *(_seconds(row.seconds.get(stage)) for stage in STAGES),
            _seconds(row.solved),
            _gigabytes(row),
            _count(row, "newton_steps"),
            _count(row, "krylov_iterations"),
            end_section=number + 1 < len(solving) and solving[number + 1].name != row.name,
        )
    return table


def meshes(rows: Sequence[Typical]) -> Table:
    """How the meshes were made."""
    table = _table("Geometry and mesh, seconds")
    made = [row for row in rows if row.kind is Kind.MESH]
    stages = list(dict.fromkeys(stage for row in made for stage in row.seconds))
    for header in ("size", "tetrahedra", *stages, "GB"):
        table.add_column(header, justify="left" if header == "size" else "right")
    for row in made:
        numbers = [_seconds(row.seconds.get(stage)) for stage in stages]
        table.add_row(row.name, f"{row.counts['elements']:,}", *numbers, _gigabytes(row))
    return table


def targets(shown: Sequence[Show]) -> Table:
    """Name, figure, target, met or missed."""
    table = _table("What must be shown")
    for header in ("", "figure", "found", "target"):
        table.add_column(header, justify="right" if header in ("found", "target") else "left")
    for show in shown:
        mark = {True: "[green]✓[/]", False: "[bold red]✗[/]", None: " "}[show.met]
        found = "[dim]not measured[/]" if show.found is None else f"{show.found:.3g} {show.unit}".rstrip()
        target = "" if show.target is None else f"≤ {show.target:g} {show.unit}".rstrip()
        table.add_row(mark, escape(show.name), found, target)
    return table


def failures(runs: Sequence[Run]) -> list[str]:
    """One line for each run that failed."""
    return [
        f"[red]{escape(f'{run.name}, {run.kind}, run {run.repeat + 1}')} failed:[/] {escape(run.failure)}"
        for run in runs
        if run.failure
    ]


def disagreements(apart: Mapping[str, float]) -> list[str]:
    """One line for each compared metric in which the programs differ by more than they may."""
    return [
        f"[red]{key} and NGSolve's differ by {difference:.1e} relative, limit {AGREEMENT:g}[/]"
        for key, difference in apart.items()
        if not difference <= AGREEMENT
    ]


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}" if value < 100 else f"{value:.0f}"


def _gigabytes(row: Typical) -> str:
    return f"{row.largest_MiB / MIB_PER_GB:.2g}"


def _count(row: Typical, key: str) -> str:
    return str(row.counts[key]) if key in row.counts else "–"


def _table(title: str) -> Table:
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        padding=0,
        show_edge=False,
        header_style="dim",
    )
