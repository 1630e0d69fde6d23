"""What a steady problem offers to Newton's method and to the results: `SteadySystem`.

Two systems are of this kind: fem/equilibrated.py and fem/coupled.py. Both carry their unknowns as a State,
the potentials of conductors and electrolytes first.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, NamedTuple, Self

import numpy as np

from fem.bordered import BorderedSystem
from fem.conditions import ModelError
from fem.elements import Floats, Ints
from fem.interface import ReactingSurface, SurfaceState, evaluate
from fem.model import Control, Galvanostatic, Model, Potentiostatic
from fem.reaction import Kinetics
from fem.spaces import Spaces
from fem.state import Fields, Residual, State, added


class BulkLosses(NamedTuple):
    """Power [W] lost inside the bodies by cause: in all conductors, and in electrolytes by region."""

    ohmic_solid: float
    ohmic_electrolyte: Mapping[str, float]
    concentration: Mapping[str, float]


class SteadySystem(ABC):
    """Residual, Jacobian and derived quantities of a steady cell under a control.

    What the two systems share stands here: the control, steps, and the currents through surfaces.
    """

    method: ClassVar[str]
    free: Ints  # unknowns of State.x without a given value

    def __init__(self, spaces: Spaces, model: Model, control: Control | None) -> None:
        self.spaces, self.model, self.control = spaces, model, control
        self.area = projected_area(spaces, control)  # [m2]

    def with_control(self, control: Control | None) -> Self:
        """The same system under another control; all that does not change is shared."""
        other = copy.copy(self)
        other.control, other.area = control, projected_area(self.spaces, control)
        return other

    @abstractmethod
    def with_model(self, spaces: Spaces, model: Model) -> Self:
        """The same system for another model of the same layout, on its spaces; what stays is shared."""

    @property
    def has_current_unknown(self) -> bool:
        """Whether the counter's potential is an unknown (galvanostatic control)."""
        return isinstance(self.control, Galvanostatic)

    @property
    def n_scalars(self) -> int:
        """Unknowns beside the fields: one for each body of liquid, and the counter's potential if free."""
        return len(self.spaces.compartments) + int(self.has_current_unknown)

    # --- state ---

    @abstractmethod
    def rest(self) -> State:
        """The cell at rest: c = c0, no overpotential, fixed potentials in place."""

    def _at_rest(self, size: int) -> State:
        """Fixed potentials in place and all other unknowns (size,) zero, at the control's voltage."""
        x = np.zeros(size)
        x[self.spaces.fixed] = self.spaces.fixed_values
        voltage = self.control.cell_voltage if isinstance(self.control, Potentiostatic) else 0.0
        return State(x=x, low=np.zeros(size), k=np.zeros(len(self.spaces.compartments)), voltage=voltage)

    @abstractmethod
    def shares_unknowns(self, other: SteadySystem) -> bool:
        """Whether a state of another system on the same layout is one of this system as it stands."""

    @abstractmethod
    def adopt(self, fields: Fields) -> State:
        """The state at rest but for a potential and a concentration found under another model or method."""

    def difference(self, state: State, other: State) -> Floats:
        """z with other + z = state."""
        scalars = [state.k - other.k]
        if self.has_current_unknown:
            scalars.append(np.array([state.voltage - other.voltage]))
        return np.concatenate([(state.x - other.x)[self.free], *scalars])

    def step(self, state: State, z: Floats, fraction: float) -> State:
        """state + fraction * z with z = [x_free, one scalar per compartment, V]."""
        return added(state, self.free, z, fraction, has_voltage=self.has_current_unknown)

    @abstractmethod
    def largest_fraction(self, state: State, z: Floats) -> float:
        """The part of a step that keeps the salt positive."""

    @abstractmethod
    def fields(self, state: State) -> Fields:
        """Potential and concentration at the joint unknowns of the spaces."""

    # --- equations ---

    def evaluate_surface(
        self, surface: ReactingSurface, state: State, fields: Fields, law: Kinetics | None = None
    ) -> SurfaceState:
        """The law of one surface at a state (another law if given)."""
        terminal = state.voltage if surface.terminal == "counter" else 0.0
        return evaluate(
            surface, fields.potential, fields.concentration, terminal, self.model.temperature, law
        )

    def _pass_currents(
        self, state: State, fields: Fields, laws: Sequence[Kinetics] | None, nodal: Floats
    ) -> tuple[tuple[SurfaceState, ...], float]:
        """Add the currents through all surfaces to the nodal balances; their states and the error [A] of the
        counter's current. What leaves the first side of a surface enters the second."""
        surfaces, counter = [], 0.0
        for n, surface in enumerate(self.spaces.surfaces):
            at = self.evaluate_surface(surface, state, fields, laws[n] if laws else None)
            surface.add_load(nodal, at.reaction.current)
            counter += at.current if surface.terminal == "counter" else 0.0
            surfaces.append(at)
        if not isinstance(self.control, Galvanostatic):
            return tuple(surfaces), 0.0
        return tuple(surfaces), counter - self.control.current_density * self.area

    @abstractmethod
    def residual(self, state: State, laws: Sequence[Kinetics] | None = None) -> Residual:
        """All equations at a state; laws replaces those of the surfaces, one for each."""

    def right_hand_side(self, residual: Residual, scale: float) -> Floats:
        """-[R_field, inventory * scale, current error], all in A; scale [A] is the cell's current."""
        borders = [-scale * residual.inventory] + (
            [np.array([-residual.current])] if self.has_current_unknown else []
        )
        return np.concatenate([-residual.field, *borders])

    @abstractmethod
    def jacobian(self, residual: Residual, scale: float) -> BorderedSystem:
        """The exact derivative of the equations at a residual's state."""

    # --- derived ---

    @abstractmethod
    def bulk_losses(self, state: State, residual: Residual) -> BulkLosses:
        """Power lost inside the bodies, with the quadrature of the assembly."""

    @abstractmethod
    def current_density(self, state: State, residual: Residual) -> Floats:
        """Mean current density (dim, n_elements) [A/m2] of each element, NaN where none flows."""

    @abstractmethod
    def salt_metrics(self, state: State, residual: Residual, current: float) -> dict[str, float]:
        """What a system knows of its anions at a cell current [A], by result key."""

    @abstractmethod
    def conductance_scale(self) -> float:
        """A conductance [S] of the bodies, by which to judge a problem without reactions."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A state that a system was solved for: where a later solve may start."""

    system: SteadySystem
    state: State
    fields: Fields


def adopted(found: Found, system: SteadySystem) -> State:
    """An earlier state as a start of another solve. Raises ModelError if it has other unknowns."""
    old, state, rest = found.system, found.state, system.rest()
    if (old.spaces.size, state.k.size) != (system.spaces.size, rest.k.size):
        raise ModelError(
            "guess is a solution with other unknowns; "
            "give one from the same mesh with the same kinds of regions"
        )
    voltage = state.voltage if system.has_current_unknown else rest.voltage
    if not system.shares_unknowns(old):
        return replace(system.adopt(found.fields), voltage=voltage)
    x = state.x.copy()
    x[system.spaces.fixed] = rest.x[system.spaces.fixed]
    return State(x=x, low=np.where(rest.x == x, 0.0, state.low), k=state.k, voltage=voltage)


def projected_area(spaces: Spaces, control: Control | None) -> float:
    """Projected area [m2]: the control's, else the counter electrode's, else the mesh's across z."""
    if control is not None and control.area is not None:
        return control.area
    counter = spaces.surfaces_of("counter")
    if counter:
        return sum(spaces.mesh.surface_area(surface.name) for surface in counter)
    extent = np.ptp(spaces.mesh.points, axis=1)[:-1]
    return float(np.prod(extent))
