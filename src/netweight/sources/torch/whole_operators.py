"""Composite operators that arrive whole, because dispatch starts below what would take them apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def whole_operators() -> Iterator[None]:
    """Composite operators reach the recorder whole: by PyTorch's internal guard, or by its public inference mode.

    Autograd never runs. Whether it would is what the program itself says, from enabled on.
    """
    guard = getattr(torch._C, "_AutoDispatchBelowADInplaceOrView", torch.inference_mode)
    with torch.enable_grad(), guard(), torch.enable_grad():
        yield
