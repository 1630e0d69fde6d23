"""Loads of a manufactured solution, from the equations written down once more, and the errors of the answer.

This file has no study of its own; `manufactured.py` and `manufactured_3d.py` use it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.constants import R, physical_constants

from fem.coupled import Body, CoupledSystem
from fem.electrolyte_laws import Validity
from fem.elements import Floats, scatter
from fem.film import Film
from fem.interface import ReactingSurface
from fem.kinetics import ButlerVolmer, LinearKinetics
from fem.linear import choose_linear_solver
from fem.materials import Conductor, Electrolyte, SingleIonConductor
from fem.model import Model, Potentiostatic
from fem.newton import NewtonResult
from fem.ramp import solve_system
from fem.solve import Order
from fem.spaces import build_spaces
from meshes import lagrange
from meshes.tagged import TaggedMesh

F = physical_constants["Faraday constant"][0]  # [C/mol]
TEMPERATURE = 298.15  # [K]
V_T = R * TEMPERATURE / F  # [V]
KINETICS = Film(1e-3, ButlerVolmer(exchange_current=100.0))
CONTROL = Potentiostatic(cell_voltage=0.06)
LOAD_DEGREE = 7  # of the rules for loads, above that of the solver: what its rule misses must show
ERROR_DEGREE = 6  # of the rule for errors: the points of a lower one may be points of small error
CURRENT = "current functional"
FIELDS: tuple[str, ...] = ("phi_s", "phi_e", "c")


@dataclass(frozen=True)
class Wave:
    """u(x) = offset + sum of amplitude * sin(k . x + phase), in as many dimensions as k has."""

    offset: float
    parts: tuple[tuple[float, tuple[float, ...], float], ...]  # amplitude, k [1/m], phase

    def __call__(self, x: Floats) -> Floats:
        """Values (...) at points (dim, ...)."""
        out: Floats = np.full(x.shape[1:], self.offset)
        for a, k, phase in self.parts:
            out = out + a * np.sin(np.tensordot(k, x, axes=1) + phase)
        return out

    def gradient(self, x: Floats) -> Floats:
        """Gradients (dim, ...) at points (dim, ...)."""
        out = np.zeros(x.shape)
        for a, k, phase in self.parts:
            out += a * np.multiply.outer(k, np.cos(np.tensordot(k, x, axes=1) + phase))
        return out


@dataclass(frozen=True, kw_only=True)
class Prescribed:
    """The exact fields; phi_e may be another function beyond a junction with a resistance."""

    phi_s: Wave
    phi_e: Wave
    c: Wave
    beyond: tuple[str, ...] = ()  # regions in which phi_e is phi_e_beyond
    phi_e_beyond: Wave = Wave(0.0, ())

    def field(self, name: str, region: str) -> Wave:
        """One field in a region."""
        if name == "phi_e" and region in self.beyond:
            return self.phi_e_beyond
        return {"phi_s": self.phi_s, "phi_e": self.phi_e, "c": self.c}[name]


@dataclass(frozen=True)
class SmoothLaw:
    """All four properties vary with c, m = c/(1000 mol/m3); made for this purpose, no real liquid."""

    name = "manufactured"
    reference = "assumed: smooth functions for verification"
    validity = Validity(concentration=(100.0, 3000.0), temperature=(200.0, 400.0))

    def conductivity(self, c: Floats, temperature: float) -> Floats:
        """kappa [S/m]."""
        m = c / 1000
        return 0.5 + 0.9 * m - 0.3 * m**2

    def diffusivity(self, c: Floats, temperature: float) -> Floats:
        """D [m2/s]."""
        return 4e-10 * np.exp(-0.5 * c / 1000)

    def transference(self, c: Floats, temperature: float) -> Floats:
        """t+ [-]."""
        return 0.45 - 0.15 * c / 1000

    def thermodynamic_factor(self, c: Floats, temperature: float) -> Floats:
        """TDF [-]."""
        return 0.8 + 0.9 * (c / 1000) ** 1.5


def ionic_current(liquid: Electrolyte, grad_phi: Floats, c: Floats, grad_c: Floats) -> Floats:
    """i_e = [-kappa grad phi_e + 2 V_T kappa (1 - t+) TDF grad(ln c)]/N_M [A/m2]."""
    law = liquid.law
    kappa, t = law.conductivity(c, TEMPERATURE), transference(liquid, c)
    pull = 2 * V_T * (1 - t) * law.thermodynamic_factor(c, TEMPERATURE) / c
    return kappa * (pull * grad_c - grad_phi) / liquid.macmullin


def transference(liquid: Electrolyte, c: Floats) -> Floats:
    """t+ of a region: its own, or the law's."""
    own = liquid.transference
    return liquid.law.transference(c, TEMPERATURE) if own is None else np.full_like(c, own)


def fluxes(body: Body, exact: Prescribed, x: Floats) -> dict[str, Floats]:
    """Exact fluxes (dim, n_q, n) of a body by equation, all as currents: i_s, i_e and F N_-."""
    material = body.material
    if isinstance(material, Conductor):
        return {"phi_s": -material.conductivity * exact.phi_s.gradient(x)}
    if isinstance(material, SingleIonConductor):
        return {"phi_e": -material.conductivity * exact.field("phi_e", body.region).gradient(x)}
    assert isinstance(material, Electrolyte)
    c, grad_c = exact.c(x), exact.c.gradient(x)
    i_e = ionic_current(material, exact.field("phi_e", body.region).gradient(x), c, grad_c)
    diffusion = F * material.law.diffusivity(c, TEMPERATURE) * grad_c / material.macmullin
    return {"phi_e": i_e, "c": -diffusion - (1 - transference(material, c)) * i_e}


def current(surface: ReactingSurface, exact: Prescribed, x: Floats, voltage: float) -> Floats:
    """Exact current density (n_q, n) [A/m2] at points x (dim, n_q, n) of a surface, from its first side to
    the second."""
    if surface.is_contact and surface.first is None:
        assert isinstance(surface.kinetics, LinearKinetics)
        return -surface.kinetics.exchange_current / V_T * exact.phi_s(x)
    if surface.is_contact:
        first, second = surface.name.split("|")
        law = surface.kinetics
        assert isinstance(law, LinearKinetics)
        jump = exact.field("phi_e", first)(x) - exact.field("phi_e", second)(x)
        return law.exchange_current / V_T * jump
    phi_e = exact.phi_e if surface.first is not None or not exact.beyond else exact.phi_e_beyond
    terminal = voltage if surface.terminal == "counter" else 0.0
    phi_s = exact.phi_s(x) if surface.first is not None else terminal
    return reaction(surface.kinetics, phi_s - phi_e(x), exact.c(x))


def reaction(law: object, eta: Floats, c: Floats) -> Floats:
    """i = 2 i0 sqrt(c/c_ref) sinh(eta_s/(2 V_T)) with eta_s + R i = eta, by bisection."""
    assert isinstance(law, Film)
    bare, film = law.kinetics, law.resistance
    assert isinstance(bare, ButlerVolmer)
    i0 = bare.exchange_current * np.sqrt(c / bare.reference_concentration)
    low, high = np.minimum(eta, 0.0), np.maximum(eta, 0.0)  # the part of eta behind the film
    for _ in range(70):
        middle = (low + high) / 2
        above = middle + film * 2 * i0 * np.sinh(middle / (2 * V_T)) > eta
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return 2 * i0 * np.sinh((low + high) / 2 / (2 * V_T))


def volume_load(
    body: Body, mesh: TaggedMesh, exact: Prescribed, order: Order, size: int
) -> tuple[Floats, float]:
    """-int flux* . grad v (size,) [A] of a body in all its equations, and int c* over it.

    Rule, map and gradients are made here and not by `fem.elements`: what is wrong there must not cancel.
    """
    nodes = mesh.node_points(order)[:, mesh.nodes_of_cells(order)[:, body.mesh_elements]]
    points, weights = lagrange.rule(mesh.dim, LOAD_DEGREE)
    jacobian = lagrange.jacobians(nodes, points)
    volume = weights[:, None] * lagrange.determinant(jacobian) / (2.0 if mesh.dim == 2 else 6.0)
    inverse = np.linalg.inv(np.moveaxis(jacobian, (0, 1), (-2, -1)))  # (n_q, n, dim, dim)
    gradients = np.einsum("lkq,qnkd->ldqn", lagrange.shape_slopes(order, points), inverse, optimize=True)
    x = np.einsum("dln,lq->dqn", nodes, lagrange.shape_functions(order, points))
    load = np.zeros(size)
    for equation, flux in fluxes(body, exact, x).items():
        local = np.einsum("dqn,ldqn,qn->ln", flux, gradients, volume, optimize=True)
        load -= scatter(body.unknowns[equation], local, size)
    return load, float((volume * exact.c(x)).sum())


def surface_load(
    surface: ReactingSurface, mesh: TaggedMesh, exact: Prescribed, order: Order, size: int
) -> Floats:
    """int i_n* v (size,) [A] on the first side of a surface, the opposite on the second; own rule again."""
    nodes = mesh.node_points(order)[:, mesh.nodes_of_facets(order, surface.facets)]
    points, weights = lagrange.rule(mesh.dim - 1, LOAD_DEGREE)
    shape = lagrange.shape_functions(order, points)
    area = lagrange.surface_element(lagrange.jacobians(nodes, points)) / (1.0 if mesh.dim == 2 else 2.0)
    i = current(surface, exact, np.einsum("dln,lq->dqn", nodes, shape), CONTROL.cell_voltage)
    local = shape @ (i * weights[:, None] * area)
    load = -scatter(surface.second, local, size)
    return load if surface.first is None else load + scatter(surface.first, local, size)


def system_of(mesh: TaggedMesh, model: Model, exact: Prescribed, order: Order) -> CoupledSystem:
    """The full problem whose solution is `exact`: with its loads and its inventories."""
    spaces = build_spaces(mesh, model, order)
    bare = CoupledSystem(spaces, model, CONTROL)
    amounts = [0.0] * len(spaces.compartments)
    load = np.zeros(bare.size)
    for body in bare.bodies:
        of_body, salt = volume_load(body, mesh, exact, order, bare.size)
        load += of_body
        if isinstance(body.material, Electrolyte):
            j = int(spaces.compartment_of[body.unknowns["phi_e"][0, 0]])
            amounts[j] += body.material.porosity * salt
    for surface in spaces.surfaces:
        load += surface_load(surface, mesh, exact, order, bare.size)
    filled = tuple(replace(c, amount=amount) for c, amount in zip(spaces.compartments, amounts, strict=True))
    return CoupledSystem(replace(spaces, compartments=filled), model, CONTROL, load)


def solved(system: CoupledSystem) -> NewtonResult:
    """The converged state."""
    session = choose_linear_solver(system.free.size, system.spaces.mesh.dim).start()
    return solve_system(system, session)


def errors(
    mesh: TaggedMesh,
    model: Model,
    exact: Prescribed,
    order: Order,
    *,
    on: str,
    surface: tuple[Floats, Floats],
) -> dict[str, float]:
    """L2 errors of the fields over the L2 norm of their variation, and that of the current functional.

    on: name of the reacting surface of the functional, surface: points and weights of the exact one.
    """
    system = system_of(mesh, model, exact, order)
    result = solved(system)
    square, size = dict.fromkeys(FIELDS, 0.0), dict.fromkeys(FIELDS, 0.0)
    points, weights = lagrange.rule(mesh.dim, ERROR_DEGREE)
    shape = lagrange.shape_functions(order, points)
    for body in system.bodies:
        nodes = mesh.node_points(order)[:, mesh.nodes_of_cells(order)[:, body.mesh_elements]]
        x = np.einsum("dln,lq->dqn", nodes, shape)
        volume = weights[:, None] * lagrange.determinant(lagrange.jacobians(nodes, points))
        for field, dofs in body.unknowns.items():
            wave = exact.field(field, body.region)
            square[field] += float((volume * (shape.T @ result.state.x[dofs] - wave(x)) ** 2).sum())
            size[field] += float((volume * (wave(x) - wave.offset) ** 2).sum())
    out = {field: float(np.sqrt(square[field] / size[field])) for field in square}
    out[CURRENT] = functional_error(system, result, exact, on, *surface)
    return out


def psi(x: Floats) -> Floats:
    """The weight of the current functional, not constant; x (dim, ...) [m]."""
    return 1.0 + x[0] / 3e-6 + (x[-1] / 3e-6) ** 2


def functional_error(
    system: CoupledSystem, result: NewtonResult, exact: Prescribed, on: str, points: Floats, weights: Floats
) -> float:
    """|int i_n psi - exact| / int |i_n* psi|; exact surface: points (dim, n) and weights (n,) [m2]."""
    found, law = 0.0, None
    for surface, at in zip(system.spaces.surfaces, result.residual.surfaces, strict=True):
        if surface.name == on:
            found += float((at.reaction.current * psi(surface.positions) * at.weights).sum())
            law = surface.kinetics
    i = reaction(law, exact.phi_s(points) - exact.phi_e(points), exact.c(points))
    expected = float((weights * i * psi(points)).sum())
    return abs(found - expected) / float((weights * np.abs(i * psi(points))).sum())
