"""The report of a parametric study: one HTML file that needs nothing else, and its figures for papers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from geometry.designs import Design
from meshes.paraview import write_atomically
from studies import html
from studies.run import version
from studies.sweep import tables
from studies.sweep.figures.choose import Section, sections
from studies.sweep.figures.shape import varying
from studies.sweep.figures.style import design_label
from studies.sweep.plan import Target
from studies.sweep.statistics.compatible import compatible
from studies.sweep.statistics.verdicts import NOTE, Verdict, verdicts
from studies.sweep.study import Study
from studies.sweep.wording import quantity

WEIGHED = ("cell_voltage_V", "anode_cv", "anode_p99_A_m2")
"""Metrics in which the designs are compared over the seeds."""


def write(study: Study, folder: Path, *, targets: Sequence[Target] = ()) -> Path:
    """Write ``report.html`` and ``figures/`` into ``folder``; returns the path of the report.

    targets: numbers that points may be compatible with; where no point has the metric, the page says so.
    """
    known = [target for target in targets if target.metric in study.metrics and len(study.table)]
    found = [compatible(study, t.metric, t.value, width=t.within) for t in known]
    drawn = sections(study, found)
    pictures = folder / "figures"
    pictures.mkdir(parents=True, exist_ok=True)
    written = {picture.name for section in drawn for picture in section.pictures}
    listed = pictures / "written.txt"  # by an earlier report, when other points were there
    earlier = set(listed.read_text("utf-8").splitlines()) if listed.is_file() else set()
    for name in earlier - written:
        for ending in (".png", ".svg"):
            (pictures / f"{name}{ending}").unlink(missing_ok=True)
    listed.write_text("\n".join(sorted(written)), encoding="utf-8")
    shown = [_saved(section, pictures) for section in drawn]
    named = [tables.target(f, target.name) for f, target in zip(found, known, strict=True)]
    named += [tables.without_metric(study, t.metric, t.name) for t in targets if t not in known]
    page = html.render("study.html.j2", content(study, shown, named))
    write_atomically(folder / "report.html", lambda path: path.write_text(page, encoding="utf-8"))
    return folder / "report.html"


def content(study: Study, shown: list[dict[str, Any]], targets: list[dict[str, Any]]) -> dict[str, Any]:
    """Everything the template shows."""
    headings, points = tables.points(study)
    said = list(_verdicts(study))
    return {
        "title": study.title,
        "about": [" ".join(part.split()) for part in study.about.split("\n\n") if part.strip()],
        "version": version(),
        "made": html.now(),
        "total": len(study.table),
        "good": len(study.table) > 0 and bool((study.table["status"] == "ok").all()),
        "axes": tables.varied(study),
        "counts": tables.counts(study),
        "reasons": tables.reasons(study),
        "verdicts": said,
        "verdict_note": NOTE if any(verdict["tested"] for verdict in said) else "",
        "targets": targets,
        "sections": shown,
        "no_figures": _why_no_figures(study),
        "columns": headings,
        "points": points,
        "shown": len(points),
        "notes": tables.notes(study),
    }


def _saved(section: Section, folder: Path) -> dict[str, Any]:
    """A section with its figures written; a caption that all of them share is said once."""
    captions = {picture.caption for picture in section.pictures}
    shared = captions.pop() if len(captions) == 1 and len(section.pictures) > 1 else ""
    figures = [
        {
            "name": picture.name,
            "title": picture.title[:1].upper() + picture.title[1:],
            "caption": "" if shared else picture.caption,
            "wide": picture.wide,
            "svg": Markup(picture.save(folder)),
        }
        for picture in section.pictures
    ]
    return {"title": section.title, "note": shared, "figures": figures}


def _verdicts(study: Study) -> Iterator[dict[str, Any]]:
    """What the seeds say about the bilayer (else the last design) against each of the others."""
    designs = list(dict.fromkeys(Design(name) for name in study.table["design"]))
    metrics = [row.key for row in varying(study) if row.key in WEIGHED]
    if study.seeds is None or len(designs) < 2 or not metrics:
        return
    main = Design.BILAYER if Design.BILAYER in designs else designs[-1]
    for other in designs:
        if other is not main:
            found = verdicts(study, metrics, main, other)
            compared = [verdict for verdict in found if verdict.comparison.n]
            tested = sum(verdict.comparison.n > 1 for verdict in found)
            apart = sum(verdict.apart for verdict in found)
            yield {
                "title": f"{design_label(main)} against {design_label(other)}".capitalize(),
                "sentences": [verdict.sentence for verdict in compared] + _nothing(found),
                "tested": tested,
                "summary": f"{apart} of {tested} comparisons tell them apart"
                if tested
                else "no comparison has the two common seeds that a test needs",
            }


def _nothing(found: Sequence[Verdict]) -> list[str]:
    """One sentence for all comparisons without a common seed."""
    empty = [verdict for verdict in found if not verdict.comparison.n]
    if len(empty) < 2:
        return [verdict.sentence for verdict in empty]
    metrics = dict.fromkeys(quantity(verdict.comparison.metric).name for verdict in empty)
    reasons = dict.fromkeys(verdict.comparison.reason for verdict in empty)
    many = f"{'All' if len(empty) == len(found) else f'{len(empty)} of'} {len(found)} comparisons"
    return [f"{many} ({', '.join(metrics)}) have nothing to compare: {'; '.join(reasons)}."]


def _why_no_figures(study: Study) -> str:
    if study.done.empty:
        return "No point has numbers yet, so there is nothing to draw."
    if len(study.done) == 1:
        return "One point alone is read in the table below."
    return "No metric of the study varies in a way that a figure would show."
