"""One geometry is meshed once: content address, exact return, damaged files."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from geometry import designs
from geometry.designs import Cell, Design
from geometry.fibres import Mat
from geometry.random_mat import Orientation, RandomMat
from geometry.stack import Stack
from meshes.cache import MeshCache
from meshes.drawings import StoredDraws
from meshes.quality import MeshReport
from meshes.realisation import realise
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


MAT = RandomMat(thickness=6e-6, fibre_diameter=1e-6, porosity=0.85, seed=2)
CELL = Cell(width=8e-6, depth=8e-6, separator=5e-6, ionic_layer=2e-6, framework=MAT)


def test_a_second_run_draws_no_mat_and_meshes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call of the drawing is counted; without the stored mat the address of the mesh would need one."""
    draws: list[int] = []
    drawn = RandomMat.draw

    def counted(self: RandomMat, width: float, depth: float, draw: int = 0) -> Mat:
        draws.append(draw)
        return drawn(self, width, depth, draw)

    monkeypatch.setattr(RandomMat, "draw", counted)
    cache = MeshCache(tmp_path)
    stack = cache.remembering(CELL).stack(Design.BILAYER)
    assert stack == CELL.stack(Design.BILAYER) and draws == [0, 0]  # the stored mat is the one that is drawn
    cache.put(stack, SIZING, meshed())
    designs._drawn.cache_clear()  # as in another process
    made = realise(CELL, [Design.BILAYER], SIZING, cache=cache)
    assert draws == [0, 0] and made.stacks[Design.BILAYER] == stack
    assert made.meshes[Design.BILAYER].n_elements == meshed().n_elements


def test_a_stored_mat_belongs_to_one_description_and_is_mended(tmp_path: Path) -> None:
    store = StoredDraws(framework=MAT, directory=tmp_path)
    box = (8e-6, 8e-6)
    others = [
        replace(store, framework=replace(MAT, seed=3)).path(*box),
        replace(store, framework=replace(MAT, orientation=Orientation(concentration=1.0))).path(*box),
        store.path(8e-6, 9e-6),
        store.path(*box, 1),
    ]
    assert len({store.path(*box), *others}) == 5
    mat = store.draw(*box)
    assert store.draw(*box) == mat
    store.path(*box).write_bytes(b"x" * 100)
    with pytest.warns(UserWarning, match="stored mat .* is damaged .* drawn anew"):
        assert store.draw(*box) == mat
    assert store.draw(*box) == mat
    assert (store.thickness, store.fibre_diameter) == (MAT.thickness, MAT.fibre_diameter)
