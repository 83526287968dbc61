"""PyTorch's calls: affine."""

from __future__ import annotations

from typing import Any

import torch

from netweight.ops.quantize.scales import integer_range


def quantize(attrs: Any, x: Any, scale: Any, zero_point: Any) -> Any:
    """The integers that PyTorch's rounding of numbers, in float32, goes through."""
    low, high = integer_range(attrs.dtype)
    zero = torch.zeros(scale.shape, dtype=torch.int32) if zero_point is None else zero_point
    x, step = x.detach().float(), scale.detach().float()
    if attrs.dim is None:
        y = torch.fake_quantize_per_tensor_affine(x, step.item(), int(zero), low, high)
        return torch.round(y / step) + zero
    shape = (-1, *(1,) * (x.ndim - attrs.dim - 1))
    y = torch.fake_quantize_per_channel_affine(x, step, zero, attrs.dim, low, high)
    return torch.round(y / step.reshape(shape)) + zero.reshape(shape)


def dequantize(attrs: Any, x: Any, scale: Any, zero_point: Any) -> Any:
    """By its formula: PyTorch's own has no gradient."""
    shape = () if attrs.dim is None else (-1, *(1,) * (x.ndim - attrs.dim - 1))
    zero = torch.zeros(scale.shape, dtype=torch.int64) if zero_point is None else zero_point
    return (x.long() - zero.long().reshape(shape)) * scale.reshape(shape)


def fake_quantize(attrs: Any, x: Any, scale: Any, zero_point: Any) -> Any:
    """By its definition, rounding out of autograd's sight: PyTorch's own works in float32 only."""
    shape = () if attrs.dim is None else (-1, *(1,) * (x.ndim - attrs.dim - 1))
    zero = 0 if zero_point is None else zero_point.reshape(shape)
    exact = x / scale.reshape(shape)
    rounded = exact + (torch.round(exact) - exact).detach()
    return (torch.clamp(rounded + zero, attrs.quant_min, attrs.quant_max) - zero) * scale.reshape(shape)


def of_blocks(attrs: Any, values: Any, x: Any) -> Any:
    """The number of its block for each element."""
    return torch.repeat_interleave(values, attrs.block_size, attrs.dim).narrow(attrs.dim, 0, x.shape[attrs.dim])


def quantize_blocks(attrs: Any, x: Any, scale: Any, zero_point: Any) -> Any:
    zero = 0 if zero_point is None else of_blocks(attrs, zero_point, x)
    return torch.clamp(torch.round(x / of_blocks(attrs, scale, x)) + zero, *integer_range(attrs.dtype))


def dequantize_blocks(attrs: Any, x: Any, scale: Any, zero_point: Any) -> Any:
    zero = 0 if zero_point is None else of_blocks(attrs, zero_point, x)
    return (x.long() - zero) * of_blocks(attrs, scale, x)


CALLS = {
    "dequantize": dequantize,
    "dequantize_blocks": dequantize_blocks,
    "fake_quantize": fake_quantize,
    "quantize": quantize,
    "quantize_blocks": quantize_blocks,
}
