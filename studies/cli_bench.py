"""The command ``bilayer bench``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from studies import output, screen
from studies.bench import ladder, record, schedule
from studies.bench import screen as shown
from studies.bench.run import Kind, Run
from studies.bench.shows import shows
from studies.bench.summary import disagreement, typical

SIZES = ", ".join(rung.name for rung in ladder.RUNGS)

Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the results.")]
Cache = Annotated[
    Path | None, typer.Option("--cache", metavar="DIR", help="Keep meshes here; OUT/meshes if not given.")
]
Sizes = Annotated[
    list[str] | None,
    typer.Option("--size", metavar="SIZE", help=f"One size, may be repeated; if not given, {SIZES}."),
]
Repeats = Annotated[int, typer.Option("--repeats", min=1, help="How often each size is measured.")]
Full = Annotated[
    str, typer.Option("--full-up-to", metavar="SIZE", help="Largest size for the full solver, or none.")
]
ThreeFields = Annotated[
    str,
    typer.Option("--three-fields-up-to", metavar="SIZE", help="The same for NGSolve's three-field Newton."),
]


def bench(
    out: Out = Path("out/bench"),
    cache: Cache = None,
    sizes: Sizes = None,
    repeats: Repeats = 3,
    full: Full = "300k",
    three_fields: ThreeFields = "300k",
    *,
    peers: Annotated[bool, typer.Option("--peers/--no-peers", help="NGSolve on the same meshes.")] = True,
    newton: Annotated[
        bool, typer.Option("--newton/--no-newton", help="Newton steps at 20 mA/cm², two exchange currents.")
    ] = True,
    real_mat: Annotated[
        bool, typer.Option("--real-mat", help="Also the real mat from case file to files; minutes.")
    ] = False,
) -> None:
    """Seconds and memory by stage over sizes, beside another program: bench.json, bench.png.

    Each measurement stands in runs.jsonl as soon as it is made.

    Run it on an idle machine: NGSolve's threads spin while they wait, so that anything else that runs makes
    its figures many times worse. All sizes together take long, most of it the geometry of the largest, which
    a cache keeps. Missed targets are reported; the exit code is 1 when the programs disagree or a run fails.
    """
    from studies.bench import plot

    console, errors = screen.consoles()
    compared = peers and schedule.peers_installed()
    if peers and not compared:
        console.print(schedule.NO_PEERS, markup=False)
    meshes = (out / "meshes" if cache is None else cache).absolute()
    plan = schedule.Plan(
        cache=str(meshes),
        rungs=ladder.chosen(sizes or ()),
        repeats=repeats,
        full=ladder.up_to(full),
        three_fields=ladder.up_to(three_fields),
        peers=compared,
        newton=newton,
        real_mat=real_mat,
    )
    with output.folder(meshes):  # refused before any work if nothing can be stored there
        pass
    runs: list[Run] = []
    with output.folder(out) as folder:
        with screen.Stages(errors) as stages, (out / "runs.jsonl").open("a", encoding="utf-8") as kept:
            for run in schedule.carry_out(plan, stages):
                runs.append(run)
                kept.write(json.dumps(run.as_dict()) + "\n")
                kept.flush()
                os.fsync(kept.fileno())  # hours of measurements outlive a power cut, and the next run
        rows, figures = typical(runs), shows(runs)
        text = json.dumps(record.record(runs, figures), indent=2, allow_nan=False, ensure_ascii=False)
        (folder / "bench.json").write_text(text + "\n", encoding="utf-8")
        plot.write(rows, folder / "bench.png")
    for table in (shown.meshes(rows), shown.medians(rows), shown.targets(figures)):
        console.print(table, end="\n\n")
    apart = disagreement(runs, Kind.EQUILIBRATED, Kind.THREE_FIELDS)
    wrong = [*shown.failures(runs), *shown.disagreements(apart)]
    for line in wrong:
        console.print(line)
    written = f"{out / 'bench.json'}, {out / 'bench.png'}"
    console.print(f"{stages.seconds:.0f} s; figures: {written}", markup=False, soft_wrap=True)
    if wrong:
        raise typer.Exit(1)
