"""PyTorch's own layers run without interception, which would take several times as long as what they do here.

A layer like ``nn.Linear`` writes out no numbers and calls operators that the recorder knows, so ``Interception`` has
nothing to see in it.
"""

from __future__ import annotations

from contextlib import nullcontext
from functools import cache
from typing import Any

import torch

_SEEN = (torch.nn.LocalResponseNorm,)
_GUARD = getattr(torch._C, "DisableTorchFunction", None)  # without it every call is intercepted

UNSEEN: Any = _GUARD or nullcontext
"""A context in which the recorder's own calls are not taken for calls of the program."""


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
