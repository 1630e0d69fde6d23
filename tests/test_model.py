"""Every refusal of a model or a control: one sentence that names the thing, its value and the remedy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from cells import L, half_covered_square, planar_model, standing_fibre, standing_model
from painted import painted

from fem import (
    Blocking,
    ButlerVolmer,
    Capiglia,
    Conductor,
    Electrode,
    Electrolyte,
    FixedPotential,
    Galvanostatic,
    Grounded,
    Insulator,
    Model,
    ModelError,
    Nyman,
    Potentiostatic,
    SingleIonConductor,
    Solution,
    ValoenReimers,
    solve_steady,
)
from fem.solve import Method
from meshes.structured import layered_rectangle
from meshes.tagged import TaggedMesh

BV = ButlerVolmer(exchange_current=10.0)
SALT = Electrolyte(law=ValoenReimers())
IONS = SingleIonConductor(conductivity=1.0)
METAL = Conductor(conductivity=1e3)
CONTROL = Galvanostatic(current_density=10.0)

VALUES: dict[str, tuple[Callable[[], object], list[str]]] = {
    "potential not finite": (lambda: FixedPotential(potential=float("nan")), ["FixedPotential", "V", "nan"]),
    "no such terminal": (
        lambda: Electrode(BV, terminal="cathode"),  # type: ignore[arg-type]
        ["terminal", "anode, counter", "'cathode'"],
    ),
    "temperature 0": (lambda: Model(regions={}, temperature=0.0), ["temperature", "0.0 K", "Celsius"]),
    "temperature nan": (lambda: Model(regions={}, temperature=float("nan")), ["temperature", "nan K"]),
    "current 0": (
        lambda: Galvanostatic(current_density=0.0),
        ["current_density", "0.0 A/m2", "Potentiostatic(cell_voltage=0)"],
    ),
    "current infinite": (lambda: Galvanostatic(current_density=float("inf")), ["current_density", "inf"]),
    "voltage nan": (lambda: Potentiostatic(cell_voltage=float("nan")), ["cell_voltage", "nan V"]),
    "area 0": (lambda: Galvanostatic(current_density=1.0, area=0.0), ["area", "> 0 m2", "0.0 m2"]),
    "area negative": (lambda: Potentiostatic(cell_voltage=1.0, area=-1.0), ["area", "-1.0 m2"]),
    "area infinite": (lambda: Galvanostatic(current_density=1.0, area=float("inf")), ["area", "inf m2"]),
}


@pytest.mark.parametrize("case", VALUES)
def test_values_are_refused_where_they_are_given(case: str) -> None:
    """A wrong number never reaches a solver."""
    make, words = VALUES[case]
    _sentence(make, words)


def _bilayer() -> Model:
    return standing_model(BV)


def _layers(**materials: object) -> tuple[TaggedMesh, Model]:
    """One layer per material, from the anode up, between two electrodes."""
    mesh = layered_rectangle([(name, 1e-5, 2) for name in materials], width=1e-5, nx=2)
    boundaries = {"foil": Electrode(BV, terminal="anode"), "counter": Electrode(BV, terminal="counter")}
    return mesh, Model(regions=materials, boundaries=boundaries)  # type: ignore[arg-type]


def _standing(**changes: object) -> Callable[[], Solution]:
    return lambda: solve_steady(standing_fibre(2), replace(_bilayer(), **changes), CONTROL)  # type: ignore[arg-type]


def _planar(**changes: object) -> Callable[[], Solution]:
    mesh = layered_rectangle([("separator", L, 2)], width=L, nx=2)
    return lambda: solve_steady(mesh, replace(planar_model(), **changes), CONTROL)  # type: ignore[arg-type]


def _two(
    control: Galvanostatic | None = CONTROL, method: Method | None = None, **materials: object
) -> Callable[[], Solution]:
    mesh, model = _layers(**materials)
    return lambda: solve_steady(mesh, model, control, method=method)


def _with(name: str, boundary: object) -> dict[str, object]:
    return {**_bilayer().boundaries, name: boundary}


def _fixed(**potentials: float) -> dict[str, FixedPotential]:
    return {name: FixedPotential(potential=value) for name, value in potentials.items()}


def _corner() -> Solution:
    """Two neighbouring surfaces of one conductor at different potentials."""
    mesh = painted(["##", "##"])
    bottom = mesh.surfaces["feet"]
    mesh = mesh.with_surfaces({"left": bottom[:1], "right": bottom[1:]})
    return solve_steady(mesh, Model(regions={"fibres": METAL}, boundaries=_fixed(left=0.0, right=1.0)))


def _other_guess() -> Solution:
    mesh = layered_rectangle([("separator", L, 2)], width=L, nx=2)
    guess = solve_steady(mesh, planar_model(), CONTROL)
    return solve_steady(half_covered_square(4), planar_model(), CONTROL, guess=guess)


REFUSALS: dict[str, tuple[Callable[[], object], list[str]]] = {
    "unknown region": (
        _standing(regions={**_bilayer().regions, "seperator": SALT}),
        ["region 'seperator'", "fibres, pores, separator", "did you mean 'separator'?"],
    ),
    "region without material": (
        _standing(regions={"fibres": METAL, "pores": SALT}, interfaces={("fibres", "pores"): BV}),
        ["region 'separator'", "no material", "Electrolyte"],
    ),
    "unknown surface": (
        _standing(boundaries=_with("foils", Grounded())),
        ["surface 'foils'", "feet", "did you mean 'foil'?"],
    ),
    "unknown region of an interface": (
        _standing(interfaces={**_bilayer().interfaces, ("fibre", "pores"): BV}),
        ["interface region 'fibre'", "did you mean 'fibres'?"],
    ),
    "interface between electrolytes": (
        _standing(interfaces={**_bilayer().interfaces, ("pores", "separator"): BV}),
        ["'pores' | 'separator'", "Conductor", "Electrolyte | Electrolyte"],
    ),
    "interface declared twice": (
        _standing(interfaces={**_bilayer().interfaces, ("pores", "fibres"): BV}),
        ["declared twice", "keep one"],
    ),
    "interface not declared": (
        _standing(interfaces={("fibres", "pores"): BV}),
        ["'fibres' and 'separator' touch", "Blocking()"],
    ),
    "electrode inside the electrolyte": (
        _standing(boundaries=_with("separator_bottom", Electrode(BV, terminal="anode"))),
        ["electrode 'separator_bottom'", "one side only"],
    ),
    "electrode on a conductor's surface": (
        _standing(boundaries=_with("fibre_surface", Electrode(BV, terminal="anode"))),
        ["electrode 'fibre_surface'", "Conductor", "interfaces"],
    ),
    "electrode under a conductor": (
        _standing(boundaries=_with("feet", Electrode(BV, terminal="anode"))),
        ["electrode 'feet'", "electrolyte region"],
    ),
    "grounded electrolyte": (
        _standing(boundaries=_with("foil", Grounded())),
        ["grounded surface 'foil'", "Conductor"],
    ),
    "fixed potential in salt": (
        _standing(boundaries=_with("foil", FixedPotential(potential=0.1))),
        ["FixedPotential on 'foil'", "salt", "SingleIonConductor"],
    ),
    "fixed potential on an insulator": (
        lambda: solve_steady(
            layered_rectangle([("filler", L, 1), ("separator", L, 1)], width=L, nx=1),
            Model(
                regions={"filler": Insulator(), "separator": IONS}, boundaries=_fixed(counter=0.1, foil=0.0)
            ),
        ),
        ["FixedPotential on 'foil'", "Conductor"],
    ),
    "temperature outside the law": (
        _planar(temperature=400.0),
        ["region 'separator'", "400 K", "263-333 K", "valoen"],
    ),
    "salt outside the law": (
        _planar(regions={"separator": Electrolyte(law=Nyman(), concentration=3000.0)}),
        ["region 'separator'", "3000 mol/m3", "200-2000"],
    ),
    "control without a counter": (
        _planar(boundaries={"foil": Electrode(BV, terminal="anode")}),
        ["Galvanostatic", "terminal='counter'", "foil"],
    ),
    "counter without a control": (_two(None, separator=SALT), ["counter electrode needs a control"]),
    "nothing drives": (
        lambda: solve_steady(
            painted(["#"]), Model(regions={"fibres": METAL}, boundaries={"feet": Grounded()})
        ),
        ["nothing drives this model", "FixedPotential"],
    ),
    "no anode": (
        _planar(boundaries={"counter": Electrode(BV, terminal="counter")}),
        ["no path", "counter", "terminal='anode'"],
    ),
    "anode behind an insulator": (_two(pores=SALT, gap=Insulator(), separator=SALT), ["no path", "anode"]),
    "two laws in one body of salt": (
        _two(method="equilibrated", pores=SALT, separator=Electrolyte(law=Capiglia())),
        ["'pores'", "'separator'", "one law"],
    ),
    "own transference in one layer": (
        _two(
            method="equilibrated",
            pores=SALT,
            separator=Electrolyte(law=ValoenReimers(), transference=0.5),
        ),
        ["'pores'", "'separator'", "transference"],
    ),
    "salt beside a single-ion conductor": (
        _two(pores=SALT, separator=IONS),
        ["'pores' | 'separator'", "single-ion", "Contact()"],
    ),
    "two potentials on one node": (_corner, ["'left' and 'right'", "different potentials"]),
    "unknown method": (
        lambda: solve_steady(half_covered_square(4), planar_model(), CONTROL, method="magic"),  # type: ignore[arg-type]
        ["method 'magic'", "equilibrated"],
    ),
    "guess from another mesh": (_other_guess, ["guess", "same mesh"]),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_models_are_refused_before_the_solve(case: str) -> None:
    """A model that does not fit its mesh, or is not determined, is answered with names and a remedy."""
    solve, words = REFUSALS[case]
    _sentence(solve, words)


def _sentence(call: Callable[[], object], words: list[str]) -> None:
    with pytest.raises(ModelError) as caught:
        call()
    text = str(caught.value)
    for word in words:
        assert word in text, text
    assert "\n" not in text
    assert ". " not in text.removesuffix("."), f"more than one sentence: {text}"


def test_a_blocking_interface_is_a_declaration() -> None:
    """Blocking() counts as declared and carries no current: the fibre stays out of the circuit."""
    blocking = {pair: Blocking() for pair in _bilayer().interfaces}
    solution = solve_steady(standing_fibre(2), replace(_bilayer(), interfaces=blocking), CONTROL)
    assert set(solution.maps) == {"foil", "counter"}
    assert solution.metrics["share_foil"] == pytest.approx(1.0, rel=1e-12)
    assert abs(solution.currents["feet"]) < 1e-12 * CONTROL.current_density * solution.projected_area


def test_an_area_of_its_own_scales_the_current() -> None:
    """Galvanostatic(area=...) is the area that the current density refers to."""
    mesh = layered_rectangle([("separator", L, 4)], width=L, nx=2)
    whole = solve_steady(mesh, planar_model(), Galvanostatic(current_density=10.0))
    double = solve_steady(mesh, planar_model(), Galvanostatic(current_density=5.0, area=2 * L))
    assert double.cell_voltage == pytest.approx(whole.cell_voltage, rel=1e-10)
    assert double.metrics["current_density_A_m2"] == pytest.approx(5.0, rel=1e-9)
    assert np.nanmax(np.abs(double.c - whole.c)) < 1e-6
