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
from netweight.sources.onnx.calling import Calling
from netweight.sources.onnx.lower.common import reshaped
from netweight.sources.onnx.tensor import Tensor

_MOVES = frozenset({"reshape", "permute", "slice", "split", "concat"})
_DEEPEST = 32
"""Calls that a weight is moved by: more is no order of gates."""


def made_of(
    call: Calling, weight: Tensor, key: tuple[Any, ...], shape: Sequence[int], make: Callable[[Array], Array],
    dtype: str | None = None,
) -> Tensor:  # fmt: skip
    """A stored tensor whose elements are made of those of another; the same one for the same key."""
    found = call.recording.derived.get((id(weight), *key))
    if found is None:
        numbers = None if weight.numbers is None else lambda: make(weight.array())
        found = Tensor(
            _label(weight.label, f":{_shown(key)}"),
            TensorSpec(tuple(shape), dtype or weight.dtype),
            numbers,
            fixed=True,
            stored=True,
            role=weight.role,
        )
        call.recording.derived[id(weight), *key] = found
        call.recording.derived[id(weight), "itself"] = weight  # so that its identity stays its own
    return found


def _label(label: str, suffix: str) -> str:
    """What a part is called: a weight that is called so already, as in a file that we wrote, is not called so twice."""
    whole, found, _ = label.partition(suffix)
    return whole + (found or suffix)


def _shown(key: tuple[Any, ...]) -> str:
    """What a part is called beside its weight."""
    return ".".join(map(str, key)) if all(isinstance(part, str | int) for part in key) else "moved"


def settled(call: Calling, x: Tensor) -> Tensor:
    """A weight whose stored numbers are only moved in the file, as one that is stored like that; others as they are."""
    if x.stored or not x.fixed or not x.learned or not x.known:
        return x
    moves = _moves(x, _DEEPEST)
    return x if moves is None else made_of(call, _leaf(x), moves, x.shape, lambda _: x.array())


def _moves(x: Tensor, depth: int) -> tuple[Any, ...] | None:
    """What was done to stored numbers, equal for equal calls; None if it was more than to move them."""
    if x.stored:
        return ("stored", id(x)) if x.rank else None
    call = x.pending
    if call is None or call.op not in _MOVES or not depth:
        return None
    parts = tuple([None if read is None else _moves(read, depth - 1) for read in call.inputs])
    which = next(at for at, made in enumerate(call.outputs) if made is x)
    return None if None in parts else (call.op, call.attrs, which, *parts)


def _leaf(x: Tensor) -> Tensor:
    """The first of the stored tensors that a moved one is made of."""
    while not x.stored and x.pending is not None and x.pending.inputs[0] is not None:
        x = x.pending.inputs[0]
    return x


def cut(call: Calling, x: Tensor, dim: int, start: int, stop: int) -> Tensor:
    """A range of positions of a dimension; itself if that is all of them."""
    x = settled(call, x)
    if start == 0 and stop == x.shape[dim]:
        return x
    if x.stored:
        at: Any = (slice(None),) * dim + (slice(start, stop),)
        shape = (*x.shape[:dim], stop - start, *x.shape[dim + 1 :])
        return made_of(call, x, (f"dim{dim}", start, stop), shape, lambda array: np.ascontiguousarray(array[at]))
    result: Tensor = call.op("slice", SliceAttrs(dim=dim, start=start, stop=stop), x)
    return result


def row(call: Calling, x: Tensor, at: int) -> Tensor:
    """One position of the first dimension, without it."""
    x = settled(call, x)
    if x.stored:
        return made_of(call, x, (at,), x.shape[1:], lambda array: np.ascontiguousarray(array[at]))
    return reshaped(call, cut(call, x, 0, at, at + 1), x.shape[1:])


def gates_of(call: Calling, x: Tensor, order: Sequence[int]) -> Tensor:
    """The rows in as many blocks as the order has entries, the blocks in that order."""
    if list(order) == sorted(order):
        return x
    x = settled(call, x)
    count, size = len(order), x.shape[0] // len(order)
    if x.stored:

        def make(array: Array) -> Array:
            blocks = array.reshape(count, size, *array.shape[1:])
            return blocks[list(order)].reshape(array.shape)

        return made_of(call, x, ("gates", *order), x.shape, make)
    blocks = [cut(call, x, 0, at * size, (at + 1) * size) for at in order]
    result: Tensor = call.op("concat", ConcatAttrs(dim=0), *blocks)
    return result
