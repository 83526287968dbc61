"""Real numbers as small integers, and back.

Scales and zero points are tensors: of no dimensions, or of one number per position of the dimension ``dim``.
"""

from __future__ import annotations

from netweight.ops.quantize.affine import FakeQuantizeAttrs, QuantizeAttrs, ScaleAttrs
from netweight.sources.build.core import Symbol, call
from netweight.sources.build.params import from_front


def quantize(
    x: Symbol,
    scale: Symbol,
    zero_point: Symbol | None = None,
    *,
    dtype: str = "int8",
    dim: int | None = None,
    name: str = "quantize",
) -> Symbol:
    """round(x / scale) + zero_point, within the bounds of an integer type."""
    return call("quantize", QuantizeAttrs(dim=_front(x, dim), dtype=dtype), x, scale, zero_point, name=name)


def dequantize(
    x: Symbol, scale: Symbol, zero_point: Symbol | None = None, *, dim: int | None = None, name: str = "dequantize"
) -> Symbol:
    """(x - zero_point) * scale."""
    return call("dequantize", ScaleAttrs(dim=_front(x, dim)), x, scale, zero_point, name=name)


def fake_quantize(
    x: Symbol,
    scale: Symbol,
    zero_point: Symbol | None = None,
    *,
    quant_min: int = -128,
    quant_max: int = 127,
    dim: int | None = None,
    name: str = "fake_quantize",
) -> Symbol:
    """What is left of ``x`` after quantising it and going back; gradients pass as if nothing were rounded."""
    attrs = FakeQuantizeAttrs(dim=_front(x, dim), quant_min=quant_min, quant_max=quant_max)
    return call("fake_quantize", attrs, x, scale, zero_point, name=name)


def _front(x: Symbol, dim: int | None) -> int | None:
    return None if dim is None else from_front(x, dim)[0]
