"""Products of small integers, added up in 32 bits: what a quantised network computes.

Shapes
    integer_matmul  a (*batch, m, k), b (*batch, k, n), as ``matmul``; zero points broadcast to their operand
    integer_conv    x (N, C_in, *in), weight (C_out, C_in / groups, *kernel), as ``conv`` without bias;
                    x_zero (), weight_zero () or (C_out,)
    requantize      x any, scale and zero_point () or (size,) of the dimension ``dim``

A zero point is the integer that stands for zero; padding stands for zero as well. Products and sums are of the
differences to it. ``requantize`` brings the sums back to small integers: y = round(x * scale) + zero_point, the scale
being that of both operands over that of the result.

Source: ONNX MatMulInteger, ConvInteger, QLinearMatMul, QLinearConv; Jacob et al. 2018, "Quantization and training of
neural networks for efficient integer-arithmetic-only inference", section 2.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec, is_floating
from netweight.lazy import Array, np
from netweight.ops.arrays.broadcast import broadcast_shape
from netweight.ops.arrays.dtypes import container_of
from netweight.ops.arrays.elementwise import work_of
from netweight.ops.contract.conv import ConvAttrs, conv_cost, conv_extent, conv_forward, conv_shape
from netweight.ops.contract.matmul import matmul_cost, matmul_extent, matmul_forward, matmul_shape
from netweight.ops.extent import Extent, same_position
from netweight.ops.quantize.affine import SCALES, QuantizeAttrs
from netweight.ops.quantize.fixed_point import fixed_point, scaled
from netweight.ops.quantize.scales import integer_range
from netweight.ops.table import Cost, define, free, not_differentiable

_Zero = TensorSpec | None


_MOST_BITS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class RequantizeAttrs(QuantizeAttrs):
    """Attributes of bringing sums back to small integers, beside those of quantisation.

    Attributes:
        rounding: ``"even"``, of the product in double precision; ``"fixed_point"``, as kernels of integers round it;
            ``"away"``, of the quotient by the whole number nearest to 1 / scale, halves away from zero.
        x_zero: The integer of ``x`` that stands for zero.
        fraction_bits: Bits that ``x`` gets below the point before it is multiplied in fixed point.
    """

    rounding: Literal["even", "fixed_point", "away"] = "even"
    x_zero: int = 0
    fraction_bits: int = 0


def integer_matmul_shape(_attrs: None, a: TensorSpec, b: TensorSpec, a_zero: _Zero, b_zero: _Zero) -> TensorSpec:
    """That of ``matmul``, in int32."""
    for name, x, zero in (("a", a, a_zero), ("b", b, b_zero)):
        _check_integers("integer_matmul", name, x, zero)
        if zero is not None and broadcast_shape("integer_matmul", zero.shape, x.shape) != x.shape:
            raise ShapeError(
                f"integer_matmul: expected {name}_zero that broadcasts to {name} {x.shape}, got {zero.shape}"
            )
    return TensorSpec(matmul_shape(None, a, b).shape, "int32")


def integer_matmul_cost(_attrs: None, a: TensorSpec, b: TensorSpec, a_zero: _Zero, b_zero: _Zero) -> Cost:
    """k MACs per element of the result, and the difference to a zero point per element of its operand."""
    return matmul_cost(None, a, b) + _differences((a, a_zero), (b, b_zero))


def integer_matmul_forward(_attrs: None, a: Array, b: Array, a_zero: Array | None, b_zero: Array | None) -> Array:
    """(a - a_zero) (b - b_zero)."""
    return matmul_forward(None, _from_zero(a, a_zero), _from_zero(b, b_zero))


def integer_matmul_extent(_attrs: None, a: TensorSpec, b: TensorSpec, *_zeros: _Zero) -> Extent:
    """That of ``matmul``."""
    return matmul_extent(None, a, b)


def integer_conv_shape(
    attrs: ConvAttrs, x: TensorSpec, weight: TensorSpec, x_zero: _Zero, weight_zero: _Zero
) -> TensorSpec:
    """That of ``conv``, in int32."""
    _check_integers("integer_conv", "x", x, x_zero)
    _check_integers("integer_conv", "weight", weight, weight_zero)
    if x_zero is not None and x_zero.shape:
        raise ShapeError(f"integer_conv: expected x_zero of shape (), got {x_zero.shape}")
    if weight_zero is not None and weight_zero.shape not in ((), weight.shape[:1]):
        raise ShapeError(
            f"integer_conv: expected weight_zero of shape () or {weight.shape[:1]}, got {weight_zero.shape}"
        )
    return TensorSpec(conv_shape(attrs, x, weight, None).shape, "int32")


def integer_conv_cost(attrs: ConvAttrs, x: TensorSpec, weight: TensorSpec, x_zero: _Zero, weight_zero: _Zero) -> Cost:
    """MACs as ``conv``, and the difference to a zero point per element of its operand."""
    return conv_cost(attrs, x, weight, None) + _differences((x, x_zero), (weight, weight_zero))


def integer_conv_forward(
    attrs: ConvAttrs, x: Array, weight: Array, x_zero: Array | None, weight_zero: Array | None
) -> Array:
    """Slide (weight - weight_zero) over (x - x_zero), padded with zeros."""
    return conv_forward(attrs, *from_zero_points(x, weight, x_zero, weight_zero), None)


def from_zero_points(x: Array, weight: Array, x_zero: Array | None, weight_zero: Array | None) -> tuple[Array, Array]:
    """What a convolution multiplies: the differences to zero points, that of the weight for all or for each channel."""
    per_channel = weight_zero
    if weight_zero is not None and weight_zero.ndim:
        per_channel = weight_zero.reshape(-1, *(1,) * (weight.ndim - 1))
    return _from_zero(x, x_zero), _from_zero(weight, per_channel)


def integer_conv_extent(attrs: ConvAttrs, x: TensorSpec, weight: TensorSpec, *_zeros: _Zero) -> Extent:
    """That of ``conv``."""
    return conv_extent(attrs, x, weight, None)


def requantize_shape(attrs: RequantizeAttrs, x: TensorSpec, scale: TensorSpec, zero_point: _Zero) -> TensorSpec:
    """Same sizes, the smaller integers."""
    _check_integers("requantize", "x", x, None)
    if attrs.rounding not in ("even", "fixed_point", "away"):
        raise ShapeError(f"requantize: expected rounding 'even', 'fixed_point' or 'away', got {attrs.rounding!r}")
    if attrs.fraction_bits and attrs.rounding != "fixed_point":
        raise ShapeError(f"requantize: expected fraction_bits of fixed point alone, got {attrs.rounding!r}")
    if not 0 <= attrs.fraction_bits <= _MOST_BITS:
        raise ShapeError(f"requantize: expected 0 <= fraction_bits <= {_MOST_BITS}, got {attrs.fraction_bits}")
    return SCALES.quantized("quantize", attrs, x, scale, zero_point)


def requantize_cost(attrs: RequantizeAttrs, x: TensorSpec, _scale: TensorSpec, zero_point: _Zero) -> Cost:
    """Per element a multiplication, a rounding, both zero points where they are, and both bounds."""
    adds = (zero_point is not None) + (attrs.x_zero != 0)
    return work_of(x.numel, {"muls": 1, "compares": 3} | ({"adds": adds} if adds else {}))


def requantize_forward(attrs: RequantizeAttrs, x: Array, scale: Array, zero_point: Array | None) -> Array:
    """round((x - x_zero) * scale) + zero_point, within the bounds of the type."""
    along = (-1, *(1,) * (x.ndim - attrs.dim - 1)) if attrs.dim is not None else ()
    low, high = integer_range(attrs.dtype)
    q = _rounded(attrs, x.astype(np.int64) - attrs.x_zero, scale.reshape(along))
    q = q + (0 if zero_point is None else zero_point.reshape(along).astype(np.int64))
    return np.clip(q, low, high).astype(container_of(attrs.dtype))


def _rounded(attrs: RequantizeAttrs, x: Array, scale: Array) -> Array:
    match attrs.rounding:
        case "fixed_point":
            return scaled(x << attrs.fraction_bits, *fixed_point(scale))
        case "away":
            count = np.round(1 / scale).astype(np.int64)
            return np.sign(x) * ((np.abs(x) + count // 2) // count)
        case _:
            return np.round(x * scale)


def _check_integers(op: str, name: str, x: TensorSpec, zero: _Zero) -> None:
    for what, spec in ((name, x), (f"{name}_zero", zero)):
        if spec is not None and (is_floating(spec.dtype) or spec.dtype == "bool"):
            raise ShapeError(f"{op}: expected {what} of an integer type, got {spec.dtype}")


def _differences(*operands: tuple[TensorSpec, _Zero]) -> Cost:
    cost = Cost()
    for spec, zero in operands:
        if zero is not None:
            cost += Cost(adds=product(elements=spec.numel))
    return cost


def _from_zero(x: Array, zero: Array | None) -> Array:
    wide = x.astype(np.int32)
    return wide if zero is None else wide - zero.astype(np.int32)


INTEGER_MATMUL = define(
    name="integer_matmul",
    kind="matmul",
    inputs=("a", "b", "a_zero", "b_zero"),
    shape=integer_matmul_shape,
    cost=integer_matmul_cost,
    forward=integer_matmul_forward,
    backward=not_differentiable,
    backward_cost=free,
    extent=integer_matmul_extent,
    dims={"a": "*batch m k", "b": "*batch k n", "y": "*batch m n"},
)

INTEGER_CONV = define(
    name="integer_conv",
    kind="conv",
    attrs=ConvAttrs,
    inputs=("x", "weight", "x_zero", "weight_zero"),
    shape=integer_conv_shape,
    cost=integer_conv_cost,
    forward=integer_conv_forward,
    backward=not_differentiable,
    backward_cost=free,
    extent=integer_conv_extent,
    dims={"x": "n c_in *in", "weight": "c_out c_in/groups *k", "y": "n c_out *out"},
)

REQUANTIZE = define(
    name="requantize",
    kind="elementwise",
    attrs=RequantizeAttrs,
    inputs=("x", "scale", "zero_point"),
    shape=requantize_shape,
    cost=requantize_cost,
    forward=requantize_forward,
    backward=not_differentiable,
    backward_cost=free,
    extent=same_position,
)
