"""What a program asks autograd about its tensors, and tells it: answered as autograd would, which does not run."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor
from torch.utils.hooks import RemovableHandle

from netweight.sources.torch.lower import RULES
from netweight.sources.torch.rebinding import detach, is_alone, reconsider
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.wanting_autograd import stop_if_differentiating

HOOKED = "hooks on gradients are not followed: what they do is in no figure"
"""Note on what only a backward calls."""


class GradientFunction:
    """What ``x.grad_fn`` is: something, and nothing that a capture could say more of."""

    next_functions: tuple[Any, ...] = ()

    def __init__(self, rec: Recorder) -> None:
        self.metadata: dict[str, Any] = {}
        self._rec = rec

    def register_hook(self, _hook: Any) -> RemovableHandle:
        """A handle of a hook that is never called."""
        self._rec.recording.note(HOOKED)
        return RemovableHandle(OrderedDict())

    register_prehook = register_hook

    def name(self) -> str:
        """A name, as PyTorch's have one."""
        return "Backward0"


def _is_followed(rec: Recorder, tensor: Tensor) -> bool:
    """Whether what autograd knows of a tensor is in the recording, and not in the tensor."""
    return tensor.is_meta and rec.recording.knows(tensor)


def asks(rec: Recorder, tensor: Tensor) -> bool:
    """Whether a tensor requires a gradient, as the program would see it."""
    if not _is_followed(rec, tensor):
        return tensor.requires_grad
    return rec.recording.history.asks(rec.recording, rec.recording.value_of(tensor))


def _is_leaf(rec: Recorder, tensor: Tensor) -> bool:
    return not asks(rec, tensor) or rec.recording.value_of(tensor) in rec.recording.history.leaves


def _requires_grad(rec: Recorder, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """``x.requires_grad``."""
    return asks(rec, args[0])


def _grad_fn(rec: Recorder, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """``x.grad_fn``."""
    if not _is_followed(rec, args[0]):
        return func(*args)
    return GradientFunction(rec) if asks(rec, args[0]) and not _is_leaf(rec, args[0]) else None


def _leaf(rec: Recorder, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """``x.is_leaf``."""
    return _is_leaf(rec, args[0]) if _is_followed(rec, args[0]) else func(*args)


def _data(rec: Recorder, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """``x.data``: the same numbers, which autograd does not follow."""
    (x,) = args
    if not x.is_meta and not rec.recording.is_parameter(x):
        return func(*args)
    rec.recording.site = rec.module_calls.site()
    return RULES["detach"](rec, x)


def _hook(rec: Recorder, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """``x.register_hook(hook)``: a hook that is never called, on nothing of the user's.

    Raises:
        RuntimeError: If the tensor has no gradient, as PyTorch does.
    """
    if not asks(rec, args[0]):
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    rec.recording.note(HOOKED)
    return RemovableHandle(OrderedDict())


def _retain(rec: Recorder, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """``x.retain_grad()``: no backward runs here."""
    return None if _is_followed(rec, args[0]) else func(*args)


def _ask(rec: Recorder, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """``x.requires_grad_(mode)``, and ``x.requires_grad = mode``.

    Raises:
        RuntimeError: If the tensor is not a leaf and is to ask for nothing, as PyTorch does.
    """
    stop_if_differentiating(rec)
    x, wanted = args[0], bool((*args[1:], *kwargs.values(), True)[0])
    if not _is_followed(rec, x):
        return _ask_of_owned(rec, func, args, kwargs)
    if asks(rec, x) != wanted:
        if not wanted and not _is_leaf(rec, x):
            raise RuntimeError("you can only change requires_grad flags of leaf variables.")
        _change(rec, x, wanted=wanted)
    return x


def _change(rec: Recorder, x: Tensor, *, wanted: bool) -> None:
    """From now on, ``x`` is a leaf that asks for a gradient, or for none."""
    recording, leaves = rec.recording, rec.recording.history.leaves
    name = recording.value_of(x)
    if is_alone(recording, x):
        leaves.pop(name, None)
    else:
        recording.site = rec.module_calls.site()
        name = detach(recording, x)
    if wanted:
        leaves[name] = None


def _ask_of_owned(rec: Recorder, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """A parameter keeps its own flag; what has been read of it before stays as it was."""
    x = args[0]
    before = x.requires_grad
    result = func(*args, **kwargs)
    recording = rec.recording
    if x.requires_grad != before and recording.knows(x):
        if recording.is_parameter(x):
            reconsider(recording, x)
        elif not before:
            recording.history.leaves[recording.value_of(x)] = None
    return result


ASKING: Mapping[Any, Callable[..., Any]] = {
    Tensor.requires_grad.__get__: _requires_grad,
    Tensor.requires_grad.__set__: _ask,
    Tensor.requires_grad_: _ask,
    Tensor.grad_fn.__get__: _grad_fn,
    Tensor.is_leaf.__get__: _leaf,
    Tensor.data.__get__: _data,
    Tensor.register_hook: _hook,
    Tensor.register_post_accumulate_grad_hook: _hook,
    Tensor.retain_grad: _retain,
}
"""Answers by the function that PyTorch would call."""


def _ask_autograd(rec: Recorder, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """The same where autograd runs: it knows who asks, and so does the recording."""
    x = args[0]
    before = x.requires_grad
    result = func(*args, **kwargs)
    if x.requires_grad != before and _is_followed(rec, x) and not rec.recording.is_parameter(x):
        _change(rec, x, wanted=not before)
    return result


ABOVE_AUTOGRAD: Mapping[Any, Callable[..., Any] | None] = {
    **dict.fromkeys(ASKING),
    Tensor.requires_grad.__set__: _ask_autograd,
    Tensor.requires_grad_: _ask_autograd,
}
"""The same where autograd runs, which answers itself: None."""
