"""Pooling, transposed convolution and interpolation as the builder writes them: attributes, shapes and refusals."""

from collections.abc import Callable
from typing import Any

import pytest

from netweight import build
from netweight.errors import ShapeError, UsageError
from netweight.ops.contract.conv_transpose import ConvTransposeAttrs
from netweight.ops.sample.resize import ResizeAttrs
from netweight.ops.window.adaptive_pool import AdaptivePoolAttrs
from netweight.ops.window.pool import PoolAttrs
from netweight.ops.window.pool_average import AvgPoolAttrs, LpPoolAttrs


def _only(describe: Callable[..., Any], *shape: int) -> tuple[str, Any, tuple[int, ...]]:
    """Operator, attributes and output shape of a network of one node."""
    graph = build.graph(describe, shape)
    (node,) = graph.nodes
    return node.op, node.attrs, graph.spec(node.outputs[0]).shape


@pytest.mark.parametrize(
    ("function", "op", "dims"),
    [
        (build.max_pool1d, "max_pool", 1),
        (build.max_pool2d, "max_pool", 2),
        (build.max_pool3d, "max_pool", 3),
        (build.min_pool2d, "min_pool", 2),
    ],
)
def test_pooling_by_extremes(function: Any, op: str, dims: int) -> None:
    found = _only(lambda x: function(x, 3, 2, padding=1, ceil_mode=True), 2, 4, *(8,) * dims)
    window = {"kernel_size": (3,) * dims, "stride": (2,) * dims, "padding": ((1, 1),) * dims, "dilation": (1,) * dims}
    assert found == (op, PoolAttrs(**window, ceil_mode=True), (2, 4, *(5,) * dims))  # ceil((8 + 2 - 3) / 2) + 1


@pytest.mark.parametrize(("function", "dims"), [(build.avg_pool1d, 1), (build.avg_pool2d, 2), (build.avg_pool3d, 3)])
def test_average_pooling_steps_by_its_window(function: Any, dims: int) -> None:
    found = _only(lambda x: function(x, 2, count_include_pad=False, divisor_override=3), 2, 4, *(8,) * dims)
    window = {"kernel_size": (2,) * dims, "stride": (2,) * dims, "padding": ((0, 0),) * dims}
    attrs = AvgPoolAttrs(**window, count_include_pad=False, divisor_override=3)
    assert found == ("avg_pool", attrs, (2, 4, *(4,) * dims))


def test_same_padding_pools_to_the_input_over_the_stride() -> None:
    _, attrs, shape = _only(lambda x: build.avg_pool2d(x, 3, 2, padding="same"), 1, 4, 7, 8)
    assert attrs.padding == ((1, 1), (0, 1))
    assert shape == (1, 4, 4, 4)


def test_pooling_and_back() -> None:
    def there_and_back(x: Any) -> Any:
        return build.max_unpool2d(*build.max_pool2d_with_indices(x, (3, 2), padding=(1, 0)), (3, 2), padding=(1, 0))

    graph = build.graph(there_and_back, (2, 4, 7, 8))
    pool, unpool = graph.nodes
    assert pool.attrs.padding == ((1, 1), (0, 0))
    assert [graph.spec(name).shape for name in pool.outputs] == [(2, 4, 3, 4)] * 2
    assert unpool.attrs.output_size == ((3 - 1) * 3 - 2 * 1 + 3, (4 - 1) * 2 + 2)
    larger = build.graph(
        lambda x: build.max_unpool2d(*build.max_pool2d_with_indices(x, 2), 2, None, 0, (7, 9)), (1, 1, 7, 9)
    )
    assert larger.spec(larger.outputs[0]).shape == (1, 1, 7, 9)


def test_power_mean_pooling() -> None:
    found = _only(lambda x: build.lp_pool2d(x, 2, (3, 2), ceil_mode=True), 1, 4, 7, 8)
    attrs = LpPoolAttrs(norm_type=2.0, kernel_size=(3, 2), stride=(3, 2), ceil_mode=True)
    assert found == ("lp_pool", attrs, (1, 4, 3, 4))


@pytest.mark.parametrize(
    ("describe", "op", "shape", "output_size"),
    [
        (lambda x: build.adaptive_avg_pool1d(x, 3), "adaptive_avg_pool", (1, 4, 8), (3,)),
        (lambda x: build.adaptive_avg_pool2d(x, (None, 3)), "adaptive_avg_pool", (1, 4, 8, 9), (8, 3)),
        (lambda x: build.adaptive_avg_pool3d(x, 2), "adaptive_avg_pool", (1, 4, 5, 6, 7), (2, 2, 2)),
        (lambda x: build.adaptive_max_pool2d(x, 3), "adaptive_max_pool", (1, 4, 8, 9), (3, 3)),
        (build.global_avg_pool, "adaptive_avg_pool", (1, 4, 8, 9), (1, 1)),
        (build.global_max_pool, "adaptive_max_pool", (1, 4, 5, 8, 9), (1, 1, 1)),
    ],
)
def test_adaptive_pooling(describe: Any, op: str, shape: tuple[int, ...], output_size: tuple[int, ...]) -> None:
    assert _only(describe, *shape) == (op, AdaptivePoolAttrs(output_size=output_size), (1, 4, *output_size))


@pytest.mark.parametrize(
    ("function", "dims"),
    [(build.conv_transpose1d, 1), (build.conv_transpose2d, 2), (build.conv_transpose3d, 3)],
)
def test_transposed_convolution_makes_its_parameters(function: Any, dims: int) -> None:
    options = {"kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1, "groups": 2}
    graph = build.graph(lambda x: function(x, 6, **options), (2, 4, *(5,) * dims))
    (node,) = graph.nodes
    window = {"stride": (2,) * dims, "padding": ((1, 1),) * dims, "dilation": (1,) * dims}
    assert node.attrs == ConvTransposeAttrs(**window, output_padding=(1,) * dims, groups=2)
    assert graph.spec("conv_transpose.weight").shape == (4, 3, *(3,) * dims)
    assert graph.spec("conv_transpose.bias").shape == (6,)
    assert graph.spec(node.outputs[0]).shape == (2, 6, *(10,) * dims)  # (5 - 1) * 2 + 3 - 2 + 1


def test_transposed_convolution_shares_a_weight_and_leaves_the_bias_out() -> None:
    def tied(x: build.Symbol) -> build.Symbol:
        weight = build.parameter(x, "shared", (4, 4, 2, 2))
        x = build.conv2d(x, 4, kernel_size=2, stride=2, weight=weight, bias=False)
        return build.conv_transpose2d(x, 4, kernel_size=2, stride=2, weight=weight, bias=False)

    graph = build.graph(tied, (1, 4, 8, 8))
    assert [node.inputs[1:] for node in graph.nodes] == [("shared", None), ("shared", None)]
    assert graph.spec(graph.outputs[0]).shape == (1, 4, 8, 8)


_NEAREST: Any = {"mode": "nearest", "coordinates": "asymmetric"}


@pytest.mark.parametrize(
    ("options", "shape", "attrs"),
    [
        ({"scale_factor": 2}, (1, 4, 8, 9), ResizeAttrs(size=(16, 18), **_NEAREST)),
        ({"scale_factor": (2.0, 0.5)}, (1, 4, 8, 8), ResizeAttrs(size=(16, 4), **_NEAREST)),
        ({"scale_factor": 1.5}, (1, 4, 5), ResizeAttrs(size=(7,), scale=(1.5,), **_NEAREST)),
        ({"scale_factor": 1.5, "recompute_scale_factor": True}, (1, 4, 5), ResizeAttrs(size=(7,), **_NEAREST)),
        (
            {"scale_factor": 1.5, "mode": "linear", "align_corners": True},
            (1, 4, 5),
            ResizeAttrs(size=(7,), mode="linear", coordinates="align_corners"),
        ),
        ({"size": 7, "mode": "bilinear"}, (1, 4, 5, 6), ResizeAttrs(size=(7, 7), mode="linear")),
        ({"size": (7, 3), "mode": "bicubic"}, (1, 4, 5, 6), ResizeAttrs(size=(7, 3), mode="cubic")),
        ({"size": 3, "mode": "trilinear"}, (1, 4, 5, 6, 7), ResizeAttrs(size=(3, 3, 3), mode="linear")),
        (
            {"size": 3, "mode": "nearest-exact"},
            (1, 4, 5),
            ResizeAttrs(size=(3,), mode="nearest", rounding="round_prefer_ceil"),
        ),
    ],
)
def test_interpolation(options: Any, shape: tuple[int, ...], attrs: ResizeAttrs) -> None:
    found = _only(lambda x: build.interpolate(x, **options), *shape)
    assert found == ("resize", attrs, (1, 4, *attrs.size))


@pytest.mark.parametrize(
    ("describe", "error", "message"),
    [
        (build.interpolate, UsageError, r"either size or scale_factor, got None and None"),
        (lambda x: build.interpolate(x, size=8, scale_factor=2), UsageError, r"size or scale_factor, got 8 and 2"),
        (lambda x: build.interpolate(x, size=8, mode="area"), UsageError, r"expected mode nearest, .*, got 'area'"),
        (lambda x: build.interpolate(x, size=8, mode="trilinear"), UsageError, r"'trilinear' for 3 .* got 2"),
        (lambda x: build.interpolate(x, scale_factor=(2.0,)), ShapeError, r"expected 2 scale factors, got \(2.0,\)"),
        (lambda x: build.interpolate(x, size=(8, 8, 8)), UsageError, r"a number or 2 of them, .* got \(8, 8, 8\)"),
        (lambda x: build.max_unpool2d(x[0], x[0], 2), ShapeError, r"max_unpool: expected x \(N, C, H, W\), got"),
        (lambda x: build.max_pool2d(x, (3, 3, 3)), UsageError, r"a number or 2 of them, .* got \(3, 3, 3\)"),
        (lambda x: build.max_pool1d(x, 3), ShapeError, r"max_pool1d: expected x \(N, C, L\), got \(1, 4, 8, 8\)"),
        (
            lambda x: build.adaptive_avg_pool3d(x, 1),
            ShapeError,
            r"adaptive_avg_pool3d: expected x \(N, C, D, H, W\), got",
        ),
        (
            lambda x: build.conv_transpose2d(x, 4, kernel_size=3, padding="same"),
            ShapeError,
            r"conv_transpose: expected padding as a number or a tuple, got 'same'",
        ),
        (
            lambda x: build.conv_transpose2d(x, 5, kernel_size=3, groups=2),
            ShapeError,
            r"out_channels divisible by groups, got \(1, 4, 8, 8\), 5 and 2",
        ),
        (
            lambda x: build.conv_transpose3d(x, 4, kernel_size=3),
            ShapeError,
            r"conv_transpose: expected x with 2 \+ 3 dimensions",
        ),
    ],
)
def test_errors_name_what_was_expected_and_what_came(describe: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        build.graph(describe, (1, 4, 8, 8))
