"""Limits: slow and fast kinetics, thick films, perfect metal, free liquid, a single-ion layer.

    i0 -> 0 or R_f -> infinity   uniform current on all true surface, share of fibres A_f/(A_f + A_foil)
    i0 -> infinity               the primary distribution, that of fixed potentials
    sigma -> infinity            the equipotential fibre, that of an electrode in its place
    porosity 1, MacMullin 1      the free liquid
    single-ion layer             delta phi_e = I L_i/kappa_i, nothing else changes

The first three are approached at first order of i0 (with I, since the slope of a Tafel line is set by I),
1/R_f, 1/i0 and 1/sigma; the tables are rates in these numbers. The last two are exact.

Source: Newman and Thomas-Alyea, Electrochemical Systems (2004), chapter 18.

Catches: a fibre that conducts ions, a film that is counted per projected area, a porous layer that differs
from the liquid where it should not, a single-ion layer with a jump (Donnan) or a salt gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from fem import (
    ButlerVolmer,
    Contact,
    Electrode,
    Electrolyte,
    Film,
    FixedPotential,
    FlatLayer,
    Galvanostatic,
    Insulator,
    Kinetics,
    LinearKinetics,
    Model,
    Potentiostatic,
    SingleIonConductor,
    ValoenReimers,
    flat_state,
    solve_steady,
)
from fem.convergence import RateTable
from meshes.simplices import IntArray
from meshes.structured import layered_rectangle
from meshes.tagged import TaggedMesh
from studies.verification import cells
from studies.verification.cells import CURRENT, FAST, V_T, I, L
from studies.verification.evidence import Bound, Comparison, Evidence

VALOEN = ValoenReimers()
MESH = cells.standing_mesh(2)


def verify() -> Sequence[Evidence]:
    """All five limits."""
    return [
        *_approached("uniform current, i0 = I", slow, (1.0, 1e-1, 1e-2)),
        *_approached("uniform current, 1/R_f", filmed, (1e-1, 1e-2, 1e-3)),
        *_approached("primary distribution, 1/i0", fast, (1e-5, 1e-6, 1e-7)),
        *_approached("equipotential fibre, 1/sigma", metal, (1e-3, 1e-4, 1e-5)),
        *_free_liquid(),
        *_single_ion_layer(),
    ]


def _approached(
    name: str, run: Callable[[float], Mapping[str, float]], small: Sequence[float]
) -> Iterator[RateTable]:
    """Errors that vanish with a small number, at first order."""
    found = [run(number) for number in small]
    for quantity in found[0]:
        yield RateTable(
            quantity=f"{name}: {quantity}",
            sizes=tuple(small),
            errors=tuple(errors[quantity] for errors in found),
            least_rate=0.9,
            largest_error=5e-4,
        )


def _unevenness(kinetics: Kinetics, current: float) -> Mapping[str, float]:
    model = cells.standing_model(kinetics, counter=FAST)
    metrics = solve_steady(MESH, model, Galvanostatic(current_density=current)).metrics
    by_area = metrics["fibres_area_m2"] / (metrics["fibres_area_m2"] + metrics["foil_area_m2"])
    return {"share of fibres": abs(metrics["share_fibres"] / by_area - 1), "cv": metrics["anode_cv"]}


def slow(i0: float) -> Mapping[str, float]:
    """Unevenness at a current density of a small i0 [A/m2]."""
    return _unevenness(ButlerVolmer(exchange_current=i0), i0)


def filmed(small: float) -> Mapping[str, float]:
    """Unevenness behind a film of 1/small ohm m2."""
    return _unevenness(Film(1 / small, FAST), 1.0)


def fast(small: float) -> Mapping[str, float]:
    """Resistance of a half-covered cell with i0 = 1/small A/m2 against that of fixed potentials."""
    mesh, voltage = cells.half_covered_mesh(16), 1e-3
    regions = {"separator": SingleIonConductor(conductivity=1.0)}
    fixed = {"foil": FixedPotential(potential=0.0), "counter": FixedPotential(potential=voltage)}
    primary = solve_steady(mesh, Model(regions=regions, boundaries=fixed)).currents["counter"]
    model = Model(regions=regions, boundaries=cells.electrodes(LinearKinetics(exchange_current=1 / small)))
    found = solve_steady(mesh, model, Potentiostatic(cell_voltage=voltage)).currents["counter"]
    return {"current": abs(abs(found) / abs(primary) - 1)}


def metal(small: float) -> Mapping[str, float]:
    """The standing fibre with sigma = 1/small S/m against an electrode in its place."""
    model = cells.standing_model(FAST, conductivity=1 / small)
    boundaries = {**cells.electrodes(FAST), "fibre_surface": Electrode(FAST, terminal="anode")}
    perfect = Model(regions={**model.regions, "fibres": Insulator()}, boundaries=boundaries)
    found, wanted = solve_steady(MESH, model, CURRENT), solve_steady(MESH, perfect, CURRENT)
    on_fibre = [s.maps["fibre_surface"] for s in (found, wanted)]
    assert np.array_equal(on_fibre[0].facets, on_fibre[1].facets)
    currents = [m.current_density for m in on_fibre]
    return {
        "cell voltage": abs(found.cell_voltage / wanted.cell_voltage - 1),
        "current on the fibre": float(np.abs(currents[0] - currents[1]).max() / np.abs(currents[1]).max()),
        "phi_s": float(np.nanmax(np.abs(found.phi_s)) / found.cell_voltage),
    }


def _free_liquid() -> Iterator[Evidence]:
    """A separator of porosity and MacMullin number 1 against pores all the way."""
    liquid = Electrolyte(law=VALOEN)
    model = cells.standing_model(FAST, separator=replace(liquid, porosity=1.0, macmullin=1.0))
    layered = solve_steady(MESH, model, CURRENT)
    one = TaggedMesh(
        mesh=MESH.mesh,
        regions={"fibres": MESH.regions["fibres"], "pores": MESH.elements_of("pores", "separator")},
        surfaces=MESH.surfaces,
    )
    interfaces = {("fibres", "pores"): FAST}
    plain = Model(
        regions={"fibres": model.regions["fibres"], "pores": liquid},
        interfaces=interfaces,
        boundaries=model.boundaries,
    )
    free = solve_steady(one, plain, CURRENT)
    for field in ("phi_s", "phi_e", "c"):
        a, b = getattr(layered, field), getattr(free, field)
        change = float(np.nanmax(np.abs(a - b)) / np.nanmax(np.abs(a)))
        yield Bound(quantity=f"free liquid: change of {field}", found=change, limit=1e-11)


def _single_ion_layer() -> Iterator[Evidence]:
    """5 um of a single-ion conductor between two equal halves of liquid, each with its own salt."""
    thickness, kappa = 5e-6, 0.01
    layers = [("below", L / 2, 10), ("layer", thickness, 2), ("above", L / 2, 10)]
    mesh = layered_rectangle(layers, width=10e-6, nx=2)
    liquid = Electrolyte(law=VALOEN)
    regions = {"below": liquid, "layer": SingleIonConductor(conductivity=kappa), "above": liquid}
    joined = {("below", "layer"): Contact(), ("layer", "above"): Contact()}
    cell = solve_steady(
        mesh, Model(regions=regions, interfaces=joined, boundaries=cells.electrodes(FAST)), CURRENT
    )
    c = cell.c[np.isfinite(cell.c)]
    half = flat_state(
        [FlatLayer(thickness=L / 2)], VALOEN, temperature=cells.T, concentration=cells.C0, current=I
    )
    i0 = FAST.exchange_current * np.sqrt(np.array([half.c_plating, half.c_stripping]) / cells.C0)
    rest = 2 * half.electrolyte_voltage + 2 * V_T * np.arcsinh(I / (2 * i0)).sum()
    below, above = (cell.phi_e[_nodes(mesh, name)].mean() for name in ("layer_bottom", "above_bottom"))
    for what, found, expected, unit in (
        ("potential across it", above - below, I * thickness / kappa, "V"),
        ("cell voltage", cell.cell_voltage, I * thickness / kappa + rest, "V"),
        ("c, plating", c.min(), half.c_plating, "mol/m3"),
        ("c, stripping", c.max(), half.c_stripping, "mol/m3"),
    ):
        yield Comparison(
            quantity=f"single-ion layer: {what}",
            found=float(found),
            expected=float(expected),
            tolerance=1e-8,
            unit=unit,
            source="two flat cells of half the thickness in series with L_i/kappa_i",
        )


def _nodes(mesh: TaggedMesh, surface: str) -> IntArray:
    return np.unique(mesh.facets[:, mesh.surfaces[surface]])
