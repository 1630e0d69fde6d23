"""What `--plan` tells: distinct solves, what a folder holds, what is impossible; nothing is made."""

from pathlib import Path

from typer.testing import CliRunner

from studies.cli import app
from studies.sweep.outlook import Outlook
from studies.sweep.points import points
from studies.sweep.store import Store
from tests.sweeps import AXES, CURRENT, small

THICKNESS = "cell.framework.thickness"


def test_points_that_share_a_result_are_counted_once(tmp_path: Path):
    """Two thicknesses, three currents: the planar cell knows of neither mat, and is meshed once."""
    found = Outlook.of(small(AXES), tmp_path / "none")
    assert (found.points, found.solves, found.meshes, found.geometries) == (12, 9, 3, 2)
    assert (found.stored, found.failed, found.impossible) == (0, 0, [])
    assert not (tmp_path / "none").exists()


def test_stored_results_are_counted_as_a_run_would_keep_them(tmp_path: Path):
    sweep = small(AXES)
    names = list(dict.fromkeys(point.id for point in points(sweep)))
    store = Store(tmp_path)
    with store.held(sweep.to_dict()):
        store.keep({"id": names[0], "status": "ok"})
        store.keep({"id": names[1], "status": "failed"})
        store.keep({"id": names[2], "status": "not trusted"})
        store.keep({"id": "of another sweep", "status": "ok"})
        (store.points / f"{names[3]}.json").write_text("{")
    found = Outlook.of(sweep, tmp_path)
    assert (found.stored, found.failed) == (3, 1)
    with_fields = sweep.model_copy(update={"fields": True})
    assert Outlook.of(with_fields, tmp_path).stored == 1  # the failed one; the others lack their fields
    assert store.holds(names[3])


def test_what_is_impossible_is_known_before_meshing(tmp_path: Path):
    axes = {
        CURRENT: ["10 mA/cm^2", "2 A/cm^2", "3 A/cm^2"],
        "cell.framework.fibre_diameter": ["1 um", "7 um"],
    }
    first, second = Outlook.of(small(axes), tmp_path / "none").impossible
    assert first.status == "no steady state" and first.points == (5, 9)
    assert "2000 mA/cm^2, above the limiting current" in first.text and first.alike == 1
    assert second.status == "no valid case" and len(second.points) == 6


def test_the_plan_shows_which_axes_go_together(tmp_path: Path):
    (tmp_path / "sweep.toml").write_text(
        'case = "parallel"\ndesigns = ["planar", "bilayer"]\n'
        '[axes]\n"operation.current_density" = ["5 mA/cm^2", "10 mA/cm^2"]\n'
        '[zipped]\n"cell.ionic_layer.porosity" = [0.3, 0.4, 0.5]\n'
        '"cell.ionic_layer.macmullin" = [12.0, 6.0, 5.0]\n'
        "[hypercube]\npoints = 4\n"
        "[hypercube.axes]\n"
        '"cell.framework.conductivity" = { from = "10 S/m", to = "1e4 S/m", scale = "log" }\n'
    )
    told = CliRunner().invoke(
        app, ["sweep", str(tmp_path / "sweep.toml"), "--plan", "--out", str(tmp_path / "o")]
    )
    assert told.exit_code == 0 and not (tmp_path / "o").exists()
    lines = [line.split("│") for line in told.stdout.splitlines() if line.startswith("│")]
    cells = [tuple(cell.strip() for cell in line[1:-1]) for line in lines]
    assert [cell[1] for cell in cells] == ["crossed", "zipped", "zipped", "Latin hypercube, log"]
    assert cells[-1][2:] == ("4", "10 S/m", "1e4 S/m")
    assert "2 × 3 × 4 = 24 combinations, each with planar, bilayer" in told.stdout
    assert "48 points (rows of the table) of 2 designs: 26 distinct solves" in told.stdout


def test_brackets_are_no_markup(tmp_path: Path):
    file, out = tmp_path / "sweep.toml", tmp_path / "o[ut]"
    file.write_text(
        'title = "Effect of [ionic] layers[/x]"\ncase = "parallel"\n[axes]\n"mesh.order" = [1, 2]\n'
    )
    told = CliRunner().invoke(app, ["sweep", str(file), "--plan", "--out", str(out)], env={"COLUMNS": "120"})
    assert told.exit_code == 0, told.output
    assert "Effect of [ionic] layers[/x]" in told.stdout and str(out) in told.stdout
