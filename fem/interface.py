"""Currents through surfaces: where they pass, and their weak form.

Through a surface Gamma with current density i [A/m2] from its first to its second side the balances receive
    + int_Gamma i v   on the first side,      - int_Gamma i v   on the second,
with the same quadrature, so that charge is conserved to round-off. Charge transfer: i = i_n(eta, c) (anodic
positive), first side the metal, second the electrolyte, eta = phi_s - phi_e; on an electrode phi_s is the
potential of its terminal. A contact resistance or a junction is the same with two potentials of one carrier.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fem.conditions import Terminal
from fem.elements import Floats, Ints
from fem.kernels import in_parts, share
from fem.reaction import Kinetics, Reaction
from fem.surface_kernels import add_loads

BLOCK = 4096
"""Facets that a law is evaluated on at once: their numbers stay in the cache of a core."""


@dataclass(frozen=True, kw_only=True)
class ReactingSurface:
    """Facets that share one law, with the unknowns of their nodes on both sides.

    key: where the model declares the law, a pair of regions or a boundary. facets (n,) of the mesh; first and
    second (n_local, n): unknown numbers in the joint vector; first is None where a terminal is the first
    side. shape (n_local, n_q), weights (n_q, n) [m2] and positions (dim, n_q, n) [m] of the quadrature
    points. given_concentration (n,) [mol/m3]: that of a single-ion conductor, NaN where the liquid's own
    counts. is_contact: one carrier on both sides, no lithium is plated here.
    """

    name: str
    key: tuple[str, str] | str
    kinetics: Kinetics
    terminal: Terminal | None
    is_contact: bool
    facets: Ints
    first: Ints | None
    second: Ints
    shape: Floats
    weights: Floats
    positions: Floats
    given_concentration: Floats

    @property
    def unknowns(self) -> Ints:
        """Unknown numbers (n_local or 2 n_local, n) on all sides."""
        return self.second if self.first is None else np.concatenate((self.first, self.second))

    @property
    def areas(self) -> Floats:
        """True area (n,) [m2] of each facet."""
        return self.weights.sum(0)

    @property
    def area(self) -> float:
        """True area [m2]."""
        return float(self.weights.sum())

    def load(self, values: Floats) -> Floats:
        """Nodal loads (n_local, n) of  int values v dA  from values (n_q, n)."""
        return self.shape @ (values * self.weights)

    def add_load(self, nodal: Floats, values: Floats) -> None:
        """Add the loads of a current density (n_q, n) to the balances: first side +, second side -."""
        arguments = self.shape, self.weights, np.ascontiguousarray(values), nodal
        if self.first is not None:
            add_loads(self.first, 1.0, *arguments)
        add_loads(self.second, -1.0, *arguments)


@dataclass(frozen=True, kw_only=True)
class SurfaceState:
    """What a law gives at the quadrature points (n_q, n_facets) of a surface, and the weights of its
    integrals."""

    eta: Floats  # [V]
    concentration: Floats  # [mol/m3]
    reaction: Reaction
    weights: Floats  # [m2]

    @property
    def current(self) -> float:
        """int i dA [A], from the first side to the second; anodic positive."""
        return float((self.reaction.current * self.weights).sum())


def evaluate(
    surface: ReactingSurface,
    potential: Floats,
    concentration: Floats,
    terminal_potential: float,
    temperature: float,
    kinetics: Kinetics | None = None,
) -> SurfaceState:
    """The law of a surface from joint potentials [V] and concentrations [mol/m3] (n_unknowns,)."""
    law = surface.kinetics if kinetics is None else kinetics
    found = np.empty((6, *surface.weights.shape))
    blocks = -(-surface.facets.size // BLOCK)

    def work(low: int, high: int) -> None:
        for block in range(low, high):
            at = slice(block * BLOCK, (block + 1) * BLOCK)
            found[:, :, at] = _block(
                surface, at, potential, concentration, terminal_potential, law, temperature
            )

    share(work, in_parts(blocks, few=1))
    reaction = Reaction(found[2], found[3], found[4], found[5])
    return SurfaceState(eta=found[0], concentration=found[1], reaction=reaction, weights=surface.weights)


def _block(
    surface: ReactingSurface, at: slice, potential: Floats, concentration: Floats, terminal_potential: float,
    law: Kinetics, temperature: float,
) -> tuple[Floats, ...]:  # fmt: skip
    """eta, c and the fields of Reaction (n_q, n_block) on some facets."""
    second = surface.second[:, at]
    first = terminal_potential if surface.first is None else potential[surface.first[:, at]]
    eta = surface.shape.T @ (first - potential[second])
    given = surface.given_concentration[at]
    frozen = np.isfinite(given)
    c = surface.shape.T @ concentration[second]
    c = np.where(c > 0, c, np.nan)  # fields of order 2 may undershoot: the step control refuses NaN
    c = np.where(frozen, given, c)
    reaction = law.evaluate(eta, c, temperature)
    return eta, c, *reaction._replace(slope_c=np.where(frozen, 0.0, reaction.slope_c))
