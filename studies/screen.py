"""What the command line shows: stages while they run, tables and verdicts at the end."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.table import Table

from geometry.designs import Design
from meshes.quality import MeshReport
from studies.compare import Comparison
from studies.labels import LABELS
from studies.run import DesignResult
from studies.table import MESH_ROWS, NOTES, ROWS, Row

WIDTH = 100  # columns that every table fits into


def consoles() -> tuple[Console, Console]:
    """Standard output and standard error; at least WIDTH columns where nothing says how many there are."""
    pair = Console(highlight=False), Console(stderr=True, highlight=False)
    for console in pair:
        if not console.is_terminal:
            console.width = max(console.width, WIDTH)
    return pair


class Stages:
    """Shows the running stage: one live line on a terminal, one line per stage elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._begin = time.perf_counter()
        self._live: Status | None = console.status("starting") if console.is_terminal else None

    def __enter__(self) -> Stages:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, text: str) -> None:
        """A stage begins."""
        line = f"{self.seconds:6.1f} s  {text}"
        if self._live is None:
            self._console.print(line, markup=False)
        else:
            self._live.update(line)

    @property
    def seconds(self) -> float:
        """Since the first stage."""
        return time.perf_counter() - self._begin


def results_table(title: str, results: Mapping[Design, DesignResult]) -> Table:
    """Key metrics, one column per design."""
    table = _table(title, [LABELS[design] for design in results])
    for row in ROWS:
        cells = [_cell(row, result) for result in results.values()]
        if any(cell != "–" for cell in cells):
            table.add_row(row.label, *cells)
    table.add_section()
    table.add_row(
        "trust checks", *("[green]passed[/]" if r.trusted else "[red]missed[/]" for r in results.values())
    )
    return table


def _cell(row: Row, result: DesignResult) -> str:
    """The value, with its error bar if it has one."""
    bar = None if result.error_bars is None else result.error_bars.bars.get(row.key)
    return row.cell(result.metrics) if bar is None else row.cell_with_bar(bar.value, bar.uncertainty)


def bar_notes(result: DesignResult) -> list[str]:
    """Where the error bars come from, and what went wrong with them."""
    if result.error_bars is None:
        return []
    lines = list(result.error_bars.notes)
    if result.error_bars.bars:
        sizes = ", ".join(f"{1e6 * r.asked:.3g}" for r in result.error_bars.resolutions)
        lines.append(
            f"± discretisation error, from meshes of {sizes} µm; result.json says for each metric whether "
            "its order was observed or assumed"
        )
    return lines


def mesh_table(title: str, report: MeshReport) -> Table:
    """Size, quality and connectivity of one mesh, and its volumes and areas against the geometry."""
    table = Table(title=escape(title), title_justify="left", title_style="bold")
    for header in ("", "mesh", "geometry", "difference"):
        table.add_column(header, justify="left" if not header else "right")
    numbers = {k: float(v) for k, v in report.as_dict().items() if isinstance(v, (int, float))}
    for row in MESH_ROWS:
        if (cell := row.cell(numbers)) != "–":
            table.add_row(row.label, cell)
    for what, unit, scale, mesh, cad in (
        ("volume of", "µm³", 1e18, report.volumes_mesh, report.volumes_cad),
        ("area of", "µm²", 1e12, report.areas_mesh, report.areas_cad),
    ):
        table.add_section()
        for name, value in mesh.items():
            exact = cad.get(name)
            against = (
                ("", "") if not exact else (f"{scale * exact:.6g}", f"{100 * (value / exact - 1):+.2f} %")
            )
            table.add_row(f"{what} {name} ({unit})", f"{scale * value:.6g}", *against)
    return table


def verdict(comparison: Comparison) -> list[str]:
    """What is missing or not to be trusted, one line each; one line of praise if nothing is."""
    failed = [f"[red]{LABELS[f.design]} failed:[/] {escape(f.reason)}" for f in comparison.failures]
    return judgement(comparison.results, failed)


def judgement(results: Mapping[Design, DesignResult], failed: Sequence[str] = ()) -> list[str]:
    """What failed or is not to be trusted, or one line of praise; then what is unusual but valid."""
    bad = [*failed, *(line for design, result in results.items() for line in missed(design, result))]
    unusual = [line for design, result in results.items() for line in warnings(design, result)]
    return [*(bad or ["[green]All trust checks passed.[/]"]), *unusual]


def missed(design: Design, result: DesignResult) -> list[str]:
    """One line for each check that a design missed."""
    return [
        f"[red]{LABELS[design]} is not to be trusted:[/] {escape(check.finding)}"
        for check in result.trust
        if check.missed
    ]


def warnings(design: Design, result: DesignResult) -> list[str]:
    """One line for each check that found something unusual which does not invalidate the result."""
    return [
        f"[yellow]{LABELS[design]}, note:[/] {check.text}: {check.value:.3g}"
        for check in result.trust
        if check.warns
    ]


def notes() -> list[str]:
    """The table's footnotes."""
    return list(NOTES)


def solved_by(results: Mapping[Design, DesignResult]) -> str:
    """Which solver found the steady states."""
    parts = []
    for method in dict.fromkeys(str(result.solver["method"]) for result in results.values()):
        mine = [design for design, result in results.items() if result.solver["method"] == method]
        which = "" if len(mine) == len(results) else f" ({', '.join(LABELS[design] for design in mine)})"
        parts.append(f"{method} solver{which}")
    return f"steady state: {', '.join(parts)}"


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(title=escape(title), title_justify="left", title_style="bold", padding=(0, 1))
    table.add_column("", justify="left", no_wrap=True)
    for label in columns:
        longest = max(len(word) for word in label.split())
        table.add_column(label, justify="right", vertical="bottom", min_width=longest)
    return table
