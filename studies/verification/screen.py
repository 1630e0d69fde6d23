"""What ``bilayer verify`` shows: per study its title, comparisons, bounds and rates, and a summary."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from fem.convergence import RateTable
from studies.verification.evidence import Bound, Comparison
from studies.verification.harness import Outcome

PASSED, MISSED = "[green]✓[/]", "[bold red]✗[/]"


def show(console: Console, outcome: Outcome) -> None:
    """One study: a line with title, name and seconds, then its tables."""
    mark = PASSED if outcome.passed else MISSED
    name, title = escape(outcome.study.name), escape(outcome.study.title)
    console.print()
    console.print(f"{mark} [bold]{name}[/]  {title}  [dim]{outcome.seconds:.1f} s[/]")
    for table in tables(outcome):
        console.print(table)
    if outcome.failure:
        console.print(f"  [red]failed:[/] {escape(outcome.failure)}")


def tables(outcome: Outcome) -> Iterator[Table]:
    """Numbers against what is expected, then the rates, one table for each sequence of sizes."""
    numbers = [evidence for evidence in outcome.evidence if not isinstance(evidence, RateTable)]
    if numbers:
        yield _numbers(numbers)
    rates = [evidence for evidence in outcome.evidence if isinstance(evidence, RateTable)]
    for sizes, group in itertools.groupby(rates, key=lambda table: table.sizes):
        yield _rates(sizes, list(group))


def summary(outcomes: Sequence[Outcome]) -> str:
    """One line: how much passed; names of what did not."""
    short = [outcome for outcome in outcomes if not outcome.passed]
    count = sum(len(outcome.evidence) for outcome in outcomes)
    studies = f"{len(outcomes)} {'study' if len(outcomes) == 1 else 'studies'}, {count} checks"
    left_out = sum(outcome.left_out for outcome in outcomes)
    rest = f" The slow parts of {left_out} were left out; --slow runs them." if left_out else ""
    if not short:
        return f"[green]{studies}: all passed.[/]{rest}"
    named = ", ".join(escape(outcome.study.name) for outcome in short)
    return f"[red]{studies}: {len(short)} fell short:[/] {named}.{rest}"


def value(number: float, unit: str = "") -> str:
    """A number with its unit as people read it."""
    return f"{number:.6g} {unit}".rstrip()


def found(evidence: Bound | Comparison) -> str:
    """What the program gave: six digits where they are compared, three where they are only bounded."""
    if isinstance(evidence, Comparison):
        return value(evidence.found, evidence.unit)
    return f"{evidence.found:.3g} {evidence.unit}".rstrip()


def limit(evidence: Bound | Comparison) -> str:
    """What is allowed: the tolerance of a comparison, the limit of a bound with its sign."""
    if isinstance(evidence, Comparison):
        return f"≤ {evidence.tolerance:.1e}" + ("" if evidence.relative else f" {evidence.unit}".rstrip())
    return f"{'≥' if evidence.at_least else '≤'} {evidence.limit:g}"


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, padding=(0, 1), show_edge=False, header_style="dim")


def _numbers(numbers: Sequence[Comparison | Bound]) -> Table:
    table = _table()
    for header in ("", "quantity", "found", "expected", "error", "allowed"):
        table.add_column(header, justify="left" if header in ("", "quantity") else "right")
    for evidence in numbers:
        expected = error = ""
        if isinstance(evidence, Comparison):
            expected, error = value(evidence.expected), f"{evidence.error:.1e}"
        table.add_row(
            PASSED if evidence.passed else MISSED,
            escape(evidence.quantity),
            escape(found(evidence)),
            expected,
            error,
            limit(evidence),
        )
    return table


def _rates(sizes: Sequence[float], rates: Sequence[RateTable]) -> Table:
    table = _table()
    table.add_column("")
    table.add_column("error at size, rate")
    for size in sizes:
        table.add_column(f"{size:.3g}", justify="right")
    table.add_column("allowed", justify="right")
    for quantity in rates:
        table.add_row(
            PASSED if quantity.passed else MISSED,
            escape(quantity.quantity),
            *(f"{error:.1e}" for error in quantity.errors),
            f"≤ {quantity.largest_error:.1e}",
        )
        table.add_row("", "", "", *(_rate(row) for row in quantity.rows[1:]), f"≥ {quantity.least_rate:g}")
    return table


def _rate(row: Sequence[str]) -> str:
    _, _, rate, verdict = row
    if not rate:
        return "[dim]floor[/]"
    return f"[bold red]{rate}[/]" if verdict.startswith("too slow") else rate
