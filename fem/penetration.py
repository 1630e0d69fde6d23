"""How deep a mat works: transmissibility of random fibres, penetration depth, Wagner number."""

from __future__ import annotations

import numpy as np

from fem.reaction import Kinetics


def mat_transmissibility(porosity: float) -> float:
    """Through-plane kappa_eff/kappa of a layered mat of random overlapping fibres.

    M = eps ((eps - eps_p)/(1 - eps_p))^alpha with eps_p = 0.11, alpha = 0.785: Tomadakis and Sotirchos, AIChE
    J. 39 (1993) 397, 10.1002/aic.690390304. Zero below the percolation threshold eps_p.
    """
    return porosity * (max(porosity - 0.11, 0.0) / (1 - 0.11)) ** 0.785


def penetration_depth(
    conductivity: float, kinetics: Kinetics, specific_area: float, *, temperature: float, concentration: float
) -> float:
    """L_p = sqrt(kappa_eff R/a) [m]; R: small-signal area resistance, film included; a [1/m]: wetted area."""
    return float(np.sqrt(conductivity / kinetics.conductance(concentration, temperature) / specific_area))


def wagner_number(
    conductivity: float, kinetics: Kinetics, length: float, *, temperature: float, concentration: float
) -> float:
    """Wa = kappa R / length [-]: interfacial against ohmic resistance over a length; large means uniform."""
    return float(conductivity / kinetics.conductance(concentration, temperature) / length)
