"""Square array of round cylinders in a mean field across them, by Rayleigh's multipoles.

Around a cylinder of radius r (unit cell 1 x 1, field E along x, solid fraction f = pi r^2)

    phi = sum over odd l of (A_l rho^l + B_l rho^-l) cos(l theta),     B_l = -g_l r^2l A_l,

where the response g_l of the cylinder is -1 insulating, +1 perfectly conducting, (s - 1)/(s + 1) for s times
the conductivity of the liquid, and (1 - l Wa)/(1 + l Wa) for an equipotential metal behind a linear reaction,
Wa = kappa R/r. The field of all other cylinders gives Rayleigh's identity

    A_l = E delta_l1 - sum over odd m of binom(l + m - 1, l) S_(l+m) B_m,

with the lattice sums S_n = sum of w^-n (zero unless 4 divides n; S_2 = pi for the mean field), here from the
q-series of the Eisenstein series. kappa_eff/kappa = 1 - 2 pi B_1/E.

Rayleigh, Phil. Mag. 34 (1892) 481, 10.1080/14786449208620364; Perrins, McKenzie and McPhedran,
Proc. R. Soc. A 369 (1979) 207, 10.1098/rspa.1979.0160.
"""

from __future__ import annotations

from collections.abc import Callable
from math import comb, exp, factorial, pi, sqrt

import numpy as np
from scipy.special import zeta

from meshes.simplices import FloatArray

ORDERS = np.arange(1, 40, 2)
Response = Callable[[FloatArray], FloatArray]
"""g of the orders l (n,)."""


def insulating(l: FloatArray) -> FloatArray:
    """No current enters."""
    return -np.ones(l.shape)


def conducting(ratio: float) -> Response:
    """`ratio` times the conductivity of the liquid."""
    return lambda l: np.full(l.shape, (ratio - 1) / (ratio + 1))


def reacting(wagner: float) -> Response:
    """An equipotential metal behind a linear reaction of Wagner number kappa R/r."""
    return lambda l: (1 - l * wagner) / (1 + l * wagner)


def lattice_sum(n: int) -> float:
    """S_n of the square lattice of period 1, n even."""
    if n % 4 and n != 2:
        return 0.0
    q, series = exp(-2 * pi), 0.0
    for k in range(1, 40):
        series += sum(d ** (n - 1) for d in range(1, k + 1) if k % d == 0) * q**k
    return float(2 * zeta(n) + 2 * (-1) ** (n // 2) * (2 * pi) ** n / factorial(n - 1) * series)


def amplitudes(fraction: float, response: Response) -> tuple[FloatArray, FloatArray]:
    """(A_l r^l, B_l r^-l), each (n,), of the odd orders for E = 1 and a unit cell of side 1."""
    r = sqrt(fraction / pi)
    g = response(ORDERS.astype(float))
    sums = {n: lattice_sum(n) * r**n for n in range(2, 2 * int(ORDERS[-1]) + 1, 2)}
    coupling = np.array([[comb(int(l + m - 1), int(l)) * sums[int(l + m)] for m in ORDERS] for l in ORDERS])
    first = np.where(ORDERS == 1, r, 0.0)
    inside = np.asarray(np.linalg.solve(np.eye(ORDERS.size) - coupling * g, first), dtype=np.float64)
    return inside, -g * inside


def conductivity_ratio(fraction: float, response: Response) -> float:
    """kappa_eff/kappa across the cylinders."""
    r = sqrt(fraction / pi)
    return float(1 - 2 * pi * r * amplitudes(fraction, response)[1][0])
