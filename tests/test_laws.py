"""Conformance of every kinetic law, their reference numbers, and what the laws refuse."""

from __future__ import annotations

import numpy as np
import pytest
from laws import ETA, EVERY, V_T, WITH_EQUILIBRIUM, T, each

from fem.electrolyte import (
    ConstantProperties,
    IdealDilute,
    LandesfeindGasteiger,
    Nyman,
    Properties,
    ValoenReimers,
    check_validity,
)
from fem.kinetics import (
    KINETIC_LAWS,
    ButlerVolmer,
    Film,
    Kinetics,
    LinearKinetics,
    MarcusHushChidsey,
    Tafel,
    ZengMarcus,
)
from fem.marcus import chidsey_integral
from fem.materials import (
    BOLTZMANN_EV,
    Conductor,
    Electrolyte,
    SingleIonConductor,
)
from fem.parameters import ParameterError


@each(EVERY)
@pytest.mark.parametrize("c", [3.0, 1000.0, 2400.0])
def test_slopes_are_those_of_the_current(law: Kinetics, c: float) -> None:
    """Catches a wrong Jacobian entry: both slopes against central differences."""
    reaction = law.evaluate(ETA, c, T)
    h = 1e-6
    by_eta = (law.evaluate(ETA + h, c, T).current - law.evaluate(ETA - h, c, T).current) / (2 * h)
    np.testing.assert_allclose(reaction.slope_eta, by_eta, rtol=2e-8, atol=1e-7 * abs(by_eta).max() * 1e-3)
    d = 1e-5 * c
    by_c = (law.evaluate(ETA, c + d, T).current - law.evaluate(ETA, c - d, T).current) / (2 * d)
    np.testing.assert_allclose(reaction.slope_c, by_c, rtol=1e-7, atol=1e-9 * abs(by_c).max())


@each(WITH_EQUILIBRIUM)
def test_no_current_at_equilibrium(law: Kinetics) -> None:
    """Exactly zero, at every concentration: the lithium reference needs no ln c."""
    for c in (1e-3, 500.0, 3000.0):
        at_rest = law.evaluate(0.0, c, T)
        assert at_rest.current == 0.0
        assert at_rest.eta_s == 0.0
        assert at_rest.slope_eta > 0


@each(EVERY)
def test_monotone_and_finite_everywhere(law: Kinetics) -> None:
    """Newton may ask anything: no overflow (warnings are errors), no flat or falling stretch."""
    eta = np.concatenate([np.linspace(-1.5, 1.5, 4001), [-1e4, -30.0, -3.0, 3.0, 30.0, 1e4]])
    eta.sort()
    reaction = law.evaluate(eta, 1000.0, T)
    for values in reaction:
        assert np.isfinite(values).all()
    assert (np.diff(reaction.current) >= 0).all()
    assert (reaction.slope_eta >= 0).all()
    if "Tafel" not in repr(law) and "Zeng" not in repr(law):
        assert (reaction.slope_eta > 0).all()


@each(EVERY)
def test_conductance_is_the_slope_at_rest(law: Kinetics) -> None:
    h = 1e-7
    difference = (law.evaluate(h, 700.0, T).current - law.evaluate(-h, 700.0, T).current) / (2 * h)
    assert law.conductance(700.0, T) == pytest.approx(float(difference), rel=1e-7)


@each(EVERY)
def test_shapes_broadcast(law: Kinetics) -> None:
    """Facets by quadrature points, and one number for c."""
    eta = np.linspace(-0.2, 0.2, 6).reshape(2, 3)
    many = law.evaluate(eta, np.full((2, 3), 900.0), T)
    for values, one in zip(many, law.evaluate(eta, 900.0, T), strict=True):
        assert values.shape == (2, 3)
        np.testing.assert_array_equal(values, one)
    assert isinstance(law, Kinetics)


@pytest.mark.parametrize(
    ("law", "net"),
    [
        (ButlerVolmer(exchange_current=1.0), (2.2681, 6.8584, 48.997)),
        (MarcusHushChidsey(exchange_current=1.0, reorganisation_energy=0.3), (2.1345, 5.3840, 18.830)),
        (MarcusHushChidsey(exchange_current=1.0, reorganisation_energy=1.0), (2.2191, 6.2853, 34.571)),
    ],
)
def test_reference_numbers(law: Kinetics, net: tuple[float, ...]) -> None:
    """Net i/i0 at 50, 100 and 200 mV, computed independently, to the digits given."""
    current = law.evaluate(np.array([0.05, 0.1, 0.2]), 1000.0, T).current
    np.testing.assert_allclose(current, net, rtol=3e-5)


@pytest.mark.parametrize("energy", [0.2, 0.3, 0.5, 1.0])
def test_marcus_table_is_the_chidsey_integral(energy: float) -> None:
    """The table against the integral in its original form: net rate of Fermi-weighted Gaussians."""
    width = energy / (BOLTZMANN_EV * T)
    theta = np.array([0.003, 0.71, 4.0, 11.3, 23.4, 40.0])
    x = np.linspace(-300, 300, 60001)

    def one_way(at: float) -> float:
        fermi = 0.5 * (1 + np.tanh(x / 2))
        return float(np.exp(-((x + width - at) ** 2) / (4 * width)) @ fermi)

    net = np.array([one_way(at) - one_way(-at) for at in theta]) / one_way(0.0)
    law = MarcusHushChidsey(exchange_current=1.0, reorganisation_energy=energy)
    np.testing.assert_allclose(law.evaluate(theta * V_T, 1000.0, T).current, net, rtol=1e-10)


def test_chidsey_integral_is_even_and_its_slope_odd_at_zero() -> None:
    value, slope = chidsey_integral(np.array([0.0, 1e-4]), 11.7)
    assert abs(slope[0]) < 1e-14 * value[0]
    assert slope[1] < 0


def test_marcus_tends_to_butler_volmer() -> None:
    """Lambda -> infinity gives alpha = 1/2, at first order in 1/Lambda."""
    eta = np.linspace(-0.3, 0.3, 13)
    limit = ButlerVolmer(exchange_current=1.0).evaluate(eta, 1000.0, T).current
    error = [
        abs(
            MarcusHushChidsey(exchange_current=1.0, reorganisation_energy=energy)
            .evaluate(eta, 1000.0, T)
            .current[0]
            / limit[0]
            - 1
        )
        for energy in (1e3, 1e4)
    ]
    assert error[1] < 2e-4
    assert error[0] / error[1] == pytest.approx(10, rel=0.05)


def test_marcus_saturates_where_butler_volmer_does_not() -> None:
    law = MarcusHushChidsey(exchange_current=1.0)
    far, further = law.evaluate(np.array([1.2, 1.9]), 1000.0, T).current
    assert far == pytest.approx(further, rel=1e-5)
    assert further < 1e-3 * ButlerVolmer(exchange_current=1.0).evaluate(1.9, 1000.0, T).current


@pytest.mark.parametrize(("energy", "worst"), [(0.3, 0.038), (0.25, 0.07), (0.4, 0.08)])
def test_closed_form_keeps_its_stated_error(energy: float, worst: float) -> None:
    """Zeng against the integral, |eta| <= 1 V: 3.8 % at 0.3 eV, below 8 % in the range that is accepted."""
    eta = np.linspace(0.001, 1.0, 1000)
    exact = (
        MarcusHushChidsey(exchange_current=1.0, reorganisation_energy=energy).evaluate(eta, 1e3, T).current
    )
    closed = ZengMarcus(exchange_current=1.0, reorganisation_energy=energy).evaluate(eta, 1e3, T).current
    error = np.abs(closed / exact - 1).max()
    assert 0.2 * worst < error < worst * 1.02


def test_tafel_is_butler_volmer_without_the_back_reaction() -> None:
    """No equilibrium: -i0 at rest, a straight Tafel line, and the stated distance to Butler-Volmer."""
    tafel, full = Tafel(exchange_current=10.0), ButlerVolmer(exchange_current=10.0)
    assert tafel.evaluate(0.0, 1000.0, T).current == -10.0
    eta = np.linspace(-0.5, -0.05, 10)
    alone = tafel.evaluate(eta, 1000.0, T)
    np.testing.assert_allclose(alone.slope_eta / alone.current, -0.5 / V_T, rtol=1e-13)
    both = full.evaluate(eta, 1000.0, T).current
    np.testing.assert_allclose(1 - both / alone.current, np.exp(eta / V_T), rtol=1e-6, atol=1e-15)
    assert (tafel.evaluate(np.linspace(-2, 2, 99), 1000.0, T).current < 0).all()


def test_exponentials_continue_as_tangents() -> None:
    """C1 beyond |alpha theta| = 40: current and slope meet at the joint, and the slope stays from there."""
    law = ButlerVolmer(exchange_current=1.0)
    joint = 80 * V_T
    below, above, far = law.evaluate(joint + np.array([-1e-9, 1e-9, 1.0]), 1000.0, T).slope_eta
    assert above == pytest.approx(below, rel=1e-7)
    assert far == above


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: ButlerVolmer(exchange_current=0.0), "exchange current density .* got 0.0 A/m2"),
        (lambda: Tafel(exchange_current=-1.0), "exchange current density"),
        (lambda: MarcusHushChidsey(exchange_current=float("nan")), "exchange current density"),
        (lambda: ButlerVolmer(exchange_current=1.0, transfer_coefficients=(0.5, 0.0)), "cathodic transfer"),
        (lambda: ButlerVolmer(exchange_current=1.0, transfer_coefficients=(1.5, 0.5)), "anodic transfer"),
        (lambda: LinearKinetics(exchange_current=1.0, concentration_exponent=-0.5), "concentration exponent"),
        (lambda: LinearKinetics.of_conductance(-1.0, T), "interfacial conductance"),
        (lambda: ButlerVolmer(exchange_current=1.0, reference_concentration=0.0), "reference concentration"),
        (lambda: MarcusHushChidsey(exchange_current=1.0, reorganisation_energy=5e-20), "given in J"),
        (lambda: ZengMarcus(exchange_current=1.0, reorganisation_energy=0.5), "MarcusHushChidsey"),
        (lambda: Film(-1e-3, ButlerVolmer(exchange_current=1.0)), "film resistance .* got -0.001 ohm m2"),
        (lambda: Film(1e-3, Film(1e-3, ButlerVolmer(exchange_current=1.0))), "one film with the sum"),
        (lambda: Conductor(conductivity=0.0), "conductivity of a conductor"),
        (lambda: SingleIonConductor(conductivity=-1.0), "single-ion"),
        (lambda: Electrolyte(law=ValoenReimers(), porosity=1.2), r"porosity .* got 1.2"),
        (lambda: Electrolyte(law=ValoenReimers(), macmullin=0.5), "MacMullin"),
        (lambda: Electrolyte(law=ValoenReimers(), concentration=0.0), "salt concentration"),
        (lambda: Electrolyte(law=ValoenReimers(), transference=1.0), "SingleIonConductor"),
        (lambda: LandesfeindGasteiger("EC:DEC"), "known are EC:DMC, EC:EMC, EMC:FEC"),
        (lambda: IdealDilute(diffusivity=-1.0), "salt diffusivity"),
        (lambda: ConstantProperties(conductivity=1.0, diffusivity=1e-10, transference=0.99), "transference"),
        (lambda: check_validity(ValoenReimers(), 400.0, 1000.0), "400 K lies outside the range 263-333 K"),
        (lambda: check_validity(ValoenReimers(), T, 4000.0), "4000 mol/m3 lies outside the range 0-3500"),
        (lambda: check_validity(Nyman(), 310.0, 1000.0), "nyman-2008"),
        (lambda: check_validity(IdealDilute(), 0.0, 1000.0), "temperature 0 K"),
        (lambda: check_validity(IdealDilute(), T, 0.0), "salt concentration 0 mol/m3"),
        (lambda: Properties.of(ValoenReimers(), -1.0), "temperature must be"),
    ],
)
def test_refused_in_one_sentence(build, words: str) -> None:
    with pytest.raises(ParameterError, match=words) as refusal:
        build()
    text = str(refusal.value)
    assert text.endswith(".")
    assert "\n" not in text


def test_kinetic_registry_builds_every_law() -> None:
    for law in KINETIC_LAWS.values():
        assert isinstance(law(exchange_current=10.0), Kinetics)
