"""The tables of a study's report: what was varied, how it went, all points, compatible ranges."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from studies.errors import nearest
from studies.sweep.figures.shape import MAIN
from studies.sweep.figures.style import design_label
from studies.sweep.reasons import reasons as alike
from studies.sweep.statistics.compatible import Compatibility, excluded_pairs, sentences
from studies.sweep.statistics.selection import is_text
from studies.sweep.study import Axis, Study, described
from studies.sweep.wording import number, percent, shown
from studies.table import NOTES, Row

STATUSES = {"ok": "ok", "not trusted": "not trusted", "failed": "failed", "missing": "not computed yet"}
HOW = {"list": "listed", "range": "a range", "sample": "a Latin hypercube", "seed": "draws of the mat"}
MOST_VALUES, MOST_POINTS, MOST_ROWS = 10, 12, 500
LOOKS = {"ok": "left ok", "not trusted": "left warning", "failed": "left missed", "missing": "left info"}


def varied(study: Study) -> list[dict[str, str]]:
    """A line per axis, and one for the designs."""
    designs = dict.fromkeys(study.table["design"])
    names = "; ".join(design_label(str(design)) for design in designs)
    lines = [
        {
            "label": axis.label,
            "found": _values(study, axis),
            "how": HOW[axis.kind] + (", logarithmic" if axis.logarithmic else ""),
            "field": axis.field,
        }
        for axis in study.axes
    ]
    return [*lines, {"label": "design", "found": names, "how": "listed", "field": "designs"}]


def _values(study: Study, axis: Axis) -> str:
    found = study.table[axis.column].drop_duplicates()
    if is_text(study.table, axis):
        return ", ".join(str(value) for value in found)
    if axis.kind != "sample" and len(found) <= MOST_VALUES:  # as given: axes that advance together pair up
        return f"{', '.join(number(axis, value) for value in found)} {axis.unit}".rstrip()
    found = found.sort_values()
    ends = f"{number(axis, found.iloc[0])} to {shown(axis, found.iloc[-1])}" if len(found) else "–"
    return f"{ends}, {len(found)} values"


def counts(study: Study) -> list[tuple[str, int]]:
    """How many points have each status; those that do not occur are left out, "ok" never."""
    found = study.table["status"].value_counts()
    lines = [(words, int(found.get(status, 0))) for status, words in STATUSES.items()]
    return [(words, count) for words, count in lines if count or words == "ok"]


def reasons(study: Study) -> list[dict[str, Any]]:
    """Why points failed or are not trusted, alike reasons together, the most frequent first."""
    lines = []
    for reason in alike(study.table):
        points = [str(point) for point in reason.points]
        more = f" and {len(points) - MOST_POINTS} more" if len(points) > MOST_POINTS else ""
        named = ", ".join(points[:MOST_POINTS]) + more
        lines.append({"status": reason.status, "count": len(points), "text": reason.words, "points": named})
    return lines


def columns(study: Study) -> list[Row]:
    """The metrics of the table of points: the main ones that the study has."""
    kept = [key for key in study.metrics if key in MAIN and study.done[key].notna().any()]
    return described(kept or list(study.metrics[:6]))


def points(study: Study) -> tuple[list[dict[str, Any]], list[list[dict[str, Any]]]]:
    """Headings and first rows of the table of points; a cell has a text, a value to sort by and a look."""
    rows = columns(study)
    texts = {axis.column: is_text(study.table, axis) for axis in study.axes}
    headings = [{"title": "point", "left": True}, {"title": "design", "left": True}]
    headings += [{"title": axis.title, "left": texts[axis.column]} for axis in study.axes]
    headings += [{"title": row.label, "left": False} for row in rows]
    headings += [{"title": "status", "left": True}, {"title": "reason", "left": True}]
    body = []
    for line in study.table.head(MOST_ROWS).to_dict("records"):
        cells = [_cell(str(line["point"]), line["point"]), _cell(design_label(line["design"]), None, "left")]
        for axis in study.axes:
            value = line[axis.column]
            if texts[axis.column]:
                cells.append(_cell(str(value), None, "left"))
            else:
                cells.append(_cell(number(axis, value), value))
        cells += [_cell(row.cell(line).replace("-", "−"), line[row.key]) for row in rows]
        cells.append(_cell(STATUSES[line["status"]], None, LOOKS[line["status"]]))
        reason = line["reason"]
        cells.append(_cell(reason if isinstance(reason, str) else "", None, "wrap"))
        body.append(cells)
    return headings, body


def notes(study: Study) -> list[str]:
    """The footnotes that the labels of the table of points refer to."""
    labels = " ".join(row.label.replace("m²", "") for row in columns(study))
    return [note for note in NOTES if note[0] in labels]


def _cell(text: str, value: Any, look: str = "") -> dict[str, Any]:
    sort_by = None if value is None or not math.isfinite(value) else f"{value:.9g}"
    return {"text": text, "value": sort_by, "look": look}


def target(found: Compatibility, name: str) -> dict[str, Any]:
    """Sentences and tables of what agrees with a target."""
    axes = {axis.column: axis for axis in found.study.axes}
    texts = [axis for axis in found.study.axes if axis.column in found.ranges.columns]
    columns = list(dict.fromkeys(found.ranges["axis"]))
    lines: dict[tuple[str, ...], dict[str, Any]] = {}
    for line in found.ranges.to_dict("records"):
        key = (design_label(line["design"]), *(str(line[text.column]) for text in texts))
        lines.setdefault(key, {})[line["axis"]] = _range(line, axes[line["axis"]])
    return {
        "name": f"{name} ± {percent(found.width)}",
        "sentences": sentences(found, called=name),
        "heads": ["design", *(text.label for text in texts)],
        "axes": [axes[column].title for column in columns],
        "lines": [{"key": key, "cells": [cells[c] for c in columns]} for key, cells in lines.items()]
        if found.counts["of"].any()
        else [],
        "pairs": [_pair(line, axes) for line in excluded_pairs(found).to_dict("records")],
    }


def without_metric(study: Study, metric: str, name: str) -> dict[str, Any]:
    """What is said of a target whose metric the study does not have."""
    if study.done.empty:
        why = "No point has numbers yet."
    else:
        hint = nearest(metric, study.metrics) or "; the columns of results.csv are those that there are."
        why = f'No point has the metric "{metric}"{hint}'
    return {"name": name, "sentences": [why], "lines": [], "pairs": []}


def _range(line: Mapping[Hashable, Any], axis: Axis) -> dict[str, str]:
    """What of an axis agrees, of what was studied, and which listed values never do."""
    if pd.isna(line["studied_low"]):
        return {"range": "–", "rest": "no trusted point has this number"}
    excluded = ", ".join(number(axis, value) for value in line["excluded"])
    studied = _between(axis, line["studied_low"], line["studied_high"])
    if pd.isna(line["low"]):
        return {"range": "none", "rest": f"of {studied}"}
    kept = _between(axis, line["low"], line["high"])
    if kept == studied and not excluded:
        return {"range": "any", "rest": studied}
    return {"range": kept, "rest": f"of {studied}" + (f", not {excluded}" if excluded else "")}


def _pair(line: Mapping[Hashable, Any], axes: Mapping[str, Axis]) -> str:
    first, second = axes[line["first_axis"]], axes[line["second_axis"]]
    return (
        f"{design_label(line['design'])}: {first.label} {shown(first, line['first'])} with "
        f"{second.label} {shown(second, line['second'])}"
    )


def _between(axis: Axis, low: float, high: float) -> str:
    return number(axis, low) if low == high else f"{number(axis, low)} to {number(axis, high)}"
