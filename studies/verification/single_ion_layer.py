"""Liquid | single-ion layer | liquid: two salt inventories, an ohmic layer, and junctions with a resistance.

phi_e is the potential of lithium ions against lithium, hence continuous where a liquid meets a conductor in
which they alone move; no Donnan term is added. With a resistance R_j, or kinetics of the junction,

    i = (phi_1 - phi_2)/R_j,      or      i = 2 i_0j sinh((phi_1 - phi_2)/(2 R T/F)),
    N_- . n = 0 on the liquid's side:  int porosity c = int porosity c0 in each liquid by itself.

Flat: each liquid is a flat cell of its own; the layer adds I L/kappa, each junction I R_j. Rings: the same
with W = W_a + (I'/2 pi) ln(r/a) in the liquids (`radial.py`), I' ln(r2/r1)/(2 pi kappa) in the layer and
I' R_j/(2 pi r) at each junction. Contact resistance of a slab on its feet: I R more.

Sources: Newman and Thomas-Alyea, Electrochemical Systems (2004), chapters 2 and 12, for the potential; closed
forms as above; properties of Valoen and Reimers, J. Electrochem. Soc. 152 (2005) A882, 10.1149/1.1872737.

Catches: one inventory for both liquids, a salt term or a Donnan jump at the layer, a junction that is shorted
by unknowns of both sides, the area of the chord at a curved junction, junction losses left out of the split.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from fem import (
    ButlerVolmer,
    Conductor,
    Contact,
    Electrode,
    Electrolyte,
    FlatLayer,
    Galvanostatic,
    Grounded,
    Model,
    SingleIonConductor,
    Solution,
    ValoenReimers,
    flat_state,
    solve_steady,
)
from fem.conditions import Interface
from fem.solve import Method, Order
from meshes.exact_surfaces import Sphere
from meshes.structured import annulus, layered_rectangle
from meshes.tagged import TaggedMesh
from studies.verification.cells import CURRENT, FAST, V_T, I, Level, T, electrodes, following, rates
from studies.verification.evidence import Bound, Comparison, Evidence
from studies.verification.radial import Ring

LAW = ValoenReimers()
KAPPA, LAYER = 0.02, 5e-6  # of the layer [S/m], [m]
BELOW, ABOVE = 900.0, 1200.0  # salt put into the liquids [mol/m3]
PORES, GAP = FlatLayer(thickness=40e-6), FlatLayer(thickness=25e-6, porosity=0.55, macmullin=4.5)
RESISTANCE, JUNCTION_I0 = 2e-4, 50.0  # [ohm m2], [A/m2]
JUNCTIONS: Mapping[str, tuple[Interface, float]] = {  # and the drop at each [V]
    "no resistance": (Contact(), 0.0),
    f"{RESISTANCE:g} ohm m2": (Contact(resistance=RESISTANCE), I * RESISTANCE),
    f"i0 {JUNCTION_I0:g} A/m2": (
        ButlerVolmer(exchange_current=JUNCTION_I0, concentration_exponent=0.0),
        float(2 * V_T * np.arcsinh(I / (2 * JUNCTION_I0))),
    ),
}
RADII = (5e-6, 20e-6, 25e-6, 60e-6)  # inner electrode, both junctions, outer electrode [m]
RING_CURRENT = 400.0 * 2 * np.pi * RADII[0]  # I' [A/m]: 400 A/m2 on the inner electrode
RING_KAPPA, RING_RESISTANCE = 0.02, 2e-5  # [S/m], [ohm m2]


def verify() -> Sequence[Evidence]:
    """Flat cells by both solvers, a slab on its feet, and rates of a ring's voltage."""
    methods: tuple[Method, ...] = ("equilibrated", "full")
    return [
        *(evidence for method in methods for name in JUNCTIONS for evidence in _flat(name, method)),
        *_feet(),
        *rates(
            ring_errors,
            Level(order=1, resolutions=(1, 2, 4), least_rate=1.9, largest_error=1e-3),
            Level(order=2, resolutions=(1, 2, 4), least_rate=3.5, largest_error=1e-5),
        ),
    ]


# --- flat ---


def flat_model(junction: Interface) -> Model:
    """Lithium, pores, layer, separator, lithium."""
    return Model(
        regions={
            "pores": Electrolyte(law=LAW, concentration=BELOW),
            "layer": SingleIonConductor(conductivity=KAPPA),
            "separator": Electrolyte(
                law=LAW, concentration=ABOVE, porosity=GAP.porosity, macmullin=GAP.macmullin
            ),
        },
        interfaces={("pores", "layer"): junction, ("layer", "separator"): junction},
        boundaries=electrodes(FAST),
    )


def _solved(junction: Interface, method: Method) -> Solution:
    layers = [("pores", PORES.thickness, 8), ("layer", LAYER, 1), ("separator", GAP.thickness, 5)]
    mesh = layered_rectangle(layers, width=10e-6, nx=2)
    return solve_steady(mesh, flat_model(junction), CURRENT, method=method, order=2)


def _flat(name: str, method: Method) -> Iterator[Evidence]:
    junction, drop = JUNCTIONS[name]
    low = flat_state([PORES], LAW, temperature=T, concentration=BELOW, current=I)
    high = flat_state([GAP], LAW, temperature=T, concentration=ABOVE, current=I)
    kinetics = sum(
        2 * V_T * np.arcsinh(I / (2 * FAST.exchange_current * np.sqrt(c / 1000.0)))
        for c in (low.c_plating, high.c_stripping)
    )
    solution = _solved(junction, method)
    split = solution.split
    assert split is not None
    c = solution.c[np.isfinite(solution.c)]
    layer = I * LAYER / KAPPA
    total = low.electrolyte_voltage + high.electrolyte_voltage + kinetics + layer + 2 * drop
    for quantity, found, expected, unit in (
        ("cell voltage", solution.cell_voltage, float(total), "V"),
        ("drop in the layer", split.ohmic_electrolyte["layer"], layer, "V"),
        ("c at the plating plane", float(c.min()), low.c_plating, "mol/m3"),
        ("c at the counter", float(c.max()), high.c_stripping, "mol/m3"),
    ):
        yield Comparison(
            quantity=f"flat, {name}, {method}: {quantity}",
            found=found,
            expected=expected,
            tolerance=5e-6,
            unit=unit,
            source="flat cells of each liquid",
        )
    yield Bound(
        quantity=f"flat, {name}, {method}: drops at the junctions against the exact ones",
        found=abs(split.junction - 2 * drop),
        limit=1e-10,
        unit="V",
    )
    yield Bound(quantity=f"flat, {name}, {method}: split", found=split.closure, limit=1e-10)


def _feet() -> Sequence[Evidence]:
    """A slab of metal that stands on its feet with a contact resistance."""
    mesh = layered_rectangle([("metal", 10e-6, 2), ("separator", GAP.thickness, 5)], width=10e-6, nx=2)

    def voltage(resistance: float) -> float:
        model = Model(
            regions={"metal": Conductor(conductivity=10.0), "separator": Electrolyte(law=LAW)},
            interfaces={("metal", "separator"): FAST},
            boundaries={
                "foil": Grounded(resistance=resistance),
                "counter": Electrode(FAST, terminal="counter"),
            },
        )
        return solve_steady(mesh, model, CURRENT).cell_voltage

    return [
        Comparison(
            quantity="slab on feet with a contact resistance: voltage more than without",
            found=voltage(RESISTANCE) - voltage(0.0),
            expected=I * RESISTANCE,
            tolerance=1e-9,
            unit="V",
            source="I R",
        )
    ]


# --- rings ---


def ring(n: int, order: Order) -> TaggedMesh:
    """12 n elements around; circles at all four radii, evenly spaced between them; curved for order 2."""
    counts = (5 * n, n, 4 * n)
    mesh = annulus(RADII[0], RADII[-1], n_radial=sum(counts), n_angular=12 * n, region="all")
    at = [RADII[0]]
    for count, low, high in zip(counts, RADII[:-1], RADII[1:], strict=True):
        at += list(low * (high / low) ** (np.arange(1, count + 1) / count))
    radius = np.repeat(at, 12 * n)
    points = mesh.points / np.linalg.norm(mesh.points, axis=0) * radius
    where = np.hypot(*points)[mesh.cells]
    names = ("pores", "layer", "separator")
    regions = {
        name: np.flatnonzero((where.min(0) > 0.999 * low) & (where.max(0) < 1.001 * high))
        for name, low, high in zip(names, RADII[:-1], RADII[1:], strict=True)
    }
    tagged = TaggedMesh.from_arrays(
        points=points,
        cells=mesh.cells,
        regions=regions,
        surfaces={name: mesh.facets[:, facets] for name, facets in mesh.surfaces.items()},
    )
    circles = ("inner", "pores_top", "layer_top", "outer")
    tagged = tagged.with_surfaces(
        {
            name: tagged.interface(*pair)
            for name, pair in zip(circles[1:3], (names[:2], names[1:]), strict=True)
        }
    )
    if order == 1:
        return tagged
    return following(
        tagged, {name: Sphere(centre=(0.0, 0.0), radius=r) for name, r in zip(circles, RADII, strict=True)}
    )


def ring_errors(n: int, order: Order) -> Mapping[str, float]:
    """Relative error of the voltage of the rings, with and without a resistance of the junctions."""
    return {
        f"rings, {r:g} ohm m2 at the junctions: voltage": abs(
            _ring_voltage(n, order, r) / ring_voltage(r) - 1
        )
        for r in (0.0, RING_RESISTANCE)
    }


def ring_voltage(resistance: float) -> float:
    """Voltage [V] of the rings in closed form."""
    a, r1, r2, b = RADII
    pores = Ring.of(LAW, a, r1, c0=BELOW, current=RING_CURRENT)
    gap = Ring.of(LAW, r2, b, c0=ABOVE, current=RING_CURRENT)
    per_radian = RING_CURRENT / (2 * np.pi)
    layer = per_radian * (np.log(r2 / r1) / RING_KAPPA + resistance * (1 / r1 + 1 / r2))
    kinetics = pores.overpotential(a, FAST.exchange_current) + gap.overpotential(b, FAST.exchange_current)
    return float(pores.rise(r1) + layer + gap.rise(b)) + kinetics


def _ring_voltage(n: int, order: Order, resistance: float) -> float:
    junction = Contact(resistance=resistance)
    model = Model(
        regions={
            "pores": Electrolyte(law=LAW, concentration=BELOW),
            "layer": SingleIonConductor(conductivity=RING_KAPPA),
            "separator": Electrolyte(law=LAW, concentration=ABOVE),
        },
        interfaces={("pores", "layer"): junction, ("layer", "separator"): junction},
        boundaries={
            "inner": Electrode(FAST, terminal="anode"),
            "outer": Electrode(FAST, terminal="counter"),
        },
    )
    area = 2 * np.pi * RADII[-1]
    control = Galvanostatic(current_density=RING_CURRENT / area, area=area)
    return solve_steady(ring(n, order), model, control).cell_voltage
