"""Every study of the verification, and the harness that runs them.

The studies' own docstrings say which mistakes they catch. The harness' tests catch a study that is not
found, run twice or lost when it raises, evidence that falls short unseen, and a page that is not written.
"""

import json
import math
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fem.convergence import RateTable
from studies.cli import app
from studies.errors import CaseError
from studies.verification import harness, page
from studies.verification.evidence import Bound, Comparison
from studies.verification.harness import Part

NAMES = harness.names()
SLOW = [name for name in NAMES if Part.SLOW in harness.study(name).parts]


@pytest.mark.parametrize("name", NAMES)
def test_study(name: str):
    outcome = harness.run_study(name)
    assert outcome.passed, f"\n{outcome}"


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_slow_part_of_study(name: str):
    outcome = harness.run_study(name, Part.SLOW)
    assert outcome.passed, f"\n{outcome}"


@pytest.mark.parametrize("name", NAMES)
def test_a_study_says_what_it_shows(name: str):
    """Title in one line, a text with its sources, and the mistakes that it catches."""
    described = harness.study(name)
    assert described.title != name.replace("_", " ") and described.parts[0] is Part.FAST
    assert "Catches:" in described.text


def test_studies_are_found_by_their_function():
    assert NAMES and not {"__init__", "evidence", "harness", "page", "plots", "screen"} & set(NAMES)


GOOD = '''"""A law that holds.

The law, doi:10.1000/x1:

    a < b

Catches: nothing <yet>.
"""
from fem.convergence import RateTable
from studies.verification.evidence import Bound, Comparison

RUNS = []

def verify():
    RUNS.append("fast")
    yield Comparison(quantity="a", found=1.0, expected=1.0 + 1e-9, tolerance=1e-6, source="A. Uthor")
    yield RateTable(quantity="u", sizes=(0.5, 0.25), errors=(1e-2, 2.5e-3), least_rate=1.9, largest_error=1.0)

def verify_slow():
    RUNS.append("slow")
    return [Bound(quantity="slow one", found=2.0, limit=1.0, at_least=True)]
'''
SHORT = '''"""One that falls short."""
from studies.verification.evidence import Bound, Comparison

def verify():
    lost = Comparison(quantity="x", found=float("nan"), expected=1.0, tolerance=1.0)
    return [Bound(quantity="steps", found=9, limit=4), lost, Bound(quantity="fine", found=1, limit=4)]
'''
BROKEN = '''"""One that breaks."""
from studies.verification.evidence import Bound

def verify():
    return [Bound(quantity="before", found=0.0, limit=1.0)]

def verify_slow():
    raise ArithmeticError("no [bold]steady[/] state")
'''
EMPTY = "def verify():\n    return []\n"
HELPER = '"""No study."""\n\ndef verified():\n    return []\n'
SYNTAX = "def verify(:\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """A folder of made-up studies instead of the real one; its package has a name of its own."""
    package = f"subjects_{abs(hash(request.node.nodeid))}"
    place = tmp_path / package
    place.mkdir()
    files = {
        "good": GOOD,
        "short": SHORT,
        "broken": BROKEN,
        "empty": EMPTY,
        "helper": HELPER,
        "wrong": SYNTAX,
    }
    for name, text in {"__init__": "", **files}.items():
        (place / f"{name}.py").write_text(text, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(harness, "FOLDER", place)
    monkeypatch.setattr(harness, "PACKAGE", package)
    return package


@pytest.mark.usefixtures("folder")
def test_names_titles_and_parts():
    assert harness.names() == ("broken", "empty", "good", "short", "wrong")
    good = harness.study("good")
    assert good.title == "A law that holds" and good.parts == (Part.FAST, Part.SLOW)
    assert harness.study("short").parts == (Part.FAST,)
    assert harness.study("empty").title == "empty"


def test_each_part_runs_once(folder: str):
    import importlib

    runs = importlib.import_module(f"{folder}.good").RUNS
    harness.run_study("good")
    assert runs == ["fast"]
    (outcome,) = harness.run_all(["good", "good"], Part.FAST, Part.SLOW)
    assert runs == ["fast", "fast", "slow"]
    assert outcome.passed and len(outcome.evidence) == 3
    assert harness.run_study("good", Part.SLOW).parts == (Part.SLOW,)
    assert harness.run_study("short", Part.SLOW).evidence == ()


@pytest.mark.usefixtures("folder")
def test_an_exception_is_a_failed_study_that_keeps_what_it_found():
    outcome = harness.run_study("broken", Part.FAST, Part.SLOW)
    assert not outcome.passed and not outcome.missed
    assert [evidence.quantity for evidence in outcome.evidence] == ["before"]
    assert outcome.failure == "ArithmeticError: no [bold]steady[/] state (broken.py, line 8)"
    assert "no evidence" in harness.run_study("empty").failure
    assert "SyntaxError" in harness.run_study("wrong").failure
    assert harness.run_study("broken").passed


@pytest.mark.usefixtures("folder")
def test_what_falls_short_is_named():
    outcome = harness.run_study("short")
    assert not outcome.passed and not outcome.failure
    assert [evidence.quantity for evidence in outcome.missed] == ["steps", "x"]
    assert "steps: 9 <= 4: FELL SHORT" in str(outcome)


@pytest.mark.usefixtures("folder")
def test_unknown_names():
    with pytest.raises(CaseError, match='"god"; did you mean "good"'):
        harness.chosen(["god", "short"])


def bilayer(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["verify", *map(str, arguments)])


@pytest.mark.usefixtures("folder")
def test_command_passes_and_writes_data_and_page(tmp_path: Path):
    result = bilayer("good", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    for word in ("A law that holds", "1.0e-09", "2.00", "≥ 1.9", "1 study, 2 checks: all passed", "--slow"):
        assert word in result.stdout, word
    data = json.loads((tmp_path / "out" / "verification.json").read_text("utf-8"))
    assert data["passed"] and [study["name"] for study in data["studies"]] == ["good"]
    comparison, rates = data["studies"][0]["evidence"]
    assert comparison["kind"] == "Comparison" and comparison["error"] == pytest.approx(1e-9)
    assert rates["rates"] == pytest.approx([2.0])
    text = (tmp_path / "out" / "verification.html").read_text("utf-8")
    assert "all passed" in text and "<svg" in text and "a &lt; b" in text and "nothing &lt;yet&gt;" in text
    assert '<a href="https://doi.org/10.1000/x1">' in text and "A. Uthor" in text


@pytest.mark.usefixtures("folder")
def test_command_falls_short_with_exit_code_1_and_shows_everything(tmp_path: Path):
    """A failed study must neither stop the others nor be rounded into a success; NaN becomes null."""
    result = bilayer("--slow", "--out", tmp_path)
    assert result.exit_code == 1, result.output
    assert "5 studies, 7 checks: 4 fell short: broken, empty, short, wrong" in " ".join(result.stdout.split())
    assert "no [bold]steady[/] state" in result.stdout and "slow one" in result.stdout
    data = json.loads((tmp_path / "verification.json").read_text("utf-8"))
    assert not data["passed"] and data["studies"][3]["evidence"][1]["found"] is None
    text = (tmp_path / "verification.html").read_text("utf-8")
    assert "no [bold]steady[/] state" in text and "2 missed" in text


@pytest.mark.usefixtures("folder")
def test_command_lists_and_refuses(tmp_path: Path):
    listed = bilayer("--list")
    assert listed.exit_code == 0 and "good    A law that holds" in listed.stdout
    refused = bilayer("goood", "--out", tmp_path / "out")
    assert refused.exit_code == 2 and 'did you mean "good"?' in refused.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("comparison", "error", "passed"),
    [
        ({"found": 2.02, "expected": 2.0, "tolerance": 0.0101}, 0.01, True),
        ({"found": -2.02, "expected": -2.0, "tolerance": 0.0099}, 0.01, False),
        ({"found": 2.02, "expected": 2.0, "tolerance": 0.021, "relative": False}, 0.02, True),
        ({"found": 2.02, "expected": 2.0, "tolerance": 0.019, "relative": False}, 0.02, False),
        ({"found": -1.0, "expected": 1.0, "tolerance": 0.1}, 2.0, False),
        ({"found": math.inf, "expected": 1.0, "tolerance": 0.1}, math.inf, False),
    ],
)
def test_comparisons(comparison: dict[str, float], error: float, passed: bool):  # noqa: FBT001
    found = Comparison(quantity="x", **comparison)
    assert found.error == pytest.approx(error) and found.passed is passed
    assert ("passed" in str(found)) is passed


def test_comparisons_that_could_not_fail_are_refused():
    tolerances = [{"tolerance": wrong} for wrong in (math.nan, math.inf, -1.0)]
    for changes in ({"expected": 0.0}, {"expected": math.nan}, *tolerances):
        with pytest.raises(ValueError, match="q: "):
            Comparison(**{"quantity": "q", "found": 1.0, "expected": 1.0, "tolerance": 0.1, **changes})
    for limit in (math.inf, math.nan):
        with pytest.raises(ValueError, match="q: "):
            Bound(quantity="q", found=1.0, limit=limit)


@pytest.mark.parametrize(("found", "below", "above"), [(1, True, False), (3, False, True), (2, True, True)])
def test_bounds(found: float, below: bool, above: bool):  # noqa: FBT001
    assert Bound(quantity="x", found=found, limit=2).passed is below
    assert Bound(quantity="x", found=found, limit=2, at_least=True).passed is above
    assert not any(Bound(quantity="x", found=math.nan, limit=2, at_least=b).passed for b in (True, False))


def test_rates_without_a_drawable_error_have_a_table_and_no_plot():
    """Errors of 0 and NaN have no logarithm."""
    table = RateTable(
        quantity="u", sizes=(1.0, 0.5), errors=(0.0, math.nan), least_rate=1.0, largest_error=1.0
    )
    assert page.plots.errors([table]) is None
    study = harness.Study(name="n", title="t", text="", parts=(Part.FAST,))
    outcome = harness.Outcome(study=study, parts=(Part.FAST,), evidence=(table,), seconds=0.0, failure="")
    assert page.content([outcome])["studies"][0]["rates"][0]["plot"] is None


def test_docstrings_become_paragraphs_equations_and_links():
    text = "Long\nline:\n    a = b\n      + c\nafter 10.1/x.\n\nSee 10.1149/1.1872737, (doi:10.1115/1.29)."
    found = page.blocks(f"{text}\n\nCatches: all.")
    assert [(kind, str(block)) for kind, block in found[:3]] == [
        ("text", "Long line:"),
        ("equation", "a = b\n  + c"),
        ("text", "after 10.1/x."),
    ]
    assert found[3][1].count("<a ") == 2 and str(found[3][1]).endswith(">10.1115/1.29</a>).")
    assert found[4] == ("catches", "all.")
