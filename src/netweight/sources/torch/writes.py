"""What a program writes in place: the tensor holds a new value, and so does all that shares its memory."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from netweight.ops.move.layout import PermuteAttrs, ReshapeAttrs
from netweight.ops.move.scatter import IndexPutAttrs
from netweight.ops.table import REGISTRY
from netweight.sources.torch.memory import Binding
from netweight.sources.torch.recording import TensorRecording
from netweight.sources.torch.view_positions import positions_in

_INVERSES = {"view_as_real": "view_as_complex", "view_as_complex": "view_as_real"}


def write(recording: TensorRecording, target: Tensor, written: Tensor) -> None:
    """``target`` now holds what ``written`` holds: the end of every operator that works in place.

    A write through a view is followed back to what fills the memory: after ``x[0].add_(1)``, ``x`` is a
    ``slice_scatter`` of the sum into what ``x`` was.
    """
    name = recording.value_of(written)
    recording.value_of(target)
    binding = recording.binding(target)
    storage = recording.storages[binding.name]
    if name not in recording.kinds and recording.storages[name] == name:
        recording.storages[name] = storage  # it is written there instead of into memory of its own
    before = binding.storage.base
    if binding.chain:
        steps = zip(binding.chain, _levels(recording, binding), strict=True)
        for (op, attrs), level in reversed(list(steps)):
            name = _undone(recording, op, attrs, level, name, storage)
    if not recording.site.grad or any(op == "detach" for op, _ in binding.chain):
        recording.history.replace(before, name)
    binding.storage.base = name
    binding.storage.version += 1
    if not binding.chain:
        binding.name, binding.version = name, binding.storage.version


def _levels(recording: TensorRecording, binding: Binding) -> list[str]:
    """Values along the chain of a view, the base first, without the last."""
    name = binding.storage.base
    found = []
    for op, attrs in binding.chain:
        found.append(name)
        if len(found) < len(binding.chain):
            name = recording.derived(op, attrs, name, recording.storages[name])
    return found


def _undone(recording: TensorRecording, op: str, attrs: Any, level: str, name: str, storage: str) -> str:
    """The value before a view operator, given the value after it has been written."""
    shape = recording.specs[level].shape
    if op == "detach":
        return name
    if op == "reshape":
        return recording.derived("reshape", ReshapeAttrs(shape=shape), name, storage)
    if op == "permute":
        order = tuple(attrs.order.index(dim) for dim in range(len(attrs.order)))
        return recording.derived("permute", PermuteAttrs(order=order), name, storage)
    if op == "slice":
        make = REGISTRY["slice_scatter"].attrs
        assert make is not None
        settings = make(dim=attrs.dim, start=attrs.start, stop=attrs.stop, step=attrs.step)
        return recording.derived("slice_scatter", settings, (level, name), storage)
    if op in _INVERSES:
        return recording.derived(_INVERSES[op], None, name, storage)
    places = positions_in(shape, op, attrs)
    if places is None:
        recording.note(f"a write through {op} is not followed to the tensors that share its memory", guess=True)
        return level
    parts = (_in_a_row(recording, level, storage), _in_a_row(recording, name, storage), recording.value_of(places))
    written = recording.derived("index_put", IndexPutAttrs(dims=(0,), accumulate=False), parts, storage)
    return recording.derived("reshape", ReshapeAttrs(shape=shape), written, storage)


def _in_a_row(recording: TensorRecording, name: str, storage: str) -> str:
    """All elements of a value along one dimension."""
    return recording.derived("reshape", ReshapeAttrs(shape=(recording.specs[name].numel,)), name, storage)
