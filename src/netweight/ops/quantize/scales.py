"""Quantising and going back, wherever the scales are: one for all, one per channel, one per block.

    q = round(x / scale) + zero_point, within the bounds of an integer type
    y = (q - zero_point) * scale

Without a zero point it is zero. Halves round to even.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from netweight.errors import ShapeError
from netweight.ir import TensorSpec, bits_of, is_floating
from netweight.lazy import Array, np
from netweight.ops.arrays.broadcast import unbroadcast_cost
from netweight.ops.arrays.dtypes import container_of
from netweight.ops.arrays.elementwise import work_of
from netweight.ops.extent import same_position
from netweight.ops.table import FREE, Cost, OpDef, Wanted, define, free, not_differentiable


@dataclass(frozen=True, slots=True, kw_only=True)
class Scales:
    """Where the scales of a tensor are.

    Attributes:
        check: (op, attrs, x, scale, zero_point); raises ``ShapeError`` where these do not fit.
        spread: (attrs, values, x) to scales or zero points that broadcast against ``x``.
        collected: (attrs, grad, scale) to the sum of the gradients of the elements of each scale.
    """

    check: Callable[..., None]
    spread: Callable[[Any, Array, Array], Array]
    collected: Callable[[Any, Array, Array], Array]

    def zero(self, attrs: Any, zero_point: Array | None, x: Array) -> Array:
        """Zero points that broadcast against ``x``."""
        return np.zeros((), np.int64) if zero_point is None else self.spread(attrs, zero_point, x).astype(np.int64)

    def from_zero(self, attrs: Any, x: Array, scale: Array, zero_point: Array | None) -> Array:
        """x - zero_point, in the type of the scale."""
        return (x.astype(np.int64) - self.zero(attrs, zero_point, x)).astype(scale.dtype)

    def quantized(self, op: str, attrs: Any, x: TensorSpec, scale: TensorSpec, zero_point: Any) -> TensorSpec:
        """The sizes of ``x``, integers of the type that the attributes say."""
        bits_of(attrs.dtype)
        if is_floating(attrs.dtype) or attrs.dtype == "bool":
            raise ShapeError(f"{op}: expected an integer type, got {attrs.dtype}")
        self.check(op, attrs, x, scale, zero_point)
        return TensorSpec(x.shape, attrs.dtype)


def register_quantize(name: str, attrs: type, scales: Scales) -> OpDef:
    """Register quantisation: the attributes say the integer type."""

    def cost(_attrs: Any, x: TensorSpec, _scale: TensorSpec, zero_point: TensorSpec | None) -> Cost:
        """Per element a division, a rounding, the zero point where there is one, and both bounds."""
        return work_of(x.numel, {"divs": 1, "compares": 3} | ({} if zero_point is None else {"adds": 1}))

    def forward(attrs: Any, x: Array, scale: Array, zero_point: Array | None) -> Array:
        """Odd widths are held in the next wider type of NumPy."""
        q = np.round(x / scales.spread(attrs, scale, x)) + scales.zero(attrs, zero_point, x)
        return np.clip(q, *integer_range(attrs.dtype)).astype(container_of(attrs.dtype))

    return define(
        name=name,
        kind="elementwise",
        attrs=attrs,
        inputs=("x", "scale", "zero_point"),
        shape=lambda attrs, x, scale, zero_point: scales.quantized(name, attrs, x, scale, zero_point),
        cost=cost,
        forward=forward,
        backward=not_differentiable,
        backward_cost=free,
        extent=same_position,
    )


def register_dequantize(name: str, attrs: type, scales: Scales) -> OpDef:
    """Register the way back, to the type of the scale."""

    def shape(attrs: Any, x: TensorSpec, scale: TensorSpec, zero_point: TensorSpec | None) -> TensorSpec:
        if is_floating(x.dtype):
            raise ShapeError(f"{name}: expected x of an integer type, got {x.dtype}")
        scales.check(name, attrs, x, scale, zero_point)
        return TensorSpec(x.shape, scale.dtype)

    def cost(_attrs: Any, x: TensorSpec, _scale: TensorSpec, zero_point: TensorSpec | None) -> Cost:
        """Per element the zero point where there is one, and a multiplication."""
        return work_of(x.numel, {"muls": 1} | ({} if zero_point is None else {"adds": 1}))

    def forward(attrs: Any, x: Array, scale: Array, zero_point: Array | None) -> Array:
        return scales.from_zero(attrs, x, scale, zero_point) * scales.spread(attrs, scale, x)

    def backward(
        attrs: Any, grad_y: Array, x: Array, scale: Array, zero_point: Array | None
    ) -> tuple[None, Array, None]:
        """A scale collects the gradients of its elements, each times its integer."""
        return None, scales.collected(attrs, grad_y * scales.from_zero(attrs, x, scale, zero_point), scale), None

    def backward_cost(attrs: Any, wanted: Wanted, x: TensorSpec, scale: TensorSpec, zero_point: Any) -> Cost:
        """That of the forward, and the sums."""
        return cost(attrs, x, scale, zero_point) + unbroadcast_cost(x.numel, scale.numel) if wanted[1] else FREE

    return define(
        name=name,
        kind="elementwise",
        attrs=attrs,
        inputs=("x", "scale", "zero_point"),
        shape=shape,
        cost=cost,
        forward=forward,
        backward=backward,
        backward_cost=backward_cost,
        saves={"x": ("scale",), "zero_point": ("scale",)},
        extent=same_position,
    )


def integer_range(dtype: str) -> tuple[int, int]:
    """Smallest and largest integer of a type.

    >>> integer_range("int4"), integer_range("uint8")
    ((-8, 7), (0, 255))
    """
    bits = bits_of(dtype)
    return (0, 2**bits - 1) if dtype.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
