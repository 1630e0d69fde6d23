"""Flat cells of salt electrolyte between two lithium planes, in closed form.

Steady state: N_- = 0, so i_e = -(K(c)/N_M) dc/dz with K = F D/(1 - t+), and

    I int N_M dz = int_{c_p}^{c_s} K dc,     int eps c dz = int eps c0 dz,
    delta phi_e = int (K/kappa) dc + (2RT/F) int (1 - t+) TDF dln c,
    V = delta phi_e + (2RT/F) [asinh(I/(2 i0(c_p))) + asinh(I/(2 i0(c_s)))] + 2 R_f I,

with i0(c) = i0 (c/c0)^1/2. For constant properties c = c0 -+ I (1 - t+) L/(2 F D). The limiting current has
c_p = 0; with D and t+ of c0 it is (F D c0/(1 - t+)) int eps dz / int eps zeta dz, zeta = int N_M dz.

Sources: Newman and Thomas-Alyea, Electrochemical Systems (2004), chapter 12, for the equations; properties of
Valoen and Reimers, J. Electrochem. Soc. 152 (2005) A882, 10.1149/1.1872737, and of Landesfeind and Gasteiger,
J. Electrochem. Soc. 166 (2019) A3079, 10.1149/2.0571912jes; separators of Landesfeind et al., J. Electrochem.
Soc. 163 (2016) A1373, 10.1149/2.1141607jes. The expected numbers are the integrals above, computed by
quadrature and shooting apart from this program, to the digits given; each is met to half its last digit.

Catches: (1 - 2 t+) instead of (1 - t+), TDF missing or counted twice, no salt inventory (c pinned to c0 at
one side), MacMullin number or porosity on one property only, ln c added to the kinetics of lithium.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from fem import (
    ConstantProperties,
    Electrolyte,
    ElectrolyteLaw,
    Film,
    FlatLayer,
    Galvanostatic,
    IdealDilute,
    Kinetics,
    LandesfeindGasteiger,
    Model,
    Properties,
    Solution,
    Solvent,
    ValoenReimers,
    flat_state,
    limiting_current,
    solve_steady,
)
from fem.materials import FARADAY
from fem.penetration import mat_transmissibility
from meshes.structured import layered_box, layered_rectangle
from studies.verification.cells import C0, CURRENT, FAST, SLOW, I, L, T, electrodes, planar_mesh, planar_model
from studies.verification.evidence import Comparison, Evidence

CONSTANT = ConstantProperties(
    conductivity=1.0, diffusivity=3e-10, transference=0.38, thermodynamic_factor=1.0
)
VALOEN = ValoenReimers()
EC_DMC, EC_EMC = LandesfeindGasteiger(Solvent.EC_DMC), LandesfeindGasteiger(Solvent.EC_EMC)

# c at the plating and the stripping plane [mol/m3], ohmic part and electrolyte voltage [mV], at 200 A/m2.
STATES: dict[str, tuple[ElectrolyteLaw, str, str, str | None, str]] = {
    "constant properties": (CONSTANT, "892.9025", "1107.0975", "10.00000", "16.850263"),
    "Valoen-Reimers": (VALOEN, "902.41025", "1101.95300", "8.389804", "21.956317"),
    "EC:DMC": (EC_DMC, "883.38357", "1124.48005", None, "26.919384"),
    "EC:EMC": (EC_EMC, "865.53353", "1145.23961", None, "35.435753"),
}
# Cell voltage [mV] with i0 = 10 and 100 A/m2.
VOLTAGES = {
    "constant properties": ("325.27497", "107.69144"),
    "Valoen-Reimers": ("330.22911", "112.68244"),
}
# Limiting current over 50 um [A/m2]: variable properties, and D and t+ of c0.
LIMITS: dict[str, tuple[ElectrolyteLaw, str, str]] = {
    "constant properties": (CONSTANT, "1867.458", "1867.458"),
    "Valoen-Reimers": (VALOEN, "2475", "2006"),
    "EC:DMC": (EC_DMC, "2258", "1661"),
    "EC:EMC": (EC_EMC, "1912", "1433"),
}

FREE = [FlatLayer(thickness=L)]
CELGARD_2500 = FlatLayer(thickness=25e-6, porosity=0.55, macmullin=4.5)
CELGARD_2325 = FlatLayer(thickness=25e-6, porosity=0.39, macmullin=10.0)
IONIC_LAYER = FlatLayer(thickness=5e-6, porosity=0.4, macmullin=6.0)
MAT = FlatLayer(thickness=60e-6, porosity=0.85, macmullin=1 / mat_transmissibility(0.85))
STACKS = {
    "separator": [CELGARD_2500],
    "layer, separator": [IONIC_LAYER, CELGARD_2500],
    "inert mat, layer, separator": [MAT, IONIC_LAYER, CELGARD_2500],
}
# Limiting current with D and t+ of Valoen-Reimers at c0 [A/m2].
LAYER_LIMITS = {
    "Celgard 2500": ([CELGARD_2500], "891.6"),
    "Celgard 2325": ([CELGARD_2325], "401.2"),
    "inert mat, layer, separator": ([replace(MAT, macmullin=1 / 0.735), IONIC_LAYER, CELGARD_2500], "730.4"),
}
KINETICS = {"i0 10": SLOW, "i0 100": FAST, "i0 100, film": Film(1e-3, FAST)}
# Cell voltage [mV] of the three stacks, by current density [A/m2] and kinetics.
TABLE: dict[tuple[float, str], tuple[str | None, ...]] = {
    (200.0, "i0 10"): ("358.65", "373.41", "413.58"),
    (200.0, "i0 100"): ("141.11", "155.55", "198.87"),
    (200.0, "i0 100, film"): ("541.11", "555.55", "598.87"),
    (10.0, "i0 10"): ("51.921", None, "54.190"),
    (10.0, "i0 100"): ("7.602", None, "10.044"),
}


def verify() -> Sequence[Evidence]:
    """Concentrations, voltages and limiting currents of flat cells."""
    return [*_states(), *_voltages(), *_limits(), *_layer_limits(), *_half_way(), *_table(), _ideal(), _box()]


def at_rest(law: ElectrolyteLaw) -> ConstantProperties:
    """The properties at c0, kept at every concentration."""
    p = Properties.of(law, T)
    kappa, d, t, tdf = (float(of(C0)) for of in (p.kappa, p.D, p.t, p.tdf))
    return ConstantProperties(conductivity=kappa, diffusivity=d, transference=t, thermodynamic_factor=tdf)


def constant_limit(layers: Sequence[FlatLayer], law: ElectrolyteLaw) -> float:
    """(F D c0/(1 - t+)) int eps dz / int eps zeta dz [A/m2] with D and t+ at c0."""
    pores = moment = zeta = 0.0
    for layer in layers:
        width = layer.thickness * layer.macmullin
        pores += layer.porosity * layer.thickness
        moment += layer.porosity * layer.thickness * (zeta + width / 2)
        zeta += width
    p = Properties.of(law, T)
    return float(FARADAY * p.D(C0) * C0 / (1 - p.t(C0)) * pores / moment)


def solve_stack(layers: Sequence[FlatLayer], kinetics: Kinetics, current: float, *, n: int) -> Solution:
    """A stack in Valoen-Reimers electrolyte, n elements across each layer."""
    names = [f"layer_{k}" for k in range(len(layers))]
    regions = {
        name: Electrolyte(law=VALOEN, porosity=layer.porosity, macmullin=layer.macmullin)
        for name, layer in zip(names, layers, strict=True)
    }
    sizes = [(name, layer.thickness, n) for name, layer in zip(names, layers, strict=True)]
    model = Model(regions=regions, boundaries=electrodes(kinetics))
    return solve_steady(
        layered_rectangle(sizes, width=10e-6, nx=2), model, Galvanostatic(current_density=current)
    )


def _digits(quantity: str, found: float, printed: str, unit: str) -> Comparison:
    """Equal to the printed number up to half of its last digit."""
    half = 0.5 * 10.0 ** -len(printed.partition(".")[2])
    return Comparison(
        quantity=quantity, found=found, expected=float(printed), tolerance=half, unit=unit, relative=False
    )


def _limit(layers: Sequence[FlatLayer], law: ElectrolyteLaw) -> float:
    return limiting_current(layers, law, temperature=T, concentration=C0)


def _states() -> Iterator[Comparison]:
    for name, (law, plating, stripping, ohmic, voltage) in STATES.items():
        metrics = solve_steady(planar_mesh(40), planar_model(law, SLOW), CURRENT).metrics
        state = flat_state(FREE, law, temperature=T, concentration=C0, current=I)
        yield _digits(f"{name}: c, plating, from the tables", state.c_plating, plating, "mol/m3")
        yield _digits(f"{name}: electrolyte, from the tables", 1e3 * state.electrolyte_voltage, voltage, "mV")
        parts = metrics["ohmic_electrolyte_V"], metrics["concentration_V"]
        yield _digits(f"{name}: c, plating", C0 * metrics["c_min_ratio"], plating, "mol/m3")
        yield _digits(f"{name}: c, stripping", C0 * metrics["c_max_ratio"], stripping, "mol/m3")
        if ohmic is not None:
            yield _digits(f"{name}: ohmic part", 1e3 * parts[0], ohmic, "mV")
        yield _digits(f"{name}: electrolyte", 1e3 * sum(parts), voltage, "mV")


def _voltages() -> Iterator[Comparison]:
    for name, printed in VOLTAGES.items():
        for kinetics, voltage in zip((SLOW, FAST), printed, strict=True):
            cell = solve_steady(planar_mesh(40), planar_model(STATES[name][0], kinetics), CURRENT)
            i0 = f"i0 {kinetics.exchange_current:g}"
            yield _digits(f"{name}: cell, {i0}", 1e3 * cell.cell_voltage, voltage, "mV")


def _limits() -> Iterator[Comparison]:
    for name, (law, variable, constant) in LIMITS.items():
        yield _digits(f"{name}: limiting current", _limit(FREE, law), variable, "A/m2")
        with_c0 = _limit(FREE, at_rest(law))
        yield _digits(f"{name}: limiting current, D and t+ of c0", with_c0, constant, "A/m2")


def _layer_limits() -> Iterator[Comparison]:
    for name, (layers, printed) in LAYER_LIMITS.items():
        yield _digits(f"{name}: limiting current", constant_limit(layers, VALOEN), printed, "A/m2")
        yield Comparison(
            quantity=f"{name}: limiting current, from the tables",
            found=_limit(layers, at_rest(VALOEN)),
            expected=constant_limit(layers, VALOEN),
            tolerance=1e-6,
            unit="A/m2",
            source="closed form",
        )


def _half_way() -> Iterator[Comparison]:
    """Stacks at half their limiting current, where c is far from c0."""
    for name, layers in STACKS.items():
        current = 0.5 * _limit(layers, VALOEN)
        state = flat_state(layers, VALOEN, temperature=T, concentration=C0, current=current)
        cell = solve_stack(layers, FAST, current, n=24)
        at_foil = cell.c[cell.mesh.facets[:, cell.mesh.surfaces["foil"]]]
        for quantity, found, expected, unit in (
            ("c, plating, least", at_foil.min(), state.c_plating, "mol/m3"),
            ("c, plating, greatest", at_foil.max(), state.c_plating, "mol/m3"),
            ("c, stripping", C0 * cell.metrics["c_max_ratio"], state.c_stripping, "mol/m3"),
            ("ohmic part", cell.metrics["ohmic_electrolyte_V"], state.ohmic_voltage, "V"),
            ("concentration part", cell.metrics["concentration_V"], state.concentration_voltage, "V"),
        ):
            yield Comparison(
                quantity=f"{name}, half the limit: {quantity}",
                found=float(found),
                expected=expected,
                tolerance=1e-7,
                unit=unit,
                source="integrals above",
            )


def _table() -> Iterator[Comparison]:
    for (current, kinetics), voltages in TABLE.items():
        for name, voltage in zip(STACKS, voltages, strict=True):
            if voltage is not None:
                cell = solve_stack(STACKS[name], KINETICS[kinetics], current, n=8)
                quantity = f"{name}, {current:g} A/m2, {kinetics}: cell"
                yield _digits(quantity, 1e3 * cell.cell_voltage, voltage, "mV")


def _ideal() -> Comparison:
    """delta phi_e = (2RT/F) ln(c_s/c_p), whatever t+."""
    metrics = solve_steady(planar_mesh(40), planar_model(IdealDilute(), SLOW), CURRENT).metrics
    found = metrics["ohmic_electrolyte_V"] + metrics["concentration_V"]
    return _digits("ideal dilute: electrolyte", 1e3 * found, "11.04881", "mV")


def _box() -> Comparison:
    """The cell of constant properties once more, in three dimensions."""
    mesh = layered_box([("separator", L, 20)], width=20e-6, depth=10e-6, nx=3, ny=2)
    cell = solve_steady(mesh, planar_model(CONSTANT, SLOW), CURRENT)
    found = 1e3 * cell.cell_voltage
    return _digits("constant properties, three dimensions: cell, i0 10", found, "325.27497", "mV")
