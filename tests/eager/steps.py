"""A step of training as PyTorch runs it: the most bytes alive at the end of an operator, by the profiler's events."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile, record_function
from torch.utils._pytree import tree_leaves


def step_peak(module: torch.nn.Module, given: tuple[Any, ...], result: Any) -> int:
    """Most bytes alive in forward and backward: parameters, buffers and inputs, and what is allocated after them.

    Args:
        module: In training mode; nothing is updated.
        given: Its inputs.
        result: What of the module's result gradients start from, as tensors.
    """

    def step() -> None:
        module.zero_grad(set_to_none=True)
        with record_function("forward"):
            outputs = [leaf for leaf in result(module(*given)) if leaf.requires_grad]
        with record_function("backward"):
            torch.autograd.backward(outputs, [torch.ones_like(leaf) for leaf in outputs])

    step()
    module.zero_grad(set_to_none=True)
    start = storage_bytes(list(module.parameters()), list(module.buffers()), given)
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as recorded:
        step()
    events = recorded.profiler.kineto_results.events()
    changes = sorted((event.start_ns(), event.nbytes()) for event in events if event.name() == "[memory]")
    alive = list(accumulate((nbytes for _, nbytes in changes), initial=start))
    return max(alive[bisect_right(changes, (moment, math.inf))] for moment in _operator_ends(events))


def storage_bytes(*values: Any) -> int:
    """Bytes of the storages of these tensors, each once."""
    storages = (leaf.untyped_storage() for leaf in tree_leaves(values) if isinstance(leaf, torch.Tensor))
    return sum({storage.data_ptr(): storage.nbytes() for storage in storages}.values())


def _operator_ends(events: Any) -> Iterator[int]:
    """End of each operator that is not part of another, and of each node of the backward pass."""
    ranges = sorted((event.start_ns(), -event.end_ns(), event.name()) for event in events)
    done = 0
    for start, minus_end, name in ranges:
        node = name.endswith("Backward0") and ":" not in name
        if node or (name.startswith("aten::") and start >= done):
            done = done if node else -minus_end
            yield -minus_end
