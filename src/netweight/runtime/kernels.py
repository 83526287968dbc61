"""Which kernels may stand in for the reference forward, by name of the choice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from netweight.kernels.conv import conv_im2col
from netweight.lazy import Array
from netweight.ops.arrays.fast_types import widened
from netweight.ops.contract.conv import ConvAttrs
from netweight.ops.contract.integer import from_zero_points


def _im2col(attrs: ConvAttrs, x: Array, weight: Array, bias: Array | None) -> Array:
    left, right, back = widened(x, weight, tuple(range(1, weight.ndim)))
    y = back(conv_im2col(left, right, None, **asdict(attrs)))
    return y if bias is None else y + bias.reshape(-1, *(1,) * (y.ndim - 2))


def _integer_im2col(
    attrs: ConvAttrs, x: Array, weight: Array, x_zero: Array | None, weight_zero: Array | None
) -> Array:
    return _im2col(attrs, *from_zero_points(x, weight, x_zero, weight_zero), None)


KERNELS: Mapping[str, Mapping[str, Callable[..., Any]]] = {
    "reference": {},
    "im2col": {"conv": _im2col, "integer_conv": _integer_im2col},
}
