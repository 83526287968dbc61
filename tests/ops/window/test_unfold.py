from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost
from netweight.ops.extent import Mixes, Permutes, Slides, Spreads
from netweight.ops.sample.grid_sample import GridSampleAttrs
from netweight.ops.window.unfold import FoldAttrs, UnfoldAttrs, WindowViewAttrs

_X = TensorSpec((2, 3, 8, 8))
_WINDOW = {"kernel_size": (3, 3), "stride": (2, 2), "padding": ((1, 1), (1, 1)), "dilation": (1, 1)}
_UNFOLD = UnfoldAttrs(**_WINDOW)
_FOLD = FoldAttrs(**_WINDOW, output_size=(8, 8))
_ROW = {"kernel_size": (2,), "stride": (1,), "padding": ((0, 0),), "dilation": (1,)}


def test_windows_as_channels() -> None:
    """Windows 12 23 34 of the row 1 2 3 4: first elements 1 2 3, second elements 2 3 4."""
    op, x = REGISTRY["unfold"], np.array([[[1.0, 2.0, 3.0, 4.0]]])
    y = op.forward(UnfoldAttrs(**_ROW), x)
    np.testing.assert_array_equal(y, [[[1, 2, 3], [2, 3, 4]]])
    np.testing.assert_array_equal(op.backward(UnfoldAttrs(**_ROW), np.ones_like(y), x)[0], [[[1, 2, 2, 1]]])
    assert op.shape(_UNFOLD, _X) == TensorSpec((2, 3 * 9, 4, 4))
    assert op.cost(_UNFOLD, _X) == Cost()
    assert op.extent(_UNFOLD, _X) == Slides((3, 3), (2, 2), (1, 1))


def test_folding_adds_up_what_overlaps() -> None:
    op, windows = REGISTRY["fold"], np.array([[[1.0, 2.0, 3.0], [20.0, 30.0, 40.0]]])
    attrs = FoldAttrs(**_ROW, output_size=(4,))
    np.testing.assert_array_equal(op.forward(attrs, windows), [[[1, 2 + 20, 3 + 30, 40]]])
    np.testing.assert_array_equal(
        op.backward(attrs, np.arange(4.0).reshape(1, 1, 4), windows)[0], [[[0, 1, 2], [1, 2, 3]]]
    )
    columns = TensorSpec((2, 27, 4, 4))
    assert op.shape(_FOLD, columns) == _X
    assert op.cost(_FOLD, columns) == Cost(adds=2 * 3 * 3 * 3 * 4 * 4)
    assert op.extent(_FOLD, columns) == Spreads((2, 2), (Fraction(2), Fraction(2)))


def test_windows_of_a_spectrogram_are_a_view() -> None:
    op, attrs = REGISTRY["window_view"], WindowViewAttrs(dim=1, size=400, step=160)
    assert op.shape(attrs, TensorSpec((1, 16000))) == TensorSpec((1, 98, 400))  # (16000 - 400) // 160 + 1
    assert op.extent(attrs, TensorSpec((1, 16000))) == Permutes((0, 1, 1))
    x = np.arange(5.0)
    y = op.forward(WindowViewAttrs(dim=0, size=3, step=2), x)
    np.testing.assert_array_equal(y, [[0, 1, 2], [2, 3, 4]])
    assert np.shares_memory(x, y)
    assert op.view
    grad = op.backward(WindowViewAttrs(dim=0, size=3, step=2), np.ones((2, 3)), x)[0]
    np.testing.assert_array_equal(grad, [1, 1, 2, 1, 1])


_IMAGE = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])


@pytest.mark.parametrize(
    ("align", "place", "padding_mode", "expected"),
    [
        (True, (-1, -1), "zeros", 1),  # the first element
        (True, (0, 0), "zeros", (1 + 2 + 3 + 4) / 4),  # the middle of all four
        (True, (1, 0), "zeros", (2 + 4) / 2),  # x is the column
        (False, (-1, -1), "zeros", 1 / 4),  # the corner: one element and three zeros
        (False, (-1, -1), "border", 1),
        (False, (-2, -0.5), "border", 1),
        (False, (2, -0.5), "reflection", 1.5),  # coordinate 2.5 is mirrored at 1.5: 0.5, half-way from 1 to 2
        (False, (-0.5, 0.5), "nearest", 3),
    ],
)
def test_samples_by_hand(align: bool, place: tuple[float, float], padding_mode: Any, expected: float) -> None:
    mode: Any = "nearest" if padding_mode == "nearest" else "linear"
    padding_mode = "zeros" if mode == "nearest" else padding_mode
    attrs = GridSampleAttrs(mode=mode, padding_mode=padding_mode, align_corners=align)
    y = REGISTRY["grid_sample"].forward(attrs, _IMAGE, np.array(place).reshape(1, 1, 1, 2))
    np.testing.assert_allclose(y, [[[[expected]]]])


def test_work_of_a_spatial_transformer() -> None:
    """4 positions of 2 coordinates, 3 channels; four products and three sums per output element."""
    x, grid = TensorSpec((1, 3, 8, 8)), TensorSpec((1, 2, 2, 2))
    each = 4 * 2
    linear = REGISTRY["grid_sample"].cost(GridSampleAttrs(), x, grid)
    assert linear == Cost(
        muls=each + 4 * 4 + 4 * 3 * 4,  # scale; weight of four corners; products
        adds=each + each * 2 + 4 * 3 * 3,  # offset; two shares; sums
        compares=each + each * 4,  # rounding; two elements, two ends
    )
    nearest = REGISTRY["grid_sample"].cost(GridSampleAttrs(mode="nearest", padding_mode="border"), x, grid)
    assert nearest == Cost(muls=each, adds=each, compares=each * 3)
    mirrored = REGISTRY["grid_sample"].cost(GridSampleAttrs(mode="nearest", padding_mode="reflection"), x, grid)
    assert mirrored == Cost(muls=each * 2, adds=each * 4, compares=each * 6, divs=each)
    assert REGISTRY["grid_sample"].extent(GridSampleAttrs(), x, grid) == Mixes((2, 3))


_BAD: Any = "area"


@pytest.mark.parametrize(
    ("name", "attrs", "inputs", "message"),
    [
        ("unfold", _UNFOLD, (TensorSpec((3, 8, 8)),), r"unfold: expected x with 2 \+ 2 dimensions, got \(3, 8, 8\)"),
        ("unfold", _UNFOLD, (TensorSpec((1, 1, 0, 8)),), "unfold: expected the dilated kernel to fit"),
        (
            "unfold",
            UnfoldAttrs(**_WINDOW | {"padding": ((0, -1), (0, 0))}),
            (_X,),
            r"unfold: expected padding of at least 0, got \(\(0, -1\)",
        ),
        ("fold", _FOLD, (TensorSpec((2, 27, 4, 5)),), r"fold: expected x \(N, C \* 9, 4, 4\), got \(2, 27, 4, 5\)"),
        ("fold", _FOLD, (TensorSpec((2, 26, 4, 4)),), r"fold: expected x \(N, C \* 9, 4, 4\), got \(2, 26, 4, 4\)"),
        ("window_view", WindowViewAttrs(dim=1, size=4), (_X,), "1 <= size <= 3 and step of at least 1, got size 4"),
        ("window_view", WindowViewAttrs(dim=1, size=1, step=0), (_X,), "got size 1 and step 0"),
        ("window_view", WindowViewAttrs(dim=4, size=1), (_X,), "window_view: expected different dims"),
        ("grid_sample", GridSampleAttrs(), (_X, TensorSpec((2, 4, 4, 3))), r"got \(2, 3, 8, 8\) and \(2, 4, 4, 3\)"),
        ("grid_sample", GridSampleAttrs(), (_X, TensorSpec((1, 4, 4, 2))), r"x \(N, C, \*in\) and grid \(N, \*out, sp"),
        ("grid_sample", GridSampleAttrs(), (TensorSpec((2, 3)), TensorSpec((2, 0))), "grid_sample: expected x"),
        ("grid_sample", GridSampleAttrs(mode=_BAD), (_X, _X), "mode nearest, linear, cubic .* got 'area' and 'zeros'"),
        ("grid_sample", GridSampleAttrs(padding_mode=_BAD), (_X, _X), "got 'linear' and 'area'"),
    ],
)
def test_errors(name: str, attrs: Any, inputs: tuple[TensorSpec, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        REGISTRY[name].shape(attrs, *inputs)
