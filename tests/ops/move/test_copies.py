from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from netweight.errors import ShapeError, UsageError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost
from netweight.ops.extent import Permutes, Slides, Spreads
from netweight.ops.move.copies import RepeatInterleaveAttrs
from netweight.ops.move.creation import ArangeAttrs, FullAttrs, OneHotAttrs
from netweight.ops.move.shuffle import ChannelShuffleAttrs, PixelShuffleAttrs, PixelUnshuffleAttrs
from netweight.ops.move.slicing import SliceAttrs
from netweight.ops.move.triangle import DiagonalAttrs, TriangleAttrs

_X = TensorSpec((1, 8, 4, 6))
_COPIES = ("copy", "slice_scatter", "repeat_interleave", "pixel_shuffle", "pixel_unshuffle", "channel_shuffle",
           "tril", "triu", "diagonal", "full", "arange", "one_hot")  # fmt: skip


@pytest.mark.parametrize("name", _COPIES)
def test_moving_is_no_work(name: str) -> None:
    assert REGISTRY[name].cost(None, _X) == Cost()
    assert REGISTRY[name].kind == "layout"


def test_a_copy_is_one_and_a_diagonal_is_none() -> None:
    x = np.arange(6.0).reshape(2, 3).T
    y = REGISTRY["copy"].forward(None, x)
    assert not np.shares_memory(x, y)
    assert y.flags.c_contiguous
    assert np.shares_memory(REGISTRY["diagonal"].forward(DiagonalAttrs(), x), x)
    assert [name for name in _COPIES if REGISTRY[name].view] == ["diagonal"]


def test_a_slice_replaced() -> None:
    attrs = SliceAttrs(dim=1, start=0, stop=3, step=2)
    x, src = np.zeros((2, 3)), np.array([[1.0, 2.0], [3.0, 4.0]])
    op = REGISTRY["slice_scatter"]
    np.testing.assert_array_equal(op.forward(attrs, x, src), [[1, 0, 2], [3, 0, 4]])
    grad_x, grad_src = op.backward(attrs, np.arange(6.0).reshape(2, 3), x, src)
    np.testing.assert_array_equal(grad_x, [[0, 1, 0], [0, 4, 0]])
    np.testing.assert_array_equal(grad_src, [[0, 2], [3, 5]])


def test_repeating_every_element_is_not_repeating_the_tensor() -> None:
    attrs = RepeatInterleaveAttrs(repeats=2, dim=0)
    op = REGISTRY["repeat_interleave"]
    np.testing.assert_array_equal(op.forward(attrs, np.array([1.0, 2.0])), [1, 1, 2, 2])
    np.testing.assert_array_equal(op.backward(attrs, np.array([1.0, 2.0, 3.0, 4.0]), np.ones(2))[0], [3, 7])
    assert op.extent(RepeatInterleaveAttrs(repeats=3, dim=2), _X) == Spreads((1, 1), (Fraction(3), Fraction(1)))


def test_four_channels_become_four_pixels_and_back() -> None:
    x = np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 4, 1, 1)
    y = REGISTRY["pixel_shuffle"].forward(PixelShuffleAttrs(upscale_factor=2), x)
    np.testing.assert_array_equal(y, [[[[1, 2], [3, 4]]]])
    back = REGISTRY["pixel_unshuffle"].forward(PixelUnshuffleAttrs(downscale_factor=2), y)
    np.testing.assert_array_equal(back, x)
    assert REGISTRY["pixel_shuffle"].extent(PixelShuffleAttrs(upscale_factor=2), _X) == Spreads(
        (1, 1), (Fraction(2),) * 2
    )
    window = Slides((2, 2), (2, 2), (1, 1))
    assert REGISTRY["pixel_unshuffle"].extent(PixelUnshuffleAttrs(downscale_factor=2), _X) == window


def test_pixels_from_channels_that_number_the_blocks_first() -> None:
    """Eight channels are (i, j, c): the two of block (0, 1), numbers 2 and 3, go right of those of block (0, 0)."""
    x = np.arange(8.0).reshape(1, 8, 1, 1)
    y = REGISTRY["pixel_shuffle"].forward(PixelShuffleAttrs(upscale_factor=2, blocks_first=True), x)
    np.testing.assert_array_equal(y, [[[[0, 2], [4, 6]], [[1, 3], [5, 7]]]])
    back = REGISTRY["pixel_unshuffle"].forward(PixelUnshuffleAttrs(downscale_factor=2, blocks_first=True), y)
    np.testing.assert_array_equal(back, x)


def test_channels_are_dealt_out_as_in_shufflenet() -> None:
    """Two groups 0 1 2 and 3 4 5: one of each in turn."""
    y = REGISTRY["channel_shuffle"].forward(ChannelShuffleAttrs(groups=2), np.arange(6.0).reshape(1, 6, 1))
    np.testing.assert_array_equal(y.reshape(-1), [0, 3, 1, 4, 2, 5])


def test_triangles_of_any_type() -> None:
    x = np.ones((2, 3), bool)
    lower = REGISTRY["tril"].forward(TriangleAttrs(diagonal=1), x)
    np.testing.assert_array_equal(lower, [[True, True, False], [True, True, True]])
    np.testing.assert_array_equal(REGISTRY["triu"].forward(TriangleAttrs(diagonal=2), x), ~lower)
    assert lower.dtype == bool


def test_a_diagonal_to_the_left() -> None:
    x = np.arange(12.0).reshape(3, 4)
    attrs = DiagonalAttrs(offset=-1)
    np.testing.assert_array_equal(REGISTRY["diagonal"].forward(attrs, x), [4, 9])
    grad = REGISTRY["diagonal"].backward(attrs, np.array([1.0, 2.0]), x)[0]
    np.testing.assert_array_equal(grad, [[0, 0, 0, 0], [1, 0, 0, 0], [0, 2, 0, 0]])
    assert REGISTRY["diagonal"].extent(DiagonalAttrs(dim1=1, dim2=3), _X) == Permutes((0, 2, 1))


def test_made_from_nothing() -> None:
    masked = REGISTRY["full"].forward(FullAttrs(shape=(2,), value=float("-inf"), dtype="float16"))
    assert masked.dtype == np.float16
    assert np.isneginf(masked).all()
    assert REGISTRY["arange"].shape(ArangeAttrs(start=1, end=2, step=0.25, dtype="float32")) == TensorSpec((4,))
    falling = REGISTRY["arange"].forward(ArangeAttrs(start=5, end=0, step=-2))
    np.testing.assert_array_equal(falling, [5, 3, 1])
    assert REGISTRY["full"].backward(None, np.ones(2)) == ()
    one = REGISTRY["one_hot"]
    np.testing.assert_array_equal(one.forward(OneHotAttrs(num_classes=3), np.array([2, 0])), [[0, 0, 1], [1, 0, 0]])
    assert one.extent(OneHotAttrs(num_classes=3), TensorSpec((2,), "int64")) == Permutes((0, None))


@pytest.mark.parametrize("wrong", [-1, 3])
def test_a_class_out_of_range_is_refused(wrong: int) -> None:
    with pytest.raises(UsageError, match=f"one_hot: expected classes from 0 to 2, got {wrong}"):
        REGISTRY["one_hot"].forward(OneHotAttrs(num_classes=3), np.array([0, wrong]))


def test_a_lenient_class_wraps_or_has_no_place() -> None:
    y = REGISTRY["one_hot"].forward(OneHotAttrs(num_classes=3, lenient=True), np.array([-1, 0, 3, -4]))
    np.testing.assert_array_equal(y, [[0, 0, 1], [1, 0, 0], [0, 0, 0], [0, 0, 0]])


_SLICE = SliceAttrs(dim=1, start=0, stop=2)


@pytest.mark.parametrize(
    ("name", "attrs", "inputs", "message"),
    [
        ("slice_scatter", _SLICE, (_X, _X), r"src of the shape of the slice \(1, 2, 4, 6\), got \(1, 8, 4, 6\)"),
        ("slice_scatter", SliceAttrs(dim=1, start=0, stop=9), (_X, _X), "slice_scatter: expected 0 <= start .* 0:9:1"),
        ("repeat_interleave", RepeatInterleaveAttrs(repeats=0, dim=1), (_X,), "repeats of at least 1, got 0"),
        ("repeat_interleave", RepeatInterleaveAttrs(repeats=2, dim=4), (_X,), "expected different dims from 0 to 3"),
        ("pixel_shuffle", PixelShuffleAttrs(upscale_factor=3), (_X,), r"x \(..., C \* 3², H, W\), got \(1, 8, 4, 6\)"),
        ("pixel_shuffle", PixelShuffleAttrs(upscale_factor=0), (_X,), "pixel_shuffle: expected x"),
        ("pixel_shuffle", PixelShuffleAttrs(upscale_factor=1), (TensorSpec((2, 2)),), r"got \(2, 2\)"),
        ("pixel_unshuffle", PixelUnshuffleAttrs(downscale_factor=4), (_X,), r"x \(..., C, H \* 4, W \* 4\), got"),
        ("channel_shuffle", ChannelShuffleAttrs(groups=3), (_X,), r"x \(N, 3 \* C, ...\), got \(1, 8, 4, 6\)"),
        ("tril", TriangleAttrs(), (TensorSpec((2,)),), r"tril: expected x with at least two dimensions, got \(2,\)"),
        ("triu", TriangleAttrs(), (TensorSpec(()),), r"triu: expected x with at least two dimensions, got \(\)"),
        ("diagonal", DiagonalAttrs(dim1=1, dim2=1), (_X,), r"diagonal: expected different dims .* got \(1, 1\)"),
        ("diagonal", DiagonalAttrs(offset=8), (_X,), r"diagonal: expected -1 < offset < 8, got 8 for shape"),
        ("full", FullAttrs(shape=(-1,), value=0), (), r"full: expected sizes of at least 0, got \(-1,\)"),
        (
            "arange",
            ArangeAttrs(start=0, end=3, step=-1),
            (),
            "a step from start towards end, got start 0, end 3, step -1",
        ),
        ("arange", ArangeAttrs(start=0, end=3, step=0), (), "arange: expected a step from start towards end"),
        ("one_hot", OneHotAttrs(num_classes=3), (_X,), "one_hot: expected positions of an integer type, got float32"),
        ("one_hot", OneHotAttrs(num_classes=0), (TensorSpec((2,), "int8"),), "num_classes of at least 1, got 0"),
    ],
)
def test_errors(name: str, attrs: Any, inputs: tuple[TensorSpec, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        REGISTRY[name].shape(attrs, *inputs)


@pytest.mark.parametrize(("name", "attrs"), [("full", FullAttrs(shape=(), value=0, dtype="float7")),
                                             ("arange", ArangeAttrs(start=0, end=1, dtype="float7"))])  # fmt: skip
def test_unknown_types_are_refused(name: str, attrs: Any) -> None:
    with pytest.raises(UsageError, match=r"expected a type such as .* got .float7."):
        REGISTRY[name].shape(attrs)
