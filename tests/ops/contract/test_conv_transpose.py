"""Transposed convolution by hand, as the adjoint of convolution, and what it refuses."""

from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from cases.contract.conv import conv_cases
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops.contract.conv import conv_backward, conv_forward
from netweight.ops.contract.conv_transpose import (
    ConvTransposeAttrs,
    conv_transpose_backward,
    conv_transpose_cost,
    conv_transpose_extent,
    conv_transpose_forward,
    conv_transpose_shape,
)
from netweight.ops.extent import Spreads

PLAIN = {"stride": (2, 2), "padding": ((0, 0), (0, 0)), "output_padding": (0, 0), "dilation": (1, 1)}


def _line(stride: int, pad: tuple[int, int] = (0, 0), more: int = 0, dilation: int = 1) -> ConvTransposeAttrs:
    return ConvTransposeAttrs(stride=(stride,), padding=(pad,), output_padding=(more,), dilation=(dilation,))


def _row(*values: float) -> Any:
    return np.array(values, dtype=float).reshape(1, 1, -1)


@pytest.mark.parametrize(
    ("attrs", "expected"),
    [
        # x = 1 2, weight = 1 10 100: the second window starts one stride after the first
        (_line(1), [1, 10 + 2, 100 + 20, 200]),
        (_line(2), [1, 10, 100 + 2, 20, 200]),
        (_line(3), [1, 10, 100, 2, 20, 200]),
        (_line(2, dilation=2), [1, 0, 10 + 2, 0, 100 + 20, 0, 200]),
        (_line(2, pad=(1, 0)), [10, 102, 20, 200]),
        (_line(2, pad=(1, 2)), [10, 102]),
        (_line(2, more=1), [1, 10, 102, 20, 200, 0]),
        (_line(2, pad=(1, 1), more=1), [10, 102, 20, 200]),  # of the six above, one cut before and one after
    ],
)
def test_a_row_by_hand(attrs: ConvTransposeAttrs, expected: list[float]) -> None:
    y = conv_transpose_forward(attrs, _row(1, 2), _row(1, 10, 100), None)
    np.testing.assert_array_equal(y[0, 0], expected)


@given(case=conv_cases().filter(lambda case: case[0].padding_mode == "zeros"), data=st.data())
def test_it_is_the_adjoint_of_convolution(case: Any, data: st.DataObject) -> None:
    """Same weight, same attributes: it maps what convolution returns to the gradient of its input."""
    attrs, (x, weight, _) = case
    y = conv_forward(attrs, x, weight, None)
    rest = tuple(
        (size + sum(pad) - d * (k - 1) - 1) % step
        for size, pad, d, k, step in zip(
            x.shape[2:], attrs.padding, attrs.dilation, weight.shape[2:], attrs.stride, strict=True
        )
    )
    transposed = ConvTransposeAttrs(
        stride=attrs.stride, padding=attrs.padding, output_padding=rest, dilation=attrs.dilation, groups=attrs.groups
    )
    grad_y = np.random.default_rng(0).standard_normal(y.shape)
    grad_x, grad_weight, _ = conv_backward(attrs, grad_y, x, weight, None)
    np.testing.assert_allclose(conv_transpose_forward(transposed, grad_y, weight, None), grad_x, rtol=1e-9, atol=1e-11)
    back, back_weight, _ = conv_transpose_backward(transposed, x, grad_y, weight, None)
    np.testing.assert_allclose(back, y, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(back_weight, grad_weight, rtol=1e-9, atol=1e-11)


def test_first_layer_of_the_dcgan_generator() -> None:
    attrs = ConvTransposeAttrs(**{**PLAIN, "stride": (1, 1)})
    x, weight = TensorSpec((1, 100, 1, 1)), TensorSpec((100, 1024, 4, 4))
    assert conv_transpose_shape(attrs, x, weight, None).shape == (1, 1024, 4, 4)
    assert conv_transpose_cost(attrs, x, weight, None).macs == 100 * 1024 * 4 * 4 == 1_638_400


def test_up_convolution_of_unet() -> None:
    x, weight, bias = TensorSpec((2, 1024, 28, 28)), TensorSpec((1024, 512, 2, 2)), TensorSpec((512,))
    cost = conv_transpose_cost(ConvTransposeAttrs(**PLAIN), x, weight, bias)
    assert cost.macs == 2 * 28 * 28 * 1024 * 512 * 2 * 2
    assert cost.adds == 2 * 512 * 56 * 56


@pytest.mark.parametrize(
    ("kernel", "stride", "dilation", "taps"),
    [(2, 2, 1, 1), (4, 2, 1, 2), (3, 2, 1, 2), (3, 1, 1, 3), (3, 2, 2, 3), (1, 3, 1, 1)],
)
def test_reach_is_the_most_inputs_one_output_spans(kernel: int, stride: int, dilation: int, taps: int) -> None:
    attrs = _line(stride, dilation=dilation)
    x, weight = np.eye(9).reshape(9, 1, 9), np.ones((1, 1, kernel))
    met = conv_transpose_forward(attrs, x, weight, None)[:, 0]  # (input, output): who reaches whom
    spans = [np.ptp(np.flatnonzero(column)) + 1 for column in met.T if column.any()]
    extent = conv_transpose_extent(attrs, TensorSpec((1, 1, 9)), TensorSpec((1, 1, kernel)), None)
    assert extent == Spreads((taps,), (stride,))
    # Dilated taps that skip positions may leave the outermost input of the span out.
    assert max(spans) in ((taps,) if dilation == 1 else (taps, taps - 1))


@pytest.mark.parametrize(
    ("change", "x", "weight", "message"),
    [
        ({}, (1, 4, 8), (4, 2, 3, 3), r"with 2 \+ 2 dimensions, got \(1, 4, 8\) and \(4, 2, 3, 3\)"),
        ({}, (1, 4, 8, 8), (4, 2, 3), r"with 2 \+ 2 dimensions, got \(1, 4, 8, 8\) and \(4, 2, 3\)"),
        (
            {},
            (1, 3, 8, 8),
            (4, 2, 3, 3),
            r"in_channels = weight.shape\[0\], divisible by groups, got 3, 4 and groups 1",
        ),
        ({"groups": 3}, (1, 4, 8, 8), (4, 2, 3, 3), r"divisible by groups, got 4, 4 and groups 3"),
        ({"stride": (0, 1)}, (1, 4, 8, 8), (4, 2, 3, 3), r"of at least 1, got kernel_size \(3, 3\), stride \(0, 1\)"),
        ({"dilation": (1, 0)}, (1, 4, 8, 8), (4, 2, 3, 3), r"of at least 1, .* dilation \(1, 0\)"),
        (
            {"output_padding": (2, 0)},
            (1, 4, 8, 8),
            (4, 2, 3, 3),
            r"output_padding of at least 0 and below the larger of stride and dilation \(2, 2\), got \(2, 0\)",
        ),
        ({"output_padding": (0, -1)}, (1, 4, 8, 8), (4, 2, 3, 3), r"output_padding of at least 0 .* got \(0, -1\)"),
        (
            {"padding": ((2, 1), (0, 0))},
            (1, 4, 1, 1),
            (4, 2, 3, 3),
            r"output sizes of at least 1, got \(0, 3\) for input size \(1, 1\) with padding \(\(2, 1\), \(0, 0\)\)",
        ),
    ],
)
def test_errors_name_what_was_expected_and_what_came(change: Any, x: Any, weight: Any, message: str) -> None:
    attrs = replace(ConvTransposeAttrs(**PLAIN), **change)
    with pytest.raises(ShapeError, match=f"^conv_transpose: expected .*{message}"):
        conv_transpose_shape(attrs, TensorSpec(x), TensorSpec(weight), None)


def test_a_bias_of_another_size_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"conv_transpose: expected bias of shape \(2,\), got \(4,\)"):
        conv_transpose_shape(
            ConvTransposeAttrs(**PLAIN), TensorSpec((1, 4, 8, 8)), TensorSpec((4, 2, 3, 3)), TensorSpec((4,))
        )
