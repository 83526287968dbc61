from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from cases.contract.conv import conv_cases
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.kernels.conv import col2im, conv_im2col, conv_im2col_backward, conv_loops, im2col
from netweight.ops.contract.conv import ConvAttrs, conv_backward, conv_cost, conv_forward, conv_shape

PLAIN = {"stride": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1)}


@given(case=conv_cases())
def test_three_forwards_agree(case: Any) -> None:
    attrs, inputs = case
    y = conv_forward(attrs, *inputs)
    by_loops, _ = conv_loops(*inputs, **asdict(attrs))
    np.testing.assert_allclose(by_loops, y, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(conv_im2col(*inputs, **asdict(attrs)), y, rtol=1e-12, atol=1e-12)


@given(case=conv_cases())
def test_col2im_backward_agrees_with_einsum_backward(case: Any) -> None:
    attrs, inputs = case
    grad_y = np.random.default_rng(0).standard_normal(conv_forward(attrs, *inputs).shape)
    expected = conv_backward(attrs, grad_y, *inputs)
    found = conv_im2col_backward(grad_y, *inputs, **asdict(attrs))
    for ours, theirs in zip(found, expected, strict=True):
        if theirs is not None:
            np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-11)


def test_im2col_of_a_small_picture_by_hand() -> None:
    x = np.arange(9.0).reshape(1, 1, 3, 3)
    columns = im2col(x, (2, 2), stride=(1, 1), padding=((0, 0), (0, 0)), dilation=(1, 1))
    np.testing.assert_array_equal(columns.reshape(4, 4).T, [[0, 1, 3, 4], [1, 2, 4, 5], [3, 4, 6, 7], [4, 5, 7, 8]])
    counts = col2im(np.ones_like(columns), (3, 3), stride=(1, 1), padding=((0, 0), (0, 0)), dilation=(1, 1))
    np.testing.assert_array_equal(counts[0, 0], [[1, 2, 1], [2, 4, 2], [1, 2, 1]])  # windows that cover each pixel


def test_first_layer_of_resnet18() -> None:
    attrs = ConvAttrs(stride=(2, 2), padding=((3, 3), (3, 3)), dilation=(1, 1))
    cost = conv_cost(attrs, TensorSpec((1, 3, 224, 224)), TensorSpec((64, 3, 7, 7)), None)
    assert cost.macs == 112 * 112 * 64 * 3 * 7 * 7 == 118_013_952


@pytest.mark.parametrize(
    ("attrs", "x", "message"),
    [
        (ConvAttrs(**PLAIN, groups=2), (1, 3, 8, 8), r"in_channels = .* got 3 != 3 \* 2"),
        (ConvAttrs(**PLAIN, groups=3), (1, 9, 8, 8), r"out_channels divisible by groups, got 4 % 3 = 1"),
        (ConvAttrs(**{**PLAIN, "dilation": (9, 9)}), (1, 3, 8, 8), r"span \(19, 19\) for input size \(8, 8\)"),
        (ConvAttrs(**{**PLAIN, "stride": (0, 1)}), (1, 3, 8, 8), r"stride .* of at least 1, .* stride \(0, 1\)"),
        (ConvAttrs(**PLAIN), (1, 3, 8), r"2 \+ 2 dimensions, got \(1, 3, 8\)"),
        (
            ConvAttrs(**{**PLAIN, "padding": ((8, 0), (0, 0))}, padding_mode="reflect"),
            (1, 3, 8, 8),
            r"reflect padding of at most 7, got \(8, 0\) for input size 8",
        ),
    ],
)
def test_errors_name_what_was_expected_and_what_came(attrs: ConvAttrs, x: tuple[int, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        conv_shape(attrs, TensorSpec(x), TensorSpec((4, 3, 3, 3)), None)
