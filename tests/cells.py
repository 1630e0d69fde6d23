"""The small cells of the verification with the defaults of the tests; no Gmsh."""

from __future__ import annotations

from fem import ButlerVolmer, Electrolyte, ElectrolyteLaw, Kinetics, Model, ValoenReimers
from studies.verification import cells
from studies.verification.cells import I, L, electrodes
from studies.verification.cells import floating_mesh as fibre_mesh
from studies.verification.cells import half_covered_mesh as half_covered_square
from studies.verification.cells import standing_mesh as standing_fibre

__all__ = [
    "I",
    "L",
    "fibre_mesh",
    "fibre_model",
    "half_covered_square",
    "planar_model",
    "standing_fibre",
    "standing_model",
]


def planar_model(
    law: ElectrolyteLaw | None = None, kinetics: Kinetics | None = None, region: str = "separator"
) -> Model:
    """Li | electrolyte | Li with the same kinetics on both sides."""
    kinetics = kinetics or ButlerVolmer(exchange_current=10.0)
    return Model(regions={region: Electrolyte(law=law or ValoenReimers())}, boundaries=electrodes(kinetics))


def fibre_model(kinetics: Kinetics | None = None, law: ElectrolyteLaw | None = None) -> Model:
    """The floating fibre in a salt electrolyte between foil and counter."""
    return cells.floating_model(law or ValoenReimers(), kinetics or ButlerVolmer(exchange_current=100.0))


def standing_model(kinetics: Kinetics | None = None, conductivity: float = 1e3) -> Model:
    """The standing fibre with a grounded foot, a reacting foil and a porous separator."""
    return cells.standing_model(kinetics or ButlerVolmer(exchange_current=100.0), conductivity=conductivity)
