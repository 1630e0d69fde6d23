"""Mirror images and rotations: currents turn with the cell.

A mesh that is mirrored or rotated describes the same cell: all potentials, concentrations and currents are
those of the cell as it was, to round-off, in two and three dimensions. A cell that is its own mirror image
on a mesh that is not (finer on one side) has mirrored currents up to the error of the mesh,
which must fall at second order. A current the other way mirrors a symmetric cell: V -> -V, c(z) -> c(L - z).

Source: invariance of the equations under rigid motions.

Catches: an axis that is built in, x and y mixed up, a sign that depends on the winding of an element, an
orientation of a facet that is taken from its number, kinetics that favour plating over stripping.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from fem import Film, Galvanostatic, Solution, ValoenReimers, current_map, solve_steady
from fem.convergence import convergence
from meshes.simplices import FloatArray
from meshes.structured import extrude
from meshes.tagged import TaggedMesh
from studies.verification import cells
from studies.verification.cells import CURRENT, FAST, SLOW, I
from studies.verification.evidence import Bound, Comparison, Evidence

FILM = Film(1e-3, FAST)
TOLERANCE = 1e-10
TURN = Rotation.from_euler("zyx", (0.4, 1.1, -0.7)).as_matrix()


def verify() -> Sequence[Evidence]:
    """Rigid motions in two and three dimensions, a symmetric cell on a lopsided mesh, reversed current."""
    flat = lopsided(2)
    box = extrude(flat, depth=6e-6, n=2)
    turned = np.array([[np.cos(0.8), -np.sin(0.8)], [np.sin(0.8), np.cos(0.8)]])
    return [
        *_moved("mirrored", flat, np.diag([-1.0, 1.0])),
        *_moved("rotated", flat, turned),
        *_moved("mirrored in space", box, np.diag([1.0, -1.0, 1.0])),
        *_moved("rotated in space", box, TURN),
        *convergence(
            lambda n: {"left and right of a symmetric cell": asymmetry(n)},
            (8, 16, 32),
            least_rates=1.7,
            largest_errors=2e-4,
        ),
        *_reversed(),
    ]


def lopsided(n: int) -> TaggedMesh:
    """The cell with a standing fibre, distorted so that no two elements are alike."""
    mesh = cells.standing_mesh(n)
    x, z = mesh.points
    width, height = np.ptp(x), np.ptp(z)
    bump = np.sin(np.pi * x / width) * np.sin(np.pi * z / height)
    return cells.moved(mesh, np.stack([x + 0.03 * width * bump * x / width, z + 0.02 * height * bump]))


def solve(mesh: TaggedMesh) -> Solution:
    """The cell with films and finite conductivity at 200 A/m2."""
    return solve_steady(mesh, cells.standing_model(FILM, counter=FAST, conductivity=10.0), CURRENT)


def _moved(name: str, mesh: TaggedMesh, motion: FloatArray) -> Iterator[Evidence]:
    one, other = solve(mesh), solve(cells.moved(mesh, motion @ mesh.points))
    yield Comparison(
        quantity=f"{name}: cell voltage",
        found=other.cell_voltage,
        expected=one.cell_voltage,
        tolerance=TOLERANCE,
        unit="V",
        source="the cell as it was",
    )
    fields = [("phi_s", one.phi_s, other.phi_s), ("phi_e", one.phi_e, other.phi_e), ("c", one.c, other.c)]
    fields.append(("current density", motion @ one.current_density, other.current_density))
    fields += [(f"current of {n}", np.sort(m.samples, axis=None), np.sort(other.maps[n].samples, axis=None))
               for n, m in one.maps.items()]  # fmt: skip
    for what, a, b in fields:
        error = float(np.nanmax(np.abs(a - b)) / np.nanmax(np.abs(a)))
        yield Bound(quantity=f"{name}: change of {what}", found=error, limit=TOLERANCE)


def asymmetry(n: int) -> float:
    """|left - right| over their mean, of the current into and out of both halves of a floating fibre.

    The liquid on the left is stretched between its fixed ends, the one on the right is not.
    """
    mesh = cells.floating_mesh(n)
    x, z = mesh.points
    gap, middle = 2e-6, 2.5e-6  # from the side to the fibre and to its axis
    shift = np.where(x < gap, 0.1 * gap * np.sin(np.pi * x / gap), 0.0)
    mesh = cells.moved(mesh, np.stack([x - shift, z]))
    solution = solve_steady(mesh, cells.floating_model(ValoenReimers(), FAST), CURRENT)
    on_fibre = current_map(solution, "fibre_surface")
    current, at = np.abs(on_fibre.areas * on_fibre.current_density), on_fibre.centroids[0]
    left, right = current[at < middle].sum(), current[at > middle].sum()
    return float(abs(left - right) / (left + right) * 2)


def _reversed() -> Iterator[Evidence]:
    mesh, model = cells.planar_mesh(20), cells.planar_model(ValoenReimers(), SLOW)
    plating, stripping = (solve_steady(mesh, model, Galvanostatic(current_density=i)) for i in (I, -I))
    yield Comparison(
        quantity="reversed current: cell voltage",
        found=-stripping.cell_voltage,
        expected=plating.cell_voltage,
        tolerance=TOLERANCE,
        unit="V",
        source="the cell as it was",
    )
    x, z = mesh.points
    up, down = np.lexsort((x, z)), np.lexsort((x, -z))
    error = np.abs(plating.c[up] / stripping.c[down] - 1).max()
    yield Bound(quantity="reversed current: change of mirrored c", found=float(error), limit=TOLERANCE)
