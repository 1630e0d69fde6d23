"""Checks that need more than one field of a case; all of them run before any work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from fem.conditions import Contact
from fem.electrolyte import check_validity
from geometry.designs import Design
from geometry.fibres import Framework
from geometry.section import Section
from geometry.stack import Stack
from meshes.sizing import Sizing
from studies import build
from studies.errors import CaseError
from studies.kinetic_tables import TafelTable
from studies.tables import RandomFramework, SingleIonLayer
from studies.units import shown

if TYPE_CHECKING:
    from studies.case import Case
    from studies.tables import CellTable


def lacking(cell: CellTable, design: Design) -> tuple[str, ...]:
    """Parts that a design needs and the cell does not have."""
    needed = {
        "framework": design.has_framework,
        "ionic_layer": design.has_ionic_layer,
        "rough": design.is_rough,
    }
    return tuple(part for part, need in needed.items() if need and getattr(cell, part) is None)


def refuse_lacking(cell: CellTable, designs: Iterable[Design]) -> None:
    """Raise CaseError if the cell lacks a part of one of the designs."""
    found = []
    for design in designs:
        if missing := lacking(cell, design):
            tables = ", ".join(f"[cell.{part}]" for part in missing)
            found.append(
                f"design {design} needs {tables}, which the case does not have; add it or take another "
                "design."
            )
    if found:
        raise CaseError(found)


def problems(case: Case) -> Iterator[str]:
    """One sentence for each thing that does not fit together."""
    found = list(_parts(case))
    yield from found or _sections(case)


def _parts(case: Case) -> Iterator[str]:
    yield from _designs(case)
    layer = case.cell.ionic_layer
    if isinstance(layer, SingleIonLayer):
        resistance = layer.junction_resistance
        yield from _refused("cell.ionic_layer.junction_resistance", lambda: Contact(resistance=resistance))
    yield from _framework(case)
    yield from _sizes(case)
    law, conditions = build.electrolyte_law(case), case.electrolyte
    yield from _refused(
        "electrolyte", lambda: check_validity(law, conditions.temperature, conditions.concentration)
    )
    if isinstance(case.kinetics.on("counter"), TafelTable):
        yield (
            'kinetics.counter.law is "tafel" (as on the foil unless given), which plates only, and the '
            'counter electrode strips; set kinetics.counter.law = "butler-volmer".'
        )
    for name in ("fibres", "foil", "counter"):
        if name == "fibres" or getattr(case.kinetics, name) is not None:
            yield from _refused(f"kinetics.{name}", lambda name=name: build.kinetics(case, name))


def _designs(case: Case) -> Iterator[str]:
    if len(set(case.designs)) < len(case.designs):
        twice = next(d for d in case.designs if case.designs.count(d) > 1)
        yield f'designs names "{twice}" twice; remove one of them.'
    for design in dict.fromkeys(case.designs):
        for part in lacking(case.cell, design):
            yield (
                f'designs has "{design}", which needs the table [cell.{part}], and that is missing; '
                "add the table or leave the design out."
            )


def _framework(case: Case) -> Iterator[str]:
    framework = case.cell.framework
    if framework is None:
        return
    if framework.equipotential and framework.contact_resistance > 0.0:
        yield (
            "cell.framework has equipotential = true and a contact_resistance, behind which the fibres have "
            "no given potential; leave one of them out."
        )
    size = framework.fibre_diameter
    for name, length in (("cell.framework.thickness", framework.thickness), ("cell.width", case.cell.width),
                         ("cell.depth", case.cell.depth)):  # fmt: skip
        if size >= length:
            yield (
                f"cell.framework.fibre_diameter is {shown(size, 'm', 'um')}, not thinner than {name} = "
                f"{shown(length, 'm', 'um')}; take thinner fibres or enlarge {name}."
            )
            return
    porosity = getattr(framework, "porosity", None)
    if porosity is not None:  # before it is drawn: a cell of millimetres would take hours
        solid = (1.0 - porosity) * framework.thickness * case.cell.width * case.cell.depth
        surface = 4.0 * solid / size / (case.cell.width if case.mesh.dimension == 2 else 1.0)
        sizing = Sizing(size=case.mesh.size, dimension=case.mesh.dimension)
        found = [*_refused("mesh", lambda: sizing.require_area(surface))]
        if found:
            yield from found
            return
    yield from _refused("cell.framework", lambda: _drawn(case, build.framework(framework)))


def _sections(case: Case) -> Iterator[str]:
    """In two dimensions every design must have a cross-section that stands for it."""
    framework = case.cell.framework
    if case.mesh.dimension == 3:
        return
    if isinstance(framework, RandomFramework) and any(d.has_framework for d in case.designs):
        yield (
            'mesh.dimension is 2, and a framework of kind "random" has no cross-section that stands for it; '
            'take kind = "parallel", or dimension = 3.'
        )
        return
    cell = build.cell(case)
    found = [
        sentence
        for design in case.designs
        for sentence in _refused(
            "mesh.dimension is 2", lambda design=design: Section(stack=cell.stack(design))
        )
    ]
    yield from dict.fromkeys(found)


def _drawn(case: Case, framework: Framework) -> None:
    """Draw what is quick to draw; a random mat says what it refuses when it is made or drawn."""
    if not framework.redrawable:
        framework.draw(case.cell.width, case.cell.depth)


def _sizes(case: Case) -> Iterator[str]:
    size, cell = case.mesh.size, case.cell
    limits = {"cell.width": cell.width, "cell.depth": cell.depth}
    if cell.framework is not None and any(d.has_framework for d in case.designs):
        limits = {"cell.framework.fibre_diameter": cell.framework.fibre_diameter}
    for name, limit in limits.items():
        if size > limit:
            yield (
                f"mesh.size is {shown(size, 'm', 'um')}, larger than {name} = {shown(limit, 'm', 'um')}; "
                f"make it smaller, such as {shown(0.35 * limit, 'm', 'um')}."
            )
    if case.mesh.far is not None and case.mesh.far < size:
        yield (
            f"mesh.far is {shown(case.mesh.far, 'm', 'um')}, below mesh.size = {shown(size, 'm', 'um')}; "
            "make it at least as large, or leave it out."
        )
    if cell.rough is None:
        return
    rough = cell.rough
    if not any(d.is_rough for d in case.designs):
        yield from _refused("cell.rough", lambda: build.roughness(rough))  # a part of the cell all the same
    else:
        if size > rough.height:
            yield (
                f"mesh.size is {shown(size, 'm', 'um')}, larger than cell.rough.height = "
                f"{shown(rough.height, 'm', 'um')}; make it smaller."
            )
        yield from _refused("cell.rough", lambda: _relief(cell))


def _relief(cell: CellTable) -> Stack:
    """The rough foil under its separator, without the parts of other designs."""
    assert cell.rough is not None
    return Stack(
        width=cell.width,
        depth=cell.depth,
        separator=cell.separator.thickness,
        roughness=build.roughness(cell.rough),
    )


def _refused(name: str, make: Callable[[], Any]) -> Iterator[str]:
    """The constructor's own objection, under the name of the table that it is about."""
    try:
        make()
    except ValueError as error:
        yield f"{name}: {str(error).rstrip('.')}."
