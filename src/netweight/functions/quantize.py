"""Real numbers as small integers, and back.

Scales and zero points are tensors: of no dimensions, or of one number per position of the dimension ``dim``.
"""

from __future__ import annotations

from netweight.functions.recorder import Recorder, T, from_front
from netweight.ops.quantize.affine import FakeQuantizeAttrs, QuantizeAttrs, ScaleAttrs


def quantize(
    rec: Recorder, x: T, scale: T, zero_point: T | None = None, *, dtype: str = "int8", dim: int | None = None
) -> T:
    """round(x / scale) + zero_point, within the bounds of an integer type."""
    return rec.op("quantize", QuantizeAttrs(dim=_front(rec, x, dim), dtype=dtype), x, scale, zero_point)


def dequantize(rec: Recorder, x: T, scale: T, zero_point: T | None = None, *, dim: int | None = None) -> T:
    """(x - zero_point) * scale."""
    return rec.op("dequantize", ScaleAttrs(dim=_front(rec, x, dim)), x, scale, zero_point)


def fake_quantize(
    rec: Recorder,
    x: T,
    scale: T,
    zero_point: T | None = None,
    *,
    quant_min: int = -128,
    quant_max: int = 127,
    dim: int | None = None,
) -> T:
    """What is left of ``x`` after quantising it and going back; gradients pass as if nothing were rounded."""
    attrs = FakeQuantizeAttrs(dim=_front(rec, x, dim), quant_min=quant_min, quant_max=quant_max)
    return rec.op("fake_quantize", attrs, x, scale, zero_point)


def _front(rec: Recorder, x: T, dim: int | None) -> int | None:
    return None if dim is None else from_front(rec, x, dim)[0]
