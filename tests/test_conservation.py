"""Conservation in the discrete solution: the feet's current, the salt inventory, a residual that can fail."""

import numpy as np
import pytest
from cells import (
    I,
    half_covered_square,
    planar_model,
    standing_fibre,
    standing_model,
)

from fem import (
    Galvanostatic,
    Solution,
    current_map,
    solve_steady,
)
from fem.materials import FARADAY
from fem.salt import salt_residual

CONTROL = Galvanostatic(current_density=I)


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
    solution = solve_steady(standing_fibre(4), standing_model(), CONTROL)
    mesh = solution.mesh
    held = put_in = 0.0
    for name, porosity in (("pores", 1.0), ("separator", 0.55)):
        elements = mesh.regions[name]
        held += (
            porosity * (solution.c[mesh.cells[:, elements]].mean(0) * mesh.element_volumes[elements]).sum()
        )
        put_in += porosity * 1000.0 * mesh.region_volume(name)
    assert held == pytest.approx(put_in, rel=5e-5)
