"""PyTorch's calls: pool."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

_MAX: dict[int, Any] = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
_AVG: dict[int, Any] = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}
_LP: dict[int, Any] = {1: F.lp_pool1d, 2: F.lp_pool2d, 3: F.lp_pool3d}
_CONV: dict[int, Any] = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
_ADAPTIVE_AVG: dict[int, Any] = {1: F.adaptive_avg_pool1d, 2: F.adaptive_avg_pool2d, 3: F.adaptive_avg_pool3d}
_ADAPTIVE_MAX: dict[int, Any] = {1: F.adaptive_max_pool1d, 2: F.adaptive_max_pool2d, 3: F.adaptive_max_pool3d}


def _amounts(padding: Any) -> list[int]:
    """PyTorch pads the last dimension first."""
    return [amount for pad in reversed(padding) for amount in pad]


def _symmetric(padding: Any, kernel_size: Any) -> bool:
    """What PyTorch's pooling accepts itself."""
    return all(b == a and 2 * b <= k for (b, a), k in zip(padding, kernel_size, strict=True))


def max_pool(attrs: Any, x: Any) -> Any:
    window = {"stride": attrs.stride, "dilation": attrs.dilation, "ceil_mode": attrs.ceil_mode}
    function = _MAX[len(attrs.stride)]
    if _symmetric(attrs.padding, attrs.kernel_size):
        return function(x, attrs.kernel_size, padding=tuple(before for before, _ in attrs.padding), **window)
    # Padding after counts as input to PyTorch: its ceil_mode may keep one more window, all of padding.
    padded = F.pad(x, _amounts(attrs.padding), value=-torch.inf)
    y = function(padded, attrs.kernel_size, **window)
    for dim, (out, step, (before, _)) in enumerate(zip(y.shape[2:], attrs.stride, attrs.padding, strict=True), start=2):
        if (out - 1) * step >= x.shape[dim] + before:
            y = y.narrow(dim, 0, out - 1)
    return y


def min_pool(attrs: Any, x: Any) -> Any:
    return -max_pool(attrs, -x)


def avg_pool(attrs: Any, x: Any) -> Any:
    """Where PyTorch cannot pad so, the sum over an input padded before, divided by a pooled mask of ones."""
    dims = len(attrs.stride)
    function = _AVG[dims]
    whole = all(size >= k for size, k in zip(x.shape[2:], attrs.kernel_size, strict=True))  # avg_pool3d insists
    if whole and _symmetric(attrs.padding, attrs.kernel_size) and (dims > 1 or attrs.divisor_override is None):
        padding = tuple(before for before, _ in attrs.padding)
        divisor = {} if dims == 1 else {"divisor_override": attrs.divisor_override}
        return function(
            x, attrs.kernel_size, attrs.stride, padding, attrs.ceil_mode, attrs.count_include_pad, **divisor
        )
    sums = _sums(attrs, x, 0.0)
    if attrs.divisor_override is not None:
        return sums / attrs.divisor_override
    ones = torch.ones_like(x, requires_grad=False)
    return sums / _sums(attrs, ones, 1.0 if attrs.count_include_pad else 0.0).clamp(min=1)


def _sums(attrs: Any, x: Any, padding_value: float) -> Any:
    """Sum of each window by depthwise convolution over the padded input, zeros beyond it."""
    padded = F.pad(x, _amounts(attrs.padding), value=padding_value)
    beyond = tuple((0, step + k) for step, k in zip(attrs.stride, attrs.kernel_size, strict=True))
    ones = torch.ones(x.shape[1], 1, *attrs.kernel_size, dtype=x.dtype)
    sums = _CONV[len(attrs.stride)](F.pad(padded, _amounts(beyond)), ones, stride=attrs.stride, groups=x.shape[1])
    for dim, (k, step, (before, _)) in enumerate(
        zip(attrs.kernel_size, attrs.stride, attrs.padding, strict=True), start=2
    ):
        room = padded.shape[dim] - k
        count = -(-room // step) + 1 if attrs.ceil_mode else room // step + 1
        if attrs.ceil_mode and (count - 1) * step >= x.shape[dim] + before:
            count -= 1
        sums = sums.narrow(dim, 0, count)
    return sums


def lp_pool(attrs: Any, x: Any) -> Any:
    dims = len(attrs.stride)
    kernel, stride = (attrs.kernel_size[0], attrs.stride[0]) if dims == 1 else (attrs.kernel_size, attrs.stride)
    return _LP[dims](x, attrs.norm_type, kernel, stride, attrs.ceil_mode)


CALLS = {
    "adaptive_avg_pool": lambda attrs, x: _ADAPTIVE_AVG[x.ndim - 2](x, attrs.output_size),
    "adaptive_max_pool": lambda attrs, x: _ADAPTIVE_MAX[x.ndim - 2](x, attrs.output_size),
    "avg_pool": avg_pool,
    "lp_pool": lp_pool,
    "max_pool": max_pool,
    "min_pool": min_pool,
}
