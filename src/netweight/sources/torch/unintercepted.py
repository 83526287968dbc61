"""Layers of PyTorch that hold nothing which ``Interception`` must see: functions are not intercepted while they run.

An intercepted call takes several times as long as what it does here. PyTorch's own layers without children write no
numbers, and call operators that the recorder knows.
"""

from __future__ import annotations

from contextlib import nullcontext
from functools import cache
from typing import Any

import torch

_SEEN = (torch.nn.LocalResponseNorm,)
_GUARD = getattr(torch._C, "DisableTorchFunction", None)  # without it every call is intercepted

UNSEEN: Any = _GUARD or nullcontext
"""Within it the recorder's own calls are not intercepted: they are none of the program's."""


def leave_unintercepted(module: torch.nn.Module) -> Any:
    """A guard to leave with ``__exit__`` when the module's call ends, None if its calls are to be seen."""
    if _GUARD is None or not _is_own(module.__class__) or module._modules:
        return None
    if module._forward_hooks or module._forward_pre_hooks:  # code of the model's author
        return None
    if not torch._C._is_torch_function_enabled():  # a capture around this one guards it: guards must not cross
        return None
    guard = _GUARD()
    guard.__enter__()
    return guard


@cache
def _is_own(kind: type) -> bool:
    return kind.__module__.startswith("torch.nn.modules.") and not issubclass(kind, _SEEN)
