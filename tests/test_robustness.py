"""Random mats draw, mesh and solve, whatever the seed."""

import pytest
from rich.console import Console

from meshes.quality import QUALITY_FLOOR
from studies.robustness import WIDTH, study, summary


@pytest.mark.slow
@pytest.mark.gmsh
def test_sixty_mats_in_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    """20 seeds at three porosities: every mat is drawn, meshed above the quality floor and solved.

    Catches contacts that leave slivers, growth that jams, meshes on which the solver stalls.
    """
    rows = study(list(WIDTH), range(1, 21))
    table = summary(rows)
    with capsys.disabled():
        Console(width=200).print("\n" + table.to_string(index=False, float_format="{:.4g}".format))
    assert rows["failure"].isna().all(), rows["failure"].dropna().tolist()
    assert (rows["fibres"] >= 60).all()
    assert (rows["worst_mean_ratio"] >= QUALITY_FLOOR).all()
    assert (rows["percolating_share"] >= 0.95).all()
    assert (rows["porosity_error"].abs() <= 0.005).all()
