"""Loops shared out over threads: the products of scipy, whatever the number of threads, also after a fork."""

import multiprocessing
import sys

import numpy as np
import pytest
import scipy.sparse as sp

from fem import kernels
from fem.kernels import Rows, add_product, multiply

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
    Rows.of(matrix).run(multiply, x, out)
    return out


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_products_do_not_depend_on_the_threads(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bit for bit, and to round-off those of scipy."""
    matrix, x = _matrix(), np.random.default_rng(2).normal(size=N)
    alone = _product(matrix, x)
    monkeypatch.setattr(kernels, "threads", lambda: threads)
    assert len(Rows.of(matrix).ranges) == threads
    np.testing.assert_array_equal(_product(matrix, x), alone)
    assert alone == pytest.approx(matrix @ x, abs=1e-12)
    more = np.ones(N)
    Rows.of(matrix).run(add_product, x, more)
    assert more == pytest.approx(1 + matrix @ x, abs=1e-12)


def _in_child(queue) -> None:
    queue.put(float(_product(_matrix(), np.ones(N)).sum()))


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_threads_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The threads of the parent do not live on in the child: it must not wait for them."""
    monkeypatch.setattr(kernels, "threads", lambda: 2)
    expected = float(_product(_matrix(), np.ones(N)).sum())  # the parent's threads are at work
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(queue,))
    child.start()
    child.join(60)
    alive = child.is_alive()
    child.kill()
    assert not alive and queue.get(timeout=10) == expected
