"""Which kernels may stand in for the reference forward, by name of the choice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from netweight.ir import TensorSpec
from netweight.kernels.conv import conv_im2col
from netweight.kernels.convolution import Conv
from netweight.kernels.convolve import convolution
from netweight.kernels.pooling import Window, maxima
from netweight.lazy import Array, np
from netweight.ops.arrays.fast_types import widened
from netweight.ops.contract.conv import ConvAttrs, conv_shape
from netweight.ops.contract.integer import from_zero_points
from netweight.ops.norm.batch_norm import BatchNormAttrs
from netweight.ops.window.pool import PoolAttrs, max_pool_shape


def _im2col(attrs: ConvAttrs, x: Array, weight: Array, bias: Array | None) -> Array:
    left, right, back = widened(x, weight, tuple(range(1, weight.ndim)))
    y = back(conv_im2col(left, right, None, **asdict(attrs)))
    return y if bias is None else y + bias.reshape(-1, *(1,) * (y.ndim - 2))


def _integer_im2col(
    attrs: ConvAttrs, x: Array, weight: Array, x_zero: Array | None, weight_zero: Array | None
) -> Array:
    return _im2col(attrs, *from_zero_points(x, weight, x_zero, weight_zero), None)


def _conv(attrs: ConvAttrs, x: Array, weight: Array, bias: Array | None) -> Array:
    """The way that suits the shapes, where there are numbers of one floating type."""
    padded = any(any(pad) for pad in attrs.padding)
    plain = attrs.padding_mode == "zeros" or not padded
    one_type = x.dtype == weight.dtype and x.dtype in (np.float32, np.float64)
    if not (plain and one_type and x.size) or any(amount < 0 for pad in attrs.padding for amount in pad):
        return _im2col(attrs, x, weight, bias)
    conv = Conv(attrs.stride, attrs.padding, attrs.dilation, attrs.groups)
    y = conv_shape(attrs, _spec(x), _spec(weight), None).shape
    if 0 in y:
        return _im2col(attrs, x, weight, bias)
    return convolution(conv, x.shape, weight.shape, y, x.dtype, (False, False, False)).forward(x, weight, bias)


def _spec(array: Array) -> TensorSpec:
    return TensorSpec(array.shape, str(array.dtype))


def _batch_norm(
    attrs: BatchNormAttrs, x: Array, mean: Array, var: Array, weight: Array | None, bias: Array | None
) -> Array:
    """A product and a sum in place for each channel."""
    scale = 1 / np.sqrt(var + attrs.eps)
    scale = scale if weight is None else scale * weight
    shift = -mean * scale if bias is None else bias - mean * scale
    sizes = (-1, *(1,) * (x.ndim - 2))
    y: Array = x * scale.reshape(sizes)
    y += shift.reshape(sizes)
    return y


def _max_pool(attrs: PoolAttrs, x: Array) -> Array:
    """One comparison of planes for each tap, in place of windows whose positions are looked for."""
    window = Window(attrs.kernel_size, attrs.stride, attrs.padding, attrs.dilation)
    return maxima(window, x, max_pool_shape(attrs, _spec(x))[0].shape)


def _relu6(_attrs: None, x: Array) -> Array:
    """In room that is taken once."""
    y = np.maximum(x, 0)
    return np.minimum(y, 6, out=y)


KERNELS: Mapping[str, Mapping[str, Callable[..., Any]]] = {
    "reference": {},
    "im2col": {"conv": _im2col, "integer_conv": _integer_im2col},
    "fast": {
        "conv": _conv,
        "integer_conv": _integer_im2col,
        "batch_norm": _batch_norm,
        "max_pool": _max_pool,
        "relu6": _relu6,
    },
}
