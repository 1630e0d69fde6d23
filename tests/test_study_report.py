"""The report of a study as a page: complete, self-contained, escaped, the same every time.

Catches a page that needs the network, a reason that is read as markup, a status that is miscounted, a figure
of an earlier study that stays behind, and a target whose metric no point has.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from studies_made_up import EXCHANGE, GAP, LAYER, POROSITY, SEED, THREE, anode, factorial, sampled, without

from geometry.designs import Design
from studies.sweep import report, tables
from studies.sweep.plan import Target
from studies.sweep.study import Study

EVIL = 'depleted <script>alert("x")</script> & more \x1b[31m'
TARGET = Target(name="the published <70 mV>", metric="cell_voltage_V", value=0.07, within=0.1)
VOID = {"meta", "br", "link", "img", "input", "hr"}


@pytest.fixture(scope="module", autouse=True)
def coarse():
    """Pictures of 300 dpi and a bootstrap take most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("studies.sweep.figures.picture.DPI", 30)
        patch.setattr("studies.sweep.figures.tornado.MOST", 4)
        patch.setattr("studies.sweep.figures.tornado.FEWEST", 4)
        patch.setattr("studies.html.now", lambda: "now")
        yield


class Page(HTMLParser):
    """What a page is made of; a tag that is not closed is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: Counter[str] = Counter()
        self.tags: Counter[str] = Counter()
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "action", "data", "srcset"):
                self.links.append(value or "")
            if name == "id":
                self.ids[value or ""] += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def two_axes() -> Study:
    study = factorial({EXCHANGE: (1.0, 10.0, 100.0), POROSITY: (0.7, 0.9)}, anode, THREE[1:])
    study = without(study, {3: "failed", 5: "failed", 7: "not trusted", 9: "missing"})
    table = study.table.copy()
    table.loc[table["point"].isin((3, 5)), "reason"] = EVIL
    about = "First\nsentence.\n\nSecond <b>."
    return replace(study, title="Voltage <of> all & more", about=about, table=table)


def with_seeds() -> Study:
    return without(factorial({SEED: (1, 2, 3, 4, 5)}, anode, THREE), {3: "failed"})


def hypercube() -> Study:
    bounds = {EXCHANGE: (1.0, 1000.0), POROSITY: (0.6, 0.95), LAYER: (2e-6, 20e-6)}
    return sampled(bounds, anode, 40)


def one_axis() -> Study:
    return factorial({EXCHANGE: (1.0, 10.0, 100.0)}, anode, THREE)


def only_text() -> Study:
    return factorial({GAP: ("same-layers", "same-distance")}, anode)


def all_failed() -> Study:
    study = factorial({EXCHANGE: (1.0, 10.0)}, anode)
    return without(study, {1: "failed", 2: "failed"})


def not_begun() -> Study:
    study = without(one_axis(), dict.fromkeys(range(1, 10), "missing"))
    return replace(study, table=study.table[["point", "design", "status", "reason", EXCHANGE.column]])


def single() -> Study:
    return factorial({EXCHANGE: (10.0,)}, anode)


def holes() -> Study:
    study = one_axis()
    table = study.table.copy()
    table["share_fibres"] = np.nan
    table.loc[::2, "anode_p99_A_m2"] = np.nan
    return replace(study, table=table)


SHAPES = (two_axes, with_seeds, hypercube, one_axis, only_text, all_failed, not_begun, single, holes)


def written(study: Study, folder: Path, **rest: Any) -> str:
    path = report.write(study, folder, **rest)
    assert path == folder / "report.html"
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of two axes with a target."""
    made = tmp_path_factory.mktemp("study")
    written(two_axes(), made, targets=[TARGET])
    return made


@pytest.fixture(scope="module")
def text(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("shape", SHAPES)
def test_a_page_needs_nothing_else(shape: Any, tmp_path: Path):
    text = written(shape(), tmp_path, targets=[TARGET])
    page = Page(text)
    assert all(link.startswith(("#", "data:")) for link in page.links)
    assert "@import" not in text and "url(http" not in text
    assert [name for name, count in page.ids.items() if count > 1] == []
    used = set(re.findall(r"url\(#([^)]+)\)", text)) | {link[1:] for link in page.links if link[:1] == "#"}
    assert used <= page.ids.keys()
    assert page.tags["svg"] == len(list((tmp_path / "figures").glob("*.svg")))
    assert page.tags["svg"] == len(list((tmp_path / "figures").glob("*.png")))
    assert bool(page.tags["svg"]) == (shape not in (all_failed, not_begun, single))
    for name in re.findall(r"<code>figures/([^<]+\.png)</code>", text):
        assert (tmp_path / "figures" / name).is_file()


def test_wide_figures_and_tables_slide_in_their_boxes(text: str):
    """A narrow screen must not slide as a whole; seen with Chromium at 400 pixels."""
    assert text.count('<figure class="wide">') > 3
    assert text.count('<div class="slide"><svg') == Page(text).tags["svg"]
    assert text.count('<div class="scroll') == Page(text).tags["table"]


def test_text_from_outside_is_no_markup(text: str, folder: Path):
    assert "<script>alert" not in text and "&lt;script&gt;alert" in text
    assert "<h1>Voltage &lt;of&gt; all &amp; more</h1>" in text
    assert "<p>First sentence.</p><p>Second &lt;b&gt;.</p>" in text
    assert "published &lt;70 mV&gt;" in text
    assert Page(text).tags["script"] == 1
    for path in (folder / "figures").glob("*.svg"):
        assert "\x1b" not in path.read_text() and "<script" not in path.read_text()


def test_statuses_are_counted_and_reasons_grouped(text: str, tmp_path: Path):
    study = two_axes()
    assert tables.counts(study) == [("ok", 8), ("not trusted", 1), ("failed", 2), ("not computed yet", 1)]
    assert re.findall(r'data-status="([^"]+)"><strong>(\d+)', text) == [
        ("ok", "8"), ("not trusted", "1"), ("failed", "2"), ("not computed yet", "1"),
    ]  # fmt: skip
    first, second = tables.reasons(study)
    assert (first["status"], first["count"], first["text"], first["points"]) == ("failed", 2, EVIL, "3, 5")
    assert (second["status"], second["count"]) == ("not trusted", 1)
    assert "incomplete or not trusted" in text
    assert "all points computed and trusted" in written(one_axis(), tmp_path)


def test_the_same_study_gives_the_same_page(tmp_path: Path):
    first, second = (written(with_seeds(), tmp_path / name) for name in "ab")
    assert first == second


def test_figures_of_an_earlier_report_go(tmp_path: Path):
    written(one_axis(), tmp_path)
    (tmp_path / "figures" / "mine.png").write_bytes(b"drawn by hand")
    written(all_failed(), tmp_path)
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {"mine.png", "written.txt"}


def test_axes_are_told_in_their_units():
    lines = {line["label"]: (line["found"], line["how"]) for line in tables.varied(two_axes())}
    assert lines["exchange current"] == ("0.1, 1, 10 mA/cm²", "a range, logarithmic")
    gap = tables.varied(only_text())[0]
    assert (gap["found"], gap["how"]) == ("same-layers, same-distance", "listed")
    assert lines["design"][0] == "planar, rough; bilayer"
    assert tables.varied(hypercube())[2]["found"].endswith(" µm, 40 values")


def test_values_stand_in_the_order_given_so_that_zipped_axes_pair_up():
    turned = replace(two_axes(), table=two_axes().table.iloc[::-1])
    forth, back = (re.findall(r"[\d.]+", tables.varied(s)[0]["found"]) for s in (two_axes(), turned))
    assert len(forth) > 1 and back == forth[::-1]


def test_every_point_is_a_line_that_sorts_by_si_numbers(text: str):
    study = two_axes()
    headings, body = tables.points(study)
    assert len(body) == 12 and {len(row) for row in body} == {len(headings)}
    column = [heading["title"] for heading in headings].index("cell voltage (mV)")
    values = [row[column]["value"] for row in body]
    assert values[2] is None and body[2][column]["text"] == "–"
    assert float(values[0]) == pytest.approx(study.table["cell_voltage_V"][0], rel=1e-8)
    assert Page(text).tags["button"] == len(headings)


def test_a_long_table_is_cut_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tables, "MOST_ROWS", 5)
    assert "The first 5 of 9 points; the rest is in <code>results.csv</code>" in written(one_axis(), tmp_path)


def test_seeds_give_verdicts(tmp_path: Path):
    text = written(with_seeds(), tmp_path)
    assert "Do the designs differ" in text and "<h3>Bilayer against planar, rough</h3>" in text
    assert "Holm" in text
    assert "Do the designs differ" not in written(one_axis(), tmp_path)


def test_compatible_ranges_are_a_matrix(text: str):
    assert "What is compatible with the published &lt;70 mV&gt; ± 10 %" in text
    assert "never a reproduction" in text


def test_a_target_without_numbers_is_told(tmp_path: Path):
    misspelt = TARGET.model_copy(update={"metric": "cell_voltag_V"})
    told = "No point has the metric &#34;cell_voltag_V&#34;; did you mean &#34;cell_voltage_V&#34;?"
    assert told in written(one_axis(), tmp_path, targets=[misspelt])
    assert "; the columns of results.csv" in written(
        one_axis(), tmp_path, targets=[TARGET.model_copy(update={"metric": "x"})]
    )
    begun = written(not_begun(), tmp_path, targets=[TARGET])
    assert "What is compatible with" in begun and "No point has numbers yet." in begun


def test_a_range_says_what_agrees_and_what_never_does():
    study = factorial({EXCHANGE: (1.0, 10.0, 100.0)}, anode, [Design.PLANAR])
    voltage = float(study.table["cell_voltage_V"][2])
    found = report.compatible(study, "cell_voltage_V", voltage, width=0.1)
    assert tables.target(found, "x")["lines"] == [
        {"key": ("planar",), "cells": [{"range": "10", "rest": "of 0.1 to 10, not 0.1, 1"}]}
    ]
    nothing = report.compatible(study, "cell_voltage_V", 50.0, width=0.1)
    assert tables.target(nothing, "x")["lines"][0]["cells"] == [{"range": "none", "rest": "of 0.1 to 10"}]


def test_five_hundred_points_stay_small(tmp_path: Path):
    bounds = {EXCHANGE: (1.0, 1000.0), POROSITY: (0.6, 0.95), LAYER: (2e-6, 20e-6)}
    study = sampled(bounds, anode, 167, designs=THREE)
    assert len(study.table) == 501
    assert len(written(study, tmp_path).encode()) < 3e6


def test_an_empty_table_is_a_page_too(tmp_path: Path):
    study = replace(one_axis(), table=one_axis().table.iloc[:0])
    assert pd.DataFrame(study.table).empty
    text = written(study, tmp_path, targets=[TARGET])
    assert "No point has numbers yet" in text and "Parametric study of 0 points" in text


def test_what_has_no_trusted_points_is_told_once(tmp_path: Path):
    """Catches "nan to nan", a dozen of equal bullets, and a note on tests where nothing was tested."""
    study = factorial({EXCHANGE: (1.0, 10.0, 100.0), SEED: (1, 2)}, anode, THREE)
    nothing = without(study, dict.fromkeys(range(1, 19), "not trusted"))
    text = written(nothing, tmp_path / "nothing", targets=[TARGET])
    assert "nan" not in re.sub("<svg.*?</svg>", "", text, flags=re.DOTALL)
    assert text.count("have nothing to compare: no common seed with a trusted result") == 2
    assert text.count("no trusted point of the study has this number") == 1
    assert "Holm" not in text and "an interval of the mean needs two trusted seeds" in text
    bilayer = dict.fromkeys(range(3, 19, 3), "not trusted")
    text = written(without(study, bilayer), tmp_path / "bilayer", targets=[TARGET])
    assert '<br><span class="soft">no trusted point has this number</span>' in text
    assert "nan" not in re.sub("<svg.*?</svg>", "", text, flags=re.DOTALL)


def test_one_seed_gives_differences_and_says_what_a_test_needs(tmp_path: Path):
    study = factorial({EXCHANGE: (1.0, 3.0, 10.0, 30.0, 100.0), SEED: (1,)}, anode, THREE)
    text = written(study, tmp_path)
    assert "no comparison has the two common seeds that a test needs" in text
    assert "an interval and a test need two common seeds" in text and "Holm" not in text
