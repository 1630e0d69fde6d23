"""The command line: exit codes, one sentence per mistake, nothing half-written, no traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from studies.case import SHIPPED, shipped_names
from studies.cli import app

DEFAULT = (SHIPPED / "bilayer.toml").read_text("utf-8")


def bilayer(*arguments: str | Path) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def refused(result: Result, *words: str) -> None:
    """Exit 2, words in one line on stderr, no traceback."""
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    lines = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, result.stderr
    assert all(word in lines[0] for word in words), lines[0]


def write_case(folder: Path, *changes: tuple[str, str]) -> Path:
    """The default case with pieces of its text replaced."""
    text = DEFAULT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "case.toml"
    path.write_text(text, "utf-8")
    return path


MISTAKES = {
    "unknown key": ("porosity = 0.85", "porositty = 0.85", "cell.framework.porositty"),
    "wrong unit": ('width = "16 um"', 'width = "16 s"', "cell.width"),
    "negative thickness": ('thickness = "5 um"', 'thickness = "-5 um"', "cell.ionic_layer.thickness"),
    "porosity": ("porosity = 0.85", "porosity = 1.2", "cell.framework.porosity"),
    "fibre": ('fibre_diameter = "1 um"', 'fibre_diameter = "20 um"', "cell.framework.fibre_diameter"),
    "packing": ("porosity = 0.85", "porosity = 0.3", "porosity of a random mat"),
    "mesh": ('size = "0.35 um"', 'size = "1.5 um"', "mesh.size"),
    "cell": ('width = "16 um"', 'width = "16 mm"', "triangles"),
    "temperature": ('"298.15 K"', '"0 K"', "electrolyte.temperature"),
    "law": ('"valoen-reimers-2005"', '"valoen"', "electrolyte.law"),
    "concentration": ('"1 mol/L"', '"9 mol/L"', "concentration 9000 mol/m3"),
}


@pytest.mark.parametrize("command", ["compare", "run", "mesh"])
@pytest.mark.parametrize(("old", "new", "word"), MISTAKES.values(), ids=MISTAKES)
def test_bad_cases_stop_before_any_work(tmp_path: Path, command: str, old: str, new: str, word: str) -> None:
    case = write_case(tmp_path, (old, new))
    out = tmp_path / "out" / "x.msh"
    # a second unknown key would be a second line: "porositty" also leaves porosity missing
    result = bilayer(command, case, "--out", out)
    if word == "cell.framework.porositty":
        assert result.exit_code == 2 and "did you mean" in result.stderr and "missing" in result.stderr
    else:
        refused(result, word)
    assert not out.parent.exists()


def test_missing_key(tmp_path: Path) -> None:
    refused(
        bilayer("run", write_case(tmp_path, ('depth = "16 um"\n', "")), "--out", tmp_path / "out"),
        "cell.depth",
        "missing",
        '"16 um"',
    )


def test_files_that_are_no_case(tmp_path: Path) -> None:
    (tmp_path / "binary.toml").write_bytes(bytes(range(256)))
    (tmp_path / "empty.toml").write_text("", "utf-8")
    for name, word in (("binary.toml", "binary"), ("empty.toml", "empty"), ("no.toml", "does not exist")):
        refused(bilayer("compare", tmp_path / name, "--out", tmp_path / "out"), word)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("design", ["planar", "planar_ionic"])
def test_current_above_the_limit_of_a_flat_design(tmp_path: Path, design: str) -> None:
    """Refused before meshing, with depletion, the limit and the design; the limit is that of PHYSICS V1b."""
    case = write_case(
        tmp_path, ('"10 mA/cm^2" # or', '"500 mA/cm^2" # or'), ("designs = [", f'designs = ["{design}"] # [')
    )
    for command in ("compare", "run"):
        result = bilayer(command, case, "--out", tmp_path / "out")
        refused(result, "operation.current_density", "500 mA/cm^2", "depleted", "limiting current", design)
    assert not (tmp_path / "out").exists()


def test_output_that_cannot_be_written(tmp_path: Path) -> None:
    """Found before any work, whatever the command."""
    (tmp_path / "file").write_text("kept", "utf-8")
    for command in ("compare", "run"):
        refused(
            bilayer(command, "bilayer", "--out", tmp_path / "file" / "out"),
            "cannot be written",
            "give another",
        )
        refused(bilayer(command, "bilayer", "--out", tmp_path / "file"), "cannot be written", "give another")
    refused(bilayer("mesh", "bilayer", "--out", tmp_path / "file" / "x.msh"), "cannot be written")
    refused(bilayer("mesh", "bilayer", "--out", tmp_path), "folder")
    refused(bilayer("mesh", "bilayer", "--out", tmp_path / "x.stl"), "x.stl", ".msh")
    assert (tmp_path / "file").read_text("utf-8") == "kept"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_stopped_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C: one line, the exit code that shells expect, no files."""

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("studies.cli.mesh_designs", stop)
    result = bilayer("run", "bilayer", "--out", tmp_path / "out")
    assert result.exit_code == 130 and "stopped; nothing was written" in result.stderr
    assert not (tmp_path / "out").exists()


def test_design_without_its_part(tmp_path: Path) -> None:
    result = bilayer("run", "real-mat", "--design", "planar_rough", "--out", tmp_path / "out")
    refused(result, "planar_rough", "[cell.rough]")


def test_unknown_options_are_refused(tmp_path: Path) -> None:
    refused(
        bilayer("run", "bilayer", "--method", "magic", "--out", tmp_path / "out"), "--method", "equilibrated"
    )
    for arguments in (("run", "bilayer", "--design", "planer"), ("paint",), ("mesh", "bilayer")):
        result = bilayer(*arguments)
        assert result.exit_code == 2
        assert "Traceback" not in result.output


def test_cases_are_listed_and_printed() -> None:
    listed = bilayer("cases")
    assert listed.exit_code == 0
    assert [line.split()[0] for line in listed.stdout.splitlines()] == list(shipped_names())
    assert shipped_names()[0] == "bilayer"
    assert bilayer("cases", "bilayer").stdout == DEFAULT
    refused(bilayer("cases", "trilayer"), "trilayer", "bilayer")


def test_schema_is_json() -> None:
    assert json.loads(bilayer("schema").stdout)["type"] == "object"


def test_installed_command(tmp_path: Path) -> None:
    """As a process of its own: the same exit code, a sentence on stderr, nothing on stdout, no traceback."""
    program = "import sys; from studies.cli import main; sys.argv[0] = 'bilayer'; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "run", str(tmp_path / "no.toml")],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[1],
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: case file") and "does not exist" in done.stderr
    assert len(done.stderr.splitlines()) == 1
