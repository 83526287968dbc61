"""Real numbers as small integers, and back: q = round(x / scale) + zero_point.

Shapes
    x           any
    scale       (), or (size,) of the dimension ``dim``: one per channel
    zero_point  integers of the shape of scale, or None for zero
    y           that of x

Halves round to even, and what the integer type does not hold becomes the nearest number it does.

Source: ONNX QuantizeLinear and DequantizeLinear; torch.quantize_per_tensor, torch.fake_quantize_per_channel_affine;
Jacob et al. 2018, "Quantization and training of neural networks for efficient integer-arithmetic-only inference". The
gradient of a scale: Esser et al. 2020, "Learned step size quantization".
"""

from __future__ import annotations

from dataclasses import dataclass

from netweight.errors import ShapeError
from netweight.ir import TensorSpec, bits_of, is_floating
from netweight.lazy import np
from netweight.ops.arrays.broadcast import unbroadcast_cost
from netweight.ops.arrays.dtypes import container_of
from netweight.ops.arrays.elementwise import work_of
from netweight.ops.extent import same_position
from netweight.ops.table import FREE, Array, Cost, OpDef, Wanted, free, not_differentiable, register


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleAttrs:
    """Attributes of a scale.

    Attributes:
        dim: Dimension of ``x`` that has a scale per position, None for one scale for all.
    """

    dim: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizeAttrs(ScaleAttrs):
    """Attributes of quantisation, beside those of a scale.

    Attributes:
        dtype: Integer type of ``y``.
    """

    dtype: str = "int8"


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeQuantizeAttrs(ScaleAttrs):
    """Attributes of the rounding that quantisation does, beside those of a scale.

    Attributes:
        quant_min: Smallest integer.
        quant_max: Largest integer.
    """

    quant_min: int = -128
    quant_max: int = 127


def quantize_shape(attrs: QuantizeAttrs, x: TensorSpec, scale: TensorSpec, zero_point: TensorSpec | None) -> TensorSpec:
    """Same sizes, integers."""
    bits_of(attrs.dtype)
    if is_floating(attrs.dtype) or attrs.dtype == "bool":
        raise ShapeError(f"quantize: expected an integer type, got {attrs.dtype}")
    _check_scale("quantize", attrs, x, scale, zero_point)
    return TensorSpec(x.shape, attrs.dtype)


def quantize_cost(_attrs: QuantizeAttrs, x: TensorSpec, _scale: TensorSpec, zero_point: TensorSpec | None) -> Cost:
    """Per element a division, a rounding, the zero point where there is one, and both bounds."""
    return work_of(x.numel, {"divs": 1, "compares": 3} | ({} if zero_point is None else {"adds": 1}))


def quantize_forward(attrs: QuantizeAttrs, x: Array, scale: Array, zero_point: Array | None) -> Array:
    """round(x / scale) + zero_point, within the bounds of the type; odd widths in the next wider type of NumPy."""
    low, high = integer_range(attrs.dtype)
    q = np.round(x / _along(attrs, scale, x)) + _along(attrs, zero_point, x)
    return np.clip(q, low, high).astype(container_of(attrs.dtype))


def dequantize_shape(attrs: ScaleAttrs, x: TensorSpec, scale: TensorSpec, zero_point: TensorSpec | None) -> TensorSpec:
    """Same sizes, type of the scale."""
    if is_floating(x.dtype):
        raise ShapeError(f"dequantize: expected x of an integer type, got {x.dtype}")
    _check_scale("dequantize", attrs, x, scale, zero_point)
    return TensorSpec(x.shape, scale.dtype)


def dequantize_cost(_attrs: ScaleAttrs, x: TensorSpec, _scale: TensorSpec, zero_point: TensorSpec | None) -> Cost:
    """Per element the zero point where there is one, and a multiplication."""
    return work_of(x.numel, {"muls": 1} | ({} if zero_point is None else {"adds": 1}))


def dequantize_forward(attrs: ScaleAttrs, x: Array, scale: Array, zero_point: Array | None) -> Array:
    """(x - zero_point) * scale."""
    return _from_zero(attrs, x, scale, zero_point) * _along(attrs, scale, x)


def dequantize_backward(
    attrs: ScaleAttrs, grad_y: Array, x: Array, scale: Array, zero_point: Array | None
) -> tuple[None, Array, None]:
    """A scale collects the gradients of its elements, each times its integer."""
    return None, _collected(attrs, grad_y * _from_zero(attrs, x, scale, zero_point), scale), None


def dequantize_backward_cost(
    attrs: ScaleAttrs, wanted: Wanted, x: TensorSpec, scale: TensorSpec, zero_point: TensorSpec | None
) -> Cost:
    """That of the forward, and the sums."""
    if not wanted[1]:
        return FREE
    return dequantize_cost(attrs, x, scale, zero_point) + unbroadcast_cost(x.numel, scale.numel)


def fake_quantize_shape(
    attrs: FakeQuantizeAttrs, x: TensorSpec, scale: TensorSpec, zero_point: TensorSpec | None
) -> TensorSpec:
    """Same as ``x``."""
    if attrs.quant_min >= attrs.quant_max:
        raise ShapeError(f"fake_quantize: expected quant_min < quant_max, got {attrs.quant_min} and {attrs.quant_max}")
    _check_scale("fake_quantize", attrs, x, scale, zero_point)
    return x


def fake_quantize_cost(
    _attrs: FakeQuantizeAttrs, x: TensorSpec, _scale: TensorSpec, zero_point: TensorSpec | None
) -> Cost:
    """That of quantising and of going back."""
    work = {"divs": 1, "compares": 3, "muls": 1} | ({} if zero_point is None else {"adds": 2})
    return work_of(x.numel, work)


def fake_quantize_forward(attrs: FakeQuantizeAttrs, x: Array, scale: Array, zero_point: Array | None) -> Array:
    """(q - zero_point) * scale of q = round(x / scale) + zero_point, within the bounds."""
    zero = _along(attrs, zero_point, x)
    q = np.clip(np.round(x / _along(attrs, scale, x)) + zero, attrs.quant_min, attrs.quant_max)
    return ((q - zero) * _along(attrs, scale, x)).astype(x.dtype, copy=False)


def fake_quantize_backward(
    attrs: FakeQuantizeAttrs, grad_y: Array, x: Array, scale: Array, zero_point: Array | None
) -> tuple[Array, Array, None]:
    """Straight through within the bounds, as if nothing were rounded; there a scale has what rounding added.

    Beyond the bounds nothing passes to ``x``; the scale has the bound, relative to the zero point.
    """
    zero = _along(attrs, zero_point, x)
    exact = x / _along(attrs, scale, x)
    rounded = np.round(exact)
    inside = (rounded + zero >= attrs.quant_min) & (rounded + zero <= attrs.quant_max)
    bound = np.clip(rounded + zero, attrs.quant_min, attrs.quant_max) - zero
    return grad_y * inside, _collected(attrs, grad_y * np.where(inside, rounded - exact, bound), scale), None


def fake_quantize_backward_cost(
    _attrs: FakeQuantizeAttrs, wanted: Wanted, x: TensorSpec, scale: TensorSpec, zero_point: TensorSpec | None
) -> Cost:
    """The integer again, for both bounds; for the scale the difference of it, a product, and the sums."""
    shifted = {} if zero_point is None else {"adds": 1}
    cost = work_of(x.numel, {"divs": 1, "compares": 3} | shifted) if any(wanted[:2]) else FREE
    if wanted[1]:
        cost += work_of(x.numel, {"adds": 1, "muls": 1}) + unbroadcast_cost(x.numel, scale.numel)
    return cost


def integer_range(dtype: str) -> tuple[int, int]:
    """Smallest and largest integer of a type.

    >>> integer_range("int4"), integer_range("uint8")
    ((-8, 7), (0, 255))
    """
    bits = bits_of(dtype)
    return (0, 2**bits - 1) if dtype.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def _check_scale(op: str, attrs: ScaleAttrs, x: TensorSpec, scale: TensorSpec, zero_point: TensorSpec | None) -> None:
    if attrs.dim is not None and not 0 <= attrs.dim < len(x.shape):
        raise ShapeError(f"{op}: expected 0 <= dim < {len(x.shape)}, got {attrs.dim} for shape {x.shape}")
    wanted = () if attrs.dim is None else (x.shape[attrs.dim],)
    if scale.shape != wanted or (zero_point is not None and zero_point.shape != wanted):
        given = "" if zero_point is None else f" and {zero_point.shape}"
        raise ShapeError(f"{op}: expected scale and zero_point of shape {wanted}, got {scale.shape}{given}")


def _along(attrs: ScaleAttrs, values: Array | None, x: Array) -> Array:
    """Scales or zero points, shaped to broadcast against ``x``."""
    if values is None:
        return np.zeros((), np.int64)
    return values if attrs.dim is None else values.reshape(-1, *(1,) * (x.ndim - attrs.dim - 1))


def _from_zero(attrs: ScaleAttrs, x: Array, scale: Array, zero_point: Array | None) -> Array:
    return (x.astype(np.int64) - _along(attrs, zero_point, x).astype(np.int64)).astype(scale.dtype)


def _collected(attrs: ScaleAttrs, grad: Array, scale: Array) -> Array:
    """Sum over all elements of each scale."""
    summed: Array = grad.sum(axis=tuple(dim for dim in range(grad.ndim) if dim != attrs.dim))
    return np.asarray(summed).astype(scale.dtype, copy=False)


QUANTIZE = register(
    OpDef(
        name="quantize",
        kind="elementwise",
        attrs=QuantizeAttrs,
        inputs=("x", "scale", "zero_point"),
        shape=quantize_shape,
        cost=quantize_cost,
        forward=quantize_forward,
        backward=not_differentiable,
        backward_cost=free,
        extent=same_position,
    )
)

DEQUANTIZE = register(
    OpDef(
        name="dequantize",
        kind="elementwise",
        attrs=ScaleAttrs,
        inputs=("x", "scale", "zero_point"),
        shape=dequantize_shape,
        cost=dequantize_cost,
        forward=dequantize_forward,
        backward=dequantize_backward,
        backward_cost=dequantize_backward_cost,
        saves={"x": ("scale",), "zero_point": ("scale",)},
        extent=same_position,
    )
)

FAKE_QUANTIZE = register(
    OpDef(
        name="fake_quantize",
        kind="elementwise",
        attrs=FakeQuantizeAttrs,
        inputs=("x", "scale", "zero_point"),
        shape=fake_quantize_shape,
        cost=fake_quantize_cost,
        forward=fake_quantize_forward,
        backward=fake_quantize_backward,
        backward_cost=fake_quantize_backward_cost,
        saves=("x", "scale", "zero_point"),
        extent=same_position,
    )
)
