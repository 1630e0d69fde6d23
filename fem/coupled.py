"""The full steady problem: both potentials and the concentration, any mix of regions, hand-written Jacobian.

Strong form in every body:   div i_s = 0,   div i_e = 0,   div N_- = 0   (fluxes: fem/fluxes.py), and on every
surface the same current leaves one side and enters the other; no anion passes. Weak forms, for every v:
    R_s(v) = -int i_s . grad v + int_Gamma i_n v = 0,
    R_e(v) = -int i_e . grad v - int_Gamma i_n v = 0,
    R_c(v) = -int N_- . grad v + lambda_j int porosity v / V_j = 0,    int porosity c = int porosity c0,
one inventory and one multiplier lambda_j for each body of liquid (V_j its pore volume): the steady balances
leave the amount of salt open. v = 1 gives lambda_j = 0: a multiplier beyond round-off says that the fluxes
are inconsistent. The balance of the salt is multiplied by F, so that every residual is a current in A.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from fem.bordered import BorderedSystem
from fem.coupled_jacobian import CoupledJacobian
from fem.elements import Elements, Floats, Ints, present, scatter
from fem.fluxes import TERMS, TO_AMPERE, Flux, Point, losses
from fem.kernels import one_by_one
from fem.materials import FARADAY, Electrolyte, Material
from fem.model import Control, Model
from fem.reaction import Kinetics
from fem.spaces import Spaces
from fem.state import Fields, Residual, State
from fem.system import BulkLosses, SteadySystem

PART = 2**16  # elements of a body at the most: threads share the bodies, and their arrays stay in the cache


@dataclass(frozen=True, kw_only=True)
class Body:
    """Some elements of one region with the unknowns of its fields, (n_local, n) each."""

    region: str
    material: Material
    mesh_elements: Ints
    elements: Elements
    unknowns: dict[str, Ints]


class CoupledSystem(SteadySystem):
    """Residual and Jacobian of the full problem on given spaces; unknowns [phi_s | phi_e | c].

    load (n_unknowns,) [A] is subtracted from the residual: sources of a manufactured solution.
    """

    method = "full"

    def __init__(
        self, spaces: Spaces, model: Model, control: Control | None, load: Floats | None = None
    ) -> None:
        super().__init__(spaces, model, control)
        parts = [c.unknowns for c in spaces.compartments]
        self.salt = np.unique(np.concatenate(parts)) if parts else np.zeros(0, dtype=np.int64)
        self.c_of = np.full(spaces.size, -1)  # unknown of c beside each joint unknown
        self.c_of[self.salt] = spaces.size + np.arange(self.salt.size)
        self.size = spaces.size + self.salt.size
        self.free = np.setdiff1d(np.arange(self.size), spaces.fixed)
        self.bodies = _bodies(self)
        self.load = np.zeros(self.size) if load is None else load
        self.capacity = tuple(self._capacity(j) for j in range(len(spaces.compartments)))
        self.pattern = CoupledJacobian(self)

    def with_model(self, spaces: Spaces, model: Model) -> Self:
        """The same system for another model of the same layout; the pattern is kept."""
        other = copy.copy(self)
        other.spaces, other.model = spaces, model
        other.bodies = tuple(replace(body, material=model.regions[body.region]) for body in self.bodies)
        other.capacity = tuple(other._capacity(j) for j in range(len(spaces.compartments)))
        other.pattern = self.pattern.of(other)
        return other

    def _capacity(self, j: int) -> Floats:
        """int porosity N_i (n_unknowns,) [m3] of body j on its c unknowns."""
        compartment, out = self.spaces.compartments[j], np.zeros(self.size)
        rows = self.c_of[compartment.rows]
        out += scatter(rows, compartment.points @ compartment.weights, self.size)
        out[self.c_of[compartment.unknowns]] += compartment.lumped
        return out

    # --- state ---

    def adopt(self, fields: Fields) -> State:
        """The state at rest but for the given potential and concentration."""
        state, n = self.rest(), self.spaces.size
        free = self.free[self.free < n]
        state.x[free], state.x[n:] = fields.potential[free], fields.concentration[self.salt]
        return state

    def shares_unknowns(self, other: SteadySystem) -> bool:
        """Whether the other system is a full one, too."""
        return isinstance(other, CoupledSystem)

    def rest(self) -> State:
        """The cell at rest: c = c0, no overpotential, fixed potentials in place."""
        state = self._at_rest(self.size)
        for compartment in self.spaces.compartments:
            state.x[self.c_of[compartment.unknowns]] = compartment.mean_concentration
        return state

    def largest_fraction(self, state: State, z: Floats) -> float:
        """The part of a step that keeps 0 < c wherever c is used: at most 0.8 of the way to zero."""
        change, fraction = np.zeros(self.size), 1.0
        change[self.free] = z[: self.free.size]
        for c, dc in zip(self._salt_at_points(state.x), self._salt_at_points(change), strict=True):
            falls = dc < 0
            fraction = min(fraction, 0.8 * float((c[falls] / -dc[falls]).min(initial=np.inf)))
        return fraction

    def _salt_at_points(self, u: Floats) -> Iterator[Floats]:
        """c at its nodes; with order 2, where it may be lower between them, at all quadrature points too."""
        yield u[self.spaces.size :]
        if self.spaces.order == 1:
            return
        for body in self.bodies:
            if "c" in body.unknowns:
                yield body.elements.with_unknowns(body.unknowns["c"]).values(u)
        for surface in self.spaces.surfaces:
            liquid = np.isnan(surface.given_concentration)
            yield surface.shape.T @ u[self.c_of[surface.second[:, liquid]]]

    def fields(self, state: State) -> Fields:
        """Potential and concentration at the joint unknowns."""
        n = self.spaces.size
        c, slope = np.full(n, np.nan), np.zeros(n)
        c[self.salt], slope[self.salt] = state.x[n:], 1.0
        return Fields(
            potential=state.x[:n],
            potential_slope=np.ones(n),
            concentration=c,
            concentration_slope=slope,
        )

    def point(self, body: Body, state: State) -> Point:
        """The fields of a body at its quadrature points."""
        of = {name: body.elements.with_unknowns(dofs) for name, dofs in body.unknowns.items()}
        return Point(
            material=body.material,
            temperature=self.model.temperature,
            values={name: part.values(state.x) for name, part in of.items()},
            gradients={name: part.gradient(state.x, state.low) for name, part in of.items()},
        )

    # --- equations ---

    def residual(self, state: State, laws: Sequence[Kinetics] | None = None) -> Residual:
        """All equations at a state; laws replaces the surfaces' kinetics, one for each."""
        fields, nodal = self.fields(state), -self.load
        fluxes, local = zip(
            *one_by_one(len(self.bodies), lambda n: self._balance(self.bodies[n], state)), strict=True
        )
        for body, loads in zip(self.bodies, local, strict=True):
            for equation, load in loads.items():
                np.subtract.at(nodal, body.unknowns[equation].ravel(), load.ravel())
        surfaces, error = self._pass_currents(state, fields, laws, nodal)
        held = []
        for j, compartment in enumerate(self.spaces.compartments):
            nodal += state.k[j] * self.capacity[j] / compartment.pore_volume
            held.append(float(self.capacity[j] @ state.x) / compartment.amount - 1)
        return Residual(
            field=nodal[self.free],
            inventory=np.array(held),
            inventory_slope=self.capacity,
            current=error,
            fields=fields,
            surfaces=surfaces,
            nodal=nodal,
            fluxes=fluxes,
        )

    def _balance(self, body: Body, state: State) -> tuple[dict[str, Flux], dict[str, Floats]]:
        """The fluxes in a body by equation, and what each element adds to the balances of its unknowns."""
        at = self.point(body, state)
        fluxes = {equation: flux(at) for equation, flux in TERMS[type(body.material)].items()}
        return fluxes, {
            equation: TO_AMPERE[equation] * body.elements.loads(flux.value)
            for equation, flux in fluxes.items()
        }

    def jacobian(self, residual: Residual, scale: float) -> BorderedSystem:
        """The bordered Newton matrix at a residual's state: the exact derivative of the equations."""
        return self.pattern.assemble(residual, scale, current_is_given=self.has_current_unknown)

    # --- derived ---

    def bulk_losses(self, state: State, residual: Residual) -> BulkLosses:
        """Power [W] lost inside the bodies: |i|^2 over conductivity, and the concentration's part."""
        solid, ohmic, concentration = 0.0, defaultdict(float), defaultdict(float)
        for body in self.bodies:
            power = losses(self.point(body, state))
            total = {cause: float(body.elements.integral(value).sum()) for cause, value in power.items()}
            if "phi_s" in body.unknowns:
                solid += total["ohmic"]
            else:
                ohmic[body.region] += total["ohmic"]
            if isinstance(body.material, Electrolyte):
                concentration[body.region] += total["concentration"]
        return BulkLosses(solid, dict(ohmic), dict(concentration))

    def current_density(self, state: State, residual: Residual) -> Floats:
        """Mean of i_s or i_e (d, n_elements) [A/m2] on each element, NaN where there is neither."""
        mesh = self.spaces.mesh
        out = np.full((mesh.dim, mesh.n_elements), np.nan)
        for body, fluxes in zip(self.bodies, residual.fluxes, strict=True):
            flux = fluxes["phi_s" if "phi_s" in fluxes else "phi_e"].value
            out[:, body.mesh_elements] = body.elements.mean(flux)
        return out

    def salt_metrics(self, state: State, residual: Residual, current: float) -> dict[str, float]:
        """Multiplier of the inventories over the cell current; int |F N_-| over int |i_e| in the liquids."""
        anions = ions = 0.0
        for body, fluxes in zip(self.bodies, residual.fluxes, strict=True):
            if "c" in fluxes:
                lengths = [np.linalg.norm(fluxes[name].value, axis=0) for name in ("c", "phi_e")]
                anions += FARADAY * float(body.elements.integral(lengths[0]).sum())
                ions += float(body.elements.integral(lengths[1]).sum())
        if not (ions and current):
            return {}
        multiplier = float(np.abs(state.k).max(initial=0.0)) / abs(current)
        return {"salt_multiplier": multiplier, "salt_circulation": anions / ions}

    def conductance_scale(self) -> float:
        """sigma or kappa times a length [S]: the least over the bodies."""
        return min(float(_scale_of(body)) for body in self.bodies)


def _scale_of(body: Body) -> float:
    conductivity = getattr(body.material, "conductivity", 1.0)
    return conductivity * float(body.elements.volumes.max()) ** (1 / 3)


def _bodies(system: CoupledSystem) -> tuple[Body, ...]:
    """The regions of each space, in the model's order, in parts."""
    spaces, out = system.spaces, []
    for space, elements, field in (
        (spaces.solid, spaces.solid_elements, "phi_s"),
        (spaces.ionic, spaces.ionic_elements, "phi_e"),
    ):
        region = spaces.mesh.region_of_element[space.elements]
        for k in present(region, len(spaces.mesh.region_names)):
            name = spaces.mesh.region_names[k]
            there = np.flatnonzero(region == k)
            for part in np.array_split(there, -(-there.size // PART)):
                mine = elements.chosen(part)
                unknowns = {field: mine.dofs}
                if isinstance(system.model.regions[name], Electrolyte):
                    unknowns["c"] = system.c_of[mine.dofs]
                out.append(
                    Body(
                        region=name,
                        material=system.model.regions[name],
                        mesh_elements=space.elements[part],
                        elements=mine,
                        unknowns=unknowns,
                    )
                )
    return tuple(out)
