"""Options that several commands share, and what they mean."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from fem import solve
from geometry.designs import Design
from meshes.cache import MeshCache
from studies import checks, output
from studies.case import Case, shipped_names
from studies.errors import CaseError

CaseName = Annotated[
    str,
    typer.Argument(
        metavar="CASE.toml", help="A case file, the name of a shipped case, or a result to repeat."
    ),
]
Cache = Annotated[
    Path | None, typer.Option("--cache", metavar="DIR", help="Keep meshes here and use them again.")
]
OneDesign = Annotated[
    Design | None, typer.Option("--design", help="Which design; the bilayer if the case has it.")
]
Method = Annotated[
    str,
    typer.Option(
        "--method",
        help="auto, equilibrated or full: how the steady state is found; auto takes the equilibrated solver "
        "wherever it holds.",
    ),
]


def case_of(name: str) -> Case:
    """The case in a file or result, or the shipped one of that name."""
    if name in shipped_names() and not Path(name).is_file():
        return Case.shipped(name)
    return Case.load(name)


def design_of(case: Case, design: Design | None) -> Design:
    """The design asked for, or the bilayer if the case has it; CaseError if the case lacks a part of it."""
    which = design or (Design.BILAYER if Design.BILAYER in case.designs else case.designs[0])
    checks.refuse_lacking(case.cell, [which])
    return which


def cache_of(folder: Path | None) -> MeshCache | None:
    """The cache in a folder, which is made."""
    if folder is None:
        return None
    with output.folder(folder):  # refused before any work if nothing can be stored there
        return MeshCache(folder)


def method_of(name: str) -> Any:
    """The solver of that name; None lets the program choose."""
    known = ("auto", *get_args(solve.Method))
    if name not in known:
        raise CaseError(f'--method is "{name}", which is unknown; use one of: {", ".join(known)}.')
    return None if name == "auto" else name
