"""Loops shared out over threads: the products of scipy, whatever the number of threads, also after a fork."""

import multiprocessing
import sys

import numpy as np
import pytest
import scipy.sparse as sp
from numba.core.errors import TypingError

from fem import kernels, sliced
from fem.lane_kernels import LANES, multiply, multiply_packed, smooth
from fem.sliced import Packed, Sliced

N = 20_000


def _matrix() -> sp.csr_matrix:
    """Enough entries for several ranges, and rows without any."""
    offsets = [-300, -1, 0, 1, 300]
    values = np.random.default_rng(1).normal(size=(len(offsets), N))
    values[:, ::7] = 0.0
    matrix = sp.csr_matrix(sp.diags(list(values), offsets, shape=(N, N)))
    matrix.eliminate_zeros()
    return matrix


def _product(matrix: sp.csr_matrix, x: np.ndarray) -> np.ndarray:
    out = np.empty(N)
    Sliced.of(matrix, np.float64).run(multiply, x, out)
    return out


def _use(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (kernels, sliced):
        monkeypatch.setattr(module, "threads", lambda: threads)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_products_do_not_depend_on_the_threads(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bit for bit, and to round-off those of scipy."""
    matrix, x = _matrix(), np.random.default_rng(2).normal(size=N)
    alone = _product(matrix, x)
    _use(threads, monkeypatch)
    slices = Sliced.of(matrix, np.float64)
    assert len(slices.slicing.ranges) == threads
    np.testing.assert_array_equal(_product(matrix, x), alone)
    assert alone == pytest.approx(matrix @ x, abs=1e-12)
    more = np.ones(N)
    slices.fill(2 * matrix.data)
    slices.run(multiply, x, more)
    assert 1 + more == pytest.approx(1 + 2 * matrix @ x, abs=1e-12)


@pytest.mark.parametrize("n", [0, 1, LANES - 1, LANES, LANES + 1, 1000])
def test_slices_hold_matrices_of_any_size(n: int) -> None:
    """Also where rows are left over from whole slices, and where there is no row or no entry."""
    matrix = sp.random(n, 50, 0.1, format="csr", random_state=np.random.default_rng(4))
    for some in (matrix, 0 * matrix, sp.csr_matrix((n, 50))):
        x, out = np.random.default_rng(5).normal(size=50), np.full(n, np.nan)
        Sliced.of(some, np.float64).run(multiply, x, out)
        assert out == pytest.approx(some @ x, abs=1e-14)


def test_a_vector_with_gaps_is_refused() -> None:
    """The loop goes from number to number: of every second one it would take the wrong half."""
    with pytest.raises(TypingError, match="contiguous"):
        Sliced.of(_matrix(), np.float64).run(multiply, np.ones(2 * N)[::2], np.empty(N))


@pytest.mark.parametrize("threads", [1, 3])
def test_packed_entries_keep_columns_and_row_sums(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Constants have the image of the matrix itself; every conductance is there, to the bits it is left."""
    _use(threads, monkeypatch)
    edges = sp.coo_matrix(-abs(_matrix()))
    laplacian = edges + edges.T
    matrix = sp.csr_matrix(laplacian - sp.diags(np.asarray(laplacian.sum(1)).ravel() - 0.25))
    packed, size = Packed.of(matrix), abs(matrix).max()
    out = np.empty(N, dtype=np.float32)
    packed.run(multiply_packed, np.ones(N, dtype=np.float32), out)
    assert out == pytest.approx(0.25, abs=1e-6 * size)
    off = sp.csr_matrix(matrix - sp.diags(matrix.diagonal()))
    rounding = 2.0 ** -(24 - (N - 1).bit_length())
    x = np.random.default_rng(3).normal(size=N).astype(np.float32)
    packed.run(multiply_packed, x, out)
    bound = 2 * rounding * abs(off).sum(1).max() * abs(x).max() + 1e-5 * size
    np.testing.assert_allclose(out, matrix @ x, rtol=0, atol=bound)


def test_a_step_of_the_smoother_is_what_it_says() -> None:
    """r - A d, keep d + gain D r and x + the new change, as numpy has them."""
    matrix, random = _matrix().sign(), np.random.default_rng(6)  # nothing is rounded
    scaling, change, x, r = random.normal(size=(4, N)).astype(np.float32)
    new, left, at = np.empty_like(x), r.copy(), x.copy()
    Packed.of(matrix).run(smooth, scaling, change, np.float32(0.2), np.float32(1.5), new, at, left)
    assert left == pytest.approx(r - matrix @ change, abs=1e-4)
    assert new == pytest.approx(0.2 * change + 1.5 * scaling * left, abs=1e-4)
    assert at == pytest.approx(x + new, abs=1e-5)


def test_too_many_unknowns_to_pack_are_refused() -> None:
    """A column beyond 2^23 would leave less than the exponent of a number."""
    with pytest.raises(ValueError, match="leaves no bits"):
        Packed.of(sp.csr_matrix((2**23 + 1, 2**23 + 1)))


def _in_child(queue) -> None:
    queue.put(float(_product(_matrix(), np.ones(N)).sum()))


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_threads_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The threads of the parent do not live on in the child: it must not wait for them."""
    _use(2, monkeypatch)
    expected = float(_product(_matrix(), np.ones(N)).sum())  # the parent's threads are at work
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(queue,))
    child.start()
    child.join(60)
    alive = child.is_alive()
    child.kill()
    assert not alive and queue.get(timeout=10) == expected
