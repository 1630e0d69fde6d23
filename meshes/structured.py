"""Meshes from formulas, without a mesher: layered boxes, rings, a fibre in a rectangle, extrusions.

Doubling every count halves every element and keeps every node; new nodes of a circle lie on the exact
circle. All lengths in metres.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from geometry.regions import Region, Surface
from meshes.exact_surfaces import Cylinder, ExactSurface, Shape, Sphere
from meshes.tagged import FloatArray, IntArray, MeshError, TaggedMesh

Layer = tuple[str, float, int]
"""Name of the region, thickness [m], number of elements across it."""

_KUHN = np.array([[0, 1, 3, 7], [0, 1, 7, 5], [0, 5, 7, 4], [0, 3, 2, 7], [0, 6, 4, 7], [0, 2, 6, 7]])
"""Six tetrahedra around the diagonal 0-7 of a brick whose corner number is x + 2 y + 4 z."""


def layered_box(layers: Sequence[Layer], *, width: float, depth: float, nx: int, ny: int) -> TaggedMesh:
    """Layers stacked along z from z = 0, each brick split into six tetrahedra.

    Surfaces: `foil` (z = 0), `counter` (top), `sides`, and "<name>_bottom" for every layer but the first.
    """
    _positive(width=width, depth=depth, nx=nx, ny=ny)
    z, owner, names = _levels(layers)
    x, y = np.linspace(0.0, width, nx + 1), np.linspace(0.0, depth, ny + 1)
    points = np.stack([a.ravel() for a in np.meshgrid(z, y, x, indexing="ij")][::-1])
    node = np.arange(points.shape[1]).reshape(z.size, y.size, x.size)
    corners = np.stack(
        [
            node[k : k + owner.size, j : j + ny, i : i + nx].ravel()
            for k in (0, 1)
            for j in (0, 1)
            for i in (0, 1)
        ]
    )
    cells = np.concatenate([corners[list(tet)] for tet in _KUHN], axis=1)
    layer = np.tile(np.repeat(owner, nx * ny), len(_KUHN))
    return _with_planes(points, cells, layer, names, z)


def layered_rectangle(layers: Sequence[Layer], *, width: float, nx: int) -> TaggedMesh:
    """Layers stacked along the second coordinate from 0, each rectangle split into two triangles.

    Surfaces as in `layered_box`: `foil` (bottom), `counter` (top), `sides` (left and right),
    "<name>_bottom".
    """
    _positive(width=width, nx=nx)
    z, owner, names = _levels(layers)
    x = np.linspace(0.0, width, nx + 1)
    points = np.stack([np.tile(x, z.size), np.repeat(z, x.size)])
    node = np.arange(points.shape[1]).reshape(z.size, x.size)
    a, b, c, d = node[:-1, :-1].ravel(), node[:-1, 1:].ravel(), node[1:, :-1].ravel(), node[1:, 1:].ravel()
    cells = np.concatenate([np.stack([a, b, d]), np.stack([a, d, c])], axis=1)
    return _with_planes(points, cells, np.tile(np.repeat(owner, nx), 2), names, z)


def annulus(
    inner: float, outer: float, *, n_radial: int, n_angular: int, region: str = Region.PORES
) -> TaggedMesh:
    """Ring around the origin with nodes exactly on both circles; radii in geometric progression.

    Surfaces: `inner`, `outer` (polygons with `n_angular` sides).
    """
    _positive(inner=inner, n_radial=n_radial)
    if not outer > inner:
        raise MeshError(f"the outer radius {outer:g} m must be larger than the inner radius {inner:g} m")
    if n_angular < 3:
        raise MeshError(f"n_angular = {n_angular} does not close a ring; use 3 or more")
    angle = 2.0 * np.pi * np.arange(n_angular) / n_angular
    radius = inner * (outer / inner) ** (np.arange(n_radial + 1) / n_radial)
    radius[-1] = outer
    points = (radius[:, None] * np.stack([np.cos(angle), np.sin(angle)])[:, None, :]).reshape(2, -1)
    cells = _ring_cells(np.arange(points.shape[1]).reshape(n_radial + 1, n_angular))
    mesh = TaggedMesh.from_arrays(points=points, cells=cells, regions={region: np.arange(cells.shape[1])})
    on_inner = (mesh.facets < n_angular).all(axis=0)
    on_outer = (mesh.facets >= n_radial * n_angular).all(axis=0)
    return mesh.with_surfaces({"inner": np.flatnonzero(on_inner), "outer": np.flatnonzero(on_outer)})


def fibre_in_rectangle(radius: float, *, width: float, height: float, n: int) -> TaggedMesh:
    """Cross-section of one fibre in the middle of [0, width] x [0, height]: a floating, bipolar conductor.

    `n` elements per quarter of the circle (and per side of the rectangle); interface nodes lie on the
    circle. Regions `fibres`, `pores`; surfaces `left`, `right`, `bottom`, `top` and `fibre_surface`.
    """
    _positive(radius=radius, n=n)
    if not 2.1 * radius < min(width, height):
        raise MeshError(
            f"a fibre of radius {radius:g} m needs a rectangle wider and higher than 2.1 radii, "
            f"got {width:g} m x {height:g} m"
        )
    angle = 0.5 * np.pi * (np.arange(4 * n) / n - 0.5)  # starts at the lower right corner, anticlockwise
    circle = radius * np.stack([np.cos(angle), np.sin(angle)])
    square = _square_outline(n)
    core = 0.25 * radius * square + 0.3 * circle  # a rounded square, corners at 0.65 radii
    box = square * np.array([[0.5 * width], [0.5 * height]])
    step = np.arange(1, n + 1) / n
    growth = np.log(max(width, height) / (2.0 * radius))
    graded = np.expm1(growth * step) / np.expm1(growth)
    grid = _core_grid(core, n)
    rings = [core + s * (circle - core) for s in step[:-1]] + [circle]
    rings += [circle + s * (box - circle) for s in graded[:-1]] + [box]
    points = np.concatenate([grid, *rings], axis=1)
    lattice = np.arange((n + 1) ** 2).reshape(n + 1, n + 1)
    core_ring = np.concatenate([lattice[:-1, -1], lattice[-1, :0:-1], lattice[:0:-1, 0], lattice[0, :-1]])
    ring_nodes = np.vstack([core_ring, (n + 1) ** 2 + np.arange(4 * n * len(rings)).reshape(-1, 4 * n)])
    core_cells = _quads_to_triangles(lattice[:-1, :-1], lattice[:-1, 1:], lattice[1:, 1:], lattice[1:, :-1])
    solid = np.concatenate([core_cells, _ring_cells(ring_nodes[: n + 1])], axis=1)
    fluid = _ring_cells(ring_nodes[n:])
    cells = np.concatenate([solid, fluid], axis=1)
    split = solid.shape[1]
    points += np.array([[0.5 * width], [0.5 * height]])
    points[:, ring_nodes[-1]] = np.clip(points[:, ring_nodes[-1]], 0.0, [[width], [height]])
    mesh = TaggedMesh.from_arrays(
        points=points,
        cells=cells,
        regions={Region.FIBRES: np.arange(split), Region.PORES: np.arange(split, cells.shape[1])},
    )
    middle = mesh.points[:, mesh.facets].mean(axis=1)
    sides = {"left": (0, 0.0), "right": (0, width), "bottom": (1, 0.0), "top": (1, height)}
    tolerance = 1e-9 * (width + height)
    surfaces = {name: np.flatnonzero(abs(middle[k] - at) < tolerance) for name, (k, at) in sides.items()}
    return mesh.with_surfaces(
        {**surfaces, Surface.FIBRE_SURFACE: mesh.interface(Region.FIBRES, Region.PORES)}
    )


def extrude(flat: TaggedMesh, *, depth: float, n: int) -> TaggedMesh:
    """A 2D mesh (x, z) drawn out along y; each prism is split conformingly, by its node numbers.

    Regions and surfaces keep their names; the two end faces join `sides`.
    """
    _positive(depth=depth, n=n)
    if flat.dim != 2:
        raise MeshError(f"only a 2D mesh can be extruded, got dimension {flat.dim}")
    size = flat.n_nodes
    y = np.linspace(0.0, depth, n + 1)
    points = np.stack([np.tile(flat.points[0], n + 1), np.repeat(y, size), np.tile(flat.points[1], n + 1)])
    t = np.sort(flat.cells, axis=0).astype(np.int64)
    first = np.stack([t[0], t[1], t[2], t[2] + size])
    second = np.stack([t[0], t[1], t[1] + size, t[2] + size])
    third = np.stack([t[0], t[0] + size, t[1] + size, t[2] + size])
    slab = np.concatenate([first, second, third], axis=1)
    cells = np.concatenate([slab + k * size for k in range(n)], axis=1)
    element = np.tile(np.arange(flat.n_elements), 3 * n)
    regions = {
        name: np.flatnonzero(np.isin(element, elements, assume_unique=False))
        for name, elements in flat.regions.items()
    }
    surfaces: dict[str, IntArray] = {}
    for name, facets in flat.surfaces.items():
        a, b = np.sort(flat.facets[:, facets], axis=0).astype(np.int64)
        strip = np.concatenate([np.stack([a, b, b + size]), np.stack([a, a + size, b + size])], axis=1)
        surfaces[name] = np.concatenate([strip + k * size for k in range(n)], axis=1)
    ends = np.concatenate([t, t + n * size], axis=1)
    surfaces[Surface.SIDES] = np.concatenate([surfaces.get(Surface.SIDES, ends[:, :0]), ends], axis=1)
    return TaggedMesh.from_arrays(points=points, cells=cells, regions=regions, surfaces=surfaces)


def circle_shape(mesh: TaggedMesh, name: str, *, centre: tuple[float, float], radius: float) -> Shape:
    """The facets of surface `name` as parts of a circle [m] of a 2D mesh, or of its cylinder once extruded.

    Raises MeshError when a node of the surface is not on the circle.
    """
    facets = mesh.facets_of(name)
    circle: ExactSurface = Sphere(centre=centre, radius=radius)
    if mesh.dim == 3:
        circle = Cylinder(point=(centre[0], 0.0, centre[1]), axis=(0.0, 1.0, 0.0), radius=radius)
    away = float(np.abs(circle.level(mesh.points[:, np.unique(mesh.facets[:, facets])])).max())
    if away > 1e-9 * radius:
        raise MeshError(
            f"surface '{name}' has nodes {away:.3g} m off the circle of radius {radius:g} m around "
            f"({centre[0]:g}, {centre[1]:g}) m; give its centre and radius"
        )
    return Shape(surface=circle, facets=facets)


def _levels(layers: Sequence[Layer]) -> tuple[FloatArray, IntArray, list[str]]:
    if not layers:
        raise MeshError("a layered mesh needs at least one layer (name, thickness, number of elements)")
    names = [str(name) for name, _, _ in layers]
    if len(set(names)) != len(names):
        raise MeshError(f"layer names must differ, got {', '.join(names)}")
    z = [np.zeros(1)]
    for name, thickness, count in layers:
        _positive(**{f"thickness of {name}": thickness, f"count of {name}": count})
        z.append(z[-1][-1] + thickness * np.arange(1, count + 1) / count)
    return np.concatenate(z), np.repeat(np.arange(len(layers)), [count for _, _, count in layers]), names


def _with_planes(
    points: FloatArray, cells: IntArray, layer: IntArray, names: Sequence[str], z: FloatArray
) -> TaggedMesh:
    regions = {name: np.flatnonzero(layer == index) for index, name in enumerate(names)}
    mesh = TaggedMesh.from_arrays(points=points, cells=cells, regions=regions)
    outer = np.flatnonzero(mesh.f2t[1] < 0)
    height = points[-1][mesh.facets[:, outer]]
    low, high = (height == 0.0).all(axis=0), (height == z[-1]).all(axis=0)
    surfaces: dict[str, IntArray] = {
        Surface.FOIL.value: outer[low],
        Surface.COUNTER.value: outer[high],
        Surface.SIDES.value: outer[~(low | high)],
    }
    for lower, upper in pairwise(names):
        surfaces[f"{upper}_bottom"] = mesh.interface(lower, upper)
    return mesh.with_surfaces(surfaces)


def _ring_cells(rings: IntArray) -> IntArray:
    """Triangles between closed rings of nodes, shape (n_rings, n_around), inner ring first."""
    a, d = rings[:-1], rings[1:]
    return _quads_to_triangles(a, d, np.roll(d, -1, axis=1), np.roll(a, -1, axis=1))


def _quads_to_triangles(a: IntArray, b: IntArray, c: IntArray, d: IntArray) -> IntArray:
    a, b, c, d = (corner.ravel() for corner in (a, b, c, d))
    return np.concatenate([np.stack([a, b, c]), np.stack([a, c, d])], axis=1)


def _square_outline(n: int) -> FloatArray:
    """Points of the outline of [-1, 1]^2, anticlockwise from (1, -1), `n` per side, shape (2, 4 n)."""
    s = -1.0 + 2.0 * np.arange(n) / n
    one = np.ones(n)
    return np.stack([np.concatenate([one, -s, -one, s]), np.concatenate([s, one, -s, -one])])


def _core_grid(outline: FloatArray, n: int) -> FloatArray:
    """Transfinite grid inside an outline of 4 n points from the lower right corner, shape (2, (n + 1)^2).

    Row index runs upwards, column index to the right.
    """
    right, top = outline[:, : n + 1], outline[:, n : 2 * n + 1][:, ::-1]
    left = outline[:, 2 * n : 3 * n + 1][:, ::-1]
    bottom = np.concatenate([outline[:, 3 * n :], outline[:, :1]], axis=1)
    u = (np.arange(n + 1) / n)[None, None, :]
    v = (np.arange(n + 1) / n)[None, :, None]
    edges = (
        (1 - u) * left[:, :, None]
        + u * right[:, :, None]
        + (1 - v) * bottom[:, None, :]
        + v * top[:, None, :]
    )
    corners = (
        (1 - u) * (1 - v) * bottom[:, :1, None]
        + u * (1 - v) * bottom[:, -1:, None]
        + (1 - u) * v * top[:, :1, None]
        + u * v * top[:, -1:, None]
    )
    return (edges - corners).reshape(2, -1)


def _positive(**values: float) -> None:
    for name, value in values.items():
        if not value > 0:
            raise MeshError(f"{name} must be > 0, got {value:g}")
