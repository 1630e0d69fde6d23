"""Small cells that several subjects share: planar, half-covered, a standing and a floating fibre."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fem import (
    ButlerVolmer,
    Conductor,
    Electrode,
    Electrolyte,
    ElectrolyteLaw,
    Galvanostatic,
    Grounded,
    Kinetics,
    Model,
    ValoenReimers,
)
from fem.convergence import RateTable, convergence
from fem.materials import thermal_voltage
from fem.solve import Order
from meshes.curving import curve
from meshes.exact_surfaces import ExactSurface, Shape, Sphere
from meshes.simplices import FloatArray
from meshes.structured import fibre_in_rectangle, layered_rectangle
from meshes.tagged import TaggedMesh

T, C0 = 298.15, 1000.0  # [K], [mol/m3]
V_T = thermal_voltage(T)
L = 50e-6  # thickness of the planar cell [m]
I = 200.0  # [A/m2]
CURRENT = Galvanostatic(current_density=I)
FAST = ButlerVolmer(exchange_current=100.0)
SLOW = ButlerVolmer(exchange_current=10.0)


@dataclass(frozen=True, kw_only=True)
class Level:
    """What one order of the elements must show: resolutions, least rate (or rates by quantity), error."""

    order: Order
    resolutions: Sequence[int]
    least_rate: float | Mapping[str, float]
    largest_error: float


def rates(run: Callable[[int, Order], Mapping[str, float]], *levels: Level) -> list[RateTable]:
    """Rate tables of the errors run(n, order) at every level, the order in their names."""
    tables = []
    for at in levels:
        label = f"order {at.order}: {{}}".format
        least = at.least_rate
        tables += convergence(
            lambda n, order=at.order, label=label: {label(k): e for k, e in run(n, order).items()},
            at.resolutions,
            least_rates={label(k): r for k, r in least.items()} if isinstance(least, Mapping) else least,
            largest_errors=at.largest_error,
        )
    return tables


def electrodes(anode: Kinetics, counter: Kinetics | None = None) -> dict[str, Electrode]:
    """Foil below and counter above, with one kinetic law unless the counter has its own."""
    return {
        "foil": Electrode(anode, terminal="anode"),
        "counter": Electrode(counter or anode, terminal="counter"),
    }


def moved(mesh: TaggedMesh, points: FloatArray) -> TaggedMesh:
    """The same elements, regions and surfaces with its nodes elsewhere, (dim, n_nodes) [m]."""
    surfaces = {name: mesh.facets[:, facets] for name, facets in mesh.surfaces.items()}
    return TaggedMesh.from_arrays(points=points, cells=mesh.cells, regions=mesh.regions, surfaces=surfaces)


def following(mesh: TaggedMesh, surfaces: Mapping[str, ExactSurface]) -> TaggedMesh:
    """The mesh with the edges on named surfaces bent onto exact ones."""
    return curve(mesh, [Shape(surface=s, facets=mesh.surfaces[name]) for name, s in surfaces.items()])


def fibre_in_square(radius: float, side: float, n: int, order: Order) -> TaggedMesh:
    """One fibre in the middle of a square of liquid, 4 n elements around; curved for order 2."""
    mesh = fibre_in_rectangle(radius, width=side, height=side, n=n)
    circle = Sphere(centre=(side / 2, side / 2), radius=radius)
    return mesh if order == 1 else following(mesh, {"fibre_surface": circle})


def planar_mesh(n: int) -> TaggedMesh:
    """50 um of separator in two dimensions, n elements across."""
    return layered_rectangle([("separator", L, n)], width=20e-6, nx=3)


def planar_model(law: ElectrolyteLaw, kinetics: Kinetics) -> Model:
    """Li | electrolyte | Li with the same kinetics on both sides."""
    return Model(regions={"separator": Electrolyte(law=law)}, boundaries=electrodes(kinetics))


def half_covered_mesh(n: int) -> TaggedMesh:
    """A 50 um square whose foil covers half of the bottom: the fields are two-dimensional."""
    mesh = layered_rectangle([("separator", L, n)], width=L, nx=n)
    foil = mesh.surfaces["foil"]
    return mesh.with_surfaces({"foil": foil[mesh.points[0][mesh.facets[:, foil]].mean(0) < L / 2]})


def standing_mesh(n: int) -> TaggedMesh:
    """A fibre, 2 um x 20 um, on the anode plane (feet), pores beside it, 10 um of separator above.

    n elements across the fibre, even: an odd one would put its sides in the middle of cells and saw them.
    """
    if n % 2:
        raise ValueError(f"the sides of the standing fibre need an even n, got {n}")
    width, height, gap = 8e-6, 20e-6, 10e-6
    mesh = layered_rectangle([("pores", height, 5 * n), ("separator", gap, 2 * n)], width=width, nx=4 * n)
    middle = mesh.points[:, mesh.cells].mean(1)
    solid = (abs(middle[0] - width / 2) < width / 8) & (middle[1] < height)
    regions = {
        "fibres": np.flatnonzero(solid),
        "pores": np.flatnonzero(~solid & (middle[1] < height)),
        "separator": np.flatnonzero(middle[1] > height),
    }
    foil = mesh.surfaces["foil"]
    under = solid[mesh.f2t[0, foil]]
    surfaces = {"foil": foil[~under], "feet": foil[under]}
    kept = {name: mesh.surfaces[name] for name in ("counter", "separator_bottom")}
    tagged = TaggedMesh(mesh=mesh.mesh, regions=regions, surfaces=surfaces | kept)
    return tagged.with_surfaces({"fibre_surface": tagged.interface("fibres", ("pores", "separator"))})


def standing_model(
    kinetics: Kinetics,
    *,
    counter: Kinetics | None = None,
    conductivity: float = 1e3,
    pores: Electrolyte | None = None,
    separator: Electrolyte | None = None,
) -> Model:
    """The standing fibre and the foil beside it with one law; Valoen-Reimers, Celgard 2500 above."""
    law = ValoenReimers()
    return Model(
        regions={
            "fibres": Conductor(conductivity=conductivity),
            "pores": pores or Electrolyte(law=law),
            "separator": separator or Electrolyte(law=law, porosity=0.55, macmullin=4.5),
        },
        interfaces={("fibres", "pores"): kinetics, ("fibres", "separator"): kinetics},
        boundaries={"feet": Grounded(), **electrodes(kinetics, counter)},
    )


def floating_mesh(n: int, order: Order = 1) -> TaggedMesh:
    """A fibre of 1 um diameter in the middle of a 5 um square of pores, foil below and counter above."""
    mesh = fibre_in_square(0.5e-6, 5e-6, n, order)
    return mesh.with_surfaces({"foil": mesh.surfaces["bottom"], "counter": mesh.surfaces["top"]})


def floating_model(law: ElectrolyteLaw, kinetics: Kinetics) -> Model:
    """The floating fibre in an electrolyte with salt."""
    return Model(
        regions={"fibres": Conductor(conductivity=1e3), "pores": Electrolyte(law=law)},
        interfaces={("fibres", "pores"): kinetics},
        boundaries=electrodes(kinetics),
    )
