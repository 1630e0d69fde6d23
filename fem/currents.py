"""Current maps: the local current density on each surface, from the quadrature of the assembly.

Sign of everything reported: > 0 where lithium plates, j = -i_n; so the counter is negative while the cell
charges. Facet values are means over the facet, hence sum(area * j) is the current of the residual to
round-off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fem.elements import Floats, Ints
from fem.interface import ReactingSurface, SurfaceState
from meshes.tagged import TaggedMesh


@dataclass(frozen=True, kw_only=True)
class CurrentMap:
    """Local current density on one named surface, > 0 where lithium plates.

    facets (n,) of the mesh; areas (n,) [m2]; centroids (d, n) [m]; current_density (n,) [A/m2] and
    overpotential (n,) [V] facet means, eta = phi_s - phi_e; samples (n_q, n) [A/m2], weights (n_q, n) [m2]
    and heights (n_q, n) [m] (last coordinate) of the quadrature points. sign is +1 on anode surfaces, -1 on
    the counter.
    """

    name: str
    sign: int
    facets: Ints
    areas: Floats
    centroids: Floats
    current_density: Floats
    overpotential: Floats
    samples: Floats
    weights: Floats
    heights: Floats

    @property
    def area(self) -> float:
        """True area [m2] (per metre of depth in 2D)."""
        return float(self.areas.sum())

    @property
    def current(self) -> float:
        """Total current [A] (A/m in 2D), > 0 where lithium plates."""
        return float((self.areas * self.current_density).sum())


def current_maps(
    mesh: TaggedMesh, surfaces: Sequence[ReactingSurface], states: Sequence[SurfaceState]
) -> dict[str, CurrentMap]:
    """One map per surface name; interfaces that share a name are joined (fibres in several electrolytes)."""
    parts: dict[str, list[CurrentMap]] = {}
    for surface, at in zip(surfaces, states, strict=True):
        j = -at.reaction.current
        part = CurrentMap(
            name=surface.name,
            sign=-1 if surface.terminal == "counter" else 1,
            facets=surface.facets,
            areas=surface.areas,
            centroids=(surface.positions * surface.weights).sum(1) / surface.areas,
            current_density=(j * at.weights).sum(0) / surface.areas,
            overpotential=(at.eta * at.weights).sum(0) / surface.areas,
            samples=j,
            weights=at.weights,
            heights=surface.positions[-1],
        )
        parts.setdefault(surface.name, []).append(part)
    return {name: join(name, found) for name, found in parts.items()}


def join(name: str, maps: Sequence[CurrentMap]) -> CurrentMap:
    """Several maps as one, e.g. all anode surfaces together."""
    if len(maps) == 1 and maps[0].name == name:
        return maps[0]

    def together(attribute: str) -> np.ndarray:
        return np.concatenate([getattr(m, attribute) for m in maps], axis=-1)

    return CurrentMap(
        name=name,
        sign=maps[0].sign,
        facets=together("facets"),
        areas=together("areas"),
        centroids=together("centroids"),
        current_density=together("current_density"),
        overpotential=together("overpotential"),
        samples=together("samples"),
        weights=together("weights"),
        heights=together("heights"),
    )
