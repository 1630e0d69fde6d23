"""Charge transfer on surfaces: where a reaction happens, and its weak form with linear traces.

On a surface Gamma with current density i_n [A/m2] (anodic positive) the two sides receive
    + int_Gamma i_n v   in the conductor's balance,      - int_Gamma i_n v   in the electrolyte's balance,
with the same quadrature, so that charge is conserved to round-off. i_n = i_n(eta, c), eta = phi_s - phi_e,
from the surface's kinetics; on an electrode phi_s is the potential of its terminal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fem.model import Terminal
from fem.p1 import Floats, Ints, simplex_rule
from fem.reaction import Kinetics, Reaction


@dataclass(frozen=True, kw_only=True)
class ReactingSurface:
    """Facets that share one kinetic law, with the unknowns of their corners on both sides.

    facets (n,) of the mesh, areas (n,) [m2]; solid (d, n) and ionic (d, n) unknown numbers in the joint
    vector; solid is None on an electrode, whose metal is at its terminal's potential.
    """

    name: str
    kinetics: Kinetics
    terminal: Terminal | None
    facets: Ints
    areas: Floats
    solid: Ints | None
    ionic: Ints

    @property
    def area(self) -> float:
        """True area [m2]."""
        return float(self.areas.sum())


@dataclass(frozen=True, kw_only=True)
class SurfaceState:
    """Kinetics at the quadrature points (n_q, n_facets) of a surface, and the weights of its integrals."""

    eta: Floats  # [V]
    concentration: Floats  # [mol/m3]
    reaction: Reaction
    weights: Floats  # [m2]

    @property
    def current(self) -> float:
        """int i_n dA [A], anodic positive."""
        return float((self.reaction.current * self.weights).sum())


def evaluate(
    surface: ReactingSurface,
    phi_s: Floats,
    phi_e: Floats,
    c: Floats,
    temperature: float,
    kinetics: Kinetics | None = None,
) -> SurfaceState:
    """Kinetics of a surface from corner values phi_s (d, n) or one for all, phi_e (d, n) and c (d, n)."""
    shape, weight = simplex_rule(len(surface.ionic) - 1)
    eta = shape.T @ np.broadcast_to(phi_s - phi_e, surface.ionic.shape)
    concentration = shape.T @ c
    law = surface.kinetics if kinetics is None else kinetics
    return SurfaceState(
        eta=eta,
        concentration=concentration,
        reaction=law.evaluate(eta, concentration, temperature),
        weights=weight[:, None] * surface.areas,
    )


def load(values: Floats, weights: Floats) -> Floats:
    """Corner loads (d, n) of  int values v dA  from values and weights (n_q, n)."""
    shape, _ = simplex_rule(len(values) - 1)
    return shape @ (values * weights)


def mass(values: Floats, weights: Floats) -> Floats:
    """Local matrices (d, d, n) of  int values u v dA  from values and weights (n_q, n)."""
    shape, _ = simplex_rule(len(values) - 1)
    return np.einsum("iq,jq,qf->ijf", shape, shape, values * weights, optimize=True)
