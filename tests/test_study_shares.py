"""The figure of shares of the variance: its intervals and what its caption says of seeds.

Catches an interval that moves with the bar that is cut at zero, and a remainder put down to the wrong cause.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from studies_made_up import SEED
from study_shapes import hypercube

from studies.sweep.figures.picture import Picture
from studies.sweep.figures.tornado import shares
from studies.sweep.statistics.sensitivity import indices
from studies.sweep.study import Study, described


@pytest.fixture(scope="module", autouse=True)
def few():
    """A bootstrap takes most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("studies.sweep.figures.tornado.MOST", 4)
        patch.setattr("studies.sweep.figures.tornado.FEWEST", 4)
        yield


def voltage_shares(study: Study) -> Picture:
    picture = shares(study, described(["cell_voltage_V"])[0])
    assert picture is not None
    return picture


def test_intervals_of_shares_are_those_of_the_indices_cut_at_zero():
    found = indices(hypercube(), "cell_voltage_V", resamples=4)
    value, half = found["first_order"], found["first_half"]
    assert (value < 0.0).any()
    ends = zip((value - half).clip(lower=0.0), (value + half).clip(lower=0.0), strict=True)
    *bars, _ = voltage_shares(hypercube()).figure.axes[0].lines  # the last is the line at zero
    drawn = sorted(tuple(bar.get_xdata()) for bar in bars)
    assert np.array(drawn) == pytest.approx(np.array(sorted(ends)))


def test_shares_say_what_seeds_have_and_what_is_missing():
    study = hypercube()
    twice = pd.concat([study.table.assign(seed=seed) for seed in (1, 2)], ignore_index=True)
    twice.loc[twice["seed"] == 2, "cell_voltage_V"] *= 1.01
    once = study.table.assign(seed=study.table["point"])
    captions = [
        voltage_shares(study).caption,
        *(
            voltage_shares(replace(study, axes=(*study.axes, SEED), table=table)).caption
            for table in (twice, once)
        ),
    ]
    assert "once the axis is known; what is missing to 1 is made by several axes together." in captions[0]
    assert "of the seeds what they make at fixed values of the others; what is missing" in captions[1]
    assert "or by the seeds, of which no point has two" in captions[2]
