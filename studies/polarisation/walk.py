"""Through ascending currents on one cell, and how near its limiting current a design comes.

Where a state must exist, the current is given. Beyond, the voltage is: under a given voltage the cell has a
state whatever the limit, and its current approaches the limit from below, by less with every step.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from fem.conditions import ModelError
from fem.film import FilmNotSolved
from fem.model import Control, Galvanostatic, Potentiostatic
from fem.newton import Outcome, SolveFailed
from fem.solution import Solution
from fem.solve import Method, SteadyCell
from geometry.designs import Design
from meshes.tagged import TaggedMesh
from studies import build, limits
from studies.case import Case
from studies.polarisation.curve import UNPROVEN, Bracket, Curve, End, Point
from studies.run import Progress, measured
from studies.units import shown

WIDTH = 0.02  # of the bracket around the limiting current, relative, at which the approach ends
STEP = 0.1  # [V] between points of the approach: four times RT/F
LEAST_STEP = 0.25  # of the voltage at which the approach begins, where films or ohmic losses rule
SHORTEST = STEP / 4
MOST_STEPS = 30

Keep = Callable[[Solution, int], tuple[str, ...]]
"""Writes the fields of a point with this number; the paths of its files."""


def trace(
    case: Case,
    design: Design,
    mesh: TaggedMesh,
    currents: Sequence[float],
    *,
    method: Method | None = None,
    keep: Keep | None = None,
    progress: Progress | None = None,
) -> Curve:
    """The curve of a design on its mesh through ascending current densities [A/m2], on one `SteadyCell`.

    Never raises for a state that was not found, nor for Ctrl-C: what was found is in the curve.
    """
    walk = Walk(case, design, mesh, method, keep, progress or (lambda _text: None))
    end, reason, bracket, reached = End.REACHED, "", None, 0
    try:
        for current in currents:
            bracket = walk.to(current)
            if bracket is not None:
                end, reason = End.DEPLETED, _depleted(current, bracket)
                break
            reached += 1
    except KeyboardInterrupt:
        end, reason = End.STOPPED, f"stopped by hand on the way to {_ma(currents[reached])}."
    except (SolveFailed, FilmNotSolved, ModelError) as error:
        last = f"; the last current of the curve is {_ma(walk.points[-1].current)}" if walk.points else ""
        end, reason = End.FAILED, f"{str(error).rstrip('.')}{last}."
    return Curve(
        design=design, points=tuple(walk.points), end=end, reason=reason, bracket=bracket,
        missing=tuple(currents[reached:]), foil=walk.foil, top=walk.top,
    )  # fmt: skip


def _ma(current: float) -> str:
    return shown(float(f"{current:.4g}"), "A/m^2", "mA/cm^2").replace("^2", "²")


def _depleted(current: float, bracket: Bracket) -> str:
    found = "was found at" if bracket.basis == UNPROVEN else "carries"
    return (
        f"no steady state {found} {_ma(current)}, the salt is depleted: the limiting current lies between "
        f"{_ma(bracket.low)} (the highest that was solved) and {_ma(bracket.high)} ({bracket.basis}), "
        f"{100 * bracket.width:.1f} % apart{'; ' if bracket.obstacle else ''}{bracket.obstacle}."
    )


class Walk:
    """The cell of a design, what was found on it so far, and the way to the next current."""

    def __init__(
        self,
        case: Case,
        design: Design,
        mesh: TaggedMesh,
        method: Method | None,
        keep: Keep | None,
        tell: Progress,
    ) -> None:
        assert mesh.report is not None
        self._begin = time.perf_counter()
        self.case, self.design, self.mesh, self.report = case, design, mesh, mesh.report
        self.keep, self.tell = keep, tell
        self.foil, self.top = limits.bracket(case, design, mesh.report.porosity_cad)
        self.cell = SteadyCell(mesh, build.model(case, design, mesh), method=method, order=case.mesh.order)
        self.points: list[Point] = []
        self._last: Solution | None = None

    def to(self, current: float) -> Bracket | None:
        """Add the point at a current; where none exists, points on the way to the limit and its bracket.

        Raises SolveFailed where that has another reason than depletion.
        """
        if not current >= self.foil:
            try:
                self._add(self._solved(Galvanostatic(current_density=current)))
            except SolveFailed as error:
                if error.outcome is not Outcome.DEPLETED:
                    raise
            else:
                return None
        return self._climb(current)

    def _climb(self, current: float) -> Bracket | None:
        """Raise the voltage step by step towards a current; the bracket of the limit if it lies below."""
        if self._last is None:
            start = 0.5 * min(current, self.foil if math.isfinite(self.foil) else current)
            self._add(self._solved(Galvanostatic(current_density=start)), requested=False)
        assert self._last is not None
        voltage = self._last.cell_voltage
        step, found = max(STEP, LEAST_STEP * voltage), [self.points[-1].current]
        for _ in range(MOST_STEPS):
            bracket = self._bracket(found, step)
            if bracket.high <= current and bracket.width <= WIDTH:
                return bracket
            voltage += step
            try:
                solution = self._solved(Potentiostatic(cell_voltage=voltage))
            except SolveFailed as error:
                if error.outcome is not Outcome.DEPLETED:
                    raise
                return bracket.closed(current, "the solver found no state nearer to it")
            if solution.metrics["current_density_A_m2"] >= current:
                self._add(self._solved(Galvanostatic(current_density=current)))
                return None
            if not solution.trusted:  # c is too small for the mesh
                if step <= SHORTEST:
                    return self._too_coarse(bracket, current)
                step, voltage, found = step / 2, voltage - step, found[-1:]
                continue
            self._add(solution, requested=False)
            found.append(self.points[-1].current)
        raise SolveFailed(
            f"{_ma(current)} was not reached in {MOST_STEPS} steps of {step:.3g} V",
            outcome=Outcome.STAGNATED,
            state=None,
            last_converged_current=found[-1],
        )

    def _too_coarse(self, bracket: Bracket, current: float) -> Bracket:
        """The bracket, if it already says that the current has no state; else the curve has failed."""
        why = "nearer to the limit this mesh is too coarse for the trust checks"
        if bracket.high <= current:
            return bracket.closed(current, why)
        raise SolveFailed(
            f"{_ma(current)} was not reached, {why}",
            outcome=Outcome.STAGNATED,
            state=None,
            last_converged_current=bracket.low,
        )

    def _bracket(self, found: Sequence[float], step: float) -> Bracket:
        """What is known of the limit from currents at equal steps of voltage.

        Near the limit c at the anode, and with it what the current still lacks, falls in equal proportion
        with every step or, the law of the electrolyte varying, faster: the geometric series that the last two
        rises begin ends at the limit or above it.
        """
        low, high, basis = found[-1], math.inf, "not yet known"
        if self.design in limits.FLAT:
            high, basis = self.foil, "exact"
        elif self.design in limits.CONDUCTING and self.top > low:
            high, basis = self.top, "all reaction at the mat's top"
        if len(found) >= 3 and basis != "exact":
            before, rise = found[-2] - found[-3], found[-1] - found[-2]
            if 0.0 < rise < before and (end := low + rise * rise / (before - rise)) < high:
                high, basis = end, f"extrapolated from steps of {1e3 * step:.3g} mV"
        return Bracket(low=low, high=high, basis=basis)

    def _solved(self, control: Control) -> Solution:
        last = self._last
        guess = None if last is None or type(last.control) is type(control) else last
        if isinstance(control, Galvanostatic):
            where = _ma(control.current_density)
        else:
            where = f"{1e3 * control.cell_voltage:.0f} mV, towards the limit"
        self._last = self.cell.solve(
            control, guess=guess, progress=lambda text: self.tell(f"{where}: {text}")
        )
        return self._last

    def _add(self, solution: Solution, *, requested: bool = True) -> None:
        """Measure and keep a point; the fields of the solution are let go, but for the last one."""
        result = measured(self.case, self.design, solution, self.report)
        seconds, number = time.perf_counter() - self._begin, len(self.points) + 1
        files = self.keep(solution, number) if self.keep is not None else ()
        result = replace(result, maps={}, profile=None, files=files)
        self.points.append(Point(result=result, seconds=seconds, requested=requested))
        self._begin = time.perf_counter()
