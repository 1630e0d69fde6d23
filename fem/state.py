"""The unknowns of a steady problem, the fields they stand for, and the equations' residual at them."""

from __future__ import annotations

from dataclasses import dataclass

from fem.elements import Floats, Ints
from fem.fluxes import Flux
from fem.interface import SurfaceState


@dataclass(frozen=True, kw_only=True)
class State:
    """Unknowns: fields x + low (n,), one scalar per body of liquid, cell voltage [V].

    The scalars are the constants k [V] of the equilibrated form, the multipliers [A] of the full problem.

    The fields are carried as an unevaluated sum of two doubles, |low| <= ulp(x)/2. Fluxes are differences
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
    concentration: Floats  # [mol/m3], NaN without salt (conductors, single-ion conductors)
    concentration_slope: Floats  # dc/dW, or 1 where c is an unknown itself; 0 where there is no salt


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
    fluxes: tuple[dict[str, Flux], ...] = ()  # of each body and equation, in the full problem


def added(state: State, free: Ints, z: Floats, fraction: float, *, has_voltage: bool) -> State:
    """state + fraction * z with z = [x_free, scalars, V]; what rounding takes from x is kept in low."""
    n, m = free.size, state.k.size
    change = state.low.copy()
    change[free] += fraction * z[:n]
    x = state.x + change
    back = x - state.x  # Knuth's two-sum: x + low = state.x + change without error
    low = (state.x - (x - back)) + (change - back)
    voltage = state.voltage + (fraction * float(z[n + m]) if has_voltage else 0.0)
    return State(x=x, low=low, k=state.k + fraction * z[n : n + m], voltage=voltage)
