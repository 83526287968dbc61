"""Floating numbers of eight bits, from wider ones.

Unlike a plain cast it says what becomes of numbers that are too large, and how the type without a mantissa rounds.

Source: ONNX Cast with saturate and round_mode; OCP Microscaling Formats 1.0 for powers of two (E8M0).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.dtypes import held_type
from netweight.ops.extent import same_position
from netweight.ops.move.define import define_move
from netweight.ops.table import free, not_differentiable

_LARGEST = {
    "float8_e4m3fn": 448.0, "float8_e4m3fnuz": 240.0, "float8_e5m2": 57344.0, "float8_e5m2fnuz": 57344.0,
}  # fmt: skip
_POWERS = "float8_e8m0fnu"
_MANTISSA = 0x7FFFFF
_NO_NUMBER = 255
"""Of 256 exponents the last one, in single precision and in E8M0 alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CastFloat8Attrs:
    """Attributes of a cast to eight bits.

    Attributes:
        dtype: New element type.
        saturate: What is too large becomes the largest number, else infinity or, in types without one, no number.
        rounding: Where powers of two (``float8_e8m0fnu``) round to; all other types round to the nearest.
    """

    dtype: str
    saturate: bool = True
    rounding: Literal["nearest", "up", "down"] = "nearest"


def cast_float8_shape(attrs: CastFloat8Attrs, x: TensorSpec) -> TensorSpec:
    """Same shape, new element type."""
    if attrs.dtype not in (*_LARGEST, _POWERS):
        raise ShapeError(f"cast_float8: expected dtype {', '.join((*_LARGEST, _POWERS))}, got {attrs.dtype}")
    allowed = ("nearest", "up", "down") if attrs.dtype == _POWERS else ("nearest",)
    if attrs.rounding not in allowed:
        listed = ", ".join(map(repr, allowed))
        raise ShapeError(f"cast_float8: expected rounding {listed} of {attrs.dtype}, got {attrs.rounding!r}")
    return TensorSpec(x.shape, attrs.dtype)


def cast_float8_forward(attrs: CastFloat8Attrs, x: Array) -> Array:
    """The values in the new type, in memory of their own."""
    if attrs.dtype == _POWERS:
        return _powers(attrs, x.astype(np.float32)).view(held_type(attrs.dtype))
    largest = _LARGEST[attrs.dtype]
    wide = x.astype(np.float32)
    kept = np.clip(wide, -largest, largest) if attrs.saturate else wide
    return kept.astype(held_type(attrs.dtype))


def _powers(attrs: CastFloat8Attrs, x: Array) -> Array:
    """Exponents of x in single precision: E8M0 has the same ones, and neither sign nor mantissa."""
    bits = x.view(np.uint32)
    exponent = (bits >> 23 & _NO_NUMBER).astype(np.int16)
    mantissa = bits & _MANTISSA
    half = (_MANTISSA + 1) // 2
    if attrs.rounding == "nearest":
        above = (mantissa > half) | ((mantissa == half) & (exponent > 0))
    else:
        above = (mantissa > 0) & (attrs.rounding == "up")
    last = _NO_NUMBER - 1 if attrs.saturate else _NO_NUMBER
    return np.where(exponent == _NO_NUMBER, exponent, np.minimum(exponent + above, last)).astype(np.uint8)


CAST_FLOAT8 = define_move(
    name="cast_float8",
    attrs=CastFloat8Attrs,
    shape=cast_float8_shape,
    forward=cast_float8_forward,
    backward=not_differentiable,
    backward_cost=free,
    extent=same_position,
)
