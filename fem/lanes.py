"""The one loop that is written in the compiler's own terms: sums of several rows side by side.

Neither numba nor LLVM make vectors of it from Python source, where it takes twice as long.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

LANES = 16  # rows side by side


@intrinsic  # type: ignore[misc]
def add_lanes(context: Any, data: Any, indices: Any, x: Any, begin: Any, end: Any, sums: Any) -> Any:
    """sums[l] += data[p + l] x[indices[p + l]] for every lane l < LANES and p from begin to end by LANES."""
    signature = types.void(data, indices, x, begin, end, sums)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        def pointer(k: int) -> Any:
            return context.make_array(signature.args[k])(context, builder, arguments[k]).data

        def vector_at(start: Any, offset: Any, kind: Any) -> Any:
            return builder.bitcast(builder.gep(start, [offset]), ir.VectorType(kind, LANES).as_pointer())

        of_data, of_indices, of_x, of_sums = (pointer(k) for k in (0, 1, 2, 5))
        begin, end = arguments[3:5]
        word, number = ir.IntType(64), of_data.type.pointee
        align, width = context.get_abi_sizeof(number), 4
        result = vector_at(of_sums, ir.Constant(word, 0), number)
        start = builder.load(result, align=align)
        before = builder.block
        loop, done = (builder.append_basic_block(name) for name in ("entries", "summed"))
        builder.cbranch(builder.icmp_unsigned("<", begin, end), loop, done)

        builder.position_at_end(loop)
        p, total = builder.phi(word), builder.phi(start.type)
        values = builder.load(vector_at(of_data, p, number), align=align)
        columns = builder.load(vector_at(of_indices, p, ir.IntType(32)), align=width)
        gathered = ir.Constant(start.type, ir.Undefined)
        for k in range(LANES):  # one by one: faster than the gather instruction of today's processors
            lane = ir.Constant(ir.IntType(32), k)
            column = builder.zext(builder.extract_element(columns, lane), word)
            gathered = builder.insert_element(gathered, builder.load(builder.gep(of_x, [column])), lane)
        product = builder.fmul(values, gathered, flags=["contract"])
        more = builder.fadd(total, product, flags=["contract"])
        after = builder.add(p, ir.Constant(word, LANES))
        for phi, initial, following in ((p, begin, after), (total, start, more)):
            phi.add_incoming(initial, before)
            phi.add_incoming(following, loop)
        builder.cbranch(builder.icmp_unsigned("<", after, end), loop, done)

        builder.position_at_end(done)
        last = builder.phi(start.type)
        last.add_incoming(start, before)
        last.add_incoming(more, loop)
        builder.store(last, result, align=align)
        return context.get_dummy_value()

    return signature, generate
