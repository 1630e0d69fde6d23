"""A small case in cross-section, parallel fibres and flat layers, and a cell that fails on purpose."""

from __future__ import annotations

from typing import Any

from fem.model import Galvanostatic
from fem.solve import SteadyCell
from studies.case import Case

SMALL = """
title = "Small fins"
designs = ["planar", "planar_ionic", "bilayer"]
[cell]
width = "6 um"
depth = "6 um"
[cell.framework]
kind = "parallel"
thickness = "6 um"
fibre_diameter = "1 um"
porosity = 0.85
[cell.ionic_layer]
thickness = "4 um"
[operation]
cell_voltage = "20 mV"
[mesh]
size = "0.5 um"
dimension = 2
"""
CASE = Case.from_toml(SMALL)


class Fragile(SteadyCell):
    """A cell under an ionic layer without a mat whose second point fails."""

    error: BaseException

    def solve(self, control: Any = None, **options: Any) -> Any:
        flat = "fibres" not in self.mesh.regions and "ionic_layer" in self.mesh.regions
        if flat and isinstance(control, Galvanostatic) and control.current_density > 150.0:
            raise self.error
        return super().solve(control, **options)
