"""Which points of a study agree with a number from elsewhere, and what that says about the axes.

Agreement of one number shows what the model allows. Nothing is fitted, and nothing is reproduced.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geometry.designs import Design
from studies.errors import CaseError
from studies.sweep.statistics.selection import is_text, others, require_metrics, select, settings
from studies.sweep.study import Axis, Study
from studies.sweep.wording import at, number, percent, quantity, quoted, shown, upper

CAVEAT = "This is what the model allows, within the ranges studied; it is never a reproduction."
ROUNDING = 1e-12


@dataclass(frozen=True, kw_only=True, eq=False)
class Compatibility:
    """Points whose metric is within ± width (relative) of a target, and what their axes cover; SI units.

    points: the rows of the study that agree. counts: per ``design`` and value of the text axes how many agree
    (``compatible``), ``of`` how many trusted ones with that number, how many are ``left_out``, and the
    ``nearest`` value of the metric with its ``point``. ranges: per design, text values and numeric ``axis``
    (its column): ``low``, ``high`` among those that agree, ``studied_low``, ``studied_high``, and for axes
    that are not sampled the ``values`` that occur among them and those ``excluded`` altogether (tuples).
    """

    study: Study
    metric: str
    target: float
    width: float
    points: pd.DataFrame
    counts: pd.DataFrame
    ranges: pd.DataFrame


def compatible(study: Study, metric: str, target: float, *, width: float = 0.1) -> Compatibility:
    """Points with |metric - target| <= width |target|; trusted ones only. Seeds count one by one."""
    require_metrics(study, [metric])
    if not (math.isfinite(target) and target != 0.0):
        raise CaseError(f"target is {target:g}; it must be finite and not zero, as its width is relative.")
    if not width > 0.0:
        raise CaseError(f"width is {width:g}; it must be above 0, for example 0.1 for ± 10 %.")
    texts = [axis for axis in study.axes if is_text(study.table, axis)]
    numeric = [axis for axis in others(study, study.seeds) if axis not in texts]
    counts: list[dict[str, Any]] = []
    ranges: list[dict[str, Any]] = []
    agreeing = []
    for where, part in settings(study.table, texts):
        for design, rows in part.groupby("design", sort=False):
            chosen = select(rows, [metric])
            distance = (chosen.rows[metric] - target).abs()
            near = chosen.rows[distance <= (width + ROUNDING) * abs(target)]
            agreeing.append(near)
            known: dict[str, Any] = {"design": design} | where
            line = known | {"compatible": len(near), "of": len(chosen.rows), "left_out": chosen.left_out}
            if len(chosen.rows):
                closest = chosen.rows.loc[distance.idxmin()]
                line |= {"nearest": closest[metric], "point": closest["point"]}
            counts.append(line)
            ranges += [known | _range(axis, chosen.rows, near) for axis in numeric]
    keys = ["design", *(axis.column for axis in texts)]
    return Compatibility(
        study=study, metric=metric, target=target, width=width,
        points=pd.concat(agreeing).sort_values("point"),
        counts=pd.DataFrame(counts, columns=[*keys, "compatible", "of", "left_out", "nearest", "point"]),
        ranges=pd.DataFrame(ranges, columns=[*keys, "axis", "low", "high", "studied_low", "studied_high",
                                             "values", "excluded"]),
    )  # fmt: skip


def excluded_pairs(found: Compatibility) -> pd.DataFrame:
    """Pairs of values, of two axes that are not sampled, with which no trusted point of a design agrees.

    Values that are excluded by themselves are left out. Columns: ``design``, ``first_axis``, ``first``,
    ``second_axis``, ``second``, ``of`` (trusted points with this pair).
    """
    axes = [axis for axis in others(found.study, found.study.seeds) if axis.kind != "sample"]
    lines = []
    for design, rows in select(found.study.table, [found.metric]).rows.groupby("design", sort=False):
        near = rows["point"].isin(found.points["point"])
        for one, two in itertools.combinations(axes, 2):
            alive = rows[one.column].isin(rows.loc[near, one.column]) & rows[two.column].isin(
                rows.loc[near, two.column]
            )
            for where, part in settings(rows[alive], [one, two]):
                if not near[part.index].any():
                    first, second = where.values()
                    names = {"design": design, "first_axis": one.column, "first": first}
                    lines.append(names | {"second_axis": two.column, "second": second, "of": len(part)})
    return pd.DataFrame(lines, columns=["design", "first_axis", "first", "second_axis", "second", "of"])


def sentences(found: Compatibility, *, called: str = "") -> list[str]:
    """One sentence per design and value of the text axes, one for all without a trusted point, the caveat.

    called: how the target is spoken of, such as "the public 6 Ω cm²"; by itself it is named with its metric.
    """
    words = quantity(found.metric)
    name = called or f"a {words.name} of {words.amount(found.target)}"
    texts = [axis for axis in found.study.axes if is_text(found.study.table, axis)]
    told: list[str] = []
    without: list[str] = []
    for count in found.counts.to_dict("records"):
        design = quoted(Design(count["design"]))
        place = at(texts, count)
        lead = f"{name} (± {percent(found.width)}) is compatible with"
        whose = f"{design}{f' at {place}' if place else ''}"
        if count["of"] == 0:
            without.append(whose)
        elif count["compatible"] == 0:
            told.append(f"{lead} none of {count['of']} points of {whose}{_nearest(found, count)}.")
        else:
            same = (found.ranges[key] == count[key] for key in ("design", *(a.column for a in texts)))
            mine = found.ranges[np.logical_and.reduce(list(same))]
            spans = "; ".join(_span(found.study.axes, line) for line in mine.to_dict("records"))
            where = f": {spans}" if spans else ""
            told.append(f"{lead} {count['compatible']} of {count['of']} points of {whose}{where}.")
    if not told and len(without) > 1:
        return [upper(f"{name}: no trusted point of the study has this number.")]
    if without:
        have = "has" if len(without) == 1 else "have"
        told.append(f"{name}: {'; '.join(without)} {have} no trusted point with this number.")
    return [*(upper(sentence) for sentence in told), CAVEAT]


def _range(axis: Axis, rows: pd.DataFrame, near: pd.DataFrame) -> dict[str, Any]:
    studied, kept = rows[axis.column], near[axis.column]
    values: tuple[float, ...] = ()
    excluded: tuple[float, ...] = ()
    if axis.kind != "sample":
        values = tuple(sorted(kept.unique().tolist()))
        excluded = tuple(sorted(set(studied.unique().tolist()) - set(values)))
    return {
        "axis": axis.column, "low": kept.min(), "high": kept.max(),
        "studied_low": studied.min(), "studied_high": studied.max(), "values": values, "excluded": excluded,
    }  # fmt: skip


def _nearest(found: Compatibility, count: Mapping[Any, Any]) -> str:
    row = found.study.table.set_index("point").loc[count["point"]]
    numeric = [axis for axis in found.study.axes if not is_text(found.study.table, axis)]
    place = at(numeric, {axis.column: row[axis.column] for axis in numeric})
    value = quantity(found.metric).amount(count["nearest"])
    return f"; the nearest is {value}{f' at {place}' if place else ''}"


def _span(axes: Sequence[Axis], line: Mapping[Any, Any]) -> str:
    axis = next(axis for axis in axes if axis.column == line["axis"])
    holes = any(line["low"] < value < line["high"] for value in line["excluded"])
    whole = _between(axis, line["studied_low"], line["studied_high"])
    if holes:
        listed = ", ".join(number(axis, value) for value in line["values"])
        return f"{axis.label} {listed} {axis.unit}".rstrip() + f" (of {whole})"
    if (line["low"], line["high"]) == (line["studied_low"], line["studied_high"]):
        return f"any {axis.label} ({whole})"
    return f"{axis.label} {_between(axis, line['low'], line['high'])} (of {whole})"


def _between(axis: Axis, low: float, high: float) -> str:
    return shown(axis, high) if low == high else f"{number(axis, low)}–{shown(axis, high)}"
