"""Small cells used by several tests; no Gmsh."""

from __future__ import annotations

import numpy as np

from fem import (
    ButlerVolmer,
    Conductor,
    Electrode,
    Electrolyte,
    ElectrolyteLaw,
    Grounded,
    Kinetics,
    Model,
    ValoenReimers,
)
from meshes.structured import fibre_in_rectangle, layered_rectangle
from meshes.tagged import TaggedMesh

L = 50e-6  # [m]
I = 200.0  # [A/m2]


def planar_model(
    law: ElectrolyteLaw | None = None, kinetics: Kinetics | None = None, region: str = "separator"
) -> Model:
    """Li | electrolyte | Li with the same kinetics on both sides."""
    kinetics = kinetics or ButlerVolmer(exchange_current=10.0)
    return Model(
        regions={region: Electrolyte(law=law or ValoenReimers())},
        boundaries={
            "foil": Electrode(kinetics, terminal="anode"),
            "counter": Electrode(kinetics, terminal="counter"),
        },
    )


def half_covered_square(n: int) -> TaggedMesh:
    """A 50 um square of separator whose foil covers half of the bottom: fields in two dimensions."""
    mesh = layered_rectangle([("separator", L, n)], width=L, nx=n)
    foil = mesh.surfaces["foil"]
    x = mesh.points[0][mesh.facets[:, foil]].mean(0)
    return mesh.with_surfaces({"foil": foil[x < L / 2]})


def fibre_mesh(n: int) -> TaggedMesh:
    """A 1 um fibre floating in a 5 um square of pores, foil below and counter above."""
    mesh = fibre_in_rectangle(0.5e-6, width=5e-6, height=5e-6, n=n)
    return mesh.with_surfaces({"foil": mesh.surfaces["bottom"], "counter": mesh.surfaces["top"]})


def fibre_model(
    kinetics: Kinetics | None = None, law: ElectrolyteLaw | None = None, conductivity: float = 1e3
) -> Model:
    """The floating fibre in a salt electrolyte between foil and counter."""
    kinetics = kinetics or ButlerVolmer(exchange_current=100.0)
    return Model(
        regions={
            "fibres": Conductor(conductivity=conductivity),
            "pores": Electrolyte(law=law or ValoenReimers()),
        },
        interfaces={("fibres", "pores"): kinetics},
        boundaries={
            "foil": Electrode(kinetics, terminal="anode"),
            "counter": Electrode(kinetics, terminal="counter"),
        },
    )


def standing_fibre(n: int, *, width: float = 8e-6, height: float = 20e-6, gap: float = 10e-6) -> TaggedMesh:
    """2D: a fibre on the anode plane (feet), as high as the pores beside it, under a separator."""
    mesh = layered_rectangle([("pores", height, 5 * n), ("separator", gap, 2 * n)], width=width, nx=4 * n)
    middle = mesh.points[:, mesh.cells].mean(1)
    solid = (abs(middle[0] - width / 2) < width / 8) & (middle[1] < height)
    separator = middle[1] > height
    regions = {
        "fibres": np.flatnonzero(solid),
        "pores": np.flatnonzero(~solid & ~separator),
        "separator": np.flatnonzero(separator),
    }
    foil = mesh.surfaces["foil"]
    under = solid[mesh.f2t[0, foil]]
    surfaces = {
        "foil": foil[~under],
        "feet": foil[under],
        "counter": mesh.surfaces["counter"],
        "separator_bottom": mesh.surfaces["separator_bottom"],
    }
    tagged = TaggedMesh(mesh=mesh.mesh, regions=regions, surfaces=surfaces)
    return tagged.with_surfaces({"fibre_surface": tagged.interface("fibres", ("pores", "separator"))})


def standing_model(kinetics: Kinetics | None = None, conductivity: float = 1e3) -> Model:
    """The standing fibre with a grounded foot, a reacting foil and a porous separator."""
    kinetics = kinetics or ButlerVolmer(exchange_current=100.0)
    law = ValoenReimers()
    return Model(
        regions={
            "fibres": Conductor(conductivity=conductivity),
            "pores": Electrolyte(law=law),
            "separator": Electrolyte(law=law, porosity=0.55, macmullin=4.5),
        },
        interfaces={("fibres", "pores"): kinetics, ("fibres", "separator"): kinetics},
        boundaries={
            "feet": Grounded(),
            "foil": Electrode(kinetics, terminal="anode"),
            "counter": Electrode(kinetics, terminal="counter"),
        },
    )
