"""The flat cell as a function: layers, refusals, and numbers of a mat; its digits are in the verification."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from cells import L

from fem import (
    ButlerVolmer,
    ElectrolyteLaw,
    Film,
    FlatLayer,
    ValoenReimers,
    flat_state,
    limiting_current,
)
from fem.penetration import mat_transmissibility, penetration_depth

T, C0 = 298.15, 1000.0
FREE = [FlatLayer(thickness=L)]
CELGARD_2500 = FlatLayer(thickness=25e-6, porosity=0.55, macmullin=4.5)
IONIC_LAYER = FlatLayer(thickness=5e-6, porosity=0.4, macmullin=6.0)
MAT = FlatLayer(thickness=60e-6, porosity=0.85, macmullin=1 / mat_transmissibility(0.85))


def _limit(layers: Sequence[FlatLayer], law: ElectrolyteLaw) -> float:
    return limiting_current(layers, law, temperature=T, concentration=C0)


def test_limiting_current_does_not_see_how_a_layer_is_cut() -> None:
    """Two layers of the same stuff are one."""
    half = FlatLayer(thickness=12.5e-6, porosity=0.55, macmullin=4.5)
    assert _limit([half, half], ValoenReimers()) == pytest.approx(
        _limit([CELGARD_2500], ValoenReimers()), rel=1e-10
    )


def test_limiting_current_depends_on_the_side_that_plates() -> None:
    """A layer of low porosity on the plating side costs more than on the other side."""
    first, last = _limit([IONIC_LAYER, MAT], ValoenReimers()), _limit([MAT, IONIC_LAYER], ValoenReimers())
    assert first < last


@pytest.mark.parametrize("current", [0.0, -5.0, 2480.0])
def test_flat_state_refuses_currents_without_a_state(current: float) -> None:
    """Above the limit no state exists: one sentence with current, limit and remedy."""
    with pytest.raises(
        ValueError, match=r"limiting current 247.* A/m2, where .* depleted; lower the current"
    ):
        flat_state(FREE, ValoenReimers(), temperature=T, concentration=C0, current=current)


# --- numbers of a mat ---


@pytest.mark.parametrize(
    ("porosity", "share"),
    [
        (0.95, 0.9078),
        (0.85, 0.7354),
        (0.7, 0.5069),
        (0.5, 0.2616),
        (0.3, 0.0893),
        (0.2, 0.0331),
        (0.15, 0.0131),
    ],
)
def test_mat_transmissibility(porosity: float, share: float) -> None:
    """Tomadakis-Sotirchos through a layered mat: the table of the closure."""
    assert mat_transmissibility(porosity) == pytest.approx(share, abs=6e-5)


def test_mat_transmissibility_at_its_ends() -> None:
    """Free liquid conducts fully; at and below the percolation threshold nothing passes."""
    assert mat_transmissibility(1.0) == 1.0
    assert mat_transmissibility(0.11) == mat_transmissibility(0.05) == 0.0


A_MAT = 1.2e6  # [1/m] wetted area per volume


def _depth(conductivity: float, i0: float, resistance: float = 0.0) -> float:
    kinetics = Film(resistance, ButlerVolmer(exchange_current=i0))
    return 1e6 * penetration_depth(conductivity, kinetics, A_MAT, temperature=T, concentration=C0)


def test_penetration_depth_sees_the_film() -> None:
    """L_p grows with sqrt(R_ct + R_f); catches a film left out of the area resistance."""
    charge_transfer = 25.692579e-3 / 100.0
    assert _depth(0.8, 100.0, 3 * charge_transfer) == pytest.approx(2 * _depth(0.8, 100.0), rel=1e-7)
