"""Connected bodies of liquid electrolyte: what they are made of and how much salt they hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fem.conditions import ModelError
from fem.elements import Elements, Floats, Ints, present, scatter
from fem.materials import Electrolyte
from fem.model import Model
from fem.space import Space
from meshes.connectivity import components
from meshes.tagged import TaggedMesh


@dataclass(frozen=True, kw_only=True)
class Compartment:
    """A connected body of liquid: its unknowns in the joint vector and the salt that it stores.

    regions: names and materials, which need not share a law (only the full solver takes such a body). The
    content int porosity c is the sum of lumped * c at the unknowns and of weights * c at inner points of the
    elements, where u = points^T u[rows]: exact to degree 2 (order 1) or 5 (order 2).
    """

    unknowns: Ints  # (n_unknowns,)
    regions: dict[str, Electrolyte]
    rows: Ints  # (n_local, n) joint unknowns of its elements
    lumped: Floats  # (n_unknowns,) [m3] of pores
    points: Floats  # (n_local, n_q) shape functions at the inner points
    weights: Floats  # (n_q, n) [m3] of pores
    pore_volume: float  # [m3]
    amount: float  # [mol], int porosity c0

    @property
    def mean_concentration(self) -> float:
        """c0 [mol/m3], the mean over the pore volume."""
        return self.amount / self.pore_volume

    @property
    def shares_one_law(self) -> bool:
        """Whether all its regions have one law and transference number: the equilibrated form then holds."""
        return len({(m.law, m.transference) for m in self.regions.values()}) == 1


def compartments(
    mesh: TaggedMesh, model: Model, offset: int, ionic: Space, elements: Elements, cut: Ints
) -> tuple[Compartment, ...]:
    """Every body of liquid of the ionic space, whose unknowns start at `offset`; elements are those of the
    space.

    A single-ion conductor separates what it touches on its two sides. Raises ModelError where two bodies meet
    in a point or an edge of one, since its potential there would have to be that of both.
    """
    region = mesh.region_of_element[ionic.elements]
    salty = np.array([isinstance(model.regions[name], Electrolyte) for name in mesh.region_names])[region]
    label = (
        ionic.component_of_element  # every electrolyte holds salt
        if salty.all()
        else components(mesh, ionic.elements[salty], cut)[ionic.elements]
    )
    porosity = by_region(mesh, model, ionic.elements, "porosity")
    c0 = by_region(mesh, model, ionic.elements, "concentration")
    corners = mesh.dim + 1
    out = []
    for body in range(int(label.max(initial=-1)) + 1):
        flags = label == body
        mine = slice(None) if flags.all() else flags  # no copies where there is one body alone
        names = [mesh.region_names[k] for k in present(region[mine], len(mesh.region_names))]
        materials = {name: m for name in names if isinstance(m := model.regions[name], Electrolyte)}
        dofs = ionic.dofs[:, mine]
        unknowns = present(dofs, ionic.size)
        weights = elements.weights[:, mine] * porosity[mine]
        pores = weights.sum(0)
        if ionic.order == 1:  # corners and centroid: few evaluations, since corners are shared
            share = np.broadcast_to(pores / (corners * (corners + 1)), dofs.shape)
            lumped = scatter(dofs, share, ionic.size)[unknowns]
            points = np.full((corners, 1), 1 / corners)
            weights = pores[None] * (corners / (corners + 1))
        else:
            lumped, points = np.zeros(unknowns.size), elements.shape
        out.append(
            Compartment(
                unknowns=offset + unknowns,
                regions=materials,
                rows=np.ascontiguousarray(elements.dofs[:, mine]),
                lumped=lumped,
                points=np.ascontiguousarray(points),
                weights=np.ascontiguousarray(weights),
                pore_volume=float(pores.sum()),
                amount=float((pores * c0[mine]).sum()),
            )
        )
    _refuse_shared(out)
    return tuple(out)


def _refuse_shared(bodies: list[Compartment]) -> None:
    unknowns, count = np.unique(
        np.concatenate([b.unknowns for b in bodies] or [np.zeros(0, dtype=np.int64)]), return_counts=True
    )
    for body in bodies:
        if np.isin(body.unknowns, unknowns[count > 1]).any():
            raise ModelError(
                f"the liquid of {' and '.join(map(repr, body.regions))} meets another body of liquid in a "
                "point or an edge of a single-ion conductor; part them by at least one element, or join them"
            )


def by_region(mesh: TaggedMesh, model: Model, elements: Ints, attribute: str) -> Floats:
    """A material's attribute on elements (n,), NaN where the material has none."""
    values = np.array([getattr(model.regions[name], attribute, np.nan) for name in mesh.region_names])
    return values[mesh.region_of_element[elements]]
