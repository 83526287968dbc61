"""Conversions as operators of their own, as PyTorch 2 export quantisation writes them around floating operators."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from netweight.ir import Quantization
from netweight.sources.torch.dtypes import dtype_name
from netweight.sources.torch.lower import lowers
from netweight.sources.torch.lower.common import attrs_of
from netweight.sources.torch.recorder import Recorder

_SPACE = "quantized_decomposed"


@lowers(*(f"{_SPACE}.quantize_per_tensor{overload}" for overload in ("", ".tensor", ".tensor2")))
def quantize_per_tensor(
    rec: Recorder, input: Tensor, scale: Any, zero_point: Any, quant_min: Any, quant_max: Any, dtype: torch.dtype
) -> Any:
    """``quantize_per_tensor(input, scale, zero_point, quant_min, quant_max, dtype)``, the bounds those of the type."""
    attrs = attrs_of("quantize", dtype=dtype_name(dtype))
    return rec.op("quantize", attrs, input, _number(scale, torch.float32), _number(zero_point, dtype))


@lowers(*(f"{_SPACE}.dequantize_per_tensor{overload}" for overload in ("", ".tensor", ".tensor2")))
def dequantize_per_tensor(
    rec: Recorder, input: Tensor, scale: Any, zero_point: Any, quant_min: Any, quant_max: Any, dtype: torch.dtype,
    *, out_dtype: torch.dtype | None = None,
) -> Any:  # fmt: skip
    """As ``quantize_per_tensor``, the way back; to ``out_dtype``."""
    settings = _number(scale, out_dtype or torch.float32), _number(zero_point, dtype)
    _note_weight(rec, input, *settings)
    return rec.op("dequantize", attrs_of("dequantize"), input, *settings)


@lowers(f"{_SPACE}.quantize_per_channel")
def quantize_per_channel(
    rec: Recorder, input: Tensor, scales: Tensor, zero_points: Tensor, axis: int, quant_min: int, quant_max: int,
    dtype: torch.dtype,
) -> Any:  # fmt: skip
    """As ``quantize_per_tensor``, with a scale per position along a dimension."""
    attrs = attrs_of("quantize", dim=axis % input.dim(), dtype=dtype_name(dtype))
    return rec.op("quantize", attrs, input, scales, zero_points)


@lowers(f"{_SPACE}.dequantize_per_channel")
def dequantize_per_channel(
    rec: Recorder, input: Tensor, scales: Tensor, zero_points: Tensor | None, axis: int, quant_min: int,
    quant_max: int, dtype: torch.dtype, *, out_dtype: torch.dtype | None = None,
) -> Any:  # fmt: skip
    """As ``dequantize_per_tensor``, with a scale per position along a dimension."""
    _note_weight(rec, input, scales, zero_points)
    return rec.op("dequantize", attrs_of("dequantize", dim=axis % input.dim()), input, scales, zero_points)


def _note_weight(rec: Recorder, x: Tensor, scale: Tensor, zero_point: Tensor | None) -> None:
    """A module keeps weights of integers as buffers, with scales beside them."""
    if rec.recording.is_owned(x) and x.dim():
        rec.recording.is_weight(x)
        zeros = 0 if zero_point is None else 8 * zero_point.element_size()
        scales = Quantization(
            group_size=x.numel() // scale.numel(), scale_bits=8 * scale.element_size(), zero_point_bits=zeros
        )
        rec.recording.quantize(x, scales)


def _number(given: Any, dtype: torch.dtype) -> Tensor:
    """A scale or a zero point as a tensor of one number."""
    return given.reshape(()) if isinstance(given, Tensor) else torch.tensor(given, dtype=dtype)
