"""The salt balance of given fields, as a weak form on a mesh: which anions would move.

Strong form at steady state: div N_- = 0 in every liquid, with N_- of `fem/fluxes.py`. Weak form: R_c(v) = -
int N_- . grad v = 0, with no boundary term, since the anion reacts nowhere.
"""

from __future__ import annotations

import numpy as np

from fem.elements import Elements, Floats
from fem.fluxes import Point, anion_flux
from fem.materials import Electrolyte
from fem.model import Model
from meshes.tagged import TaggedMesh


def salt_residual(mesh: TaggedMesh, model: Model, phi_e: Floats, c: Floats) -> Floats:
    """R_c at every Lagrange node [mol/s] from phi_e [V] and c [mol/m3] there, over all binary electrolytes.

    Arrays of (n_nodes,) are fields of order 1, of (n_nodes + n_edges,) of order 2. Zero at nodes without
    salt; zero everywhere, up to the mesh's error, if and only if no anion moves.
    """
    order = 1 if c.size == mesh.n_nodes else 2
    total = np.zeros(c.size)
    for name, material in model.regions.items():
        if not isinstance(material, Electrolyte):
            continue
        nodes = mesh.nodes_of_cells(order)[:, mesh.regions[name]]
        lives = np.isfinite(c[nodes]).all(0)
        part = Elements.of(mesh, mesh.regions[name][lives], nodes[:, lives], order)
        fields = {"phi_e": phi_e, "c": c}
        at = Point(
            material=material,
            temperature=model.temperature,
            values={key: part.values(u) for key, u in fields.items()},
            gradients={key: part.gradient(u) for key, u in fields.items()},
        )
        total -= part.divergence(anion_flux(at).value, c.size)
    return total
