"""PyTorch's calls: unfold."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812


def unfold(attrs: Any, x: Any) -> Any:
    """One dimension after the other with Tensor.unfold, which takes neither padding nor dilation: cut out instead."""
    n = len(attrs.kernel_size)
    y = F.pad(x, [amount for pad in reversed(attrs.padding) for amount in pad])
    for i, (k, s, d) in enumerate(zip(attrs.kernel_size, attrs.stride, attrs.dilation, strict=True)):
        y = y.unfold(2 + i, d * (k - 1) + 1, s)[..., ::d]
    return y.permute(0, 1, *range(2 + n, 2 + 2 * n), *range(2, 2 + n)).reshape(x.shape[0], -1, *y.shape[2 : 2 + n])


def fold(attrs: Any, x: Any) -> Any:
    """The gradient of unfolding; of two dimensions with symmetric padding, PyTorch's own."""
    if len(attrs.kernel_size) == 2 and all(before == after for before, after in attrs.padding):
        padding = tuple(before for before, _ in attrs.padding)
        return F.fold(x.flatten(2), attrs.output_size, attrs.kernel_size, attrs.dilation, padding, attrs.stride)
    channels = x.shape[1] // torch.Size(attrs.kernel_size).numel()
    plane = torch.zeros((x.shape[0], channels, *attrs.output_size), dtype=x.dtype, requires_grad=True)
    return torch.autograd.grad(unfold(attrs, plane), plane, x, create_graph=True)[0]


CALLS = {
    "unfold": unfold,
    "fold": fold,
    "window_view": lambda attrs, x: x.unfold(attrs.dim, attrs.size, attrs.step),
}
