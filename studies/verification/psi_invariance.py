"""Psi invariance: phi_e - Psi(c) is one constant in all of the liquid, whatever its shape.

With Psi' = F D/((1 - t+) kappa) + (2RT/F)(1 - t+) TDF/c the anion flux is N_- = ((1 - t+) kappa/F) grad w,
w = phi_e - Psi(c). As no anion enters anywhere, w is constant at steady state. The solver builds phi_e on
this; here phi_e is found a second time, from the charge balance alone,

    int (kappa grad phi_e - kappa_D grad ln c) . grad v dx / N_M = sum over surfaces of int i_n v,

with the concentration and the reaction currents of the result, and Psi by quadrature of the law. w must
then be constant up to second order of the mesh size, and this phi_e that of the solver (the greatest
deviation sits at the edge of the foil, where the fields are not smooth, and falls somewhat slower).

Source: the form of N_- follows from Newman and Thomas-Alyea, Electrochemical Systems (2004), chapter 12;
for the ideal dilute law it is Psi = (2RT/F) ln c, whatever t+.

Catches: a concentration that does not belong to the currents, a wrong kappa_D, Psi or MacMullin number, a
salt flux that circulates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy.integrate import cumulative_simpson
from scipy.sparse.linalg import spsolve
from skfem import Basis, BilinearForm, ElementTriP1, LinearForm, condense
from skfem.helpers import dot, grad

from fem import (
    Electrolyte,
    ElectrolyteLaw,
    Film,
    IdealDilute,
    LandesfeindGasteiger,
    Model,
    Properties,
    Solution,
    Solvent,
    ValoenReimers,
    solve_steady,
)
from fem.convergence import convergence
from fem.materials import FARADAY
from meshes.simplices import FloatArray
from meshes.tagged import TaggedMesh
from studies.verification import cells
from studies.verification.cells import CURRENT, FAST, V_T, T
from studies.verification.evidence import Bound, Evidence

LAWS = (ValoenReimers(), LandesfeindGasteiger(Solvent.EC_EMC), IdealDilute())
FILM = Film(1e-3, FAST)
Case = Callable[[int, ElectrolyteLaw], tuple[TaggedMesh, Model]]


def verify() -> Sequence[Evidence]:
    """Rates in a partly covered cell and under a fibre; what the solver itself reports."""
    tables = [
        table
        for key, (case, rate) in CASES.items()
        for law in LAWS
        for name in [f"{key}, {law.name}"]
        for table in convergence(
            lambda n, name=name, case=case, law=law: deviations(name, *case(n, law)),
            (8, 16, 32),
            least_rates={
                f"root mean square, {name}": rate,
                f"phi_e of the solver, {name}": 1.4,
            },
            largest_errors=5e-4,
        )
    ]
    reported = [
        Bound(
            quantity=f"spread reported, {law.name}",
            found=solve_steady(*_half_covered(8, law), CURRENT).metrics["psi_spread"],
            limit=1e-10,
        )
        for law in LAWS
    ]
    return [*tables, *reported]


def deviations(name: str, mesh: TaggedMesh, model: Model) -> dict[str, float]:
    """Root mean square of phi_e - Psi(c) and spread of phi_e less the solver's, over the spread of phi_e."""
    solution = solve_steady(mesh, model, CURRENT)
    phi_e = potential(solution)
    liquid = np.isfinite(phi_e)
    w, span = (phi_e - psi(solution))[liquid], np.ptp(phi_e[liquid])
    elements = mesh.elements_of(*model.regions_of(Electrolyte))
    corners = mesh.cells[:, elements]
    volume = np.bincount(corners.ravel(), np.tile(mesh.element_volumes[elements], 3), mesh.n_nodes)[liquid]
    off = w - np.average(w, weights=volume)
    own = (solution.phi_e - phi_e)[liquid]
    return {
        f"root mean square, {name}": float(np.sqrt(np.average(off**2, weights=volume)) / span),
        f"phi_e of the solver, {name}": float(np.ptp(own) / span),
    }


def psi(solution: Solution) -> FloatArray:
    """Psi of the nodal concentration [V], by Simpson's rule on the law."""
    law = Properties.of(_liquid(solution).law, T)
    at = np.linspace(np.nanmin(solution.c), np.nanmax(solution.c), 4001)
    slope = (
        FARADAY * law.D(at) / ((1 - law.t(at)) * law.kappa(at)) + 2 * V_T * (1 - law.t(at)) * law.tdf(at) / at
    )
    return np.interp(solution.c, at, cumulative_simpson(slope, x=at, initial=0.0))


def potential(solution: Solution) -> FloatArray:
    """phi_e [V] at the nodes from the charge balance, up to a constant; NaN outside the liquid."""
    mesh, model = solution.mesh, solution.model
    elements = mesh.elements_of(*model.regions_of(Electrolyte))
    basis = Basis(mesh.mesh, ElementTriP1(), elements=elements, intorder=4)
    macmullin = np.array([getattr(model.regions[name], "macmullin", np.nan) for name in mesh.region_names])[
        mesh.region_of_element[elements]
    ][:, None]
    law = Properties.of(_liquid(solution).law, T)
    salt = basis.interpolate(np.where(np.isfinite(solution.c), solution.c, 1.0))
    c = np.asarray(salt)
    kappa = law.kappa(c) / macmullin
    diffusional = 2 * V_T * kappa * (1 - law.t(c)) * law.tdf(c) / c
    matrix = BilinearForm(lambda u, v, w: w.kappa * dot(grad(u), grad(v))).assemble(basis, kappa=kappa)
    load = LinearForm(lambda v, w: w.by_c * dot(grad(w.salt), grad(v))).assemble(
        basis, by_c=diffusional, salt=salt
    )
    for surface in solution.maps.values():
        nodes = mesh.facets[:, surface.facets]
        share = surface.areas * -surface.current_density / len(nodes)  # i_n on each corner
        load += np.bincount(nodes.ravel(), np.tile(share, len(nodes)), load.size)
    nodes = np.unique(mesh.cells[:, elements])
    fixed = np.setdiff1d(np.arange(mesh.n_nodes), nodes[1:])
    out = np.full(mesh.n_nodes, np.nan)
    a, b, x, free = condense(matrix, load, D=fixed)
    x[free] = spsolve(a.tocsc(), b)
    out[nodes] = x[nodes]
    return out


def _liquid(solution: Solution) -> Electrolyte:
    return next(m for m in solution.model.regions.values() if isinstance(m, Electrolyte))


def _half_covered(n: int, law: ElectrolyteLaw) -> tuple[TaggedMesh, Model]:
    return cells.half_covered_mesh(n), cells.planar_model(law, FILM)


def _standing(n: int, law: ElectrolyteLaw) -> tuple[TaggedMesh, Model]:
    pores = Electrolyte(law=law)
    separator = Electrolyte(law=law, porosity=0.55, macmullin=4.5)
    model = cells.standing_model(FILM, counter=FAST, pores=pores, separator=separator)
    return cells.standing_mesh(n // 4), model


# The top of the standing fibre has re-entrant corners, which leave 4/3 of the second order for certain.
CASES: Mapping[str, tuple[Case, float]] = {
    "half-covered": (_half_covered, 1.9),
    "standing fibre": (_standing, 1.5),
}
