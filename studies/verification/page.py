"""The verification page: one HTML file with every study's equations, tables and error plots."""

from __future__ import annotations

import itertools
import re
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from fem.convergence import RateTable
from studies import html
from studies.run import version
from studies.verification import plots
from studies.verification.evidence import Comparison
from studies.verification.harness import Outcome
from studies.verification.screen import found, limit, value

DOI = re.compile(r"(?<![\w/.])(?:doi:\s*)?(10\.\d{4,9}/[^\s,;]*[\w])")


def write(outcomes: Sequence[Outcome], folder: Path) -> Path:
    """Write ``verification.html`` into ``folder``."""
    target = folder / "verification.html"
    target.write_text(html.render("verification.html.j2", content(outcomes)), encoding="utf-8")
    return target


def content(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Everything the template shows."""
    return {
        "version": version(),
        "made": html.now(),
        "passed": all(outcome.passed for outcome in outcomes),
        "checks": sum(len(outcome.evidence) for outcome in outcomes),
        "left_out": any(outcome.left_out for outcome in outcomes),
        "studies": [_study(outcome) for outcome in outcomes],
    }


def _study(outcome: Outcome) -> dict[str, Any]:
    rates = [evidence for evidence in outcome.evidence if isinstance(evidence, RateTable)]
    groups = [list(group) for _, group in itertools.groupby(rates, key=lambda table: table.sizes)]
    return {
        "name": outcome.study.name,
        "title": outcome.study.title,
        "blocks": blocks(outcome.study.text),
        "passed": outcome.passed,
        "failure": outcome.failure,
        "checks": len(outcome.evidence),
        "missed": len(outcome.missed),
        "seconds": f"{outcome.seconds:.1f}",
        "left_out": outcome.left_out,
        "numbers": [
            {
                "quantity": evidence.quantity,
                "source": getattr(evidence, "source", ""),
                "found": found(evidence),
                "expected": value(evidence.expected, evidence.unit)
                if isinstance(evidence, Comparison)
                else "",
                "error": f"{evidence.error:.1e}" if isinstance(evidence, Comparison) else "",
                "limit": limit(evidence),
                "passed": evidence.passed,
            }
            for evidence in outcome.evidence
            if not isinstance(evidence, RateTable)
        ],
        "rates": [_rates(group) for group in groups],
    }


def _rates(tables: Sequence[RateTable]) -> dict[str, Any]:
    plot = plots.errors(tables)
    return {
        "sizes": [f"{size:.3g}" for size in tables[0].sizes],
        "plot": None if plot is None else Markup(plot),
        "tables": [
            {
                "quantity": table.quantity,
                "errors": [f"{error:.2e}" for error in table.errors],
                "rates": ["", *((rate or "floor", verdict) for _, _, rate, verdict in table.rows[1:])],
                "least_rate": f"{table.least_rate:g}",
                "largest_error": f"{table.largest_error:.1e}",
                "passed": table.passed,
            }
            for table in tables
        ],
    }


def blocks(text: str) -> list[tuple[str, Markup]]:
    """Paragraphs of a docstring as ("text" | "equation" | "catches", content); equations are indented."""
    parts = []
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        if not block.strip():
            continue
        lines = block.splitlines()
        for equation, run in itertools.groupby(lines, key=lambda line: line.startswith("    ")):
            if equation:
                parts.append(("equation", escape(textwrap.dedent("\n".join(run)))))
            else:
                flowing = " ".join(line.strip() for line in run)
                kind = "catches" if flowing.startswith("Catches:") else "text"
                parts.append((kind, _linked(flowing.removeprefix("Catches:").strip())))
    return parts


def _linked(text: str) -> Markup:
    """Text with its DOIs as links."""
    parts, end = [], 0
    for match in DOI.finditer(text):
        parts += [escape(text[end : match.start()]), _link(match[1])]
        end = match.end()
    return Markup("").join([*parts, escape(text[end:])])


def _link(doi: str) -> Markup:
    return Markup('<a href="https://doi.org/{0}">{0}</a>').format(doi)
