"""`kill -9` of a running sweep: nothing stored is lost or computed twice, and the table is the same."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.gmsh, pytest.mark.skipif(sys.platform == "win32", reason="needs signals")]

ROOT = Path(__file__).parent.parent
SWEEP = """
case = "parallel"
designs = ["planar", "bilayer"]
[set]
"mesh.size" = "0.4 um"
"mesh.order" = 1
"cell.width" = "8 um"
"cell.framework.porosity" = 0.8
[axes]
"cell.framework.thickness" = THICKNESSES
"operation.current_density" = ["5 mA/cm^2", "10 mA/cm^2", "15 mA/cm^2", "20 mA/cm^2"]
"kinetics.fibres.exchange_current" = ["1 mA/cm^2", "10 mA/cm^2"]
"""
COMMAND = [
    sys.executable,
    "-c",
    "from studies.cli import main; main()",
    "sweep",
    "sweep.toml",
    "--workers",
    "2",
]


def _start(folder: Path, out: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*COMMAND, "--out", out],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _stored(out: Path) -> dict[str, tuple[int, int]]:
    return {p.name: (p.stat().st_ino, p.stat().st_mtime_ns) for p in (out / "points").glob("[!.]*.json")}


@pytest.mark.parametrize(
    ("kills", "geometries"), [(2, 2), pytest.param(20, 6, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_killed_at_random_moments(tmp_path: Path, kills: int, geometries: int):
    """Some die before they have stored anything, the others a moment after their next few points."""
    thicknesses = ", ".join(f'"{5 + n} um"' for n in range(geometries))
    (tmp_path / "sweep.toml").write_text(SWEEP.replace("THICKNESSES", f"[{thicknesses}]"))
    assert _start(tmp_path, "whole").wait() == 0
    wanted, out = len(_stored(tmp_path / "whole")), tmp_path / "killed"
    assert wanted == 8 * (geometries + 1)

    chance, known, killed, growth = random.Random(1), {}, 0, 0
    while killed < kills:
        run, more = _start(tmp_path, "killed"), chance.randint(0, 3)
        while more and run.poll() is None and len(_stored(out)) < len(known) + more:
            time.sleep(0.01)
        try:
            run.wait(timeout=chance.uniform(0, 0.2 if more else 3))
            shutil.rmtree(out)  # it was quicker than its killer: from the beginning
            known = {}
            continue
        except subprocess.TimeoutExpired:
            os.kill(run.pid, signal.SIGKILL)
            run.wait()
        killed += 1
        time.sleep(0.5)  # its workers see that it is gone
        now = _stored(out)
        assert {name: now.get(name) for name in known} == known
        growth += len(now) - len(known)
        known = now
    assert growth, "no kill met a run that had stored something"
    assert _start(tmp_path, "killed").wait() == 0
    now = _stored(out)
    assert {name: now[name] for name in known} == known
    assert len(now) == wanted
    assert (out / "results.csv").read_text() == (tmp_path / "whole" / "results.csv").read_text()
