"""What a steady problem offers to Newton's method and to the results: the `SteadySystem` protocol.

Two systems answer to it: fem/equilibrated.py and fem/coupled.py. Both carry their unknowns as a State, the
potentials of conductors and electrolytes first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from fem.elements import Floats, Ints
from fem.interface import ReactingSurface, SurfaceState
from fem.linear import BorderedSystem
from fem.model import Control, Model
from fem.reaction import Kinetics
from fem.spaces import Spaces
from fem.state import Fields, Residual, State


class BulkLosses(NamedTuple):
    """Power [W] lost inside the bodies by cause: in all conductors, and in electrolytes by region."""

    ohmic_solid: float
    ohmic_electrolyte: Mapping[str, float]
    concentration: Mapping[str, float]


class SteadySystem(Protocol):
    """Residual, Jacobian and derived quantities of a steady cell under a control."""

    method: str
    spaces: Spaces
    model: Model
    control: Control | None
    area: float  # projected [m2]
    free: Ints  # unknowns of State.x without a given value

    @property
    def has_current_unknown(self) -> bool:
        """Whether the counter's potential is an unknown (galvanostatic control)."""
        ...

    def with_control(self, control: Control) -> SteadySystem:
        """The same system under another control of the same kind."""
        ...

    def rest(self) -> State:
        """The cell at rest."""
        ...

    def step(self, state: State, z: Floats, fraction: float) -> State:
        """state + fraction * z with z = [x_free, one scalar per compartment, V]."""
        ...

    def largest_fraction(self, state: State, z: Floats) -> float:
        """The part of a step that keeps the salt positive."""
        ...

    def fields(self, state: State) -> Fields:
        """Potential and concentration at the joint unknowns of the spaces."""
        ...

    def evaluate_surface(
        self, surface: ReactingSurface, state: State, fields: Fields, law: Kinetics | None = None
    ) -> SurfaceState:
        """The law of one surface at a state."""
        ...

    def residual(self, state: State, laws: Sequence[Kinetics] | None = None) -> Residual:
        """All equations at a state; laws replaces those of the surfaces, one for each."""
        ...

    def right_hand_side(self, residual: Residual, scale: float) -> Floats:
        """What Newton's linear system is solved for [A]."""
        ...

    def jacobian(self, residual: Residual, scale: float) -> BorderedSystem:
        """The exact derivative of the equations at a residual's state."""
        ...

    def bulk_losses(self, state: State, residual: Residual) -> BulkLosses:
        """Power lost inside the bodies, with the quadrature of the assembly."""
        ...

    def current_density(self, state: State, residual: Residual) -> Floats:
        """Mean current density (dim, n_elements) [A/m2] of each element, NaN where none flows."""
        ...

    def salt_metrics(self, state: State, residual: Residual, current: float) -> dict[str, float]:
        """What a system knows of its anions at a cell current [A], by result key."""
        ...

    def conductance_scale(self) -> float:
        """A conductance [S] of the bodies, by which to judge a problem without reactions."""
        ...


def projected_area(spaces: Spaces, control: Control | None) -> float:
    """Projected area [m2]: the control's, else the counter electrode's, else the mesh's across z."""
    if control is not None and control.area is not None:
        return control.area
    counter = spaces.surfaces_of("counter")
    if counter:
        return sum(spaces.mesh.surface_area(surface.name) for surface in counter)
    extent = np.ptp(spaces.mesh.points, axis=1)[:-1]
    return float(np.prod(extent))
