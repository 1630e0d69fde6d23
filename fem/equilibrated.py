"""The equilibrated steady state: one Laplace field with nonlinear boundary kinetics.

At steady state no anion moves, N_- = 0 at every point of a salt compartment with one electrolyte law. Then
exactly
    phi_e = Psi(c) + k,      Psi'(c) = F D/((1-t+) kappa) + (2RT/F)(1-t+) TDF/c,
    i_e   = -(1/N_M) grad W, W'(c)   = F D/(1-t+),
so the coupled problem for (phi_s, phi_e, c) is
    div(sigma grad phi_s) = 0,   div((1/N_M) grad W) = 0,   i_n = i_n(phi_s - Psi(c(W)) - k, c(W)) on every
    surface,
with coefficients that never change. Two scalars close it: k of each compartment from its salt inventory int
porosity c = int porosity c0, and the counter's potential V from the current. In a single-ion conductor the
field is phi_e itself and nothing is to be conserved but charge.

Discretely phi_e and c are nodal interpolants of Psi(c(W)) + k and c(W), used in every surface term and in the
voltage split; the inventory is integrated at quadrature points. Weak forms (v vanishes where a potential is
fixed):
    R_s(v) = int sigma grad phi_s . grad v + int_Gamma i_n v = 0,   R_e(v) = int (1/N_M) grad W . grad v -
    int_Gamma i_n v = 0.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from fem.equilibrium import SaltEquilibrium
from fem.interface import ReactingSurface, SurfaceState, evaluate, load, mass
from fem.linear import BorderedSystem
from fem.model import Control, Galvanostatic, Model, Potentiostatic
from fem.p1 import Floats, Ints, scatter
from fem.reaction import Kinetics
from fem.spaces import Compartment, Spaces


@dataclass(frozen=True, kw_only=True)
class State:
    """Unknowns of the equilibrated form: joint field x (n,), constants k [V] of the salt compartments, V [V].

    In a floating conductor x is phi_s minus the conductor's own offset [V]: with sigma of 1e3 S/m and more, a
    common offset of tens of mV would round the residual to 1e-8 of the current.
    """

    x: Floats
    offset: Floats
    k: Floats
    voltage: float


@dataclass(frozen=True, kw_only=True)
class Fields:
    """Nodal potential and concentration on the joint unknowns, with their slopes in the unknown itself."""

    potential: Floats  # phi_s or phi_e [V]
    potential_slope: Floats  # d phi / dx: 1 on phi, Psi'(W) [V m/A] on W
    concentration: Floats  # [mol/m3], NaN on conductors, fixed in single-ion conductors
    concentration_slope: Floats  # dc/dW, 0 where there is no salt


@dataclass(frozen=True, kw_only=True)
class Residual:
    """The equations at a state: field (n_free,) [A], inventory error of each compartment [-], counter current
    error [A]."""

    field: Floats
    inventory: Floats
    inventory_slope: tuple[Floats, ...]  # (n,) of each salt compartment's content [mol] in the joint unknowns
    current: float
    fields: Fields
    surfaces: tuple[SurfaceState, ...]
    nodal: Floats  # residual on all joint unknowns; at fixed ones: the current that enters there [A]


class EquilibratedSystem:
    """Residual and Jacobian of the equilibrated form on given spaces; the pattern is made once."""

    def __init__(self, spaces: Spaces, model: Model, control: Control | None) -> None:
        self.spaces, self.model, self.control = spaces, model, control
        self.area = _projected_area(spaces, control)
        self.equilibria = tuple(_equilibrium(c, model.temperature) for c in spaces.compartments)
        self.salty = tuple(j for j, e in enumerate(self.equilibria) if e is not None)
        self._salt_number = {j: i for i, j in enumerate(self.salty)}
        fixed = np.zeros(spaces.size, dtype=bool)
        fixed[spaces.fixed] = True
        self.free = np.flatnonzero(~fixed)
        self.compartment_of = np.full(spaces.size, -1)
        for j, compartment in enumerate(spaces.compartments):
            self.compartment_of[compartment.unknowns] = j
        self._pattern()

    def with_control(self, control: Control) -> EquilibratedSystem:
        """The same system under another control of the same kind; everything that does not change is
        shared."""
        other = copy.copy(self)
        other.control, other.area = control, _projected_area(self.spaces, control)
        return other

    # --- layout ---

    def _pattern(self) -> None:
        """CSR pattern of the free Jacobian and, for every surface, where its local matrices go."""
        n = self.spaces.size
        number = np.full(n, -1, dtype=np.int64)
        number[self.free] = np.arange(self.free.size)
        stiffness = self.spaces.stiffness.matrix()[self.free][:, self.free].tocoo()
        keys, m = [stiffness.row.astype(np.int64) * self.free.size + stiffness.col], self.free.size
        self._corners = tuple(_corners(s) for s in self.spaces.surfaces)
        local = []
        for corners in self._corners:
            k = number[corners]
            pair = np.where((k[:, None] >= 0) & (k[None] >= 0), k[:, None] * m + k[None], -1)
            local.append(pair)
            keys.append(np.unique(pair[pair >= 0]))
        unique = np.unique(np.concatenate(keys))
        self._indices = (unique % m).astype(np.int32)
        self._indptr = np.searchsorted(unique, np.arange(m + 1) * m).astype(np.int32)
        self._rows = np.repeat(np.arange(m, dtype=np.int32), np.diff(self._indptr))
        self._stiffness_data = np.zeros(unique.size)
        self._stiffness_data[np.searchsorted(unique, keys[0])] = stiffness.data
        # where a local entry has no place (a fixed unknown) it goes to one spare slot at the end
        self._slots = tuple(np.where(p >= 0, np.searchsorted(unique, p), unique.size) for p in local)

    # --- state ---

    def rest(self) -> State:
        """The cell at rest: c = c0, no overpotential, fixed potentials in place."""
        x = np.zeros(self.spaces.size)
        x[self.spaces.fixed] = self.spaces.fixed_values
        voltage = self.control.cell_voltage if isinstance(self.control, Potentiostatic) else 0.0
        offset = np.zeros(self.spaces.floating.size)
        return State(x=x, offset=offset, k=np.zeros(len(self.salty)), voltage=voltage)

    @property
    def has_current_unknown(self) -> bool:
        """Whether the counter's potential is an unknown (galvanostatic control)."""
        return isinstance(self.control, Galvanostatic)

    def step(self, state: State, z: Floats, fraction: float) -> State:
        """state + fraction * z with z = [x_free, k, V]; a floating conductor's mean goes to its offset."""
        n, m = self.free.size, len(self.salty)
        x, offset = state.x.copy(), state.offset.copy()
        x[self.free] += fraction * z[:n]
        for i, unknowns in enumerate(self.spaces.floating_unknowns):
            mean = x[unknowns].mean()
            x[unknowns] -= mean
            offset[i] += mean
        voltage = state.voltage + (fraction * float(z[n + m]) if self.has_current_unknown else 0.0)
        return State(x=x, offset=offset, k=state.k + fraction * z[n : n + m], voltage=voltage)

    def largest_fraction(self, state: State, z: Floats) -> float:
        """The part of a step that keeps 0 < c: at most 0.8 of the way to either end of the salt tables."""
        x_step = np.zeros(self.spaces.size)
        x_step[self.free] = z[: self.free.size]
        fraction = 1.0
        for j in self.salty:
            salt, unknowns = self.equilibria[j], self.spaces.compartments[j].unknowns
            assert salt is not None
            w, dw = state.x[unknowns], x_step[unknowns]
            for limit, towards in ((salt.w_lower, dw < 0), (salt.w_upper, dw > 0)):
                if towards.any():
                    fraction = min(fraction, 0.8 * float(((limit - w[towards]) / dw[towards]).min()))
        return fraction

    def fields(self, state: State) -> Fields:
        """Potential and concentration at the unknowns."""
        potential, slope = state.x.copy(), np.ones(self.spaces.size)
        for offset, unknowns in zip(state.offset, self.spaces.floating_unknowns, strict=True):
            potential[unknowns] += offset
        c, c_slope = np.full(self.spaces.size, np.nan), np.zeros(self.spaces.size)
        for compartment in self.spaces.compartments:
            c[compartment.unknowns] = compartment.mean_concentration
        for i, j in enumerate(self.salty):
            salt, unknowns = self.equilibria[j], self.spaces.compartments[j].unknowns
            assert salt is not None
            at = salt.state(state.x[unknowns])
            potential[unknowns], slope[unknowns] = at.psi + state.k[i], at.dpsi_dw
            c[unknowns], c_slope[unknowns] = at.c, at.dc_dw
        return Fields(
            potential=potential, potential_slope=slope, concentration=c, concentration_slope=c_slope
        )

    def inventory(self, state: State, j: int) -> tuple[float, Floats]:
        """int porosity c [mol] of compartment j and its slope (n,) in the joint unknowns.

        Vertices and centroid of each simplex, exact to degree 2: weights 1/((d+1)(d+2)) and (d+1)/(d+2).
        """
        compartment, salt = self.spaces.compartments[j], self.equilibria[j]
        assert salt is not None
        corners = len(compartment.rows)
        lumped = compartment.lumped_volume / (corners + 1)
        weight = compartment.pore_volume * (corners / (corners + 1))
        c, slope = salt.concentration(state.x[compartment.unknowns])
        centre, centre_slope = salt.concentration(state.x[compartment.rows].mean(0))
        gradient = scatter(
            compartment.rows, np.tile(weight * centre_slope / corners, (corners, 1)), self.spaces.size
        )
        gradient[compartment.unknowns] += lumped * slope
        return float(lumped @ c + weight @ centre), gradient

    # --- equations ---

    def evaluate_surface(
        self, surface: ReactingSurface, state: State, fields: Fields, law: Kinetics | None = None
    ) -> SurfaceState:
        """Kinetics of one surface at a state (with another law if given)."""
        if surface.solid is not None:
            phi_s = fields.potential[surface.solid]
        else:
            phi_s = np.asarray(state.voltage if surface.terminal == "counter" else 0.0)
        phi_e, c = fields.potential[surface.ionic], fields.concentration[surface.ionic]
        return evaluate(surface, phi_s, phi_e, c, self.model.temperature, law)

    def residual(self, state: State, laws: Sequence[Kinetics] | None = None) -> Residual:
        """All equations at a state; laws replaces the surfaces' kinetics, one for each."""
        fields = self.fields(state)
        nodal = self.spaces.stiffness.apply(state.x)
        surfaces, counter = [], 0.0
        for n, surface in enumerate(self.spaces.surfaces):
            at = self.evaluate_surface(surface, state, fields, laws[n] if laws else None)
            corner = load(at.reaction.current, at.weights)
            if surface.solid is not None:
                nodal += scatter(surface.solid, corner, self.spaces.size)
            nodal -= scatter(surface.ionic, corner, self.spaces.size)
            counter += at.current if surface.terminal == "counter" else 0.0
            surfaces.append(at)
        held = [self.inventory(state, j) for j in self.salty]
        target = self.control.current_density * self.area if isinstance(self.control, Galvanostatic) else 0.0
        return Residual(
            field=nodal[self.free],
            inventory=np.array(
                [h[0] / self.spaces.compartments[j].amount - 1 for h, j in zip(held, self.salty, strict=True)]
            ),
            inventory_slope=tuple(h[1] for h in held),
            current=counter - target if self.has_current_unknown else 0.0,
            fields=fields,
            surfaces=tuple(surfaces),
            nodal=nodal,
        )

    def right_hand_side(self, residual: Residual, scale: float) -> Floats:
        """-[R_field, inventory * scale, current error], all in A; scale [A] is the cell's current."""
        borders = [-scale * residual.inventory] + (
            [np.array([-residual.current])] if self.has_current_unknown else []
        )
        return np.concatenate([-residual.field, *borders])

    def jacobian(self, state: State, residual: Residual, scale: float) -> BorderedSystem:
        """The bordered Newton matrix at a state; exact derivative of `right_hand_side` with opposite sign."""
        n, size = self.free.size, self.spaces.size
        fields, width = residual.fields, len(self.salty) + int(self.has_current_unknown)
        data = np.append(self._stiffness_data, 0.0)
        columns, rows, corner = np.zeros((size, width)), np.zeros((width, size)), np.zeros((width, width))
        for i, j in enumerate(self.salty):
            rows[i] = residual.inventory_slope[i] * (scale / self.spaces.compartments[j].amount)
        for surface, at, slots in zip(self.spaces.surfaces, residual.surfaces, self._slots, strict=True):
            by_eta = mass(at.reaction.slope_eta, at.weights)
            by_c = mass(at.reaction.slope_c, at.weights)
            to_ionic = (
                -by_eta * fields.potential_slope[surface.ionic]
                + by_c * fields.concentration_slope[surface.ionic]
            )
            block = to_ionic if surface.solid is None else np.concatenate((by_eta, to_ionic), axis=1)
            block = -block if surface.solid is None else np.concatenate((block, -block))
            data += np.bincount(slots.ravel(), block.ravel(), data.size)
            self._borders(surface, at, to_ionic.sum(0), columns, rows, corner)
        matrix = sp.csr_matrix((data[:-1], self._indices, self._indptr), shape=(n, n))
        scaling = self._scaling(fields)
        return BorderedSystem(
            matrix=matrix,
            columns=columns[self.free],
            rows=rows[:, self.free],
            corner=corner,
            companion=lambda: self._companion(residual, scaling),
            scale=scaling,
        )

    def _borders(
        self,
        surface: ReactingSurface,
        at: SurfaceState,
        to_ionic: Floats,
        columns: Floats,
        rows: Floats,
        corner: Floats,
    ) -> None:
        """Add a surface's derivatives in k and V, and of the counter's current."""
        slope = load(at.reaction.slope_eta, at.weights)
        signed = (
            [(surface.ionic, -1.0)]
            if surface.solid is None
            else [(surface.ionic, -1.0), (surface.solid, 1.0)]
        )
        of = self.compartment_of[surface.ionic[0]]
        for unknowns, sign in signed:
            for i, j in enumerate(self.salty):
                mine = of == j
                np.add.at(columns[:, i], unknowns[:, mine], -sign * slope[:, mine])
            if self.has_current_unknown and surface.terminal == "counter":
                np.add.at(columns[:, -1], unknowns, sign * slope)
        if self.has_current_unknown and surface.terminal == "counter":
            np.add.at(rows[-1], surface.ionic, to_ionic)
            for i, j in enumerate(self.salty):
                corner[-1, i] -= slope[:, of == j].sum()
            corner[-1, -1] += slope.sum()

    def _scaling(self, fields: Fields) -> Floats:
        """Factor (n_free,) that turns an unknown into a potential: 1 on phi, the mean Psi'(W) on W."""
        scaling = np.ones(self.spaces.size)
        for j in self.salty:
            unknowns = self.spaces.compartments[j].unknowns
            scaling[unknowns] = fields.potential_slope[unknowns].mean()
        return scaling[self.free]

    def _companion(self, residual: Residual, scaling: Floats) -> sp.csr_matrix:
        """Symmetric positive definite neighbour of the Jacobian in potentials: kinetic slopes in eta only."""
        n = self.free.size
        data = np.append(self._stiffness_data / scaling[self._rows], 0.0)
        for surface, at, slots in zip(self.spaces.surfaces, residual.surfaces, self._slots, strict=True):
            block = mass(at.reaction.slope_eta, at.weights)
            if surface.solid is not None:
                block = np.concatenate(
                    (np.concatenate((block, -block), axis=1), np.concatenate((-block, block), axis=1))
                )
            data += np.bincount(slots.ravel(), block.ravel(), data.size)
        return sp.csr_matrix((data[:-1], self._indices, self._indptr), shape=(n, n))


def _corners(surface: ReactingSurface) -> Ints:
    return surface.ionic if surface.solid is None else np.concatenate((surface.solid, surface.ionic))


def _equilibrium(compartment: Compartment, temperature: float) -> SaltEquilibrium | None:
    electrolyte = compartment.electrolyte
    if electrolyte is None:
        return None
    return SaltEquilibrium.of(
        electrolyte.law, temperature, compartment.mean_concentration, transference=electrolyte.transference
    )


def _projected_area(spaces: Spaces, control: Control | None) -> float:
    """Projected area [m2]: the control's, else that of the counter electrode, else the mesh's extent across
    z."""
    if control is not None and control.area is not None:
        return control.area
    counter = spaces.surfaces_of("counter")
    if counter:
        return float(sum(s.area for s in counter))
    extent = np.ptp(spaces.mesh.points, axis=1)[:-1]
    return float(np.prod(extent))
