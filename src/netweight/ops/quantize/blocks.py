"""Real numbers as small integers, and back, with a scale per block of neighbours along one dimension.

Shapes
    x           any
    scale       that of x, but ceil(size / block_size) along ``dim``
    zero_point  integers of the shape of scale, or None for zero
    y           that of x

Weights of 4 bits are kept so: 32 of them with a scale of 16 bits take 4.5 bits each.

Source: ONNX QuantizeLinear and DequantizeLinear, version 21, with block_size; Dettmers & Zettlemoyer 2023, "The case
for 4-bit precision".
"""

from __future__ import annotations

from dataclasses import dataclass

from netweight.errors import ShapeError
from netweight.ir import TensorSpec, bits_of, is_floating
from netweight.lazy import np
from netweight.ops.arrays.broadcast import unbroadcast_cost
from netweight.ops.arrays.dtypes import container_of
from netweight.ops.arrays.elementwise import work_of
from netweight.ops.dims import check_dims
from netweight.ops.extent import same_position
from netweight.ops.quantize.affine import integer_range
from netweight.ops.table import FREE, Array, Cost, OpDef, Wanted, free, not_differentiable, register


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockAttrs:
    """Attributes of scales per block.

    Attributes:
        dim: Dimension that the blocks are along.
        block_size: Elements of a block; the last one may be shorter.
    """

    dim: int
    block_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizeBlocksAttrs(BlockAttrs):
    """Attributes of quantisation by blocks, beside those of the blocks.

    Attributes:
        dtype: Integer type of ``y``.
    """

    dtype: str = "int8"


def quantize_blocks_shape(
    attrs: QuantizeBlocksAttrs, x: TensorSpec, scale: TensorSpec, zero_point: TensorSpec | None
) -> TensorSpec:
    """Same sizes, integers."""
    bits_of(attrs.dtype)
    if is_floating(attrs.dtype) or attrs.dtype == "bool":
        raise ShapeError(f"quantize_blocks: expected an integer type, got {attrs.dtype}")
    _check_blocks("quantize_blocks", attrs, x, scale, zero_point)
    return TensorSpec(x.shape, attrs.dtype)


def quantize_blocks_cost(
    _attrs: QuantizeBlocksAttrs, x: TensorSpec, _scale: TensorSpec, zero_point: TensorSpec | None
) -> Cost:
    """Per element a division, a rounding, the zero point where there is one, and both bounds."""
    return work_of(x.numel, {"divs": 1, "compares": 3} | ({} if zero_point is None else {"adds": 1}))


def quantize_blocks_forward(attrs: QuantizeBlocksAttrs, x: Array, scale: Array, zero_point: Array | None) -> Array:
    """round(x / scale) + zero_point, within the bounds of the type; odd widths in the next wider type of NumPy."""
    low, high = integer_range(attrs.dtype)
    q = np.round(x / _spread(attrs, scale, x)) + _zero(attrs, zero_point, x)
    return np.clip(q, low, high).astype(container_of(attrs.dtype))


def dequantize_blocks_shape(
    attrs: BlockAttrs, x: TensorSpec, scale: TensorSpec, zero_point: TensorSpec | None
) -> TensorSpec:
    """Same sizes, type of the scale."""
    if is_floating(x.dtype):
        raise ShapeError(f"dequantize_blocks: expected x of an integer type, got {x.dtype}")
    _check_blocks("dequantize_blocks", attrs, x, scale, zero_point)
    return TensorSpec(x.shape, scale.dtype)


def dequantize_blocks_cost(
    _attrs: BlockAttrs, x: TensorSpec, _scale: TensorSpec, zero_point: TensorSpec | None
) -> Cost:
    """Per element the zero point where there is one, and a multiplication."""
    return work_of(x.numel, {"muls": 1} | ({} if zero_point is None else {"adds": 1}))


def dequantize_blocks_forward(attrs: BlockAttrs, x: Array, scale: Array, zero_point: Array | None) -> Array:
    """(x - zero_point) * scale."""
    return _from_zero(attrs, x, scale, zero_point) * _spread(attrs, scale, x)


def dequantize_blocks_backward(
    attrs: BlockAttrs, grad_y: Array, x: Array, scale: Array, zero_point: Array | None
) -> tuple[None, Array, None]:
    """A scale collects the gradients of its elements, each times its integer."""
    grad = grad_y * _from_zero(attrs, x, scale, zero_point)
    starts = np.arange(0, x.shape[attrs.dim], attrs.block_size)
    return None, np.add.reduceat(grad, starts, axis=attrs.dim).astype(scale.dtype, copy=False), None


def dequantize_blocks_backward_cost(
    attrs: BlockAttrs, wanted: Wanted, x: TensorSpec, scale: TensorSpec, zero_point: TensorSpec | None
) -> Cost:
    """That of the forward, and the sums."""
    if not wanted[1]:
        return FREE
    return dequantize_blocks_cost(attrs, x, scale, zero_point) + unbroadcast_cost(x.numel, scale.numel)


def _check_blocks(op: str, attrs: BlockAttrs, x: TensorSpec, scale: TensorSpec, zero_point: TensorSpec | None) -> None:
    check_dims(op, x.shape, attrs.dim)
    if attrs.block_size < 1 or min(x.shape) < 1:
        raise ShapeError(f"{op}: expected a block_size and sizes of at least 1, got {attrs.block_size} for {x.shape}")
    blocks = -(-x.shape[attrs.dim] // attrs.block_size)
    wanted = (*x.shape[: attrs.dim], blocks, *x.shape[attrs.dim + 1 :])
    if scale.shape != wanted or (zero_point is not None and zero_point.shape != wanted):
        given = "" if zero_point is None else f" and {zero_point.shape}"
        raise ShapeError(f"{op}: expected scale and zero_point of shape {wanted}, got {scale.shape}{given}")


def _spread(attrs: BlockAttrs, values: Array, x: Array) -> Array:
    """The number of its block for every element."""
    return np.take(values, np.arange(x.shape[attrs.dim]) // attrs.block_size, axis=attrs.dim)


def _zero(attrs: BlockAttrs, zero_point: Array | None, x: Array) -> Array:
    return np.zeros((), np.int64) if zero_point is None else _spread(attrs, zero_point, x).astype(np.int64)


def _from_zero(attrs: BlockAttrs, x: Array, scale: Array, zero_point: Array | None) -> Array:
    return (x.astype(np.int64) - _zero(attrs, zero_point, x)).astype(scale.dtype)


QUANTIZE_BLOCKS = register(
    OpDef(
        name="quantize_blocks",
        kind="elementwise",
        attrs=QuantizeBlocksAttrs,
        inputs=("x", "scale", "zero_point"),
        shape=quantize_blocks_shape,
        cost=quantize_blocks_cost,
        forward=quantize_blocks_forward,
        backward=not_differentiable,
        backward_cost=free,
        extent=same_position,
    )
)

DEQUANTIZE_BLOCKS = register(
    OpDef(
        name="dequantize_blocks",
        kind="elementwise",
        attrs=BlockAttrs,
        inputs=("x", "scale", "zero_point"),
        shape=dequantize_blocks_shape,
        cost=dequantize_blocks_cost,
        forward=dequantize_blocks_forward,
        backward=dequantize_blocks_backward,
        backward_cost=dequantize_blocks_backward_cost,
        saves={"x": ("scale",), "zero_point": ("scale",)},
        extent=same_position,
    )
)
