"""One case: what to build, of what, at which operating point; read from TOML, checked before any work."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from geometry.designs import Design
from studies import checks
from studies.errors import CaseError, sentences
from studies.fields import Table
from studies.kinetic_tables import Kinetics
from studies.tables import CellTable, ElectrolyteTable, MeshTable, Operation

SHIPPED = resources.files("studies") / "cases"
DEFAULT = "bilayer"


def _possible(data: Mapping[str, Any]) -> tuple[Design, ...]:
    """All designs whose parts the cell has."""
    cell = data.get("cell")
    return tuple(Design) if cell is None else tuple(d for d in Design if not checks.lacking(cell, d))


class Case(Table):
    """A complete, checked case; SI numbers inside.

    `Case.load(path)` reads a file, `Case.from_toml(text)` text, `Case.from_dict(data)` nested tables with
    quantities as text. All raise `CaseError` with one sentence per problem. `to_dict` gives tables that
    `from_dict` reads back to the same case.
    """

    title: Annotated[str, Field(max_length=200)] = "Lithium-metal cell"
    cell: Annotated[CellTable, Field(examples=['[cell] with width = "16 um"'])]
    designs: Annotated[
        tuple[Design, ...], Field(min_length=1, default_factory=_possible, examples=['["planar", "bilayer"]'])
    ]
    electrolyte: ElectrolyteTable = ElectrolyteTable()
    kinetics: Kinetics = Kinetics()
    operation: Annotated[Operation, Field(examples=['[operation] with current_density = "10 mA/cm^2"'])]
    mesh: Annotated[MeshTable, Field(examples=['[mesh] with size = "0.35 um"'])]

    @model_validator(mode="after")
    def _whole(self) -> Case:
        found = list(checks.problems(self))
        if found:
            raise PydanticCustomError("case", "{text}", {"text": " ".join(found), "sentences": found})
        return self

    @classmethod
    def load(cls, path: Path | str) -> Case:
        """The case in a TOML file; or in a result, ``result.json`` or a point of a study, of its design."""
        path = Path(path)
        if path.suffix == ".json":
            return cls.from_dict(_of_result(path))
        return cls.from_toml(read(path, "case"), folder=path.parent, name=str(path))

    @classmethod
    def shipped(cls, name: str = DEFAULT) -> Case:
        """A case that comes with the program, by name."""
        if name not in shipped_names():
            raise CaseError(f'there is no shipped case "{name}"; use one of: {", ".join(shipped_names())}.')
        return cls.from_toml((SHIPPED / f"{name}.toml").read_text("utf-8"), name=name)

    @classmethod
    def from_toml(cls, text: str, *, folder: Path | str = ".", name: str = "the case") -> Case:
        """The case in TOML text; paths in it count from ``folder``."""
        data = parsed(text, name)
        if not data:
            raise CaseError(
                f"{name} is empty; start from a shipped one: bilayer cases {DEFAULT} > my-case.toml"
            )
        return cls.from_dict(data, folder=folder)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, folder: Path | str = ".") -> Case:
        """The case in nested tables, quantities as text with units."""
        if "case" in data and {"axes", "zipped", "hypercube"} & data.keys():
            raise CaseError("these are the tables of a sweep, not of a case; run them with: bilayer sweep")
        try:
            return cls.model_validate(data, context={"folder": folder})
        except ValidationError as error:
            raise CaseError(sentences(error, cls, data)) from error

    def to_dict(self) -> dict[str, Any]:
        """Nested tables of plain text, numbers and lists, with every default written out."""
        return self.model_dump(mode="json", exclude_none=True)

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """JSON schema of a case file, for editors."""
        return cls.model_json_schema(mode="validation")


def _of_result(path: Path) -> dict[str, Any]:
    try:
        result = json.loads(read(path, "result"))
        return {**result["inputs"], "designs": [result["design"]]}
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, CaseError):
            raise
        raise CaseError(
            f"{path} is no result of this program ({error!r}); give a case file, a result.json or a point."
        ) from error


def shipped_names() -> tuple[str, ...]:
    """Names of the cases that come with the program, the default first."""
    names = sorted(
        entry.name.removesuffix(".toml") for entry in SHIPPED.iterdir() if entry.name.endswith(".toml")
    )
    return tuple(sorted(names, key=lambda name: name != DEFAULT))


def parsed(text: str, name: str) -> dict[str, Any]:
    """The tables in TOML text; ``name`` says whose they are."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        twice = "overwrite" in str(error)
        hint = "a key stands there twice" if twice else "quantities are text in quotes"
        raise CaseError(f"{name} is no valid TOML: {error}; {hint}.") from error


def read(path: Path, kind: str) -> str:
    """The text of a file of this kind (case, sweep); CaseError if it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        hint = f" or a shipped case ({', '.join(shipped_names())})" if kind == "case" else ""
        hint = " or a shipped sweep (bilayer sweeps lists them)" if kind == "sweep" else hint
        raise CaseError(f"{kind} file {path} does not exist; give a TOML file{hint}.") from error
    except IsADirectoryError as error:
        raise CaseError(f"{kind} file {path} is a folder; give the TOML file itself.") from error
    except OSError as error:
        raise CaseError(
            f"{kind} file {path} cannot be read ({error.strerror}); check its permissions."
        ) from error
    except UnicodeDecodeError as error:
        raise CaseError(
            f"{kind} file {path} is binary or in another encoding; save it as UTF-8 text."
        ) from error
