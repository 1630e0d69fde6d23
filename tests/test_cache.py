"""One geometry is meshed once: content address, exact return, damaged files."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from geometry.stack import Stack
from meshes.cache import MeshCache
from meshes.quality import MeshReport
from meshes.sizing import Sizing
from meshes.structured import layered_box

STACK = Stack(width=4e-6, depth=4e-6, separator=10e-6, ionic_layer=2e-6)
SIZING = Sizing(size=0.5e-6)


def meshed():
    values: dict = dict.fromkeys(MeshReport.__dataclass_fields__, 0)
    report = MeshReport(**{**values, "porosity_tenths": (0.5,), "seconds": {"mesh": 20.0}, "n_nodes": 7})
    layers = [("ionic_layer", 2e-6, 1), ("separator", 10e-6, 2)]
    return layered_box(layers, width=4e-6, depth=4e-6, nx=2, ny=2).with_report(report)


def test_what_was_put_comes_back_exactly(tmp_path: Path) -> None:
    cache, mesh = MeshCache(tmp_path / "meshes"), meshed()
    assert cache.get(STACK, SIZING) is None
    path = cache.put(STACK, SIZING, mesh)
    assert path == cache.path(STACK, SIZING) and [p.name for p in path.parent.iterdir()] == [path.name]
    back = cache.get(STACK, SIZING)
    assert back is not None and back.report is not None
    np.testing.assert_array_equal(back.points, mesh.points)
    np.testing.assert_array_equal(back.cells, mesh.cells)
    for ours, theirs in ((back.regions, mesh.regions), (back.surfaces, mesh.surfaces)):
        assert set(ours) == set(theirs) and all((ours[k] == theirs[k]).all() for k in ours)
    assert set(back.report.seconds) == {"cache"}  # nobody waited for the mesher
    assert replace(back.report, seconds={"mesh": 20.0}) == mesh.report


def test_anything_that_changes_the_mesh_changes_the_address(tmp_path: Path) -> None:
    cache = MeshCache(tmp_path)
    others = [
        cache.path(replace(STACK, separator=10.000001e-6), SIZING),
        cache.path(replace(STACK, ionic_layer=None), SIZING),
        cache.path(STACK, replace(SIZING, size=0.51e-6)),
        cache.path(STACK, replace(SIZING, growth=0.3)),
        cache.path(STACK, replace(SIZING, far=5e-6)),
    ]
    assert len({cache.path(STACK, SIZING), *others}) == 6
    assert cache.path(STACK, SIZING) == cache.path(STACK, replace(SIZING, far=SIZING.largest))


@pytest.mark.parametrize("damage", ["empty", "truncated", "junk", "flipped"])
def test_a_damaged_file_is_reported_and_made_anew(tmp_path: Path, damage: str) -> None:
    cache = MeshCache(tmp_path)
    path = cache.put(STACK, SIZING, meshed())
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0xFF
    path.write_bytes(
        {"empty": b"", "truncated": whole[:-400], "junk": b"x" * 500, "flipped": bytes(flipped)}[damage]
    )
    with pytest.warns(UserWarning, match="is damaged .* made anew"):
        assert cache.get(STACK, SIZING) is None
    cache.put(STACK, SIZING, meshed())
    assert cache.get(STACK, SIZING) is not None
