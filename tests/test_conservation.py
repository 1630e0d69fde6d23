"""Conservation and identities of the discrete solution: charge, salt, voltage split, salt residual."""

import numpy as np
import pytest
from cells import (
    I,
    fibre_mesh,
    fibre_model,
    half_covered_square,
    planar_model,
    standing_fibre,
    standing_model,
)

from fem import (
    ButlerVolmer,
    Film,
    Galvanostatic,
    LandesfeindGasteiger,
    Solution,
    Solvent,
    current_map,
    solve_steady,
)
from fem.electrolyte import ElectrolyteLaw, ValoenReimers
from fem.materials import FARADAY
from fem.salt import salt_residual

CONTROL = Galvanostatic(current_density=I)


FILM = Film(1e-3, ButlerVolmer(exchange_current=100.0))
CELLS = {
    "half-covered": lambda: (half_covered_square(10), planar_model(kinetics=FILM)),
    "floating fibre": lambda: (fibre_mesh(8), fibre_model(FILM)),
    "standing fibre": lambda: (standing_fibre(2), standing_model()),
}


@pytest.fixture(params=CELLS)
def solution(request: pytest.FixtureRequest) -> Solution:
    """The state of each small cell at 200 A/m2."""
    return solve_steady(*CELLS[request.param](), CONTROL)


def test_charge_salt_and_voltage_close(solution: Solution) -> None:
    """V11: sum of currents, salt inventory and voltage split to solver tolerance, on any mesh.

    Catches post-processed fluxes, a split with another quadrature than the assembly, a lost film drop.
    """
    assert solution.metrics["charge_imbalance"] < 1e-9
    assert solution.metrics["inventory_error"] < 1e-12
    assert solution.metrics["split_closure"] < 1e-9
    assert solution.trusted
    assert solution.split is not None
    assert all(value > -1e-12 for value in solution.split.concentration.values())
    assert np.abs(solution.cluster_currents).max(initial=0.0) < 1e-9 * I * solution.projected_area


def test_feet_carry_the_fibres_current() -> None:
    """The residual current at the grounded feet is what reacts on the fibre: one conductor, one way out."""
    solution = solve_steady(standing_fibre(2), standing_model(), CONTROL)
    assert solution.currents["feet"] == pytest.approx(-solution.currents["fibre_surface"], rel=1e-8)
    on_fibre = current_map(solution, "fibre_surface")
    with pytest.raises(KeyError, match="fibre_surface, foil, counter"):
        current_map(solution, "fibres")
    assert (on_fibre.areas * on_fibre.current_density).sum() == pytest.approx(
        solution.metrics["share_fibres"] * I * solution.projected_area, rel=1e-12
    )


def _relative_salt_residual(solution: Solution, phi_e: np.ndarray | None = None) -> float:
    potential = solution.phi_e if phi_e is None else phi_e
    residual = salt_residual(solution.mesh, solution.model, potential, solution.c)
    return float(np.abs(residual).sum()) * FARADAY / (I * solution.projected_area)


@pytest.mark.parametrize("law", [ValoenReimers(), LandesfeindGasteiger(Solvent.EC_EMC)], ids=lambda v: v.name)
@pytest.mark.parametrize("cell", ["half-covered", "floating fibre"])
def test_no_anion_moves(cell: str, law: ElectrolyteLaw) -> None:
    """R_c of the full salt balance with the nodal c and phi_e falls with the mesh size at every node.

    No boundary term, every row counts. Catches a wrong Psi: another transference, TDF, D or kappa than in
    N_-.
    """
    sizes = []
    for n in (8, 16, 32):
        mesh, model = (
            (half_covered_square(n), planar_model(law, FILM))
            if cell == "half-covered"
            else (fibre_mesh(n), fibre_model(FILM, law))
        )
        solution = solve_steady(mesh, model, CONTROL)
        sizes.append(_relative_salt_residual(solution))
    rates = np.log2(np.array(sizes[:-1]) / sizes[1:])
    assert (rates > 0.9).all(), (sizes, rates)
    assert sizes[-1] < 2e-3


def test_salt_residual_sees_a_wrong_potential() -> None:
    """The check can fail: 5 % too much concentration voltage leaves a residual that does not fall."""
    sizes = []
    for n in (8, 16, 32):
        solution = solve_steady(half_covered_square(n), planar_model(), CONTROL)
        assert solution.split is not None
        wrong = solution.phi_e + 0.05 * 2 * 0.0257 * np.log(solution.c)
        sizes.append(_relative_salt_residual(solution, wrong))
    assert min(sizes) > 0.02
    assert sizes[-1] > 0.7 * sizes[0]


def test_inventory_matches_an_independent_integral() -> None:
    """int porosity c over the layers with nodal c equals what was put in, to the mesh's error."""
    solution = solve_steady(standing_fibre(3), standing_model(), CONTROL)
    mesh = solution.mesh
    held = put_in = 0.0
    for name, porosity in (("pores", 1.0), ("separator", 0.55)):
        elements = mesh.regions[name]
        held += (
            porosity * (solution.c[mesh.cells[:, elements]].mean(0) * mesh.element_volumes[elements]).sum()
        )
        put_in += porosity * 1000.0 * mesh.region_volume(name)
    assert held == pytest.approx(put_in, rel=5e-5)
