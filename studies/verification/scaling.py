"""Scaling identities: four ways to change all data together that leave a state as it is.

The steady equations and their boundary conditions are unchanged when (factor s > 0)

    lengths s:         current densities, i0 and I by 1/s, R_f by s; same potentials and c
    conduction s:      kappa, sigma, D, i0 and I by s, R_f by 1/s; same potentials and c
    concentration s:   c, c0 and c of reference by s, D by 1/s; same potentials and currents
    temperature s:     T, D, i0 and I by s; potentials by s, same c  (constant kappa, sigma, t+, TDF)

All four are exact in the discrete equations, too. Source: inspection of the equations (Pi theorem).

Catches: a constant with a unit in the wrong place, a hard-coded 298.15 K or 1000 mol/m3, a tolerance or a
floor that is not relative, a term that misses its film, area or conductivity.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fem import (
    ButlerVolmer,
    ConstantProperties,
    Electrolyte,
    Film,
    Galvanostatic,
    Model,
    Solution,
    solve_steady,
)
from meshes.simplices import FloatArray
from studies.verification.cells import C0, T, moved, standing_mesh, standing_model
from studies.verification.evidence import Bound, Comparison, Evidence

TOLERANCE = 1e-12
FACTOR = 7.3


@dataclass(frozen=True, kw_only=True)
class Data:
    """All data of the cell with a standing fibre."""

    length: float = 1.0  # factor on the cell
    kappa: float = 1.0  # [S/m]
    sigma: float = 20.0  # [S/m]
    diffusivity: float = 3e-10  # [m2/s]
    concentration: float = C0  # [mol/m3]
    temperature: float = T  # [K]
    i0: float = 100.0  # [A/m2]
    film: float = 1e-3  # [ohm m2]
    current: float = 200.0  # [A/m2]

    @property
    def model(self) -> Model:
        """Constant properties, films on fibre and foil, a bare counter electrode."""
        law = ConstantProperties(
            conductivity=self.kappa, diffusivity=self.diffusivity, transference=0.38, thermodynamic_factor=1.7
        )
        bare = ButlerVolmer(exchange_current=self.i0, reference_concentration=self.concentration)
        model = standing_model(
            Film(self.film, bare),
            counter=bare,
            conductivity=self.sigma,
            pores=Electrolyte(law=law, concentration=self.concentration),
            separator=Electrolyte(law=law, porosity=0.55, macmullin=4.5, concentration=self.concentration),
        )
        return replace(model, temperature=self.temperature)


def solve(data: Data) -> Solution:
    """The cell on its mesh, scaled."""
    mesh = standing_mesh(2)
    return solve_steady(
        moved(mesh, data.length * mesh.points), data.model, Galvanostatic(current_density=data.current)
    )


def identities(s: float) -> dict[str, tuple[Data, float, float]]:
    """Changed data; factors on potentials and on concentrations."""
    at = Data()
    return {
        "lengths": (replace(at, length=s, i0=at.i0 / s, current=at.current / s, film=at.film * s), 1.0, 1.0),
        "conduction": (
            replace(
                at, kappa=at.kappa * s, sigma=at.sigma * s, diffusivity=at.diffusivity * s, i0=at.i0 * s,
                current=at.current * s, film=at.film / s,
            ), 1.0, 1.0,
        ),
        "concentration": (
            replace(at, concentration=at.concentration * s, diffusivity=at.diffusivity / s), 1.0, s,
        ),
        "temperature": (
            replace(
                at, temperature=at.temperature * s, diffusivity=at.diffusivity * s, i0=at.i0 * s,
                current=at.current * s,
            ), s, 1.0,
        ),
    }  # fmt: skip


def verify() -> Sequence[Evidence]:
    """Each identity, up and down."""
    reference = solve(Data())
    return [
        evidence
        for s in (FACTOR, 1 / FACTOR)
        for name, (data, potential, concentration) in identities(s).items()
        for evidence in _compared(f"{name} x {s:.3g}", reference, solve(data), potential, concentration)
    ]


def _compared(
    name: str, one: Solution, other: Solution, potential: float, concentration: float
) -> Iterator[Evidence]:
    yield Comparison(
        quantity=f"{name}: cell voltage",
        found=other.cell_voltage,
        expected=potential * one.cell_voltage,
        tolerance=TOLERANCE,
        unit="V",
        source="the unscaled cell",
    )
    fields = [
        change(factor * getattr(one, field), getattr(other, field))
        for field, factor in (("phi_s", potential), ("phi_e", potential), ("c", concentration))
    ]
    yield Bound(quantity=f"{name}: greatest change of a field", found=max(fields), limit=TOLERANCE)
    share = abs(other.metrics["share_fibres"] - one.metrics["share_fibres"])
    yield Bound(quantity=f"{name}: change of the fibres' share", found=share, limit=TOLERANCE)


def change(before: FloatArray, after: FloatArray) -> float:
    """Greatest change of a nodal field over its greatest value; NaN where it does not live."""
    return float(np.nanmax(np.abs(after - before)) / np.nanmax(np.abs(before)))
