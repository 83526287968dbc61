from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

from cases.draws import Case, generator, shapes
from netweight.ops.quantize.blocks import BlockAttrs, QuantizeBlocksAttrs
from netweight.ops.quantize.scales import integer_range


def scales(draw: DrawFn, shape: tuple[int, ...], dim: int, block_size: int) -> tuple[Any, Any]:
    """Scale and zero point of every block, the zero point perhaps left out."""
    sizes = (*shape[:dim], -(-shape[dim] // block_size), *shape[dim + 1 :])
    rng = generator(draw)
    zero_point = rng.integers(0, 9, sizes).astype("int32") if draw(st.booleans()) else None
    return rng.choice([0.125, 0.1, 0.75, 2.0], sizes), zero_point


@st.composite
def quantize_blocks_cases(draw: DrawFn) -> Case:
    """Numbers beyond both bounds as well, none near half-way between two integers; last blocks cut short."""
    shape = draw(shapes(max_side=5))
    dim, block_size = draw(st.integers(0, len(shape) - 1)), draw(st.integers(1, 6))
    dtype = draw(st.sampled_from(["int8", "uint8", "int16"]))
    low, high = (max(integer_range(dtype)[0], -1000), min(integer_range(dtype)[1], 1000))
    scale, zero_point = scales(draw, shape, dim, block_size)
    rng = generator(draw)
    steps = rng.integers(low - 9, high + 9, shape) + rng.uniform(-0.4, 0.4, shape)
    x = steps * np.take(scale, np.arange(shape[dim]) // block_size, axis=dim)
    return QuantizeBlocksAttrs(dim=dim, block_size=block_size, dtype=dtype), (x, scale, zero_point)


@st.composite
def dequantize_blocks_cases(draw: DrawFn) -> Case:
    shape = draw(shapes(max_side=5))
    dim, block_size = draw(st.integers(0, len(shape) - 1)), draw(st.integers(1, 6))
    x = generator(draw).integers(0, 100, shape).astype(draw(st.sampled_from(["int8", "uint8", "int32"])))
    return BlockAttrs(dim=dim, block_size=block_size), (x, *scales(draw, shape, dim, block_size))


CASES = {"quantize_blocks": quantize_blocks_cases(), "dequantize_blocks": dequantize_blocks_cases()}
