"""The other program on our meshes: the mesh arrives whole, and both find the same state."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fem import ButlerVolmer, Film, Galvanostatic, Grounded, LinearKinetics, Model, solve_steady
from meshes.structured import extrude
from meshes.tagged import TaggedMesh
from studies.bench.jobs import COMPARED
from studies.bench.run import Stages
from studies.verification.cells import standing_mesh, standing_model

ng = pytest.importorskip("ngsolve", reason="the extra peers is not installed")

from studies.bench.peers import laplace, netgen_mesh, newton, three_fields  # noqa: E402

MODEL = standing_model(
    ButlerVolmer(exchange_current=30.0, transfer_coefficients=(0.4, 0.6), concentration_exponent=0.5),
    counter=ButlerVolmer(exchange_current=80.0),
)
CONTROL = Galvanostatic(current_density=150.0)


@pytest.fixture(scope="module")
def standing() -> TaggedMesh:
    """A plate standing on the anode plane, 3D."""
    return extrude(standing_mesh(4), depth=1e-6, n=1)


@pytest.fixture(autouse=True)
def interpreted(monkeypatch: pytest.MonkeyPatch) -> None:
    """No compiler: it takes ten times as long as all tests here."""
    monkeypatch.setattr(three_fields, "compiles", lambda: False)


def test_mesh_arrives_whole(standing: TaggedMesh) -> None:
    """Catches regions or surfaces that lose elements, and a unit of length that is wrong."""
    mesh = netgen_mesh.netgen_mesh(standing, MODEL)
    assert mesh.ne == standing.n_elements and mesh.nv == standing.n_nodes
    for name in standing.regions:
        volume = ng.Integrate(ng.CF(1), mesh, definedon=mesh.Materials(name))
        assert volume * 1e-18 == pytest.approx(standing.region_volume(name), rel=1e-12)
    for name in (*MODEL.boundaries, netgen_mesh.REACTING):
        area = ng.Integrate(ng.CF(1), mesh, ng.BND, definedon=mesh.Boundaries(name))
        assert area * 1e-12 == pytest.approx(standing.surface_area(name), rel=1e-12)


def test_three_fields_agree_with_the_full_solver(standing: TaggedMesh) -> None:
    """Catches a wrong law, sign or unit on either side: the discretisations differ in quadrature alone."""
    ours = solve_steady(standing, MODEL, CONTROL, method="full")
    problem = three_fields.ThreeFields.of(netgen_mesh.netgen_mesh(standing, MODEL), MODEL, CONTROL)
    stages, said = Stages(), []
    peer = newton.solve(problem, stages, 1, said.append)
    for key in COMPARED:
        assert peer.metrics[key] == pytest.approx(ours.metrics[key], rel=1e-3), key
    assert peer.counts["unknowns"] == ours.statistics.unknowns
    assert peer.counts["newton_steps"] <= 7 and len(said) == peer.counts["newton_steps"] + 1
    assert set(stages.seconds) == {"preconditioner", "assembly", "solve"}


def test_laplace_counts(standing: TaggedMesh) -> None:
    """Every node but those of foil, feet and counter is an unknown."""
    stages = Stages()
    counts = laplace.laplace(netgen_mesh.netgen_mesh(standing, MODEL), MODEL, stages, 1)
    held = {int(n) for name in MODEL.boundaries for n in standing.facets[:, standing.surfaces[name]].ravel()}
    assert counts["unknowns"] == standing.n_nodes - len(held)
    assert 0 < counts["krylov_iterations"] < 60 and set(stages.seconds) == {"assembly", "solve"}


@pytest.mark.parametrize(
    ("model", "word"),
    [
        (standing_model(Film(1e-3, ButlerVolmer(exchange_current=10.0))), "conductors and electrolytes"),
        (standing_model(LinearKinetics(exchange_current=10.0)), "boundary foil"),
        (replace(MODEL, boundaries={**MODEL.boundaries, "feet": Grounded(resistance=1e-3)}), "boundary feet"),
        (replace(MODEL, boundaries={"foil": MODEL.boundaries["foil"]}), "one counter"),
    ],
)
def test_what_the_peer_does_not_know_is_refused(standing: TaggedMesh, model: Model, word: str) -> None:
    """Catches a comparison of two different models."""
    with pytest.raises(three_fields.PeerUnfit, match=word):
        three_fields.ThreeFields.of(netgen_mesh.netgen_mesh(standing, model), model, CONTROL)
