"""The command sweep: what Ctrl-C leaves and says."""

import re
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from studies import cli_sweep
from studies.cli import app
from studies.sweep.progress import Report
from studies.sweep.runner import Progress


@pytest.mark.parametrize("done", [2, 0])
def test_ctrl_c_says_what_is_there_and_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, done: int
) -> None:
    """The command to go on has no --retry, which would compute the points that failed just now again."""

    def stopped(_sweep: object, out: Path, *, watch, **_: object) -> None:
        if done:
            out.mkdir()
            (out / "results.csv").write_text("")
            watch(Progress(done=done, total=6, computed=2, to_compute=6))
        raise KeyboardInterrupt

    monkeypatch.setattr(cli_sweep, "run_sweep", stopped)
    monkeypatch.setattr("sys.argv", ["bilayer", "sweep", "seeds", "--retry", "--out", "my study"])
    told = CliRunner().invoke(app, ["sweep", "seeds", "--out", str(tmp_path / "out")])
    assert told.exit_code == 130
    assert told.stderr.rstrip().endswith(": bilayer sweep seeds --out 'my study'")
    assert ("stopped at 2 of 6 points, which are in" in told.stderr) == (done > 0)
    assert ("stopped before anything was computed" in told.stderr) == (done == 0)


def test_progress_is_known_on_a_terminal_as_well() -> None:
    report, at = Report(cli_sweep.screen.consoles()[1]), Progress(done=1, total=2, computed=1, to_compute=2)
    report.watch(at)
    assert report.at == at


def test_time_left_is_told_when_a_pace_is_known_and_is_that_of_late() -> None:
    """A minute of meshing, then a point a second, then one in ten seconds."""
    at, screen = [0.0], StringIO()
    report, said = Report(Console(file=screen, width=100), clock=lambda: at[0]), {}
    paces = [(60, 1), (80, 20), (200, 140), (800, 200)]  # [s], results
    began, before = 0, 0
    for end, computed in paces:
        for second in range(began + 1, end + 1):
            at[0] = second
            now = before + (computed - before) * (second - began) // (end - began)
            report.watch(Progress(done=now, total=300, computed=now, to_compute=300))
        began, before = end, computed
        said[end] = screen.getvalue().splitlines()[-1]
    assert said[60].endswith("to compute")
    assert seconds_left(said[80]) < 15 * 60  # 24 min at the mean pace
    assert seconds_left(said[200]) == pytest.approx(170, abs=30)
    assert seconds_left(said[800]) == pytest.approx(1000, rel=0.05)


def seconds_left(line: str) -> float:
    found = re.search(r"about ([\d.]+) (s|min|h) left$", line)
    assert found
    number, unit = found.groups()
    return float(number) * {"s": 1.0, "min": 60.0, "h": 3600.0}[unit]


def test_help_says_what_retry_leaves_alone() -> None:
    text = " ".join(CliRunner().invoke(app, ["sweep", "--help"], env={"COLUMNS": "200"}).stdout.split())
    assert "Compute failed points again; those not trusted stay as they are." in text
