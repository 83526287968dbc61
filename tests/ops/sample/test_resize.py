"""Interpolation by hand, its cost, and what it refuses."""

from fractions import Fraction
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from cases.sample.resize import pytorch_resize_cases
from netweight.count import formula
from netweight.ir import TensorSpec
from netweight.ops import FREE
from netweight.ops.extent import Spreads
from netweight.ops.sample.resize import ResizeAttrs, resize_cost, resize_extent, resize_forward


def _row(*values: float) -> Any:
    return np.array(values, dtype=float).reshape(1, 1, -1)


@pytest.mark.parametrize(
    ("attrs", "x", "expected"),
    [
        # coordinates 0, 3/5, 6/5, 9/5, 12/5, rounded down
        (ResizeAttrs(size=(5,), mode="nearest", coordinates="asymmetric"), [0, 1, 2], [0, 0, 1, 1, 2]),
        # 3/10, 9/10, 15/10, 21/10, 27/10
        (ResizeAttrs(size=(5,), mode="nearest", rounding="round_prefer_ceil"), [0, 1, 2], [0, 0, 1, 2, 2]),
        # -1/4, 1/4, 3/4, 5/4, the outer two beyond the edge
        (ResizeAttrs(size=(4,), mode="linear"), [0, 1], [0, 1 / 4, 3 / 4, 1]),
        (ResizeAttrs(size=(4,), mode="linear", coordinates="align_corners"), [0, 1], [0, 1 / 3, 2 / 3, 1]),
        (ResizeAttrs(size=(1,), mode="linear", coordinates="align_corners"), [3, 5, 9], [3]),
        # 1/2: the mean of the middle two, of neighbours -3/32, 19/32, 19/32, -3/32 for a = -3/4
        (ResizeAttrs(size=(1,), mode="cubic"), [1, 2, 4, 8], [(19 * 2 + 19 * 4 - 3 * 1 - 3 * 8) / 32]),
        # 6 to 4 elements: by the factor 0, 10/7, 20/7, 30/7; by the sizes 0, 6/4, 12/4, 18/4
        (
            ResizeAttrs(size=(4,), mode="nearest", coordinates="asymmetric", scale=(0.7,)),
            [0, 1, 2, 3, 4, 5],
            [0, 1, 2, 4],
        ),
        (ResizeAttrs(size=(4,), mode="nearest", coordinates="asymmetric"), [0, 1, 2, 3, 4, 5], [0, 1, 3, 4]),
    ],
)
def test_a_row_by_hand(attrs: ResizeAttrs, x: list[float], expected: list[float]) -> None:
    np.testing.assert_allclose(resize_forward(attrs, _row(*x))[0, 0], expected, rtol=1e-12, atol=1e-12)


def test_coordinates_are_exact_where_floating_point_is_not() -> None:
    """Output 11 lies at 11 * 26 / 22 = 13; in float32, 26 / 22 times 11 is 12.999999."""
    y = resize_forward(ResizeAttrs(size=(22,), mode="nearest", coordinates="asymmetric"), _row(*range(26)))
    np.testing.assert_array_equal(y[0, 0], [i * 26 // 22 for i in range(22)])
    assert y[0, 0, 11] == 13


def test_a_factor_is_what_is_written() -> None:
    """Output 11 lies at 11 / 1.1 = 10; the double nearest to 1.1 is a little more, and would give 9."""
    y = resize_forward(
        ResizeAttrs(size=(12,), mode="nearest", coordinates="asymmetric", scale=(1.1,)), _row(*range(11))
    )
    np.testing.assert_array_equal(y[0, 0], [0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])


@given(case=pytorch_resize_cases())
def test_weights_sum_to_one(case: Any) -> None:
    attrs, (x,) = case
    np.testing.assert_allclose(resize_forward(attrs, np.full_like(x, 3.0)), 3.0, rtol=1e-12)


@given(sizes=st.tuples(st.integers(2, 6), st.integers(2, 6)), out=st.tuples(st.integers(2, 9), st.integers(2, 9)))
def test_bilinear_with_corners_reproduces_a_plane(sizes: tuple[int, int], out: tuple[int, int]) -> None:
    def plane(h: int, w: int) -> Any:
        return 3 + np.linspace(0, 2, h)[:, None] - np.linspace(0, 5, w)[None, :]

    y = resize_forward(ResizeAttrs(size=out, mode="linear", coordinates="align_corners"), plane(*sizes)[None, None])
    np.testing.assert_allclose(y[0, 0], plane(*out), rtol=1e-12, atol=1e-12)


def test_the_output_is_never_the_input_itself() -> None:
    x = _row(1, 2, 3)
    y = resize_forward(ResizeAttrs(size=(3,), mode="linear"), x)
    np.testing.assert_array_equal(y, x)
    assert not np.shares_memory(x, y)


def test_cost_of_the_last_layer_of_deeplab() -> None:
    """Rows first, at the old width of 33; then the columns."""
    cost = resize_cost(ResizeAttrs(size=(513, 513), mode="linear"), TensorSpec((1, 21, 33, 33)))
    assert cost.muls == 2 * 21 * (513 * 33 + 513 * 513) == 11_764_116
    assert cost.adds == 21 * (513 * 33 + 513 * 513)
    assert formula(cost.muls) == "21 * 513 * 33 * 2 + 21 * 513 * 513 * 2"


def test_cost_of_cubic_and_of_a_dimension_that_stays() -> None:
    cost = resize_cost(ResizeAttrs(size=(8, 20), mode="cubic"), TensorSpec((2, 3, 8, 10)))
    assert cost.muls == 2 * 3 * 8 * 20 * 4
    assert cost.adds == 2 * 3 * 8 * 20 * 3


def test_nearest_copies() -> None:
    assert resize_cost(ResizeAttrs(size=(16, 16), mode="nearest"), TensorSpec((1, 3, 8, 8))) == FREE


@pytest.mark.parametrize(("mode", "taps"), [("nearest", 1), ("linear", 2), ("cubic", 4)])
def test_reach_is_what_a_mode_reads_where_a_size_changes(mode: Any, taps: int) -> None:
    extent = resize_extent(ResizeAttrs(size=(8, 12), mode=mode), TensorSpec((1, 3, 8, 8)))
    assert extent == Spreads((1, taps), (Fraction(1), Fraction(3, 2)))
