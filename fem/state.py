"""The unknowns of the equilibrated form, the fields they stand for, and the equations' residual at them."""

from __future__ import annotations

from dataclasses import dataclass

from fem.elements import Floats
from fem.interface import SurfaceState


@dataclass(frozen=True, kw_only=True)
class State:
    """Unknowns: joint field x + low (n,), constants k [V] of the salt compartments, cell voltage [V].

    The field is carried as an unevaluated sum of two doubles, |low| <= ulp(x)/2. Fluxes are differences
    between neighbours: with sigma = 1e3 S/m, rounding phi_s of some mV to one double alone leaves 1e-9 of the
    current in the residual of a large mat, and a floating conductor at tens of mV leaves 1e-8.
    """

    x: Floats
    low: Floats
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
    """The equations at a state: field (n_free,) [A], relative inventories [-], counter current [A]."""

    field: Floats
    inventory: Floats
    inventory_slope: tuple[Floats, ...]  # (n,) of each salt compartment's content [mol] in the joint unknowns
    current: float
    fields: Fields
    surfaces: tuple[SurfaceState, ...]
    nodal: Floats  # residual on all joint unknowns; at fixed ones: the current that enters there [A]
