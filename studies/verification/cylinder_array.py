"""Square array of round cylinders across the field: effective conductivity to solid fraction 0.6.

Solution by Rayleigh's multipoles (`multipoles.py`) of cylinders that insulate, conduct perfectly, or conduct
`RATIO` times as well as the liquid; kappa_eff/kappa printed to six digits in Perrins, McKenzie and McPhedran,
Proc. R. Soc. A 369 (1979) 207, 10.1098/rspa.1979.0160, for perfect conductors; insulators have the reciprocal
(Keller, J. Math. Phys. 5 (1964) 548, 10.1063/1.1704146). Along the axis kappa_eff/kappa = 1 - f exactly.

Catches: a region that conducts although it should not, or the reverse; conductivities that are mixed up at an
interface; curved interfaces whose chords cut off part of the cylinder. Maxwell's (1 - f)/(1 + f) is 3 % off
at f = 0.5, and the porosity to the power 3/2 6 % at f = 0.15: neither would pass.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fem import Conductor, FixedPotential, Insulator, Model, SingleIonConductor, solve_steady
from fem.convergence import convergence
from fem.solve import Order
from meshes.structured import extrude
from meshes.tagged import TaggedMesh
from studies.verification.cells import Level, fibre_in_square, rates
from studies.verification.evidence import Comparison, Evidence
from studies.verification.multipoles import Response, conducting, conductivity_ratio, insulating

INSULATING = {  # kappa_eff/kappa by solid fraction
    0.05: 0.904762, 0.1: 0.818177, 0.15: 0.739095, 0.2: 0.666531, 0.3: 0.537580, 0.4: 0.425351,
    0.5: 0.324654, 0.6: 0.230318, 0.7: 0.134540,
}  # fmt: skip
CONDUCTING = {0.1: 1.222230, 0.5: 3.080198, 0.7: 7.432709}
RATIO = 10.0
METAL = 1e7  # conductivity over the liquid's that is as good as infinite
SIDE, FIELD = 1e-6, 100.0  # [m], [V/m]

FIBRES: dict[str, tuple[Conductor | Insulator, Response]] = {
    "insulating": (Insulator(), insulating),
    "conducting": (Conductor(conductivity=METAL), conducting(METAL)),
    f"ratio {RATIO:g}": (Conductor(conductivity=RATIO), conducting(RATIO)),
}


def verify() -> Sequence[Evidence]:
    """The multipoles against the printed table, rates at two fractions, the table itself, and the axis."""
    tables = rates(
        lambda n, order: {
            f"{kind} cylinders, f = {f:g}": error(unit_cell(f, n, order), f, kind)
            for f in (0.1, 0.5)
            for kind in FIBRES
        },
        Level(order=1, resolutions=(8, 16, 32), least_rate=1.9, largest_error=2e-3),
        Level(order=2, resolutions=(4, 8, 16), least_rate=3.7, largest_error=1e-5),
    )
    return [*_multipoles(), *tables, *_table(), *_along()]


def unit_cell(fraction: float, n: int, order: Order) -> TaggedMesh:
    """One cylinder in its square."""
    return fibre_in_square(SIDE * np.sqrt(fraction / np.pi), SIDE, n, order)


def model(fibres: Conductor | Insulator) -> Model:
    """A field along z; potential and current are continuous between two conductors."""
    liquid = (
        SingleIonConductor(conductivity=1.0) if isinstance(fibres, Insulator) else Conductor(conductivity=1.0)
    )
    fixed = {"bottom": FixedPotential(potential=0.0), "top": FixedPotential(potential=FIELD * SIDE)}
    return Model(regions={"fibres": fibres, "pores": liquid}, boundaries=fixed)


def ratio(mesh: TaggedMesh, kind: str) -> float:
    """kappa_eff/kappa of a unit cell."""
    return abs(solve_steady(mesh, model(FIBRES[kind][0])).currents["top"]) / (FIELD * SIDE)


def error(mesh: TaggedMesh, fraction: float, kind: str) -> float:
    """Relative error of kappa_eff."""
    return abs(ratio(mesh, kind) / conductivity_ratio(fraction, FIBRES[kind][1]) - 1)


def _multipoles() -> Sequence[Evidence]:
    return [
        Comparison(
            quantity=f"multipoles, {kind}, f = {f:g}",
            found=conductivity_ratio(f, response),
            expected=printed,
            tolerance=5.1e-7,
            relative=False,
            source="Perrins et al. 1979",
        )
        for kind, response, table in (
            ("insulating", insulating, INSULATING),
            ("conducting", conducting(1e15), CONDUCTING),
        )
        for f, printed in table.items()
    ]


def _table() -> Sequence[Evidence]:
    """To 5e-5 of the exact values up to f = 0.6, each on one curved mesh."""
    wanted = [(f, "insulating") for f in INSULATING if f <= 0.6]
    wanted += [(f, kind) for f in (0.2, 0.4, 0.6) for kind in FIBRES if kind != "insulating"]
    return [
        Comparison(
            quantity=f"{kind}, f = {f:g}: kappa_eff/kappa",
            found=ratio(unit_cell(f, 12, order=2), kind),
            expected=conductivity_ratio(f, FIBRES[kind][1]),
            tolerance=5e-5,
            source="multipoles",
        )
        for f, kind in wanted
    ]


def _along(fraction: float = 0.3) -> Sequence[Evidence]:
    """Along insulating cylinders, in three dimensions: the error is that of the polygon's area."""

    def run(n: int) -> dict[str, float]:
        mesh = extrude(unit_cell(fraction, n, order=1), depth=SIDE, n=2)
        sides = mesh.surfaces["sides"]
        y = mesh.points[1][mesh.facets[:, sides]]
        liquid = mesh.region_of_element[mesh.f2t[0, sides]] == mesh.region_names.index("pores")
        ends = {"bottom": sides[(y == 0.0).all(0) & liquid], "top": sides[(y == y.max()).all(0) & liquid]}
        found = (
            abs(solve_steady(mesh.with_surfaces(ends), model(Insulator())).currents["top"]) / FIELD / SIDE**2
        )
        return {f"along insulating cylinders, f = {fraction:g}": abs(found / (1 - fraction) - 1)}

    return convergence(run, (2, 4, 8), least_rates=1.95, largest_errors=5e-3)
