"""Transposed convolution."""

from __future__ import annotations

from netweight.errors import ShapeError
from netweight.functions.recorder import Recorder, Size, T, per_dim
from netweight.ops.arrays.padding import PaddingAmount, resolve_padding
from netweight.ops.contract.conv_transpose import ConvTransposeAttrs

# Layers of the builder make the weights.
__all__: list[str] = []


def conv_transpose(
    rec: Recorder, x: T, weight: T, bias: T | None = None, stride: Size = 1, padding: PaddingAmount = 0,
    output_padding: Size = 0, groups: int = 1, dilation: Size = 1,
) -> T:  # fmt: skip
    """Transposed convolution of (N, C_in, *in) with (C_in, C_out / groups, *kernel)."""
    if isinstance(padding, str):
        raise ShapeError(f"conv_transpose: expected padding as a number or a tuple, got {padding!r}")
    kernel = rec.spec(weight).shape[2:]
    steps, spread = per_dim(stride, len(kernel)), per_dim(dilation, len(kernel))
    attrs = ConvTransposeAttrs(
        stride=steps,
        padding=resolve_padding(padding, rec.spec(x).shape[2:], kernel, steps, spread),
        output_padding=per_dim(output_padding, len(kernel)),
        dilation=spread,
        groups=groups,
    )
    return rec.op("conv_transpose", attrs, x, weight, bias)
