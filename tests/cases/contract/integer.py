from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

from cases.contract.conv import conv_cases
from cases.contract.matmul import matmul_cases
from cases.draws import Case, generator, shapes
from netweight.ops.contract.integer import RequantizeAttrs
from netweight.ops.quantize.scales import integer_range


def integers_like(draw: DrawFn, x: Any) -> Any:
    """Integers of eight bits with a sign or without, in the shape of ``x``."""
    low, high = (-128, 128) if draw(st.booleans()) else (0, 256)
    return generator(draw).integers(low, high, x.shape).astype("int8" if low else "uint8")


def zero_of(draw: DrawFn, x: Any, *shapes_of_zero: tuple[int, ...]) -> Any:
    """A zero point of one of the shapes, or None."""
    shape = draw(st.sampled_from([None, *shapes_of_zero]))
    return None if shape is None else np.asarray(generator(draw).integers(0, 99, shape)).astype(x.dtype)


@st.composite
def integer_matmul_cases(draw: DrawFn) -> Case:
    """Zero points for all, per row of the first and per column of the second operand."""
    _, (a, b) = draw(matmul_cases())
    a, b = integers_like(draw, a), integers_like(draw, b)
    rows = [(*a.shape[:-1], 1)] if a.ndim > 1 else []
    columns = [b.shape[-1:], (*b.shape[:-2], 1, b.shape[-1])] if b.ndim > 1 else []
    return None, (a, b, zero_of(draw, a, (), *rows), zero_of(draw, b, (), *columns))


@st.composite
def integer_conv_cases(draw: DrawFn) -> Case:
    attrs, (x, weight, _) = draw(conv_cases())
    x, weight = integers_like(draw, x), integers_like(draw, weight)
    return attrs, (x, weight, zero_of(draw, x, ()), zero_of(draw, weight, (), weight.shape[:1]))


@st.composite
def requantize_cases(draw: DrawFn) -> Case:
    """Sums beyond both bounds as well."""
    shape = draw(shapes())
    dim = draw(st.sampled_from([None, *range(len(shape))]))
    sizes = () if dim is None else (shape[dim],)
    rng = generator(draw)
    dtype = draw(st.sampled_from(["int8", "uint8", "int16"]))
    low, high = integer_range(dtype)
    zero = np.asarray(rng.integers(max(low, -99), min(high, 99), sizes)).astype(dtype) if draw(st.booleans()) else None
    scale = np.asarray(rng.choice([0.0123, 0.3, 0.5], sizes))
    attrs = RequantizeAttrs(dim=dim, dtype=dtype, x_zero=draw(st.sampled_from([0, -3])))
    return attrs, (rng.integers(-9999, 9999, shape).astype("int32"), scale, zero)


CASES = {
    "integer_matmul": integer_matmul_cases(),
    "integer_conv": integer_conv_cases(),
    "requantize": requantize_cases(),
}
