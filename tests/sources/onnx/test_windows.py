"""Convolution and pooling: by ONNX Runtime, and what they are in the table."""

from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from netweight.analysis.cost import weigh_graph  # noqa: E402
from netweight.errors import FormatError, ShapeError  # noqa: E402
from netweight.sources.onnx import read_graph  # noqa: E402
from sources.onnx.one_node import check_agrees, one_node, operators, ours  # noqa: E402

RNG = np.random.default_rng(0)
F32 = np.float32


def f(*shape: int) -> Any:
    return RNG.standard_normal(shape).astype(F32)


WINDOWS: list[dict[str, Any]] = [
    {},
    {"strides": [2, 1], "pads": [1, 0, 2, 1], "dilations": [1, 2]},
    {"auto_pad": "SAME_UPPER", "strides": [2, 2]},
    {"auto_pad": "SAME_LOWER", "strides": [3, 2]},
    {"auto_pad": "VALID", "strides": [2, 2]},
]


@pytest.mark.parametrize("window", WINDOWS)
def test_convolution(window: dict[str, Any]) -> None:
    read = check_agrees("Conv", f(2, 4, 7, 8), f(6, 2, 3, 2), f(6), group=2, **window)
    assert operators(read) == ["conv"]
    *_, h, w = read.outputs["y0"].shape
    assert weigh_graph(read.graph).totals.macs == 2 * 6 * h * w * 2 * 3 * 2
    check_agrees("Conv", f(1, 2, 9), f(3, 2, 4), strides=[2])


@pytest.mark.parametrize(
    "window",
    [
        {},
        {"strides": [3, 2], "pads": [1, 0, 0, 1], "output_padding": [1, 1]},
        {"strides": [2, 2], "dilations": [2, 1], "group": 2},
        {"strides": [3, 2], "output_shape": [9, 8]},
        {"strides": [3, 2], "output_shape": [10, 8]},
        {"strides": [2, 2], "auto_pad": "SAME_UPPER"},
        {"strides": [2, 2], "auto_pad": "SAME_LOWER"},
    ],
)
def test_transposed_convolution(window: dict[str, Any]) -> None:
    """Each of 4 * 3 * 4 inputs meets all weights of its channel, whatever is cut off the output."""
    read = check_agrees("ConvTranspose", f(1, 4, 3, 4), f(4, 3, 3, 3), **window)
    assert operators(read) == ["conv_transpose"]
    assert weigh_graph(read.graph).totals.macs == 4 * 3 * 4 * 3 * 3 * 3


def test_kernel_of_another_size_than_the_weight() -> None:
    with pytest.raises(FormatError, match=r"Conv: expected kernel_shape \(3, 3\) as the weight has, got \(2, 2\)"):
        read_graph(one_node("Conv", f(1, 2, 5, 5), f(3, 2, 3, 3), kernel_shape=[2, 2]))


@pytest.mark.parametrize("window", [*WINDOWS[:2], {"ceil_mode": 1, "strides": [2, 2]}, *WINDOWS[2:]])
def test_pooling(window: dict[str, Any]) -> None:
    x = f(1, 2, 8, 9)
    assert operators(check_agrees("MaxPool", x, kernel_shape=[3, 2], **window)) == ["max_pool"]
    check_agrees("LpPool", x, kernel_shape=[3, 2], p=2, **window, opset=22)
    plain = {key: value for key, value in window.items() if key != "dilations"}
    for counted in (0, 1):
        settings = {"kernel_shape": [3, 2], "count_include_pad": counted}
        assert operators(check_agrees("AveragePool", x, **settings, **plain)) == ["avg_pool"]
        check_agrees("AveragePool", x, **settings, **window)


@pytest.mark.parametrize("order", [0, 1])
def test_positions_of_the_largest(order: int) -> None:
    check_agrees("MaxPool", f(2, 3, 5, 6), kernel_shape=[2, 3], storage_order=order, outputs=2)
    check_agrees("MaxPool", f(2, 3, 4, 5, 6), kernel_shape=[2, 2, 3], storage_order=order, outputs=2)


def test_back_from_the_largest() -> None:
    x = f(1, 2, 2, 3)
    places = np.array([1, 3, 7, 13, 15, 17, 25, 27, 29, 37, 41, 43], np.int64).reshape(x.shape)
    check_agrees("MaxUnpool", x, places, kernel_shape=[2, 2], strides=[2, 2], fixed=[])
    model = one_node("MaxUnpool", x, places, np.array([1, 2, 5, 7], np.int64), kernel_shape=[2, 2], strides=[2, 2])
    (y,) = ours(model, (x, places, None))
    assert y.shape == (1, 2, 5, 7)
    assert y[0, 0, 0, 1] == x[0, 0, 0, 0]
    assert not y[:, :, 4].any()
    assert not y[:, :, :, 6].any()


def test_whole_planes() -> None:
    x = f(2, 3, 4, 5)
    assert operators(check_agrees("GlobalAveragePool", x)) == ["mean"]
    assert operators(check_agrees("GlobalMaxPool", x)) == ["amax"]
    assert operators(check_agrees("GlobalLpPool", x, p=3, opset=13)) == ["vector_norm"]
    check_agrees("LpPool", x, kernel_shape=[2, 2], p=1)
    check_agrees("LpPool", x, kernel_shape=[2, 2], p=3, pads=[1, 1, 1, 1])


def test_padding_as_wide_as_the_window_is_refused() -> None:
    with pytest.raises(ShapeError, match="max_pool: expected padding of at least 0 and below the kernel span"):
        read_graph(one_node("MaxPool", f(1, 1, 5, 5), kernel_shape=[2, 2], pads=[2, 2, 2, 2]))


def test_moved_taps() -> None:
    """3 by 3 taps of 2 channels, each moved by two numbers."""
    x, w, offset = f(1, 2, 5, 5), f(4, 2, 3, 3), f(1, 18, 3, 3) / 2
    mask = np.abs(f(1, 9, 3, 3))
    read = check_agrees("DeformConv", x, w, offset, f(4), mask, fixed=[1, 3], tolerance=1e-4)
    assert operators(read) == ["deform_conv"]


def test_matrix_products_of_gemm() -> None:
    read = check_agrees("Gemm", f(3, 4), f(5, 4), f(5), transB=1)
    assert operators(read) == ["linear"]
    assert operators(check_agrees("Gemm", f(3, 4), f(5, 4), f(1, 5), transB=1))[-1] == "linear"
    check_agrees("Gemm", f(4, 3), f(4, 5), f(3, 1), transA=1, alpha=0.5, beta=2.0)
    check_agrees("Gemm", f(3, 4), f(4, 5), np.array(2.0, F32), fixed=[])
