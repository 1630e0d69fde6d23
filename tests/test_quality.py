"""Element quality and the connectivity figures of a cell."""

import json

import numpy as np
import pytest

from meshes.quality import MeshReport, connectivity, mean_ratio
from meshes.structured import layered_box
from meshes.tagged import TaggedMesh

REGULAR = np.array([[0.0, 1.0, 0.5, 0.5], [0, 0, 3**0.5 / 2, 3**0.5 / 6], [0, 0, 0, (2 / 3) ** 0.5]])


def test_mean_ratio_of_known_tetrahedra() -> None:
    cells = np.array([[0, 1, 2, 3], [1, 0, 2, 3]]).T
    np.testing.assert_allclose(mean_ratio(REGULAR * 1e-6, cells), [1.0, -1.0], rtol=1e-12)
    corner = np.array([[0.0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    assert mean_ratio(corner, cells[:, :1])[0] == pytest.approx(12 * 0.5 ** (2 / 3) / 9, rel=1e-12)
    squashed = REGULAR * [[1], [1], [1e-6]]
    assert 0 < mean_ratio(squashed, cells[:, :1])[0] < 1e-3


def test_mean_ratio_of_known_triangles() -> None:
    cells = np.array([[0, 1, 2], [1, 0, 2]]).T
    np.testing.assert_allclose(mean_ratio(REGULAR[:2, :3], cells), [1.0, -1.0], rtol=1e-12)
    right = np.array([[0.0, 1, 0], [0, 0, 1]])
    assert mean_ratio(right, cells[:, :1])[0] == pytest.approx(3**0.5 / 2, rel=1e-12)


def towers() -> TaggedMesh:
    """4 x 1 x 4 bricks: a fibre on the foil, one floating above it, and a pore brick walled in between."""
    box = layered_box([("pores", 4.0, 4), ("separator", 1.0, 1)], width=4.0, depth=1.0, nx=4, ny=1)
    x, _, z = box.points[:, box.cells].mean(axis=1)
    floating = (z > 1) & (z < 4) & (x < 2) & ~((z > 2) & (z < 3) & (x < 1))
    fibres = ((z < 1) & (x > 3)) | floating
    separator = np.isin(np.arange(box.n_elements), box.elements_of("separator"))
    mesh = TaggedMesh(
        mesh=box.mesh,
        regions={
            "fibres": np.flatnonzero(fibres),
            "pores": np.flatnonzero(~fibres & ~separator),
            "separator": np.flatnonzero(separator),
        },
        surfaces={"counter": box.facets_of("counter")},
    )
    foil = box.facets_of("foil")
    on_fibre = fibres[mesh.f2t[0, foil]]
    return mesh.with_surfaces({"feet": foil[on_fibre], "foil": foil[~on_fibre]})


def test_floating_clusters_and_pockets_are_counted() -> None:
    found = connectivity(towers())
    assert (found.n_clusters, found.n_floating, found.n_pockets) == (2, 1, 1)
    assert found.percolating_share == pytest.approx(1 / 6, rel=1e-12)
    assert found.pocket_share == pytest.approx(1 / 10, rel=1e-12)


def test_a_cell_without_fibres_has_no_shares() -> None:
    box = layered_box([("separator", 1.0, 1)], width=1.0, depth=1.0, nx=1, ny=1)
    found = connectivity(box)
    assert (found.n_clusters, found.n_pockets, found.percolating_share, found.pocket_share) == (
        0,
        0,
        None,
        None,
    )


def test_report_survives_json() -> None:
    values: dict = dict.fromkeys(MeshReport.__dataclass_fields__, 0)
    values |= {"porosity_tenths": (0.8, 0.9), "seconds": {"cad": 1.5}, "pocket_share": None}
    report = MeshReport(**values)
    assert MeshReport.from_dict(json.loads(json.dumps(report.as_dict()))) == report
    assert report.metrics()["pocket_share"] is None
    with pytest.raises(TypeError, match="differ"):
        MeshReport.from_dict({"n_nodes": 3})
