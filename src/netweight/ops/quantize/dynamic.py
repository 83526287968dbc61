"""Real numbers as integers from 0 to 255, with the scale that just holds them all.

Shapes
    x           any
    y           that of x, uint8
    scale       ()
    zero_point  (), uint8: the integer that stands for zero

The range always holds zero. Halves round to even.

Source: ONNX DynamicQuantizeLinear, version 11.
"""

from __future__ import annotations

from netweight.ir import TensorSpec, is_floating
from netweight.lazy import Array, np
from netweight.ops.arrays.elementwise import work_of
from netweight.ops.extent import Extent, Mixes
from netweight.ops.table import Cost, define, free, not_differentiable

_LARGEST = 255


def dynamic_quantize_shape(_attrs: None, x: TensorSpec) -> tuple[TensorSpec, TensorSpec, TensorSpec]:
    """Integers of the same sizes, their scale, and their zero point."""
    scale = TensorSpec((), x.dtype if is_floating(x.dtype) else "float32")
    return TensorSpec(x.shape, "uint8"), scale, TensorSpec((), "uint8")


def dynamic_quantize_cost(_attrs: None, x: TensorSpec) -> Cost:
    """Per element two comparisons for the range; a division, a rounding, the zero point and both bounds.

    The few operations that make scale and zero point of the range are not counted.
    """
    return work_of(x.numel, {"compares": 5, "divs": 1, "adds": 1})


def dynamic_quantize_forward(_attrs: None, x: Array) -> tuple[Array, Array, Array]:
    """round(x / scale) + zero_point, scale = (largest - smallest) / 255; a scale of 1 for zeros or nothing."""
    low, high = x.min(initial=0), x.max(initial=0)
    scale = ((high - low) / _LARGEST or 1) * np.ones((), x.dtype)
    zero = np.clip(np.round(-low / scale), 0, _LARGEST)
    y = np.clip(np.round(x / scale) + zero, 0, _LARGEST).astype(np.uint8)
    return y, np.asarray(scale, x.dtype), np.asarray(zero, np.uint8)


def dynamic_quantize_extent(_attrs: None, x: TensorSpec) -> Extent:
    """Everything: the range is that of all elements."""
    return Mixes(tuple(range(len(x.shape))))


DYNAMIC_QUANTIZE = define(
    name="dynamic_quantize",
    kind="elementwise",
    shape=dynamic_quantize_shape,
    cost=dynamic_quantize_cost,
    forward=dynamic_quantize_forward,
    backward=not_differentiable,
    backward_cost=free,
    extent=dynamic_quantize_extent,
)
