"""Where results go: written aside, then put in place, so that no half-written result is ever seen."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from studies.errors import CaseError

PARTIAL = ".partial-"


@contextlib.contextmanager
def folder(target: Path | str) -> Iterator[Path]:
    """A fresh folder to write into; its entries move into ``target`` when the block ends well.

    Entries of ``target`` with the same names are replaced, others stay. When the block fails, ``target``
    is as before. Raises CaseError at once, before any work, if ``target`` cannot be written.
    """
    target = Path(target).absolute()
    made = _make(target)
    try:
        aside = Path(tempfile.mkdtemp(prefix=PARTIAL, dir=target))
    except OSError as error:
        raise _refusal(target, error) from error
    try:
        yield aside
        for entry in sorted(aside.iterdir()):
            _replace(entry, target / entry.name)
        made = []
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        for created in reversed(made):
            with contextlib.suppress(OSError):
                created.rmdir()


def check_file(target: Path | str) -> None:
    """Raise CaseError unless a file can be written there."""
    target = Path(target).absolute()
    if target.is_dir():
        raise CaseError(f"output file {target} is a folder; give the name of a file.")
    with folder(target.parent):
        pass


def _make(target: Path) -> list[Path]:
    """Create ``target`` and its parents; the folders that were made, outermost first."""
    missing = [p for p in (target, *target.parents) if not p.exists()]
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refusal(target, error) from error
    return missing[::-1]


def _refusal(target: Path, error: OSError) -> CaseError:
    reason = (error.strerror or str(error)).lower()
    return CaseError(f"output folder {target} cannot be written ({reason}); give another one.")


def _replace(entry: Path, place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        old = entry.with_name(f"{entry.name}.old")
        os.replace(place, old)
        os.replace(entry, place)
        shutil.rmtree(old, ignore_errors=True)
    else:
        os.replace(entry, place)
