"""Peak memory by stage."""

import sys

import numpy as np
import pytest

from studies.memory import Memory, peak, peak_of_children, reset_peak


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux starts its count anew")
def test_every_stage_has_its_own_peak() -> None:
    """Catches a mark that is not reset, and stages that are booked one too late."""
    said: list[str] = []
    memory = Memory(said.append)
    memory("large: 200 MiB")
    block = np.ones(25 * 2**20)
    del block
    memory("small")
    found = memory.record()
    stages = found["by_stage_MiB"]
    assert list(stages) == ["start", "large", "small"] and said == ["large: 200 MiB", "small"]
    assert stages["large"] > stages["small"] + 150
    assert found["program_MiB"] == max(stages.values())


def test_marks_are_in_MiB() -> None:
    assert 10 < peak() < 1e5
    assert 0 <= peak_of_children() < 1e5
    assert reset_peak() in (True, False)
