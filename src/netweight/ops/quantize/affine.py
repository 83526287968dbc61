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
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.broadcast import unbroadcast_cost
from netweight.ops.arrays.elementwise import work_of
from netweight.ops.extent import same_position
from netweight.ops.quantize.scales import Scales, register_dequantize, register_quantize
from netweight.ops.table import FREE, Cost, Wanted, define


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
    zero, steps = SCALES.zero(attrs, zero_point, x), _along(attrs, scale, x)
    q = np.clip(np.round(x / steps) + zero, attrs.quant_min, attrs.quant_max)
    return ((q - zero) * steps).astype(x.dtype, copy=False)


def fake_quantize_backward(
    attrs: FakeQuantizeAttrs, grad_y: Array, x: Array, scale: Array, zero_point: Array | None
) -> tuple[Array, Array, None]:
    """Straight through within the bounds, as if nothing were rounded; there a scale has what rounding added.

    Beyond the bounds nothing passes to ``x``; the scale has the bound, relative to the zero point.
    """
    zero = SCALES.zero(attrs, zero_point, x)
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


def _check_scale(op: str, attrs: ScaleAttrs, x: TensorSpec, scale: TensorSpec, zero_point: TensorSpec | None) -> None:
    if attrs.dim is not None and not 0 <= attrs.dim < len(x.shape):
        raise ShapeError(f"{op}: expected 0 <= dim < {len(x.shape)}, got {attrs.dim} for shape {x.shape}")
    wanted = () if attrs.dim is None else (x.shape[attrs.dim],)
    if scale.shape != wanted or (zero_point is not None and zero_point.shape != wanted):
        given = "" if zero_point is None else f" and {zero_point.shape}"
        raise ShapeError(f"{op}: expected scale and zero_point of shape {wanted}, got {scale.shape}{given}")


def _along(attrs: ScaleAttrs, values: Array, x: Array) -> Array:
    """Scales or zero points, shaped to broadcast against ``x``."""
    return values if attrs.dim is None else values.reshape(-1, *(1,) * (x.ndim - attrs.dim - 1))


def _collected(attrs: ScaleAttrs, grad: Array, scale: Array) -> Array:
    """Sum over all elements of each scale."""
    summed: Array = grad.sum(axis=tuple(dim for dim in range(grad.ndim) if dim != attrs.dim))
    return np.asarray(summed).astype(scale.dtype, copy=False)


SCALES = Scales(check=_check_scale, spread=_along, collected=_collected)
QUANTIZE = register_quantize("quantize", QuantizeAttrs, SCALES)
DEQUANTIZE = register_dequantize("dequantize", ScaleAttrs, SCALES)

FAKE_QUANTIZE = define(
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
