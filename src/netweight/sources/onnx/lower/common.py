"""Small pieces that many rules are made of."""

from __future__ import annotations

from collections.abc import Sequence

from netweight.errors import ShapeError
from netweight.ops.move.layout import ExpandAttrs, PermuteAttrs, ReshapeAttrs
from netweight.sources.onnx.calling import Calling
from netweight.sources.onnx.tensor import Tensor


def axis_of(axis: int, rank: int) -> int:
    """An axis counted from the front.

    Raises:
        ShapeError: If the tensor does not have it.
    """
    if not -rank <= axis < max(rank, 1):
        raise ShapeError(f"axis: expected one from {-rank} to {rank - 1}, got {axis}")
    return axis % rank if rank else 0


def axes_of(axes: Sequence[int], rank: int) -> tuple[int, ...]:
    """Axes counted from the front, in order.

    Raises:
        ShapeError: If the tensor does not have one, or one comes twice.
    """
    found = tuple(sorted(axis_of(axis, rank) for axis in axes))
    if len(set(found)) < len(found):
        raise ShapeError(f"axes: expected different ones, got {tuple(axes)}")
    return found


def reshaped(call: Calling, x: Tensor, shape: Sequence[int]) -> Tensor:
    """The elements of ``x`` in order under another shape; ``x`` itself if it has that shape."""
    x = _under_view(x)
    if tuple(shape) == x.shape:
        return x
    if x.base is not None and x.base.shape == tuple(shape):
        return x.base
    result: Tensor = call.op("reshape", ReshapeAttrs(shape=tuple(shape)), x)
    result.base = None if x.fixed else x
    return result


def viewed(call: Calling, x: Tensor, shape: Sequence[int]) -> Tensor:
    """The elements of ``x`` in order under another shape; a reshape only where somebody reads it like that."""
    if tuple(shape) == x.shape:
        return x
    return call.recording.later("reshape", ReshapeAttrs(shape=tuple(shape)), x)


def _under_view(x: Tensor) -> Tensor:
    """What ``x`` is another shape of, as long as nobody has read it under that shape."""
    put_off = x.pending is not None and x.pending.call is not None and not x.name and x.pending.op == "reshape"
    base = x.pending.inputs[0] if put_off and x.pending is not None else None
    return x if base is None else base


def permuted(call: Calling, x: Tensor, order: Sequence[int]) -> Tensor:
    """``x`` with its dimensions in another order."""
    result: Tensor = call.op("permute", PermuteAttrs(order=tuple(order)), x)
    return result


def transposed(call: Calling, x: Tensor) -> Tensor:
    """``x`` with its last two dimensions swapped."""
    order = list(range(x.rank))
    order[-2:] = order[-1], order[-2]
    return permuted(call, x, order)


def expanded(call: Calling, x: Tensor, shape: Sequence[int]) -> Tensor:
    """``x`` stretched to a shape; ``x`` itself if it has that shape."""
    if tuple(shape) == x.shape:
        return x
    result: Tensor = call.op("expand", ExpandAttrs(shape=tuple(shape)), x)
    return result


def scaled(call: Calling, x: Tensor, factor: float) -> Tensor:
    """``x`` times a number; ``x`` itself for 1."""
    if factor == 1.0:
        return x
    result: Tensor = call.op("mul", None, x, call.like(factor, x))
    return result


def cast_to(call: Calling, x: Tensor, dtype: str) -> Tensor:
    """``x`` in another element type; ``x`` itself if it has that."""
    from netweight.ops.pointwise.unary import CastAttrs

    if x.dtype == dtype:
        return x
    result: Tensor = call.op("cast", CastAttrs(dtype=dtype), x)
    return result
