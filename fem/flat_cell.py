"""The flat cell in closed form: plating plane, layers, counter, at steady state with variable properties.

No anion moves in one dimension, whatever the layers' laws. With zeta = int N_M dz from the plating plane,
W(c(zeta)) = W(c_p) + I zeta in layers of one transference number, c is continuous between them, and the salt
inventory, int porosity c dz = int porosity c0 dz, fixes c_p. The limiting current is the one with c_p = 0. It
is exact for flat designs; for mats it brackets: reaction all at the foil, or all at the mat's top.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from scipy.optimize import brentq

from fem.electrolyte import ElectrolyteLaw
from fem.equilibrium import SaltEquilibrium

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)


@dataclass(frozen=True, kw_only=True)
class FlatLayer:
    """One layer of a flat cell: thickness [m], porosity, MacMullin number [-], t+ unless it is the law's."""

    thickness: float
    porosity: float = 1.0
    macmullin: float = 1.0
    transference: float | None = None


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


Run = tuple[SaltEquilibrium, list[FlatLayer]]
"""Neighbouring layers of one transference number, and their salt."""


def _runs(
    layers: Sequence[FlatLayer], law: ElectrolyteLaw, temperature: float, concentration: float
) -> list[Run]:
    numbers = {layer.transference for layer in layers}
    salts = {t: SaltEquilibrium.of(law, temperature, concentration, transference=t) for t in numbers}
    return [(salts[t], list(run)) for t, run in groupby(layers, key=lambda layer: layer.transference)]


def _zeta(layers: Sequence[FlatLayer]) -> float:
    """int N_M dz [m] over all layers."""
    return sum(layer.thickness * layer.macmullin for layer in layers)


def _ends(runs: Sequence[Run], w_plating: float, current: float) -> list[tuple[float, float]]:
    """W [A/m] at both ends of every run; beyond the salt's table, its upper end."""
    ends: list[tuple[float, float]] = []
    for number, (salt, layers) in enumerate(runs):
        if number == 0:
            start = w_plating
        else:
            below, (_, top) = runs[number - 1][0], ends[-1]
            start = float(salt.w(below.concentration(min(top, below.w_upper))[0]))
        ends.append((start, start + current * _zeta(layers)))
    return ends


def _inventory(runs: Sequence[Run], w_plating: float, current: float) -> float:
    """int porosity c dz [mol/m2], by Gauss quadrature on 16 panels per layer."""
    total = 0.0
    panels = np.linspace(0.0, 1.0, 17)
    s = (panels[:-1, None] + (panels[1] - panels[0]) * (_NODES + 1) / 2).ravel()
    weight = np.tile(_WEIGHTS / 2, 16) / 16
    for (salt, layers), (start, _) in zip(runs, _ends(runs, w_plating, current), strict=True):
        zeta = 0.0
        for layer in layers:
            w = start + current * (zeta + s * layer.thickness * layer.macmullin)
            c, _ = salt.concentration(np.minimum(w, salt.w_upper))
            total += layer.porosity * layer.thickness * float(weight @ c)
            zeta += layer.thickness * layer.macmullin
    return total


def limiting_current(
    layers: Sequence[FlatLayer], law: ElectrolyteLaw, *, temperature: float, concentration: float
) -> float:
    """Current density [A/m2] at which the salt at the plating plane is used up, with variable properties."""
    runs = _runs(layers, law, temperature, concentration)
    wanted, lowest = _filled(layers, concentration), runs[0][0].w_lower

    def excess(current: float) -> float:
        return _inventory(runs, lowest, current) - wanted

    high = -lowest / _zeta(layers)
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
) -> FlatState:
    """Steady state at a current density [A/m2] below the limit. Raises ValueError above it."""
    runs = _runs(layers, law, temperature, concentration)
    limit = limiting_current(layers, law, temperature=temperature, concentration=concentration)
    if not 0 < current < limit:
        raise ValueError(
            f"current density {current:.6g} A/m2 must lie between 0 and the limiting current {limit:.6g} "
            "A/m2, where the salt at the plating plane is depleted; lower the current or shorten the layers"
        )
    wanted = _filled(layers, concentration)
    w_p = float(
        brentq(
            lambda w: _inventory(runs, w, current) - wanted,
            runs[0][0].w_lower,
            0.0,
            xtol=1e-300,
            rtol=1e-14,
        )
    )
    ends = _ends(runs, w_p, current)
    parts = [salt.psi_parts(np.array(at)) for (salt, _), at in zip(runs, ends, strict=True)]
    ohmic, conc = (sum(float(np.diff(part[k])[0]) for part in parts) for k in (0, 1))
    return FlatState(
        c_plating=float(runs[0][0].concentration(ends[0][0])[0]),
        c_stripping=float(runs[-1][0].concentration(ends[-1][1])[0]),
        electrolyte_voltage=ohmic + conc,
        ohmic_voltage=ohmic,
        concentration_voltage=conc,
    )
