"""TaggedMesh: its guarantees, its fast facet tables, and connectivity through facets."""

import numpy as np
import pytest
import skfem

from meshes.connectivity import components, floating, touching
from meshes.structured import annulus, layered_box, layered_rectangle
from meshes.tagged import MeshError, TaggedMesh

MICRO = 1e-6


def small_box() -> TaggedMesh:
    return layered_box(
        [("pores", 4 * MICRO, 2), ("separator", 6 * MICRO, 3)], width=3 * MICRO, depth=2 * MICRO, nx=3, ny=2
    )


@pytest.mark.parametrize("dim", [2, 3])
def test_facet_tables_are_those_of_scikit_fem(dim: int) -> None:
    """Guards the private tables that we fill: a scikit-fem that numbers facets otherwise turns this red."""
    mesh = small_box().mesh if dim == 3 else annulus(MICRO, 3 * MICRO, n_radial=3, n_angular=11).mesh
    plain = skfem.MeshTet(mesh.p, mesh.t) if dim == 3 else skfem.MeshTri(mesh.p, mesh.t, sort_t=False)
    for table in ("facets", "t2f", "f2t"):
        ours, theirs = getattr(mesh, table), getattr(plain, table)
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


def test_shuffled_nodes_and_windings_give_the_same_tables_and_volumes() -> None:
    box = small_box()
    rng = np.random.default_rng(3)
    new = rng.permutation(box.n_nodes)
    points = np.empty_like(box.points)
    points[:, new] = box.points
    cells = rng.permuted(new[box.mesh.t], axis=0)
    mesh = TaggedMesh.from_arrays(points=points, cells=cells, regions={"all": np.arange(box.n_elements)})
    plain = skfem.MeshTet(points, mesh.mesh.t)
    np.testing.assert_array_equal(mesh.mesh.f2t, plain.f2t)
    np.testing.assert_allclose(mesh.element_volumes, box.element_volumes, rtol=1e-12)


def test_measures_in_metres() -> None:
    box = small_box()
    assert box.region_volume("pores") == pytest.approx(24e-18, rel=1e-12)
    assert box.surface_area("foil") == pytest.approx(6e-12, rel=1e-12)
    assert box.surface_area("sides") == pytest.approx(100e-12, rel=1e-12)
    np.testing.assert_array_equal(box.interface("pores", "separator"), box.facets_of("separator_bottom"))
    np.testing.assert_array_equal(box.interface("separator", ["pores"]), box.facets_of("separator_bottom"))
    assert [box.region_names[i] for i in box.region_of_element[[0]]] == ["pores"]
    flat = layered_rectangle([("pores", 4 * MICRO, 2)], width=3 * MICRO, nx=3)
    assert flat.region_volume("pores") == pytest.approx(12e-12, rel=1e-12)
    assert flat.surface_area("foil") == pytest.approx(3e-6, rel=1e-12)


def test_surface_nodes_find_their_facets_and_strays_are_dropped() -> None:
    box = small_box()
    mesh = TaggedMesh.from_arrays(
        points=box.points,
        cells=box.mesh.t,
        regions={**box.regions, "gmsh:bounding_entities": np.empty(0, dtype=int)},
        surfaces={
            "foil": box.mesh.facets[::-1, box.facets_of("foil")],
            "gmsh:x": np.zeros((3, 1), dtype=int),
        },
    )
    assert set(mesh.regions) == {"pores", "separator"} and set(mesh.surfaces) == {"foil"}
    np.testing.assert_array_equal(mesh.facets_of("foil"), box.facets_of("foil"))


@pytest.mark.parametrize(
    ("regions", "surfaces", "words"),
    [
        ({"a": [0]}, {}, "belong to no region"),
        ({"a": [0, 1], "b": [1]}, {}, r"several regions \(a, b\)"),
        ({"a": [0, 1], "b": []}, {}, "region 'b' has no elements"),
        ({"a": [0, 2]}, {}, "must hold element indices from 0 to 1"),
        ({"a": [0, 1, 1]}, {}, "lists 1 elements twice"),
        ({"a": [0, 1]}, {"s": [9]}, "must hold facet indices from 0 to 4"),
    ],
)
def test_bad_tags_are_refused(regions: dict, surfaces: dict, words: str) -> None:
    with pytest.raises(MeshError, match=words):
        TaggedMesh(mesh=skfem.MeshTri(), regions=regions, surfaces=surfaces)


def test_bad_meshes_are_refused() -> None:
    points = np.array([[0.0, 1, 0, 1], [0, 0, 1, 1]]) * MICRO
    cells = np.array([[0, 1, 2]]).T
    with pytest.raises(MeshError, match="belong to no element"):
        TaggedMesh.from_arrays(points=points, cells=cells, regions={"a": [0]})
    with pytest.raises(MeshError, match="1 elements have no volume"):
        TaggedMesh.from_arrays(points=points[:, [0, 1, 1]], cells=cells, regions={"a": [0]})
    with pytest.raises(MeshError, match="shared by 3 elements"):
        TaggedMesh.from_arrays(
            points=np.array([[0.0, 1, 0, 1, 2], [0, 0, 1, 1, 2]]),
            cells=np.array([[0, 0, 0], [1, 1, 1], [2, 3, 4]]),
            regions={"a": [0, 1, 2]},
        )
    with pytest.raises(MeshError, match="1 of 1 facets that are not facets"):
        TaggedMesh.from_arrays(
            points=points[:, :3], cells=cells, regions={"a": [0]}, surfaces={"s": [[0], [0]]}
        )
    with pytest.raises(MeshError, match="no surface 'feet'; it has counter, foil"):
        small_box().facets_of("feet")
    with pytest.raises(MeshError, match="no region 'x'; it has pores, separator"):
        small_box().elements_of("x")


def test_components_join_through_facets_only() -> None:
    """Two squares touching in a corner are two components: an edge or a node carries no current."""
    mesh = layered_rectangle([("pores", 2.0, 2)], width=2.0, nx=2)
    middle = mesh.points[:, mesh.mesh.t].mean(axis=1)
    diagonal = np.flatnonzero((middle[0] < 1.0) == (middle[1] < 1.0))
    labels = components(mesh, diagonal)
    assert set(labels[diagonal]) == {0, 1} and set(np.delete(labels, diagonal)) == {-1}
    assert labels[diagonal[0]] == 0
    assert len(touching(mesh, labels, mesh.facets_of("foil"))) == 1
    chequered = TaggedMesh(
        mesh=mesh.mesh,
        regions={"fibres": diagonal, "pores": np.setdiff1d(np.arange(mesh.n_elements), diagonal)},
        surfaces=mesh.surfaces,
    )
    lost = floating(chequered, ["fibres"], ["foil", "feet"])
    assert (middle[1][lost] > 1.0).all() and lost.size == diagonal.size // 2
    assert floating(chequered, ["fibres"], ["feet"]).size == diagonal.size
