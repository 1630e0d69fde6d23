"""What a solve returns: fields, maps, metrics, voltage split, trust checks, statistics, files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from fem.currents import CurrentMap
from fem.elements import Floats, present
from fem.metrics import DepthProfile
from fem.model import Control, Model
from fem.overpotentials import VoltageSplit
from fem.system import Found
from fem.trust import Check, trusted
from meshes.paraview import write_region, write_surface
from meshes.tagged import TaggedMesh


@dataclass(frozen=True, kw_only=True)
class SolverStatistics:
    """How the state was found. residual_history is |R|_1 over the cell's current at every Newton iterate."""

    method: str
    linear_solver: str
    unknowns: int
    newton_steps: int
    krylov_iterations: int
    setups: int
    residual_history: tuple[float, ...]
    seconds: Mapping[str, float]


@dataclass(frozen=True, kw_only=True, eq=False)
class Solution:
    """A converged steady state on a mesh.

    phi_s, phi_e [V] and c [mol/m3] at the Lagrange nodes, NaN where the field does not live: (n_nodes,) at
    order 1; at order 2 (n_nodes + n_edges,), the middles of edges in the order of `mesh.edges` after the
    nodes (`mesh.node_points(2)`). phi_s is relative to the anode plane; where a potential jumps at a
    resistance between two bodies, one of the two sides is given. maps holds the current map of each reacting
    surface by name. currents [A] by surface: > 0 plates; through contacts from the first
    body to the second, at fixed potentials into the cell. cluster_currents [A]: net current of each floating
    conductor (0 up to round-off). metrics uses the result keys, with units in the names.
    """

    mesh: TaggedMesh
    model: Model
    control: Control | None
    method: str
    phi_s: Floats
    phi_e: Floats
    c: Floats
    maps: Mapping[str, CurrentMap]
    currents: Mapping[str, float]
    cluster_currents: Floats
    cell_voltage: float
    projected_area: float
    metrics: Mapping[str, float]
    split: VoltageSplit | None
    depth_profile: DepthProfile | None
    trust: tuple[Check, ...]
    statistics: SolverStatistics
    guess: Found  # where a later solve on this mesh may start: hand it the Solution as `guess`
    _vectors: Callable[[], Floats] = field(repr=False)

    @cached_property
    def current_density(self) -> Floats:
        """The current density vector (d, n_elements) [A/m2] in conductors and electrolytes, NaN in insulators
        and isolated pockets; worked out when it is first asked for."""
        return self._vectors()

    @property
    def trusted(self) -> bool:
        """Whether every check with a limit passed."""
        return trusted(self.trust)

    def write(self, directory: str | Path, progress: Callable[[str], None] | None = None) -> list[Path]:
        """Write <region>.vtu and <surface>.vtu for ParaView and return their paths.

        Regions: points phi_s_V or phi_e_V and c_mol_m3, cells current_density_A_m2. Surfaces: cells
        local_current_density_A_m2 (> 0 plates), overpotential_V and area_m2; other named surfaces carry no
        field. Area times current density sums to the reported current.
        """
        folder, written = Path(directory), []
        folder.mkdir(parents=True, exist_ok=True)
        for name, elements in self.mesh.regions.items():
            nodes = present(self.mesh.cells[:, elements], self.mesh.n_nodes)
            points = {
                key: values
                for key, values in (("phi_s_V", self.phi_s), ("phi_e_V", self.phi_e), ("c_mol_m3", self.c))
                if self._lives_on(key, name) and np.isfinite(values[nodes]).any()
            }
            cells = {}
            vector = self.current_density[:, elements].T
            if np.isfinite(vector).any():
                cells["current_density_A_m2"] = np.pad(vector, ((0, 0), (0, 3 - vector.shape[1])))
            if progress:
                progress(f"writing {name}.vtu")
            written.append(write_region(folder / f"{name}.vtu", self.mesh, elements, points, cells))
        for name, current_map in self.maps.items():
            file = folder / f"{name.replace('|', '-')}.vtu"
            written.append(
                write_surface(
                    file,
                    self.mesh,
                    current_map.facets,
                    cell_data={
                        "local_current_density_A_m2": current_map.current_density,
                        "overpotential_V": current_map.overpotential,
                        "area_m2": current_map.areas,
                    },
                )
            )
        return written

    def _lives_on(self, key: str, region: str) -> bool:
        kind = type(self.model.regions[region]).__name__
        return {
            "Conductor": key == "phi_s_V",
            "Electrolyte": key in ("phi_e_V", "c_mol_m3"),
            "SingleIonConductor": key == "phi_e_V",
        }.get(kind, False)


def current_map(solution: Solution, name: str) -> CurrentMap:
    """The current map of a surface of a solution. Raises KeyError with the names that exist."""
    if name not in solution.maps:
        raise KeyError(
            f"no current flows through a surface {name!r}; reacting surfaces are: {', '.join(solution.maps)}"
        )
    return solution.maps[name]
