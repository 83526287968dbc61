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
    if not isinstance(x, Tensor) or not (x.is_meta or rec.is_symbolic(x)) or x.numel() > SMALL:
        return func(*args, **kwargs)
    numbers = rec.numbers.of(x)
    if numbers is None:
        rec.guess("numbers that leave PyTorch are taken to be 1")
        numbers = torch.ones(x.shape, dtype=x.dtype)
    with torch._C._DisableTorchDispatch():
        return func(numbers, *rest, **kwargs)


_LEAVING = (Tensor.numpy, Tensor.tolist, Tensor.__array__)
HANDLERS: Mapping[Any, Callable[..., Any]] = dict.fromkeys(_LEAVING, _with_numbers)
