"""A layer with its own transference number: salt that circulates, which only the full solver can show.

Liquid with t+ = 0.38 below and above a layer in which the anions are held back, t+ = 0.7. In a flat cell no
anion moves, N_- = 0 at every height and in every layer, and with a current density I towards the anode

    dc/dz     = I N_M (1 - t+)/(F D),
    dphi_e/dz = [I N_M + kappa_D (dc/dz)/c]/kappa,      kappa_D = (2RT/F) kappa (1 - t+) TDF,

c and phi_e continuous, int porosity c dz = int porosity c0 dz: integrated here by Runge-Kutta steps, with no
code of the solvers. As soon as c varies along an interface of the layer, phi_e - Psi(c) cannot be constant in
both liquids, since their Psi differ: anions circulate through layer and liquid, although none is made or used
up. What still holds is charge, salt, sum R_c = 0 in every body of liquid, and the energy identity.

Equations: Newman and Thomas-Alyea, Electrochemical Systems (2004), chapter 12. t+ = 0.7 is assumed, for a
layer like a gel that binds anions; kappa, D and the thermodynamic factor stay those of the liquid.

Catches: one Psi for all liquids, t+ of the law in a region that has its own, 1 - t+ or 1 - 2 t+ in the wrong
place, a salt flux that is lost at an interface of layers, an inventory without porosities.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from fem import Electrolyte, Model, Properties, Solution, ValoenReimers, solve_steady
from fem.convergence import convergence
from fem.elements import Floats, traces
from fem.materials import FARADAY
from fem.salt import salt_residual
from fem.solve import Order
from geometry.designs import Design
from meshes.structured import layered_rectangle
from meshes.tagged import TaggedMesh
from studies import build
from studies.case import Case
from studies.meshing import mesh_designs
from studies.verification import cells
from studies.verification.cells import C0, CURRENT, FAST, V_T, I, Level, T, rates
from studies.verification.energy_identity import imbalance
from studies.verification.evidence import Bound, Evidence

LAW = ValoenReimers()
OWN = 0.7  # t+ of the layer
STACK = {
    "pores": (5e-6, Electrolyte(law=LAW)),
    "ionic_layer": (10e-6, Electrolyte(law=LAW, porosity=0.4, macmullin=6.0, transference=OWN)),
    "separator": (25e-6, Electrolyte(law=LAW, porosity=0.55, macmullin=4.5)),
}  # bottom up: thickness [m] and liquid
WIDTH = 40e-6  # [m]; the partial foil covers half of it
REFERENCE = 6  # resolution of the reference, order 2
MAT = {"width": "10 um", "depth": "10 um", "framework": "10 um", "separator": "10 um"}


def verify() -> Sequence[Evidence]:
    """The flat stack against its equations; a partly covered one: rates, circulation, what is conserved."""
    flat = rates(
        _flat_errors,
        Level(order=1, resolutions=(2, 4, 8, 16), least_rate=1.9, largest_error=2e-5),
        Level(order=2, resolutions=(1, 2, 4), least_rate=3.5, largest_error=2e-7),
    )
    partial = rates(  # h^2 ln(1/h) at the edge of the foil
        _partial_errors, Level(order=1, resolutions=(1, 2, 4), least_rate=1.6, largest_error=5e-4)
    )
    energy = convergence(
        lambda n: {"partly covered: energy identity from the fields": imbalance(solve(n, covered=0.5))},
        (2, 4, 8),
        least_rates=1.8,
        largest_errors=1e-4,
    )
    solution = solve(4, covered=0.5)
    return [*flat, *partial, *energy, *conserved("partly covered", solution), *_circulates()]


def verify_slow() -> Sequence[Evidence]:
    """A random mat under such a layer: the full solver, and what one t+ everywhere would have given."""
    mesh, case = _mat()
    model, control = build.model(case, Design.BILAYER, mesh), build.control(case)
    solution = solve_steady(mesh, model, control)
    found = solution.statistics
    steps = [
        Bound(quantity="random mat: Newton steps", found=found.newton_steps, limit=8),
        Bound(
            quantity="random mat: Krylov iterations per Newton step",
            found=found.krylov_iterations / found.newton_steps,
            limit=25,
        ),
    ]
    table = wrong_assumptions(mesh, model, solution)
    least = {"cell voltage": 1e-4, "c at the foil": 1.0, "current on fibres": 1e-5}
    differ = [
        Bound(quantity=f"{name} off, had all liquids t+ {t}", found=off, limit=least[name], at_least=True)
        for t, row in table.items()
        for name, off in row.items()
    ]
    return [*steps, *conserved("random mat", solution), *differ]


# --- the flat stack ---


def mesh(n: int, covered: float = 1.0) -> TaggedMesh:
    """The stack, 8 n elements high; the foil covers a part of the width."""
    layers = [(name, thickness, round(n * thickness / 5e-6)) for name, (thickness, _) in STACK.items()]
    box = layered_rectangle(layers, width=WIDTH, nx=8 * n)
    foil = box.surfaces["foil"]
    return box.with_surfaces({"foil": foil[box.points[0][box.facets[:, foil]].mean(0) < covered * WIDTH]})


@cache
def solve(n: int, order: Order = 1, *, covered: float) -> Solution:
    """The stack at 200 A/m2; the method is the program's own choice."""
    model = Model(
        regions={name: liquid for name, (_, liquid) in STACK.items()}, boundaries=cells.electrodes(FAST)
    )
    return solve_steady(mesh(n, covered), model, CURRENT, order=order)


def integrated(c_plating: float) -> tuple[float, float, float]:
    """(excess of int porosity c dz [mol/m2], electrolyte voltage [V], c at the counter [mol/m3]) of the flat
    stack with c_plating at the foil."""
    state = np.array([c_plating, 0.0, 0.0])
    for thickness, liquid in STACK.values():
        law = Properties.of(liquid.law, T, liquid.transference)

        def slopes(
            _: float, y: np.ndarray, law: Properties = law, liquid: Electrolyte = liquid
        ) -> list[float]:
            c, anions = float(y[0]), 1 - float(law.t(y[0]))
            c_slope = I * liquid.macmullin * anions / (FARADAY * float(law.D(c)))
            pull = 2 * V_T * anions * float(law.tdf(c)) * c_slope / c
            return [c_slope, I * liquid.macmullin / float(law.kappa(c)) + pull, liquid.porosity * (c - C0)]

        path = solve_ivp(slopes, (0.0, thickness), state, method="DOP853", rtol=1e-12, atol=1e-14)
        state = path.y[:, -1]
    return float(state[2]), float(state[1]), float(state[0])


def slopes(_: float, y: Floats, law: Properties, liquid: Electrolyte) -> list[float]:
    """d/dz of c, phi_e and int porosity (c - c0) dz; y[0] is c."""
    c, anions = float(y[0]), 1 - float(law.t(y[0]))
    c_slope = I * liquid.macmullin * anions / (FARADAY * float(law.D(c)))
    pull = 2 * V_T * anions * float(law.tdf(c)) * c_slope / c
    return [c_slope, I * liquid.macmullin / float(law.kappa(c)) + pull, liquid.porosity * (c - C0)]


@cache
def exact() -> dict[str, float]:
    """Cell voltage [V] and c [mol/m3] at foil and counter of the flat stack."""
    bottom = float(brentq(lambda c: integrated(c)[0], 0.3 * C0, C0, xtol=1e-10))
    _, voltage, top = integrated(bottom)
    for c in (bottom, top):
        voltage += 2 * V_T * np.arcsinh(I / (2 * FAST.exchange_current * np.sqrt(c / C0)))
    return {"cell voltage": voltage, "c at the foil": bottom, "c at the counter": top}


def _flat_errors(n: int, order: Order) -> dict[str, float]:
    solution, wanted = solve(n, order, covered=1.0), exact()
    found = {
        "cell voltage": solution.cell_voltage,
        "c at the foil": at_surface(solution, "foil"),
        "c at the counter": at_surface(solution, "counter"),
    }
    return {f"flat stack, {name}": abs(found[name] / value - 1) for name, value in wanted.items()}


# --- two dimensions ---


def _partial_errors(n: int, order: Order) -> dict[str, float]:
    """Against order 2 on a fine mesh."""
    solution, reference = solve(n, order, covered=0.5), solve(REFERENCE, 2, covered=0.5)
    pairs = {
        "cell voltage": (solution.cell_voltage, reference.cell_voltage),
        "c at the foil": (at_surface(solution, "foil"), at_surface(reference, "foil")),
    }
    return {f"partly covered, {name}": abs(found / wanted - 1) for name, (found, wanted) in pairs.items()}


def at_surface(solution: Solution, name: str) -> float:
    """Mean c [mol/m3] on a surface."""
    mesh = solution.mesh
    facets, order = mesh.surfaces[name], 1 if solution.c.size == mesh.n_nodes else 2
    shape, weights, _ = traces(mesh, facets, order)
    values = shape.T @ solution.c[mesh.nodes_of_facets(order, facets)]
    return float((weights * values).sum() / weights.sum())


def _circulates() -> Iterator[Evidence]:
    """Order 2, whose fluxes are accurate: nothing in the flat stack, a share of the current in the other."""
    yield from convergence(
        lambda n: {"flat stack: F int |N_-| over int |i_e|": circulation(solve(n, 2, covered=1.0))},
        (1, 2, 4),
        least_rates=1.9,
        largest_errors=2e-5,
    )
    coarse, fine = (circulation(solve(n, 2, covered=0.5)) for n in (2, 4))
    what = "partly covered: F int |N_-| over int |i_e|"
    yield Bound(quantity=what, found=fine, limit=5e-3, at_least=True)
    yield Bound(quantity=f"{what}, change by the last refinement", found=abs(fine / coarse - 1), limit=1e-3)


def circulation(solution: Solution) -> float:
    """F int |N_-| over int |i_e| in the liquids."""
    return solution.metrics["salt_circulation"]


# --- what holds in any cell ---


def conserved(cell: str, solution: Solution) -> Iterator[Evidence]:
    """The full solver was taken; the anions' balance at every node, salt, charge and energy close."""
    yield Bound(
        quantity=f"{cell}: full solver", found=float(solution.method == "full"), limit=1, at_least=True
    )
    for key, what, limit in (
        ("salt_multiplier", "multiplier of the salt's inventory over the cell's current", 1e-12),
        ("inventory_error", "salt in the cell against what was put in", 1e-12),
        ("charge_imbalance", "sum of reaction currents over the cell's", 1e-9),
        ("split_closure", "energy identity, with the quadrature of the balances", 1e-9),
    ):
        yield Bound(quantity=f"{cell}: {what}", found=solution.metrics[key], limit=limit)
    rows = salt_residual(solution.mesh, solution.model, solution.phi_e, solution.c) * FARADAY
    current = solution.metrics["current_density_A_m2"] * solution.projected_area
    yield Bound(quantity=f"{cell}: |sum of R_c| F/(I A)", found=abs(rows.sum()) / current, limit=1e-9)
    yield Bound(
        quantity=f"{cell}: |R_c|_1 F/(I A) at the nodes", found=np.abs(rows).sum() / current, limit=1e-8
    )


# --- a random mat ---


def _mat() -> tuple[TaggedMesh, Case]:
    data = Case.shipped("bilayer").to_dict()
    for name, value in MAT.items():
        if name in ("width", "depth"):
            data["cell"][name] = value
        else:
            data["cell"][name]["thickness"] = value
    data["cell"]["ionic_layer"]["transference"] = OWN
    data |= {"designs": ["bilayer"], "mesh": data["mesh"] | {"size": "0.4 um"}}
    case = Case.from_dict(data)
    made = mesh_designs(case, [Design.BILAYER], cache=None, progress=lambda _: None)
    return made.meshes[Design.BILAYER], case


def wrong_assumptions(mesh: TaggedMesh, model: Model, solution: Solution) -> dict[float, dict[str, float]]:
    """By the one t+ assumed everywhere: how far voltage [V], c at the foil [mol/m3] and the fibres' share of
    the current would be off, by the equilibrated solver."""
    right = headline(solution)
    out = {}
    for t in (0.38, OWN):
        regions = {
            name: replace(m, transference=t) if isinstance(m, Electrolyte) else m
            for name, m in model.regions.items()
        }
        assert solution.control is not None
        wrong = solve_steady(mesh, replace(model, regions=regions), solution.control, method="equilibrated")
        out[t] = {name: abs(value - right[name]) for name, value in headline(wrong).items()}
    return out


def headline(solution: Solution) -> dict[str, float]:
    """Voltage [V], c at the foil [mol/m3], share of the current on fibres."""
    return {
        "cell voltage": solution.cell_voltage,
        "c at the foil": at_surface(solution, "foil"),
        "current on fibres": solution.metrics["share_fibres"],
    }
