"""Gradients of averages over windows, as autograd asks for them."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from netweight.functions.window import unfold
from netweight.ops.move.layout import PermuteAttrs
from netweight.sources.torch.lower import lowers
from netweight.sources.torch.lower.common import scaled
from netweight.sources.torch.lower.move.layout import expand, reshaped, unbatched, unsqueeze
from netweight.sources.torch.recorder import Recorder


@lowers("avg_pool2d_backward")
def avg_pool2d_backward(
    rec: Recorder, grad_output: Tensor, self: Tensor, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool,
    count_include_pad: bool, divisor_override: int | None,
) -> Any:  # fmt: skip
    """Each gradient over the size of its window, given to all places of the window, where they add up."""
    pads, kernel = _pair(padding), _pair(kernel_size)
    if ceil_mode or (any(pads) and not count_include_pad and divisor_override is None):
        return NotImplemented
    if self.dim() == 3:
        grad, x = unsqueeze(rec, grad_output, 0), self.unsqueeze(0)
        settings = (kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
        return reshaped(rec, avg_pool2d_backward(rec, grad, x, *settings), self.shape)
    n, c, h, w = grad_output.shape
    part = scaled(rec, grad_output, 1 / (divisor_override or kernel[0] * kernel[1]))
    shared = expand(rec, reshaped(rec, part, (n, c, 1, h * w)), (n, c, kernel[0] * kernel[1], h * w))
    columns = reshaped(rec, shared, (n, c * kernel[0] * kernel[1], h * w))
    return unfold.fold(rec, columns, tuple(self.shape[2:]), kernel, (1, 1), pads, _pair(stride or kernel_size))


@lowers("_adaptive_avg_pool2d_backward")
def adaptive_avg_pool2d_backward(rec: Recorder, grad_output: Tensor, self: Tensor) -> Any:
    """Of windows that do not overlap: their gradient over their size, for each of their places."""
    if self.dim() == 3:
        x = self.unsqueeze(0)
        return unbatched(rec, grad_output, lambda grad: adaptive_avg_pool2d_backward(rec, grad, x))
    (h, w), (h_out, w_out) = self.shape[2:], grad_output.shape[2:]
    if h % h_out or w % w_out:
        return NotImplemented
    n, c = self.shape[:2]
    part = scaled(rec, grad_output, h_out * w_out / (h * w))
    apart = reshaped(rec, part, (n, c, h_out, 1, w_out, 1))
    spread = expand(rec, apart, (n, c, h_out, h // h_out, w_out, w // w_out))
    return reshaped(rec, spread, self.shape)


@lowers("unfold_backward")
def unfold_backward(rec: Recorder, grad_in: Tensor, input_sizes: Any, dim: int, size: int, step: int) -> Any:
    """The windows of a dimension, which lie last, added back to where they were."""
    rank = len(input_sizes)
    at = dim % rank
    others = [d for d in range(rank) if d != at]
    wide = [grad_in.shape[at] if d == at else n for d, n in enumerate(input_sizes)] + [size]
    if list(grad_in.shape) != wide:
        grad_in = expand(rec, grad_in, wide)
    moved = rec.op("permute", PermuteAttrs(order=(*others, rank, at)), grad_in)
    rows = reshaped(rec, moved, (-1, size, grad_in.shape[at]))
    made = unfold.fold(rec, rows, (input_sizes[at],), (size,), 1, 0, (step,))
    apart = reshaped(rec, made, (*(input_sizes[d] for d in others), input_sizes[at]))
    order = tuple(rank - 1 if d == at else others.index(d) for d in range(rank))
    return rec.op("permute", PermuteAttrs(order=order), apart)


def _pair(size: Any) -> tuple[int, int]:
    sizes = (size,) if isinstance(size, int) else tuple(size)
    return (sizes * 2)[:2] if len(sizes) == 1 else (sizes[0], sizes[1])
