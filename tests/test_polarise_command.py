"""The command polarise: which currents, exit codes, what is on the screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from fins import CASE, SMALL, Fragile
from typer.testing import CliRunner, Result

from fem.newton import Outcome, SolveFailed
from geometry.designs import Design
from studies import limits
from studies.cli import app
from studies.errors import CaseError
from studies.polarisation import polarise, series, study, walk

pytestmark = pytest.mark.gmsh


def test_currents_are_read_sorted_and_spanned() -> None:
    assert series.listed("5, 1,2 mA/cm^2") == pytest.approx((10.0, 20.0, 50.0))
    assert series.listed("0.3 A/m^2, 1mA/cm^2") == pytest.approx((0.3, 10.0))
    assert series.spanned(10.0, 40.0, 4) == pytest.approx((10.0, 20.0, 30.0, 40.0))
    assert series.spanned(10.0, 1000.0, 3, logarithmic=True) == pytest.approx((10.0, 100.0, 1000.0))


def test_the_automatic_series_ends_below_each_limit() -> None:
    chosen = series.automatic(CASE, CASE.designs)
    for design, currents in chosen.items():
        assert currents[-1] == pytest.approx(0.95 * limits.bracket(CASE, design)[0])
        assert list(currents) == sorted(set(currents))
    assert len(chosen[Design.PLANAR]) == 12
    assert set(chosen[Design.BILAYER][:-1]) < set(chosen[Design.PLANAR])  # shared, to compare at


def test_currents_of_python_are_checked() -> None:
    for currents in ([], [-1.0], [0.0], [float("nan")], [10.0, 10.0]):
        with pytest.raises(CaseError):
            polarise(CASE, currents)
    with pytest.raises(CaseError, match="no folder"):
        polarise(CASE, [10.0], fields=True)


def run(folder: Path, *options: str) -> Result:
    (folder / "small.toml").write_text(SMALL, "utf-8")
    return CliRunner().invoke(app, ["polarise", str(folder / "small.toml"), *options])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--currents", "1, 2"], ("--currents", "without a unit")),
        (["--currents", "1, 2 mV"], ("--currents", "another kind")),
        (["--currents", "1, x mA/cm^2"], ("--currents", "x mA/cm^2")),
        (["--currents", ""], ("--currents", "empty")),
        (["--currents", "1, , 2 mA/cm^2"], ("--currents", "empty place")),
        (["--currents", "-1, 2 mA/cm^2"], ("--currents", "above 0")),
        (["--currents", "1, 1, 2 mA/cm^2"], ("--currents", "twice")),
        (["--from", "1 mA/cm^2"], ("--from and --to",)),
        (["--from", "4 mA/cm^2", "--to", "1 mA/cm^2"], ("--to must be the larger",)),
        (["--from", "1 mA/cm^2", "--to", "4 mA/cm^2", "--count", "1"], ("--count",)),
        (["--currents", "1 mA/cm^2", "--log"], ("leave one out",)),
        (["--currents", "1 mA/cm^2", "--count", "12"], ("--count", "leave one out")),
        (["--design", "planar_rough"], ("planar_rough", "[cell.rough]")),
        (["--method", "magic"], ("--method", "equilibrated")),
    ],
)
def test_bad_input(tmp_path: Path, options: list[str], words: tuple[str, ...]) -> None:
    """Exit 2, one sentence, no folder, before any work."""
    result = run(tmp_path, *options, "--out", str(tmp_path / "out"))
    assert result.exit_code == 2, result.output
    lines = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1 and all(word in lines[0] for word in words), result.stderr
    assert not (tmp_path / "out").exists()


def test_depletion_is_a_result(tmp_path: Path) -> None:
    """Exit 0: table with the requested currents and the end of each curve, sentences, paths."""
    result = run(
        tmp_path, "--currents", "10, 500 mA/cm^2", "--design", "planar", "--out", str(tmp_path / "out")
    )
    assert result.exit_code == 0, result.output
    for word in ("cell voltage (mV)", "planar: no steady state carries 500 mA/cm²", "0.75 of the exact limit",
                 "All trust checks passed.", str(tmp_path / "out" / "report.html")):  # fmt: skip
        assert word in result.stdout
    assert (tmp_path / "out" / "polarisation.csv").is_file()


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (KeyboardInterrupt(), 130, ("stopped; what is finished is kept", "was stopped by hand")),
        (SolveFailed("odd", outcome=Outcome.STAGNATED, state=None, last_converged_current=None), 1, ("odd",)),
    ],
)
def test_exit_codes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, words: tuple[str, ...]
) -> None:
    monkeypatch.setattr(Fragile, "error", error, raising=False)
    monkeypatch.setattr(walk, "SteadyCell", Fragile)
    monkeypatch.setattr(study.report, "write", lambda *_: None)  # takes seconds, tested elsewhere
    result = run(
        tmp_path, "--currents", "10, 20 mA/cm^2", "--design", "planar_ionic", "--out", str(tmp_path / "out")
    )
    assert result.exit_code == code, result.output
    assert all(word in result.output.replace("\n", " ") for word in words), result.output
    assert (tmp_path / "out" / "polarisation.csv").is_file()
