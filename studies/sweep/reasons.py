"""Why points have no trusted result: sentences that differ in their numbers only are one reason."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_NUMBER = re.compile(r"[-+−]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One reason with its points by number: the text of the first, and how many of them differ from it."""

    status: str
    text: str
    points: tuple[int, ...]
    alike: int

    @property
    def words(self) -> str:
        """The text, and that the others have other numbers if so."""
        if not self.alike:
            return self.text
        return f"{self.text} (the first of {len(self.points)}, which differ in their numbers)"


def grouped(lines: Iterable[tuple[str, str, int]]) -> list[Reason]:
    """Reasons of lines (status, text, number of the point): by status, the most frequent first."""
    found: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for status, text, point in lines:
        found.setdefault((status, _NUMBER.sub("#", text)), []).append((text, point))
    reasons = [
        Reason(
            status=status,
            text=members[0][0],
            points=tuple(point for _, point in members),
            alike=sum(text != members[0][0] for text, _ in members),
        )
        for (status, _), members in found.items()
    ]
    return sorted(reasons, key=lambda reason: (reason.status, -len(reason.points)))


def reasons(table: pd.DataFrame, statuses: Iterable[str] = ("failed", "not trusted")) -> list[Reason]:
    """The reasons in a study's table for the points with these statuses."""
    bad = table[table["status"].isin(tuple(statuses))]
    texts = bad["reason"].fillna("").replace("", "no reason given")
    return grouped(zip(bad["status"], texts, (int(point) for point in bad["point"]), strict=True))
