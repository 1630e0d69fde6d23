"""Polarisation: curves against the closed form, their end at depletion, files, and what is kept.

Cells are cross-sections of parallel fibres and flat layers, a few hundred unknowns each.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from fins import CASE, Fragile

from fem import solve
from fem.flat_cell import FlatLayer, flat_state, limiting_current
from fem.linear import MultigridKrylov
from fem.model import Galvanostatic, Potentiostatic
from fem.newton import Outcome, SolveFailed
from fem.solve import SteadyCell
from geometry.designs import Design
from meshes.cache import MeshCache
from studies import limits
from studies.build import electrolyte_law
from studies.case import Case
from studies.compare import COLUMNS
from studies.polarisation import End, Polarisation, Stopped, polarise, walk

DRAWN = """cell_voltage anode_overpotential differential_resistance voltage_split lowest_concentration
spread peak top_bottom share_fibres half_height"""
THERMAL = 0.025692579  # RT/F [V] at 298.15 K

pytestmark = pytest.mark.gmsh


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> MeshCache:
    """Every mesh is made once for all tests."""
    return MeshCache(tmp_path_factory.mktemp("meshes"))


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("polarise") / "out"


@pytest.fixture(scope="module")
def found(cache: MeshCache, out: Path) -> Polarisation:
    """All designs far beyond the limit of each, with everything written."""
    return polarise(CASE, [1e4, 100.0, 500.0, 250.0], out, cache=cache, fields=True)


def planar(case: Case = CASE) -> tuple[list[FlatLayer], dict[str, float]]:
    """The separator of the planar design, and the conditions of its salt."""
    separator, liquid = case.cell.separator, case.electrolyte
    layers = [
        FlatLayer(thickness=separator.thickness, porosity=separator.porosity, macmullin=separator.macmullin)
    ]
    return layers, {"temperature": liquid.temperature, "concentration": liquid.concentration}


def test_planar_curve_is_the_closed_form(found: Polarisation) -> None:
    """V = Psi(c_s) - Psi(c_p) + 2 RT/F [asinh(I/2i0(c_p)) + asinh(I/2i0(c_s))] at every point.

    Also at those found by voltage; catches a point labelled with a current that is not its own."""
    layers, at = planar()
    curve = found.curves[Design.PLANAR]
    assert len(curve.points) > 4
    for point in curve.points:
        current = point.current
        state = flat_state(layers, electrolyte_law(CASE), current=current, **at)
        charge = sum(
            2 * THERMAL * np.arcsinh(current / (2 * 100.0 * np.sqrt(c / 1000.0)))
            for c in (state.c_plating, state.c_stripping)
        )
        expected = state.electrolyte_voltage + charge
        assert point.result.metrics["cell_voltage_V"] == pytest.approx(expected, rel=2e-5)


def test_a_flat_curve_ends_at_its_exact_limit(found: Polarisation) -> None:
    """Untried above it, and approached to 2 %; the sentence says so."""
    layers, at = planar()
    limit = limiting_current(layers, electrolyte_law(CASE), **at)
    curve = found.curves[Design.PLANAR]
    assert curve.end is End.DEPLETED and curve.bracket is not None and curve.missing == (1e4,)
    assert curve.bracket.low == curve.points[-1].current
    assert 0.98 * limit <= curve.bracket.low < limit == pytest.approx(curve.bracket.high)
    assert "exact" in curve.reason and "no steady state carries 1000 mA/cm²" in curve.reason
    assert curve.risk == pytest.approx(0.75 * limit)


def test_nothing_is_tried_where_no_state_can_be(cache: MeshCache, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the limit no current is given: a solve that fails costs more than the whole curve."""
    asked: list[Any] = []

    class Recording(SteadyCell):
        def solve(self, control: Any = None, **options: Any) -> Any:
            asked.append(control)
            return super().solve(control, **options)

    monkeypatch.setattr(walk, "SteadyCell", Recording)
    curve = polarise(CASE, [500, 1e4, 2e4], designs=[Design.PLANAR], cache=cache).curves[Design.PLANAR]
    assert [c.current_density for c in asked if isinstance(c, Galvanostatic)] == [500]
    assert len(asked) == len(curve.points) and curve.missing == (1e4, 2e4)


@pytest.mark.parametrize("design", [Design.PLANAR, Design.PLANAR_IONIC])
def test_the_bracket_holds_the_limit_that_was_not_given(
    cache: MeshCache, monkeypatch: pytest.MonkeyPatch, design: Design
) -> None:
    """The limit is kept from the walk: what it finds by voltage alone must enclose the exact one."""
    exact, _ = limits.bracket(CASE, design)
    monkeypatch.setattr(walk.limits, "FLAT", ())
    monkeypatch.setattr(walk.limits, "bracket", lambda *_: (100.0, 100.0))
    curve = polarise(CASE, [1e4], designs=[design], cache=cache).curves[design]
    assert curve.end is End.DEPLETED and curve.bracket is not None and "extrapolated" in curve.bracket.basis
    assert curve.bracket.low < exact < curve.bracket.high
    assert curve.bracket.width <= walk.WIDTH


def test_a_mat_is_never_refused_and_its_bracket_is_narrow(found: Polarisation) -> None:
    """Beyond the limit of its foil, a bound alone, to where the current no longer grows with voltage."""
    curve = found.curves[Design.BILAYER]
    assert curve.end is End.DEPLETED and curve.bracket is not None
    assert curve.foil < curve.bracket.low < curve.bracket.high <= curve.top
    assert curve.bracket.width <= walk.WIDTH
    volts = [point.result.metrics["cell_voltage_V"] for point in curve.points]
    assert volts == sorted(volts) and curve.trusted


def test_a_current_between_the_bounds_of_a_mat_is_reached(found: Polarisation, cache: MeshCache) -> None:
    """It is beyond the bound with all reaction at the foil, and has a state all the same."""
    mat = found.curves[Design.BILAYER]
    assert mat.bracket is not None
    between = 0.5 * (mat.foil + mat.bracket.low)
    curve = polarise(CASE, [between], designs=[Design.BILAYER], cache=cache).curves[Design.BILAYER]
    assert curve.end is End.REACHED and curve.points[-1].requested
    assert curve.points[-1].current == pytest.approx(between, rel=1e-9)


def test_one_cell_and_one_set_up_per_design(cache: MeshCache, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted: cells made, systems set up, preconditioners made. Catches a solve that starts afresh."""
    made: list[str] = []
    real = solve.build_spaces
    monkeypatch.setattr(solve, "build_spaces", lambda *a: (made.append("spaces"), real(*a))[1])
    monkeypatch.setattr(solve, "choose_linear_solver", lambda *_: MultigridKrylov())

    class Counted(SteadyCell):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            made.append("cell")
            super().__init__(*arguments, **options)

    monkeypatch.setattr(walk, "SteadyCell", Counted)
    curve = polarise(CASE, [50, 100, 150, 200], designs=[Design.BILAYER], cache=cache).curves[Design.BILAYER]
    assert sorted(made) == ["cell", "spaces"]
    assert [point.result.solver["setups"] for point in curve.points] == [1, 0, 0, 0]
    assert all(point.seconds > 0.0 for point in curve.points)


def test_the_table(found: Polarisation, out: Path) -> None:
    """One row per state and per current without one; all result keys; losses that add up."""
    table = pd.read_csv(out / "polarisation.csv")
    assert list(table.columns[:5]) == ["design", "status", "reason", "requested", "seconds"]
    assert set(COLUMNS) <= set(table.columns)
    assert list(table["design"].unique()) == ["planar", "planar_ionic", "bilayer"]
    lost = table[table["status"] == "depleted"]
    assert list(lost["current_density_A_m2"]) == [1e4] * 3 and lost["reason"].str.contains("limiting").all()
    states = table[table["status"] == "ok"]
    assert len(states) == sum(len(curve.points) for curve in found.curves.values())
    losses = [
        key
        for key in COLUMNS
        if key.endswith("_V") and key not in ("cell_voltage_V", "anode_overpotential_V")
    ]
    assert np.allclose(states[losses].sum(axis=1), states["cell_voltage_V"], rtol=1e-9)
    for _, rows in states.groupby("design"):
        assert rows["current_density_A_m2"].is_monotonic_increasing
        assert list(rows[rows["requested"]]["current_density_A_m2"].round(6)) == [100.0, 250.0, 500.0]


def test_figures_and_page(found: Polarisation, out: Path) -> None:
    """Units on axes, designs in legends, sentences on the page, nothing loaded from elsewhere."""
    names = {path.name for path in (out / "figures").iterdir()}
    wanted = set(DRAWN.split())
    assert names == {f"{name}.{kind}" for name in wanted for kind in ("svg", "png")}
    for name in wanted:
        text = (out / "figures" / f"{name}.svg").read_text("utf-8")
        ElementTree.fromstring(text)
        assert ("current density (mA/cm²)" in text and "bilayer" in text) or name == "voltage_split"
    assert "cell voltage (mV)" in (out / "figures" / "cell_voltage.svg").read_text("utf-8")
    assert "0.75 of the limiting current" in (out / "figures" / "cell_voltage.svg").read_text("utf-8")
    page = (out / "report.html").read_text("utf-8")
    for outside in ("<script", "<link", 'src="http', "@import", "url(http"):
        assert outside not in page
    assert page.count("<svg") == len(wanted)
    for curve in found.curves.values():
        assert curve.reason in page.replace("&#39;", "'")
    for word in ("Small fins", "Monroe and Newman", "10.1149/1.1872737", "asked for / first"):
        assert word in page


def test_fields_with_current_as_time(found: Polarisation, out: Path) -> None:
    """In mA/cm², as a sweep over currents has it."""
    folder = out / "fields" / "bilayer"
    series_ = ElementTree.parse(folder / "polarisation.pvd").getroot().findall(".//DataSet")
    times = sorted({float(entry.attrib["timestep"]) for entry in series_})
    assert np.allclose(times, [0.1 * point.current for point in found.curves[Design.BILAYER].points])
    assert all((folder / entry.attrib["file"]).is_file() for entry in series_)
    assert (folder / "001" / "fibre_surface.vtu").is_file()
    for point in found.curves[Design.BILAYER].points:
        assert all((out / name).is_file() for name in point.result.files)


def test_a_failed_solve_keeps_the_others(
    cache: MeshCache, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Another reason than depletion ends one curve, is said, and is no success."""
    error = SolveFailed("it stagnated", outcome=Outcome.STAGNATED, state=None, last_converged_current=None)
    monkeypatch.setattr(Fragile, "error", error, raising=False)
    monkeypatch.setattr(walk, "SteadyCell", Fragile)
    found = polarise(CASE, [100, 200], tmp_path, cache=cache)
    ends = {design: curve.end for design, curve in found.curves.items()}
    assert ends == {"planar": End.REACHED, "planar_ionic": End.FAILED, "bilayer": End.REACHED}
    assert not found.complete
    table = pd.read_csv(tmp_path / "polarisation.csv")
    assert list(table["status"]) == ["ok", "ok", "ok", "failed", "ok", "ok"]
    assert "stagnated; the last current of the curve is 10 mA/cm²" in table.loc[3, "reason"]  # type: ignore[operator]
    assert "it stagnated" in (tmp_path / "report.html").read_text("utf-8")


def test_stopped_by_hand(cache: MeshCache, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is finished is kept, the point before included; earlier results of the folder make way."""
    (tmp_path / "polarisation.csv").write_text("old", "utf-8")
    (tmp_path / "fields" / "framework").mkdir(parents=True)
    monkeypatch.setattr(Fragile, "error", KeyboardInterrupt(), raising=False)
    monkeypatch.setattr(walk, "SteadyCell", Fragile)
    with pytest.raises(Stopped) as stop:
        polarise(CASE, [100, 200], tmp_path, cache=cache)
    curves = stop.value.polarisation.curves
    assert [(c.design, c.end, len(c.points)) for c in curves.values()] == [
        ("planar", End.REACHED, 2), ("planar_ionic", End.STOPPED, 1),
    ]  # fmt: skip
    table = pd.read_csv(tmp_path / "polarisation.csv")
    assert list(table["status"]) == ["ok", "ok", "ok", "stopped"]
    assert "Stopped by hand" in (tmp_path / "report.html").read_text("utf-8")
    assert {path.name for path in tmp_path.iterdir()} == {
        "polarisation.csv",
        "report.html",
        "figures",
        "fields",
    }
    assert not list((tmp_path / "fields").iterdir())


def test_stopped_before_anything_was_found(
    cache: MeshCache, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Fragile, "error", KeyboardInterrupt(), raising=False)
    monkeypatch.setattr(walk, "SteadyCell", Fragile)
    with pytest.raises(KeyboardInterrupt) as stop:
        polarise(CASE, [200], tmp_path / "out", designs=[Design.PLANAR_IONIC], cache=cache)
    assert not isinstance(stop.value, Stopped) and not list((tmp_path / "out").glob("*"))


def test_an_untrusted_point_of_the_approach_ends_it(
    cache: MeshCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So near the limit the mesh is too coarse: the point is left out, the bracket says how near it is."""

    class Doubtful(SteadyCell):
        def solve(self, control: Any = None, **options: Any) -> Any:
            solution = super().solve(control, **options)
            if isinstance(control, Potentiostatic):
                monkeypatch.setattr(type(solution), "trusted", property(lambda _: False))
            return solution

    monkeypatch.setattr(walk, "SteadyCell", Doubtful)
    curve = polarise(CASE, [500, 1e4], designs=[Design.PLANAR], cache=cache).curves[Design.PLANAR]
    assert curve.end is End.DEPLETED and len(curve.points) == 1 and curve.bracket is not None
    assert curve.bracket.low == pytest.approx(500.0) and curve.bracket.width > walk.WIDTH
    assert "too coarse" in curve.reason
    monkeypatch.setattr(walk.limits, "FLAT", ())  # nothing says that the current has no state
    curve = polarise(CASE, [500, 1000], designs=[Design.PLANAR], cache=cache).curves[Design.PLANAR]
    assert curve.end is End.REACHED  # from the voltage beyond
    curve = polarise(CASE, [500, 1200], designs=[Design.PLANAR], cache=cache).curves[Design.PLANAR]
    assert curve.end is End.FAILED and "too coarse" in curve.reason
