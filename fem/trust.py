"""Trust checks: what must hold in every converged state, its limit, and a verdict in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from fem.electrolyte import Properties
from fem.elements import Floats
from fem.kernels import in_blocks
from fem.materials import Electrolyte
from fem.metric_kernels import BLOCK, ascending, extremes
from fem.newton import INVENTORY_TOLERANCE
from fem.system import SteadySystem
from meshes.quality import QUALITY_FLOOR

CHARGE_LIMIT = 1e-9  # |sum of reaction currents| / cell current
SPLIT_LIMIT = 1e-9  # |losses - V| / V
EQUIPOTENTIAL_LIMIT = 0.01  # bound on the voltage equipotential conductors leave out, over the anode's
CURRENT_CHANGE_LIMIT = 0.05  # bound on the mean change of local currents that they leave out
SPREAD_LIMIT = 1e-3  # spread of phi_e - Psi(c) over that of phi_e


@dataclass(frozen=True, kw_only=True)
class Check:
    """One trust check in words: a value against its limit, or against none, when it informs or warns."""

    name: str
    value: float
    limit: float | None
    passed: bool
    text: str

    @property
    def missed(self) -> bool:
        """Whether the result is not to be trusted."""
        return self.limit is not None and not self.passed

    @property
    def warns(self) -> bool:
        """Whether something is unusual without making the result invalid."""
        return self.limit is None and not self.passed

    @property
    def finding(self) -> str:
        """Which check, its value, its limit where it has one, and what is checked."""
        limit = "" if self.limit is None else f", limit {self.limit:g}"
        return f"{self.name.replace('_', ' ')} is {self.value:.3g}{limit} (check: {self.text})"


def trusted(checks: Iterable[Check]) -> bool:
    """Whether no check with a limit is missed."""
    return not any(check.missed for check in checks)


def missed(checks: Iterable[Check]) -> str:
    """Why a state is not to be trusted: the findings of the checks that it missed; empty if none was."""
    return "; ".join(check.finding for check in checks if check.missed)


def psi_spread(system: SteadySystem, potential: Floats, concentration: Floats) -> float:
    """Spread of phi_e - Psi(c) over that of phi_e, the largest of all; Psi integrated afresh from the law.

    Only in bodies of liquid with one law, where it must be constant.
    """
    worst = largest = 0.0
    for compartment in system.spaces.compartments:
        if not compartment.shares_one_law:
            continue
        liquid, unknowns = next(iter(compartment.regions.values())), compartment.unknowns
        law = Properties.of(liquid.law, system.model.temperature, liquid.transference)
        order = unknowns[ascending(concentration[unknowns])]
        some = order[np.linspace(0, order.size - 1, min(order.size, 400)).astype(int)]
        w = potential[some] - _psi_afresh(law, concentration[some])
        worst, largest = np.maximum((worst, largest), (np.ptp(w), np.ptp(potential[unknowns])))
    return 0.0 if largest <= 1e-9 else float(worst / largest)  # [V]; at rest there is nothing to compare


def _psi_afresh(properties: Properties, c: Floats) -> Floats:
    """Psi [V] at ascending c from the first one, by Gauss quadrature of the law between neighbours."""
    nodes, weights = np.polynomial.legendre.leggauss(8)
    half = np.diff(c) / 2
    at = c[:-1] + half + half * nodes[:, None]
    ohmic, concentration = properties.dpsi_dc(at)
    return np.concatenate(([0.0], np.cumsum((weights[:, None] * (ohmic + concentration)).sum(0) * half)))


def judge(system: SteadySystem, metrics: Mapping[str, float], c: Floats) -> tuple[Check, ...]:
    """All checks of a state with its metrics and concentration c [mol/m3] at the Lagrange nodes."""
    checks = []
    for key, limit, text in (
        ("charge_imbalance", CHARGE_LIMIT, "reaction currents of all surfaces sum to zero"),
        ("split_closure", SPLIT_LIMIT, "losses add up to the cell voltage (dissipation = I V)"),
        ("inventory_error", INVENTORY_TOLERANCE, "salt in the cell is what was put in"),
        ("salt_multiplier", CHARGE_LIMIT, "anion flux of every body of liquid adds up to zero"),
        ("psi_spread", SPREAD_LIMIT, "phi_e - Psi(c) is constant, no anion moves"),
    ):
        if key in metrics:
            checks.append(
                Check(name=key, value=metrics[key], limit=limit, passed=metrics[key] <= limit, text=text)
            )
    worst = metrics["worst_mean_ratio"]
    checks.append(
        Check(
            name="worst_mean_ratio",
            value=worst,
            limit=QUALITY_FLOOR,
            passed=worst >= QUALITY_FLOOR,
            text="worst element's mean ratio is above the quality floor",
        )
    )
    if "equipotential_bound_V" in metrics:
        checks += _equipotential(metrics)
    if "salt_circulation" in metrics:
        checks.append(
            Check(
                name="salt_circulation",
                value=metrics["salt_circulation"],
                limit=None,
                passed=True,
                text="mean anion current that circulates through the liquids over the mean ionic current "
                "(with one law everywhere it is the mesh's error alone)",
            )
        )
    reversed_share = metrics.get("anode_reversed_share", 0.0)
    stripping = metrics.get("current_density_A_m2", 0.0) < 0
    checks.append(
        Check(
            name="reversed_share",
            value=1.0 - reversed_share if stripping else reversed_share,
            limit=None,
            passed=True,
            text="share of the anode's area where lithium "
            + ("plates while the cell strips" if stripping else "dissolves while the cell plates"),
        )
    )
    return (*checks, *_law_range(system, c))


def _equipotential(metrics: Mapping[str, float]) -> list[Check]:
    """What conductors of one potential leave out, where there is a voltage or a current to compare with."""
    eta = abs(metrics["anode_overpotential_V"])
    of_voltage = metrics["equipotential_bound_V"] / eta if eta else np.nan
    shares = (
        ("equipotential_voltage", of_voltage, EQUIPOTENTIAL_LIMIT,
         "the cell voltage, over the anode overpotential"),
        ("equipotential_currents", metrics["equipotential_current_change"], CURRENT_CHANGE_LIMIT,
         "the anode's local currents, mean change over mean"),
    )  # fmt: skip
    return [
        Check(
            name=name,
            value=share,
            limit=limit,
            passed=share <= limit,
            text=f"bound on what conductors of one potential change in {what} (equipotential = false "
            "resolves them)",
        )
        for name, share, limit, what in shares
        if np.isfinite(share)
    ]


def _law_range(system: SteadySystem, c: Floats) -> list[Check]:
    """Where the solution leaves the range of a law: properties are frozen there, the run goes on."""
    mesh, order, out = system.spaces.mesh, system.spaces.order, []
    for name, material in system.model.regions.items():
        if not isinstance(material, Electrolyte):
            continue
        cells = mesh.regions[name]
        found = np.empty((-(-cells.size // BLOCK), 2))
        in_blocks(len(found), partial(extremes, mesh.nodes_of_cells(order), cells, c, found))
        least, most = float(found[:, 0].min(initial=np.inf)), float(found[:, 1].max(initial=-np.inf))
        if least > most:  # without liquid
            continue
        low, high = material.law.validity.concentration
        inside = low <= least and most <= high
        out.append(
            Check(
                name=f"law_range_{name}",
                value=most if most > high else least,
                limit=None,
                passed=inside,
                text=f"c in {name} is {least:.4g} to {most:.4g} mol/m3; {material.law.name} holds from "
                f"{low:.4g} to {high:.4g}{'' if inside else ', its properties are frozen beyond'}",
            )
        )
    return out
