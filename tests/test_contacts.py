"""Resistances of contacts: feet, metal on metal, sides of a layer; what floats, drops out or is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from cells import standing_fibre, standing_model
from painted import BV, MATERIALS, painted, painted_model

from fem import (
    Blocking,
    Conductor,
    Contact,
    Electrode,
    FixedPotential,
    Galvanostatic,
    Grounded,
    Insulator,
    Model,
    ModelError,
    SingleIonConductor,
    Solution,
    solve_steady,
)
from fem.conditions import Interface
from fem.materials import Material
from fem.solve import Method
from meshes.structured import layered_rectangle
from meshes.tagged import TaggedMesh

I = 100.0
CONTROL = Galvanostatic(current_density=I)
LIQUID, SEPARATOR, METAL = MATERIALS["pores"], MATERIALS["separator"], Conductor(conductivity=10.0)
IONS = SingleIonConductor(conductivity=0.02)
ORDERS = pytest.mark.parametrize("order", [1, 2])


def _slab(resistance: float) -> tuple[TaggedMesh, Model]:
    mesh = layered_rectangle([("metal", 10e-6, 2), ("separator", 25e-6, 10)], width=1e-5, nx=2)
    model = Model(
        regions={"metal": METAL, "separator": SEPARATOR},
        interfaces={("metal", "separator"): BV},
        boundaries={
            "foil": Grounded(resistance=resistance),
            "counter": Electrode(BV, terminal="counter"),
        },
    )
    return mesh, model


@ORDERS
def test_contact_resistance_of_the_feet(order: Literal[1, 2]) -> None:
    """A flat conductor on its feet: the cell needs I R more, exactly; nothing is floating."""
    bare, resistive = (solve_steady(*_slab(r), CONTROL, order=order) for r in (0.0, 2e-4))
    assert resistive.cell_voltage - bare.cell_voltage == pytest.approx(I * 2e-4, rel=1e-9)
    assert resistive.split is not None and resistive.split.closure < 1e-12
    assert resistive.split.junction == pytest.approx(I * 2e-4, rel=1e-9)
    assert bare.currents["foil"] == pytest.approx(-I * bare.projected_area, rel=1e-9)
    assert resistive.currents["foil"] == pytest.approx(-I * bare.projected_area, rel=1e-9)
    assert resistive.cluster_currents.size == 0
    assert resistive.trusted
    tiny = solve_steady(*_slab(1e-9), CONTROL, order=order)
    assert tiny.cell_voltage - bare.cell_voltage == pytest.approx(I * 1e-9, rel=1e-4)


def test_poor_contact_sends_the_current_to_the_foil() -> None:
    """A standing fibre whose foot hardly conducts works like a floating one: its net current vanishes."""
    mesh, base = standing_fibre(2), standing_model()
    shares = []
    for resistance in (0.0, 1e-5, 1e-3, 1e3):
        model = replace(base, boundaries={**base.boundaries, "feet": Grounded(resistance=resistance)})
        solution = solve_steady(mesh, model, CONTROL)
        assert solution.trusted and solution.cluster_currents.size == 0
        shares.append(solution.metrics["share_fibres"])
        assert -solution.currents["feet"] == pytest.approx(
            shares[-1] * I * solution.projected_area, rel=1e-6, abs=1e-15
        )
    floating = replace(base, boundaries={k: b for k, b in base.boundaries.items() if k != "feet"})
    assert shares[0] > shares[1] > shares[2] > shares[3]
    assert abs(shares[3]) < 1e-4
    free = solve_steady(mesh, floating, CONTROL)
    assert free.cluster_currents.size == 1
    assert free.cell_voltage == pytest.approx(solution.cell_voltage, rel=1e-5)


PLATES = ["aaaa", "aaaa", "bbbb", "bbbb"]


def _plates(rows: list[str], passing: Mapping[tuple[str, str], Interface]) -> Solution:
    mesh = painted(rows, legend={name: name for name in "abc"})
    model = Model(
        regions={name: Conductor(conductivity=float(2 + i)) for i, name in enumerate(mesh.regions)},
        interfaces=passing,
        boundaries={"foil": FixedPotential(potential=0.0), "counter": FixedPotential(potential=1.0)},
    )
    return solve_steady(mesh, model)


@pytest.mark.parametrize("pair", [("a", "b"), ("b", "a")])
def test_contact_between_two_conductors(pair: tuple[str, str]) -> None:
    """Two plates in series with a contact: 1 V over the three resistances, the current as it is named."""
    resistance = 1e-6
    solution = _plates(PLATES, {pair: Contact(resistance=resistance)})
    current = 4e-6 / (2e-6 / 2 + 2e-6 / 3 + resistance)
    assert solution.currents["counter"] == pytest.approx(current, rel=1e-10)
    down = 1 if pair == ("a", "b") else -1
    assert solution.currents["|".join(pair)] == pytest.approx(down * current, rel=1e-10)


def test_a_contact_in_a_body_is_no_short() -> None:
    """Two plates side by side on a third, with a contact between them: more resistance, less current."""
    rows = ["aabb", "aabb", "cccc"]
    currents = [
        _between_sides(rows, {("a", "b"): passing})
        for passing in (Contact(), Contact(resistance=1e-8), Contact(resistance=1e-6), Blocking())
    ]
    assert currents[0] == pytest.approx(currents[1], rel=0.01)
    assert currents[1] > 1.05 * currents[2] > 1.05**2 * currents[3] > 0


def _between_sides(rows: list[str], passing: Mapping[tuple[str, str], Interface]) -> float:
    mesh = painted(rows, n=2, legend={name: name for name in "abc"})
    outer = np.flatnonzero(mesh.f2t[1] < 0)
    x, z = (mesh.points[k][mesh.facets[:, outer]] for k in (0, 1))
    up = z.min(0) > 0.99e-6
    sides = {"left": outer[(x.max(0) == 0) & up], "right": outer[(x.min(0) > 3.99e-6) & up]}
    model = Model(
        regions={name: Conductor(conductivity=1.0) for name in mesh.regions},
        interfaces=passing,
        boundaries={"left": FixedPotential(potential=0.0), "right": FixedPotential(potential=1.0)},
    )
    return solve_steady(mesh.with_surfaces(sides), model).currents["right"]


def test_a_conductor_behind_a_contact_is_not_floating() -> None:
    """A fibre on a plate, which is grounded: through the contact it is wired; behind Blocking() it floats."""
    rows = ["ssssss", "ssssss", "..##..", "..##..", "pppppp"]
    mesh = painted(rows, legend={"#": "fibres", "p": "plate", ".": "pores", "s": "separator"})
    mesh = mesh.with_surfaces({"feet": mesh.surfaces["foil"]})
    for passing, floats in ((Contact(), 0), (Contact(resistance=1e-3), 0), (Blocking(), 1)):
        model = Model(
            regions={
                "fibres": MATERIALS["fibres"], "plate": MATERIALS["fibres"],
                "pores": MATERIALS["pores"], "separator": MATERIALS["separator"],
            },
            interfaces={("fibres", "plate"): passing, ("fibres", "pores"): BV, ("fibres", "separator"): BV,
                        ("plate", "pores"): BV},
            boundaries={"feet": Grounded(), "counter": Electrode(BV, terminal="counter")},
        )  # fmt: skip
        solution = solve_steady(mesh, model, CONTROL)
        assert solution.cluster_currents.size == floats
        assert solution.trusted
        assert solution.split is not None and solution.split.closure < 1e-11


# --- single-ion layers that do not part the liquid ---


def test_layer_that_covers_a_part_of_the_cell() -> None:
    """Liquid around a single-ion patch is one body; the resistance of the patch's sides is not shorted."""
    mesh = painted(["ssssssss", "ssssssss", "iiii....", "........", "........"], n=2)
    voltages = {}
    for resistance in (0.0, 1e-6, 1e-3, 1e3):
        model = replace(
            painted_model(mesh),
            regions={
                "pores": LIQUID,
                "separator": SEPARATOR,
                "ionic_layer": IONS,
            },
            interfaces={
                ("pores", "ionic_layer"): Contact(resistance=resistance),
                ("separator", "ionic_layer"): Contact(),
            },
        )
        solution = solve_steady(mesh, model, CONTROL)
        assert solution.trusted
        voltages[resistance] = solution.cell_voltage
    blocked = replace(model, interfaces={**model.interfaces, ("pores", "ionic_layer"): Blocking()})
    assert voltages[0.0] < voltages[1e-6] < voltages[1e-3] < voltages[1e3]
    assert voltages[1e-6] - voltages[0.0] < 0.05 * (voltages[1e3] - voltages[0.0])
    assert voltages[1e3] == pytest.approx(solve_steady(mesh, blocked, CONTROL).cell_voltage, rel=1e-6)


def test_liquid_behind_a_junction_that_leads_nowhere_is_left_out() -> None:
    """A pocket under the layer, in an insulator: with a resistance it is a body of its own and drops out.

    Catches its salt in the inventory, and both sides of a slit taken for two neighbours of a body.
    """
    mesh = painted(["ssssss", "ssssss", "iiiiii", "xx..xx"])
    foil = mesh.with_surfaces({"foil": _side_of(mesh, "ionic_layer")})
    for passing, held in ((Contact(resistance=1e-4), False), (Contact(), True)):
        base = painted_model(foil)
        model = replace(
            base,
            regions={**base.regions, "ionic_layer": IONS},
            interfaces={("pores", "ionic_layer"): passing, ("ionic_layer", "separator"): Contact()},
        )
        solution = solve_steady(foil, model, CONTROL)
        in_pocket = np.unique(foil.cells[:, foil.regions["pores"]])
        assert np.isfinite(solution.c[in_pocket]).all() == held
        assert solution.trusted


def _side_of(mesh: TaggedMesh, region: str) -> np.ndarray:
    """Outer facets of a region on the sides of the box."""
    outer = np.flatnonzero(mesh.f2t[1] < 0)
    return outer[np.isin(mesh.f2t[0, outer], mesh.regions[region])]


@ORDERS
@pytest.mark.parametrize("method", ["equilibrated", "full"])
def test_liquids_that_touch_in_a_point_keep_their_salt(method: Method, order: Literal[1, 2]) -> None:
    """Under a layer, left and right of a fibre, two bodies of liquid meet at a corner: nothing passes there.

    Catches a concentration that both bodies share. On the layer itself its potential would have to be that of
    both: refused.
    """
    rows = ["ssssss", "iiiiii", "iiiiii", "..#...", "..##..", "##...."]
    mesh = painted(rows, n=2)
    base = painted_model(mesh)
    model = replace(
        base,
        regions={**base.regions, "ionic_layer": IONS},
        interfaces={
            ("fibres", "pores"): BV,
            ("fibres", "ionic_layer"): BV,
            ("pores", "ionic_layer"): Contact(),
            ("ionic_layer", "separator"): Contact(),
        },
    )
    solution = solve_steady(mesh, model, CONTROL, method=method, order=order)
    assert solution.trusted and solution.method == method
    assert solution.guess.state.k.size == 3
    touching = painted(["ssssss", "iiiiii", "..#i..", "..#.##", "......"])
    with pytest.raises(ModelError, match="point or an edge of a single-ion conductor"):
        solve_steady(touching, replace(model, boundaries=painted_model(touching).boundaries), CONTROL)


# --- what is refused ---


def _stack(one: Material, other: Material, passing: Interface | None) -> Callable[[], object]:
    """Two layers between plates, with what is declared between them."""
    mesh = layered_rectangle([("one", 1e-5, 2), ("other", 1e-5, 2)], width=1e-5, nx=2)
    model = Model(
        regions={"one": one, "other": other},
        interfaces={} if passing is None else {("one", "other"): passing},
        boundaries={"foil": FixedPotential(potential=0.0), "counter": FixedPotential(potential=1.0)},
    )
    return lambda: solve_steady(mesh, model)


PAIR = "'one' | 'other'"
REFUSALS: dict[str, tuple[Callable[[], object], list[str]]] = {
    "negative contact": (lambda: Contact(resistance=-1e-4), ["contact resistance", ">= 0 ohm m2", "-0.0001"]),
    "no more than rounding": (lambda: Contact(resistance=1e-10), ["1e-10 ohm m2", "use 0", "1e-09"]),
    "infinite contact": (lambda: Contact(resistance=float("inf")), ["contact resistance", "inf"]),
    "negative feet": (lambda: Grounded(resistance=-1.0), ["contact resistance", "-1.0", "1e-4 ohm m2"]),
    "junction not declared": (_stack(LIQUID, IONS, None), [PAIR, "add Contact()", "ohm m2"]),
    "metal on liquid": (_stack(METAL, LIQUID, Contact()), [PAIR, "Contact", "kinetics or Blocking()"]),
    "metal on layer": (_stack(METAL, IONS, Contact(resistance=1.0)), [PAIR, "Contact", "kinetics"]),
    "two liquids": (_stack(LIQUID, LIQUID, Contact()), [PAIR, "Electrolyte | Electrolyte", "single-ion"]),
    "kinetics in metal": (_stack(METAL, METAL, BV), [PAIR, "ButlerVolmer", "Contact(resistance=...)"]),
    "kinetics in layers": (_stack(IONS, IONS, BV), [PAIR, "ButlerVolmer", "Contact(resistance=...)"]),
    "on an insulator": (_stack(METAL, Insulator(), Contact()), [PAIR, "Conductor | Insulator"]),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_is_refused_by_name(case: str) -> None:
    """One sentence that names the interface or the value, and the remedy."""
    call, words = REFUSALS[case]
    with pytest.raises(ValueError) as caught:
        call()
    text = str(caught.value)
    assert all(word in text for word in words), text
    assert "\n" not in text


def test_two_single_ion_layers_with_a_contact() -> None:
    """Two layers in series: 1 V over both and the contact, which Blocking() closes."""
    resistance = 3e-5
    solution = _stack(IONS, SingleIonConductor(conductivity=0.5), Contact(resistance=resistance))()
    assert isinstance(solution, Solution)
    expected = 1e-5 / (1e-5 / 0.02 + 1e-5 / 0.5 + resistance)
    assert solution.currents["counter"] == pytest.approx(expected, rel=1e-10)
