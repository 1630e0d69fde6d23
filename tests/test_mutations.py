"""The verification notices mistakes: each one, made on purpose, turns a study red that passes without it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from mutations import MISTAKES

BOTH = "full_against_equilibrated"
NOTICED_BY = {
    "1 - t+ in the flux of anions": BOTH,
    "1 - t+ in kappa_D": BOTH,
    "1 - t+ in Psi'": BOTH,
    "sign of the film drop": "flat_cell",
    "MacMullin number on kappa but not on D, fluxes": BOTH,
    "MacMullin number on kappa but not on D, equilibrated": BOTH,
    "no thermodynamic factor, fluxes": BOTH,
    "no thermodynamic factor, Psi'": BOTH,
    "no thermodynamic factor at all": "flat_cell",
}


def red(mistake: str, *studies: str) -> dict[str, object]:
    """Studies whose fast part falls short, in a process of its own: nothing of the mistake stays behind."""
    script = Path(__file__).with_name("mutations.py")
    done = subprocess.run(
        [sys.executable, str(script), mistake, *studies], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_every_mistake_has_a_study() -> None:
    assert set(NOTICED_BY) | {"none"} == set(MISTAKES)


@pytest.mark.slow
@pytest.mark.parametrize("mistake", NOTICED_BY)
def test_a_mistake_turns_a_study_red(mistake: str) -> None:
    assert NOTICED_BY[mistake] in red(mistake, NOTICED_BY[mistake])


@pytest.mark.slow
def test_without_a_mistake_they_pass() -> None:
    """Catches a study that is red for another reason."""
    assert red("none", *sorted(set(NOTICED_BY.values()))) == {}
