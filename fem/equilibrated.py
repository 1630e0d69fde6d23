"""The equilibrated steady state: one Laplace field with nonlinear boundary kinetics.

At steady state no anion moves: N_- = 0 at every point of a salt compartment with one electrolyte law. Hence
    phi_e = Psi(c) + k,      Psi'(c) = F D/((1-t+) kappa) + (2RT/F)(1-t+) TDF/c,
    i_e   = -(1/N_M) grad W, W'(c)   = F D/(1-t+),
so the coupled problem for (phi_s, phi_e, c) is
    div(sigma grad phi_s) = 0,   div((1/N_M) grad W) = 0,
    i_n = i_n(phi_s - Psi(c(W)) - k, c(W)) on every surface,
with coefficients that never change. Two scalars close it: k of each compartment from its salt inventory, int
porosity c = int porosity c0, and the counter's potential V from the current. In a single-ion conductor the
field is phi_e itself and nothing is to be conserved but charge; where it meets a liquid without resistance,
phi_e is continuous: the unknown is the liquid's W, and the layer sees phi_e = Psi(c(W)) + k.

Discretely phi_e and c are nodal interpolants of Psi(c(W)) + k and c(W), used in every surface term and in the
voltage split; the inventory is integrated at quadrature points. Weak forms (v vanishes where a potential is
fixed):
    R_s(v) = int sigma grad phi_s . grad v + int_Gamma i_n v = 0,
    R_e(v) = int (1/N_M) grad W . grad v + int_layers kappa_i grad phi_e . grad v - int_Gamma i_n v = 0.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from fem.bordered import BorderedSystem
from fem.compartments import Compartment
from fem.conditions import ModelError
from fem.elements import Floats, present
from fem.equilibrium import SaltEquilibrium
from fem.jacobian import JacobianPattern
from fem.model import Control, Model
from fem.pattern import Cliques
from fem.reaction import Kinetics
from fem.spaces import Spaces
from fem.state import Fields, Residual, State
from fem.stiffness import Stiffness
from fem.system import BulkLosses, SteadySystem


class EquilibratedSystem(SteadySystem):
    """Residual and Jacobian of the equilibrated form on given spaces; the pattern is made once."""

    method = "equilibrated"

    def __init__(self, spaces: Spaces, model: Model, control: Control | None) -> None:
        _check(spaces)
        super().__init__(spaces, model, control)
        self.equilibria = tuple(_equilibrium(c, model.temperature) for c in spaces.compartments)
        self.free = spaces.free
        ionic, liquid = spaces.ionic_elements, spaces.liquid
        bodies = (
            (spaces.solid_elements, spaces.conductivity),
            (ionic.where(liquid), spaces.ionic_coefficient[liquid]),
            (ionic.where(~liquid), spaces.ionic_coefficient[~liquid]),
        )
        facets = [surface.unknowns for surface in spaces.surfaces]
        cliques = Cliques.of(spaces.size, [*(elements.dofs for elements, _ in bodies), *facets])
        self.stiffness = Stiffness.on(cliques, {0: bodies[0], 1: bodies[1]})
        self.layers = Stiffness.on(cliques, {2: bodies[2]})
        self.pattern = JacobianPattern(spaces, cliques.pattern, self.stiffness, self.layers)

    def with_model(self, spaces: Spaces, model: Model) -> Self:
        """The same system for another model of the same layout: the stiffness is kept if it can be."""
        for name in ("conductivity", "ionic_coefficient"):
            if not np.array_equal(getattr(spaces, name), getattr(self.spaces, name)):
                return type(self)(spaces, model, self.control)
        _check(spaces)
        other = copy.copy(self)
        other.spaces, other.model, other.pattern = spaces, model, self.pattern.of(spaces)
        other.equilibria = tuple(_equilibrium(c, model.temperature) for c in spaces.compartments)
        return other

    # --- state ---

    def adopt(self, fields: Fields) -> State:
        """The state with given potential and concentration: W from c, k from the mean of phi_e - Psi."""
        state = self.rest()
        state.x[self.free] = fields.potential[self.free]
        for j, (compartment, salt) in enumerate(zip(self.spaces.compartments, self.equilibria, strict=True)):
            unknowns = compartment.unknowns
            w = salt.w(fields.concentration[unknowns])
            state.x[unknowns] = w
            state.k[j] = (fields.potential[unknowns] - salt.psi(w)[0]).mean()
        return state

    def shares_unknowns(self, other: SteadySystem) -> bool:
        """Whether W means the same concentration in both."""
        return isinstance(other, EquilibratedSystem) and all(
            (a.properties, a.reference_concentration) == (b.properties, b.reference_concentration)
            for a, b in zip(self.equilibria, other.equilibria, strict=True)
        )

    def rest(self) -> State:
        """The cell at rest: c = c0, no overpotential, fixed potentials in place."""
        return self._at_rest(self.spaces.size)

    def largest_fraction(self, state: State, z: Floats) -> float:
        """The part of a step that keeps 0 < c: at most 0.8 of the way to either end of the salt tables."""
        x_step = np.zeros(self.spaces.size)
        x_step[self.free] = z[: self.free.size]
        fraction = 1.0
        for compartment, salt in zip(self.spaces.compartments, self.equilibria, strict=True):
            unknowns = compartment.unknowns
            w, dw = state.x[unknowns], x_step[unknowns]
            for limit, towards in ((salt.w_lower, dw < 0), (salt.w_upper, dw > 0)):
                if towards.any():
                    fraction = min(fraction, 0.8 * float(((limit - w[towards]) / dw[towards]).min()))
        return fraction

    def fields(self, state: State) -> Fields:
        """Potential and concentration at the unknowns."""
        potential, slope = state.x.copy(), np.ones(self.spaces.size)
        c, c_slope = np.full(self.spaces.size, np.nan), np.zeros(self.spaces.size)
        for compartment, salt, k in zip(self.spaces.compartments, self.equilibria, state.k, strict=True):
            unknowns = compartment.unknowns
            at = salt.state(state.x[unknowns])
            potential[unknowns], slope[unknowns] = at.psi + k, at.dpsi_dw
            c[unknowns], c_slope[unknowns] = at.c, at.dc_dw
        return Fields(
            potential=potential, potential_slope=slope, concentration=c, concentration_slope=c_slope
        )

    def inventory(self, state: State, fields: Fields, j: int) -> tuple[float, Floats]:
        """int porosity c [mol] of compartment j and its slope (n,) in the joint unknowns."""
        compartment, salt = self.spaces.compartments[j], self.equilibria[j]
        c, slope = (a[compartment.unknowns] for a in (fields.concentration, fields.concentration_slope))
        inner, gradient = salt.content(state.x, compartment.rows, compartment.points, compartment.weights)
        gradient[compartment.unknowns] += compartment.lumped * slope
        return float(compartment.lumped @ c + inner), gradient

    # --- equations ---

    def residual(self, state: State, laws: Sequence[Kinetics] | None = None) -> Residual:
        """All equations at a state; laws replaces the surfaces' kinetics, one for each."""
        fields = self.fields(state)
        nodal = self.stiffness.apply(state.x, state.low)
        if self.layers.values.size:
            nodal += self.layers.apply(fields.potential, fields.potential_slope * state.low)
        surfaces, error = self._pass_currents(state, fields, laws, nodal)
        held = [self.inventory(state, fields, j) for j in range(len(self.equilibria))]
        return Residual(
            field=nodal[self.free],
            inventory=np.array(
                [h[0] / c.amount - 1 for h, c in zip(held, self.spaces.compartments, strict=True)]
            ),
            inventory_slope=tuple(h[1] for h in held),
            current=error,
            fields=fields,
            surfaces=surfaces,
            nodal=nodal,
        )

    def jacobian(self, residual: Residual, scale: float) -> BorderedSystem:
        """The bordered Newton matrix [A] at a residual's state: the exact derivative of the equations."""
        return self.pattern.assemble(residual, scale, current_is_given=self.has_current_unknown)

    # --- derived ---

    def bulk_losses(self, state: State, residual: Residual) -> BulkLosses:
        """Power [W] lost inside the bodies: int sigma |grad phi_s|^2 and, with Psi = Psi_ohm + Psi_conc at
        the nodes, int (1/N_M) grad W . grad Psi_ohm and int (1/N_M) grad W . grad Psi_conc."""
        spaces, x = self.spaces, state.x
        ohmic, concentration = np.zeros(spaces.size), np.zeros(spaces.size)
        for compartment, salt in zip(spaces.compartments, self.equilibria, strict=True):
            at = compartment.unknowns
            ohmic[at], concentration[at] = salt.psi_parts(x[at])
        in_solid = np.zeros(spaces.conductivity.size, dtype=np.int8)
        solid = spaces.solid_elements.powers(spaces.conductivity, in_solid, 1, x, x)
        of_liquids = self._by_region(spaces.liquid, x, ohmic, concentration)
        phi_e = residual.fields.potential
        (of_layers,) = self._by_region(~spaces.liquid, phi_e, phi_e)
        return BulkLosses(float(solid.sum()), of_liquids[0] | of_layers, of_liquids[1])

    def _by_region(self, of: NDArray[np.bool_], u: Floats, *others: Floats) -> list[dict[str, float]]:
        """int coefficient grad u . grad v by region, v all others, on the ionic elements flagged in `of`."""
        spaces, names = self.spaces, self.spaces.mesh.region_names
        region = spaces.mesh.region_of_element[spaces.ionic.elements[of]]
        there = present(region, len(names))
        body, coefficient = spaces.ionic_elements.where(of), spaces.ionic_coefficient[of]
        sums = body.powers(coefficient, region, len(names), u, *others)
        return [{names[k]: float(total[k]) for k in there} for total in sums]

    def current_density(self, state: State, residual: Residual) -> Floats:
        """Mean of -sigma grad phi_s, -(1/N_M) grad W or -kappa_i grad phi_e (d, n_elements) [A/m2]."""
        spaces, mesh = self.spaces, self.spaces.mesh
        out = np.full((mesh.dim, mesh.n_elements), np.nan)
        for part, where, coefficient, u in (
            (spaces.solid_elements, spaces.solid.elements, spaces.conductivity, state.x),
            *(
                (
                    spaces.ionic_elements.where(flag),
                    spaces.ionic.elements[flag],
                    spaces.ionic_coefficient[flag],
                    u,
                )
                for flag, u in ((spaces.liquid, state.x), (~spaces.liquid, residual.fields.potential))
            ),
        ):
            out[:, where] = -coefficient * part.mean(part.gradient(u))
        return out

    def salt_metrics(self, state: State, residual: Residual, current: float) -> dict[str, float]:
        """Nothing: no anion moves, by construction."""
        return {}

    def conductance_scale(self) -> float:
        """The largest conductance between two unknowns [S], a rough scale."""
        return max(self.stiffness.largest, self.layers.largest)


def _check(spaces: Spaces) -> None:
    """Refuse a body of liquid in which the equilibrated form does not hold."""
    for compartment in spaces.compartments:
        if not compartment.shares_one_law:
            names = ", ".join(map(repr, compartment.regions))
            raise ModelError(
                f"regions {names} share salt but not one law and transference number, where the equilibrated "
                "solver does not hold; leave the method to the program or ask for 'full'"
            )


def _equilibrium(compartment: Compartment, temperature: float) -> SaltEquilibrium:
    liquid = next(iter(compartment.regions.values()))
    return SaltEquilibrium.of(
        liquid.law, temperature, compartment.mean_concentration, transference=liquid.transference
    )
