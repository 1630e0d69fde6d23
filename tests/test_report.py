"""Report, figures, sentences and picture, from results on small structured meshes (no Gmsh)."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from geometry.designs import Design
from meshes.quality import MeshReport, connectivity, mean_ratio
from meshes.structured import layered_box
from meshes.tagged import TaggedMesh
from studies import figures, render, report
from studies.case import Case
from studies.compare import Comparison, Failure
from studies.headlines import headlines
from studies.html import breakable
from studies.labels import LABELS
from studies.run import DesignResult, run_design

CASE = Case.from_toml(
    """
title = "Flat <cells> & layers"
designs = ["planar", "planar_ionic", "bilayer"]
[cell]
width = "4 um"
depth = "4 um"
[cell.framework]
kind = "crossed"
thickness = "8 um"
fibre_diameter = "1 um"
porosity = 0.75
[cell.ionic_layer]
thickness = "2 um"
[cell.separator]
thickness = "10 um"
[operation]
current_density = "10 mA/cm^2"
[mesh]
size = "1 um"
"""
)
"""Mixed case; only its flat designs are solved here."""


def mesh_report(mesh: TaggedMesh) -> MeshReport:
    """What the mesher would say of a structured mesh."""
    found, ratios = connectivity(mesh), mean_ratio(mesh.points, mesh.mesh.t)
    return MeshReport(
        n_elements=mesh.n_elements,
        n_nodes=mesh.n_nodes,
        size=1e-6,
        draw=0,
        worst_mean_ratio=float(ratios.min()),
        mean_ratio_p01=float(np.quantile(ratios, 0.01)),
        worst_before_cleanup=float(ratios.min()),
        collapsed_edges=0,
        relocated_nodes=0,
        volumes_mesh={name: mesh.region_volume(name) for name in mesh.regions},
        volumes_cad={name: mesh.region_volume(name) for name in mesh.regions},
        areas_mesh={},
        areas_cad={},
        porosity_cad=None,
        porosity_mesh=None,
        porosity_tenths=(),
        n_clusters=found.n_clusters,
        n_floating=found.n_floating,
        percolating_share=found.percolating_share,
        n_pockets=found.n_pockets,
        pocket_share=found.pocket_share,
        geometry="straight",
        relaxed_edges=0,
        least_det_ratio=None,
        radius_factor=None,
        fibre_area_error=None,
        fibre_volume_error=None,
        seconds={"mesh": 0.1},
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="module")
def comparison(folder: Path) -> Comparison:
    stacks = {
        Design.PLANAR: [("separator", 10e-6, 6)],
        Design.PLANAR_IONIC: [("ionic_layer", 2e-6, 2), ("separator", 10e-6, 6)],
    }
    results: dict[Design, DesignResult] = {}
    for design, layers in stacks.items():
        mesh = layered_box(layers, width=4e-6, depth=4e-6, nx=2, ny=2)
        (folder / design).mkdir()
        results[design] = run_design(CASE, design, mesh, mesh_report(mesh), folder / design)
    failures = (Failure(design=Design.BILAYER, reason="the salt is depleted at 7.5 mA/cm²"),)
    return Comparison(case=CASE, results=results, failures=failures, draw=1, notes=("draw 0 had no mesh.",))


def test_report_shows_results_failures_and_notes(comparison: Comparison, folder: Path) -> None:
    text = report.write(comparison, folder).read_text("utf-8")
    assert "Flat &lt;cells&gt; &amp; layers" in text  # text of the user is escaped
    for word in ("bilayer gave no result", "depleted at 7.5 mA/cm²", "draw 0 had no mesh.", "incomplete"):
        assert word in text
    for design, result in comparison.results.items():
        assert LABELS[design] in text
        assert f"{1e3 * result.metrics['cell_voltage_V']:.1f}" in text
    assert not re.search(r"(src|href)=[\"']https?:", text)


def test_names_of_parameters_may_break_between_words_only() -> None:
    assert breakable("cell.framework.fibre_diameter") == "cell.<wbr>framework.<wbr>fibre_<wbr>diameter"
    assert breakable("kinetics.<i>") == "kinetics.<wbr>&lt;i&gt;"


def test_a_missed_check_is_said_loudly(comparison: Comparison, folder: Path) -> None:
    """A result that misses its check must not look like one that passes."""
    result = comparison.results[Design.PLANAR]
    broken = (replace(result.trust[0], value=1.0, passed=False), *result.trust[1:])
    results = {Design.PLANAR: replace(result, trust=broken)}
    bad = replace(comparison, results=results, failures=())
    assert not bad.complete and not results[Design.PLANAR].trusted
    text = report.write(bad, folder).read_text("utf-8")
    assert "missed a trust check" in text and "✗" in text and "all trust checks passed" not in text
    row = bad.table().set_index("design").loc["planar"]
    assert row["status"] == "not trusted" and row["reason"].startswith("charge imbalance is 1, limit ")
    assert result.trust[0].text in row["reason"]


@pytest.mark.parametrize(
    ("draw", "axis"),
    [
        (figures.distribution, "local current density (mA/cm²"),
        (figures.voltage_split, "contribution to the cell voltage (mV)"),
    ],
)
def test_figures_are_scalable_drawings(comparison: Comparison, draw, axis: str) -> None:
    """Well-formed SVG without a fixed size, with a unit on its axis (text is in comments by the glyphs)."""
    svg = draw(comparison.results)
    root = ET.fromstring(svg)
    assert root.tag.endswith("svg") and "viewBox" in root.attrib and "width" not in root.attrib
    assert axis in svg


def test_no_depth_figures_without_depth(comparison: Comparison) -> None:
    """Flat designs alone: nothing to show over the height."""
    assert figures.depth_density(comparison.results) is None
    assert figures.depth_share(comparison.results) is None


def test_headlines_need_a_bilayer(comparison: Comparison) -> None:
    assert headlines(CASE, comparison.results) == []


def fake(result: DesignResult, **changes: float) -> DesignResult:
    """The same result with other numbers."""
    return replace(result, metrics={**result.metrics, **changes})


def test_headlines_say_what_the_numbers_say(comparison: Comparison) -> None:
    """Signs and words follow the numbers, in both directions."""
    planar = comparison.results[Design.PLANAR]
    common = {"anode_area_m2": 80e-12, "anode_mean_A_m2": 20.0, "anode_p99_A_m2": 30.0, "share_fibres": 0.9,
              "share_foil": 0.1, "limit_ratio": 0.8, "c_min_ratio": 0.3}  # fmt: skip
    bilayer = fake(planar, cell_voltage_V=0.08, top_bottom_density_ratio=3.0, **common)
    framework = fake(bilayer, cell_voltage_V=0.07, anode_p99_A_m2=30.1)
    dead = fake(planar, cell_voltage_V=0.10)
    flat = fake(planar, cell_voltage_V=0.10, anode_p99_A_m2=100.0, anode_area_m2=16e-12)
    results = {
        Design.PLANAR: flat,
        Design.FRAMEWORK: framework,
        Design.BILAYER: bilayer,
        Design.INSULATING_MAT: dead,
    }
    text = " ".join(headlines(CASE, results))
    for words in ("80.0 mV with the bilayer, against 100.0 mV with a flat planar anode (−20.0 %)",
                  "5.0 times", "fills from its top", "costs 10.0 mV", "the layer hardly changes it",
                  "20.0 mV more than the bilayer",
                  "above the 0.75"):  # fmt: skip
        assert words in text
    other = {
        **results,
        Design.BILAYER: fake(bilayer, cell_voltage_V=0.05, top_bottom_density_ratio=0.3, limit_ratio=0.2),
    }
    text = " ".join(headlines(CASE, other))
    assert "fills from its bottom" in text and "saves 20.0 mV" in text and "below the 0.75" in text
    assert "dendrite" not in text


def test_a_missing_pyvista_is_one_line(
    comparison: Comparison, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(render.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(render.NoPicture, match="pip install"):
        render.current_picture(folder / "planar" / "fields", folder / "x.png")
    rough = replace(comparison, results={Design.PLANAR_ROUGH: comparison.results[Design.PLANAR]})
    assert "pip install" in report.content(rough, folder)["picture"]["missing"]


def test_picture_is_drawn_without_a_display(comparison: Comparison, folder: Path) -> None:
    """A PNG with more than one colour; a folder without surfaces is refused with a sentence."""
    pytest.importorskip("pyvista")
    from matplotlib.image import imread

    drawn = render.current_picture(folder / "planar" / "fields", folder / "x.png", width=300, height=220)
    pixels = imread(drawn)
    assert 100 < pixels.shape[0] <= 220 and 150 < pixels.shape[1] <= 300  # cropped to what is drawn
    assert len(np.unique(pixels.reshape(-1, pixels.shape[2]), axis=0)) > 10
    (folder / "empty").mkdir()
    with pytest.raises(render.NoPicture, match="run the design again"):
        render.current_picture(folder / "empty", folder / "y.png")
