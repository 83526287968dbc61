import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

from cases.draws import Case, generator, normal, shapes
from cases.move.layout import slice_cases
from netweight.ops.move.copies import RepeatInterleaveAttrs
from netweight.ops.move.creation import ArangeAttrs, FullAttrs, OneHotAttrs
from netweight.ops.move.shuffle import ChannelShuffleAttrs, PixelShuffleAttrs, PixelUnshuffleAttrs
from netweight.ops.move.triangle import DiagonalAttrs, TriangleAttrs


@st.composite
def copy_cases(draw: DrawFn) -> Case:
    """Row-major or not."""
    x = normal(draw, *draw(shapes(0, 4)))
    return None, (x.T if draw(st.booleans()) else x,)


@st.composite
def slice_scatter_cases(draw: DrawFn) -> Case:
    attrs, (x,) = draw(slice_cases())
    part = x[(*(slice(None),) * attrs.dim, slice(attrs.start, attrs.stop, attrs.step))]
    return attrs, (x, normal(draw, *part.shape))


@st.composite
def repeat_interleave_cases(draw: DrawFn) -> Case:
    shape = draw(shapes())
    dim = draw(st.integers(0, len(shape) - 1))
    return RepeatInterleaveAttrs(repeats=draw(st.integers(1, 4)), dim=dim), (normal(draw, *shape),)


@st.composite
def pixel_shuffle_cases(draw: DrawFn) -> Case:
    *lead, c, h, w = draw(shapes(3, 5, 3))
    r = draw(st.integers(1, 3))
    attrs = PixelShuffleAttrs(upscale_factor=r, blocks_first=draw(st.booleans()))
    return attrs, (normal(draw, *lead, c * r * r, h, w),)


@st.composite
def pixel_unshuffle_cases(draw: DrawFn) -> Case:
    *lead, c, h, w = draw(shapes(3, 5, 3))
    r = draw(st.integers(1, 3))
    attrs = PixelUnshuffleAttrs(downscale_factor=r, blocks_first=draw(st.booleans()))
    return attrs, (normal(draw, *lead, c, h * r, w * r),)


@st.composite
def channel_shuffle_cases(draw: DrawFn) -> Case:
    n, c, *rest = draw(shapes(3, 5, 3))
    groups = draw(st.integers(1, 4))
    return ChannelShuffleAttrs(groups=groups), (normal(draw, n, c * groups, *rest),)


@st.composite
def triangle_cases(draw: DrawFn) -> Case:
    """Numbers of any type."""
    x = 10 * normal(draw, *draw(shapes(2, 4)))
    dtype = draw(st.sampled_from(["float64", "float64", "int64", "bool"]))
    return TriangleAttrs(diagonal=draw(st.integers(-5, 5))), (x.astype(dtype),)


@st.composite
def diagonal_cases(draw: DrawFn) -> Case:
    shape = draw(shapes(2, 4))
    dim1, dim2 = draw(st.permutations(range(len(shape))))[:2]
    offset = draw(st.integers(1 - shape[dim1], shape[dim2] - 1))
    return DiagonalAttrs(offset=offset, dim1=dim1, dim2=dim2), (normal(draw, *shape),)


@st.composite
def full_cases(draw: DrawFn) -> Case:
    dtype, value = draw(st.sampled_from([("float32", -0.5), ("float64", 1e30), ("int64", 7), ("bool", True)]))
    return FullAttrs(shape=draw(shapes(0, 3)), value=value, dtype=dtype), ()


@st.composite
def arange_cases(draw: DrawFn) -> Case:
    start, count = draw(st.integers(-4, 4)), draw(st.integers(0, 6))
    step = draw(st.sampled_from([1, 3, -2, 0.25, -1.5]))
    # A last step that is not complete, unless there is no room for any.
    end = start + step * count - (draw(st.sampled_from([0, 0.5])) * step if count else 0)
    dtype = draw(st.sampled_from(["float64", "float32", "int64"]))
    return ArangeAttrs(start=start, end=end, step=step, dtype=dtype), ()


@st.composite
def one_hot_cases(draw: DrawFn) -> Case:
    classes = draw(st.integers(1, 5))
    lenient = draw(st.booleans())
    low, high = (-classes - 2, classes + 2) if lenient else (0, classes)
    index = generator(draw).integers(low, high, draw(shapes(0, 3)))
    return OneHotAttrs(num_classes=classes, lenient=lenient), (
        np.asarray(index).astype(draw(st.sampled_from(["int64", "int8"]))),
    )


CASES = {
    "copy": copy_cases(),
    "detach": copy_cases(),
    "slice_scatter": slice_scatter_cases(),
    "repeat_interleave": repeat_interleave_cases(),
    "pixel_shuffle": pixel_shuffle_cases(),
    "pixel_unshuffle": pixel_unshuffle_cases(),
    "channel_shuffle": channel_shuffle_cases(),
    "tril": triangle_cases(),
    "triu": triangle_cases(),
    "diagonal": diagonal_cases(),
    "full": full_cases(),
    "arange": arange_cases(),
    "one_hot": one_hot_cases(),
}
LINEAR = ["copy", "repeat_interleave", "pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "diagonal"]
