"""Psi and c as functions of W: closed forms, consistency, ends of the tables."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from fem.electrolyte import ELECTROLYTE_LAWS, ConstantProperties, IdealDilute, ValoenReimers
from fem.equilibrium import SaltEquilibrium
from fem.materials import FARADAY, thermal_voltage
from fem.parameters import ParameterError

T = 298.15
V_T = thermal_voltage(T)
C0 = 1000.0
TABLES = {name: SaltEquilibrium.of(law(), T, C0) for name, law in ELECTROLYTE_LAWS.items()}
every_law = pytest.mark.parametrize("salt", TABLES.values(), ids=TABLES.keys())


def test_constant_properties_have_a_closed_form() -> None:
    kappa, d, t, tdf = 1.0, 3e-10, 0.38, 1.7
    law = ConstantProperties(conductivity=kappa, diffusivity=d, transference=t, thermodynamic_factor=tdf)
    salt = SaltEquilibrium.of(law, T, C0)
    c = np.geomspace(1e-4, 5e4, 999)
    slope = FARADAY * d / (1 - t)
    w = slope * (c - C0)
    np.testing.assert_allclose(salt.w(c), w, rtol=1e-12, atol=1e-13 * slope * C0)
    np.testing.assert_allclose(salt.concentration(w)[0], c, rtol=1e-12, atol=1e-12 * C0)
    np.testing.assert_allclose(salt.concentration(w)[1], 1 / slope, rtol=1e-9)
    ohmic, concentration = salt.psi_parts(w)
    np.testing.assert_allclose(ohmic, w / kappa, rtol=1e-12, atol=1e-15)
    some = c > 1.0  # below, a rounding of W is a large step in ln c
    expected = 2 * V_T * (1 - t) * tdf * np.log(c / C0)
    np.testing.assert_allclose(concentration[some], expected[some], rtol=1e-12, atol=2e-14)


@pytest.mark.parametrize("transference", [0.2, 0.38, 0.9])
def test_ideal_dilute_is_logarithmic(transference: float) -> None:
    """Psi = 2 V_T ln(c/c0), whatever t+ (above 1 mol/m3, where laws are frozen)."""
    salt = SaltEquilibrium.of(IdealDilute(transference=transference), T, 800.0)
    c = np.geomspace(1.0, 9e4, 500)
    psi, _ = salt.psi(salt.w(c))
    np.testing.assert_allclose(psi, 2 * V_T * np.log(c / 800.0), rtol=1e-12, atol=2e-14)


@every_law
def test_inverse_is_consistent(salt: SaltEquilibrium) -> None:
    """w(c(w)) = w and c(w(c)) = c to 1e-12 of the reference state."""
    w = np.linspace(salt.w_lower, salt.w_upper, 20011)
    near = np.linspace(salt.w(2.0), salt.w(3000.0), 20011)
    for values in (w, near):
        c, _ = salt.concentration(values)
        np.testing.assert_allclose(salt.w(c), values, rtol=1e-12, atol=1e-12 * abs(salt.w_lower))
        np.testing.assert_allclose(salt.concentration(salt.w(c))[0], c, rtol=1e-12, atol=1e-12 * C0)


@every_law
def test_slopes_are_those_of_the_interpolant(salt: SaltEquilibrium) -> None:
    """The Jacobian must be that of the residual: central differences of the very functions."""
    w = np.random.default_rng(3).uniform(salt.w(5.0), salt.w(3400.0), 500)
    h = 1e-6 * abs(salt.w_lower)
    for function in (salt.concentration, salt.psi):
        difference = (function(w + h)[0] - function(w - h)[0]) / (2 * h)
        np.testing.assert_allclose(function(w)[1], difference, rtol=2e-7)


@every_law
def test_slopes_are_those_of_the_laws(salt: SaltEquilibrium) -> None:
    """Catches a wrong integrand: dc/dW = 1/K and dPsi/dW = 1/kappa_ss with the frozen properties."""
    c = np.geomspace(2.0, 5e3, 999)
    w = salt.w(c)
    np.testing.assert_allclose(salt.concentration(w)[1], 1 / salt.properties.dw_dc(c), rtol=1e-8)
    np.testing.assert_allclose(salt.psi(w)[1], 1 / salt.properties.steady_conductivity(c), rtol=1e-8)


@every_law
def test_tables_are_the_integrals(salt: SaltEquilibrium) -> None:
    """Against adaptive quadrature of the properties, at places that are no nodes."""
    properties = salt.properties
    for c in (37.3, 771.7, 1523.4):
        w = quad(lambda x: float(properties.dw_dc(x)), C0, c, epsabs=0, epsrel=1e-13)[0]
        assert float(salt.w(c)) == pytest.approx(w, rel=2e-12)
        for part in (0, 1):
            psi = quad(lambda x, k=part: float(properties.dpsi_dc(x)[k]), C0, c, epsabs=0, epsrel=1e-13)[0]
            assert float(salt.psi_parts(salt.w(c))[part]) == pytest.approx(psi, rel=2e-12)


@every_law
def test_parts_add_up_and_state_agrees(salt: SaltEquilibrium) -> None:
    w = np.linspace(salt.w(0.5), salt.w(4000.0), 777).reshape(7, 111)
    state = salt.state(w)
    np.testing.assert_array_equal(state.c, salt.concentration(w)[0])
    np.testing.assert_array_equal(state.psi, salt.psi(w)[0])
    np.testing.assert_allclose(sum(salt.psi_parts(w)), state.psi, rtol=1e-14, atol=1e-16)
    assert state.dpsi_dw.shape == (7, 111)


@every_law
def test_reference_and_ends(salt: SaltEquilibrium) -> None:
    assert salt.w(C0) == 0.0
    assert salt.concentration(0.0)[0] == C0
    assert salt.psi(0.0)[0] == 0.0
    assert salt.concentration(salt.w_lower)[0] == pytest.approx(1e-6, rel=1e-12)
    assert salt.concentration(salt.w_upper)[0] == pytest.approx(1e5, rel=1e-12)
    assert (np.diff(salt.concentration(np.linspace(salt.w_lower, salt.w_upper, 5001))[0]) > 0).all()


def test_outside_the_table_is_nan() -> None:
    """A trial step past depletion is to be seen, not to be answered with an invented concentration."""
    salt = TABLES["valoen-reimers-2005"]
    w = np.array([salt.w_lower * (1 + 1e-9), 0.0, salt.w_upper * 1.01, np.nan, np.inf])
    for values in salt.state(w):
        assert np.isnan(values).tolist() == [True, False, True, True, True]
    assert np.isnan(salt.w([0.0, -5.0, 2e5])).all()


def test_bounds_of_properties_become_nodes() -> None:
    """Valoen at 263 K: D meets its bound 1e-12 m2/s inside the data; W keeps its accuracy across the kink."""
    salt = SaltEquilibrium.of(ValoenReimers(), 263.0, C0)
    kink = 3069.2
    assert salt.properties.D(kink + 1) == 1e-12 < salt.properties.D(kink - 1)
    c = np.linspace(3000.0, 3200.0, 4001)
    np.testing.assert_allclose(salt.concentration(salt.w(c))[0], c, rtol=1e-11)
    expected = quad(lambda x: float(salt.properties.dw_dc(x)), 3000.0, 3200.0, points=[kink], epsrel=1e-12)[0]
    assert salt.w(3200.0) - salt.w(3000.0) == pytest.approx(expected, rel=1e-9)


def test_own_transference_changes_the_salt_equilibrium() -> None:
    own = SaltEquilibrium.of(ValoenReimers(), T, C0, transference=0.7)
    liquid = TABLES["valoen-reimers-2005"]
    assert own.w(1500.0) == pytest.approx(float(liquid.w(1500.0)) * 0.62 / 0.3, rel=1e-12)


@pytest.mark.parametrize("reference", [0.0, -1.0, 1e6])
def test_refuses_a_reference_outside_the_table(reference: float) -> None:
    with pytest.raises(ParameterError, match="reference concentration"):
        SaltEquilibrium.of(ValoenReimers(), T, reference)
