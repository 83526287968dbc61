"""A program's own ``autograd.Function``: its forward is recorded, and its backward as a graph of its own.

Backward runs right after forward, on tensors without numbers that stand for what it will get. What it records is taken
out of the network again: it is work of a step of training. Changes that backward makes to tensors of the network are
seen by nobody else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx, _SingleLevelFunction
from torch.utils._pytree import tree_leaves, tree_map_only

from netweight.sources.torch.asking import asks
from netweight.sources.torch.by_thread import ByThread
from netweight.sources.torch.history import Asking
from netweight.sources.torch.lower import RULES
from netweight.sources.torch.rebinding import detach
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.unintercepted import UNSEEN
from netweight.sources.torch.written_gradients import Backward, FunctionCall, applied_by_pytorch, record_backward

Follow = Callable[[Recorder, Any, Sequence[Any]], Any]
"""What is done where a program applies a function to arguments."""

_BOOKKEEPING = ("to_save", "dirty_tensors", "non_differentiable", "needs_input_grad", "materialize_grads")


class Context(FunctionCtx):
    """The ``ctx`` of a function: what it keeps for backward."""

    to_save: Sequence[Tensor | None] = ()
    dirty_tensors: Sequence[Tensor] = ()
    non_differentiable: Sequence[Tensor] = ()
    materialize_grads = True

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs_input_grad

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """What forward saved."""
        return tuple(self.to_save)

    def attributes(self) -> dict[str, Any]:
        """What the program put on it."""
        return {name: value for name, value in vars(self).items() if name not in _BOOKKEEPING}

    def kept(self) -> list[Tensor]:
        """Tensors that live until backward is done."""
        held = [*self.to_save, *tree_leaves(list(self.attributes().values()))]
        return [tensor for tensor in held if isinstance(tensor, Tensor)]


def _install(apply: Callable[..., Any]) -> None:
    def of_class(function: Any, *args: Any) -> Any:
        return apply(function, *args)

    _SingleLevelFunction.apply = classmethod(of_class)


def _remove() -> None:
    if "apply" in _SingleLevelFunction.__dict__:
        del _SingleLevelFunction.apply


APPLY = ByThread(_install, _remove, lambda function, *args: applied_by_pytorch(function, args))
"""How functions with a backward of their own are called."""


@contextmanager
def functions_followed(rec: Recorder, follow: Follow, specials: Mapping[type, Follow]) -> Iterator[None]:
    """A block in which functions of the program are followed on this thread; ``specials`` are done otherwise."""
    with APPLY.replaced(lambda function, *args: specials.get(function, follow)(rec, function, args)):
        yield


def applied(rec: Recorder, function: Any, args: Sequence[Any]) -> Any:
    """What ``function.apply`` gives."""
    with UNSEEN():
        now, ever = _asking(rec, args)
        given = [_value(rec, arg) for arg in args]
    ctx = Context(now if any(now) else ever)
    start = len(rec.recording.nodes)
    with torch.no_grad():
        if function.setup_context is _SingleLevelFunction.setup_context:
            result = function.forward(ctx, *args)
        else:
            result = function.forward(*args)
            function.setup_context(ctx, args, result)
    if not any(ever):
        return result
    outputs = list(result) if isinstance(result, tuple) else [result]
    with UNSEEN():
        moving = [_is_differentiable(ctx, leaf) for leaf in outputs]
        made = _own_outputs(rec, ctx, args, outputs, moving, start)
        names = [rec.recording.value_of(leaf) if moves else None for leaf, moves in zip(made, moving, strict=True)]
        for name in filter(None, names):
            rec.recording.history.settle(rec.recording, name, Asking(now=any(now), ever=True))
        kept = [rec.recording.value_of(tensor) for tensor in ctx.kept()]
    if any(moving):
        call = FunctionCall(
            function=function, inputs=given, outputs=made, names=names, saved=kept, materialized=ctx.materialize_grads
        )
        record_backward(rec, call, partial(_in_backward, ctx))
    return tuple(made) if isinstance(result, tuple) else made[0]


def _asking(rec: Recorder, args: Sequence[Any]) -> tuple[tuple[bool, ...], tuple[bool, ...]]:
    """For each argument whether it asks for a gradient, and whether it can."""
    if not torch.is_grad_enabled():
        return (False,) * len(args), (False,) * len(args)
    history = rec.recording.history
    now = tuple(isinstance(arg, Tensor) and asks(rec, arg) for arg in args)
    ever = tuple(
        isinstance(arg, Tensor) and rec.is_symbolic(arg) and history.can_ask(rec.recording, rec.recording.value_of(arg))
        for arg in args
    )
    return now, ever


def _value(rec: Recorder, arg: Any) -> str | None:
    return rec.recording.value_of(arg) if isinstance(arg, Tensor) and rec.is_symbolic(arg) else None


def _is_differentiable(ctx: Context, leaf: Any) -> bool:
    if not isinstance(leaf, Tensor) or not (leaf.is_floating_point() or leaf.is_complex()):
        return False
    return all(leaf is not tensor for tensor in ctx.non_differentiable)


def _own_outputs(
    rec: Recorder, ctx: Context, args: Sequence[Any], outputs: Sequence[Any], differentiable: Sequence[bool], start: int
) -> list[Any]:
    """The outputs, as values that nothing else is: an argument that is given back is a view of it."""
    recording = rec.recording
    mine = {name for step in recording.nodes[start:] for name in step.outputs if not step.site.grad}
    made = []
    for leaf, moves in zip(outputs, differentiable, strict=True):
        if moves:
            name = recording.value_of(leaf)
            dirty = any(leaf is tensor for tensor in ctx.dirty_tensors)
            if name not in mine or not (dirty or all(leaf is not arg for arg in args)):
                recording.site = rec.module_calls.site()
                made.append(RULES["alias"](rec, leaf))
                name = detach(recording, made[-1])
            else:
                made.append(leaf)
            mine.discard(name)
            recording.history.forget(name)
        else:
            made.append(leaf)
    return made


def _in_backward(ctx: Context, backward: Backward) -> Context:
    """The context as backward sees it: tensors of its own, with the same values."""
    later = Context(ctx.needs_input_grad)
    later.__dict__.update(tree_map_only(Tensor, backward.seen, vars(ctx)))
    return later
