"""Rings of salt electrolyte between concentric cylinders, in closed form but for one integral.

At steady state W = W_a + (I'/2 pi) ln(r/a) with the current I' [A/m] that flows towards the inner cylinder.
W_a follows from the salt, int c(W(r)) 2 pi r dr = c0 pi (b^2 - a^2); then c = c(W) and phi_e = Psi(c) + k.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from fem import ElectrolyteLaw
from fem.equilibrium import SaltEquilibrium
from meshes.simplices import FloatArray
from studies.verification.cells import V_T, T

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(48)


@dataclass(frozen=True, kw_only=True)
class Ring:
    """One body of liquid between the radii a < b, under the current I' [A/m] towards the inside."""

    salt: SaltEquilibrium
    inner: float  # a [m]
    current: float  # I' [A/m]
    w_inner: float  # [A/m]

    @classmethod
    def of(cls, law: ElectrolyteLaw, inner: float, outer: float, *, c0: float, current: float) -> Ring:
        """The ring that holds the mean concentration c0 [mol/m3]."""
        salt = SaltEquilibrium.of(law, T, c0)
        r = (inner + outer) / 2 + (outer - inner) / 2 * _POINTS
        share = _WEIGHTS * r / (_WEIGHTS * r).sum()

        def ring(w: float) -> Ring:
            return cls(salt=salt, inner=inner, current=current, w_inner=w)

        lowest = 0.999 * salt.w_lower
        return ring(
            brentq(lambda w: share @ ring(w).concentration(r) - c0, lowest, 0.0, xtol=1e-300, rtol=1e-14)
        )

    def _w(self, r: ArrayLike) -> FloatArray:
        return self.w_inner + self.current / (2 * np.pi) * np.log(np.asarray(r) / self.inner)

    def concentration(self, r: ArrayLike) -> FloatArray:
        """c [mol/m3] at a radius [m]."""
        return self.salt.concentration(self._w(r))[0]

    def rise(self, r: ArrayLike) -> FloatArray:
        """phi_e [V] at a radius [m] above its value at the inner one."""
        return self.salt.psi(self._w(r))[0] - self.salt.psi(self.w_inner)[0]

    def overpotential(self, r: float, exchange_current: float) -> float:
        """Magnitude [V] of Butler-Volmer kinetics, i0 = i0_ref (c/1000)^1/2, on the cylinder of radius r."""
        i0 = exchange_current * np.sqrt(float(self.concentration(r)) / 1000.0)
        return float(2 * V_T * np.arcsinh(self.current / (2 * np.pi * r) / (2 * i0)))
