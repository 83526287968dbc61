"""Functions of a program where autograd runs: PyTorch applies them, and has what they keep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor
from torch.utils._pytree import tree_leaves

from netweight.sources.torch.history import Asking
from netweight.sources.torch.rebinding import detach
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.unintercepted import UNSEEN
from netweight.sources.torch.written_gradients import FunctionCall, applied_by_pytorch, record_backward


def applied_above(rec: Recorder, function: Any, args: Sequence[Any]) -> Any:
    """What ``function.apply`` gives, where autograd runs."""
    recording = rec.recording
    with UNSEEN():
        given = [recording.value_of(arg) if isinstance(arg, Tensor) and rec.is_symbolic(arg) else None for arg in args]
    start = len(recording.nodes)
    result = applied_by_pytorch(function, args)
    outputs = list(result) if isinstance(result, tuple) else [result]
    with UNSEEN():
        contexts = [leaf.grad_fn if isinstance(leaf, Tensor) else None for leaf in outputs]
        moving = [isinstance(context, function._backward_cls) for context in contexts]
        if not any(moving):
            return result
        ctx: Any = contexts[moving.index(True)]
        names = _own_names(rec, outputs, moving, start)
        kept = [
            leaf for leaf in (*ctx.saved_tensors, *tree_leaves(list(vars(ctx).values()))) if isinstance(leaf, Tensor)
        ]
        saved = [recording.value_of(leaf) for leaf in kept]
    call = FunctionCall(
        function=function,
        inputs=given,
        outputs=outputs,
        names=names,
        saved=saved,
        materialized=getattr(ctx, "materialize_grads", True),
    )
    record_backward(rec, call, lambda _backward: ctx)
    return result


def _own_names(rec: Recorder, outputs: Sequence[Any], moving: Sequence[bool], start: int) -> list[str | None]:
    """Values of the outputs, which nothing else has."""
    recording = rec.recording
    mine = {name for step in recording.nodes[start:] for name in step.outputs if not step.site.grad}
    names: list[str | None] = []
    for leaf, moves in zip(outputs, moving, strict=True):
        name = recording.value_of(leaf) if moves else None
        if name is not None:
            if name not in mine:
                recording.site = rec.module_calls.site()
                name = detach(recording, leaf)
            mine.discard(name)
            recording.history.forget(name)
            recording.history.settle(recording, name, Asking(now=True, ever=True))
        names.append(name)
    return names
