"""Eccentric cylinders at fixed potentials: conductance and potential of a primary distribution.

Two circles of radii a < b whose centres are d apart have two inverse points p, q in common, with

    p q = b^2,     (p - d)(q - d) = a^2     on the line of centres, from the centre of the outer circle,

and phi is linear in ln |z - p| - ln |z - q|. The conductance per length is

    G = 2 pi kappa / arccosh((a^2 + b^2 - d^2)/(2 a b)).

Source: Smythe, Static and Dynamic Electricity, 3rd ed. (1968), section 4.14.

Catches: errors of the gradient on elements of every shape and direction, which concentric rings cannot show
(their solution depends on the radius alone); a residual current that is not that of the fixed potential.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fem import Conductor, FixedPotential, Model, SingleIonConductor, solve_steady
from fem.solve import Order
from meshes.exact_surfaces import Sphere
from meshes.structured import annulus
from meshes.tagged import TaggedMesh
from studies.verification.cells import Level, following, moved, rates
from studies.verification.evidence import Bound, Evidence

INNER, OUTER, SHIFT = 0.5e-6, 2e-6, 1e-6  # a, b, d [m]
KAPPA, VOLTAGE = 3.0, 0.1  # [S/m], [V]
CONDUCTANCE = 2 * np.pi * KAPPA / np.arccosh((INNER**2 + OUTER**2 - SHIFT**2) / (2 * INNER * OUTER))  # [S/m]


def verify() -> Sequence[Evidence]:
    """Rates of conductance and potential; both conductors of charge give the same current."""
    found: list[Evidence] = [
        *rates(
            lambda n, order: errors(ring(n, order)),
            Level(
                order=1,
                resolutions=(2, 4, 8, 16),
                least_rate={"conductance": 1.95, "potential": 1.75},
                largest_error=3e-4,
            ),
            Level(
                order=2,
                resolutions=(2, 4, 8),
                least_rate={"conductance": 3.9, "potential": 2.75},
                largest_error=2e-5,
            ),
        )
    ]
    mesh = ring(2, 1)
    ionic, electronic = (current(mesh, kind) for kind in (SingleIonConductor, Conductor))
    return [
        *found,
        Bound(quantity="ionic against electronic conductor", found=abs(ionic / electronic - 1), limit=1e-13),
    ]


def ring(n: int, order: Order) -> TaggedMesh:
    """12 n elements around, 4 n across; every circle between the two is shifted by its share of d."""
    mesh = annulus(INNER, OUTER, n_radial=4 * n, n_angular=12 * n)
    share = (OUTER - np.linalg.norm(mesh.points, axis=0)) / (OUTER - INNER)
    mesh = moved(mesh, mesh.points + np.array([[SHIFT], [0.0]]) * share)
    inner, outer = Sphere(centre=(SHIFT, 0.0), radius=INNER), Sphere(centre=(0.0, 0.0), radius=OUTER)
    return mesh if order == 1 else following(mesh, {"inner": inner, "outer": outer})


def model(kind: type[Conductor | SingleIonConductor]) -> Model:
    """`kind` between the cylinders, the inner one at VOLTAGE."""
    fixed = {"inner": FixedPotential(potential=VOLTAGE), "outer": FixedPotential(potential=0.0)}
    return Model(regions={"pores": kind(conductivity=KAPPA)}, boundaries=fixed)


def current(mesh: TaggedMesh, kind: type[Conductor | SingleIonConductor]) -> float:
    """Current per length [A/m]."""
    return solve_steady(mesh, model(kind)).currents["inner"]


def errors(mesh: TaggedMesh) -> Mapping[str, float]:
    """Error of the conductance, relative, and the greatest of the potential at a corner, over VOLTAGE."""
    solution = solve_steady(mesh, model(SingleIonConductor))
    return {
        "conductance": abs(abs(solution.currents["inner"]) / VOLTAGE / CONDUCTANCE - 1),
        "potential": float(np.abs(solution.phi_e[: mesh.n_nodes] / VOLTAGE - potential(mesh)).max()),
    }


def potential(mesh: TaggedMesh) -> np.ndarray:
    """Exact potential at the nodes over VOLTAGE, (n_nodes,)."""
    both = (OUTER**2 + SHIFT**2 - INNER**2) / SHIFT  # p + q
    root = np.sqrt(both**2 - 4 * OUTER**2)
    p, q = (both - root) / 2, (both + root) / 2

    def u(z: np.ndarray) -> np.ndarray:
        return np.log(np.abs(z - p)) - np.log(np.abs(z - q))

    inner, outer = u(np.array([SHIFT + INNER, OUTER], dtype=complex))
    return (u(mesh.points[0] + 1j * mesh.points[1]) - outer) / (inner - outer)
