"""The command ``bilayer verify``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from studies import output, screen
from studies.verification import harness
from studies.verification import screen as shown
from studies.verification.harness import Part

Names = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME]...", help="Studies to run; all if none is named.")
]


def verify(
    names: Names = None,
    *,
    slow: Annotated[bool, typer.Option("--slow", help="Also run what takes minutes.")] = False,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the results.")] = Path(
        "out/verify"
    ),
    listed: Annotated[bool, typer.Option("--list", help="List the studies and stop.")] = False,
) -> None:
    """Check the program against closed forms and rates: tables, verification.json, verification.html."""
    from studies.verification import page

    console, errors = screen.consoles()
    selected = harness.chosen(names or ())
    if listed:
        width = max(map(len, selected), default=0)
        for name in selected:
            typer.echo(f"{name:{width}}  {harness.study(name).title}")
        return
    parts = (Part.FAST, Part.SLOW) if slow else (Part.FAST,)
    with output.folder(out) as folder:
        with screen.Stages(errors) as stages:
            outcomes = harness.run_all(selected, *parts, progress=stages)
        for outcome in outcomes:
            shown.show(console, outcome)
        text = json.dumps(harness.record(outcomes), indent=2, allow_nan=False, ensure_ascii=False)
        (folder / "verification.json").write_text(text + "\n", encoding="utf-8")
        page.write(outcomes, folder)
    console.print()
    console.print(shown.summary(outcomes))
    console.print(f"{stages.seconds:.0f} s; page: {out / 'verification.html'}", markup=False, soft_wrap=True)
    if not all(outcome.passed for outcome in outcomes):
        raise typer.Exit(1)
