"""Which axis moves a metric: by how much from end to end, or by its share of the variance in a sample."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import matplotlib as mpl
import pandas as pd
from threadpoolctl import threadpool_limits

from studies.sweep.figures import bars
from studies.sweep.figures.bars import Bar
from studies.sweep.figures.picture import Picture
from studies.sweep.figures.style import NO_UNIT, PRINT, design_label
from studies.sweep.statistics.selection import is_text
from studies.sweep.statistics.sensitivity import indices
from studies.sweep.statistics.tornado import tornado
from studies.sweep.study import Axis, Study
from studies.sweep.wording import Quantity, number, shown
from studies.table import Row

FEWEST, MOST, WORK = 20, 100, 400  # resamples of a bootstrap: so many bars times resamples
Line = Mapping[Hashable, Any]


def _not_shown(study: Study, effects: pd.DataFrame, shown_axes: Mapping[str, str]) -> str:
    """Which axes have no bar, and why."""
    reasons = effects.drop_duplicates("axis").set_index("axis")["reason"]
    told = [
        f"{axis.label} ({reasons.get(axis.column) or 'no number'})"
        for axis in study.axes
        if axis.column not in shown_axes
    ]
    return f"Not shown: {'; '.join(told)}." if told else ""


def effects(study: Study, row: Row) -> Picture | None:
    """Change of the metric from the first to the last value of each axis; None if no axis varies alone."""
    every = tornado(study, row.key)
    table = every[every["at_high"].notna()]
    if table.empty:
        return None
    axes = {axis.column: axis for axis in study.axes}
    found, names = [], {}
    for line in table.to_dict("records"):
        axis = axes[line["axis"]]
        name = _with_range(axis, line)
        alike = names.setdefault(axis.column, name) == name
        names[axis.column] = name if alike else axis.label  # text that goes up in one design, down in another
        noise = 0.5 * (line["at_high"] - line["at_low"])
        ends = (-noise, noise) if axis.kind == "seed" else (line["least"], line["most"])
        found.append(
            Bar(
                key=(line["design"],),
                axis=axis.column,
                value=0.0 if axis.kind == "seed" else row.factor * line["change"],
                low=row.factor * ends[0],
                high=row.factor * ends[1],
                text=_effect_text(axis, row, line),
            )
        )
    words = Quantity(row)
    with mpl.rc_context(PRINT):
        figure, marks = bars.draw(found, names, f"change of {words.name} ({words.unit or NO_UNIT})")
    return Picture(
        name=f"{row.key}-tornado",
        title=f"What moves the {words.name}",
        caption="Change from the lowest to the highest value of an axis, the mean over all settings of the "
        "others; black: its range over them, wide where axes work together. Seeds: ± standard deviation. "
        f"{_not_shown(study, every, names)}",
        figure=figure,
        marks=marks,
    )


def _with_range(axis: Axis, line: Line) -> str:
    if axis.kind == "seed":
        return axis.label
    return f"{axis.label}\n{number(axis, line['low'])} → {shown(axis, line['high'])}"


def _effect_text(axis: Axis, row: Row, line: Line) -> str:
    words = Quantity(row)
    head = f"{design_label(line['design'])}, {axis.label}"
    if axis.kind == "seed":
        half = 0.5 * (line["at_high"] - line["at_low"])
        return f"{head}\nstandard deviation of {words.name}: {words.amount(half)}"
    lines = [
        head,
        f"{shown(axis, line['low'])}: {words.name} {words.amount(line['at_low'])}",
        f"{shown(axis, line['high'])}: {words.name} {words.amount(line['at_high'])}",
        f"change {words.amount(line['change'])}, from {words.amount(line['least'])}",
        f"to {words.amount(line['most'])} in {line['blocks']} settings of the others",
    ]
    return "\n".join(lines)


def shares(study: Study, row: Row) -> Picture | None:
    """Share of the metric's variance that each axis of a sample makes by itself; None if there is none."""
    texts = [axis.column for axis in study.axes if is_text(study.table, axis)]
    groups = len(study.table[["design", *texts]].drop_duplicates()) * (len(study.axes) - len(texts))
    resamples = max(FEWEST, min(MOST, WORK // max(groups, 1)))
    with threadpool_limits(1, user_api="blas"):  # many small solves: threads would only wait for each other
        table = indices(study, row.key, resamples=resamples)
    table = table[table["first_order"].notna()]
    if table.empty:
        return None
    axes = {axis.column: axis for axis in study.axes}
    found = []
    for line in table.to_dict("records"):
        key = (line["design"], *(str(line[column]) for column in texts))
        value, half = line["first_order"], line["first_half"]
        text = _share_text(axes[line["axis"]], row, line, key)
        found.append(
            Bar(
                key=key,
                axis=line["axis"],
                value=max(value, 0.0),
                low=max(value - half, 0.0),
                high=max(value + half, 0.0),
                text=text,
            )
        )
    names = {column: axis.label for column, axis in axes.items()}
    with mpl.rc_context(PRINT):
        figure, marks = bars.draw(found, names, f"share of the variance of {Quantity(row).name} ({NO_UNIT})")
    return Picture(
        name=f"{row.key}-shares",
        title=f"What moves the {Quantity(row).name}",
        caption="First-order index: the part of the variance that goes once the axis is known"
        f"{_of_seeds(study, table)}. Black: 95 % interval by bootstrap.",
        figure=figure,
        marks=marks,
    )


def _of_seeds(study: Study, table: pd.DataFrame) -> str:
    """The end of the caption's first sentence: what the seeds have of the variance, and what nothing has."""
    missing = "what is missing to 1 is made by several axes together"
    if study.seeds is None:
        return f"; {missing}"
    if study.seeds.column in table["axis"].to_numpy():
        return f", of the seeds what they make at fixed values of the others; {missing}"
    return f"; {missing} or by the seeds, of which no point has two"


def _share_text(axis: Axis, row: Row, line: Line, key: bars.Key) -> str:
    share = _with_half(line["first_order"], line["first_half"])
    lines = [
        f"{', '.join([design_label(key[0]), *key[1:]])}, {axis.label}",
        f"share of the variance of {Quantity(row).name}: {share}",
    ]
    if math.isfinite(line["delta"]):
        lines.append(f"delta index: {_with_half(line['delta'], line['delta_half'])}")
    if math.isfinite(line["rank_coefficient"]):
        lines.append(f"rank regression: {line['rank_coefficient']:+.2f}".replace("-", "−"))
    return "\n".join([*lines, f"from {line['n']} points"])


def _with_half(value: float, half: float) -> str:
    text = f"{value:.2f} ± {half:.2f}" if math.isfinite(half) else f"{value:.2f}"
    return text.replace("-", "−")
