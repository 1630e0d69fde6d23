"""Which bodies of electrolyte carry current: the circuit of electrolytes, conductors and terminals.

A body of electrolyte is at work if it lies on a path from one terminal (the counter, the anode plane, a fixed
potential) to another. The path may lead through conductors that touch no terminal: a plate between two
electrolytes is plated on one side and stripped on the other. All other electrolyte is an isolated pocket.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from fem.conditions import Blocking, Electrode, Grounded, ModelError
from fem.elements import Ints, present
from fem.materials import Conductor
from fem.model import Model
from fem.reacting import in_region, reacts, separates, side
from fem.space import Space
from meshes.tagged import TaggedMesh

Body = tuple[str, str | int]
"""("terminal", its name), ("conductor", component) or ("electrolyte", component)."""


def working_electrolytes(mesh: TaggedMesh, model: Model, solid: Space, ionic: Space) -> NDArray[np.bool_]:
    """Flags (n_components of ionic,) of the electrolytes at work.

    Raises ModelError if no path leads from the counter to another terminal.
    """
    neighbours = _circuit(mesh, model, solid, ionic)
    counter = ("terminal", "counter")
    powered = {body for body in neighbours if body[0] == "terminal" and body[1] != "anode"}
    live = {body for terminal in powered for body in neighbours[terminal]}
    _prune(neighbours)
    if model.terminals("counter") and not any(
        body[0] == "terminal" and body != counter for body in _reached(neighbours, counter)
    ):
        raise ModelError(
            "no path of electrolyte and conductors leads from the counter electrode to an anode; give an "
            "Electrode with terminal='anode' or a Grounded surface on its side, and check the interfaces"
        )
    for terminal in powered:
        path = _reached(neighbours, terminal)
        if sum(body[0] == "terminal" for body in path) > 1:
            live |= path
    return np.array([("electrolyte", j) in live for j in range(ionic.n_components)], dtype=bool)


def _circuit(mesh: TaggedMesh, model: Model, solid: Space, ionic: Space) -> dict[Body, set[Body]]:
    """Neighbours of every body; a conductor at a fixed potential is the terminal that fixes it."""
    body_of_conductor: dict[int, Body] = {}
    links: list[tuple[Body, Body]] = []
    resistive: list[tuple[int, Body]] = []
    for name, boundary in model.boundaries.items():
        facets = mesh.surfaces[name]
        if isinstance(boundary, Electrode):
            terminal = ("terminal", boundary.terminal)
        elif isinstance(boundary, Grounded):
            terminal = ("terminal", "anode")
        else:
            terminal = ("terminal", f"surface {name}")
        if not isinstance(boundary, Electrode):
            contact = isinstance(boundary, Grounded) and boundary.resistance > 0
            labels = _different(side(mesh, solid, facets)[1])
            if contact:
                resistive += [(label, terminal) for label in labels]
            else:
                links += [(body_of_conductor.setdefault(label, terminal), terminal) for label in labels]
        if not isinstance(boundary, Grounded):
            links += [
                (terminal, ("electrolyte", label)) for label in _different(side(mesh, ionic, facets)[1])
            ]
    links += [(body_of_conductor.get(label, ("conductor", label)), at) for label, at in resistive]
    spaces = {True: solid, False: ionic}
    for pair, passing in model.interfaces.items():
        if isinstance(passing, Blocking) or not (
            reacts(model, pair, passing) or separates(model, pair, passing)
        ):
            continue
        facets = mesh.interface(*pair)
        metal = [isinstance(model.regions[name], Conductor) for name in pair]
        first, second = (
            spaces[is_metal].component_at(in_region(mesh, facets, name))
            for is_metal, name in zip(metal, pair, strict=True)
        )
        n = spaces[metal[1]].n_components
        for number in _different(first * n + second):
            labels = divmod(number, n)
            one, other = (
                body_of_conductor.get(label, ("conductor", label)) if is_metal else ("electrolyte", label)
                for is_metal, label in zip(metal, labels, strict=True)
            )
            links.append((one, other))
    neighbours: dict[Body, set[Body]] = defaultdict(set)
    for one, other in links:
        if one != other:  # both sides of a slit are one body
            neighbours[one].add(other)
            neighbours[other].add(one)
    return neighbours


def _different(labels: Ints) -> list[int]:
    """The different labels that are not negative."""
    return present(labels[labels >= 0], int(labels.max(initial=-1)) + 1).tolist()


def _prune(neighbours: dict[Body, set[Body]]) -> None:
    """Take away dead ends, bodies with one neighbour and no terminal, until none is left."""
    ends = [body for body in neighbours if body[0] != "terminal"]
    while ends:
        body = ends.pop()
        if body in neighbours and len(neighbours[body]) < 2:
            for other in neighbours.pop(body):
                neighbours[other].discard(body)
                if other[0] != "terminal":
                    ends.append(other)


def _reached(neighbours: dict[Body, set[Body]], start: Body) -> set[Body]:
    """Every body that hangs together with this one."""
    found, todo = {start}, [start]
    while todo:
        new = neighbours.get(todo.pop(), set()) - found
        found |= new
        todo += new
    return found
