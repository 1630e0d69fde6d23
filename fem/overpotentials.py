"""Where the voltage goes: the exact split of the cell voltage into its losses.

Testing the charge balances with phi_s and phi_e and adding gives
    V I A = int |i_s|^2/sigma + int |i_e|^2 N_M/kappa - int (2RT/F)(1-t+) TDF i_e . grad ln c
            + sum_Gamma int i_n eta_s + sum_Gamma int R_f i_n^2 + sum of contacts int i (phi_1 - phi_2).
With the quadrature of the assembly it holds to solver tolerance, not to mesh error. The equilibrated solver
has int (1/N_M) grad W . grad Psi in place of the two terms of the liquid, with nodal interpolants of Psi =
Psi_ohm + Psi_conc, Psi_ohm' = F D/((1-t+) kappa), Psi_conc' = (2RT/F)(1-t+) TDF/c.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fem.state import Residual, State
from fem.system import SteadySystem


@dataclass(frozen=True, kw_only=True)
class VoltageSplit:
    """The cell voltage [V] by cause; every loss is > 0 while it consumes power.

    kinetic and film are by surface name, ohmic_electrolyte and concentration by region name; junction is that
    of all contact and junction resistances.
    """

    cell_voltage: float
    ohmic_solid: float
    ohmic_electrolyte: Mapping[str, float]
    concentration: Mapping[str, float]
    kinetic: Mapping[str, float]
    film: Mapping[str, float]
    junction: float
    counter_surfaces: tuple[str, ...]

    @property
    def total(self) -> float:
        """Sum of all losses [V]."""
        parts = (self.ohmic_electrolyte, self.concentration, self.kinetic, self.film)
        return self.ohmic_solid + self.junction + sum(sum(p.values()) for p in parts)

    @property
    def closure(self) -> float:
        """|total - V| / |V|."""
        return (
            abs(self.total - self.cell_voltage) / abs(self.cell_voltage)
            if self.cell_voltage
            else abs(self.total)
        )

    def as_metrics(self) -> dict[str, float]:
        """The result keys of the split."""

        def side(part: Mapping[str, float], *, counter: bool) -> float:
            return sum(v for name, v in part.items() if (name in self.counter_surfaces) == counter)

        return {
            "ohmic_solid_V": self.ohmic_solid,
            "ohmic_electrolyte_V": sum(self.ohmic_electrolyte.values()),
            "concentration_V": sum(self.concentration.values()),
            "kinetic_anode_V": side(self.kinetic, counter=False),
            "kinetic_counter_V": side(self.kinetic, counter=True),
            "film_anode_V": side(self.film, counter=False),
            "film_counter_V": side(self.film, counter=True),
            "junction_V": self.junction,
            "split_closure": self.closure,
        }


def split_voltage(system: SteadySystem, state: State, residual: Residual, current: float) -> VoltageSplit:
    """The split of a converged state at a cell current [A], from the quadrature of the assembly."""
    spaces, bulk = system.spaces, system.bulk_losses(state, residual)
    kinetic: dict[str, float] = {}
    film: dict[str, float] = {}
    junction = 0.0
    for surface, at in zip(spaces.surfaces, residual.surfaces, strict=True):
        power = at.reaction.current * at.weights
        if surface.is_contact:
            junction += float((power * at.eta).sum()) / current
            continue
        kinetic[surface.name] = (
            kinetic.get(surface.name, 0.0) + float((power * at.reaction.eta_s).sum()) / current
        )
        drop = float((power * (at.eta - at.reaction.eta_s)).sum()) / current
        film[surface.name] = film.get(surface.name, 0.0) + drop
    return VoltageSplit(
        cell_voltage=state.voltage,
        ohmic_solid=bulk.ohmic_solid / current,
        ohmic_electrolyte={name: power / current for name, power in bulk.ohmic_electrolyte.items()},
        concentration={name: power / current for name, power in bulk.concentration.items()},
        kinetic=kinetic,
        film=film,
        junction=junction,
        counter_surfaces=tuple(s.name for s in spaces.surfaces_of("counter")),
    )
