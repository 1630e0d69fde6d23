"""Finds the studies of this folder, runs them, and gives what came out as data."""

from __future__ import annotations

import ast
import importlib
import re
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Any

from studies.errors import CaseError, nearest
from studies.plain import plain
from studies.verification.evidence import Comparison, Evidence

FOLDER = Path(__file__).parent
PACKAGE = "studies.verification"
FORMAT = 1  # of verification.json


class Part(StrEnum):
    """What of a study to run; the values are the names of its functions."""

    FAST = "verify"
    SLOW = "verify_slow"


@dataclass(frozen=True, kw_only=True)
class Study:
    """One subject: the name of its file, the first line and the rest of its docstring, what can be run."""

    name: str
    title: str
    text: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a study gave. `failure` is empty, or says why it did not come to an end."""

    study: Study
    parts: tuple[Part, ...]  # that were run
    evidence: tuple[Evidence, ...]
    seconds: float
    failure: str

    @property
    def passed(self) -> bool:
        """Whether it came to an end and all evidence passed."""
        return not self.failure and all(evidence.passed for evidence in self.evidence)

    @property
    def left_out(self) -> bool:
        """Whether it has a slow part that was not run."""
        return Part.SLOW in self.study.parts and Part.SLOW not in self.parts

    @property
    def missed(self) -> tuple[Evidence, ...]:
        """The evidence that fell short."""
        return tuple(evidence for evidence in self.evidence if not evidence.passed)

    def __str__(self) -> str:
        lines = [f"{self.study.title} ({self.study.name})", *map(str, self.evidence)]
        return "\n".join([*lines, *filter(None, [self.failure])])


def names() -> tuple[str, ...]:
    """All studies: the files of the folder that define ``verify``, by name."""
    found = (path.stem for path in FOLDER.glob("*.py") if Part.FAST in _functions(path))
    return tuple(sorted(found))


def chosen(wanted: Sequence[str]) -> tuple[str, ...]:
    """The wanted studies, all if none is named. Raises CaseError for an unknown name."""
    known = names()
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise CaseError(
            f'there is no study "{name}"{nearest(name, known)}; `bilayer verify --list` shows all'
            for name in unknown
        )
    return tuple(dict.fromkeys(wanted)) or known


def study(name: str) -> Study:
    """Title, text and parts of one study, read without running it."""
    path = FOLDER / f"{name}.py"
    try:
        text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    except SyntaxError:
        text = ""
    title, _, rest = text.partition("\n")
    functions = _functions(path)
    return Study(
        name=name,
        title=title.rstrip(". ") or name.replace("_", " "),
        text=rest.strip("\n"),
        parts=tuple(part for part in Part if part in functions),
    )


def run_study(name: str, *parts: Part) -> Outcome:
    """Run parts of a study (the fast one if none is named); parts that it does not have are skipped.

    An exception is an outcome: its sentence is the `failure`, what was found before it is kept.
    """
    described = study(name)
    wanted = tuple(part for part in parts or (Part.FAST,) if part in described.parts)
    evidence: list[Evidence] = []
    failure, begin = "", time.perf_counter()
    try:
        module = importlib.import_module(f"{PACKAGE}.{name}")
        for part in wanted:
            evidence += _evidence(module, part)
    except Exception as error:
        failure = _sentence(error, FOLDER / f"{name}.py")
    return Outcome(
        study=described,
        parts=wanted,
        evidence=tuple(evidence),
        seconds=time.perf_counter() - begin,
        failure=failure,
    )


def run_all(
    wanted: Sequence[str] = (), *parts: Part, progress: Callable[[str], None] | None = None
) -> tuple[Outcome, ...]:
    """Run some studies, or all, one after the other."""
    selected, outcomes = chosen(wanted), []
    for number, name in enumerate(selected, 1):
        if progress is not None:
            progress(f"{number}/{len(selected)}  {name}")
        outcomes.append(run_study(name, *parts))
    return tuple(outcomes)


def record(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Everything in ``verification.json``; numbers that are not finite are null."""
    return {
        "format": FORMAT,
        "passed": all(outcome.passed for outcome in outcomes),
        "studies": [
            {
                "name": outcome.study.name,
                "title": outcome.study.title,
                "text": outcome.study.text,
                "parts": [str(part) for part in outcome.parts],
                "passed": outcome.passed,
                "seconds": outcome.seconds,
                "failure": outcome.failure or None,
                "evidence": [_evidence_record(evidence) for evidence in outcome.evidence],
            }
            for outcome in outcomes
        ],
    }


def _evidence(module: ModuleType, part: Part) -> list[Evidence]:
    found = list(getattr(module, part)())
    if not found:
        raise ValueError(f"{part}() returned no evidence")
    for evidence in found:
        if not isinstance(evidence, Evidence):
            raise TypeError(f"{part}() returned a {type(evidence).__name__}, which is no evidence")
    return found


def _functions(path: Path) -> set[str]:
    return set(re.findall(r"^def (\w+)\(", path.read_text("utf-8"), flags=re.MULTILINE))


def _sentence(error: Exception, path: Path) -> str:
    """What went wrong, and the last line of the study on the way there."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).name == path.name
    ]
    where = f" ({path.name}, line {lines[-1]})" if lines else ""
    return f"{type(error).__name__}: {' '.join(str(error).split())}{where}"


def _evidence_record(evidence: Evidence) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": type(evidence).__name__, **asdict(evidence), "passed": evidence.passed}
    if isinstance(evidence, Comparison):
        found["error"] = evidence.error
    rates = getattr(evidence, "rates", None)
    if rates is not None:
        found["rates"] = rates
    return plain(found)
