"""Which bodies take part: pockets, isolated metal, compartments side by side and in series."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from cells import I
from painted import BV, LAW, MATERIALS, painted, painted_model

from fem import (
    Conductor,
    Contact,
    Electrode,
    Electrolyte,
    Galvanostatic,
    Model,
    Solution,
    solve_steady,
)
from meshes.structured import layered_rectangle

CONTROL = Galvanostatic(current_density=I)

SOUND = painted(["ssssssss", "........", ".####...", ".####...", ".####...", ".####..."], n=2)
HOLLOW = painted(["ssssssss", "........", ".####...", ".#..#...", ".####...", ".####..."], n=2)


def _held(solution: Solution) -> float:
    """int porosity c [mol/m] of the nodal c where there is any."""
    mesh, held = solution.mesh, 0.0
    for name, material in solution.model.regions.items():
        if isinstance(material, Electrolyte):
            c = solution.c[mesh.cells[:, mesh.regions[name]]].mean(0)
            lives = np.isfinite(c)
            held += material.porosity * float((c * mesh.element_volumes[mesh.regions[name]])[lives].sum())
    return held


def test_isolated_pocket_is_left_out() -> None:
    """A pore inside a fibre holds salt that no current reaches: out of the fields and out of the inventory.

    Catches an inventory that counts the pocket's salt, which would shift c everywhere.
    """
    sound, hollow = (solve_steady(mesh, painted_model(mesh), CONTROL) for mesh in (SOUND, HOLLOW))
    centre = HOLLOW.points[:, HOLLOW.cells].mean(1)
    inside = (abs(centre[0] - 3e-6) < 1e-6) & (abs(centre[1] - 2.5e-6) < 0.5e-6)
    assert inside.sum() == 16
    assert np.isnan(hollow.current_density[:, inside]).all()
    assert hollow.metrics["idle_fibre_area_share"] == pytest.approx(6 / (6 + 12), rel=1e-12)
    assert sound.metrics["idle_fibre_area_share"] == 0
    assert hollow.metrics["fibres_area_m2"] == pytest.approx(sound.metrics["fibres_area_m2"], rel=1e-12)
    put_in = 1000.0 * (HOLLOW.region_volume("pores") - 2e-12 + 0.55 * HOLLOW.region_volume("separator"))
    assert _held(hollow) == pytest.approx(put_in, rel=1e-4)
    assert hollow.metrics["c_min_ratio"] == pytest.approx(sound.metrics["c_min_ratio"], rel=1e-5)
    assert hollow.cell_voltage == pytest.approx(sound.cell_voltage, rel=1e-4)
    assert hollow.trusted


def test_conductor_that_nothing_reaches_is_left_out() -> None:
    """A grain of metal inside an insulator takes no part: the answer is that of the cell without it."""
    with_grain = painted(["ssssss", "......", ".##...", ".##xxx", ".##x#x", ".##xxx"])
    without = painted(["ssssss", "......", ".##...", ".##xxx", ".##xxx", ".##xxx"])
    one, two = (solve_steady(mesh, painted_model(mesh), CONTROL) for mesh in (with_grain, without))
    assert one.statistics.unknowns == two.statistics.unknowns
    assert one.cell_voltage == pytest.approx(two.cell_voltage, rel=1e-12)
    assert one.cluster_currents.size == 0


def test_two_compartments_side_by_side() -> None:
    """Two cells parted by a wall share the voltage, each keeps its own salt and the current of its width."""
    mesh = painted(["sssxssssss"] * 8)
    ends = {
        name: facets[np.isin(mesh.f2t[0, facets], mesh.regions["separator"])]
        for name, facets in mesh.surfaces.items()
        if name in ("foil", "counter")
    }
    mesh = mesh.with_surfaces(ends)
    solution = solve_steady(mesh, painted_model(mesh), CONTROL)
    alone = layered_rectangle([("separator", 8e-6, 8)], width=3e-6, nx=3)
    reference = solve_steady(alone, painted_model(alone), CONTROL)
    assert solution.cell_voltage == pytest.approx(reference.cell_voltage, rel=1e-10)
    assert solution.projected_area == pytest.approx(9e-6, rel=1e-12)
    assert solution.metrics["c_min_ratio"] == pytest.approx(reference.metrics["c_min_ratio"], rel=1e-10)
    assert solution.metrics["foil_cv"] < 1e-9
    assert solution.trusted


def test_two_compartments_in_series_through_a_floating_plate() -> None:
    """A bipolar plate: two cells in series, twice the voltage, salt conserved on each side of the plate.

    Catches electrolyte without its own path to the counter being taken for a pocket.
    """
    rows = ["ssssss"] * 8 + ["######"] + ["......"] * 8
    mesh = painted(rows)
    same = {**MATERIALS, "pores": MATERIALS["separator"], "fibres": Conductor(conductivity=1e6)}
    model = replace(painted_model(mesh), regions={name: same[name] for name in mesh.regions})
    solution = solve_steady(mesh, model, CONTROL)
    alone = layered_rectangle([("separator", 8e-6, 8)], width=6e-6, nx=6)
    reference = solve_steady(alone, painted_model(alone), CONTROL)
    assert solution.cell_voltage == pytest.approx(2 * reference.cell_voltage, rel=1e-6)
    assert solution.metrics["c_min_ratio"] == pytest.approx(reference.metrics["c_min_ratio"], rel=1e-10)
    assert np.abs(solution.cluster_currents).max() < 1e-9 * I * solution.projected_area
    assert solution.metrics["idle_fibre_area_share"] == 0
    assert solution.trusted


def test_grounded_plate_cuts_off_what_lies_below() -> None:
    """Between a grounded plate and the foil there is no voltage: that electrolyte is out."""
    mesh = painted(["ssss"] * 8 + ["####"] + ["...."] * 4)
    ends = mesh.interface("fibres", ("pores", "separator"))
    edge = np.setdiff1d(
        np.flatnonzero(np.isin(mesh.f2t[0], mesh.regions["fibres"]) & (mesh.f2t[1] < 0)), ends
    )
    mesh = mesh.with_surfaces({"feet": edge})
    model = replace(
        painted_model(mesh), regions={**painted_model(mesh).regions, "fibres": Conductor(conductivity=1e6)}
    )
    solution = solve_steady(mesh, model, CONTROL)
    assert "foil" not in solution.maps
    assert np.isnan(solution.phi_e[mesh.points[1] < 3.5e-6]).all()
    assert solution.metrics["idle_fibre_area_share"] == pytest.approx(0.5)
    assert solution.trusted


def test_two_floating_conductors_that_touch_pass_current_on() -> None:
    """A floating fibre of two metals with a contact: each gives off what it takes up, the contact included.

    Catches a net current that counts reactions alone, which the contact would leave open.
    """
    legend = {"#": "fibres", "g": "grain", ".": "pores", "s": "separator"}
    mesh = painted(["ssssss", "ssssss", "..##..", "..##..", "..gg..", "..gg..", "......"], n=2, legend=legend)
    model = Model(
        regions={name: MATERIALS.get(name, MATERIALS["fibres"]) for name in mesh.regions},
        interfaces={
            ("fibres", "pores"): BV,
            ("fibres", "separator"): BV,
            ("grain", "pores"): BV,
            ("fibres", "grain"): Contact(resistance=1e-6),
        },
        boundaries={
            "foil": Electrode(BV, terminal="anode"),
            "counter": Electrode(BV, terminal="counter"),
        },
    )
    solution = solve_steady(mesh, model, CONTROL)
    through = abs(solution.currents["fibres|grain"])
    assert through > 1e-3 * I * solution.projected_area
    assert solution.cluster_currents.size == 2
    assert np.abs(solution.cluster_currents).max() < 1e-8 * through
    assert solution.trusted


def test_concentrations_are_counted_from_each_bodys_own_mean() -> None:
    """Two bodies put in at 500 and 2000 mol/m3: at a small current neither looks depleted."""
    mesh = painted(["ssssss"] * 4 + ["######"] + ["......"] * 4)
    base = painted_model(mesh)
    model = replace(
        base,
        regions={
            "fibres": Conductor(conductivity=1e6),
            "pores": Electrolyte(law=LAW, concentration=500.0),
            "separator": Electrolyte(law=LAW, concentration=2000.0),
        },
    )
    solution = solve_steady(mesh, model, Galvanostatic(current_density=1.0))
    assert 0.99 < solution.metrics["c_min_ratio"] < 1 < solution.metrics["c_max_ratio"] < 1.01
    assert 0.99 < solution.metrics["c_min_anode_ratio"] < 1
