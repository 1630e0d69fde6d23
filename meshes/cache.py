"""One geometry is meshed once: meshes stored under a hash of everything that determines them."""

from __future__ import annotations

import hashlib
import json
import time
import warnings
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from geometry.designs import Cell
from geometry.random_mat import RandomMat
from geometry.stack import Stack
from meshes.drawings import StoredDraws
from meshes.paraview import write_atomically
from meshes.quality import MeshReport
from meshes.sizing import Sizing
from meshes.tagged import TaggedMesh

FORMAT = 6
"""To be raised whenever meshing, clean-up or the stored arrays change."""


class MeshCache:
    """A folder of meshes named by content; safe to share between processes.

    The name is the SHA-256 of the stack, the sizing, FORMAT and Gmsh's version. Files appear in one step.
    A file that cannot be read is reported as a warning and treated as missing.
    """

    def __init__(self, directory: str | Path) -> None:
        self.directory = Path(directory)

    def remembering(self, cell: Cell) -> Cell:
        """The same cell; its random mat, which takes seconds to draw, is drawn once and kept here."""
        if not isinstance(cell.framework, RandomMat):
            return cell
        return replace(cell, framework=StoredDraws(framework=cell.framework, directory=self.directory))

    def path(self, stack: Stack, sizing: Sizing) -> Path:
        """Where the mesh of this stack and sizing lies, or would lie."""
        identity = [FORMAT, version("gmsh"), stack.fingerprint(), {**asdict(sizing), "far": sizing.largest}]
        digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
        return self.directory / f"{digest}.npz"

    def get(self, stack: Stack, sizing: Sizing) -> TaggedMesh | None:
        """The stored mesh, its report's seconds being those of the reading; None when there is none."""
        path = self.path(stack, sizing)
        if not path.is_file():
            return None
        begin = time.perf_counter()
        try:
            mesh = load_stored(path)
        except Exception as error:
            warnings.warn(f"stored mesh {path} is damaged ({error}) and is made anew", stacklevel=2)
            return None
        if mesh.report is None:
            return mesh
        return mesh.with_report(replace(mesh.report, seconds={"cache": time.perf_counter() - begin}))

    def put(self, stack: Stack, sizing: Sizing, mesh: TaggedMesh) -> Path:
        """Store a mesh together with its report."""
        return write_atomically(self.path(stack, sizing), lambda temporary: _write(temporary, mesh))


def _write(path: Path, mesh: TaggedMesh) -> None:
    arrays = {"points": mesh.points, "cells": mesh.cells}
    arrays |= {f"region/{name}": elements for name, elements in mesh.regions.items()}
    arrays |= {f"surface/{name}": mesh.facets[:, facets] for name, facets in mesh.surfaces.items()}
    if mesh.midpoints is not None:
        arrays["midpoints"] = mesh.midpoints
    report = "" if mesh.report is None else json.dumps(mesh.report.as_dict())
    with path.open("wb") as out:
        np.savez(out, report=np.array(report), **arrays)  # type: ignore[arg-type]


def content_hash(mesh: TaggedMesh) -> str:
    """SHA-256 of points, cells, names and curved edges: equal for the same mesh, whoever made it."""
    digest = hashlib.sha256()
    arrays = {"points": mesh.points, "cells": mesh.cells, **mesh.regions}
    arrays |= {name: mesh.facets[:, facets] for name, facets in mesh.surfaces.items()}
    if mesh.midpoints is not None:
        arrays["midpoints"] = mesh.midpoints
    for name, array in arrays.items():
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def load_stored(path: Path) -> TaggedMesh:
    """The mesh in a file of the cache, with its report. Raises OSError, ValueError or BadZipFile if it cannot
    be read."""
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        named = {
            kind: {k.removeprefix(kind): stored[k] for k in stored.files if k.startswith(kind)}
            for kind in ("region/", "surface/")
        }
        report = str(stored["report"])
        mesh = TaggedMesh.from_arrays(
            points=stored["points"],
            cells=stored["cells"],
            regions=named["region/"],
            surfaces=named["surface/"],
            report=MeshReport.from_dict(json.loads(report)) if report else None,
        )
        return mesh.curved(stored["midpoints"]) if "midpoints" in stored.files else mesh
