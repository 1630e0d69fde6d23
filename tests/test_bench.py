"""The benchmark: what it derives from runs, its files, and the peer against our own solver."""

from __future__ import annotations

import io
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from studies.bench import ladder, plot, processes, record, schedule, screen
from studies.bench.jobs import COMPARED
from studies.bench.run import Job, Kind, Run, Stages
from studies.bench.shows import EXCHANGE_CURRENTS, REAL_MAT, Show, shows
from studies.bench.summary import disagreement, exponent, ratio, typical
from studies.case import Case
from studies.cli import app
from studies.errors import CaseError

SIZES = {"20k": 20_000, "80k": 80_000, "300k": 300_000, "1400k": 1_400_000}


def run(kind: Kind, name: str, repeat: int = 0, solved: float = 1.0, **fields: object) -> Run:
    """A run whose solve takes these seconds, half of them in the preconditioner."""
    counts = {"elements": 4.5 * SIZES.get(name, 0), "unknowns": SIZES.get(name, 1), "newton_steps": 4}
    known = {
        "seconds": {"load": 9.0, "preconditioner": solved / 2, "solve": solved / 2, "files": 9.0},
        "peak_MiB": {"load": 10.0, "solve": 100.0},
        "counts": {**counts, "krylov_iterations": 40},
        "metrics": dict.fromkeys(COMPARED, 0.5) if kind is not Kind.LAPLACE else {},
    }
    return Run(kind=kind, name=name, repeat=repeat, **{**known, **fields})  # type: ignore[arg-type]


def whole() -> list[Run]:
    """A benchmark in which every target is met: time grows with the 1.1th power of the unknowns."""
    runs = []
    for name, unknowns in SIZES.items():
        runs.append(run(Kind.MESH, name))
        ours = 1e-5 * unknowns**1.1
        for repeat in range(3):
            runs += [
                run(Kind.EQUILIBRATED, name, repeat, ours),
                run(Kind.LAPLACE, name, repeat, ours / 1.5),
                run(Kind.THREE_FIELDS, name, repeat, ours / 0.05),
                run(Kind.FULL, name, repeat, ours * 3),
                run(
                    Kind.FURTHER,
                    name,
                    repeat,
                    seconds={"first": ours, "current": 0.1, "kinetics": 0.1},
                ),
            ]
    runs += [run(Kind.HIGH_CURRENT, name) for name in EXCHANGE_CURRENTS]
    return [*runs, run(Kind.FROM_CASE, REAL_MAT, solved=100.0)]


def found(runs: list[Run], words: str) -> Show:
    """The one show whose name holds these words."""
    (show,) = [show for show in shows(runs) if words in show.name]
    return show


def test_ratios_are_medians_of_pairs() -> None:
    """Catches a ratio of medians, and a repetition paired with another: a slow machine cancels in a pair."""
    runs = []
    for repeat, (slowness, factor) in enumerate([(1.0, 2.0), (10.0, 3.0), (1.0, 9.0)]):
        runs.append(run(Kind.EQUILIBRATED, "80k", repeat, slowness * factor))
        runs.append(run(Kind.LAPLACE, "80k", repeat, slowness))
    assert ratio(runs, "80k", Kind.EQUILIBRATED, Kind.LAPLACE) == 3.0
    assert math.isnan(ratio(runs, "20k", Kind.EQUILIBRATED, Kind.LAPLACE))
    lost = [replace(r, failure="gone") if r.repeat == 1 and r.kind is Kind.LAPLACE else r for r in runs]
    assert ratio(lost, "80k", Kind.EQUILIBRATED, Kind.LAPLACE) == 5.5


def test_medians_leave_out_what_failed() -> None:
    runs = [run(Kind.FULL, "80k", k, s) for k, s in enumerate((3.0, 1.0, 2.0, 100.0))]
    runs[3] = replace(runs[3], failure="no memory")
    (row,) = typical(runs)
    assert (row.repetitions, row.solved, row.total, row.largest_MiB) == (3, 2.0, 20.0, 100.0)
    assert row.seconds["preconditioner"] == 1.0


def test_exponent_is_the_slope() -> None:
    assert exponent([1e4, 1e5, 1e6], [2.0, 2.0 * 10**1.2, 2.0 * 10**2.4]) == pytest.approx(1.2)
    assert math.isnan(exponent([1e4], [1.0]))


def test_targets_met_missed_and_not_measured() -> None:
    """Catches a target on the wrong side, at the wrong size, and a figure made up where nothing ran."""
    runs = whole()
    assert all(show.met is not False and show.found is not None for show in shows(runs))
    assert found(runs, "scalar Laplace").name.endswith("at 300k")
    assert found(runs, "exponent of the nonlinear").found == pytest.approx(1.1)
    assert found(runs, "1.4 million unknowns, peak").found == pytest.approx(100 * 2**20 / 1e9)
    slow = [replace(r, seconds={"solve": 1e3}) if r.kind is Kind.EQUILIBRATED else r for r in runs]
    for words in ("scalar Laplace", "three-field"):
        assert found(slow, words).met is False
    worse = [
        replace(r, counts={**r.counts, "krylov_iterations": 70, "newton_steps": 7}) if r.name != "20k" else r
        for r in runs
    ]
    assert found(worse, "Krylov iterations, largest").found == pytest.approx(1.75)
    assert found(worse, "Newton steps at 20 mA/cm², i0 1 ").met is False
    assert all(show.found is None and show.met is None for show in shows([]))
    assert found([r for r in runs if r.name != "300k" and r.name != "1400k"], "three-field").found is None


def test_disagreement_is_of_the_worst_size() -> None:
    runs = whole()
    assert disagreement(runs, Kind.EQUILIBRATED, Kind.THREE_FIELDS) == dict.fromkeys(COMPARED, 0.0)
    off = {**runs[0].metrics, COMPARED[1]: 0.5 * (1 + 2e-3)}
    runs = [replace(r, metrics=off) if (r.kind, r.name) == (Kind.THREE_FIELDS, "20k") else r for r in runs]
    apart = disagreement(runs, Kind.EQUILIBRATED, Kind.THREE_FIELDS)
    assert apart[COMPARED[1]] == pytest.approx(2e-3, rel=1e-2)
    assert found(runs, "disagreement").met is False
    (line,) = screen.disagreements(apart)
    assert COMPARED[1] in line and "2.0e-03" in line


def test_record_figure_and_tables(tmp_path: Path) -> None:
    """bench.json holds every run and reads back; the figure is a PNG; tables fit and show every number."""
    runs = [*whole(), run(Kind.FULL, "1400k", 4, failure="no memory")]
    text = json.dumps(record.record(runs, shows(runs)), allow_nan=False)
    stored = json.loads(text)
    assert [Run.from_dict(r) for r in stored["runs"]] == runs
    assert stored["machine"]["cores"] >= 1 and stored["program"]["packages"]["numpy"] == np.__version__
    assert stored["ratios"]["300k"]["equilibrated/laplace"] == pytest.approx(1.5)
    assert {show["met"] for show in stored["shows"]} == {True, None}
    plot.write(typical(runs), tmp_path / "bench.png")
    assert (tmp_path / "bench.png").read_bytes().startswith(b"\x89PNG")
    plot.write([], tmp_path / "empty.png")
    console = Console(width=100, file=io.StringIO())
    rows = typical(runs)
    for table in (screen.meshes(rows), screen.medians(rows), screen.targets(shows(runs))):
        console.print(table)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "…" not in shown and "1,400,000" in shown and "NGS 3 fields" in shown
    (line,) = screen.failures(runs)
    assert "1400k, full, run 5" in line and "no memory" in line


def test_stages_add_up() -> None:
    stages = Stages()
    for _ in range(2):
        with stages("solve"):
            sum(range(10_000))
    assert list(stages.as_fields()) == ["seconds", "processor_seconds", "peak_MiB"]
    assert stages.seconds["solve"] > 0 and stages.peak_MiB["solve"] > 10


def test_sizes_of_the_ladder() -> None:
    """Catches a size that changes more than the area, and kinetics changed on one surface alone."""
    assert [rung.name for rung in ladder.chosen(["300k", "20k"])] == ["20k", "300k"]
    assert [rung.name for rung in ladder.up_to("80k")] == ["20k", "80k"] and ladder.up_to("none") == ()
    with pytest.raises(CaseError, match='no size "40k"'):
        ladder.chosen(["40k"])
    base = Case.shipped("bilayer")
    same = ladder.case_of(base, 16e-6)
    assert same == base.model_copy(update={"designs": same.designs})
    other = ladder.case_of(base, 8e-6, current_density=200.0, exchange_current=10.0)
    assert (other.cell.width, other.cell.depth, other.operation.current_density) == (8e-6, 8e-6, 200.0)
    for surface in ("fibres", "foil", "counter"):
        assert other.kinetics.on(surface).exchange_current == 10.0


def test_plan_alternates() -> None:
    """Catches all repetitions of one program in a row, and sizes beyond those that were asked for."""
    rungs = ladder.chosen([])
    plan = schedule.Plan(cache="x", rungs=rungs[:2], repeats=2, full=rungs[:1], three_fields=rungs[:3])
    jobs = [(job.name, job.kind, job.repeat) for job in plan.jobs()]
    both = [Kind.EQUILIBRATED, Kind.FURTHER, Kind.LAPLACE, Kind.THREE_FIELDS]
    assert jobs[:6] == [("20k", Kind.MESH, 0), *(("20k", kind, 0) for kind in [*both, Kind.FULL])]
    assert jobs[11:20] == [("80k", Kind.MESH, 0), *(("80k", kind, r) for r in (0, 1) for kind in both)]
    assert [kind for _, kind, _ in jobs[20:]] == [Kind.HIGH_CURRENT] * 2
    alone = schedule.Plan(cache="x", rungs=rungs[:1], repeats=1, peers=False, newton=False, real_mat=True)
    assert [job.kind for job in alone.jobs()] == [Kind.MESH, Kind.EQUILIBRATED, Kind.FURTHER, Kind.FROM_CASE]


def test_a_process_that_fails_says_why(tmp_path: Path) -> None:
    """Catches a failure that ends the benchmark, and one whose reason is lost."""
    job = Job(kind=Kind.EQUILIBRATED, name="20k", repeat=1, case={"title": "nothing"}, cache=str(tmp_path))
    said: list[str] = []
    measured = processes.measure(job, said.append)
    assert "missing" in measured.failure and (measured.kind, measured.repeat) == (job.kind, 1)
    assert said[0] == "20k, equilibrated, run 2"


def test_a_benchmark_that_is_stopped_leaves_no_process(tmp_path: Path) -> None:
    """Catches a measurement that goes on after Ctrl-C."""
    job = Job(
        kind=Kind.MESH, name="20k", repeat=0, case=Case.shipped("bilayer").to_dict(), cache=str(tmp_path)
    )

    def stop(text: str) -> None:
        if "geometry" in text:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        processes.measure(job, stop)
    assert not running()


def running() -> list[str]:
    """Processes started by this one that still run the benchmark."""
    mine = Path("/proc/self/task").glob("*/children")
    pids = [pid for children in mine for pid in children.read_text("ascii").split()]
    commands = (Path("/proc") / pid / "cmdline" for pid in pids)
    return [c.read_text("utf-8") for c in commands if c.is_file() and "studies.bench" in c.read_text("utf-8")]


def test_command_without_peers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Says how to install them, writes both files, exits 1 only for what failed."""
    measured = whole()
    monkeypatch.setattr(schedule, "peers_installed", lambda: False)
    monkeypatch.setattr(schedule, "carry_out", lambda _plan, _progress: measured)
    result = CliRunner().invoke(app, ["bench", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert "bilayer-anode[peers]" in result.output and "not measured" not in result.output
    assert {path.name for path in tmp_path.iterdir()} == {"bench.json", "bench.png", "meshes", "runs.jsonl"}
    assert len((tmp_path / "runs.jsonl").read_text().splitlines()) == len(measured)
    measured.append(run(Kind.FULL, "20k", failure="broken"))
    result = CliRunner().invoke(app, ["bench", "--out", str(tmp_path)])
    assert result.exit_code == 1 and "broken" in result.output
    assert CliRunner().invoke(app, ["bench", "--size", "huge", "--out", str(tmp_path)]).exit_code == 2


@pytest.mark.slow
@pytest.mark.gmsh
def test_a_small_ladder_from_end_to_end(tmp_path: Path) -> None:
    """Two sizes of a coarse log-pile, every kind of measurement in its own process, the peer if installed."""
    data = Case.shipped("ordered").to_dict()
    data["cell"]["framework"]["porosity"] = 0.7
    data["cell"]["separator"]["thickness"] = "6 um"
    data["cell"].pop("rough", None)
    data["designs"] = ["bilayer"]
    base = Case.from_dict(data)
    rungs = tuple(ladder.Rung(name=f"{n} um", width=n * 1e-6, thickness=3e-6) for n in (6, 12))
    peers = schedule.peers_installed()
    plan = schedule.Plan(
        cache=str(tmp_path),
        rungs=rungs,
        repeats=1,
        full=rungs,
        three_fields=rungs[:1],
        peers=peers,
        newton=False,
        base=base,
    )
    runs = list(schedule.carry_out(plan, lambda _text: None))
    assert not [r.failure for r in runs if r.failure]
    made = {r.kind for r in runs}
    assert made == {Kind.MESH, Kind.EQUILIBRATED, Kind.FURTHER, Kind.FULL} | (
        {Kind.LAPLACE, Kind.THREE_FIELDS} if peers else set()
    )
    assert all(r.seconds["load"] > 0 and r.solved > 0 for r in runs if r.kind in screen.NAMES)
    points = [r.seconds for r in runs if r.kind is Kind.FURTHER]
    assert points and all(list(seconds) == ["first", "current", "kinetics"] for seconds in points)
    assert all({"CAD", "mesh"} <= set(r.seconds) for r in runs if r.kind is Kind.MESH)
    apart = disagreement(runs, Kind.EQUILIBRATED, Kind.THREE_FIELDS)
    assert bool(apart) == peers and not screen.disagreements(apart)
    assert disagreement(runs, Kind.EQUILIBRATED, Kind.FULL).keys() == set(COMPARED)
    plot.write(typical(runs), tmp_path / "bench.png")
    assert json.dumps(record.record(runs, shows(runs)), allow_nan=False)
