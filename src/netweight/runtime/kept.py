"""What a forward pass keeps for backward: the arrays that the operators say they read, and no others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from netweight.autograd.gradients import Call
from netweight.autograd.written import read_by
from netweight.errors import NetweightError
from netweight.ir import Function
from netweight.lazy import Array, np


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the backward of one call works with; an array that it does not read is a stand-in.

    Attributes:
        inputs: The tensors of the call.
        outputs: What it wrote: only their shapes and types are looked at.
        saved: Results that backward may read, by the name that the operator gives them.
    """

    inputs: tuple[Array | None, ...]
    outputs: tuple[Array, ...]
    saved: Mapping[str, Array]


def kept_of(call: Call, values: Mapping[str, Array], saved: Mapping[str, Array]) -> Kept:
    """What the backward of a call needs.

    Args:
        call: A call that runs backward.
        values: Arrays of what it read and wrote, by name.
        saved: Results that backward may read, by the name that the operator gives them.
    """
    node, function = call.node, call.link.function
    if function is not None:
        return Kept(
            inputs=(), outputs=tuple([stand_in(values[n]) for n in function.outputs]), saved=_outer(function, values)
        )
    slots = {f"y{index or ''}": name for index, name in enumerate(node.outputs)}
    read = {slot for slot, name in slots.items() if name in call.read}
    read.update(name for name in saved if f"{call.step}:{name}" in call.saved)
    return Kept(
        inputs=tuple([None if name is None else _held(values[name], name in call.read) for name in node.inputs]),
        outputs=tuple([stand_in(values[name]) for name in node.outputs]),
        saved={name: _held(array, name in read) for name, array in saved.items()},
    )


def _outer(function: Function, values: Mapping[str, Array]) -> dict[str, Array]:
    """What the backward of a function reads of the network around it.

    Raises:
        NetweightError: If that backward is unknown.
    """
    if function.backward is None:
        raise NetweightError(f"backward: expected functions whose backward is known, got {function.name!r}")
    return {name: values[name] for name in read_by(function)}


def _held(array: Array, read: bool) -> Array:  # noqa: FBT001
    return array if read else stand_in(array)


def stand_in(array: Array) -> Array:
    """An array of the same shape and type that takes the memory of one element: NaN, or the lowest whole number."""
    kind = array.dtype.kind
    number: Any = np.nan if kind in "fc" else np.iinfo(array.dtype).min if kind in "iu" else False
    return np.broadcast_to(np.array(number, array.dtype), array.shape)
