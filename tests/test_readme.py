"""The README tells the truth: its links lead somewhere, its commands exist, its Python example runs.

Catches a renamed option, target, file or field that the README still promises.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
PYTHON = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
LINKS = sorted({link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link})
COMMANDS = re.findall(r"^\| `bilayer (\w+)([^`]*)`", README, flags=re.MULTILINE)


@pytest.mark.parametrize("link", LINKS)
def test_links_lead_somewhere(link: str):
    assert (ROOT / link).exists()


def test_make_targets_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    promised = set(re.findall(r"(?:^    |`)make (\w+)", README, flags=re.MULTILINE))
    assert {"compare", "test"} <= promised <= targets


@pytest.mark.parametrize(("command", "arguments"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_commands_and_their_options_exist(command: str, arguments: str):
    run = subprocess.run(
        [sys.executable, "-c", "from studies.cli import main; main()", command, "--help"],
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    for option in re.findall(r"--[a-z-]+", arguments):
        assert option in run.stdout, f"bilayer {command} has no {option}"


@pytest.mark.gmsh
def test_python_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """One pillar on a foil, 10 um wide, in two dimensions, as a user would draw it in micrometres."""
    draw_pillar(tmp_path / "cell.msh")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for example in PYTHON:  # the later ones go on where the first one ends
        exec(compile(example, "README.md", "exec"), names)
    first, curve = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"\d+\.\d mV, \d+% on the fibres", first)
    assert re.fullmatch(r"\['\d+\.\d mV'(, '\d+\.\d mV'){3}\]", curve)
    written = {path.name for path in (tmp_path / "fields").glob("*.vtu")}
    assert {
        "pores.vtu",
        "separator.vtu",
        "fibres.vtu",
        "fibre_surface.vtu",
        "foil.vtu",
        "counter.vtu",
    } <= written
    promised = set(re.findall(r"`(\w+\.vtu)`", README))
    assert promised and promised <= written


def draw_pillar(path: Path) -> None:
    """Foil 10 um wide with a pillar 2 um wide and 6 um high in 8 um of pores, 5 um of separator above."""
    import gmsh

    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.set_number("General.Terminal", 0)
        occ, model = gmsh.model.occ, gmsh.model
        pores, separator = occ.add_rectangle(0, 0, 0, 10, 8), occ.add_rectangle(0, 8, 0, 10, 5)
        pillar = occ.add_rectangle(4, 0, 0, 2, 6)
        _, pieces = occ.fragment([(2, pores), (2, separator)], [(2, pillar)])
        occ.synchronize()
        inside = {tag for _, tag in pieces[2]}
        regions = {
            "fibres": inside,
            "pores": {tag for _, tag in pieces[0]} - inside,
            "separator": {tag for _, tag in pieces[1]},
        }
        edges = {name: {e for _, e in model.get_boundary([(2, t) for t in tags], oriented=False)}
                 for name, tags in regions.items()}  # fmt: skip
        floor = {e for _, e in model.get_entities_in_bounding_box(-1, -1e-3, -1, 11, 1e-3, 1, dim=1)}
        roof = {e for _, e in model.get_entities_in_bounding_box(-1, 13 - 1e-3, -1, 11, 13 + 1e-3, 1, dim=1)}
        surfaces = {
            "feet": floor & edges["fibres"],
            "foil": floor & edges["pores"],
            "counter": roof,
            "fibre_surface": edges["fibres"] & edges["pores"],
        }
        for name, tags in regions.items():
            model.add_physical_group(2, sorted(tags), name=name)
        for name, tags in surfaces.items():
            model.add_physical_group(1, sorted(tags), name=name)
        gmsh.option.set_number("Mesh.MeshSizeMax", 0.5)
        model.mesh.generate(2)
        gmsh.write(str(path))
    finally:
        gmsh.finalize()
