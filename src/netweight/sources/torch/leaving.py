"""Where a program leaves PyTorch with the numbers of a tensor: ``x.numpy()``, ``x.tolist()``, ``np.tanh(x)``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from netweight.sources.torch.recorder import SMALL, Recorder


def _with_numbers(rec: Recorder, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """The call on the numbers of a tensor that has none here, or on ones where they depend on the input."""
    x, *rest = args
    rec.draws.look([x])
    if not isinstance(x, Tensor) or not (x.is_meta or rec.is_symbolic(x)) or x.numel() > SMALL:
        return func(*args, **kwargs)
    with torch._C._DisableTorchDispatch():
        numbers = rec.numbers(x)
        if numbers is None:
            rec.guess("numbers taken from a tensor are taken to be 1 each")
            numbers = torch.ones(x.shape, dtype=x.dtype)
        else:
            rec.suppose(x, f"numbers taken from a tensor are taken to be {numbers.flatten()[:4].tolist()} ...")
        return func(numbers, *rest, **kwargs)


_LEAVING = (Tensor.numpy, Tensor.tolist, Tensor.__array__, Tensor.__format__)
HANDLERS: Mapping[Any, Callable[..., Any]] = dict.fromkeys(_LEAVING, _with_numbers)
