"""Conductors of one potential: which pieces a terminal holds, and what leaving their resistance out costs.

A piece of an equipotential conductor that touches a terminal has the terminal's potential throughout: its
unknowns are given values. The state found so differs from the true one, in which the currents of the piece's
surface reach the terminal through its conductivity. Let j be the currents found on it, plating positive, I
that of the cell and delta the drop that they cause,
    div(sigma grad delta) = 0 inside,   sigma grad delta . n = j on the surface,   delta = 0 at the terminal.
V is the true cell voltage at the current of the state found, whose own is V_0; the kinetics count by their
secant conductances g >= 0 between both states. The difference of the states then solves a linear network
(electrolyte, g, conductors) with the source -delta in series with g, and by reciprocity
    V - V_0 = int omega delta dA,   int omega dA = 1 over the anode (delta = 0 on the foil),
where omega is how an additional ampere spreads over it, conductors included. So, for an ohmic electrolyte
and kinetics that rise with the overpotential, however large delta is:
    min delta <= V - V_0 <= max delta   where no part of an additional current leaves the anode again
(omega >= 0, the maximum principle while pieces conduct much better than what surrounds them; min and max
include the terminal's 0). Their distance is the bound reported. Further,
    0 <= V - V_0 <= int sigma |grad delta|^2 / I  for linear kinetics, any omega (Thomson's principle),
    0 <= V - V_0 <= (1 + theta) max delta         where j > 0 on all pieces, any omega,
theta = exp(r (1 + theta) max delta) - 1 with r >= d ln j/d eta on the pieces: ((1 + theta) delta, phi_e_0 +
(1 + theta) max delta) is a supersolution. With salt the network is not symmetric: omega exists with the same
integral, since a common shift of the anode shifts V alone, and its sign is what tests confirm.

The power of the drop over the current, int sigma |grad delta|^2 / I, is the mean of delta weighted by j: to
first order it is V - V_0 where an additional current spreads as the current does, and close to it elsewhere.
Local currents change more than the voltage: by at most g times the bound; `current_change` is the mean.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fem.conditions import FixedPotential, ModelError
from fem.elements import Floats, Ints
from fem.krylov import fgmres
from fem.materials import Conductor
from fem.multigrid import cycle
from fem.stiffness import Stiffness
from meshes.connectivity import components

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fem.interface import SurfaceState
    from fem.model import Model
    from fem.spaces import Spaces

TOLERANCE = 1e-6  # relative residual of the drop
RESTART, STEPS = 60, 500


def with_held_pieces(spaces: Spaces, model: Model, cut: Ints) -> Spaces:
    """The spaces with every equipotential piece that a terminal holds at the terminal's potential.

    cut: facets that separate conductors. Raises ModelError where terminals of different potential hold one.
    """
    regions = model.regions_of(Conductor)
    names = [name for name in regions if getattr(model.regions[name], "equipotential", False)]
    solid, mesh = spaces.solid, spaces.mesh
    inside = np.isin(mesh.region_of_element[solid.elements], [mesh.region_names.index(n) for n in names])
    if not inside.any():
        return spaces
    dofs, elements = solid.dofs[:, inside], solid.elements[inside]
    label = components(mesh, elements, cut)[elements]
    holder: dict[int, str] = {}
    for name, unknowns in spaces.fixed_surfaces.items():
        for piece in np.unique(label[np.isin(dofs, unknowns).any(0)]).tolist():
            other = holder.setdefault(piece, name)
            if _potential(model, other) != _potential(model, name):
                raise ModelError(
                    f"an equipotential piece joins {other!r} at {_potential(model, other):g} V and "
                    f"{name!r} at {_potential(model, name):g} V; give its region equipotential=False"
                )
    surfaces, fixed, values = dict(spaces.fixed_surfaces), [spaces.fixed], [spaces.fixed_values]
    taken = np.zeros(spaces.size, dtype=bool)
    taken[spaces.fixed] = True
    for name in dict.fromkeys(holder.values()):
        pieces = [piece for piece, by in holder.items() if by == name]
        unknowns = np.unique(dofs[:, np.isin(label, pieces)])
        unknowns = unknowns[~taken[unknowns]]
        taken[unknowns] = True
        surfaces[name] = np.concatenate((surfaces[name], unknowns))
        fixed.append(unknowns)
        values.append(np.full(unknowns.size, _potential(model, name)))
    held = np.concatenate(fixed)
    order = np.argsort(held)
    return replace(
        spaces,
        fixed=held[order],
        fixed_values=np.concatenate(values)[order],
        fixed_surfaces=surfaces,
        equipotential=np.sort(np.concatenate(fixed[1:])) if len(fixed) > 1 else spaces.equipotential,
    )


@dataclass(frozen=True, kw_only=True)
class Drop:
    """The drop in held pieces that the currents found cause: delta (size,) [V] and its power [W].

    current_density (dim, n) [A/m2]: how the current flows in the mesh's elements (n,) of the pieces.
    """

    potential: Floats
    power: float
    elements: Ints
    current_density: Floats

    @property
    def bound(self) -> float:
        """What the cell voltage at this current may be off [V]."""
        return float(np.ptp(self.potential))  # 0 at the terminals is among the values


def drop(spaces: Spaces, nodal: Floats) -> Drop | None:
    """The drop of a state with balances `nodal` (size,) [A] at the unknowns; None without held pieces.

    Discretely K delta = -nodal on the unknowns of the pieces, delta = 0 on the terminals.
    """
    unknowns = spaces.equipotential
    if not unknowns.size:
        return None
    given = np.zeros(spaces.size, dtype=bool)
    given[spaces.fixed] = True
    held = np.logical_and.reduce(given[spaces.solid_elements.dofs])
    metal, sigma = spaces.solid_elements.where(held), spaces.conductivity[held]
    stiffness = Stiffness.assemble(spaces.size, (metal, sigma))
    matrix, load = stiffness.matrix[unknowns][:, unknowns], -nodal[unknowns]
    found, _, converged = fgmres(
        matrix.dot, cycle(matrix), load, rtol=TOLERANCE, restart=RESTART, max_iterations=STEPS
    )
    if not converged:
        raise ModelError(
            f"the drop in the equipotential pieces ({unknowns.size} unknowns) was not found; check the worst "
            "element quality of the mesh, or give their region equipotential=False"
        )
    potential = np.zeros(spaces.size)
    potential[unknowns] = found
    return Drop(
        potential=potential,
        power=float(found @ load),
        elements=spaces.solid.elements[held],
        current_density=-sigma * metal.mean(metal.gradient(potential)),
    )


def current_change(bound: float, spaces: Spaces, surfaces: Sequence[SurfaceState]) -> float:
    """Bound on the mean |change| of the anode's local current density over its mean [-].

    bound int g dA / int |j| dA, with the slopes g = dj/deta of the state found in place of secants.
    """
    slope = current = 0.0
    for surface, at in zip(spaces.surfaces, surfaces, strict=True):
        if not surface.is_contact and surface.terminal != "counter":
            slope += float((np.abs(at.reaction.slope_eta) * at.weights).sum())
            current += float((np.abs(at.reaction.current) * at.weights).sum())
    return bound * slope / current if current else np.nan


def _potential(model: Model, surface: str) -> float:
    boundary = model.boundaries[surface]
    return boundary.potential if isinstance(boundary, FixedPotential) else 0.0
