"""The full solver against the equilibrated one: two systems of equations, one state.

Where a body of liquid has one law, no anion moves and the problem for (phi_s, phi_e, c) collapses to one
harmonic field W with phi_e = Psi(c(W)) + k. The full solver does not know this: it solves

    div i_s = 0,   div i_e = 0,   div N_- = 0,
    i_e = (-kappa grad phi_e + kappa_D grad ln c)/N_M,   N_- = -D grad c/N_M - (1 - t+) i_e/F,

with a Jacobian, a preconditioner and a quadrature of its own. Both discretise one problem, so that all their
differences must fall with the mesh size: voltage and fields like h^2 at order 1; at order 2 the voltage like
h^4 where fields are smooth.

The equations are Newman and Thomas-Alyea, Electrochemical Systems (2004), chapter 12; the limit of 1e-4 of
the anode's overpotential on the default mesh is this program's own.

Catches: a term, a coefficient or a property in one of the two solvers that the other does not have - 1 - t+,
the thermodynamic factor, kappa_D, a MacMullin number on kappa but not on D, a porosity in a flux, an
inventory that is not the pores'; a Jacobian that is not the derivative of the residual.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from fem import (
    Electrolyte,
    Film,
    Galvanostatic,
    LandesfeindGasteiger,
    Model,
    Solution,
    Solvent,
    ValoenReimers,
    solve_steady,
)
from fem.convergence import convergence
from fem.elements import Elements
from fem.model import Control
from fem.solve import Order
from geometry.designs import Design
from meshes.exact_surfaces import Corrugation
from meshes.refinement import refine
from meshes.simplices import FloatArray
from meshes.structured import layered_rectangle
from meshes.tagged import TaggedMesh
from studies import build
from studies.case import Case
from studies.meshing import mesh_designs
from studies.verification import cells
from studies.verification.cells import CURRENT, FAST, Level, rates
from studies.verification.evidence import Bound, Evidence

EC_EMC = LandesfeindGasteiger(Solvent.EC_EMC)
FILM = Film(1e-4, FAST)
WAVE, HEIGHT, PORES = 20e-6, 3e-6, 12e-6  # [m]


SMALL = {"width": "5 um", "depth": "5 um", "framework": "4 um", "ionic_layer": "2 um", "separator": "4 um"}
REFINEMENTS = 2  # of the small random mat
SIZE, FAR = "0.3 um", "0.5 um"
"""Its elements. On coarser ones parts of the differences cancel, and rates come out too low: that of phi_e is
1.72 from 0.5 um, 1.80 from 0.35 um."""
DEFAULT_LIMIT = 1e-4  # of the anode's overpotential
QUADRATIC = 1.0  # most of e_k+1/e_k^2


def verify() -> Sequence[Evidence]:
    """Rates on smooth fields under layers, both orders; at an electrode's edge; at corners of a fibre."""
    smooth = rates(
        lambda n, order: _named("layers", *pair(wavy_mesh(n, order), wavy_model(), CURRENT, order)),
        Level(
            order=1,
            resolutions=(8, 16, 24, 32),
            least_rate=_least("layers", 1.9, 1.9, 1.85),
            largest_error=1e-5,
        ),
        Level(
            order=2,
            resolutions=(2, 4, 8, 12),
            least_rate=_least("layers", 3.7, 3.3, 3.2),
            largest_error=1e-7,
        ),
    )
    edges = rates(
        lambda n, order: _named("half-covered", *_half_covered(n, order)),
        Level(
            order=1,
            resolutions=(16, 24, 32, 48),
            least_rate=_least("half-covered", 1.9, 1.9, 1.9),
            largest_error=1e-5,
        ),
    )
    corners = rates(  # fields like r^(2/3) at the top of the fibre
        lambda n, order: _named("standing fibre", *_standing(n, order)),
        Level(
            order=1,
            resolutions=(2, 4, 8, 16),
            least_rate=_least("standing fibre", 1.0, 1.5, 1.6),
            largest_error=1e-5,
        ),
    )
    hard = solve_steady(wavy_mesh(8, 1), wavy_model(), Galvanostatic(current_density=800.0), method="full")
    return [*smooth, *edges, *corners, *_newton("layers, 800 A/m2", hard)]


def verify_slow() -> Sequence[Evidence]:
    """The bilayer of the default case on its own mesh; a small random mat on a nested family of meshes."""
    case = Case.shipped("bilayer")
    full, other = _random_mat(case, _mesh(case))
    found = differences(full, other)
    of_default = [
        Bound(quantity=f"default bilayer: {name}", found=error, limit=DEFAULT_LIMIT)
        for name, error in found.items()
    ]
    family, small = small_mats()
    refined = convergence(
        lambda n: _named("small random mat", *_random_mat(small, family[n])),
        range(len(family)),
        # edges between facets and creases where fibres join slow the local currents down
        least_rates=_least("small random mat", 1.85, 1.85, 1.7),
        largest_errors=DEFAULT_LIMIT / 20,
        size=lambda n: 0.5**n,
    )
    return [*of_default, *_greatest(full, other), *_newton("default bilayer", full), *refined]


def small_mats() -> tuple[list[TaggedMesh], Case]:
    """A mat of few fibres in the layers of the default case: a mesh, and that cut into 8 parts, twice."""
    data = Case.shipped("bilayer").to_dict()
    for name, value in SMALL.items():
        if name in ("width", "depth"):
            data["cell"][name] = value
        else:
            data["cell"][name]["thickness"] = value
    data["designs"] = ["bilayer"]
    data["mesh"] |= {"size": SIZE, "far": FAR, "order": 2, "surface": "curved"}
    case = Case.from_dict(data)
    family = [_mesh(case)]
    for _ in range(REFINEMENTS):
        family.append(refine(family[-1])[0])
    return [mesh.straight() for mesh in family], case


def _mesh(case: Case) -> TaggedMesh:
    made = mesh_designs(case, [Design.BILAYER], cache=None, progress=lambda _: None)
    return made.meshes[Design.BILAYER]


def _random_mat(case: Case, mesh: TaggedMesh) -> tuple[Solution, Solution]:
    return pair(mesh, build.model(case, Design.BILAYER, mesh), build.control(case), 1)


def _half_covered(n: int, order: Order) -> tuple[Solution, Solution]:
    return pair(cells.half_covered_mesh(n), cells.planar_model(EC_EMC, FILM), CURRENT, order)


def _standing(n: int, order: Order) -> tuple[Solution, Solution]:
    return pair(cells.standing_mesh(n), cells.standing_model(FILM, counter=FAST), CURRENT, order)


def _named(cell: str, full: Solution, other: Solution) -> dict[str, float]:
    return {f"{cell}, {name}": error for name, error in differences(full, other).items()}


def _least(cell: str, voltage: float, fields: float, currents: float) -> dict[str, float]:
    """Least rates by the names of `_named`."""
    rate = {"cell voltage": voltage, "phi_e": fields, "c": fields, "currents": currents}
    return {f"{cell}, {name}": value for name, value in rate.items()}


def _newton(cell: str, full: Solution) -> Iterator[Evidence]:
    """Quadratic: with e the residual over the current, e_k+1 <= C e_k^2 in every step that is not at the
    floor."""
    e = np.array(full.statistics.residual_history)
    late = np.flatnonzero((e[:-1] < 1.0) & (e[1:] > 1e-9))
    worst = float((e[late + 1] / e[late] ** 2).max(initial=0.0)) if late.size > 1 else np.nan
    yield Bound(quantity=f"{cell}: Newton, e_k+1 over e_k squared", found=worst, limit=QUADRATIC)
    steps = full.statistics.newton_steps
    yield Bound(quantity=f"{cell}: Newton steps", found=steps, limit=8)
    yield Bound(
        quantity=f"{cell}: Krylov iterations per Newton step",
        found=full.statistics.krylov_iterations / steps,
        limit=25,
    )


def _greatest(full: Solution, other: Solution) -> Iterator[Evidence]:
    """The greatest differences at any node, which corners of the fibres' union set: for information."""
    eta = other.metrics["anode_overpotential_V"]
    for name, a, b, scale in (("phi_e", full.phi_e, other.phi_e, eta), ("c", full.c, other.c, 1000.0)):
        found = float(np.nanmax(np.abs(a - b))) / scale
        yield Bound(quantity=f"default bilayer: {name}, greatest at any node", found=found, limit=1e-2)


def pair(
    mesh: TaggedMesh, model: Model, control: Control, order: Order | None = None
) -> tuple[Solution, Solution]:
    """The same cell by the full and by the equilibrated solver."""
    full = solve_steady(mesh, model, control, method="full", order=order)
    return full, solve_steady(mesh, model, control, method="equilibrated", order=order)


def differences(full: Solution, other: Solution) -> dict[str, float]:
    """Voltages and potentials over the anode's overpotential, c over its mean, currents over their norm."""
    eta = other.metrics["anode_overpotential_V"]
    out = {
        "cell voltage": abs(full.cell_voltage - other.cell_voltage) / eta,
        "phi_e": l2(full, full.phi_e - other.phi_e) / eta,
        "c": l2(full, full.c - other.c) / l2(full, other.c),
    }
    joined = [(full.maps[name].current_density, m.current_density, m.areas) for name, m in other.maps.items()]
    found, expected, areas = (np.concatenate(part) for part in zip(*joined, strict=True))
    out["currents"] = float(np.sqrt(areas @ (found - expected) ** 2 / (areas @ expected**2)))
    return out


def l2(solution: Solution, u: FloatArray) -> float:
    """Root of the mean of u^2 over the elements where a nodal field lives."""
    mesh, order = solution.mesh, 1 if u.size == solution.mesh.n_nodes else 2
    nodes = mesh.nodes_of_cells(order)
    lives = np.flatnonzero(np.isfinite(u[nodes]).all(0))
    part = Elements.of(mesh, lives, nodes[:, lives], order)
    return float(np.sqrt(part.integral(part.values(u) ** 2).sum() / part.volumes.sum()))


def wavy_mesh(n: int, order: Order) -> TaggedMesh:
    """A corrugated foil under pores, ionic layer and separator; the fields are smooth in every layer."""
    layers = [("pores", PORES, 2 * n), ("ionic_layer", 5e-6, n), ("separator", 25e-6, 2 * n)]
    flat = layered_rectangle(layers, width=WAVE / 2, nx=n)
    x, z = flat.points
    shift = HEIGHT * np.cos(2 * np.pi * x / WAVE) * np.maximum(1 - z / PORES, 0)
    mesh = cells.moved(flat, np.stack([x, z + shift]))
    relief = Corrugation(height=HEIGHT, wavelength=WAVE)
    return mesh if order == 1 else cells.following(mesh, {"foil": relief})


def wavy_model() -> Model:
    """Film on the foil; layers of Valoen-Reimers liquid, each with a porosity and a MacMullin number."""
    law = ValoenReimers()
    regions = {
        "pores": Electrolyte(law=law),
        "ionic_layer": Electrolyte(law=law, porosity=0.4, macmullin=6.0),
        "separator": Electrolyte(law=law, porosity=0.55, macmullin=4.5),
    }
    return Model(regions=regions, boundaries=cells.electrodes(FILM, FAST))
