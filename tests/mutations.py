"""Mistakes on purpose, one at a time in a process of its own: `python tests/mutations.py MISTAKE STUDY...`
prints the studies that fall short, as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from fem import fluxes, salt, solve
from fem.electrolyte import Properties
from fem.elements import Floats
from fem.film import Film
from fem.fluxes import Flux, Liquid, Point, Slope
from fem.materials import Electrolyte, thermal_voltage
from fem.reaction import Reaction, points
from fem.spaces import Spaces, build_spaces
from studies.verification import harness

ANION_FLUX, LIQUID_AT, DPSI_DC = fluxes.anion_flux, Liquid.at, Properties.dpsi_dc
EVALUATE_FILM = Film.evaluate


def _set_anion_flux(wrong: Callable[[Point], Flux]) -> None:
    fluxes.anion_flux = salt.anion_flux = wrong
    fluxes.TERMS[Electrolyte]["c"] = wrong  # type: ignore[index]


def _set_liquid(wrong: Callable[[Liquid, Electrolyte, float, Floats], Liquid]) -> None:
    def at(cls: type[Liquid], material: Electrolyte, temperature: float, c: Floats) -> Liquid:
        return wrong(LIQUID_AT(material, temperature, c), material, temperature, c)

    Liquid.at = classmethod(at)  # type: ignore[assignment]


def _set_psi(wrong: Callable[[Properties, Floats], Floats]) -> None:
    """Another concentration part of Psi' in the equilibrated form."""

    def dpsi_dc(self: Properties, c: Floats) -> tuple[Floats, Floats]:
        return DPSI_DC(self, c)[0], wrong(self, np.asarray(c))

    Properties.dpsi_dc = dpsi_dc  # type: ignore[method-assign, assignment]


def anions_carried_by_t() -> None:
    """N_- = -D grad c - t+ i_e/F: the cations' share."""

    def wrong(at: Point) -> Flux:
        share = at.liquid.anion_share
        mistaken = replace(at)
        mistaken.__dict__["liquid"] = replace(at.liquid, anion_share=Slope(1 - share.value, -share.by_c))
        return ANION_FLUX(mistaken)

    _set_anion_flux(wrong)


def kappa_d_with_t() -> None:
    """kappa_D = 2 V_T kappa t+ TDF in the current."""

    def wrong(liquid: Liquid, *_: object) -> Liquid:
        share = liquid.anion_share.value
        factor = (1 - share) / share
        return replace(liquid, kappa_d=Slope(liquid.kappa_d.value * factor, liquid.kappa_d.by_c * factor))

    _set_liquid(wrong)


def psi_with_t() -> None:
    """Psi' = K/kappa + 2 V_T t+ TDF/c in the equilibrated form."""
    _set_psi(lambda law, c: 2 * thermal_voltage(law.temperature) * law.t(c) * law.tdf(c) / c)


def film_drop_of_the_wrong_sign() -> None:
    """eta_s = eta + R i, with the slopes that belong to it: Newton converges, to another state."""

    def wrong(self: Film, eta: Floats, c: Floats, temperature: float) -> Reaction:
        eta, c = points(eta, c)
        right = EVALUATE_FILM(self, eta, c, temperature)
        eta_s = 2 * eta - right.eta_s
        bare = self.kinetics.evaluate(eta_s, c, temperature)
        by_eta, by_c = 1 + self.resistance * right.slope_eta, self.resistance * right.slope_c
        slopes = bare.slope_eta * by_eta, bare.slope_c + bare.slope_eta * by_c
        return Reaction(bare.current, *slopes, eta_s)

    Film.evaluate = wrong  # type: ignore[method-assign, assignment]


def no_macmullin_on_diffusion() -> None:
    """N_- = -D grad c - ...: kappa/N_M, but D of the free liquid."""

    def wrong(at: Point) -> Flux:
        assert isinstance(at.material, Electrolyte)
        flux, share = ANION_FLUX(at), 1 - 1 / at.material.macmullin
        d, grad_c = at.liquid.diffusivity, at.gradients["c"]
        return Flux(
            flux.value - share * d.value * grad_c,
            {**flux.by_gradient, "c": flux.by_gradient["c"] - share * d.value},
            {"c": flux.by_value["c"] - share * d.by_c * grad_c},
        )

    _set_anion_flux(wrong)


def no_macmullin_on_w() -> None:
    """i_e = -grad W, with D of the free liquid, in the equilibrated form."""

    def wrong(*arguments: object) -> Spaces:
        spaces = build_spaces(*arguments)  # type: ignore[arg-type]
        return replace(spaces, ionic_coefficient=np.where(spaces.liquid, 1.0, spaces.ionic_coefficient))

    solve.build_spaces = wrong  # type: ignore[assignment]


def no_tdf_in_the_fluxes() -> None:
    """kappa_D = 2 V_T kappa (1 - t+)."""

    def wrong(liquid: Liquid, material: Electrolyte, temperature: float, c: Floats) -> Liquid:
        two = 2 * thermal_voltage(temperature)
        kappa, share = liquid.kappa, liquid.anion_share
        slope = kappa.by_c * share.value + kappa.value * share.by_c
        return replace(liquid, kappa_d=Slope(two * kappa.value * share.value, two * slope))

    _set_liquid(wrong)


def no_tdf_in_psi() -> None:
    """Psi' = K/kappa + 2 V_T (1 - t+)/c in the equilibrated form."""
    _set_psi(lambda law, c: 2 * thermal_voltage(law.temperature) * (1 - law.t(c)) / c)


def no_tdf_at_all() -> None:
    """TDF = 1 in every property law: both solvers agree on the mistake."""
    Properties.tdf = lambda self, c: np.ones_like(np.asarray(c, dtype=float))  # type: ignore[method-assign]


MISTAKES = {
    "1 - t+ in the flux of anions": anions_carried_by_t,
    "1 - t+ in kappa_D": kappa_d_with_t,
    "1 - t+ in Psi'": psi_with_t,
    "sign of the film drop": film_drop_of_the_wrong_sign,
    "MacMullin number on kappa but not on D, fluxes": no_macmullin_on_diffusion,
    "MacMullin number on kappa but not on D, equilibrated": no_macmullin_on_w,
    "no thermodynamic factor, fluxes": no_tdf_in_the_fluxes,
    "no thermodynamic factor, Psi'": no_tdf_in_psi,
    "no thermodynamic factor at all": no_tdf_at_all,
    "none": lambda: None,
}


def main() -> None:
    """Make the mistake, run the fast parts of the studies, print those that fall short."""
    MISTAKES[sys.argv[1]]()
    red = {}
    for name in sys.argv[2:] or harness.names():
        outcome = harness.run_study(name)
        if not outcome.passed:
            red[name] = outcome.failure or [e.quantity for e in outcome.missed]
    json.dump(red, sys.stdout)


if __name__ == "__main__":
    main()
