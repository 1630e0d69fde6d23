"""A fibre as a fin: finite conductivity along it, linear reaction on its side, uniform liquid.

    d2(eta)/dx2 = eta/lambda^2,  lambda = sqrt(sigma A V_T/(P i0)),  m = L/lambda
    current / uniform current = tanh(m)/m,     overpotential base / tip = cosh m.

A/P is cross-section over perimeter: r/2 of a round fibre, half the thickness of a plate with two working
sides. Source: any text on fins, e.g. Incropera and DeWitt, Fundamentals of Heat and Mass Transfer (2002),
section 3.6. sigma 10 S/m, r 0.25 um, i0 10 A/m2, L 60 um: lambda 56.671 um, 0.741616 and 1.614824.

Catches: a wrong factor on the conductor's sigma, a wrong perimeter or cross-section, a fibre that is taken
as equipotential. The closed form leaves out the resistance across the fibre, of order (m r/L)^2 or 2e-5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fem import (
    Conductor,
    FixedPotential,
    LinearKinetics,
    Model,
    SingleIonConductor,
    solve_steady,
)
from fem.convergence import convergence
from fem.solve import Order
from meshes.structured import extrude, fibre_in_rectangle, layered_rectangle
from meshes.tagged import TaggedMesh
from studies.verification.cells import V_T
from studies.verification.evidence import Bound, Comparison, Evidence

SIGMA, RADIUS, I0, LENGTH = 10.0, 0.25e-6, 10.0, 60e-6  # [S/m], [m], [A/m2], [m]
LAMBDA = np.sqrt(SIGMA * RADIUS / 2 * V_T / I0)
VOLTAGE = 0.01  # [V]
BIOT = 2e-5  # what the closed form leaves out


def verify() -> Sequence[Evidence]:
    """Digits of the closed form; a plate of the same lambda, once and twice as long."""
    m = LENGTH / LAMBDA
    digits = [
        Comparison(quantity=name, found=found, expected=printed, tolerance=half, unit=unit, relative=False)
        for name, found, printed, half, unit in (
            ("lambda", 1e6 * LAMBDA, 56.671, 5e-4, "um"),
            ("current / uniform", np.tanh(m) / m, 0.741616, 5e-7, ""),
            ("overpotential base / tip", np.cosh(m), 1.614824, 5e-7, ""),
        )
    ]
    rates = [
        table
        for length in (LENGTH, 2 * LENGTH)
        for table in convergence(
            lambda n, length=length: {
                f"plate of {1e6 * length:g} um, {key}": error
                for key, error in errors(plate(length, n), length).items()
            },
            (8, 16, 32),
            least_rates=1.9,
            largest_errors=5e-4,
        )
    ]
    quadratic = [
        Bound(quantity=f"plate of {1e6 * LENGTH:g} um, order 2, {key}", found=error, limit=BIOT)
        for key, error in errors(plate(LENGTH, 16), LENGTH, order=2).items()
    ]
    return [*digits, *rates, *quadratic]


def verify_slow() -> Sequence[Evidence]:
    """The round fibre itself, in three dimensions."""
    return convergence(
        lambda n: {f"round fibre, {k}": e for k, e in errors(round_fibre(n), LENGTH).items()},
        (2, 4, 8),
        least_rates=1.9,
        largest_errors=5e-3,
    )


def plate(length: float, n: int) -> TaggedMesh:
    """A plate RADIUS/2 thick beside as much liquid, n elements along; the surface `liquid` is far from it."""
    box = layered_rectangle([("all", length, n)], width=RADIUS, nx=4)
    solid = box.points[0, box.cells].mean(0) < RADIUS / 2
    sides = box.surfaces["sides"]
    far = box.points[0][box.facets[:, sides]].min(0) > RADIUS / 2
    foil = box.surfaces["foil"]
    mesh = TaggedMesh(
        mesh=box.mesh,
        regions={"fibres": np.flatnonzero(solid), "pores": np.flatnonzero(~solid)},
        surfaces={"feet": foil[solid[box.f2t[0, foil]]], "liquid": sides[far]},
    )
    return mesh.with_surfaces({"fibre_surface": mesh.interface("fibres", "pores")})


def round_fibre(n: int) -> TaggedMesh:
    """A round fibre, 4 n elements around and 5 n along, in a square column of liquid."""
    flat = fibre_in_rectangle(RADIUS, width=4 * RADIUS, height=4 * RADIUS, n=n)
    mesh = extrude(flat, depth=LENGTH, n=5 * n)
    y = mesh.points[1][mesh.facets[:, mesh.surfaces["sides"]]]
    ends = mesh.surfaces["sides"][(y == 0.0).all(0)]
    solid = mesh.region_of_element == mesh.region_names.index("fibres")
    walls = np.concatenate([mesh.surfaces[name] for name in ("left", "right", "bottom", "top")])
    return mesh.with_surfaces({"feet": ends[solid[mesh.f2t[0, ends]]], "liquid": walls})


def errors(mesh: TaggedMesh, length: float, order: Order = 1) -> Mapping[str, float]:
    """Relative errors of the current and of the ratio of overpotentials."""
    model = Model(
        regions={"fibres": Conductor(conductivity=SIGMA), "pores": SingleIonConductor(conductivity=1e3)},
        interfaces={("fibres", "pores"): LinearKinetics(exchange_current=I0)},
        boundaries={"feet": FixedPotential(potential=0.0), "liquid": FixedPotential(potential=VOLTAGE)},
    )
    solution = solve_steady(mesh, model, order=order)
    m = length / LAMBDA
    perimeter = 2 * np.pi * RADIUS if mesh.dim == 3 else 1.0  # a plate: per metre of depth
    uniform = I0 / V_T * VOLTAGE * perimeter * length
    tip = VOLTAGE - np.nanmax(solution.phi_s)
    return {
        "current": abs(solution.currents["fibre_surface"] / uniform / (np.tanh(m) / m) - 1),
        "base / tip": abs(VOLTAGE / tip / np.cosh(m) - 1),
    }
