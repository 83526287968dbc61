"""Which kernels may stand in for the reference forward, by name of the choice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from netweight.kernels.conv import conv_im2col, conv_loops
from netweight.kernels.linear import linear_loops
from netweight.ops.contract.conv import ConvAttrs

if TYPE_CHECKING:
    from netweight.ops.table import Array


def _conv_settings(attrs: ConvAttrs) -> dict[str, Any]:
    return {
        "stride": attrs.stride,
        "padding": attrs.padding,
        "dilation": attrs.dilation,
        "groups": attrs.groups,
        "padding_mode": attrs.padding_mode,
    }


def _im2col(attrs: ConvAttrs, x: Array, weight: Array, bias: Array | None) -> Array:
    return conv_im2col(x, weight, bias, **_conv_settings(attrs))


KERNELS: Mapping[str, Mapping[str, Callable[..., Any]]] = {"reference": {}, "im2col": {"conv": _im2col}}


def counting_loops(count: Callable[[int], None]) -> Mapping[str, Callable[..., Any]]:
    """Convolution and linear as plain loops that report every call's multiplications to ``count``."""

    def conv(attrs: ConvAttrs, x: Array, weight: Array, bias: Array | None) -> Array:
        y, macs = conv_loops(x, weight, bias, **_conv_settings(attrs))
        count(macs)
        return y

    def linear(_attrs: None, x: Array, weight: Array, bias: Array | None) -> Array:
        y, macs = linear_loops(x, weight, bias)
        count(macs)
        return y

    return {"conv": conv, "linear": linear}
