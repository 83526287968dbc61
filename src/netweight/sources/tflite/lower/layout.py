"""Channels last, as TFLite has them, and channels second, as the table has them.

The permutation of a result is put off until somebody reads it in the file's order. An operator that takes channels
second reads what is under it, so that a chain of convolutions is recorded without a permutation between them.
"""

from __future__ import annotations

from collections.abc import Sequence

from netweight.lazy import np
from netweight.ops.move.layout import PermuteAttrs
from netweight.sources.onnx.calling import Calling
from netweight.sources.onnx.lower.parts import made_of
from netweight.sources.onnx.tensor import Tensor

NOTE = "channels are shown second, as (N, C, H, W); the file has them last"


def order_of(x: Tensor) -> tuple[int, ...] | None:
    """The order of a permutation that nobody has read yet, None if there is none."""
    put_off = x.pending is not None and x.pending.call is not None and not x.name and x.pending.op == "permute"
    if not put_off or x.pending is None:
        return None
    order: tuple[int, ...] = x.pending.attrs.order
    return order


def under(x: Tensor) -> Tensor:
    """What a permutation that nobody has read yet permutes; ``x`` itself if it is none."""
    base = x.pending.inputs[0] if order_of(x) is not None and x.pending is not None else None
    return x if base is None else base


def moved(call: Calling, x: Tensor, order: Sequence[int]) -> Tensor:
    """``x`` with its dimensions in another order, recorded when somebody reads it."""
    before = order_of(x)
    if before is not None:
        x, order = under(x), [before[dim] for dim in order]
    order = tuple(order)
    if order == tuple(range(x.rank)):
        return x
    if x.stored:
        return made_of(
            call, x, ("order", *order), [x.shape[dim] for dim in order], lambda array: array.transpose(order)
        )
    if not x.fixed:
        return call.recording.later("permute", PermuteAttrs(order=order), x)
    result: Tensor = call.op("permute", PermuteAttrs(order=order), x)
    result.learned = result.learned or x.learned
    return result


def to_first(call: Calling, x: Tensor) -> Tensor:
    """(N, H, W, C) as (N, C, H, W), and so for one and for three spatial dimensions."""
    return moved(call, x, (0, x.rank - 1, *range(1, x.rank - 1))) if x.rank > 2 else x


def from_first(call: Calling, x: Tensor) -> Tensor:
    """(N, C, H, W) as (N, H, W, C), and so for one and for three spatial dimensions."""
    if x.rank <= 2:
        return x
    return moved(call, x, (0, *range(2, x.rank), 1))


def flat(call: Calling, x: Tensor, shape: Sequence[int]) -> Tensor:
    """A stored tensor under another shape."""
    if tuple(shape) == x.shape:
        return x
    if x.stored:
        found = made_of(call, x, ("shape", *shape), shape, lambda array: np.reshape(array, tuple(shape)))
        found.role, found.quantization = x.role, x.quantization
        return found
    from netweight.sources.onnx.lower.common import reshaped

    result = reshaped(call, x, shape)
    result.learned = result.learned or (x.fixed and x.learned)
    return result
