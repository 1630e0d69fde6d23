"""No anion moves: the salt balance of nodal c and phi_e, which the solver does not use.

At steady state the anion flux N_- vanishes everywhere, so the full balance

    R_c(v) = int [D grad c/N_M + (1 - t+) i_e/F] . grad v,
    i_e = (-kappa grad phi_e + kappa_D grad ln c)/N_M,

with kappa_D = (2RT/F) kappa (1 - t+) TDF, must vanish at every node, up to the error of the mesh. The
equilibrated solver never assembles it: it solves div (grad W/N_M) = 0 with phi_e = Psi(c(W)) + constant.
|R_c|_1 F/(I A) falls faster than the mesh size, to the power 3/2 at the edges of electrodes.

Source: Newman and Thomas-Alyea, Electrochemical Systems (2004), chapter 12.

Catches: a wrong Psi (another transference number, thermodynamic factor, D or kappa than in N_-), a MacMullin
number on the conductivity but not on the diffusivity, a porosity in a flux.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fem import (
    Electrolyte,
    ElectrolyteLaw,
    Film,
    LandesfeindGasteiger,
    Model,
    Solvent,
    ValoenReimers,
    solve_steady,
)
from fem.convergence import convergence
from fem.materials import FARADAY
from fem.salt import salt_residual
from meshes.structured import layered_rectangle
from meshes.tagged import TaggedMesh
from studies.verification import cells
from studies.verification.cells import CURRENT, FAST, SLOW, I
from studies.verification.evidence import Evidence

LAWS = (ValoenReimers(), LandesfeindGasteiger(Solvent.EC_EMC))
FILM = Film(1e-3, FAST)


def verify() -> Sequence[Evidence]:
    """Rates of the residual in a partly covered cell, around a fibre, and across layers."""
    return convergence(
        lambda n: {
            f"{name}, {law.name}": residual(*cell(n, law)) for name, cell in CELLS.items() for law in LAWS
        },
        (8, 16, 32),
        least_rates=1.4,
        largest_errors=1.5e-3,
    )


def residual(mesh: TaggedMesh, model: Model) -> float:
    """|R_c|_1 over the cell's current, in anions."""
    solution = solve_steady(mesh, model, CURRENT)
    at_nodes = salt_residual(mesh, model, solution.phi_e, solution.c)
    return float(np.abs(at_nodes).sum()) * FARADAY / (I * solution.projected_area)


def _half_covered(n: int, law: ElectrolyteLaw) -> tuple[TaggedMesh, Model]:
    return cells.half_covered_mesh(n), cells.planar_model(law, FILM)


def _floating(n: int, law: ElectrolyteLaw) -> tuple[TaggedMesh, Model]:
    return cells.floating_mesh(n), cells.floating_model(law, FILM)


def _layers(n: int, law: ElectrolyteLaw) -> tuple[TaggedMesh, Model]:
    """20 um of pores under 20 um of separator, the foil under half of them."""
    mesh = layered_rectangle([("pores", 20e-6, n), ("separator", 20e-6, n)], width=40e-6, nx=2 * n)
    foil = mesh.surfaces["foil"]
    mesh = mesh.with_surfaces({"foil": foil[mesh.points[0][mesh.facets[:, foil]].mean(0) < 20e-6]})
    separator = Electrolyte(law=law, porosity=0.55, macmullin=4.5)
    regions = {"pores": Electrolyte(law=law), "separator": separator}
    return mesh, Model(regions=regions, boundaries=cells.electrodes(SLOW))


CELLS = {"half-covered": _half_covered, "floating fibre": _floating, "layers": _layers}
