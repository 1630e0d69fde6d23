"""The commands ``bilayer sweep`` and ``bilayer sweeps``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from studies import screen
from studies.sweep import plan
from studies.sweep.executors import Cluster, Jobs, Processes, Serial
from studies.sweep.outlook import Outlook
from studies.sweep.plan import Sweep
from studies.sweep.progress import Report
from studies.sweep.reasons import Reason, reasons
from studies.sweep.runner import run_sweep
from studies.sweep.study import Study

MOST_REASONS = 5  # that are shown on screen


def sweep(
    file: Annotated[str, typer.Argument(metavar="SWEEP.toml", help="A sweep file, or a shipped sweep.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="The study's folder; out/NAME if not given.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, help="Processes; all cores if not given, 1: none but this one."),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", metavar="ADDRESS", help="A Dask scheduler, such as tcp://host:8786."),
    ] = None,
    cache: Annotated[
        Path | None, typer.Option("--cache", metavar="DIR", help="Keep meshes here, not in the study.")
    ] = None,
    *,
    retry: Annotated[
        bool, typer.Option("--retry", help="Compute failed points again; those not trusted stay as they are.")
    ] = False,
    fields: Annotated[bool, typer.Option("--fields", help="Keep every point's fields, and a .pvd.")] = False,
    plan_only: Annotated[
        bool, typer.Option("--plan", help="Show what would be computed or is stored, and stop.")
    ] = False,
) -> None:
    """Run a parametric study: results.csv, results.parquet, report.html. Running it again resumes.

    A point that fails is a row with its reason; the exit code is then 1.
    """
    console, errors = screen.consoles()
    asked = _sweep(file)
    asked = asked.model_copy(update={"fields": True}) if fields else asked
    folder = out or Path("out") / Path(file).stem
    _announce(console, asked)
    if plan_only:
        _foresee(console, Outlook.of(asked, folder), len(asked.which), folder)
        return
    told = Report(errors)
    try:
        with told:
            study = run_sweep(
                asked,
                folder,
                executor=_executor(workers, scheduler),
                cache=cache,
                retry=retry,
                tell=told.tell,
                watch=told.watch,
            )
    except KeyboardInterrupt as error:
        errors.print(_stopped(told, folder, sys.argv[1:]), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(130) from error
    _conclude(console, study)
    console.print(
        f"{told.seconds:.0f} s; table: {folder / 'results.csv'}; report: {folder / 'report.html'}",
        markup=False,
        soft_wrap=True,
    )
    if (study.table["status"] != "ok").any():
        raise typer.Exit(1)


def sweeps(
    name: Annotated[str | None, typer.Argument(help="Print this sweep, to start your own from it.")] = None,
) -> None:
    """List the shipped sweeps, or print one."""
    if name is None:
        for known in plan.shipped_names():
            typer.echo(f"{known:22} {Sweep.shipped(known).title}")
        return
    Sweep.shipped(name)
    typer.echo((plan.SHIPPED / f"{name}.toml").read_text("utf-8"), nl=False)


def _stopped(told: Report, folder: Path, arguments: list[str]) -> str:
    """What is there after Ctrl-C, and the command that goes on: the same, without failed points once more."""
    again = shlex.join(["bilayer", *(part for part in arguments if part != "--retry")])
    if told.at is None or not (folder / "results.csv").is_file():
        return f"stopped before anything was computed; to begin again: {again}"
    return (
        f"stopped at {told.at.done} of {told.at.total} points, which are in {folder / 'results.csv'} (the "
        f"report is written at the end); to go on from there: {again}"
    )


def _sweep(file: str) -> Sweep:
    if file in plan.shipped_names() and not Path(file).is_file():
        return Sweep.shipped(file)
    return Sweep.load(file)


def _executor(workers: int | None, scheduler: str | None) -> Jobs:
    if scheduler is not None:
        return Cluster(address=scheduler)
    return Serial() if workers == 1 else Processes(workers=workers)


def _announce(console: Console, asked: Sweep) -> None:
    """What is varied and how, before it starts; axes that go together stand together."""
    table = Table(title=escape(asked.title), title_justify="left", title_style="bold")
    for header, justify in (("varied", "left"), ("how", "left"), ("values", "right"), ("from", "right"),
                            ("to", "right")):  # fmt: skip
        table.add_column(header, justify=justify)  # type: ignore[arg-type]
    for group, how in zip(asked.groups, asked.ways, strict=True):
        for varied in group:
            scale = ", log" if varied.axis.logarithmic else ""
            first, last = asked.ends(varied)
            table.add_row(varied.axis.label, how + scale, str(len(varied.values)), str(first), str(last))
        table.add_section()
    console.print(table)
    sizes = " × ".join(str(len(group[0].values)) for group in asked.groups)
    product = f"{sizes} = " if len(asked.groups) > 1 else ""
    designs = ", ".join(asked.which)
    console.print(f"{product}{asked.combinations} combinations, each with {designs}", style="dim")


def _foresee(console: Console, found: Outlook, designs: int, folder: Path) -> None:
    """What a run would do, for --plan."""
    console.print(
        f"{found.points} points (rows of the table) of {designs} design{'s' if designs > 1 else ''}: "
        f"{found.solves} distinct solves on {found.meshes} meshes of {found.geometries} geometries",
        soft_wrap=True,
    )
    kept = f", {found.failed} of them failed (--retry computes those again)" if found.failed else ""
    console.print(
        f"{found.stored} of {found.solves} results are stored in {folder}{kept}", markup=False, soft_wrap=True
    )
    for reason in found.impossible:
        console.print(f"[red]{reason.status}[/], {_of(reason)}: ", end="", soft_wrap=True)
        console.print(reason.words, markup=False, soft_wrap=True)
    if not found.impossible:
        console.print("no point is known to be impossible before meshing", style="dim")


def _conclude(console: Console, study: Study) -> None:
    """How many points there are of each kind, and why points failed."""
    counts = study.table["status"].value_counts()
    console.print(", ".join(f"{n} {status}" for status, n in counts.items()))
    found = reasons(study.table, ("failed", "not trusted", "missing"))
    for reason in found[:MOST_REASONS]:
        console.print(f"[red]{reason.status}[/], {_of(reason)}: ", end="", soft_wrap=True)
        console.print(reason.words, markup=False, soft_wrap=True)
    if len(found) > MOST_REASONS:
        console.print(f"and {len(found) - MOST_REASONS} other reasons; results.csv has all of them.")


def _of(reason: Reason) -> str:
    """How many points have a reason, and which is the first."""
    first = reason.points[0]
    return f"point {first}" if len(reason.points) == 1 else f"{len(reason.points)} points from {first} on"
