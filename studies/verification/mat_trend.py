"""How deep a mat works: the homogenised formula against resolved combs and a resolved log-pile.

A mat of equipotential fibres (wetted area a per volume, conductivity kappa_m, thickness L) on a foil, linear
kinetics g = i0/V_T, current fed from the top:

    eta(z) ~ cosh(z/lambda) + (g lambda/kappa_m) sinh(z/lambda),     lambda = sqrt(kappa_m/(a g)),
    current through height z ~ (kappa_m/lambda) sinh(z/lambda) + g cosh(z/lambda),
    share of the foil = g/[(kappa_m/lambda) sinh(L/lambda) + g cosh(L/lambda)];

z50 is the height above which half of all current flows. Source: Newman and Tobias, J. Electrochem. Soc. 109
(1962) 1183, 10.1149/1.2425269, for sigma -> infinity, with a foil below. kappa 0.8 S/m, i0 10 A/m2,
a 1.2e6 1/m, L 60 um: lambda 41.386 um, share 0.977931 %, z50 36.48 um.

With salt a small steady current sees 1/kappa_ss = 1/kappa + (2RT/F)(1 - t+)^2 TDF/(F D c) in place of
1/kappa: 0.4563 S/m for Valoen and Reimers at 1 mol/L, and nothing else changes (Balsara and Newman,
J. Electrochem. Soc. 162 (2015) A2720, 10.1149/2.0651514jes).

Catches: a mat that works too deep because salt polarisation is left out, a wrong specific area, a current of
the foil that is counted with the fibres, feet that carry current from the liquid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from scipy.optimize import brentq

from fem import (
    ButlerVolmer,
    Conductor,
    Electrode,
    Electrolyte,
    FixedPotential,
    Galvanostatic,
    Grounded,
    Insulator,
    LinearKinetics,
    Model,
    Properties,
    SingleIonConductor,
    Solution,
    ValoenReimers,
    solve_steady,
)
from fem.convergence import RateTable
from fem.penetration import mat_transmissibility, penetration_depth
from geometry.ordered_mat import CrossedMat
from geometry.stack import Stack
from meshes.generate import mesh_stack
from meshes.sizing import Sizing
from meshes.structured import layered_rectangle
from meshes.tagged import TaggedMesh
from studies.verification import cells
from studies.verification.cells import C0, V_T, T
from studies.verification.evidence import Comparison, Evidence

KAPPA, I0, AREA, HEIGHT = 0.8, 10.0, 1.2e6, 60e-6  # [S/m], [A/m2], [1/m], [m]
PILE_WIDTH, PILE_HEIGHT, GAP, SMALL = 8e-6, 20e-6, 6e-6, 0.1  # [m], [m], [m], [A/m2]
VALOEN = ValoenReimers()


def verify() -> Sequence[Evidence]:
    """Digits of the formula, resolved combs, and kappa_ss for a current that vanishes."""
    depth, share, z50 = 1e6 * penetration(KAPPA, I0), foil_share(KAPPA, I0), half_height(KAPPA, I0)
    law, mat = Properties.of(VALOEN, T), mat_transmissibility(0.85)
    kappa, steady = float(law.kappa(C0)), float(law.steady_conductivity(C0))
    digits = [
        Comparison(quantity=name, found=found, expected=printed, tolerance=half, unit=unit, relative=False)
        for name, found, printed, half, unit in (
            ("lambda", depth, 41.386, 5e-4, "um"),
            ("share of the foil", 100 * share, 0.977931, 5.1e-7, "%"),
            ("z50", 1e6 * z50, 36.48, 3e-2, "um"),
            (
                "lambda, porosity to the power 3/2, i0 10",
                1e6 * penetration(0.85**1.5, 10.0),
                40.96,
                5e-3,
                "um",
            ),
            (
                "lambda, porosity to the power 3/2, i0 100",
                1e6 * penetration(0.85**1.5, 100.0),
                12.95,
                5e-3,
                "um",
            ),
            ("kappa_ss, 1 mol/L", steady, 0.4563, 5e-5, "S/m"),
            ("lambda at first, i0 10", 1e6 * penetration(mat * kappa, 10.0), 43.4, 0.05, "um"),
            ("lambda at first, i0 100", 1e6 * penetration(mat * kappa, 100.0), 13.7, 0.05, "um"),
            ("lambda with salt, i0 10", 1e6 * penetration(mat * steady, 10.0), 26.8, 0.05, "um"),
            ("lambda with salt, i0 100", 1e6 * penetration(mat * steady, 100.0), 8.48, 5e-3, "um"),
        )
    ]
    currents = (10.0, 1.0, 0.1)
    found = [salt(current) for current in currents]
    limit = [
        RateTable(
            quantity=f"kappa_ss, I -> 0: {key}",
            sizes=currents,
            errors=tuple(errors[key] for errors in found),
            least_rate=0.95,
            largest_error=1e-4,
        )
        for key in found[0]
    ]
    return [*digits, *limit, *_combs()]


def verify_slow() -> Sequence[Evidence]:
    """A log-pile between 3 and 100 A/m2, with area and kappa_m measured on its mesh, kappa_ss for kappa.

    Bands: bars 8 um apart are no continuum where lambda is no longer than that (12 um at i0 100), and the
    highest bar ends 0.6 um below the top of the mat; with kappa instead of kappa_ss the last share would be
    24 % off.
    """
    mesh = log_pile()
    area = mesh.surface_area("fibre_surface") / (PILE_WIDTH**2 * PILE_HEIGHT)
    foil = mesh.surface_area("foil") / PILE_WIDTH**2
    kappa = transmissibility(mesh) * float(Properties.of(VALOEN, T).steady_conductivity(C0))
    evidence: list[Evidence] = []
    for i0, band in ((3.0, 5e-3), (10.0, 1e-2), (30.0, 2e-2), (100.0, 5e-2)):
        metrics, mat = resolved(mesh, i0).metrics, (kappa, i0, area, PILE_HEIGHT, foil)
        for what, found, expected, tolerance, unit in (
            (
                "share of the foil",
                metrics["share_foil"],
                foil_share(kappa, i0, area, PILE_HEIGHT, foil),
                band,
                "",
            ),
            ("z50", metrics["z50_m"], half_height(*mat), 6e-2, "m"),
        ):
            evidence.append(
                Comparison(
                    quantity=f"log-pile, i0 {i0:g} A/m2: {what}", found=found, expected=expected,
                    tolerance=tolerance, unit=unit, source="homogenised",
                )
            )  # fmt: skip
    return evidence


def penetration(kappa: float, i0: float) -> float:
    """lambda [m] of a mat of specific area AREA."""
    law = LinearKinetics(exchange_current=i0)
    return penetration_depth(kappa, law, AREA, temperature=T, concentration=C0)


def foil_share(
    kappa: float, i0: float, area: float = AREA, height: float = HEIGHT, foil: float = 1.0
) -> float:
    """Share of a foil that is bare on a part `foil` of its area."""
    bottom, through = foil * i0 / V_T, _through(kappa, i0, area, foil)
    return bottom / through(height)


def half_height(
    kappa: float, i0: float, area: float = AREA, height: float = HEIGHT, foil: float = 1.0
) -> float:
    """z50 [m]."""
    through = _through(kappa, i0, area, foil)
    return float(brentq(lambda z: through(z) - through(height) / 2, 0.0, height))


def _through(kappa: float, i0: float, area: float, foil: float) -> Callable[[float], float]:
    """Current through height z over the overpotential of the foil [S/m2]."""
    g, depth = i0 / V_T, np.sqrt(kappa * V_T / (area * i0))
    return lambda z: float(kappa / depth * np.sinh(z / depth) + foil * g * np.cosh(z / depth))


def _combs() -> Iterator[Evidence]:
    """Plates 1.67 um apart, as dense as the mat: their transverse resistance leaves 1e-4 and 3e-3."""
    for i0, share, z50 in ((I0, 5e-4, 2e-3), (10 * I0, 5e-3, 2e-3)):
        found = comb(1 / AREA, 120, KAPPA, i0)
        for what, value, expected, tolerance, unit in (
            ("share of the foil", found[0], foil_share(KAPPA, i0), share, ""),
            ("z50", found[1], half_height(KAPPA, i0), z50, "m"),
        ):
            yield Comparison(
                quantity=f"comb, i0 {i0:g} A/m2: {what}", found=value, expected=expected, tolerance=tolerance,
                unit=unit, source="homogenised",
            )  # fmt: skip


def comb_mesh(spacing: float, n: int) -> TaggedMesh:
    """A plate and half the liquid to the next one, HEIGHT high; n elements up."""
    box = layered_rectangle([("all", HEIGHT, n)], width=1.25 * spacing, nx=5)
    solid = box.points[0, box.cells].mean(0) < spacing / 4
    foil, top = box.surfaces["foil"], box.surfaces["counter"]
    mesh = TaggedMesh(
        mesh=box.mesh,
        regions={"fibres": np.flatnonzero(solid), "pores": np.flatnonzero(~solid)},
        surfaces={
            "feet": foil[solid[box.f2t[0, foil]]],
            "foil": foil[~solid[box.f2t[0, foil]]],
            "top": top[~solid[box.f2t[0, top]]],
        },
    )
    return mesh.with_surfaces({"fibre_surface": mesh.interface("fibres", "pores")})


def comb(spacing: float, n: int, kappa: float, i0: float) -> tuple[float, float]:
    """Share of the foil and z50 [m] of plates with `spacing` of liquid on each side."""
    law = LinearKinetics(exchange_current=i0)
    model = Model(
        regions={"fibres": Conductor(conductivity=1e9), "pores": SingleIonConductor(conductivity=kappa)},
        interfaces={("fibres", "pores"): law},
        boundaries={
            "feet": Grounded(),
            "foil": Electrode(law, terminal="anode"),
            "top": FixedPotential(potential=1e-3),
        },
    )
    solution = solve_steady(comb_mesh(spacing, n), model)
    foil, fibres = (abs(solution.currents[name]) for name in ("foil", "fibre_surface"))
    assert solution.depth_profile is not None
    return foil / (foil + fibres), solution.depth_profile.height_above_which(0.5)


def salt(current: float) -> Mapping[str, float]:
    """A standing fibre in Valoen-Reimers electrolyte against one in a conductor of kappa_ss."""
    kappa = float(Properties.of(VALOEN, T).steady_conductivity(C0))
    mesh, law = cells.standing_mesh(4), LinearKinetics(exchange_current=100.0)
    control = Galvanostatic(current_density=current)
    pores, separator = (SingleIonConductor(conductivity=kappa / macmullin) for macmullin in (1.0, 4.5))
    plain = cells.standing_model(law)
    model = Model(
        regions={**plain.regions, "pores": pores, "separator": separator},
        interfaces=plain.interfaces,
        boundaries=plain.boundaries,
    )
    found, wanted = solve_steady(mesh, plain, control), solve_steady(mesh, model, control)
    return {
        "share of fibres": abs(found.metrics["share_fibres"] / wanted.metrics["share_fibres"] - 1),
        "voltage": abs(found.cell_voltage / wanted.cell_voltage - 1),
    }


def log_pile() -> TaggedMesh:
    """Bars of 1 um, 20 um high at porosity 0.85, 6 um of separator above."""
    mat = CrossedMat(thickness=PILE_HEIGHT, fibre_diameter=1e-6, porosity=0.85).draw(PILE_WIDTH, PILE_WIDTH)
    stack = Stack(width=PILE_WIDTH, depth=PILE_WIDTH, separator=GAP, mat=mat)
    return mesh_stack(stack, Sizing(size=0.35e-6, growth=0.3))


def transmissibility(mesh: TaggedMesh) -> float:
    """kappa_m/kappa of the resolved mat with inert fibres, from foil to counter, less the separator."""
    fixed = {"foil": FixedPotential(potential=0.0), "counter": FixedPotential(potential=1e-3)}
    liquid = SingleIonConductor(conductivity=1.0)
    regions = {"fibres": Insulator(), "pores": liquid, "separator": liquid}
    current = abs(solve_steady(mesh, Model(regions=regions, boundaries=fixed)).currents["counter"])
    return PILE_HEIGHT / (1e-3 * PILE_WIDTH**2 / current - GAP)


def resolved(mesh: TaggedMesh, i0: float) -> Solution:
    """The log-pile in Valoen-Reimers electrolyte at a current too small to move c."""
    liquid = Electrolyte(law=VALOEN)
    model = cells.standing_model(ButlerVolmer(exchange_current=i0), conductivity=1e9, separator=liquid)
    return solve_steady(mesh, model, Galvanostatic(current_density=SMALL))
