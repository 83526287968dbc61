"""Tensors of a TFLite file as the buffers that TensorFlow Lite Micro places in its arena.

Tensors without elements in the file need a place, each as it is written: nothing works in place. A tensor lives from
the operator that writes it to the last one that reads it; inputs live from the start, outputs to the end. Variables,
and what kernels ask for beside their tensors ("scratch buffers"), lie elsewhere.

Source: TensorFlow Lite Micro, AllocationInfoBuilder and the metadata ``OfflineMemoryAllocation``.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from netweight.errors import FormatError, UsageError
from netweight.ir import TensorSpec
from netweight.placement.problem import Buffer, aligned
from netweight.sources.tflite.model import Subgraph, TensorInfo, TfliteModel

ALIGNMENT = 16
"""Offsets and sizes in the arena are multiples of so many bytes."""
METADATA = "OfflineMemoryAllocation"
LEFT_OUT = -1
"""Offset of a tensor that the plan does not place."""
_VERSION = 1
_HEAD = 3
"""Integers before the offsets: the version, the subgraph, how many tensors there are."""


def arena_buffers(model: TfliteModel) -> dict[int, Buffer]:
    """The buffer of each tensor that needs a place, by its number in the file.

    Raises:
        UsageError: If operators call subgraphs, which have tensors of their own.
    """
    if len(model.subgraphs) != 1:
        raise UsageError(
            f"plan: expected a TFLite model of one subgraph, got {len(model.subgraphs)}",
            why="a plan of TensorFlow Lite Micro has offsets for one",
        )
    graph = model.subgraphs[0]
    found = {}
    for at, (first, last) in sorted(_lives(graph).items()):
        info = graph.tensors[at]
        size = aligned(TensorSpec(info.shape, info.dtype).nbytes, ALIGNMENT) if _needs_place(info) else 0
        if size:
            found[at] = Buffer(str(at), first, last + 1, size, ALIGNMENT)
    return found


def _needs_place(info: TensorInfo) -> bool:
    """Whether the interpreter makes room for it: it has no elements in the file, and keeps none between runs."""
    return info.data is None and not info.variable


def _lives(graph: Subgraph) -> dict[int, tuple[int, int]]:
    """First and last step at which each tensor is needed; step 0 is before the first operator."""
    first = dict.fromkeys(graph.inputs, 0)
    last = dict(first)
    for step, operator in enumerate(graph.operators, 1):
        for at in operator.outputs:
            first.setdefault(at, step)
            last[at] = step
        last.update((at, step) for at in operator.inputs if at in first)
    last.update((at, len(graph.operators)) for at in graph.outputs if at in first)
    return {at: (step, last[at]) for at, step in first.items()}


def offsets_in_file(model: TfliteModel, offsets: Mapping[int, int]) -> tuple[int, ...]:
    """An offset for each tensor in the order of the file, -1 for those that are not placed."""
    return tuple([offsets.get(at, LEFT_OUT) for at in range(len(model.subgraphs[0].tensors))])


def packed(offsets: tuple[int, ...]) -> bytes:
    """Offsets as the metadata has them."""
    return struct.pack(f"<{_HEAD + len(offsets)}i", _VERSION, 0, len(offsets), *offsets)


def plan_in_file(model: TfliteModel) -> tuple[int, ...] | None:
    """Offsets that a file has already, one for each tensor; None if it has none.

    Raises:
        FormatError: If they are those of another model, or in a form that is not known.
    """
    data = next((data for name, data in model.metadata if name == METADATA), None)
    if data is None:
        return None
    count = len(model.subgraphs[0].tensors)
    if len(data) < 4 * _HEAD or len(data) % 4:
        raise FormatError(f"tflite: expected {METADATA} of at least {4 * _HEAD} bytes, 4 for each, got {len(data)}")
    version, subgraph, given, *offsets = struct.unpack(f"<{len(data) // 4}i", data)
    if (version, subgraph) != (_VERSION, 0):
        raise FormatError(
            f"tflite: expected {METADATA} of version {_VERSION} for subgraph 0, got version {version} for {subgraph}"
        )
    if not given == len(offsets) == count:
        raise FormatError(
            f"tflite: expected {METADATA} with {count} offsets, one for each tensor, got {given}",
            why="the plan in the file is that of another model: the interpreter refuses it",
        )
    return tuple(offsets)
