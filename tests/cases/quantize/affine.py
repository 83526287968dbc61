from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

from cases.draws import Case, generator, shapes
from netweight.ops.quantize.affine import FakeQuantizeAttrs, QuantizeAttrs, ScaleAttrs
from netweight.ops.quantize.scales import integer_range


@st.composite
def scales(draw: DrawFn, shape: tuple[int, ...]) -> tuple[int | None, Any, Any]:
    """Dimension, scale and zero point: one for all or one per channel, the zero point perhaps left out."""
    dim = draw(st.sampled_from([None, *range(len(shape))]))
    sizes = () if dim is None else (shape[dim],)
    rng = generator(draw)
    scale = rng.choice([0.125, 0.1, 0.75, 2.0], sizes)
    zero_point = np.asarray(rng.integers(0, 9, sizes)).astype("int32") if draw(st.booleans()) else None
    return dim, np.asarray(scale), zero_point


@st.composite
def real_cases(draw: DrawFn, low: int, high: int) -> tuple[Any, ...]:
    """Numbers beyond both bounds as well, none near half-way between two integers."""
    shape = draw(shapes())
    dim, scale, zero_point = draw(scales(shape))
    rng = generator(draw)
    steps = rng.integers(low - 9, high + 9, shape) + rng.uniform(-0.4, 0.4, shape)
    along = scale if dim is None else scale.reshape(-1, *(1,) * (len(shape) - dim - 1))
    return dim, (steps * along, scale, zero_point)


@st.composite
def quantize_cases(draw: DrawFn) -> Case:
    dtype = draw(st.sampled_from(["int8", "uint8", "int32"]))
    low, high = integer_range(dtype)
    dim, inputs = draw(real_cases(max(low, -1000), min(high, 1000)))
    return QuantizeAttrs(dim=dim, dtype=dtype), inputs


@st.composite
def dequantize_cases(draw: DrawFn) -> Case:
    shape = draw(shapes())
    dim, scale, zero_point = draw(scales(shape))
    x = generator(draw).integers(0, 100, shape).astype(draw(st.sampled_from(["int8", "uint8", "int32"])))
    return ScaleAttrs(dim=dim), (x, scale, zero_point)


@st.composite
def fake_quantize_cases(draw: DrawFn) -> Case:
    low, high = draw(st.sampled_from([(-128, 127), (0, 255), (-8, 7)]))
    dim, inputs = draw(real_cases(low, high))
    return FakeQuantizeAttrs(dim=dim, quant_min=low, quant_max=high), inputs


CASES = {"quantize": quantize_cases(), "dequantize": dequantize_cases(), "fake_quantize": fake_quantize_cases()}
STRAIGHT_THROUGH = ["fake_quantize"]
