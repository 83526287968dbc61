"""Functions of networks described by hand: what they compute, what they are called, that they can be weighed."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import netweight
from netweight import build
from netweight.errors import ShapeError
from netweight.ir import Graph, TensorSpec
from netweight.ir.serial import graph_from_json, graph_to_json
from netweight.ops import REGISTRY
from netweight.runtime import backward, initialize, run

_X = np.random.default_rng(0).uniform(0.1, 0.9, (2, 4, 6, 6))
_ROWS = np.array([1, 0, 1])


def _graph(describe: Callable[..., Any], *arrays: Any, training: bool = False) -> Graph:
    specs = (TensorSpec(x.shape, x.dtype.name) for x in arrays)
    return build.graph(describe, *specs, name="network", training=training)


def _outputs(graph: Graph, *arrays: Any) -> list[Any]:
    found = run(graph, dict(zip(graph.inputs, arrays, strict=True)), initialize(graph))
    return [found.outputs[name] for name in graph.outputs]


@pytest.mark.parametrize(
    ("describe", "expected"),
    [
        (build.copy, _X),
        (lambda x: build.slice_scatter(x, x[:, :2], dim=1, start=-2), np.concatenate([_X[:, :2], _X[:, :2]], 1)),
        (lambda x: build.repeat_interleave(x, 2, -1), np.repeat(_X, 2, 3)),
        (lambda x: build.pixel_unshuffle(build.pixel_shuffle(x, 2), 2), _X),
        (lambda x: build.channel_shuffle(x, 2), _X[:, [0, 2, 1, 3]]),
        (lambda x: build.tril(x, 1) + build.triu(x, 2), _X),
        (lambda x: build.diagonal(x, dim1=-2, dim2=-1), np.diagonal(_X, axis1=2, axis2=3)),
        (lambda x: x * build.full(x, (6,), 3), 3 * _X),
        (lambda x: x + build.ones_like(x) + build.zeros_like(x) + build.full_like(x, 2), _X + 3),
        (lambda x: x + build.arange(x, 0, 6, dtype="float64"), _X + np.arange(6)),
        (lambda x: build.masked_fill(x, build.gt(x, 0.5), -1), np.where(_X > 0.5, -1, _X)),
        (lambda x: build.sort(x, 1, descending=True)[0], -np.sort(-_X, axis=1)),
        (lambda x: build.gather(x, 3, build.argsort(x)), np.sort(_X)),
        (lambda x: build.topk(x, 2)[0], -np.sort(-_X)[..., :2]),
        (lambda x: build.max(x, 1, keepdim=True)[0], _X.max(1, keepdims=True)),
        (lambda x: build.min(x, -1)[1], _X.argmin(-1)),
        (lambda x: build.window_view(x, -1, 3, 2)[..., 1, :], _X[..., 2:5]),
        (lambda x: build.fold(build.unfold(x, 2, stride=2), (6, 6), 2, stride=2), _X),
        (lambda x: build.logsumexp(x, (-1, -2)), np.log(np.exp(_X).sum((2, 3)))),
        (lambda x: build.count_nonzero(build.gt(x, 0.5), 1), (_X > 0.5).sum(1)),
        (lambda x: build.logical_and(build.any(x), build.all(x)), True),
        (lambda x: build.cumprod(x, 1), np.cumprod(_X, 1)),
        (lambda x: build.remainder(x, build.full_like(x, 0.25)), _X % 0.25),
        (lambda x: build.floor_divide(x, build.full_like(x, 0.25)), _X // 0.25),
        (lambda x: build.fmod(build.neg(x), build.full_like(x, 0.25)), np.fmod(-_X, 0.25)),
        (lambda x: build.atan2(build.sin(x), build.cos(x)), _X),
        (lambda x: build.logaddexp(x, x), _X + math.log(2)),
        (lambda x: build.log1p(build.expm1(x)), _X),
        (lambda x: build.log2(build.exp2(x)), _X),
        (lambda x: build.log10(10 * x), np.log10(_X) + 1),
        (lambda x: build.atan(build.tan(x)), _X),
        (lambda x: build.asin(x) + build.acos(x), np.full_like(_X, math.pi / 2)),
        (lambda x: build.sinh(x) + build.cosh(x), np.exp(_X)),
        (lambda x: build.trunc(10 * x), np.trunc(10 * _X)),
        (lambda x: build.logical_or(build.isnan(x), build.isinf(x)), np.zeros(_X.shape, bool)),
        (build.isfinite, np.ones(_X.shape, bool)),
        (lambda x: build.lerp(x, 2 * x, 0.5), 1.5 * _X),
        (lambda x: build.lerp(x, 2 * x, build.full(x, (1,), 0.5)), 1.5 * _X),
        (lambda x: build.addcmul(x, x, x, value=2), _X + 2 * _X * _X),
        (lambda x: build.addcdiv(x, x, x), _X + 1),
        (build.celu, _X),
        (lambda x: build.exp(build.logsigmoid(x)), 1 / (1 + np.exp(-_X))),
        (lambda x: build.softshrink(x, 0.1), _X - 0.1),
        (lambda x: build.hardshrink(x, 0.05), _X),
        (lambda x: build.threshold(x, 1, 5), np.full_like(_X, 5)),
        (build.tanhshrink, _X - np.tanh(_X)),
        (build.softsign, _X / (1 + _X)),
        (lambda x: build.glu(x, 1), _X[:, :2] / (1 + np.exp(-_X[:, 2:]))),
        (lambda x: build.irfft(build.rfft(x)), _X),
        (lambda x: build.irfft(build.rfft(x, (2, 3), "ortho"), 6, (2, 3), "ortho"), _X),
        (lambda x: build.ifft(build.fft(x, (1, 2)), (1, 2)), _X.astype("complex128")),
        (lambda x: build.l1_loss(x, 2 * x), _X.mean()),
        (lambda x: build.smooth_l1_loss(x, x + 3, reduction="sum"), 2.5 * _X.size),
        (lambda x: build.huber_loss(x, x + 3, delta=2), 2 * (3 - 1)),
        (lambda x: build.kl_div(build.log(x), x, reduction="batchmean"), 0),
        (lambda x: build.kl_div(build.log(x), build.log(x), log_target=True), 0),
        (lambda x: build.binary_cross_entropy(x, build.ones_like(x)), -np.log(_X).mean()),
        (
            lambda x: build.binary_cross_entropy_with_logits(x, build.zeros_like(x), reduction="none"),
            np.log1p(np.exp(_X)),
        ),
    ],
)  # fmt: skip
def test_it_computes_what_numpy_does(describe: Callable[..., Any], expected: Any) -> None:
    graph = _graph(describe, _X)
    (found,) = _outputs(graph, _X)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
    assert graph.spec(graph.outputs[0]).shape == np.shape(expected)
    again = graph_from_json(graph_to_json(graph), {name: REGISTRY[name].attrs for name in REGISTRY})
    assert again == graph
    assert netweight.weigh(graph).coverage.unknown == ()


def _nd(x: Any, join: Any) -> Any:
    """Rows of the second channel written over those of the first, or joined with them, one after the other."""
    y = x[0, 0, :3].copy()
    for row, at in enumerate(_ROWS):
        y[at] = x[0, 1, row] if join is None else join(y[at], x[0, 1, row])
    return y


@pytest.mark.parametrize(
    ("describe", "expected"),
    [
        (lambda x, i: build.index(x, [None, i]), _X[:, _ROWS]),
        (lambda x, i: build.index(x, [i, None, i]), _X[_ROWS, :, _ROWS]),
        (lambda x, i: build.index_put(x, [None, i[:2]], x[:, :2] * 0)[:, :2], np.zeros((2, 2, 6, 6))),
        (lambda x, i: build.index_add(x, 1, i[:2], x[:, :2], alpha=-1)[:, 0], _X[:, 0] - _X[:, 1]),
        (lambda x, i: build.index_copy(x, 1, i[:2], x[:, :2])[:, :2], _X[:, 1::-1]),
        (lambda x, i: build.gather_nd(x[0], build.unsqueeze(i, 1)), _X[0, _ROWS]),
        (lambda x, i: build.scatter_nd(x[0, 0, :3], build.unsqueeze(i, 1), x[0, 1, :3]), _nd(_X, None)),
        (lambda x, i: build.scatter_nd(x[0, 0, :3], build.unsqueeze(i, 1), x[0, 1, :3], "sum"), _nd(_X, np.add)),
        (lambda x, i: build.scatter_nd(x[0, 0, :3], build.unsqueeze(i, 1), x[0, 1, :3], "amax"), _nd(_X, np.maximum)),
        (lambda _x, i: build.one_hot(i, 2), np.eye(2)[_ROWS]),
        (
            lambda x, i: build.scatter(build.full(x, (3, 2), 0), 1, build.unsqueeze(i, 1), 1.0),
            np.eye(2)[_ROWS],
        ),
        (
            lambda x, i: build.scatter_add(build.full(x, (2,), 0), 0, i, build.full(x, (3,), 1)),
            [1, 2],
        ),
        (lambda _x, i: build.bitwise_or(build.bitwise_left_shift(i, i), build.bitwise_not(i)), [-2, -1, -2]),
        (lambda _x, i: build.bitwise_xor(build.bitwise_and(i, i), build.bitwise_right_shift(i, i)), [1, 0, 1]),
        (lambda x, i: build.nll_loss(x[0, 0, :3, :2], i), -_X[0, 0, [0, 1, 2], _ROWS].mean()),
    ],
)  # fmt: skip
def test_it_picks_and_places_what_numpy_does(describe: Callable[..., Any], expected: Any) -> None:
    graph = _graph(describe, _X, _ROWS)
    (found,) = _outputs(graph, _X, _ROWS)
    np.testing.assert_allclose(found, expected)


def test_sampling_at_every_corner_gives_the_corners() -> None:
    grid = np.array([[[[-1.0, -1.0], [1.0, -1.0]], [[-1.0, 1.0], [1.0, 1.0]]]] * 2)
    graph = _graph(lambda x, g: build.grid_sample(x, g, align_corners=True), _X, grid)
    np.testing.assert_allclose(_outputs(graph, _X, grid)[0], _X[:, :, ::5, ::5])
    assert graph.nodes[0].attrs.mode == "linear"


def test_quantising_and_going_back_moves_by_half_a_step_at_most() -> None:
    def network(x: build.Symbol) -> tuple[build.Symbol, build.Symbol]:
        scale = build.full(x, (), 1 / 64)
        there = build.quantize(x, scale)
        return build.dequantize(there, scale), build.fake_quantize(x, build.full(x, (4,), 1 / 64), dim=-3)

    graph = _graph(network, _X)
    back, fake = _outputs(graph, _X)
    np.testing.assert_array_equal(back, fake)
    assert np.abs(back - _X).max() <= 1 / 128


def test_layers_with_tables() -> None:
    def network(indices: build.Symbol) -> build.Symbol:
        bags = build.embedding_bag(indices, 10, 3, mode="sum", name="bags")
        return build.bilinear(bags, bags, 5, name="pairs")

    indices = np.array([[1, 2, 3], [4, 5, 6]])
    graph = _graph(network, indices)
    params = {name: value.spec.shape for name, value in graph.values.items() if value.kind == "parameter"}
    assert params == {"bags.weight": (10, 3), "pairs.weight": (5, 3, 3), "pairs.bias": (5,)}
    totals = netweight.weigh(graph).totals
    assert totals.params == 10 * 3 + 5 * 3 * 3 + 5
    assert totals.macs == 2 * 5 * 3 * 3 + 2 * 5 * 3
    weights = initialize(graph)
    table = weights["bags.weight"]
    rows = table[indices].sum(1)
    expected = np.einsum("ni,oij,nj->no", rows, weights["pairs.weight"], rows) + weights["pairs.bias"]
    np.testing.assert_allclose(_outputs(graph, indices)[0], expected, rtol=1e-4)


def test_gradients_pass_tensors_made_from_nothing() -> None:
    """x stands once among the zeros, doubled."""
    graph = _graph(lambda x: build.concat([x, build.zeros_like(x)]) * build.full(x, (1,), 2), _X)
    done = run(graph, {"x": _X}, {}, keep=True)
    np.testing.assert_array_equal(backward(graph, done, {graph.outputs[0]: np.ones((2, 8, 6, 6))})["x"], 2)


def test_the_gradient_of_the_largest_goes_where_its_position_says() -> None:
    graph = _graph(lambda x: build.topk(x, 2, 1)[0], _X)
    grad = backward(graph, run(graph, {"x": _X}, {}, keep=True), {graph.outputs[0]: np.ones((2, 2, 6, 6))})["x"]
    np.testing.assert_array_equal(grad, np.sort(_X, axis=1)[:, -2:-1] <= _X)


def test_an_activation_in_place_keeps_what_its_gradient_needs() -> None:
    describe = lambda x: build.softsign(build.celu(x, inplace=True), inplace=True)  # noqa: E731
    assert [value.storage for value in _graph(describe, _X).values.values()] == ["x", "x", "x"]
    training = _graph(describe, _X, training=True)
    assert [value.storage for value in training.values.values()] == ["x", "x", "softsign"]


def test_receptive_field_of_windows_side_by_side() -> None:
    """A window of 3, then one of 2 with a stride of 2: 3 + (2 - 1) * 1 == 4."""

    def network(x: build.Symbol) -> build.Symbol:
        return build.unfold(build.conv2d(x, 2, kernel_size=3, name="conv"), 2, stride=2, name="patches")

    graph = build.graph(network, (1, 3, 16, 16))
    fields = {row.layer: row.receptive_field for row in netweight.weigh(graph).layers}
    assert fields["patches"] == (4, 4)


@pytest.mark.parametrize(
    ("describe", "message"),
    [
        (lambda x: build.fold(x, (6, 6), 2), r"fold: expected x \(N, C \* kernel elements, 25\), got \(2, 4, 6, 6\)"),
        (lambda x: build.index(x, []), r"index: expected one tensor of positions per dim, .* got 0 for dims \(\)"),
        (lambda x: build.glu(x, 4), "dim: expected -4 <= dim < 4, got 4"),
        (lambda x: build.full(x, (-1,), 0), "full: expected sizes of at least 0"),
        (lambda x: build.topk(x, 7), "topk: expected 1 <= k <= 6, got 7"),
    ],
)
def test_errors(describe: Callable[..., Any], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        _graph(describe, _X)


def test_a_smooth_loss_without_a_square_is_the_l1_loss() -> None:
    graph = _graph(lambda x, y: build.smooth_l1_loss(x, y, beta=0, reduction="sum"), _X, _X + 0.5)
    assert [node.op for node in graph.nodes] == ["l1_loss"]
    np.testing.assert_allclose(_outputs(graph, _X, _X + 0.5)[0], _X.size * 0.5, rtol=1e-6)
