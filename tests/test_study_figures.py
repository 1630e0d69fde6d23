"""Figures of a study, from made-up ones of every shape: which are drawn, what they say, and where.

Catches a figure that shows nothing, an axis without its unit, a point that is drawn but not told (or told in
another place), a failed point that vanishes, and an SVG that differs from one time to the next.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from studies_made_up import EXCHANGE, GAP, LAYER, POROSITY
from study_shapes import EMPTY, SHAPES, hypercube, one_axis, only_seeds, two_axes, with_seeds

from geometry.designs import Design
from studies.sweep.figures.choose import sections
from studies.sweep.figures.picture import Picture
from studies.sweep.figures.places import places
from studies.sweep.figures.scales import goes_by_factors, tick
from studies.sweep.figures.shape import MAIN, varying
from studies.sweep.figures.style import axis_title, metric_title
from studies.sweep.statistics.compatible import compatible
from studies.sweep.study import Study, described

SVG = "{http://www.w3.org/2000/svg}"
NO_UNIT = ("", "design", "varied")


def pictures(study: Study, **rest: Any) -> list[Picture]:
    return [picture for section in sections(study, **rest) for picture in section.pictures]


def named(study: Study, name: str, **rest: Any) -> Picture:
    return next(picture for picture in pictures(study, **rest) if picture.name == name)


@pytest.fixture(scope="module", autouse=True)
def coarse():
    """Pictures of 300 dpi and a bootstrap take most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("studies.sweep.figures.tornado.MOST", 4)
        patch.setattr("studies.sweep.figures.tornado.FEWEST", 4)
        patch.setattr("studies.sweep.figures.picture.DPI", 30)
        yield


def svg_of(picture: Picture, folder: Path) -> str:
    picture.save(folder)
    return (folder / f"{picture.name}.svg").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def drawn() -> dict[str, list[Picture]]:
    return {name: pictures(shape()) for name, shape in SHAPES.items()}


def labels(picture: Picture) -> list[str]:
    """Those of all panels and colour bars; of parallel coordinates, what stands below their axes."""
    if picture.name.endswith("-parallel"):
        panel, *bars = picture.figure.axes
        below = [text.get_text().replace("\n", " ") for text in panel.get_xticklabels()]
        return [*below, *(bar.get_ylabel() for bar in bars)]
    return [text for panel in picture.figure.axes for text in (panel.get_xlabel(), panel.get_ylabel())]


@pytest.mark.parametrize("name", SHAPES)
def test_every_axis_has_a_label_with_a_unit(name: str, drawn: dict[str, list[Picture]]):
    assert drawn[name]
    for picture in drawn[name]:
        found = labels(picture)
        assert any(found[::2]) and any(found[1::2]), picture.name
        for label in found:
            assert label in (*NO_UNIT, GAP.label) or re.fullmatch(r".+ \(\S.*\)", label), (
                picture.name,
                label,
            )


@pytest.mark.parametrize("name", SHAPES)
def test_names_are_unique_and_titles_say_something(name: str, drawn: dict[str, list[Picture]]):
    names = [picture.name for picture in drawn[name]]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[\w.-]+", text) for text in names)
    assert all(picture.title for picture in drawn[name])


@pytest.mark.parametrize("shape", EMPTY)
def test_no_figure_where_there_is_nothing_to_see(shape: Any):
    assert pictures(shape()) == []


def names(study: Study) -> set[str]:
    return {picture.name for picture in pictures(study)}


def test_one_axis_gives_lines_and_trade_offs(drawn: dict[str, list[Picture]]):
    exchange = EXCHANGE.column
    assert {picture.name for picture in drawn["one_axis"]} == {
        f"cell_voltage_V-{exchange}", f"anode_cv-{exchange}", f"anode_p99_A_m2-{exchange}",
        "anode_cv-cell_voltage_V-front", "anode_p99_A_m2-cell_voltage_V-front",
    }  # fmt: skip


def test_shapes_get_their_figures(drawn: dict[str, list[Picture]]):
    have = {name: {picture.name for picture in found} for name, found in drawn.items()}
    pair = f"{EXCHANGE.column}-{POROSITY.column}"
    assert f"cell_voltage_V-{pair}" in have["two_axes"] and "cell_voltage_V-tornado" not in have["two_axes"]
    assert "cell_voltage_V-designs" in have["only_text"] and "cell_voltage_V-designs" in have["only_seeds"]
    assert f"cell_voltage_V-{EXCHANGE.column}" in have["with_seeds"]
    assert {"cell_voltage_V-tornado", "cell_voltage_V-parallel"} <= have["three_axes"]
    assert {"cell_voltage_V-shares", "cell_voltage_V-parallel", "cell_voltage_V-scatter"} <= have["hypercube"]


def test_constant_metrics_and_copies_of_the_voltage_are_not_drawn():
    study = one_axis()
    assert "limit_ratio" in study.metrics and "cell_resistance_ohm_m2" in study.metrics
    assert [row.key for row in varying(study)] == ["cell_voltage_V", "anode_cv", "anode_p99_A_m2"]
    assert set(MAIN) > {row.key for row in varying(study)}


def test_zero_but_for_rounding_is_zero():
    study = one_axis()
    flat = study.table["anode_cv"].mask(study.table["anode_cv"] == 0.0, 1e-16 * study.table[EXCHANGE.column])
    found = places(replace(study, table=study.table.assign(anode_cv=flat)), ["anode_cv"])
    assert {place.mean("anode_cv") for place in found if place.design == "planar" and place.numbers} == {0.0}


def test_axes_that_advance_together_count_once():
    study = one_axis()
    together = replace(LAYER, column="zipped_m")
    table = study.table.assign(zipped_m=1e-9 * study.table[EXCHANGE.column])
    both = replace(study, axes=(*study.axes, together), table=table)
    assert names(both) == names(study)
    assert "ionic layer" in named(both, f"cell_voltage_V-{EXCHANGE.column}").marks[0].text


COUNTS = {
    "one_axis": (f"cell_voltage_V-{EXCHANGE.column}", 15),
    "two_axes": (f"cell_voltage_V-{EXCHANGE.column}-{POROSITY.column}", 30),
    "with_text": (f"cell_voltage_V-{EXCHANGE.column}", 30),
    "only_text": ("cell_voltage_V-designs", 6),
    "with_seeds": (f"cell_voltage_V-{EXCHANGE.column}", 15),
    "only_seeds": ("cell_voltage_V-designs", 15),
    "three_axes": ("cell_voltage_V-parallel", 24),
    "hypercube": ("cell_voltage_V-scatter", 3 * 64),
}


@pytest.mark.parametrize("name", COUNTS)
def test_every_point_tells_what_it_is(name: str, drawn: dict[str, list[Picture]], tmp_path: Path):
    file, count = COUNTS[name]
    picture = next(picture for picture in drawn[name] if picture.name == file)
    assert len(picture.marks) == count
    svg = picture.save(tmp_path)
    layer = ET.fromstring((tmp_path / f"{file}.svg").read_bytes()).find(f"{SVG}g[@class='marks']")
    assert layer is not None
    told = [(group[0].text, len(group) - 1) for group in layer]
    assert sum(shapes for _, shapes in told) == count and all(
        group[0].tag == f"{SVG}title" for group in layer
    )
    assert {text for text, _ in told} == {mark.text for mark in picture.marks}
    assert svg.count("<title>") == len(told)


def test_a_point_says_its_values_in_units():
    text = named(two_axes(), f"cell_voltage_V-{EXCHANGE.column}-{POROSITY.column}").marks[0].text
    assert text.split("\n") == [
        "point 1 · planar, rough",
        "exchange current 0.1 mA/cm²",
        "porosity of the mat 0.7",
        "cell voltage: 265.3 mV",
    ]


def test_a_mean_over_seeds_says_how_many_and_how_sure():
    marks = named(with_seeds(), f"cell_voltage_V-{EXCHANGE.column}").marks
    first = next(mark.text for mark in marks if mark.text.startswith("bilayer"))
    assert "mean of 1 seeds" not in first and "1 of 4 failed: made up to be failed" in first
    assert "1 of 4 not trusted" in first and "1 of 4 not computed yet" in first
    other = next(mark.text for mark in marks if mark.text.startswith("bilayer\nexchange current 1 mA"))
    assert re.search(r"mean of 4 seeds, 95 % interval \d+\.\d mV to \d+\.\d mV", other)


@pytest.mark.parametrize("name", ["one_axis", "two_axes", "three_axes", "hypercube"])
def test_failed_points_are_named_and_seen(name: str, drawn: dict[str, list[Picture]]):
    for picture in drawn[name]:
        if picture.name.endswith(("-front", "-tornado", "-shares")):
            continue
        assert any("failed: made up to be failed" in mark.text for mark in picture.marks), picture.name
        assert "failed" in {text.get_text() for text in picture.figure.legends[0].get_texts()}, picture.name


def test_marks_lie_on_what_is_drawn(drawn: dict[str, list[Picture]], tmp_path: Path):
    picture = next(picture for picture in drawn["hypercube"] if picture.name == "cell_voltage_V-scatter")
    root = ET.fromstring(svg_of(picture, tmp_path))
    used = {(float(e.get("x", "")), float(e.get("y", ""))) for e in root.iter(f"{SVG}use")}
    circles = [(float(e.get("cx", "")), float(e.get("cy", ""))) for e in root.iter(f"{SVG}circle")]
    near = [any(abs(x - a) < 0.1 and abs(y - b) < 0.1 for a, b in used) for x, y in circles]
    assert len(near) == 3 * 64 and all(near)


def test_cells_of_a_map_lie_where_they_are_drawn(drawn: dict[str, list[Picture]], tmp_path: Path):
    file = f"cell_voltage_V-{EXCHANGE.column}-{POROSITY.column}"
    picture = next(picture for picture in drawn["two_axes"] if picture.name == file)
    root = ET.fromstring(svg_of(picture, tmp_path))
    cells = {}
    for group in root.find(f"{SVG}g[@class='marks']") or ():
        found = re.search(r"cell voltage: ([\d.]+) mV", group[0].text or "")
        if found:
            cells[f"{float(found[1]):#.3g}".rstrip(".")] = group[1]
    numbers = [e for e in root.iter(f"{SVG}text") if e.text in cells and "middle" in e.get("style", "")]
    assert len(cells) > 12 and len(numbers) >= len(cells)
    inside = 0
    for element in numbers:
        box = {key: float(cells[element.text or ""].get(key, "nan")) for key in ("x", "y", "width", "height")}
        x, y = float(element.get("x", "nan")), float(element.get("y", "nan"))
        inside += box["x"] < x < box["x"] + box["width"] and box["y"] < y < box["y"] + box["height"]
    assert inside >= len(cells) - 3  # equal numbers of two cells share a key


def test_the_same_study_gives_the_same_files(tmp_path: Path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        for picture in (*pictures(one_axis())[:1], *pictures(only_seeds())[:1]):
            picture.save(tmp_path / folder)
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert len(files) == 4
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_letters_are_at_least_seven_points(drawn: dict[str, list[Picture]], tmp_path: Path):
    for found in drawn.values():
        for picture in found[:1]:
            sizes = re.findall(r"font(?:-size)?: (?:\w+ )*([\d.]+)px", svg_of(picture, tmp_path))
            assert sizes and min(map(float, sizes)) >= 7.0, picture.name
            assert float(picture.figure.get_size_inches()[0]) in (3.3, 6.9)


@pytest.mark.parametrize(
    ("study", "name"),
    [
        (one_axis, f"cell_voltage_V-{EXCHANGE.column}-compatible-1"),
        (two_axes, f"cell_voltage_V-{EXCHANGE.column}-{POROSITY.column}-compatible-1"),
        (hypercube, "cell_voltage_V-parallel-compatible-1"),
    ],
)
def test_what_is_compatible_is_marked(study: Any, name: str, tmp_path: Path):
    made = study()
    found = compatible(made, "cell_voltage_V", 0.1, width=0.15)
    assert 0 < len(found.points) < len(made.done)
    picture = named(made, name, targets=[found])
    svg = svg_of(picture, tmp_path)
    assert "100.0 mV ± 15 %" in svg or "100.0 mV ± 15 %" in picture.title
    outlines = svg.count("stroke: #d55e00; stroke-width: 2;")
    assert outlines == (1 + len(found.points) if study is two_axes else 0)


def test_a_target_of_another_metric_is_drawn_too():
    made = one_axis()
    found = compatible(made, "cell_resistance_ohm_m2", 1e-3)
    assert named(made, f"cell_resistance_ohm_m2-{EXCHANGE.column}-compatible-1", targets=[found]).marks


def test_numbers_of_seeds_are_those_of_the_statistics():
    study = with_seeds()
    found = {place.design: place for place in places(study, ["cell_voltage_V"])}[Design.BILAYER]
    rows = study.table[(study.table["design"] == Design.BILAYER) & (study.table["status"] == "ok")]
    rows = rows[rows[EXCHANGE.column] == found.values[EXCHANGE.column]]
    number = found.numbers["cell_voltage_V"]
    assert number.n == len(rows) and number.mean == pytest.approx(rows["cell_voltage_V"].mean())
    assert number.low < number.mean < number.high


@pytest.mark.parametrize(
    ("values", "factors"),
    [
        ((1.0, 10.0, 100.0), True),
        ((1.0, 2.0, 3.0), False),
        ((0.0, 10.0, 100.0), False),
        ((1.0, 2.0, 100.0), False),
    ],
)
def test_lists_go_by_factors_where_they_do(values: Sequence[float], factors: bool):  # noqa: FBT001
    listed = replace(EXCHANGE, kind="list", logarithmic=False)
    assert goes_by_factors(listed, values) is factors


def test_titles_carry_units():
    row = described(["anode_p99_A_m2"])[0]
    assert metric_title(row) == "99 % quantile of j (mA/cm²)"
    assert metric_title(described(["cell_resistance_ohm_m2"])[0]) == "cell resistance (Ω cm²)"
    assert metric_title(described(["limit_ratio"])[0]) == "current / limiting current (–)"
    assert axis_title(POROSITY) == "porosity of the mat (–)" and axis_title(GAP, numeric=False) == "gap"
    assert tick(0.5) == "0.5" and tick(1e-12) == "$10^{-12}$" and tick(2e-6) == "$2\\cdot10^{-6}$"
