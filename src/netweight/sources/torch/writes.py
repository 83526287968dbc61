"""A write through a view, followed back to the memory that it is a view of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netweight.ops.move.indexing import IndexPutAttrs
from netweight.ops.move.layout import PermuteAttrs, ReshapeAttrs
from netweight.ops.table import REGISTRY
from netweight.sources.torch.memory import Binding
from netweight.sources.torch.view_positions import positions_in

if TYPE_CHECKING:
    from netweight.sources.torch.recording import TensorRecording

_INVERSES = {"view_as_real": "view_as_complex", "view_as_complex": "view_as_real"}


def levels(recording: TensorRecording, binding: Binding) -> list[str]:
    """Values along the chain of a view, the base first, without the last."""
    name = binding.storage.base
    found = []
    for op, attrs in binding.chain:
        found.append(name)
        if len(found) < len(binding.chain):
            name = recording.emit(op, attrs, (name,), storage=recording.storages[name])[0]
    return found


def undone(recording: TensorRecording, op: str, attrs: Any, level: str, name: str, storage: str) -> str:
    """The value before a view operator, given the value after it has been written."""
    shape = recording.specs[level].shape
    if op == "reshape":
        return recording.emit("reshape", ReshapeAttrs(shape=shape), (name,), storage=storage)[0]
    if op == "permute":
        order = tuple(attrs.order.index(dim) for dim in range(len(attrs.order)))
        return recording.emit("permute", PermuteAttrs(order=order), (name,), storage=storage)[0]
    if op == "slice":
        make = REGISTRY["slice_scatter"].attrs
        assert make is not None
        settings = make(dim=attrs.dim, start=attrs.start, stop=attrs.stop, step=attrs.step)
        return recording.emit("slice_scatter", settings, (level, name), storage=storage)[0]
    if op in _INVERSES:
        return recording.emit(_INVERSES[op], None, (name,), storage=storage)[0]
    places = positions_in(shape, op, attrs)
    if places is None:
        recording.note(f"a write through {op} is not followed to the tensors that share its memory", guess=True)
        return level
    names = (_flat(recording, level, storage), _flat(recording, name, storage), recording.value_of(places))
    written = recording.emit("index_put", IndexPutAttrs(dims=(0,), accumulate=False), names, storage=storage)[0]
    return recording.emit("reshape", ReshapeAttrs(shape=shape), (written,), storage=storage)[0]


def _flat(recording: TensorRecording, name: str, storage: str) -> str:
    settings = ReshapeAttrs(shape=(recording.specs[name].numel,))
    return recording.emit("reshape", settings, (name,), storage=storage)[0]
