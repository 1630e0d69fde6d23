"""The flat cell in closed form: plating plane, layers, counter, at steady state with variable properties.

With zeta = int N_M dz from the plating plane, W(c(zeta)) = W(c_p) + I zeta, and the salt inventory,
int porosity c dz = int porosity c0 dz, fixes c_p. The limiting current is the one with c_p = 0. It is exact
for flat designs; for mats it brackets: reaction all at the foil, or all at the mat's top.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from fem.electrolyte import ElectrolyteLaw
from fem.equilibrium import SaltEquilibrium

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)


@dataclass(frozen=True, kw_only=True)
class FlatLayer:
    """One layer of a flat cell: thickness [m], porosity [-], MacMullin number [-]."""

    thickness: float
    porosity: float = 1.0
    macmullin: float = 1.0


@dataclass(frozen=True, kw_only=True)
class FlatState:
    """Steady state of a flat cell: c at both electrodes [mol/m3], the electrolyte's voltage [V] in parts."""

    c_plating: float
    c_stripping: float
    electrolyte_voltage: float
    ohmic_voltage: float
    concentration_voltage: float


def _filled(layers: Sequence[FlatLayer], concentration: float) -> float:
    """Salt put in, int porosity c0 dz [mol/m2]."""
    return concentration * sum(layer.porosity * layer.thickness for layer in layers)


def _zeta(layers: Sequence[FlatLayer]) -> float:
    """int N_M dz [m] over all layers."""
    return sum(layer.thickness * layer.macmullin for layer in layers)


def _inventory(salt: SaltEquilibrium, layers: Sequence[FlatLayer], w_plating: float, current: float) -> float:
    """int porosity c dz [mol/m2] with W = w_plating + I zeta, by Gauss quadrature on 16 panels per layer."""
    total, zeta = 0.0, 0.0
    panels = np.linspace(0.0, 1.0, 17)
    s = (panels[:-1, None] + (panels[1] - panels[0]) * (_NODES + 1) / 2).ravel()
    weight = np.tile(_WEIGHTS / 2, 16) / 16
    for layer in layers:
        w = w_plating + current * (zeta + s * layer.thickness * layer.macmullin)
        c, _ = salt.concentration(np.minimum(w, salt.w_upper))
        total += layer.porosity * layer.thickness * float(weight @ c)
        zeta += layer.thickness * layer.macmullin
    return total


def limiting_current(
    layers: Sequence[FlatLayer],
    law: ElectrolyteLaw,
    *,
    temperature: float,
    concentration: float,
    transference: float | None = None,
) -> float:
    """Current density [A/m2] at which the salt at the plating plane is used up, with variable properties."""
    salt = SaltEquilibrium.of(law, temperature, concentration, transference=transference)
    wanted = _filled(layers, concentration)
    guess = -salt.w_lower / _zeta(layers)

    def excess(current: float) -> float:
        return _inventory(salt, layers, salt.w_lower, current) - wanted

    high = guess
    while excess(high) < 0:
        high *= 2
    return float(brentq(excess, 0.0, high, rtol=1e-12))


def flat_state(
    layers: Sequence[FlatLayer],
    law: ElectrolyteLaw,
    *,
    temperature: float,
    concentration: float,
    current: float,
    transference: float | None = None,
) -> FlatState:
    """Steady state at a current density [A/m2] below the limit. Raises ValueError above it."""
    salt = SaltEquilibrium.of(law, temperature, concentration, transference=transference)
    limit = limiting_current(
        layers, law, temperature=temperature, concentration=concentration, transference=transference
    )
    if not 0 < current < limit:
        raise ValueError(
            f"current density {current:.6g} A/m2 must lie between 0 and the limiting current {limit:.6g} "
            "A/m2, where the salt at the plating plane is depleted; lower the current or shorten the layers"
        )
    wanted = _filled(layers, concentration)
    w_p = float(
        brentq(
            lambda w: _inventory(salt, layers, w, current) - wanted,
            salt.w_lower,
            0.0,
            xtol=1e-300,
            rtol=1e-14,
        )
    )
    w_s = w_p + current * _zeta(layers)
    ends = np.array([w_p, w_s])
    c, _ = salt.concentration(ends)
    ohmic, conc = salt.psi_parts(ends)
    return FlatState(
        c_plating=float(c[0]),
        c_stripping=float(c[1]),
        electrolyte_voltage=float(np.diff(ohmic)[0] + np.diff(conc)[0]),
        ohmic_voltage=float(np.diff(ohmic)[0]),
        concentration_voltage=float(np.diff(conc)[0]),
    )
