"""A user's own mesh: what is read, what is refused with one sentence, and the exact round trip."""

import subprocess
import sys
from pathlib import Path

import meshio
import numpy as np
import pytest

from meshes.curving import curve
from meshes.files import load, save
from meshes.lagrange import LOCAL_EDGES
from meshes.structured import annulus, circle_shape, extrude, fibre_in_rectangle, layered_box
from meshes.tagged import MeshError, TaggedMesh

SQUARE = """$MeshFormat
2.2 0 8
$EndMeshFormat
$PhysicalNames
3
1 7 "foil"
2 1 "pores"
2 2 "separator"
$EndPhysicalNames
$Nodes
6
1 0 0 0
2 2 0 0
3 2 2 0
40 0 2 0
5 1 1 0
9 7 7 0
$EndNodes
$Elements
5
1 1 2 7 1 1 2
2 2 2 1 1 1 2 5
3 2 2 1 1 5 2 3
4 2 2 2 2 3 40 5
5 2 2 2 2 40 1 5
$EndElements
"""


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "user.msh"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def same(a: TaggedMesh, b: TaggedMesh) -> None:
    np.testing.assert_array_equal(a.points, b.points)
    np.testing.assert_array_equal(a.cells, b.cells)
    for ours, theirs in ((a.regions, b.regions), (a.surfaces, b.surfaces)):
        assert set(ours) == set(theirs)
        for name in ours:
            np.testing.assert_array_equal(ours[name], theirs[name])


def test_msh2_of_a_user(tmp_path: Path) -> None:
    """Sparse tags, a node without element, mixed windings, micrometres."""
    mesh = load(written(tmp_path, SQUARE), scale=1e-6)
    assert (mesh.dim, mesh.n_nodes, mesh.n_elements) == (2, 5, 4)
    assert mesh.region_volume("pores") == pytest.approx(2e-12, rel=1e-12)
    assert mesh.surface_area("foil") == pytest.approx(2e-6, rel=1e-12)
    assert (mesh.element_volumes > 0).all()


@pytest.mark.parametrize("dim", [2, 3])
def test_round_trip_is_exact(tmp_path: Path, dim: int) -> None:
    layers = [("pores", 3e-6, 2), ("separator", 1e-6 / 3, 1)]
    mesh = layered_box(layers, width=2e-6, depth=2e-6, nx=2, ny=2)
    if dim == 2:
        mesh = annulus(1e-6, 2e-6, n_radial=2, n_angular=7)
    else:  # a surface that overlaps another one
        mesh = mesh.with_surfaces({"half_foil": mesh.facets_of("foil")[::2]})
    path = save(mesh, tmp_path / "deep" / "mesh.msh")
    same(load(path), mesh)
    assert [p.name for p in path.parent.iterdir()] == ["mesh.msh"]


def test_msh41_ascii_written_by_gmsh(tmp_path: Path) -> None:
    """Gmsh's own writer, in a process of its own; entities of one group and a group with two names."""
    path = tmp_path / "own.msh"
    script = f"""
import gmsh
gmsh.initialize(interruptible=False); gmsh.option.setNumber("General.Terminal", 0)
gmsh.model.occ.addBox(0, 0, 0, 1, 1, 1); gmsh.model.occ.synchronize()
gmsh.option.setNumber("Mesh.MeshSizeMin", 0.5)
gmsh.model.addPhysicalGroup(3, [1], name="pores")
gmsh.model.addPhysicalGroup(2, [5], name="foil")
gmsh.model.addPhysicalGroup(2, [6], name="counter")
gmsh.model.addPhysicalGroup(2, [5, 6], name="both ends")
gmsh.model.mesh.generate(3); gmsh.write({str(path)!r}); gmsh.finalize()
"""
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    mesh = load(path)
    assert mesh.region_volume("pores") == pytest.approx(1.0, rel=1e-12)
    assert mesh.surface_area("foil") == pytest.approx(1.0, rel=1e-12)
    assert mesh.surface_area("both ends") == pytest.approx(2.0, rel=1e-12)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        (bytes(range(256)) * 20, "not a Gmsh mesh file"),
        ("two roads diverged", "not a Gmsh mesh file"),
        (SQUARE[:200], "no \\$Elements section|ends inside"),
        (SQUARE.replace("$EndElements", ""), r"ends inside its \$Elements section"),
        (SQUARE.replace("2 2 2 1 1 1 2 5", "2 2 2 1 1 1 2 77"), "could not be read|nodes"),
        (SQUARE.replace("2.2 0 8", "x 0 8"), "user.msh"),
        (SQUARE.replace('2 2 "separator"', '2 2 ""'), "physical group 2 of dimension 2 has no name"),
        (SQUARE.replace("2 2 2 1 1 1 2 5", "2 2 2 0 3 1 2 5"), "1 of 4 triangles are in no named"),
        (SQUARE.replace("5 1 1 0", "5 1 1 0.3"), "one plane z = constant"),
        (SQUARE.replace("2 2 2 1 1 1 2 5", "2 3 2 1 1 1 2 3 5"), "elements of type 'Quadrilateral"),
        (SQUARE.replace("1 1 2 7 1 1 2", "1 1 2 7 1 1 9"), "surface 'foil' has facets away"),
        (SQUARE.replace("5 1 1 0\n", "5 1 0 0\n"), "have no volume"),
        (SQUARE.replace("5\n1 1 2 7", "1\n1 1 2 7"), "triangles"),
    ],
    ids=range(14),
)
def test_bad_files_are_refused_in_one_sentence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], content: str | bytes, words: str
) -> None:
    path = written(tmp_path, content)
    with pytest.raises(MeshError, match=words) as caught:
        load(path)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_truncated_binary_file_and_bad_arguments(tmp_path: Path) -> None:
    path = save(annulus(1e-6, 2e-6, n_radial=2, n_angular=7), tmp_path / "mesh.msh")
    whole = path.read_bytes()
    for part in (0.3, 0.6, 0.95):
        with pytest.raises(MeshError):
            load(written(tmp_path, whole[: int(part * len(whole))]))
    damaged = bytearray(whole)
    damaged[whole.index(b"$Elements") + 60 : whole.index(b"$EndElements")] = b""
    with pytest.raises(MeshError):
        load(written(tmp_path, bytes(damaged)))
    with pytest.raises(MeshError, match="does not exist"):
        load(tmp_path / "none.msh")
    with pytest.raises(MeshError, match="scale"):
        load(path, scale=0.0)


@pytest.mark.parametrize("dim", [2, 3])
def test_curved_meshes_come_back_curved(tmp_path: Path, dim: int) -> None:
    """Gmsh numbers two edges of a tetrahedron the other way round: exchanged, they fold elements."""
    mesh = fibre_in_rectangle(1.0, width=6.0, height=6.0, n=2)
    if dim == 3:
        mesh = extrude(mesh, depth=2.0, n=1)
    mesh = curve(mesh, [circle_shape(mesh, "fibre_surface", centre=(3.0, 3.0), radius=1.0)])
    path = save(mesh, tmp_path / "curved.msh")
    back = load(path)
    same(mesh, back)
    np.testing.assert_array_equal(back.edge_midpoints, mesh.edge_midpoints)
    other = meshio.gmsh.read(path)  # an independent reader, which turns to the order of VTK
    kind = {2: "triangle6", 3: "tetra10"}[dim]
    nodes = np.concatenate([block.data for block in other.cells if block.type == kind]).T
    np.testing.assert_array_equal(np.sort(nodes), np.sort(mesh.nodes_of_cells(2)))
    pairs = nodes[[list(edge) for edge in LOCAL_EDGES[dim]]]
    assert np.abs(other.points[nodes[dim + 1 :]] - other.points[pairs].mean(axis=1)).max() < 0.1


def test_mixed_orders_are_refused(tmp_path: Path) -> None:
    text = SQUARE.replace("2 2 2 1 1 1 2 5", "2 9 2 1 1 1 2 5 3 40 9")
    with pytest.raises(MeshError, match=r"'Triangle 3'; only triangles of order 1, or all of order 2"):
        load(written(tmp_path, text))
