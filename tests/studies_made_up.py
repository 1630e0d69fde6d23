"""Studies made up from formulas, for tests of what is done with a study: no mesh, no solver, exact numbers.

`factorial` and `sampled` build a study from axes and a formula; `without` lets points fail. `over_seeds`,
`over_ranges` and `over_a_sample` are ready-made and look like real ones: six designs or three, planar designs
blind to the seed and without share_fibres, a failed, a distrusted and a missing point each.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import qmc

from geometry.designs import Design
from studies.sweep.study import Axis, Study

SEED = Axis(field="cell.framework.seed", column="seed", label="seed", kind="seed")
EXCHANGE = Axis(
    field="kinetics.fibres.exchange_current", column="exchange_current_A_m2", label="exchange current",
    unit="mA/cm²", factor=0.1, kind="range", logarithmic=True,
)  # fmt: skip
POROSITY = Axis(field="cell.framework.porosity", column="porosity", label="porosity of the mat", kind="range")
LAYER = Axis(
    field="cell.ionic_layer.thickness", column="layer_thickness_m", label="ionic layer", unit="µm",
    factor=1e6, kind="range",
)  # fmt: skip
CURRENT = Axis(
    field="operation.current_density", column="operation.current_density_A_m2", label="current density",
    unit="mA/cm²", factor=0.1,
)  # fmt: skip
GAP = Axis(field="cell.gap", column="gap", label="gap")

Point = Mapping[str, Any]
Formula = Callable[[Point], Mapping[str, float]]
"""Metrics of one point; the point maps ``design`` and the axes' columns to their values."""
THREE = (Design.PLANAR, Design.PLANAR_ROUGH, Design.BILAYER)


def factorial(
    values: Mapping[Axis, Sequence[Any]], formula: Formula, designs: Sequence[Design] = (Design.BILAYER,)
) -> Study:
    """Every combination of the axes' values and the designs; the last axis and the designs run fastest."""
    return _study(tuple(values), list(itertools.product(*values.values())), formula, designs)


def sampled(
    bounds: Mapping[Axis, tuple[float, float]], formula: Formula, n: int, *, seed: int = 1,
    designs: Sequence[Design] = (Design.BILAYER,),
) -> Study:  # fmt: skip
    """A Latin hypercube of n points between the axes' bounds (SI), in logarithms where an axis is so."""
    low, high = np.array([_scaled(axis, ends) for axis, ends in bounds.items()]).T
    points = qmc.scale(qmc.LatinHypercube(d=len(bounds), rng=seed).random(n), low, high)
    for number, axis in enumerate(bounds):
        if axis.logarithmic:
            points[:, number] = 10.0 ** points[:, number]
    axes = tuple(replace(axis, kind="sample") for axis in bounds)
    return _study(axes, [tuple(row) for row in points.tolist()], formula, designs)


def without(study: Study, points: Mapping[int, str]) -> Study:
    """The study with other statuses at some points (number -> status); only distrusted ones keep numbers."""
    table = study.table.copy()
    for number, status in points.items():
        rows = table["point"] == number
        table.loc[rows, "status"] = status
        table.loc[rows, "reason"] = "" if status == "missing" else f"made up to be {status}"
        if status in ("failed", "missing"):
            table.loc[rows, list(study.metrics)] = np.nan
    return Study(title=study.title, about=study.about, axes=study.axes, table=table)


def over_seeds(n: int = 8, designs: Sequence[Design] = tuple(Design)) -> Study:
    """Two exchange currents × seeds × designs: one failed, one is distrusted, one missing."""
    values = {EXCHANGE: (10.0, 100.0), SEED: tuple(range(1, n + 1))}
    study = factorial(values, anode, designs)
    statuses = {number: "failed" for number in _numbers(study, Design.FRAMEWORK)[-1:]}
    for number, status in zip(_numbers(study, Design.BILAYER)[1:3], ("not trusted", "missing"), strict=False):
        statuses[number] = status
    return without(study, statuses)


def over_ranges(designs: Sequence[Design] = THREE) -> Study:
    """Five exchange currents × three porosities × two gaps; one bilayer failed, the last point is missing."""
    values = {
        EXCHANGE: (1.0, 3.16, 10.0, 31.6, 100.0),
        POROSITY: (0.7, 0.8, 0.9),
        GAP: ("same-layers", "same-distance"),
    }
    study = factorial(values, anode, designs)
    failed = _numbers(study, designs[-1])[0]
    return without(study, {failed: "failed", len(study.table): "missing"})


def over_a_sample(n: int = 64, designs: Sequence[Design] = THREE) -> Study:
    """A Latin hypercube in exchange current, porosity and layer; points 5 and 7 failed."""
    bounds = {EXCHANGE: (1.0, 1000.0), POROSITY: (0.6, 0.95), LAYER: (2e-6, 20e-6)}
    study = sampled(bounds, anode, n, designs=designs)
    return without(study, {5: "failed", 7: "failed"})


def anode(point: Point) -> dict[str, float]:
    """A cartoon of a cell at 10 mA/cm²: resistances in series, surface from porosity, noise from seeds."""
    design = Design(point["design"])
    seed = point.get("seed")
    noise = np.random.default_rng([7, seed]).normal(0.0, 1.0, 3) if seed is not None else np.zeros(3)
    if not design.has_framework:
        noise = np.zeros(3)
    surface = {Design.PLANAR_ROUGH: 1.4}.get(design, 1.0)
    if design in (Design.FRAMEWORK, Design.BILAYER):
        surface = 1.0 + 64.0 * (1.0 - point.get("porosity", 0.85)) * (1.0 + 0.05 * noise[0])
    exchange = point.get("exchange_current_A_m2", 100.0)
    layer = point.get("layer_thickness_m", 5e-6) if design.has_ionic_layer else 0.0
    gap = 12e-6 if point.get("gap", "same-layers") == "same-layers" else 16e-6
    charge_transfer = 2 * 0.02569 * math.asinh(100.0 / (2.0 * exchange * surface))
    voltage = 0.045 + charge_transfer + 100.0 * (6.0 * layer + gap) * 0.8 + 2e-4 * noise[1]
    metrics = {
        "cell_voltage_V": voltage,
        "cell_resistance_ohm_m2": voltage / 100.0,
        "anode_mean_A_m2": 100.0 / surface,
        "anode_p99_A_m2": 180.0 / surface * (1.0 + 0.04 * noise[2]),
    }
    return metrics | ({"share_fibres": 1.0 - 1.2 / surface} if surface > 2.0 else {})


def _study(
    axes: tuple[Axis, ...], points: Sequence[tuple[Any, ...]], formula: Formula, designs: Sequence[Design]
) -> Study:
    columns = [axis.column for axis in axes]
    inputs = [
        {"design": str(design)} | dict(zip(columns, values, strict=True))
        for values in points
        for design in designs
    ]
    fixed = [
        {"point": number, "design": point["design"], "status": "ok", "reason": ""} | point
        for number, point in enumerate(inputs, start=1)
    ]
    table = pd.concat([pd.DataFrame(fixed), pd.DataFrame([dict(formula(p)) for p in inputs])], axis=1)
    return Study(title="Made up", about="Numbers from a formula.", axes=axes, table=table)


def _numbers(study: Study, design: Design) -> list[int]:
    return [int(number) for number in study.table.loc[study.table["design"] == design, "point"]]


def _scaled(axis: Axis, ends: tuple[float, float]) -> tuple[float, float]:
    return (math.log10(ends[0]), math.log10(ends[1])) if axis.logarithmic else ends
