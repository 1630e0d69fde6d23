"""Salt at its steady state: potential and concentration as functions of one harmonic field W.

Where no anions move, phi_e = Psi(c) + k and i_e = -grad W(c)/N_M with

    W'(c) = F D/(1 - t+)                                  [A m2/mol], W in A/m
    Psi'(c) = W'/kappa + 2 V_T (1 - t+) TDF/c             [V m3/mol], Psi in V

and W = Psi = 0 at the reference concentration: exact for one law in one salt compartment, whatever its
geometry and kinetics.  The first term of Psi is the ohmic voltage, the second the concentration voltage.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import root_scalar

from fem.electrolyte import Array, ElectrolyteLaw, Properties
from fem.ideal_laws import LOWEST_DIFFUSIVITY, LOWEST_THERMODYNAMIC_FACTOR
from fem.kernels import BITS, content, in_threads, tabulated
from fem.materials import HIGHEST_TRANSFERENCE
from fem.parameters import ParameterError

LOWEST = 1e-6  # [mol/m3], lower end of the table
HIGHEST = 1e5  # [mol/m3], upper end of the table, beyond any liquid
SPACING = 1 / 1600  # of the nodes in ln c, where properties vary
SPACING_FROZEN = 1 / 400  # where they do not
END_ROUNDING = 1e-12  # relative, by which c may pass the ends of the table


class SaltState(NamedTuple):
    """c and Psi with their slopes at given W; arrays of the shape of W."""

    c: Array  # [mol/m3]
    dc_dw: Array  # [mol/(A m2)]
    psi: Array  # [V]
    dpsi_dw: Array  # 1/kappa_ss [ohm m]


@dataclass(frozen=True, eq=False)
class SaltEquilibrium:
    """Psi and c as functions of W for one law at one temperature; made by `SaltEquilibrium.of`.

    Cubic Hermite tables on nodes uniform in ln c between breakpoints (where properties freeze or reach
    their bounds, and the reference), from 1e-6 to 1e5 mol/m3; node values by Gauss quadrature.  Relative
    error < 1e-12; slopes are those of the same cubics.  Arguments outside the table give NaN, which the
    step control of a solver sees.
    """

    properties: Properties
    reference_concentration: float  # c0 [mol/m3], where W = Psi = 0
    _c: Array = field(repr=False)  # (n,) [mol/m3] nodes
    _w: Array = field(repr=False)  # (n,) [A/m] at the nodes
    _w_of_c: Array = field(repr=False)  # (n - 1, 4) each, of 1, s, s2, s3 from the left
    _c_of_w: Array = field(repr=False)
    _ohmic_of_w: Array = field(repr=False)
    _concentration_of_w: Array = field(repr=False)
    _psi_of_w: Array = field(repr=False)
    _index: _Index = field(repr=False)

    @classmethod
    def of(
        cls,
        law: ElectrolyteLaw,
        temperature: float,
        reference_concentration: float,
        transference: float | None = None,
    ) -> SaltEquilibrium:
        """Tables of ``law`` at ``temperature`` [K] about ``reference_concentration`` [mol/m3].

        ``transference`` replaces the law's cation transference number.
        """
        if not LOWEST < reference_concentration < HIGHEST:
            raise ParameterError(
                f"reference concentration must lie between {LOWEST:g} and {HIGHEST:g} mol/m3, got"
                f" {reference_concentration:g} mol/m3; 1 mol/L is 1000 mol/m3."
            )
        properties = Properties.of(law, temperature, transference)
        c = _nodes(properties, reference_concentration)
        if not (properties.kappa(c) > 0).all():
            raise ParameterError(
                f"the electrolyte law {law.name!r} has no positive conductivity at {temperature:g} K and"
                f" {c[np.argmin(properties.kappa(c))]:g} mol/m3; choose another law or temperature."
            )
        start = int(np.searchsorted(c, reference_concentration))
        dw = _increments(c, properties.dw_dc)
        w = _cumulated(dw, start)
        dw_dc = properties.dw_dc(c)
        tables = []
        for part, slope in enumerate(properties.dpsi_dc(c)):
            increment = _increments(c, lambda x, part=part: properties.dpsi_dc(x)[part])
            tables.append(_hermite(dw, _cumulated(increment, start), increment, slope / dw_dc))
        return cls(
            properties=properties,
            reference_concentration=reference_concentration,
            _c=c,
            _w=w,
            _w_of_c=_hermite(np.diff(c), w, dw, dw_dc),
            _c_of_w=_hermite(dw, c, np.diff(c), 1 / dw_dc),
            _ohmic_of_w=tables[0],
            _concentration_of_w=tables[1],
            _psi_of_w=tables[0] + tables[1],
            _index=_Index.of(w, w[0] - c[0] * dw_dc[0]),
        )

    @property
    def w_lower(self) -> float:
        """W [A/m] at 1e-6 mol/m3, the lower end of the table."""
        return float(self._w[0])

    @property
    def w_upper(self) -> float:
        """W [A/m] at 1e5 mol/m3, the upper end of the table."""
        return float(self._w[-1])

    def w(self, c: ArrayLike) -> Array:
        """W(c) [A/m]; NaN outside 1e-6 to 1e5 mol/m3."""
        c = np.asarray(c, dtype=float)
        held = np.fmin(np.fmax(c, self._c[0]), self._c[-1])
        index = np.minimum(np.searchsorted(self._c, held, side="right") - 1, self._c.size - 2)
        inside = np.abs(held - c) <= END_ROUNDING * held
        return np.where(inside, _value(self._w_of_c, index, held - self._c[index]), np.nan)

    def concentration(self, w: ArrayLike) -> tuple[Array, Array]:
        """c(W) [mol/m3] and dc/dW [mol/(A m2)]; NaN outside the table."""
        return self._at(w, self._c_of_w)[0]

    def psi(self, w: ArrayLike) -> tuple[Array, Array]:
        """Psi(c(W)) [V] and dPsi/dW = 1/kappa_ss [ohm m]; NaN outside the table."""
        return self._at(w, self._psi_of_w)[0]

    def psi_parts(self, w: ArrayLike) -> tuple[Array, Array]:
        """Ohmic and concentration part of Psi(c(W)) [V]; NaN outside the table."""
        ohmic, concentration = self._at(w, self._ohmic_of_w, self._concentration_of_w)
        return ohmic[0], concentration[0]

    def state(self, w: ArrayLike) -> SaltState:
        """`concentration` and `psi` together."""
        c, psi = self._at(w, self._c_of_w, self._psi_of_w)
        return SaltState(*c, *psi)

    def content(
        self, w: Array, rows: NDArray[np.integer], points: Array, weights: Array
    ) -> tuple[float, Array]:
        """Sum of weights * c(W) at inner points of elements, and its slope (n_unknowns,) in w.

        W at the points is points^T w[rows]: points (n_local, n_q), rows (n_local, n), weights (n_q, n).
        """
        return content(w, rows, points, weights, self._index, self._c_of_w)

    def _at(self, w: ArrayLike, *tables: Array) -> list[tuple[Array, Array]]:
        """Value and slope of each table."""
        w = np.asarray(w, dtype=float)
        found = np.empty((2, len(tables), w.size))
        in_threads(w.size, partial(tabulated, w.ravel(), *self._index, tables, *found))
        return [(value.reshape(w.shape), slope.reshape(w.shape)) for value, slope in zip(*found, strict=True)]


class _Index(NamedTuple):
    """Piece of a table by direct look-up: buckets by the leading bits of W - W(c = 0), which count evenly in
    its logarithm, or nearly; each crosses few nodes."""

    w: Array
    w_empty: float  # W at c = 0
    first: NDArray[np.intp]  # piece at the left edge of each bucket
    lowest: int  # number of the first bucket

    @classmethod
    def of(cls, w: Array, w_empty: float) -> _Index:
        bucket = (w - w_empty).view(np.int64) >> BITS
        held = np.bincount(bucket - bucket[0])
        return cls(w, float(w_empty), np.clip(np.cumsum(held) - held - 1, 0, w.size - 2), int(bucket[0]))


def _nodes(properties: Properties, reference: float) -> Array:
    """Nodes [mol/m3]: uniform in ln c between the places where a property has a kink."""
    low, high = properties.frozen_outside
    breaks = {LOWEST, reference, HIGHEST, *_bounds_reached(properties)}
    breaks |= {limit for limit in (low, high) if LOWEST < limit < HIGHEST}
    ends = np.array(sorted(breaks))
    pieces = []
    for a, b in pairwise(ends):
        spacing = SPACING if low <= a < high else SPACING_FROZEN
        pieces.append(np.geomspace(a, b, int(np.ceil(np.log(b / a) / spacing)) + 1)[:-1])
    return np.append(np.concatenate(pieces), ends[-1])


def _bounds_reached(properties: Properties) -> list[float]:
    """Concentrations [mol/m3] at which D, t+ or TDF of the law crosses its bound."""
    law, temperature = properties.law, properties.temperature
    low, high = properties.frozen_outside
    c = np.geomspace(low, min(high, HIGHEST), 4000)
    found = []
    for excess in (
        lambda x: law.diffusivity(x, temperature) / LOWEST_DIFFUSIVITY - 1,
        lambda x: law.transference(x, temperature) - HIGHEST_TRANSFERENCE,
        lambda x: law.thermodynamic_factor(x, temperature) - LOWEST_THERMODYNAMIC_FACTOR,
    ):
        value = np.asarray(excess(c))
        for j in np.flatnonzero(value[:-1] * value[1:] < 0):
            root = root_scalar(
                lambda x, f=excess: float(f(np.array(x))), bracket=(c[j], c[j + 1]), xtol=1e-12
            )
            found.append(float(root.root))
    return found


def _increments(c: Array, integrand: Callable[[Array], Array]) -> Array:
    """int dc over each interval between nodes c (n,), by 5 Gauss points in ln c; (n - 1,)."""
    point, weight = np.polynomial.legendre.leggauss(5)
    half = 0.5 * np.diff(np.log(c))
    x = np.sqrt(c[:-1] * c[1:])[:, None] * np.exp(half[:, None] * point)
    return half * ((integrand(x) * x) @ weight)


def _cumulated(increments: Array, start: int) -> Array:
    """Values (n,) at the nodes, zero at node ``start``, with small rounding error close to it."""
    below, above = increments[:start], increments[start:]
    return np.concatenate([-np.cumsum(below[::-1])[::-1], [0.0], np.cumsum(above)])


def _hermite(h: Array, value: Array, rise: Array, slope: Array) -> Array:
    """(n - 1, 4) coefficients of the cubics on intervals h with given node values, rises and node slopes.

    ``rise`` is the difference of ``value``, known better than by subtraction where values are alike.
    """
    secant = rise / h
    quadratic = (3 * secant - 2 * slope[:-1] - slope[1:]) / h
    cubic = (slope[:-1] + slope[1:] - 2 * secant) / h**2
    return np.stack([value[:-1], slope[:-1], quadratic, cubic], axis=1)


def _value(table: Array, index: NDArray[np.intp], s: Array) -> Array:
    a, b, c, d = table.T
    return a[index] + s * (b[index] + s * (c[index] + s * d[index]))
