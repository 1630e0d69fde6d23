"""The fluxes of the coupled problem and their derivatives: what stands under the integral of every weak form.

Each conservation law is  div flux = 0  in a body, with the weak form
    R(v) = - int flux . grad v + (what passes through its surfaces)                          for every v.
`TERMS` says which flux belongs to which equation in which material:
    phi_s   Conductor            i_s = -sigma grad phi_s                                      [A/m2]
    phi_e   Electrolyte          i_e = (-kappa grad phi_e + kappa_D grad c / c) / N_M          [A/m2]
    phi_e   SingleIonConductor   i_e = -kappa_i grad phi_e                                    [A/m2]
    c       Electrolyte          N_- = -D grad c / N_M - (1 - t+) i_e / F                      [mol/(m2 s)]
with kappa_D = 2 (RT/F) kappa (1 - t+) TDF and phi_e measured with a lithium reference. The anion reacts
nowhere, so N_- . n = 0 is the natural condition on every boundary (J. Newman, N. P. Balsara, Electrochemical
Systems, 4th ed., Wiley 2021, ch. 12).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from fem.electrolyte import Properties
from fem.elements import Floats
from fem.materials import FARADAY, Conductor, Electrolyte, Material, SingleIonConductor, thermal_voltage

STEP = 1e-5  # relative, of the differences that give the slope of a law's property


class Flux(NamedTuple):
    """A flux (dim, n_q, n) and its derivatives: a in grad u (scalar, (n_q, n)) and b in u ((dim, n_q, n))."""

    value: Floats
    by_gradient: Mapping[str, Floats]
    by_value: Mapping[str, Floats]


@dataclass(frozen=True, kw_only=True)
class Point:
    """Fields at the quadrature points of one body: values (n_q, n) and gradients (dim, n_g, n) by field
    name."""

    material: Material
    temperature: float  # [K]
    values: Mapping[str, Floats]
    gradients: Mapping[str, Floats]

    @cached_property
    def liquid(self) -> Liquid:
        """Properties of the liquid at the points' concentrations."""
        assert isinstance(self.material, Electrolyte)
        return Liquid.at(self.material, self.temperature, self.values["c"])

    @cached_property
    def ionic_current(self) -> Flux:
        """i_e, which both balances of the liquid need."""
        return ionic_current(self)


class Slope(NamedTuple):
    """A property (n_q, n) and its derivative in c."""

    value: Floats
    by_c: Floats


@dataclass(frozen=True, kw_only=True)
class Liquid:
    """kappa [S/m], D [m2/s], 1 - t+ [-] and kappa_D [A/m] at given concentrations, with their slopes in c."""

    kappa: Slope
    diffusivity: Slope
    anion_share: Slope
    kappa_d: Slope

    @classmethod
    def at(cls, material: Electrolyte, temperature: float, c: Floats) -> Liquid:
        """Properties of a material's law, those of the free liquid."""
        law = Properties.of(material.law, temperature, material.transference)
        v_t = thermal_voltage(temperature)
        kappa, share, tdf = (_with_slope(f, c) for f in (law.kappa, lambda x: 1 - law.t(x), law.tdf))
        return cls(
            kappa=kappa,
            diffusivity=_with_slope(law.D, c),
            anion_share=share,
            kappa_d=Slope(
                2 * v_t * kappa.value * share.value * tdf.value,
                2 * v_t
                * (
                    kappa.by_c * share.value * tdf.value
                    + kappa.value * share.by_c * tdf.value
                    + kappa.value * share.value * tdf.by_c
                ),
            ),
        )  # fmt: skip


def _with_slope(law: Callable[[Floats], Floats], c: Floats) -> Slope:
    """A property and its slope by central differences, good to about 1e-10."""
    h = STEP * c
    return Slope(np.asarray(law(c)), (law(c + h) - law(c - h)) / (2 * h))


def electronic_current(at: Point) -> Flux:
    """i_s = -sigma grad phi_s [A/m2]."""
    assert isinstance(at.material, Conductor)
    sigma, gradient = at.material.conductivity, at.gradients["phi_s"]
    return Flux(-sigma * gradient, {"phi_s": np.full_like(at.values["phi_s"], -sigma)}, {})


def single_ion_current(at: Point) -> Flux:
    """i_e = -kappa_i grad phi_e [A/m2]."""
    assert isinstance(at.material, SingleIonConductor)
    kappa, gradient = at.material.conductivity, at.gradients["phi_e"]
    return Flux(-kappa * gradient, {"phi_e": np.full_like(at.values["phi_e"], -kappa)}, {})


def ionic_current(at: Point) -> Flux:
    """i_e = (-kappa grad phi_e + kappa_D grad c / c) / N_M [A/m2]."""
    assert isinstance(at.material, Electrolyte)
    kappa, kappa_d = at.liquid.kappa, at.liquid.kappa_d
    c, grad_phi, grad_c, n_m = at.values["c"], at.gradients["phi_e"], at.gradients["c"], at.material.macmullin
    return Flux(
        (-kappa.value * grad_phi + kappa_d.value / c * grad_c) / n_m,
        {"phi_e": -kappa.value / n_m, "c": kappa_d.value / c / n_m},
        {"c": (-kappa.by_c * grad_phi + (kappa_d.by_c / c - kappa_d.value / c**2) * grad_c) / n_m},
    )


def anion_flux(at: Point) -> Flux:
    """N_- = -D grad c / N_M - (1 - t+) i_e / F [mol/(m2 s)]."""
    assert isinstance(at.material, Electrolyte)
    current, diffusivity, share = at.ionic_current, at.liquid.diffusivity, at.liquid.anion_share
    grad_c, n_m = at.gradients["c"], at.material.macmullin
    carried = share.value / FARADAY
    return Flux(
        -diffusivity.value / n_m * grad_c - carried * current.value,
        {
            "phi_e": -carried * current.by_gradient["phi_e"],
            "c": -diffusivity.value / n_m - carried * current.by_gradient["c"],
        },
        {
            "c": -diffusivity.by_c / n_m * grad_c
            - share.by_c / FARADAY * current.value
            - carried * current.by_value["c"]
        },
    )


TERMS: Mapping[type, Mapping[str, Callable[[Point], Flux]]] = {
    Conductor: {"phi_s": electronic_current},
    Electrolyte: {"phi_e": attrgetter("ionic_current"), "c": anion_flux},
    SingleIonConductor: {"phi_e": single_ion_current},
}
"""Material -> equation -> its flux: the whole coupled problem inside the bodies."""

TO_AMPERE: Mapping[str, float] = {"phi_s": 1.0, "phi_e": 1.0, "c": FARADAY}
"""Factor that turns the residual of an equation into A: F for the salt balance."""


def losses(at: Point) -> dict[str, Any]:
    """Dissipation [W/m3] (n_q, n) in a body by cause, which adds up to -i . grad phi.

    ohmic: |i_s|^2/sigma, |i_e|^2 N_M/kappa; concentration: -(kappa_D/kappa) i_e . grad c / c.
    """
    if isinstance(at.material, Conductor):
        i = electronic_current(at).value
        return {"ohmic": (i * i).sum(0) / at.material.conductivity}
    if isinstance(at.material, SingleIonConductor):
        i = single_ion_current(at).value
        return {"ohmic": (i * i).sum(0) / at.material.conductivity}
    assert isinstance(at.material, Electrolyte)
    i, kappa, kappa_d = at.ionic_current.value, at.liquid.kappa.value, at.liquid.kappa_d.value
    pull = (i * at.gradients["c"]).sum(0) / at.values["c"]
    return {"ohmic": (i * i).sum(0) * at.material.macmullin / kappa, "concentration": -kappa_d / kappa * pull}
