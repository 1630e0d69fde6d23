"""The files of a polarisation: figures as SVG and PNG, and one HTML page that needs nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from fem.trust import missed
from studies import figures, html
from studies.headlines import RISK_LINE
from studies.labels import LABELS
from studies.parameters import parameters
from studies.polarisation import words
from studies.polarisation.curve import Curve, End
from studies.polarisation.figures import Drawing, drawings
from studies.polarisation.grid import grid
from studies.run import version

if TYPE_CHECKING:
    from studies.polarisation.study import Polarisation

CHECKS = ("charge_imbalance", "split_closure", "inventory_error", "psi_spread")


def write(found: Polarisation, folder: Path) -> None:
    """Write ``figures/*.svg``, ``figures/*.png`` and ``report.html`` into ``folder``."""
    place = folder / "figures"
    place.mkdir()
    shown = [(drawing, _saved(drawing, place)) for drawing in drawings(found.curves)]
    page = html.render("polarisation.html.j2", content(found, shown))
    (folder / "report.html").write_text(page, encoding="utf-8")


def _saved(drawing: Drawing, folder: Path) -> str:
    """Write one figure; its <svg> element."""
    text = figures.svg(drawing.draw, drawing.size)
    (folder / f"{drawing.name}.svg").write_text(text, encoding="utf-8")
    (folder / f"{drawing.name}.png").write_bytes(figures.png(drawing.draw, drawing.size))
    return text


def content(found: Polarisation, shown: list[tuple[Drawing, str]]) -> dict[str, Any]:
    """Everything the template shows."""
    curves = list(found.curves.values())
    return {
        "title": found.case.title,
        "version": version(),
        "made": html.now(),
        "complete": found.complete,
        "stopped": any(curve.end is End.STOPPED for curve in curves),
        "failures": [(LABELS[design], reason) for design, reason in found.failures.items()]
        + [(LABELS[curve.design], curve.reason) for curve in curves if curve.end is End.FAILED],
        "untrusted": [
            (LABELS[curve.design], words.milliamperes(point.current), missed(point.result.trust))
            for curve in curves
            for point in curve.points
            if not point.result.trusted
        ],
        "endings": [words.ending(curve) for curve in curves],
        "designs": [LABELS[curve.design] for curve in curves],
        "voltages": grid(curves),
        "limits": [_limits(curve) for curve in curves],
        "risk_line": RISK_LINE,
        "figures": [(drawing.title, drawing.caption, Markup(svg)) for drawing, svg in shown],
        "checks": [_checks(curve) for curve in curves if curve.points],
        "check_names": [name.replace("_", " ") for name in CHECKS],
        "costs": [_cost(curve) for curve in curves if curve.points],
        "draw": found.draw,
        "draw_notes": found.notes,
        "parameters": [p for p in parameters(found.case) if not p.name.startswith("operation.")],
    }


def _limits(curve: Curve) -> list[str]:
    """Known limits, risk line, highest current and bracket, in mA/cm2."""
    highest = words.milliamperes(curve.points[-1].current) if curve.points else "–"
    bracket = "–" if curve.bracket is None else (
        f"{words.milliamperes(curve.bracket.low)} to {words.milliamperes(curve.bracket.high)} "
        f"({curve.bracket.basis})"
    )  # fmt: skip
    foil = f"{words.milliamperes(curve.foil)}{' (exact)' if curve.exact else ''}"
    top = words.milliamperes(curve.top) if curve.top > curve.foil else "–"
    return [LABELS[curve.design], foil, top, words.milliamperes(curve.risk), highest, bracket]


def _checks(curve: Curve) -> list[str]:
    """Points, how many are trusted, and the worst value of each check."""
    results = [point.result for point in curve.points]
    worst = [max((r.metrics[key] for r in results if key in r.metrics), default=None) for key in CHECKS]
    trusted = sum(result.trusted for result in results)
    values = ["–" if value is None else f"{value:.1e}" for value in worst]
    return [LABELS[curve.design], f"{trusted} of {len(results)}", *values]


def _cost(curve: Curve) -> list[str]:
    """Solver, unknowns, points, steps, set-ups and seconds."""
    cost, solvers = words.Cost.of(curve), [point.result.solver for point in curve.points]
    asked = sum(point.requested for point in curve.points)
    return [
        LABELS[curve.design],
        str(solvers[0]["method"]),
        f"{solvers[0]['unknowns']:,}",
        f"{asked} + {len(solvers) - asked}",
        *(str(sum(s[key] for s in solvers)) for key in ("newton_steps", "krylov_iterations", "setups")),
        *(f"{seconds:.2f}" for seconds in (cost.first, cost.asked, cost.added)),
        f"{cost.ratio:.1f}",
    ]
