"""Small made-up studies of every shape that figures have to cope with."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from studies_made_up import EXCHANGE, GAP, LAYER, POROSITY, SEED, THREE, anode, factorial, sampled, without

from geometry.designs import Design
from studies.sweep.study import Study

CURRENTS = (1.0, 3.16, 10.0, 31.6, 100.0)


def cell(point: Any) -> dict[str, float]:
    """`anode` with the unevenness of its current, and a number that only mats have."""
    found = anode(point)
    flat = {Design.PLANAR: 0.0, Design.PLANAR_ROUGH: 0.35}
    uneven = 0.5 + 0.3 * (0.9 - point.get("porosity", 0.85)) + 0.01 * math.log(point["exchange_current_A_m2"])
    found["anode_cv"] = flat.get(Design(point["design"]), uneven)
    found["limit_ratio"] = 0.3  # constant: no figure
    return found


def one_axis() -> Study:
    return without(
        factorial({EXCHANGE: CURRENTS}, cell, THREE), {3: "failed", 5: "not trusted", 7: "missing"}
    )


def two_axes() -> Study:
    study = factorial({EXCHANGE: CURRENTS, POROSITY: (0.7, 0.8, 0.9)}, cell, THREE[1:])
    return without(study, {2: "failed", 4: "not trusted", 6: "missing"})


def with_text() -> Study:
    return factorial({EXCHANGE: CURRENTS, GAP: ("same-layers", "same-distance")}, cell, THREE)


def only_text() -> Study:
    study = factorial({GAP: ("same-layers", "same-distance")}, anode, THREE)
    return without(study, {2: "failed"})


def with_seeds() -> Study:
    study = factorial({EXCHANGE: CURRENTS, SEED: (1, 2, 3, 4)}, cell, THREE)
    return without(study, {3: "failed", 6: "not trusted", 9: "missing"})


def only_seeds() -> Study:
    study = factorial({SEED: (1, 2, 3, 4, 5)}, anode, THREE)
    return without(study, {3: "failed", 9: "missing"})


def three_axes() -> Study:
    values = {EXCHANGE: (10.0, 100.0), POROSITY: (0.7, 0.8, 0.9), LAYER: (2e-6, 1e-5)}
    return without(factorial(values, cell, THREE[1:]), {4: "failed"})


def hypercube() -> Study:
    bounds = {EXCHANGE: (1.0, 1000.0), POROSITY: (0.6, 0.95), LAYER: (2e-6, 20e-6)}
    return without(sampled(bounds, cell, 32, designs=THREE[1:]), {5: "failed", 7: "not trusted"})


def failed() -> Study:
    study = factorial({EXCHANGE: CURRENTS}, cell, THREE)
    return without(study, dict.fromkeys(range(1, 16), "failed"))


def single() -> Study:
    return factorial({EXCHANGE: (10.0,)}, cell)


def no_numbers() -> Study:
    study = one_axis()
    table = study.table.copy()
    table[list(study.metrics)] = np.nan
    return replace(study, table=table)


SHAPES = {
    shape.__name__: shape
    for shape in (one_axis, two_axes, with_text, only_text, with_seeds, only_seeds, three_axes, hypercube)
}
EMPTY = (failed, single, no_numbers)
