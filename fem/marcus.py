"""Marcus-Hush-Chidsey kinetics: rates that saturate at the reorganisation energy.

C. E. D. Chidsey, Science 251 (1991) 919, 10.1126/science.251.4996.919; closed form: Y. Zeng, R. B. Smith,
P. Bai, M. Z. Bazant, J. Electroanal. Chem. 735 (2014) 77, 10.1016/j.jelechem.2014.09.038.  Data for
lithium: D. T. Boyle et al., ACS Energy Lett. 5 (2020) 701, 10.1021/acsenergylett.0c00031.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erfc

from fem.materials import BOLTZMANN_EV, thermal_voltage
from fem.parameters import ParameterError, within
from fem.reaction import LARGEST_EXPONENT, Array, Reaction, check_exchange, exchange_current, points

TABLE_STEP = 1 / 128  # in theta: cubic Hermite of ln(rate) to 2e-12
NODE_STEP = 0.5  # trapezoid rule: error exp(-2 pi^2/step) = 7e-18
NODE_REACH = 80.0  # exp(-reach/2) relative to the peak is dropped


@dataclass(frozen=True, kw_only=True)
class MarcusHushChidsey:
    """i = 2 i0 sinh(theta/2) G(theta)/G(0), G = int 1/2 sech(x/2) exp(-(x + theta)^2/(4 Lambda)) dx.

    Lambda = reorganisation energy/(k_B T).  This is the Chidsey integral itself, made square-free; it
    tends to Butler-Volmer with alpha = 1/2 for Lambda -> infinity.  Evaluated from a table made once for
    each Lambda (relative error < 1e-11), whose interpolant also gives the slope; beyond |theta| = 80, or
    where the rate has saturated to 1e-12 a unit of theta, it continues as a straight line (C1).
    """

    exchange_current: float  # i0_ref [A/m2] of true area
    reorganisation_energy: float = 0.3  # lambda [eV] (assumed; 0.2-1.0 found in the literature)
    concentration_exponent: float = 0.5  # gamma [-]
    reference_concentration: float = 1000.0  # c_ref [mol/m3]

    def __post_init__(self) -> None:
        check_exchange(self.exchange_current, self.reference_concentration, self.concentration_exponent)
        within(
            "reorganisation energy",
            self.reorganisation_energy,
            0.05,
            1e9,
            "eV",
            "was it given in J?",
        )

    def evaluate(self, eta: ArrayLike, c: ArrayLike, temperature: float) -> Reaction:
        """Reaction at eta [V], c [mol/m3], temperature [K]; eta and c broadcast."""
        eta, c = points(eta, c)
        v_t = thermal_voltage(temperature)
        rate, rate_slope = _table(self.reorganisation_energy / (BOLTZMANN_EV * temperature)).rate(eta / v_t)
        i0 = exchange_current(
            self.exchange_current, c, self.reference_concentration, self.concentration_exponent
        )
        current = i0 * rate
        return Reaction(current, i0 / v_t * rate_slope, self.concentration_exponent * current / c, eta)

    def conductance(self, c: float, temperature: float) -> float:
        """i0/V_T [S/m2]."""
        return float(self.evaluate(0.0, c, temperature).slope_eta)


@dataclass(frozen=True, kw_only=True)
class ZengMarcus:
    """Closed form of Zeng et al. 2014, scaled to i0: i = 2 i0 tanh(theta/2) E(theta)/E(0).

    E = erfc(y), y = (Lambda - Q)/(2 sqrt(Lambda)), Q = sqrt(1 + sqrt(Lambda) + theta^2).  For |eta| <= 1 V it
    is within 7 % of the integral from 0.25 to 0.4 eV (3.8 % at 0.3 eV) and loses 11 % at 0.5 eV, so no other
    reorganisation energy is accepted.
    """

    exchange_current: float  # i0_ref [A/m2] of true area
    reorganisation_energy: float = 0.3  # lambda [eV] (assumed)
    concentration_exponent: float = 0.5  # gamma [-]
    reference_concentration: float = 1000.0  # c_ref [mol/m3]

    def __post_init__(self) -> None:
        check_exchange(self.exchange_current, self.reference_concentration, self.concentration_exponent)
        within(
            "reorganisation energy of the closed form",
            self.reorganisation_energy,
            0.25,
            0.4,
            "eV",
            "use MarcusHushChidsey, which holds for any",
        )

    def evaluate(self, eta: ArrayLike, c: ArrayLike, temperature: float) -> Reaction:
        """Reaction at eta [V], c [mol/m3], temperature [K]; eta and c broadcast."""
        eta, c = points(eta, c)
        v_t = thermal_voltage(temperature)
        big_lambda = self.reorganisation_energy / (BOLTZMANN_EV * temperature)
        root = np.sqrt(big_lambda)
        theta = eta / v_t
        q = np.sqrt(1 + root + theta**2)
        y = (big_lambda - q) / (2 * root)
        at_rest = erfc((big_lambda - np.sqrt(1 + root)) / (2 * root))
        share, tanh = erfc(y) / at_rest, np.tanh(theta / 2)
        share_slope = np.exp(-(y**2)) * theta / (q * np.sqrt(np.pi * big_lambda) * at_rest)
        i0 = exchange_current(
            self.exchange_current, c, self.reference_concentration, self.concentration_exponent
        )
        current = 2 * i0 * tanh * share
        slope = 2 * i0 / v_t * (0.5 * (1 - tanh) * (1 + tanh) * share + tanh * share_slope)
        return Reaction(current, slope, self.concentration_exponent * current / c, eta)

    def conductance(self, c: float, temperature: float) -> float:
        """i0/V_T [S/m2]."""
        return float(self.evaluate(0.0, c, temperature).slope_eta)


def chidsey_integral(theta: ArrayLike, big_lambda: float) -> tuple[Array, Array]:
    """G(theta) and dG/dtheta by the trapezoid rule, for theta (n,) >= 0; relative error about 1e-15."""
    theta = np.asarray(theta, dtype=float)
    node = np.arange(-np.ceil(theta.max()) - NODE_REACH, NODE_REACH, NODE_STEP)
    weight = NODE_STEP * 0.5 / np.cosh(node / 2)
    value, slope = np.empty_like(theta), np.empty_like(theta)
    for chunk in np.array_split(np.arange(theta.size), max(1, theta.size // 512)):
        distance = node + theta[chunk, None]
        product = np.exp(distance**2 * (-1 / (4 * big_lambda)))
        value[chunk] = product @ weight
        distance *= product
        slope[chunk] = distance @ weight * (-1 / (2 * big_lambda))
    return value, slope


@dataclass(frozen=True)
class _RateTable:
    """Cubic Hermite table of g = ln[cosh(theta/2) G(theta)/G(0)] on a uniform grid.

    The rate is i/i0 = 2 tanh(theta/2) e^g.
    """

    coefficients: Array  # (n, 4) of 1, s, s2, s3 with s = theta/step - index
    end: float  # last theta of the table

    def rate(self, theta: Array) -> tuple[Array, Array]:
        """i/i0 and d(i/i0)/dtheta, odd and even in theta."""
        size = np.abs(theta)
        inside = np.minimum(size, self.end)
        index = np.minimum((inside / TABLE_STEP).astype(np.intp), len(self.coefficients) - 1)
        s = inside / TABLE_STEP - index
        a, b, c, d = np.moveaxis(self.coefficients[index], -1, 0)
        growth = np.exp(a + s * (b + s * (c + s * d)))
        growth_slope = growth * (b + s * (2 * c + 3 * s * d)) / TABLE_STEP
        tanh = np.tanh(inside / 2)
        slope = growth * (1 - tanh) * (1 + tanh) + 2 * tanh * growth_slope
        value = 2 * tanh * growth + slope * (size - inside)
        return np.copysign(value, theta), slope


@lru_cache(maxsize=32)
def _table(big_lambda: float) -> _RateTable:
    theta = np.arange(0, 2 * LARGEST_EXPONENT + TABLE_STEP / 2, TABLE_STEP)
    integral, integral_slope = chidsey_integral(theta, big_lambda)
    # cosh(theta/2) = exp(theta/2) (1 + exp(-theta))/2, to stay finite and exact
    g = theta / 2 + np.log1p(np.expm1(-theta) / 2) + np.log(integral / integral[0])
    g_slope = integral_slope / integral + 0.5 * np.tanh(theta / 2)
    g_slope[0] = 0.0  # even
    with np.errstate(divide="ignore"):
        growing = g_slope + 1 / np.sinh(theta) > 1e-12  # d ln(rate)/dtheta
    n = int(growing.size if growing.all() else max(2, np.argmin(growing))) - 1
    low, high = g[:n], g[1 : n + 1]
    low_slope, high_slope = TABLE_STEP * g_slope[:n], TABLE_STEP * g_slope[1 : n + 1]
    rise = high - low
    coefficients = np.stack(
        [low, low_slope, 3 * rise - 2 * low_slope - high_slope, low_slope + high_slope - 2 * rise], axis=-1
    )
    if not np.isfinite(coefficients).all():
        raise ParameterError(f"no rates for a reorganisation energy of {big_lambda} k_B T; use 0.05-100 eV.")
    return _RateTable(np.ascontiguousarray(coefficients), float(theta[n]))
