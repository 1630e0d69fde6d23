"""The curved cell of the manufactured solutions: a wedge cut out of a tube of conductor in a tube of liquid.

This file has no study of its own; interface and electrodes are arcs, in three dimensions drawn out along y.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fem.conditions import Electrode, Grounded
from fem.elements import Floats
from fem.materials import Conductor, Electrolyte
from fem.model import Model
from fem.solve import Order
from meshes.curving import curve
from meshes.structured import circle_shape, extrude, layered_rectangle
from meshes.tagged import TaggedMesh
from studies.verification.cells import moved
from studies.verification.manufactured_loads import KINETICS, SmoothLaw


@dataclass(frozen=True, kw_only=True)
class Wedge:
    """A conductor between two arcs, a liquid between two arcs around it; radii [m]."""

    inner: float = 0.35e-6
    between: float = 0.7e-6
    outer: float = 1.4e-6
    angle: float = np.pi / 4
    depth: float = 0.5e-6  # along y, in three dimensions

    def mesh(self, n: int, order: Order, dim: int) -> TaggedMesh:
        """n elements along the arcs, across each tube and along y; every node on its exact arc."""
        flat = layered_rectangle([("fibres", 1.0, n), ("pores", 1.0, n)], width=1.0, nx=n)
        x, z = flat.points
        radius = np.where(
            z < 1.0,
            self.inner * (self.between / self.inner) ** z,
            self.between * (self.outer / self.between) ** (z - 1.0),
        )
        angle = self.angle * (0.5 - x)
        flat = moved(flat, radius * np.stack((np.sin(-angle), np.cos(angle))))
        mesh = flat if dim == 2 else extrude(flat, depth=self.depth, n=n)
        if order == 1:
            return mesh
        arcs = {"foil": self.inner, "pores_bottom": self.between, "counter": self.outer}
        return curve(
            mesh, [circle_shape(mesh, name, centre=(0.0, 0.0), radius=r) for name, r in arcs.items()]
        )

    def interface(self, dim: int) -> tuple[Floats, Floats]:
        """Points (dim, n) and weights (n,) of the exact interface."""
        nodes, weights = np.polynomial.legendre.leggauss(40)
        angle = self.angle / 2 * nodes
        x, z = self.between * np.sin(angle), self.between * np.cos(angle)
        along_arc = self.between * self.angle / 2 * weights
        if dim == 2:
            return np.stack((x, z)), along_arc
        y, along_y = self.depth / 2 * (1 + nodes), self.depth / 2 * weights
        points = np.stack([a.ravel() for a in np.broadcast_arrays(x[:, None], y[None], z[:, None])])
        return points, np.outer(along_arc, along_y).ravel()

    def model(self) -> Model:
        """Kinetics under a film on both sides of the liquid, a contact resistance inside."""
        return Model(
            regions={"fibres": Conductor(conductivity=5.0), "pores": Electrolyte(law=SmoothLaw())},
            interfaces={("fibres", "pores"): KINETICS},
            boundaries={
                "foil": Grounded(resistance=1e-3),
                "counter": Electrode(KINETICS, terminal="counter"),
            },
        )
