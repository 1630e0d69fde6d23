"""Connected bodies of electrolyte: what they are made of and how much lithium they hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fem.materials import Electrolyte
from fem.model import Model, ModelError
from fem.p1 import Floats, Ints, P1Space, scatter
from meshes.tagged import TaggedMesh


@dataclass(frozen=True, kw_only=True)
class Compartment:
    """A connected body of electrolyte: its unknowns in the joint vector and the salt that it stores.

    electrolyte is one representative material, None in a single-ion conductor. rows (d+1, n) are the joint
    unknowns of its elements, pore_volume (n,) [m3] = porosity * volume, amount [mol] the lithium it holds:
    int porosity c0.
    """

    unknowns: Ints
    electrolyte: Electrolyte | None
    rows: Ints
    pore_volume: Floats
    lumped_volume: Floats  # (n_unknowns,) [m3] a (d+1)-th of the pore volume around each unknown
    amount: float

    @property
    def mean_concentration(self) -> float:
        """c0 [mol/m3], the mean over the pore volume."""
        return self.amount / float(self.pore_volume.sum())


def compartments(
    mesh: TaggedMesh, model: Model, offset: int, ionic: P1Space, volume: Floats
) -> tuple[Compartment, ...]:
    """Every compartment of the ionic space, whose unknowns start at `offset`; volume (n_elements,) [m3].

    Raises ModelError if two materials of one compartment cannot share its salt balance.
    """
    out = []
    corners = len(ionic.dofs)
    region = mesh.region_of_element[ionic.elements]
    for label in range(ionic.n_components):
        mine = ionic.component_of_element == label
        names = [mesh.region_names[k] for k in np.unique(region[mine])]
        materials = [model.regions[name] for name in names]
        salty = {name: m for name, m in zip(names, materials, strict=True) if isinstance(m, Electrolyte)}
        if salty and len(salty) < len(materials):
            raise ModelError(
                f"regions {', '.join(map(repr, names))} join a salt electrolyte and a single-ion conductor, "
                "which the equilibrated solver does not couple; use one kind of electrolyte throughout"
            )
        first = next(iter(salty.values()), None)
        for name, material in salty.items():
            if first and (material.law, material.transference) != (first.law, first.transference):
                raise ModelError(
                    f"regions {names[0]!r} and {name!r} share salt but differ in electrolyte law or "
                    "transference number, where the equilibrated solver does not hold; give them the same law"
                )
        pore = volume[mine] * (by_region(mesh, model, ionic.elements[mine], "porosity") if salty else 1.0)
        c0 = by_region(mesh, model, ionic.elements[mine], "concentration")
        unknowns = np.flatnonzero(ionic.component == label)
        lumped = scatter(
            ionic.dofs[:, mine], np.broadcast_to(pore / corners, (corners, pore.size)), ionic.size
        )
        out.append(
            Compartment(
                unknowns=offset + unknowns,
                lumped_volume=lumped[unknowns],
                electrolyte=first,
                rows=offset + ionic.dofs[:, mine],
                pore_volume=pore,
                amount=float((pore * c0).sum()),
            )
        )
    return tuple(out)


def by_region(mesh: TaggedMesh, model: Model, elements: Ints, attribute: str) -> Floats:
    """A material's attribute on elements (n,), NaN where the material has none."""
    values = np.array([getattr(model.regions[name], attribute, np.nan) for name in mesh.region_names])
    return values[mesh.region_of_element[elements]]
