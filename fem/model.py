"""The model: physics declared per name on a tagged mesh, and the controls that drive it.

A model is pure data: regions (what conducts where), interfaces (what reacts between two regions) and
boundaries (what holds at a named surface). `fem/check.py` compares it with a mesh and refuses what does not
fit; the solvers then trust it. Signs: potentials in V against the anode plane (phi_s = 0); a current_density
> 0 plates lithium on the anode.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from fem.conditions import Boundary, Electrode, Interface, ModelError, Terminal
from fem.materials import Material


@dataclass(frozen=True, kw_only=True)
class Model:
    """Physics by name; everything a solver needs beside the mesh.

    regions: every region of the mesh -> its material. interfaces: two region names in either order -> what
    passes between them. Conductor | electrolyte: kinetics, or Blocking(). Liquid | single-ion conductor:
    Contact(resistance=...), or kinetics for charge transfer with its own exchange current (eta is the
    difference of the potentials). Both must be declared wherever the mesh has them. Conductor | conductor:
    Contact(resistance=...), or nothing for one body. boundaries: surface name -> Grounded, Electrode or
    FixedPotential; every other surface is insulated (symmetry). temperature [K] is handed to every law.
    """

    regions: Mapping[str, Material]
    interfaces: Mapping[tuple[str, str], Interface] = field(default_factory=dict)
    boundaries: Mapping[str, Boundary] = field(default_factory=dict)
    temperature: float = 298.15  # [K]

    def __post_init__(self) -> None:
        if not (math.isfinite(self.temperature) and self.temperature > 0):
            raise ModelError(
                f"temperature must be > 0 K, got {self.temperature} K; was it given in degrees Celsius?"
            )

    def regions_of(self, *kinds: type) -> tuple[str, ...]:
        """Names of the regions whose material is of one of these kinds, in the model's order."""
        return tuple(name for name, material in self.regions.items() if isinstance(material, kinds))

    def terminals(self, terminal: Terminal) -> dict[str, Electrode]:
        """Electrodes wired to a terminal, by surface name."""
        return {
            n: b for n, b in self.boundaries.items() if isinstance(b, Electrode) and b.terminal == terminal
        }


@dataclass(frozen=True, kw_only=True)
class Galvanostatic:
    """Fixed current per projected area, I [A/m2] > 0 plating on the anode.

    The projected area is the counter electrode's unless `area` [m2] is given (per metre of depth in 2D).
    """

    current_density: float  # [A/m2]
    area: float | None = None  # [m2]

    def __post_init__(self) -> None:
        if not (math.isfinite(self.current_density) and self.current_density != 0.0):
            raise ModelError(
                f"current_density must be finite and not zero, got {self.current_density} A/m2; "
                "use Potentiostatic(cell_voltage=0) for a cell at rest"
            )
        if self.area is not None and not (math.isfinite(self.area) and self.area > 0):
            raise ModelError(
                f"area must be a finite number > 0 m2, got {self.area} m2; leave it out for the counter's"
            )


@dataclass(frozen=True, kw_only=True)
class Potentiostatic:
    """Fixed cell voltage V [V], counter against anode; > 0 plates on the anode."""

    cell_voltage: float  # [V]
    area: float | None = None  # [m2]

    def __post_init__(self) -> None:
        if not math.isfinite(self.cell_voltage):
            raise ModelError(f"cell_voltage must be finite, got {self.cell_voltage} V")
        if self.area is not None and not (math.isfinite(self.area) and self.area > 0):
            raise ModelError(
                f"area must be a finite number > 0 m2, got {self.area} m2; leave it out for the counter's"
            )


Control = Galvanostatic | Potentiostatic
