"""The salt balance in its anion form, as a weak form on a mesh.

Strong form at steady state: div N_- = 0, N_- = -(D grad c + (1-t+) i_e / F) / N_M per liquid,
    i_e = (-kappa grad phi_e + kappa_D grad c / c) / N_M,  kappa_D = 2 (RT/F) kappa (1-t+) TDF.
Weak form: R_c(v) = int [D grad c / N_M + (1-t+) i_e / F] . grad v = 0, with no boundary term, since the anion
reacts nowhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from skfem import Basis, ElementTetP1, ElementTriP1, LinearForm
from skfem.helpers import dot, grad

from fem.electrolyte import Properties
from fem.elements import Floats
from fem.materials import FARADAY, Electrolyte, thermal_voltage
from fem.model import Model
from meshes.tagged import TaggedMesh


def binary_current(w: Any) -> Floats:
    """i_e [A/m2] (d, n_elements, n_quadrature) of a binary electrolyte.

    w holds phi_e [V], c [mol/m3] and, at the same points, kappa [S/m], t, tdf, macmullin [-] and v_t [V].
    """
    kappa_d = 2 * w.v_t * w.kappa * (1 - w.t) * w.tdf
    return (-w.kappa * grad(w.phi_e) + kappa_d * grad(w.c) / w.c) / w.macmullin


def anion_balance(v: Any, w: Any) -> Floats:
    """Integrand of R_c(v) [mol/s]: (D grad c/N_M + (1-t+) i_e/F) . grad v; w as above, and d = D [m2/s]."""
    return dot(w.d * grad(w.c) / w.macmullin + (1 - w.t) * binary_current(w) / FARADAY, grad(v))


def salt_residual(mesh: TaggedMesh, model: Model, phi_e: Floats, c: Floats) -> Floats:
    """R_c at every node (n_nodes,) [mol/s] from nodal phi_e [V] and c [mol/m3], over all binary electrolytes.

    Zero at nodes without salt; zero everywhere, up to the mesh's error, if and only if no anion moves.
    """
    total = np.zeros(mesh.n_nodes)
    element = ElementTetP1() if mesh.dim == 3 else ElementTriP1()
    for name, material in model.regions.items():
        if not isinstance(material, Electrolyte):
            continue
        elements = mesh.regions[name]
        elements = elements[np.isfinite(c[mesh.cells[:, elements]]).all(0)]
        basis = Basis(mesh.mesh, element, elements=elements, intorder=4)
        law = Properties.of(material.law, model.temperature, material.transference)
        salt = basis.interpolate(np.where(np.isfinite(c), c, 1.0))
        at = np.asarray(salt)
        total += LinearForm(anion_balance).assemble(
            basis,
            phi_e=basis.interpolate(np.nan_to_num(phi_e)),
            c=salt,
            kappa=law.kappa(at),
            d=law.D(at),
            t=law.t(at),
            tdf=law.tdf(at),
            macmullin=material.macmullin,
            v_t=thermal_voltage(model.temperature),
        )
    return total
