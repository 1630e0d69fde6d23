"""Metrics, designs, settings and probabilities of a study in the words and units of its sentences."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from geometry.designs import Design
from studies.labels import LABELS
from studies.sweep.study import Axis, described
from studies.table import Row

FOOTNOTES = re.compile("[¹²³]")


@dataclass(frozen=True)
class Quantity:
    """A metric as a sentence names it: "cell voltage" with its unit "mV"."""

    row: Row

    @property
    def name(self) -> str:
        """Label without unit and footnote marks."""
        return FOOTNOTES.sub("", self.row.label.rsplit(" (", 1)[0] if self.unit else self.row.label)

    @property
    def unit(self) -> str:
        """Unit as people read it; empty for pure numbers."""
        match = re.search(r" \(([^()]*)\)$", self.row.label)
        return match.group(1) if match else ""

    def amount(self, value: float, half: float = math.nan) -> str:
        """Value in the unit read by people, with ± half if that is a number."""
        text = (
            self.row.cell_with_bar(value, half)
            if math.isfinite(half)
            else self.row.cell({self.row.key: value})
        )
        return f"{text} {self.unit}".rstrip().replace("-", "−")


def quantity(metric: str) -> Quantity:
    """The metric in words; a key that the result table does not know stands for itself."""
    return Quantity(described([metric])[0])


def quoted(design: Design) -> str:
    """The design's label in quotes, so that labels with commas read well."""
    return f'"{LABELS[design]}"'


def shown(axis: Axis, value: object) -> str:
    """A value of an axis with its unit; text stands for itself."""
    if isinstance(value, str):
        return value
    return f"{number(axis, value)} {axis.unit}".rstrip()


def number(axis: Axis, value: object) -> str:
    """A value of an axis in the axis' unit, at most four digits."""
    if isinstance(value, str):
        return value
    return f"{axis.factor * float(value):.4g}".replace("-", "−")  # pyright: ignore[reportArgumentType]


def at(axes: Sequence[Axis], where: Mapping[str, object]) -> str:
    """A setting in words, such as "exchange current 10 mA/cm², gap same-layers"."""
    return ", ".join(f"{a.label} {shown(a, where[a.column])}" for a in axes if a.column in where)


def percent(ratio: float) -> str:
    """A ratio as a percentage of at most two digits beyond 1 %."""
    value = 100.0 * ratio
    return f"{value:.0f} %" if abs(value) >= 10.0 else f"{value:.2g} %"


def probability(p: float) -> str:
    """A p-value of two digits."""
    return f"{p:.2g}"


def upper(sentence: str) -> str:
    """The sentence with a capital at its head."""
    return sentence[:1].upper() + sentence[1:]
