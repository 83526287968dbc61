"""Parts of weights: rows cut out, gates in another order, numbers unpacked.

A part of a stored weight is a parameter of its own, made once however often it is read, so that nothing is counted
twice and no node is left that a run would do again and again. A part of anything else is cut out by operators.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.move.slicing import ConcatAttrs, SliceAttrs
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower.common import reshaped
from netweight.sources.onnx.tensor import Tensor


def made_of(
    call: Call, weight: Tensor, key: tuple[Any, ...], shape: Sequence[int], make: Callable[[Array], Array],
    dtype: str | None = None,
) -> Tensor:  # fmt: skip
    """A stored tensor whose elements are made of those of another; the same one for the same key."""
    found = call.recording.derived.get((id(weight), *key))
    if found is None:
        numbers = None if weight.numbers is None else lambda: make(weight.array())
        found = Tensor(
            f"{weight.label}:{'.'.join(map(str, key))}",
            TensorSpec(tuple(shape), dtype or weight.dtype),
            numbers,
            fixed=True,
            stored=True,
            role=weight.role,
        )
        call.recording.derived[id(weight), *key] = found
        call.recording.derived[id(weight), "itself"] = weight  # so that its identity stays its own
    return found


def cut(call: Call, x: Tensor, dim: int, start: int, stop: int) -> Tensor:
    """A range of positions of a dimension; itself if that is all of them."""
    if start == 0 and stop == x.shape[dim]:
        return x
    if x.stored:
        at: Any = (slice(None),) * dim + (slice(start, stop),)
        shape = (*x.shape[:dim], stop - start, *x.shape[dim + 1 :])
        return made_of(call, x, (f"dim{dim}", start, stop), shape, lambda array: np.ascontiguousarray(array[at]))
    result: Tensor = call.op("slice", SliceAttrs(dim=dim, start=start, stop=stop), x)
    return result


def row(call: Call, x: Tensor, at: int) -> Tensor:
    """One position of the first dimension, without it."""
    if x.stored:
        return made_of(call, x, (at,), x.shape[1:], lambda array: np.ascontiguousarray(array[at]))
    return reshaped(call, cut(call, x, 0, at, at + 1), x.shape[1:])


def gates_of(call: Call, x: Tensor, order: Sequence[int]) -> Tensor:
    """The rows in as many blocks as the order has entries, the blocks in that order."""
    if list(order) == sorted(order):
        return x
    count, size = len(order), x.shape[0] // len(order)
    if x.stored:

        def make(array: Array) -> Array:
            blocks = array.reshape(count, size, *array.shape[1:])
            return blocks[list(order)].reshape(array.shape)

        return made_of(call, x, ("gates", *order), x.shape, make)
    blocks = [cut(call, x, 0, at * size, (at + 1) * size) for at in order]
    result: Tensor = call.op("concat", ConcatAttrs(dim=0), *blocks)
    return result
