"""Lists of tensors, and tensors that may be missing: there is no such value in the graph, only while it is read."""

from __future__ import annotations

from typing import Any

from netweight.errors import FormatError
from netweight.lazy import np
from netweight.ops.move.slicing import ConcatAttrs
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.lower.common import axis_of, reshaped
from netweight.sources.onnx.lower.move.rearrange import parts
from netweight.sources.onnx.tensor import Tensor

_MOST_PIECES = 1 << 16


def _place(call: Call, items: list[Any], position: Tensor | None, most: int) -> int:
    """A place from 0 to ``most``, counted from the front; the last one if none is given.

    Raises:
        FormatError: If there is no such place, or no list.
    """
    if not isinstance(items, list):
        raise FormatError(f"{call.node.op_type}: expected a sequence, got a tensor")
    if position is None:
        return most
    at = int(position.item())
    if not -len(items) <= at <= most:
        raise FormatError(f"{call.node.op_type}: expected a position from {-len(items)} to {most}, got {at}")
    return at + len(items) if at < 0 else at


@lowers("SequenceEmpty")
def sequence_empty(_call: Call) -> Any:
    return []


@lowers("SequenceConstruct")
def sequence_construct(_call: Call, *tensors: Tensor) -> Any:
    return list(tensors)


@lowers("SequenceAt")
def sequence_at(call: Call, items: list[Any], position: Tensor) -> Any:
    return items[_place(call, items, position, len(items) - 1)]


@lowers("SequenceInsert")
def sequence_insert(call: Call, items: list[Any], tensor: Tensor, position: Tensor | None = None) -> Any:
    at = _place(call, items, position, len(items))
    return [*items[:at], tensor, *items[at:]]


@lowers("SequenceErase")
def sequence_erase(call: Call, items: list[Any], position: Tensor | None = None) -> Any:
    at = _place(call, items, position, len(items) - 1)
    if not items:
        raise FormatError("SequenceErase: expected a sequence with something in it, got an empty one")
    return [*items[:at], *items[at + 1 :]]


@lowers("SequenceLength")
def sequence_length(call: Call, items: list[Any]) -> Any:
    _place(call, items, None, 0)
    return call.constant(np.array(len(items), np.int64))


@lowers("SplitToSequence")
def split_to_sequence(call: Call, x: Tensor, split: Tensor | None = None) -> Any:
    """Pieces of one, of a size, or of sizes; those of one lose the dimension if they are not to keep it."""
    dim = axis_of(call.attr("axis", 0), x.rank)
    size = x.shape[dim]
    if split is None:
        _check_pieces(size)
        pieces = parts(call, x, dim, [1] * size)
        if call.attr("keepdims", 1):
            return pieces
        return [reshaped(call, piece, (*x.shape[:dim], *x.shape[dim + 1 :])) for piece in pieces]
    if split.rank:
        return parts(call, x, dim, split.ints())
    each = int(split.item())
    if each < 1:
        raise FormatError(f"SplitToSequence: expected pieces of at least 1, got {each}")
    _check_pieces(size // each)
    return parts(call, x, dim, [min(each, size - start) for start in range(0, size, each)])


def _check_pieces(count: int) -> None:
    """Refuse lists that are longer than any network's.

    Raises:
        FormatError: If it is.
    """
    if count > _MOST_PIECES:
        raise FormatError(f"SplitToSequence: expected at most {_MOST_PIECES:,} pieces, got {count:,}")


@lowers("ConcatFromSequence")
def concat_from_sequence(call: Call, items: list[Any]) -> Any:
    """Along a dimension, or along a new one."""
    _place(call, items, None, 0)
    if not items:
        raise FormatError("ConcatFromSequence: expected a sequence with something in it, got an empty one")
    new = bool(call.attr("new_axis", 0))
    dim = axis_of(call.need("axis"), items[0].rank + new)
    if new:
        items = [reshaped(call, item, (*item.shape[:dim], 1, *item.shape[dim:])) for item in items]
    return items[0] if len(items) == 1 else call.op("concat", ConcatAttrs(dim=dim), *items)


@lowers("Optional")
def optional(_call: Call, value: Any = None) -> Any:
    return value


@lowers("OptionalHasElement")
def optional_has_element(call: Call, value: Any = None) -> Any:
    return call.constant(np.array(value is not None))


@lowers("OptionalGetElement")
def optional_get_element(_call: Call, value: Any) -> Any:
    """The element.

    Raises:
        FormatError: If the optional is empty.
    """
    if value is None:
        raise FormatError("OptionalGetElement: expected an element, got an empty optional")
    return value
