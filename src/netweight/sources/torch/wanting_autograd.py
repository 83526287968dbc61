"""Signs that a program asks for gradients inside its forward, which a capture without autograd cannot give."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import Tensor

from netweight.errors import text_of
from netweight.sources.torch.recorder import Recorder

_TORCH = Path(torch.__file__).parent
_FUNCTIONAL = str(_TORCH / "autograd" / "functional.py")
_DIFFERENTIATING = (
    _FUNCTIONAL,
    *(str(_TORCH / "autograd" / name) for name in ("__init__.py", "graph.py", "forward_ad.py")),
    *(str(_TORCH / "_functorch" / name) for name in ("eager_transforms.py", "apis.py", "vmap.py")),
)


class AutogradWanted(BaseException):
    """The program asks for gradients. Not an ``Exception``, so that the program does not catch it."""


def stop(rec: Recorder, *_call: Any) -> Any:
    """Stop a capture that has no autograd.

    Raises:
        AutogradWanted: Always.
    """
    rec.autograd_wanted = True
    raise AutogradWanted


def stop_if_differentiating(rec: Recorder) -> None:
    """Stop a capture that has no autograd inside of a transform, or of a function that asks for gradients."""
    if torch._C._functorch.peek_interpreter_stack() is not None or _called_from(_FUNCTIONAL):
        stop(rec)


def _view_as(rec: Recorder, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """A tensor becomes one to differentiate by, or a program only says that it is one."""
    stop_if_differentiating(rec)
    return func(*args, **kwargs)


def _called_from(file: str) -> bool:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename != file:
        frame = frame.f_back
    return frame is not None


def is_traced() -> bool:
    """Whether ``torch.func.linearize`` is what asks: it traces a program and runs what remains of it."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code is not torch.func.linearize.__code__:
        frame = frame.f_back
    return frame is not None


def comes_from_autograd(error: BaseException) -> bool:
    """Whether autograd, or a transform of ``torch.func``, was being used when an error was raised."""
    step = error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename in _DIFFERENTIATING:
            return True
        step = step.tb_next
    return False


def is_of_devices(error: BaseException | None) -> bool:
    """Whether PyTorch refused a call because some of its tensors have numbers, on the CPU, and others have none."""
    return isinstance(error, RuntimeError) and "device" in text_of(error)


SIGNS: Mapping[Any, Callable[..., Any]] = {
    torch.autograd.grad: stop,
    Tensor.backward: stop,
    torch._VF._make_dual: stop,
    Tensor.view_as: _view_as,
}
"""Functions by which a capture without autograd learns that it must stop."""
