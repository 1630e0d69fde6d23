"""Fluxes of the coupled problem: derivatives, losses, and what ties them together, for every law."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from fem import ELECTROLYTE_LAWS, Conductor, ConstantProperties, Electrolyte, Properties, SingleIonConductor
from fem.fluxes import TERMS, Flux, Point, anion_flux, electronic_current, ionic_current, losses
from fem.materials import FARADAY, HIGHEST_TRANSFERENCE

T = 298.15
LIQUIDS = {
    name: Electrolyte(law=law(), macmullin=4.5, transference=own)
    for own, suffix in ((None, ""), (0.7, ", own t+"))
    for name, law in ((f"{key}{suffix}", law) for key, law in ELECTROLYTE_LAWS.items())
} | {
    "constant": Electrolyte(
        law=ConstantProperties(
            conductivity=1.1, diffusivity=3e-10, transference=0.3, thermodynamic_factor=1.7
        )
    )
}
EVERY = LIQUIDS | {
    "conductor": Conductor(conductivity=1e3),
    "single-ion": SingleIonConductor(conductivity=0.02),
}
each = pytest.mark.parametrize("name", EVERY)
each_liquid = pytest.mark.parametrize("name", LIQUIDS)


def point(name: str, seed: int = 0) -> Point:
    """Three quadrature points on five elements with random fields, c between 400 and 1800 mol/m3."""
    random, material = np.random.default_rng(seed), EVERY[name]
    values = {"phi_s" if isinstance(material, Conductor) else "phi_e": 0.01 * random.normal(size=(3, 5))}
    gradients = {key: 1e3 * random.normal(size=(2, 3, 5)) for key in values}
    if isinstance(material, Electrolyte):
        values["c"] = random.uniform(400.0, 1800.0, size=(3, 5))
        gradients["c"] = 1e7 * random.normal(size=(2, 3, 5))
    return Point(material=material, temperature=T, values=values, gradients=gradients)


def difference(flux: Callable[[Point], Flux], at: Point, kind: str, field: str, change: np.ndarray):
    """Central difference of a flux along a change of the values or the gradient of one field."""
    ahead, behind = (
        flux(
            replace(at, **{kind: {**getattr(at, kind), field: getattr(at, kind)[field] + sign * change}})
        ).value
        for sign in (1.0, -1.0)
    )
    return (ahead - behind) / 2


@each
def test_derivatives_equal_differences(name: str) -> None:
    """Catches a lost term of a derivative: the slope of a law, of 1/c, of t+(c); a wrong MacMullin number."""
    at = point(name)
    for flux in TERMS[type(EVERY[name])].values():
        found = flux(at)
        for field in at.values:
            gradient = at.gradients[field]
            step = 1e-3 * np.abs(gradient).max() * np.random.default_rng(1).normal(size=gradient.shape)
            expected = difference(flux, at, "gradients", field, step)
            slope = found.by_gradient.get(field, np.zeros(1))
            assert slope * step == pytest.approx(expected, rel=1e-9, abs=1e-12 * np.abs(found.value).max())
            value = at.values[field]
            change = 1e-5 * np.abs(value).max() * np.ones_like(value)
            expected = difference(flux, at, "values", field, change)
            slope = found.by_value.get(field, np.zeros(1))
            scale = 1e-5 * np.abs(found.value).max()
            assert np.abs(slope * change - expected).max() < 3e-7 * scale


@each
def test_losses_add_up_to_the_work_of_the_field(name: str) -> None:
    """ohmic + concentration = -i . grad phi at every point: the voltage split then closes by itself."""
    at = point(name)
    field = "phi_s" if "phi_s" in at.values else "phi_e"
    current = (electronic_current if field == "phi_s" else TERMS[type(at.material)]["phi_e"])(at).value
    work = -(current * at.gradients[field]).sum(0)
    total = sum(losses(at).values())
    assert total == pytest.approx(work, rel=1e-10, abs=1e-12 * np.abs(work).max())
    assert (losses(at)["ohmic"] > 0).all()


@each_liquid
def test_anions_follow_the_gradient_of_one_potential(name: str) -> None:
    """N_- = (1 - t+) kappa/(F N_M) (grad phi_e - Psi'(c) grad c), with Psi' from the equilibrated solver.

    Catches two sets of properties in one program: t+, D, kappa or the thermodynamic factor in one alone.
    """
    at, material = point(name), LIQUIDS[name]
    c, law = at.values["c"], Properties.of(material.law, T, material.transference)
    drive = at.gradients["phi_e"] - sum(law.dpsi_dc(c)) * at.gradients["c"]
    mobility = (1 - law.t(c)) * law.kappa(c) / FARADAY / material.macmullin
    expected = mobility * drive
    found = anion_flux(at).value
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12 * np.abs(expected).max())


@each_liquid
def test_cations_minus_anions_are_the_current(name: str) -> None:
    """N_+ = -D grad c/N_M + t+ i_e/F, so that N_+ - N_- = i_e/F; without current both fluxes are one."""
    at, material = point(name), LIQUIDS[name]
    law = Properties.of(material.law, T, material.transference)
    current = ionic_current(at).value
    diffusion = -law.D(at.values["c"]) / material.macmullin * at.gradients["c"]
    cations = diffusion + law.t(at.values["c"]) * current / FARADAY
    assert anion_flux(at).value == pytest.approx(cations - current / FARADAY, rel=1e-9, abs=1e-15)


def test_own_transference_replaces_that_of_the_law_alone() -> None:
    """kappa and D stay those of the liquid; kappa_D follows 1 - t+."""
    for key in ELECTROLYTE_LAWS:
        plain, own = point(key), replace(point(key), material=LIQUIDS[f"{key}, own t+"])
        assert np.array_equal(plain.liquid.kappa.value, own.liquid.kappa.value)
        assert np.array_equal(plain.liquid.diffusivity.value, own.liquid.diffusivity.value)
        ratio = 0.3 / plain.liquid.anion_share.value
        assert own.liquid.kappa_d.value == pytest.approx(ratio * plain.liquid.kappa_d.value, rel=1e-12)
        assert own.liquid.anion_share.value == pytest.approx(0.3)
        assert (plain.liquid.anion_share.value >= 1 - HIGHEST_TRANSFERENCE).all()


def test_frozen_properties_have_no_slope() -> None:
    """Beyond the range of a law its properties are constant, and so are their derivatives."""
    at = point("valoen-reimers-2005")
    outside = replace(at, values={**at.values, "c": np.full((3, 5), 6000.0)})
    assert (outside.liquid.kappa.by_c == 0).all() and (outside.liquid.diffusivity.by_c == 0).all()
    assert np.isfinite(anion_flux(outside).value).all()
