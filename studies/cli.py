"""The command line, thin: it reads, calls one function of this package, and shows what came out.

Exit codes: 0 success, 1 a failed or untrusted computation, 2 bad input, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from fem.conditions import ModelError
from fem.film import FilmNotSolved
from fem.newton import SolveFailed
from fem.parameters import ParameterError
from geometry.errors import CadError, GeometryError
from meshes import files, paraview
from meshes.raw import MeshingFailed
from meshes.tagged import MeshError
from meshes.worker import WorkerError
from studies import cli_bench, cli_polarise, cli_sweep, cli_verify, limits, output, screen
from studies.case import SHIPPED, Case, shipped_names
from studies.cli_options import Cache, CaseName, Method, OneDesign, cache_of, case_of, design_of, method_of
from studies.compare import compare_designs
from studies.error_bars import with_error_bars
from studies.errors import CaseError
from studies.labels import LABELS
from studies.meshing import mesh_designs
from studies.run import run_design, save

MISTAKES = (CaseError, GeometryError, MeshError, ModelError, ParameterError)
FAILURES = (SolveFailed, CadError, MeshingFailed, WorkerError, FilmNotSolved)


class Guarded(TyperGroup):
    """Turns the program's own errors into sentences and exit codes; anything else shows as a bug."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        _, errors = screen.consoles()
        try:
            return super().invoke(ctx)
        except MISTAKES as error:
            for problem in getattr(error, "problems", (str(error),)):
                errors.print(f"error: {problem}", style="red", markup=False, soft_wrap=True)
            raise typer.Exit(2) from error
        except FAILURES as error:
            errors.print(f"failed: {error}", style="red", markup=False, soft_wrap=True)
            raise typer.Exit(1) from error
        except KeyboardInterrupt as error:
            errors.print("stopped; nothing was written", style="red")
            raise typer.Exit(130) from error


app = typer.Typer(
    cls=Guarded,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Where the current goes in a lithium-metal anode with a fibre framework and an ionic layer.",
)


@app.command()
def compare(
    case: CaseName = "bilayer",
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the results.")] = Path(
        "out/compare"
    ),
    cache: Cache = None,
    method: Method = "auto",
) -> None:
    """Run all designs of a case: table, comparison.csv, report.html, a folder per design."""
    console, errors = screen.consoles()
    chosen, solver = case_of(case), method_of(method)
    with screen.Stages(errors) as stages:
        comparison = compare_designs(chosen, out, cache=cache_of(cache), method=solver, progress=stages)
    if comparison.results:
        console.print(screen.results_table(chosen.title, comparison.results))
        console.print("\n".join([*screen.notes(), screen.solved_by(comparison.results)]), style="dim")
    console.print("\n".join(screen.verdict(comparison)))
    console.print(f"{stages.seconds:.0f} s; report: {out / 'report.html'}", markup=False, soft_wrap=True)
    if not comparison.complete:
        raise typer.Exit(1)


@app.command()
def run(
    case: CaseName,
    design: OneDesign = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the results.")] = Path(
        "out/run"
    ),
    cache: Cache = None,
    method: Method = "auto",
    *,
    error_bars: Annotated[
        bool, typer.Option("--error-bars", help="Solve two coarser meshes too: value ± discretisation error.")
    ] = False,
) -> None:
    """Run one design of a case: result.json, and fields for ParaView."""
    console, errors = screen.consoles()
    chosen, solver = case_of(case), method_of(method)
    which = design_of(chosen, design)
    limits.refuse_depletion(chosen, (which,))
    kept = cache_of(cache)
    with output.folder(out) as folder, screen.Stages(errors) as stages:
        made = mesh_designs(chosen, [which], cache=kept, progress=stages)
        mesh = made.meshes[which]
        assert mesh.report is not None
        result = run_design(chosen, which, mesh, mesh.report, folder, method=solver, progress=stages)
        if error_bars:
            result = with_error_bars(chosen, result, cache=kept, method=solver, progress=stages)
            save(chosen, result, folder)
    console.print(screen.results_table(chosen.title, {which: result}))
    notes = [*screen.notes(), screen.solved_by({which: result}), *screen.bar_notes(result)]
    console.print("\n".join(notes), style="dim", markup=False)
    console.print("\n".join(screen.judgement({which: result})))
    console.print(f"{stages.seconds:.0f} s; result: {out / 'result.json'}", markup=False, soft_wrap=True)
    if not result.trusted:
        raise typer.Exit(1)


@app.command()
def mesh(
    case: CaseName,
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE.msh", help="Mesh file to write, MSH 4.1 in metres.")
    ],
    design: OneDesign = None,
    cache: Cache = None,
    view: Annotated[
        Path | None,
        typer.Option("--paraview", metavar="DIR", help="Also write every region and surface here."),
    ] = None,
) -> None:
    """Make geometry and mesh of one design; report quality, connectivity and volumes."""
    console, errors = screen.consoles()
    chosen = case_of(case)
    which = design_of(chosen, design)
    output.check_file(out)
    if out.suffix != ".msh":
        raise CaseError(
            f'--out is "{out}", and a mesh is written as .msh; call it {out.with_suffix(".msh")}.'
        )
    if view is not None:
        with output.folder(view):
            pass
    with screen.Stages(errors) as stages:
        made = mesh_designs(chosen, [which], cache=cache_of(cache), progress=stages)
        tagged = made.meshes[which]
        stages("writing")
        files.save(tagged, out)
        if view is not None:
            with output.folder(view) as folder:
                paraview.write_mesh(folder, tagged)
    assert tagged.report is not None
    console.print(screen.mesh_table(f"{chosen.title}: {LABELS[which]}", tagged.report))
    for note in made.failures:
        console.print(note, style="yellow", markup=False)
    console.print(f"{stages.seconds:.0f} s; mesh: {out}", markup=False, soft_wrap=True)


@app.command()
def cases(
    name: Annotated[str | None, typer.Argument(help="Print this case, to start your own from it.")] = None,
) -> None:
    """List the shipped cases, or print one."""
    if name is None:
        for known in shipped_names():
            typer.echo(f"{known:15} {Case.shipped(known).title}")
        return
    Case.shipped(name)
    typer.echo((SHIPPED / f"{name}.toml").read_text("utf-8"), nl=False)


@app.command()
def schema() -> None:
    """Print the JSON schema of case files, for editors."""
    typer.echo(json.dumps(Case.json_schema(), indent=2))


app.command()(cli_verify.verify)
app.command()(cli_polarise.polarise)
app.command()(cli_sweep.sweep)
app.command()(cli_sweep.sweeps)
app.command()(cli_bench.bench)


def main() -> None:
    """Entry point of the command ``bilayer``."""
    app()
