"""Resizing as ONNX defines it: its own examples, PyTorch where both agree, what it costs, what it refuses."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost
from netweight.ops.sample.resize import ResizeAttrs

ROW = np.array([1.0, 2.0, 3.0, 4.0])
PLANE = TensorSpec((2, 3, 8, 8))


def resampled(x: Any, size: tuple[int, ...], **attrs: Any) -> Any:
    return REGISTRY["resize"].forward(
        ResizeAttrs(**{"size": size, "mode": "nearest", "rounding": "round_prefer_floor", **attrs}), x
    )


@pytest.mark.parametrize(
    ("size", "attrs", "expected"),
    [
        # outputs at (i + 1/2) / 2 - 1/2 = -1/4, 1/4, 3/4 ...; the edge is repeated
        ((8,), {"mode": "linear"}, [1, 1.25, 1.75, 2.25, 2.75, 3.25, 3.75, 4]),
        # outputs at i * 3 / 7
        ((8,), {"mode": "linear", "coordinates": "align_corners"}, [1 + 3 * i / 7 for i in range(8)]),
        # outputs at i / 2: 0, 1/2, 1 ... 7/2
        ((8,), {"mode": "linear", "coordinates": "asymmetric"}, [1, 1.5, 2, 2.5, 3, 3.5, 4, 4]),
        ((8,), {"coordinates": "asymmetric", "rounding": "floor"}, [1, 1, 2, 2, 3, 3, 4, 4]),
        ((8,), {"coordinates": "asymmetric", "rounding": "ceil"}, [1, 2, 2, 3, 3, 4, 4, 4]),
        ((8,), {"coordinates": "asymmetric", "rounding": "round_prefer_floor"}, [1, 1, 2, 2, 3, 3, 4, 4]),
        ((8,), {"coordinates": "asymmetric", "rounding": "round_prefer_ceil"}, [1, 2, 2, 3, 3, 4, 4, 4]),
        # one output: half_pixel in the middle, at 3/2; pytorch_half_pixel at 0
        ((1,), {"mode": "linear"}, [2.5]),
        ((1,), {"mode": "linear", "coordinates": "pytorch_half_pixel"}, [1]),
        ((1,), {"mode": "cubic", "coordinates": "pytorch_half_pixel"}, [1]),
        ((1,), {"mode": "cubic", "scale": (0.4,), "coordinates": "pytorch_half_pixel"}, [1]),
        # scale 6/10 of 4 is 2.4, cut to 2: half_pixel at 1/3 and 2; symmetric both shifted by 2 (1 - 2 / 2.4) = 1/3
        ((2,), {"mode": "linear", "scale": (0.6,)}, [1 + 1 / 3, 3]),
        ((2,), {"mode": "linear", "scale": (0.6,), "coordinates": "half_pixel_symmetric"}, [1 + 2 / 3, 3 + 1 / 3]),
        # a crop from 0 to 2 of 3: outputs at 0, 2 and 4, of which the last lies beyond
        (
            (3,),
            {
                "mode": "linear", "coordinates": "tf_crop_and_resize", "region": ((0.0, 4 / 3),), "scale": (0.75,),
                "extrapolation_value": 9.0,
            },
            [1, 3, 9],
        ),
        # half the size, kernel twice as wide: weights 1/4 * (1/2, 3/2, 3/2, 1/2) around 1/2 and 5/2, edge repeated
        ((2,), {"mode": "linear", "antialias": True}, [(0.5 + 1.5 + 3 + 1.5) / 4, (1 + 4.5 + 6 + 2) / 4]),
        # cubic at 1/2 and 5/2 with a = -3/4: -0.09375, 0.59375, 0.59375, -0.09375; without the element beyond the edge
        (
            (2,),
            {"mode": "cubic", "exclude_outside": True},
            [
                (0.59375 + 2 * 0.59375 - 3 * 0.09375) / 1.09375,
                (-2 * 0.09375 + 3 * 0.59375 + 4 * 0.59375) / 1.09375,
            ],
        ),
    ],
)  # fmt: skip
def test_a_row_by_hand(size: tuple[int, ...], attrs: dict[str, Any], expected: list[float]) -> None:
    np.testing.assert_allclose(resampled(ROW, size, **attrs), expected, rtol=1e-12)


@pytest.mark.parametrize("size", [(5, 9), (16, 3), (1, 4), (8, 7)])
@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize(("mode", "theirs"), [("linear", "bilinear"), ("cubic", "bicubic")])
def test_pictures_as_pytorch(size: tuple[int, int], antialias: bool, mode: str, theirs: str) -> None:
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).standard_normal((2, 3, 8, 7))
    options: dict[str, Any] = {"mode": mode, "antialias": antialias, "exclude_outside": antialias}
    # Pillow, and PyTorch after it, widens a kernel with a = -1/2, and leaves out what is beyond the edge
    y = resampled(x, (2, 3, *size), cubic_a=-0.5 if antialias else -0.75, **options)
    expected = torch.nn.functional.interpolate(torch.from_numpy(x), size, mode=theirs, antialias=antialias)
    np.testing.assert_allclose(y, expected.numpy(), rtol=1e-12, atol=1e-12)


def test_an_output_of_which_everything_lies_outside_is_zero() -> None:
    """Scale 3/4 of 2 elements is 3/2, rounded to 2: outputs at 0 and 1 / (3/2 - 1) = 2, one beyond the last element."""
    attrs = ResizeAttrs(
        size=(2,), scale=(0.75,), mode="linear", coordinates="align_corners", exclude_outside=True
    )  # fmt: skip
    x = np.array([3.0, 5.0])
    np.testing.assert_array_equal(REGISTRY["resize"].forward(attrs, x), [3, 0])
    np.testing.assert_array_equal(REGISTRY["resize"].backward(attrs, np.array([7.0, 9.0]), x)[0], [7, 0])


def test_what_lies_beyond_passes_no_gradient() -> None:
    """Outputs at 0, 2 and 4 of four elements: the third is the extrapolation value."""
    attrs = ResizeAttrs(
        size=(3,), scale=(0.75,), mode="linear", coordinates="tf_crop_and_resize", region=((0.0, 4 / 3),)
    )
    (grad,) = REGISTRY["resize"].backward(attrs, np.array([5.0, 6.0, 7.0]), ROW)
    np.testing.assert_allclose(grad, [5, 0, 6, 0], atol=1e-12)


def test_any_dimension_may_change() -> None:
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(resampled(x, (4, 3)), [[0, 1, 2], [0, 1, 2], [3, 4, 5], [3, 4, 5]])


def test_cost_by_hand() -> None:
    cost = REGISTRY["resize"].cost
    attrs = ResizeAttrs(size=(2, 3, 4, 16), scale=(1, 1, 0.5, 2), mode="linear")
    rows, columns = 2 * 3 * 4 * 8, 2 * 3 * 4 * 16
    assert cost(attrs, PLANE) == Cost(muls=2 * (rows + columns), adds=rows + columns)
    # antialiasing reads 4 rows for each, and still 2 columns
    widened = cost(replace(attrs, antialias=True), PLANE)
    assert widened == Cost(muls=4 * rows + 2 * columns, adds=3 * rows + columns)
    assert cost(replace(attrs, mode="nearest"), PLANE) == Cost()


_GOOD = {"size": (2, 3, 4, 4), "scale": (1.0, 1.0, 0.5, 0.5), "mode": "nearest"}


@pytest.mark.parametrize(
    ("attrs", "message"),
    [
        (_GOOD | {"mode": "area"}, "expected mode nearest, linear, cubic, got 'area'"),
        (_GOOD | {"coordinates": "corner"}, "expected coordinates half_pixel, .*, got 'corner'"),
        (_GOOD | {"rounding": "up"}, "expected rounding floor, .*, got 'up'"),
        (_GOOD | {"size": (4, 4)}, r"expected 2 positive scales, got \(1.0, 1.0, 0.5, 0.5\)"),
        (
            _GOOD | {"size": (1, 2, 3, 4, 4), "scale": None},
            r"expected x with at least 5 dimensions, got \(2, 3, 8, 8\)",
        ),
        (_GOOD | {"scale": (1.0, 1.0, 0.5, 0.0)}, r"4 positive scales, got \(1.0, 1.0, 0.5, 0.0\)"),
        (_GOOD | {"size": (2, 3, 4, 0), "scale": (1.0, 1.0, 0.5, 0.01)}, "expected sizes of at least 1"),
        (_GOOD | {"coordinates": "tf_crop_and_resize"}, "a region per dimension with 'tf_crop_and_resize'.*got None"),
        (_GOOD | {"region": ((0.0, 1.0),) * 4}, "and only there, got"),
        (_GOOD | {"size": (2, 3, 4, 6)}, r"expected size in \* scale, rounded or cut, got \(2, 3, 4, 6\)"),
        (_GOOD | {"antialias": True}, "antialias with linear or cubic, got mode 'nearest'"),
    ],
)
def test_errors(attrs: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=f"resize: .*{message}"):
        REGISTRY["resize"].shape(ResizeAttrs(**attrs), PLANE)


def test_reach_is_that_of_the_kernel() -> None:
    attrs = ResizeAttrs(size=(2, 3, 4, 16), scale=(1, 1, 0.5, 2), mode="cubic", antialias=True)
    extent = REGISTRY["resize"].extent(attrs, PLANE)
    assert extent.taps == (1, 1, 8, 4)
    assert tuple(map(float, extent.scale)) == (1, 1, 0.5, 2)
