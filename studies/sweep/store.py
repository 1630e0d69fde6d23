"""The folder of a study: finished points, each written in one step, and what they need from each other.

sweep.json        what was asked for, and by which version of the program
points/ID.json    one finished or failed point: inputs, version, seed, mesh, metrics
geometries/ID.json  which meshes the designs of a geometry have
states/ID.npz     where the neighbour of a point starts, until the study is complete
states/ID.begun   a point that a worker is or was at
fields/ID/        fields of a point, if they are wanted
meshes/           meshes and drawn mats, unless they are kept elsewhere
damaged/          files of points that could not be read, put aside; nothing reads them
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from fem.state import State
from meshes.cache import FORMAT
from meshes.paraview import write_atomically
from studies import output
from studies.errors import CaseError
from studies.run import version

STORE = 2
"""To be raised whenever an older store can no longer be read."""


def mesher() -> str:
    """What makes the meshes of this version: Gmsh's version, and that of the clean-up and of the file."""
    return f"Gmsh {metadata.version('gmsh')}, format {FORMAT}"


@dataclass(frozen=True)
class Store:
    """A study's folder; safe to share between processes, of which one may run the study."""

    folder: Path

    @classmethod
    def of(cls, folder: Path | str) -> Store:
        """The store in a folder, which must hold a study. Raises CaseError with one sentence."""
        store = cls(Path(folder).absolute())
        store.asked()
        return store

    @contextlib.contextmanager
    def held(self, sweep: Mapping[str, Any]) -> Iterator[str]:
        """Hold the store, for this sweep, against other runners; gives the token of this run.

        Raises CaseError if the folder cannot be written, is of another version or held by another runner.
        """
        with output.folder(self.folder):
            pass
        if (self.folder / "sweep.json").exists():
            self.asked()
        elif self.points.exists():
            raise CaseError(
                f"store {self.folder} has points and no sweep.json; put it back or give another folder."
            )
        with (self.folder / ".runner").open("a+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                lock.seek(0)
                owner = (lock.read().split() or ["unknown"])[0]  # empty while the other one writes it
                raise CaseError(
                    f"store {self.folder} is held by another runner (process {owner}); wait for it or stop "
                    "it."
                ) from error
            token = secrets.token_hex(8)
            lock.truncate(0)
            lock.write(f"{os.getpid()} {token}")
            lock.flush()
            self._sweep_up()
            head = {"store": STORE, "version": version(), "mesher": mesher()}
            _write(self.folder / "sweep.json", {**head, "sweep": dict(sweep)})
            yield token

    def is_run_by(self, token: str) -> bool:
        """Whether the run with this token still holds the store."""
        try:
            return (self.folder / ".runner").read_text("utf-8").endswith(f" {token}")
        except OSError:
            return False

    def released(self) -> None:
        """Tell whatever still computes for this store to stop after its present point."""
        (self.folder / ".runner").write_text(f"{os.getpid()} -", encoding="utf-8")

    def asked(self) -> dict[str, Any]:
        """The sweep that the store was last run for."""
        file = self.folder / "sweep.json"
        try:
            data = json.loads(file.read_text("utf-8"))
            store, program, sweep = data["store"], data["version"], data["sweep"]
            meshed_by = data["mesher"] if store == STORE else ""
        except FileNotFoundError as error:
            raise CaseError(f"folder {self.folder} holds no study: it has no sweep.json.") from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CaseError(
                f"store {self.folder} cannot be read: sweep.json is damaged ({error}); mend it or give "
                "another folder (the points in it are kept)."
            ) from error
        if (store, program) != (STORE, version()):
            raise CaseError(
                f"store {self.folder} was written by version {program} (format {store}) and this is version "
                f"{version()} (format {STORE}); results of two versions are not mixed: give another folder."
            )
        if meshed_by != mesher():
            raise CaseError(
                f"store {self.folder} has meshes of {meshed_by}, and new ones would be of {mesher()}; "
                "results of two meshers are not mixed: give another folder."
            )
        return dict(sweep)

    # --- points ---

    @property
    def points(self) -> Path:
        """Folder of the points."""
        return self.folder / "points"

    def stored(self) -> set[str]:
        """Names of all points in the store."""
        return (
            {entry.name[:-5] for entry in os.scandir(self.points) if _is_point(entry.name)}
            if (self.points.exists())
            else set()
        )

    def holds(self, name: str) -> bool:
        """Whether a point is in the store."""
        return (self.points / f"{name}.json").is_file()

    def is_done(self, name: str, *, fields: bool) -> bool:
        """Whether nothing is to be computed of a point: it is stored, with its fields where they are wanted
        and it has any."""
        if not self.holds(name):
            return False
        if not fields or self.fields(name).is_dir():
            return True
        try:
            return self.point(name)["status"] == "failed"
        except CaseError:
            return False

    def done(self, *, fields: bool) -> set[str]:
        """Names of the points of which nothing is to be computed."""
        stored = self.stored()
        return {name for name in stored if self.is_done(name, fields=True)} if fields else stored

    def point(self, name: str) -> dict[str, Any]:
        """What was stored of a point. Raises CaseError if its file is damaged."""
        file = self.points / f"{name}.json"
        try:
            record = json.loads(file.read_text("utf-8"))
            if record["id"] != name or record["status"] not in ("ok", "not trusted", "failed"):
                raise ValueError("it is the file of another point")
            metrics = record.get("metrics", {}).values()
            if not all(value is None or type(value) in (int, float) for value in metrics):
                raise ValueError("a metric is no number")
            return dict(record)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CaseError(f"point {file} is damaged ({error}).") from error

    def keep(self, record: Mapping[str, Any]) -> None:
        """Store a finished or failed point; it is there as a whole or not at all."""
        _write(self.points / f"{record['id']}.json", record)

    def drop(self, name: str) -> None:
        """Forget a point and its fields."""
        (self.points / f"{name}.json").unlink(missing_ok=True)
        shutil.rmtree(self.fields(name), ignore_errors=True)

    def put_aside(self, name: str) -> Path:
        """Move the damaged file of a point out of the way, and say where it is now."""
        aside = self.folder / "damaged" / f"{name}.json"
        aside.parent.mkdir(exist_ok=True)
        os.replace(self.points / f"{name}.json", aside)
        return aside

    def fields(self, name: str) -> Path:
        """Folder for the fields of a point."""
        return self.folder / "fields" / name

    # --- states ---

    def keep_state(self, name: str, state: State) -> None:
        """Store where the neighbour of a point may start."""

        def write(path: Path) -> None:
            with path.open("wb") as out:
                np.savez(out, x=state.x, low=state.low, k=state.k, voltage=np.array(state.voltage))

        write_atomically(self._state(name), write)

    def state(self, name: str) -> State | None:
        """The stored state of a point; None if there is none that can be read."""
        try:
            with self._state(name).open("rb") as file, np.load(file, allow_pickle=False) as at:
                return State(x=at["x"], low=at["low"], k=at["k"], voltage=float(at["voltage"]))
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return None

    def begin(self, name: str) -> None:
        """Note that a worker is at a point, so that the right one is blamed if its process dies."""
        marker = self.folder / "states" / f"{name}.begun"
        marker.parent.mkdir(exist_ok=True)
        marker.touch()

    def was_begun(self, name: str) -> bool:
        """Whether a worker has begun a point."""
        return (self.folder / "states" / f"{name}.begun").exists()

    def drop_states(self) -> None:
        """Remove all states, once no point needs them."""
        shutil.rmtree(self.folder / "states", ignore_errors=True)

    def _state(self, name: str) -> Path:
        return self.folder / "states" / f"{name}.npz"

    # --- geometries ---

    def geometry(self, name: str) -> dict[str, Any] | None:
        """What is known of a geometry: its draw, and the mesh or the reason for none of each design."""
        try:
            record = json.loads((self.folder / "geometries" / f"{name}.json").read_text("utf-8"))
            return record if isinstance(record, dict) else None
        except (OSError, ValueError):
            return None

    def keep_geometry(self, name: str, record: Mapping[str, Any]) -> None:
        """Store what is known of a geometry."""
        _write(self.folder / "geometries" / f"{name}.json", record)

    def forget_mesh(self, name: str, design: str) -> None:
        """Forget the mesh of a design and remove its file, so that it is made again."""
        known = self.geometry(name) or {}
        Path(known.pop(design, {}).get("file", os.devnull)).unlink(missing_ok=True)
        self.keep_geometry(name, known)

    def forget_unmeshed(self, name: str) -> None:
        """Forget the designs of a geometry that could not be meshed, so that it is tried again."""
        known = self.geometry(name) or {}
        self.keep_geometry(name, {d: mesh for d, mesh in known.items() if "reason" not in mesh})

    def _sweep_up(self) -> None:
        """Remove what a killed run has left half-written."""
        for folder in ("points", "states", "geometries", "meshes"):
            for left in (self.folder / folder).glob(".*"):
                left.unlink(missing_ok=True)
        for left in (*(self.folder / "fields").glob(".*"), *(self.folder / "fields").glob("*/.*")):
            shutil.rmtree(left, ignore_errors=True)


def _is_point(name: str) -> bool:
    return name.endswith(".json") and not name.startswith(".")


def _write(path: Path, record: Mapping[str, Any]) -> None:
    text = json.dumps(record, indent=1, allow_nan=False, default=float) + "\n"
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))
