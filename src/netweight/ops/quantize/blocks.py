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
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.dims import check_dims
from netweight.ops.quantize.scales import Scales, register_dequantize, register_quantize


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


def _collected(attrs: BlockAttrs, grad: Array, scale: Array) -> Array:
    """Sum over all elements of each block."""
    starts = np.arange(0, grad.shape[attrs.dim], attrs.block_size)
    return np.add.reduceat(grad, starts, axis=attrs.dim).astype(scale.dtype, copy=False)


_SCALES = Scales(check=_check_blocks, spread=_spread, collected=_collected)
QUANTIZE_BLOCKS = register_quantize("quantize_blocks", QuantizeBlocksAttrs, _SCALES)
DEQUANTIZE_BLOCKS = register_dequantize("dequantize_blocks", BlockAttrs, _SCALES)
