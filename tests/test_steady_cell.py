"""Many operating points on one mesh: the same answers as single solves, and nothing done twice."""

from collections import Counter
from dataclasses import replace

import pytest

from fem import (
    ButlerVolmer,
    Electrode,
    Film,
    Galvanostatic,
    LandesfeindGasteiger,
    Model,
    ModelError,
    MultigridKrylov,
    Potentiostatic,
    SolveFailed,
    Solvent,
    SteadyCell,
    coupled_jacobian,
    jacobian,
    multigrid,
    preconditioners,
    solve,
    solve_steady,
    stiffness,
)
from tests.cells import I, standing_fibre, standing_model

MESH, MODEL = standing_fibre(4), standing_model()
SOLVER = MultigridKrylov()
METHODS = pytest.mark.parametrize("method", ["equilibrated", "full"])


def _cell(method: str | None = None) -> SteadyCell:
    return SteadyCell(MESH, MODEL, method=method, linear_solver=SOLVER)


def _kinetics(law) -> Model:
    return replace(
        MODEL,
        interfaces=dict.fromkeys(MODEL.interfaces, law),
        boundaries={
            name: replace(b, kinetics=law) if isinstance(b, Electrode) else b
            for name, b in MODEL.boundaries.items()
        },
    )


def _electrolyte(**changes) -> Model:
    regions = {
        name: replace(m, **changes) if hasattr(m, "macmullin") else m for name, m in MODEL.regions.items()
    }
    return replace(MODEL, regions=regions)


def _fibres(**changes) -> Model:
    return replace(MODEL, regions={**MODEL.regions, "fibres": replace(MODEL.regions["fibres"], **changes)})


MODELS = {
    "exchange current": _kinetics(ButlerVolmer(exchange_current=30.0)),
    "film": _kinetics(Film(1e-4, ButlerVolmer(exchange_current=100.0))),
    "temperature": replace(MODEL, temperature=313.15),
    "electrolyte law": _electrolyte(law=LandesfeindGasteiger(Solvent.EC_EMC)),
    "own transference": _electrolyte(transference=0.6),
    "concentration": _electrolyte(concentration=1200.0),
    "porosity": _electrolyte(porosity=0.8),
    "MacMullin number": _electrolyte(macmullin=2.0),
    "conductivity": _fibres(conductivity=300.0),
}


def _alike(found, expected) -> None:
    assert found.method == expected.method and found.trusted == expected.trusted
    assert found.metrics == pytest.approx(expected.metrics, rel=1e-6, abs=1e-9)
    assert found.cell_voltage == pytest.approx(expected.cell_voltage, rel=1e-9)


@METHODS
@pytest.mark.parametrize("change", MODELS)
def test_another_model_on_the_same_mesh(method: str, change: str) -> None:
    """Whatever is kept must not be that of the old model: the answer is that of a fresh solve."""
    cell = _cell(method)
    cell.solve(Galvanostatic(current_density=I))
    control = Galvanostatic(current_density=0.8 * I)
    found = cell.solve(control, model=MODELS[change])
    _alike(found, solve_steady(MESH, MODELS[change], control, method=method, linear_solver=SOLVER))
    back = cell.solve(control, model=MODEL)
    _alike(back, solve_steady(MESH, MODEL, control, method=method, linear_solver=SOLVER))


@METHODS
def test_controls_change_freely(method: str) -> None:
    """Current, voltage, current again, another area: each as from a fresh solve."""
    cell = _cell(method)
    for control in (
        Galvanostatic(current_density=I),
        Potentiostatic(cell_voltage=0.05),
        Potentiostatic(cell_voltage=0.08),
        Galvanostatic(current_density=-I),
        Galvanostatic(current_density=I, area=2e-12),
    ):
        fresh = solve_steady(MESH, MODEL, control, method=method, linear_solver=SOLVER)
        _alike(cell.solve(control), fresh)


def test_another_layout_is_set_up_afresh() -> None:
    """A blocked interface has other surfaces; another mesh's solution is refused as a guess."""
    from fem import Blocking

    cell = _cell()
    cell.solve(Galvanostatic(current_density=I))
    blocked = replace(MODEL, interfaces=dict.fromkeys(MODEL.interfaces, Blocking()))
    found = cell.solve(Galvanostatic(current_density=0.5 * I), model=blocked)
    fresh = solve_steady(MESH, blocked, Galvanostatic(current_density=0.5 * I), linear_solver=SOLVER)
    _alike(found, fresh)
    other = solve_steady(standing_fibre(2), MODEL, Galvanostatic(current_density=I))
    with pytest.raises(ModelError, match="guess is a solution with other unknowns"):
        cell.solve(Galvanostatic(current_density=I), model=MODEL, guess=other)


def test_a_failed_point_leaves_the_cell_usable() -> None:
    """Far above the limiting current, then a current that exists."""
    cell = _cell()
    cell.solve(Galvanostatic(current_density=I))
    with pytest.raises(SolveFailed):
        cell.solve(Galvanostatic(current_density=1e4 * I))
    control = Galvanostatic(current_density=1.1 * I)
    _alike(cell.solve(control), solve_steady(MESH, MODEL, control, linear_solver=SOLVER))


# --- what is done only once ---


@pytest.fixture
def done(monkeypatch) -> Counter:
    """How often the dear steps are taken."""
    count: Counter = Counter()

    def counted(owner, name: str, label: str) -> None:
        inner = getattr(owner, name)

        def wrapper(*args, **kwargs):
            count[label] += 1
            return inner(*args, **kwargs)

        monkeypatch.setattr(owner, name, wrapper)

    counted(solve, "build_spaces", "spaces")
    counted(stiffness.Stiffness, "on", "stiffness")
    counted(jacobian.JacobianPattern, "__init__", "pattern")
    counted(coupled_jacobian.CoupledJacobian, "__init__", "pattern")
    counted(preconditioners, "cycle", "hierarchy")
    counted(multigrid, "_coarsen", "levels")
    for kind in (solve.EquilibratedSystem, solve.CoupledSystem):
        counted(kind, "residual", "residual")
        counted(kind, "jacobian", "jacobian")
    return count


@METHODS
def test_further_points_set_up_nothing(method: str, done: Counter) -> None:
    """Twelve currents: unknowns, stiffness, pattern and hierarchy once; few steps and iterations a point."""
    cell = _cell(method)
    first = cell.solve(Galvanostatic(current_density=0.2 * I))
    assert (first.statistics.setups, done["spaces"], done["pattern"]) == (1, 1, 1)
    assert done["stiffness"] == (2 if method == "equilibrated" else 0)  # liquids and metals; layers
    assert done["hierarchy"] == (1 if method == "equilibrated" else 2)  # salt, potentials
    dear = {key: done[key] for key in ("spaces", "stiffness", "pattern", "hierarchy", "levels")}
    for k in range(1, 12):
        before = Counter(done)
        solution = cell.solve(Galvanostatic(current_density=(0.2 + 0.1 * k) * I))
        steps = solution.statistics.newton_steps
        assert solution.statistics.setups == 0
        assert 1 <= steps <= 4 and solution.statistics.krylov_iterations <= 12 * steps
        assert done["jacobian"] - before["jacobian"] == steps
        assert done["residual"] - before["residual"] == steps + 1
    assert {key: done[key] for key in dear} == dear


@METHODS
def test_other_kinetics_start_in_the_span_of_the_last_state(method: str, done: Counter) -> None:
    """No first guess, and steps among known directions before the first solve: catches a start from rest."""
    cell, control = _cell(method), Galvanostatic(current_density=I)
    cell.solve(control)
    before = Counter(done)
    model = _kinetics(ButlerVolmer(exchange_current=80.0))
    found = cell.solve(control, model=model).statistics
    assert done["jacobian"] - before["jacobian"] == found.newton_steps  # none for a first guess
    fresh = solve_steady(MESH, model, control, method=method, linear_solver=SOLVER)
    assert found.krylov_iterations <= 0.9 * fresh.statistics.krylov_iterations


@METHODS
def test_other_laws_keep_unknowns_and_stiffness(method: str, done: Counter) -> None:
    """Kinetics, electrolyte law, temperature, porosity: no new unknowns, stiffness or pattern."""
    cell = _cell(method)
    cell.solve(Galvanostatic(current_density=I))
    dear = {key: done[key] for key in ("spaces", "stiffness", "pattern")}
    for change in ("exchange current", "film", "temperature", "electrolyte law", "concentration", "porosity"):
        cell.solve(Galvanostatic(current_density=I), model=MODELS[change])
    assert {key: done[key] for key in dear} == dear


def test_one_point_costs_one_set_up(done: Counter) -> None:
    """One first guess and Newton steps: one Jacobian and residual each, one hierarchy, one pattern."""
    solution = solve_steady(MESH, MODEL, Galvanostatic(current_density=I), linear_solver=SOLVER)
    steps = solution.statistics.newton_steps
    assert steps <= 5 and solution.statistics.krylov_iterations <= 35
    assert done["jacobian"] == steps + 1 and done["residual"] == steps + 2
    assert (done["hierarchy"], done["pattern"], done["spaces"], solution.statistics.setups) == (1, 1, 1, 1)
