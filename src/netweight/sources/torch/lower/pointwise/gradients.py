"""Gradients of functions of each element that PyTorch has no decomposition of, as autograd asks for them."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from netweight.sources.torch.lower import lowers
from netweight.sources.torch.lower.common import binary
from netweight.sources.torch.lower.pointwise.elementwise import where
from netweight.sources.torch.recorder import Recorder


@lowers("hardshrink_backward", "softshrink_backward")
def shrink_backward(rec: Recorder, grad_output: Tensor, self: Tensor, lambd: float) -> Any:
    """The gradient outside of [-lambd, lambd], nothing inside."""
    outside = binary(rec, "gt", rec.op("abs", None, self), lambd)
    return where(rec, outside, grad_output, 0.0)
