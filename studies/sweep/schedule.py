"""Which jobs a sweep consists of: a geometry is meshed once, and each design solved on it in chains."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from geometry.designs import Design
from studies.case import Case
from studies.sweep.jobs import Chain, Link, Meshing
from studies.sweep.points import Point
from studies.sweep.store import Store

LENGTH = 16
"""Most points of a chain: the next chain starts cold and may run beside it."""


@dataclass(kw_only=True)
class Geometry:
    """What is left to do on one geometry."""

    name: str
    case: Case
    links: dict[str, list[Link]] = field(default_factory=dict)  # by design

    @property
    def designs(self) -> tuple[str, ...]:
        """The designs that are solved on it."""
        return tuple(self.links)

    @property
    def weight(self) -> float:
        """A measure of the elements of its meshes, by which long jobs are started first."""
        cell, size = self.case.cell, self.case.mesh.size
        area = cell.width * cell.depth
        mat = cell.framework
        if mat is not None:
            solid = 1.0 - getattr(mat, "porosity", 0.8)
            area *= 1.0 + 4.0 * solid * mat.thickness / mat.fibre_diameter
        return area / size**2

    def meshing(self, store: Store, cache: Path) -> Meshing | None:
        """Meshes what is missing, on the draw of the mat that the store has; None if nothing is."""
        known = store.geometry(self.name) or {}
        missing = tuple(design for design in self.designs if not _is_there(known.get(design)))
        if not missing:
            return None
        draws = [
            mesh["draw"] for design, mesh in known.items() if "draw" in mesh and Design(design).has_framework
        ]
        return Meshing(
            store=store.folder,
            cache=cache,
            geometry=self.name,
            inputs=self.case.to_dict() | {"designs": list(missing)},
            designs=missing,
            draw=draws[0] if draws else None,
        )

    def chains(self, store: Store, token: str, *, fields: bool) -> list[Chain]:
        """The jobs that solve its points; a chain that the store has all of is left out."""
        found = []
        for design, links in self.links.items():
            for first in range(0, len(links), LENGTH):
                part = tuple(links[first : first + LENGTH])
                if all(store.is_done(link.name, fields=fields) for link in part):
                    continue
                found.append(
                    Chain(
                        store=store.folder,
                        token=token,
                        geometry=self.name,
                        design=design,
                        links=part,
                        fields=fields,
                    )
                )
        return found


def geometries(points: Iterable[Point]) -> list[Geometry]:
    """All geometries of a sweep with the points to be solved on each, the largest first.

    A result that several points share is computed on the geometry of the first one.
    """
    found: dict[str, Geometry] = {}
    seen: set[str] = set()
    for point in points:
        if point.case is None or point.id in seen:
            continue
        seen.add(point.id)
        place = found.setdefault(point.geometry, Geometry(name=point.geometry, case=point.case))
        link = Link(name=point.id, inputs=point.case.to_dict())
        place.links.setdefault(str(point.design), []).append(link)
    return sorted(found.values(), key=lambda geometry: -geometry.weight)


def _is_there(known: Any) -> bool:
    return isinstance(known, dict) and ("reason" in known or Path(known.get("file", "")).is_file())
