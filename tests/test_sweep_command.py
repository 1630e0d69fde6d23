"""The command sweep: what Ctrl-C leaves and says."""

from pathlib import Path

import pytest
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


def test_help_says_what_retry_leaves_alone() -> None:
    text = " ".join(CliRunner().invoke(app, ["sweep", "--help"], env={"COLUMNS": "200"}).stdout.split())
    assert "Compute failed points again; those not trusted stay as they are." in text
