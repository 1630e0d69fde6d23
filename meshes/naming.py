"""What a mesh's names must satisfy: no stray, empty or doubled entries, and regions that share no element."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from meshes.simplices import IntArray, MeshError

STRAY_PREFIX = "gmsh:"
"""Names with this prefix are bookkeeping of mesh files, not regions or surfaces."""


def checked(kind: str, item: str, named: Mapping[str, ArrayLike], count: int) -> Mapping[str, IntArray]:
    """Index arrays by name, sorted, unique and read-only; `kind` and `item` name them in messages."""
    checked: dict[str, IntArray] = {}
    for name, values in named.items():
        if str(name).startswith(STRAY_PREFIX):
            continue
        indices = np.array(values).ravel()
        if not (indices[1:] > indices[:-1]).all():
            indices = np.unique(indices)
        if indices.size == 0:
            raise MeshError(f"{kind} '{name}' has no {item}s; leave it out or tag its {item}s")
        if indices.dtype.kind not in "iu" or indices[0] < 0 or indices[-1] >= count:
            raise MeshError(
                f"{kind} '{name}' must hold {item} indices from 0 to {count - 1}, got {indices[[0, -1]]}"
            )
        if indices.size != np.size(values):
            raise MeshError(
                f"{kind} '{name}' lists {np.size(values) - indices.size} {item}s twice; list each once"
            )
        indices.flags.writeable = False
        checked[str(name)] = indices
    return MappingProxyType(checked)


def check_partition(regions: Mapping[str, IntArray], count: int) -> None:
    """Refuse elements in no region or in several."""
    claims = np.zeros(count, dtype=np.int32)
    for elements in regions.values():
        claims[elements] += 1
    if (claims == 0).any():
        raise MeshError(
            f"{int((claims == 0).sum())} of {count} elements belong to no region; "
            "give every element a named region"
        )
    if (claims > 1).any():
        shared = [name for name, elements in regions.items() if (claims[elements] > 1).any()]
        raise MeshError(
            f"{int((claims > 1).sum())} elements belong to several regions ({', '.join(shared)}); "
            "every element needs exactly one"
        )


def listed(names: Iterable[str]) -> str:
    """Names for a message."""
    return ", ".join(sorted(names)) or "none"
