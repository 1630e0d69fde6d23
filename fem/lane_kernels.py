"""Loops over slices of rows (fem/sliced.py), LANES rows side by side.

Their one inner loop is written in the compiler's own terms: from Python source neither numba nor LLVM make
vectors of it, and it takes twice as long.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.errors import TypingError
from numba.extending import intrinsic

LANES = 16  # rows side by side
WORD = ir.IntType(64)
HALF_WORD = ir.IntType(32)


def _add_lanes(context: Any, data: Any, columns: Any, x: Any, begin: Any, end: Any, sums: Any) -> Any:
    """sums[l] += data[p + l] x[columns[p + l]] for every lane l < LANES and p from begin to end by LANES."""
    _need_contiguous(data, columns, x, sums)
    signature = types.void(data, columns, x, begin, end, sums)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        of_data, of_columns, of_x, of_sums = (
            context.make_array(signature.args[k])(context, builder, arguments[k]).data for k in (0, 1, 2, 5)
        )

        def entries(p: Any) -> tuple[Any, list[Any]]:
            return _vector(builder, of_data, p), _numbers(builder, of_columns, p)

        _sum(builder, entries, of_x, arguments[3], arguments[4], of_sums)
        return context.get_dummy_value()

    return signature, generate


def _add_packed_lanes(context: Any, words: Any, mask: Any, x: Any, begin: Any, end: Any, sums: Any) -> Any:
    """The same for entries packed into words of 32 bits: the column under the mask, the number without it."""
    _need_contiguous(words, x, sums)
    signature = types.void(words, mask, x, begin, end, sums)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        of_words, of_x, of_sums = (
            context.make_array(signature.args[k])(context, builder, arguments[k]).data for k in (0, 2, 5)
        )
        number_bits = _in_all_lanes(builder, builder.not_(arguments[1]))

        def entries(p: Any) -> tuple[Any, list[Any]]:
            numbers = builder.and_(_vector(builder, of_words, p), number_bits)
            columns = [builder.and_(word, arguments[1]) for word in _numbers(builder, of_words, p)]
            return builder.bitcast(numbers, ir.VectorType(ir.FloatType(), LANES)), columns

        _sum(builder, entries, of_x, arguments[3], arguments[4], of_sums)
        return context.get_dummy_value()

    return signature, generate


add_lanes: Any = intrinsic(_add_lanes)
add_packed_lanes: Any = intrinsic(_add_packed_lanes)


def _need_contiguous(*arrays: Any) -> None:
    if any(array.layout != "C" for array in arrays):
        raise TypingError("products by slices take contiguous arrays alone")


def _lane(number: int) -> Any:
    return ir.Constant(HALF_WORD, number)


def _in_all_lanes(builder: Any, value: Any) -> Any:
    vector = ir.Constant(ir.VectorType(value.type, LANES), ir.Undefined)
    for k in range(LANES):
        vector = builder.insert_element(vector, value, _lane(k))
    return vector


def _at(builder: Any, start: Any, offset: Any) -> Any:
    kind = ir.VectorType(start.type.pointee, LANES)
    return builder.bitcast(builder.gep(start, [offset]), kind.as_pointer())


def _vector(builder: Any, start: Any, offset: Any) -> Any:
    return builder.load(_at(builder, start, offset), align=4)  # what an array of any of the types has


def _numbers(builder: Any, start: Any, offset: Any) -> list[Any]:
    places = [builder.add(offset, ir.Constant(WORD, k)) for k in range(LANES)]
    return [builder.load(builder.gep(start, [place])) for place in places]


def _sum(
    builder: Any, entries: Callable[[Any], tuple[Any, list[Any]]], x: Any, begin: Any, end: Any, sums: Any
) -> None:
    """The loop over the entries (values, columns) of LANES rows from begin to end."""
    zero = ir.Constant(WORD, 0)
    start, before = _vector(builder, sums, zero), builder.block
    loop, done = (builder.append_basic_block(name) for name in ("entries", "summed"))
    builder.cbranch(builder.icmp_unsigned("<", begin, end), loop, done)

    builder.position_at_end(loop)
    p, total = builder.phi(WORD), builder.phi(start.type)
    values, columns = entries(p)
    gathered = ir.Constant(start.type, ir.Undefined)
    for k, column in enumerate(columns):  # faster than the gather instruction of today's processors
        number = builder.load(builder.gep(x, [builder.zext(column, WORD)]))
        gathered = builder.insert_element(gathered, number, _lane(k))
    more = builder.fadd(total, builder.fmul(values, gathered, flags=["contract"]), flags=["contract"])
    after = builder.add(p, ir.Constant(WORD, LANES))
    for phi, initial, following in ((p, begin, after), (total, start, more)):
        phi.add_incoming(initial, before)
        phi.add_incoming(following, loop)
    builder.cbranch(builder.icmp_unsigned("<", after, end), loop, done)

    builder.position_at_end(done)
    last = builder.phi(start.type)
    last.add_incoming(start, before)
    last.add_incoming(more, loop)
    builder.store(last, _at(builder, sums, zero), align=4)


@numba.njit(nogil=True, cache=True)
def lay_across(starts, rows, indptr, values, out, low, high):
    """out = the values of CSR rows across slices; what fills up short rows stays as it is."""
    for place in range(low * LANES, min(high * LANES, rows.size)):
        at = starts[place // LANES] + np.uint64(place % LANES)
        for p in range(indptr[rows[place]], indptr[rows[place] + 1]):
            out[at] = values[p]
            at += np.uint64(LANES)


@numba.njit(nogil=True, cache=True)
def multiply(starts, rows, columns, data, x, out, low, high):
    """out = A x."""
    sums = np.empty(LANES, dtype=data.dtype)
    for k in range(low, high):
        sums[:] = 0
        add_lanes(data, columns, x, starts[k], starts[k + 1], sums)
        first = k * LANES
        for lane in range(min(LANES, rows.size - first)):
            out[rows[first + lane]] = sums[lane]


@numba.njit(nogil=True, cache=True)
def multiply_packed(starts, rows, words, mask, diagonal, x, out, low, high):
    """out = A x."""
    sums = np.empty(LANES, dtype=np.float32)
    for k in range(low, high):
        sums[:] = 0
        add_packed_lanes(words, mask, x, starts[k], starts[k + 1], sums)
        first = k * LANES
        for lane in range(min(LANES, rows.size - first)):
            i = rows[first + lane]
            out[i] = diagonal[i] * x[i] + sums[lane]


@numba.njit(nogil=True, cache=True)
def smooth(starts, rows, words, mask, diagonal, scaling, change, keep, gain, new, x, r, low, high):
    """r -= A change; new = keep change + gain scaling r; x += new: one step of a polynomial smoother."""
    sums = np.empty(LANES, dtype=np.float32)
    for k in range(low, high):
        sums[:] = 0
        add_packed_lanes(words, mask, change, starts[k], starts[k + 1], sums)
        first = k * LANES
        for lane in range(min(LANES, rows.size - first)):
            i = rows[first + lane]
            left = r[i] - (diagonal[i] * change[i] + sums[lane])
            step = keep * change[i] + gain * scaling[i] * left
            r[i] = left
            new[i] = step
            x[i] += step
