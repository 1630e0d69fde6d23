"""From a converged state to a Solution: fields on the mesh, maps, metrics and trust checks."""

from __future__ import annotations

import time
from functools import partial

import numpy as np

from fem.currents import CurrentMap, current_maps
from fem.elements import Floats, traces
from fem.equipotential import Drop, current_change, drop
from fem.linear import LinearStatistics
from fem.metrics import DepthProfile, depth_profile, top_bottom_density_ratio, top_bottom_ratio, uniformity
from fem.newton import NewtonResult, small_current
from fem.overpotentials import VoltageSplit, split_voltage
from fem.solution import Solution, SolverStatistics
from fem.system import Found, SteadySystem
from fem.trust import judge, psi_spread
from meshes.quality import mean_ratio

AT_REST = 1e-9  # cell current over the smallest exchange current, below which a cell is at rest


def collect(
    system: SteadySystem,
    result: NewtonResult,
    solver: str,
    linear: LinearStatistics,
    seconds: dict[str, float],
    begin: float,
) -> Solution:
    """Assemble the Solution of a converged state; `begin` is when this stage started [s, perf_counter]."""
    spaces, mesh, state, fields = system.spaces, system.spaces.mesh, result.state, result.residual.fields
    reacting = [
        (s, at) for s, at in zip(spaces.surfaces, result.residual.surfaces, strict=True) if not s.is_contact
    ]
    maps = current_maps(mesh, *zip(*reacting, strict=True)) if reacting else {}
    wired = {s.name: s.terminal for s in spaces.reacting}
    counter = [m for name, m in maps.items() if wired[name] == "counter"]
    fibres = [m for name, m in maps.items() if wired[name] is None]
    foil = [m for name, m in maps.items() if wired[name] == "anode"]
    cell_current = -sum(m.current for m in counter)
    at_rest = AT_REST * small_current(system)
    if abs(cell_current) < at_rest:
        cell_current = 0.0
    split = split_voltage(system, state, result.residual, cell_current) if counter and cell_current else None
    profile = _profile(system, fibres, foil)
    phi_s, phi_e, c = _nodal(system, fields.potential, fields.concentration)
    metrics = _metrics(system, state.voltage, maps, fibres, foil, cell_current, profile, split, c)
    currents = _currents(system, result, maps)
    through = max((abs(i) for i in currents.values()), default=0.0)
    if through > at_rest:
        metrics["charge_imbalance"] = _imbalance(system, result, maps) / (abs(cell_current) or through)
    metrics["anode_overpotential_V"] = _anode_overpotential(system, phi_e) if counter else np.nan
    metrics["inventory_error"] = float(np.abs(result.residual.inventory).max(initial=0.0))
    if any(c.shares_one_law for c in spaces.compartments):
        metrics["psi_spread"] = psi_spread(system, fields.potential, fields.concentration)
    metrics |= system.salt_metrics(state, result.residual, cell_current)
    lost = drop(spaces, result.residual.nodal[: spaces.size])
    if lost is not None:
        phi_s[spaces.solid.nodes] += lost.potential[: spaces.n_solid]
        metrics["equipotential_bound_V"] = lost.bound
        metrics["equipotential_current_change"] = current_change(lost.bound, spaces, result.residual.surfaces)
        metrics["equipotential_estimate_V"] = lost.power / cell_current if cell_current else np.nan
    metrics["worst_mean_ratio"] = (
        float(mean_ratio(mesh.points, mesh.cells).min())
        if mesh.report is None
        else mesh.report.worst_mean_ratio
    )
    trust = judge(system, metrics, c)
    metrics = {key: value for key, value in metrics.items() if np.isfinite(value)}
    seconds["currents"] = time.perf_counter() - begin
    return Solution(
        mesh=mesh,
        model=system.model,
        control=system.control,
        method=system.method,
        phi_s=phi_s,
        phi_e=phi_e,
        c=c,
        maps=maps,
        currents=currents,
        cluster_currents=_cluster_currents(system, result),
        cell_voltage=state.voltage,
        projected_area=system.area,
        metrics=metrics,
        split=split,
        depth_profile=profile,
        trust=trust,
        statistics=SolverStatistics(
            method=system.method,
            linear_solver=solver,
            unknowns=system.free.size + system.n_scalars,
            newton_steps=len(result.history) - 1,
            krylov_iterations=linear.iterations,
            setups=linear.setups,
            residual_history=result.history,
            seconds=seconds,
        ),
        guess=Found(system=system, state=state, fields=fields),
        _vectors=partial(_current_density, system, result, lost),
    )


def _current_density(system: SteadySystem, result: NewtonResult, lost: Drop | None) -> Floats:
    """The vectors (d, n_elements) [A/m2] of the system, and of the drop in equipotential pieces."""
    vectors = system.current_density(result.state, result.residual)
    if lost is not None:
        vectors[:, lost.elements] = lost.current_density
    return vectors


def _nodal(system: SteadySystem, potential: Floats, concentration: Floats) -> tuple[Floats, Floats, Floats]:
    spaces, n = system.spaces, system.spaces.ionic.n_points
    phi_s, phi_e, c = (np.full(n, np.nan) for _ in range(3))
    phi_s[spaces.solid.nodes] = potential[: spaces.n_solid]
    phi_e[spaces.ionic.nodes] = potential[spaces.n_solid :]
    for compartment in spaces.compartments:
        unknowns = compartment.unknowns
        at = spaces.ionic.nodes[unknowns - spaces.n_solid]
        phi_e[at], c[at] = potential[unknowns], concentration[unknowns]  # at a junction: the liquid's side
    return phi_s, phi_e, c


def _currents(system: SteadySystem, result: NewtonResult, maps: dict[str, CurrentMap]) -> dict[str, float]:
    """Current [A] of each reacting surface (> 0 plates), into the cell at each fixed one, through
    contacts."""
    spaces, residual = system.spaces, result.residual
    fixed = {name: float(residual.nodal[unknowns].sum()) for name, unknowns in spaces.fixed_surfaces.items()}
    contacts = {
        s.name: at.current for s, at in zip(spaces.surfaces, residual.surfaces, strict=True) if s.is_contact
    }
    return {name: m.current for name, m in maps.items()} | fixed | contacts


def _imbalance(system: SteadySystem, result: NewtonResult, maps: dict[str, CurrentMap]) -> float:
    """The larger of two sums that vanish [A]: the ionic current out of the electrolytes, and all that enters.

    Ionic: what plates less what enters at fixed potentials. All: what terminals and fixed potentials supply.
    """
    spaces, residual = system.spaces, result.residual
    at_fixed = residual.nodal[spaces.fixed]
    ionic = sum(m.current for m in maps.values()) - float(at_fixed[spaces.fixed >= spaces.n_solid].sum())
    supplied = float(at_fixed.sum()) + sum(
        at.current for s, at in zip(spaces.surfaces, residual.surfaces, strict=True) if s.first is None
    )
    return max(abs(ionic), abs(supplied))


def _cluster_currents(system: SteadySystem, result: NewtonResult) -> Floats:
    """Net current (n_floating,) [A] out of every conductor without a path of metal to a terminal."""
    spaces = system.spaces
    n = spaces.solid.n_components  # the last one stands for what is no metal
    of = np.append(spaces.solid.component, np.full(spaces.size - spaces.n_solid, n))
    total = np.zeros(n + 1)
    for surface, at in zip(spaces.surfaces, result.residual.surfaces, strict=True):
        if surface.first is None:
            continue
        facet = (at.reaction.current * at.weights).sum(0)
        for unknown, gain in ((surface.first[0], facet), (surface.second[0], -facet)):
            total += np.bincount(of[unknown], gain, n + 1)
    return total[:n][spaces.floating]


def _profile(system: SteadySystem, fibres: list[CurrentMap], foil: list[CurrentMap]) -> DepthProfile | None:
    """Depth profile over the height of the mat: its conductors and the electrolyte that they touch most."""
    return depth_profile(fibres, foil, *system.spaces.mat_extent, system.area) if fibres else None


def _metrics(
    system: SteadySystem,
    voltage: float,
    maps: dict[str, CurrentMap],
    fibres: list[CurrentMap],
    foil: list[CurrentMap],
    cell_current: float,
    profile: DepthProfile | None,
    split: VoltageSplit | None,
    c: Floats,
) -> dict[str, float]:
    out: dict[str, float] = {}
    anode = fibres + foil
    if system.control is not None:
        out |= {"current_density_A_m2": cell_current / system.area, "cell_voltage_V": voltage}
    if cell_current:
        out["share_fibres"] = sum(m.current for m in fibres) / cell_current
        out["share_foil"] = sum(m.current for m in foil) / cell_current
    counter = [m for m in maps.values() if m.sign < 0]
    for prefix, group in (("fibres", fibres), ("foil", foil), ("anode", anode), ("counter", counter)):
        if group:
            out |= uniformity(*group).as_metrics(prefix)
            out[f"{prefix}_area_m2"] = sum(m.area for m in group)
    if profile is not None and cell_current:
        out["top_bottom_ratio"] = top_bottom_ratio(profile)
        out["top_bottom_density_ratio"] = top_bottom_density_ratio(profile)
        out["z50_m"] = profile.height_above_which(0.5)
    if system.spaces.compartments:
        share = np.full(c.shape, np.nan)  # c over the mean of its body of liquid
        for compartment in system.spaces.compartments:
            nodes = system.spaces.ionic.nodes[compartment.unknowns - system.spaces.n_solid]
            share[nodes] = c[nodes] / compartment.mean_concentration
        out["c_min_ratio"], out["c_max_ratio"] = float(np.nanmin(share)), float(np.nanmax(share))
        mesh, order = system.spaces.mesh, system.spaces.order
        at_anode = [np.nanmin(share[mesh.nodes_of_facets(order, m.facets)], initial=np.inf) for m in anode]
        out["c_min_anode_ratio"] = float(min(at_anode, default=np.nan))
    if split is not None:
        out |= split.as_metrics()
        out["cell_resistance_ohm_m2"] = abs(voltage * system.area / cell_current)
    idle = system.spaces.mesh.facet_areas(system.spaces.idle_facets).sum()
    out["idle_fibre_area_share"] = float(idle / (idle + sum(m.area for m in fibres))) if fibres else np.nan
    return out


def _anode_overpotential(system: SteadySystem, phi_e: Floats) -> float:
    """Area mean of phi_e on the separator's bottom (else on the foil), against the anode plane at 0 V."""
    mesh = system.spaces.mesh
    name = next((s for s in ("separator_bottom", "foil") if s in mesh.surfaces), None)
    if name is None:
        return np.nan
    facets, order = mesh.surfaces[name], system.spaces.order
    shape, weights, _ = traces(mesh, facets, order)
    values = (weights * (shape.T @ phi_e[mesh.nodes_of_facets(order, facets)])).sum(0)
    lives = np.isfinite(values)
    return float(values[lives].sum() / weights[:, lives].sum()) if lives.any() else np.nan
