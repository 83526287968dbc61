"""Which kernels may stand in for the reference forward, by name of the choice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from netweight.kernels.conv import conv_im2col
from netweight.lazy import Array
from netweight.ops.contract.conv import ConvAttrs


def _im2col(attrs: ConvAttrs, x: Array, weight: Array, bias: Array | None) -> Array:
    return conv_im2col(x, weight, bias, **asdict(attrs))


KERNELS: Mapping[str, Mapping[str, Callable[..., Any]]] = {"reference": {}, "im2col": {"conv": _im2col}}
