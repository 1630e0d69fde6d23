"""Electrolyte laws: reference numbers, bounds and freezing, ranges."""

from __future__ import annotations

import numpy as np
import pytest

from fem.electrolyte import (
    ELECTROLYTE_LAWS,
    ElectrolyteLaw,
    IdealDilute,
    LandesfeindGasteiger,
    Nyman,
    Properties,
    ValoenReimers,
    check_validity,
)
from fem.materials import (
    FARADAY,
    GAS_CONSTANT,
    thermal_voltage,
)

T = 298.15
V_T = thermal_voltage(T)

LAWS: dict[str, ElectrolyteLaw] = {name: law() for name, law in ELECTROLYTE_LAWS.items()}

REGRESSION = {  # kappa [S/m], D [m2/s], t+, TDF at 1 mol/L and 298.15 K
    "valoen-reimers-2005": (1.194, 3.223e-10, 0.38, 2.132),
    "landesfeind-gasteiger-2019-ec-dmc": (1.182, 2.905e-10, 0.325, 2.201),
    "landesfeind-gasteiger-2019-ec-emc": (0.9130, 2.892e-10, 0.2209, 2.182),
    "landesfeind-gasteiger-2019-emc-fec": (0.5529, 3.073e-10, 0.1291, 1.163),
    "nyman-2008": (0.9487, 1.769e-10, 0.2594, 1.0),
    "ecker-2015": (0.9738, 2.593e-10, 0.26, 1.0),
    "capiglia-1999": (1.105, 2.788e-10, 0.4, 1.0),
    "ether-litfsi-assumed": (1.2, 2.7e-10, 0.40, 1.5),
}
STEADY = {  # kappa_ss [S/m] at 1 mol/L and 298.15 K
    "valoen-reimers-2005": 0.4563,
    "landesfeind-gasteiger-2019-ec-dmc": 0.3725,
    "landesfeind-gasteiger-2019-ec-emc": 0.2830,
}


@pytest.mark.parametrize("name", REGRESSION)
def test_properties_at_one_molar(name: str) -> None:
    properties = Properties.of(LAWS[name], T)
    values = [float(f(1000.0)) for f in (properties.kappa, properties.D, properties.t, properties.tdf)]
    np.testing.assert_allclose(values, REGRESSION[name], rtol=5e-4)


@pytest.mark.parametrize("name", STEADY)
def test_salt_polarised_conductivity(name: str) -> None:
    assert Properties.of(LAWS[name], T).steady_conductivity(1000.0) == pytest.approx(STEADY[name], abs=5e-5)


def test_ideal_dilute_conducts_its_transference_share_at_steady_state() -> None:
    properties = Properties.of(IdealDilute(transference=0.3), T)
    assert properties.steady_conductivity(700.0) == pytest.approx(0.3 * properties.kappa(700.0), rel=1e-13)
    expected = FARADAY**2 * 700.0 * 3e-10 / (2 * GAS_CONSTANT * T * 0.3 * 0.7)
    assert properties.kappa(700.0) == pytest.approx(expected, rel=1e-14)


def test_valoen_conductivity_peaks_where_it_should() -> None:
    m = np.linspace(0.9, 1.1, 2001)
    kappa = Properties.of(ValoenReimers(), T).kappa(1000 * m)
    assert m[np.argmax(kappa)] == pytest.approx(1.018, abs=5e-4)
    assert kappa.max() == pytest.approx(1.1946, abs=5e-5)


def test_negative_transference_is_legal() -> None:
    law = LandesfeindGasteiger("EMC:FEC")
    assert Properties.of(law, T).t(2000.0) == pytest.approx(-0.006, abs=5e-4)


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS.keys())
def test_every_law_is_physical_and_frozen(law: ElectrolyteLaw) -> None:
    """Over its own temperatures and all concentrations: positive, bounded, constant outside its data."""
    coldest, hottest = law.validity.temperature
    for temperature in np.linspace(coldest, hottest, 5) if hottest < 1e3 else (250.0, T, 350.0):
        properties = Properties.of(law, float(temperature))
        c = np.geomspace(1e-6, 1e5, 800).reshape(2, 400)
        kappa, d = properties.kappa(c), properties.D(c)
        t, tdf = properties.t(c), properties.tdf(c)
        assert kappa.shape == d.shape == t.shape == tdf.shape == c.shape
        assert (kappa > 0).all()
        assert (d >= 1e-12).all()
        assert (t <= 0.95).all()
        assert (tdf >= 0.05).all()
        low, high = properties.frozen_outside
        for value in (properties.kappa, properties.D, properties.t, properties.tdf):
            assert value(1e-6) == value(low)
            if np.isfinite(high):
                assert value(1e5) == value(high)
    assert ("doi:10." in law.reference) or "assumed" in law.reference or "verification" in law.reference


def test_bounds_are_applied() -> None:
    """A law beyond every bound: what the solvers see is held at the bounds."""

    class Wild(ValoenReimers):
        def diffusivity(self, c, temperature):
            return np.full_like(c, -1.0)

        def transference(self, c, temperature):
            return np.full_like(c, 2.0)

        def thermodynamic_factor(self, c, temperature):
            return np.full_like(c, -3.0)

    properties = Properties.of(Wild(), T)
    assert (properties.D(1e3), properties.t(1e3), properties.tdf(1e3)) == (1e-12, 0.95, 0.05)


def test_own_transference_replaces_t_alone() -> None:
    """A layer with its own t+ keeps kappa, D and TDF of the liquid (TDF stays fit/0.62)."""
    liquid, layer = Properties.of(ValoenReimers(), T), Properties.of(ValoenReimers(), T, 0.7)
    assert layer.t(900.0) == 0.7
    for name in ("kappa", "D", "tdf"):
        assert getattr(layer, name)(900.0) == getattr(liquid, name)(900.0)


def test_nyman_diffusivity_never_turns_up() -> None:
    d = Nyman().diffusivity(np.linspace(0, 4000, 401), T)
    assert (np.diff(d) <= 0).all()


def test_names_agree_with_the_registry() -> None:
    assert all(law.name == name for name, law in LAWS.items())


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS.keys())
def test_range_of_a_law_is_accepted_at_its_ends(law: ElectrolyteLaw) -> None:
    (low, high), (cold, hot) = law.validity
    check_validity(law, max(cold, 1.0), max(low, 1.0))
    check_validity(law, min(hot, 1e3), min(high, 1e4))
