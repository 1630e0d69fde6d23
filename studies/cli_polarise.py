"""The command ``bilayer polarise``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from geometry.designs import Design
from studies import screen
from studies.cli_options import Cache, CaseName, Method, cache_of, case_of, method_of
from studies.errors import CaseError
from studies.figures import LABELS
from studies.polarisation import grid, series, words
from studies.polarisation.curve import End
from studies.polarisation.study import TABLE, Polarisation, Stopped
from studies.polarisation.study import polarise as trace_all

EXAMPLE = "1, 2, 5, 10, 20 mA/cm^2"


def polarise(
    case: CaseName,
    currents: Annotated[
        str | None, typer.Option("--currents", metavar="LIST", help=f'Current densities: "{EXAMPLE}".')
    ] = None,
    first: Annotated[
        str | None, typer.Option("--from", metavar="CURRENT", help='First of a series: "1 mA/cm^2".')
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="CURRENT", help='Last of a series: "40 mA/cm^2".')
    ] = None,
    count: Annotated[
        int | None,
        typer.Option("--count", help=f"How many currents a series has; {series.COUNT} if not given."),
    ] = None,
    designs: Annotated[
        list[Design] | None,
        typer.Option("--design", help="One design, may be repeated; all of the case if not given."),
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the results.")] = Path(
        "out/polarise"
    ),
    cache: Cache = None,
    method: Method = "auto",
    *,
    logarithmic: Annotated[
        bool, typer.Option("--log", help="Space the series evenly in its logarithm.")
    ] = False,
    fields: Annotated[
        bool, typer.Option("--fields", help="Write the fields of every point, and a .pvd per design.")
    ] = False,
) -> None:
    """Voltage and metrics against current: table, polarisation.csv, figures, report.html.

    Without --currents, or --from and --to, the series ends at 0.95 of the limiting current that is known
    before solving. The case's own current or voltage plays no part. A curve that ends because the
    salt is depleted is a result; the exit code is 1 when a solve failed for another reason or a trust check
    was missed.
    """
    console, errors = screen.consoles()
    chosen, solver = case_of(case), method_of(method)
    wanted = _currents(currents, first, last, count, logarithmic=logarithmic)
    try:
        with screen.Stages(errors) as stages:
            found = trace_all(
                chosen,
                wanted,
                out,
                designs=designs,
                count=series.COUNT if count is None else count,
                cache=cache_of(cache),
                method=solver,
                fields=fields,
                progress=stages,
            )
    except Stopped as stop:
        _show(console, stop.polarisation)
        errors.print(f"stopped; what is finished is kept in {out}", style="red", soft_wrap=True)
        raise typer.Exit(130) from stop
    _show(console, found)
    console.print(
        f"{stages.seconds:.0f} s; table: {out / TABLE}; report: {out / 'report.html'}", soft_wrap=True
    )
    if not found.complete:
        raise typer.Exit(1)


def _currents(
    text: str | None, first: str | None, last: str | None, count: int | None, *, logarithmic: bool
) -> tuple[float, ...] | None:
    """The currents [A/m2] that the options name; None if they leave them to the program."""
    if text is not None:
        if not (first is last is count is None) or logarithmic:
            raise CaseError(
                "--currents and a series (--from, --to, --count, --log) are both given; leave one out."
            )
        return series.listed(text)
    if first is not None and last is not None:
        ends = series.quantity(first, "--from"), series.quantity(last, "--to")
        points = series.COUNT if count is None else count
        return series.spanned(*ends, points, logarithmic=logarithmic)
    if first is not None or last is not None or logarithmic:
        raise CaseError('a series needs --from and --to, such as --from "1 mA/cm^2" --to "40 mA/cm^2".')
    return None


def _show(console: Console, found: Polarisation) -> None:
    """The table, then a sentence or two per design."""
    curves = list(found.curves.values())
    console.print(f"{found.case.title}: cell voltage (mV)", style="bold", markup=False)
    console.print(grid.on_screen(curves))
    for design, reason in found.failures.items():
        console.print(f"{LABELS[design]} failed: {reason}", style="red", markup=False, soft_wrap=True)
    for curve in curves:
        bad = curve.end in (End.FAILED, End.STOPPED)
        console.print(words.ending(curve), style="red" if bad else None, markup=False, soft_wrap=True)
        for point in curve.points:
            for line in screen.missed(curve.design, point.result):
                console.print(f"at {words.milliamperes(point.current)} mA/cm², {line}", soft_wrap=True)
    if curves and all(curve.trusted for curve in curves):
        console.print("All trust checks passed.", style="green")
