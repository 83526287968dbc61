"""Running what was weighed: values, gradients, and multiplications counted while they happen."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from netweight import Graph, build, capture, weigh
from netweight.errors import NetweightError, ShapeError, UnsupportedOpError, UsageError
from netweight.ir import Node, TensorSpec, Value
from netweight.kernels.conv import conv_loops
from netweight.kernels.linear import linear_loops
from netweight.ops.contract.conv import ConvAttrs
from netweight.runtime import backward, initialize, run
from netweight.runtime.kernels import KERNELS


def network(x: build.Symbol) -> build.Symbol:
    x = build.conv2d(x, 4, kernel_size=3, padding=1, name="conv1")
    x = build.relu(x, inplace=True)
    x = build.max_pool2d(x, 2)
    return build.linear(build.flatten(x), 3, name="fc")


def check_against_finite_differences(graph: Graph, seed: int = 0) -> None:
    """Every parameter and the input moved along one random direction each, in float64."""
    rng = np.random.default_rng(seed)
    weights = initialize(graph, seed=seed, dtype="float64")
    inputs = {name: rng.standard_normal(graph.spec(name).shape) for name in graph.inputs}
    grad_outputs = {name: rng.standard_normal(graph.spec(name).shape) for name in graph.outputs}
    grads = backward(graph, run(graph, inputs, weights, keep=True), grad_outputs)

    def loss(moved: dict[str, np.ndarray]) -> float:
        given = {name: moved.get(name, array) for name, array in inputs.items()}
        done = run(graph, given, {**weights, **{k: v for k, v in moved.items() if k in weights}})
        return sum(float(np.vdot(grad_outputs[name], done.outputs[name])) for name in graph.outputs)

    learned = [name for name, value in graph.values.items() if value.kind in ("parameter", "input")]
    assert set(grads) == set(learned)
    for name in learned:
        array = weights.get(name, inputs.get(name))
        assert array is not None
        direction = rng.standard_normal(array.shape) / np.sqrt(array.size)
        step = 1e-6
        numeric = (loss({name: array + step * direction}) - loss({name: array - step * direction})) / (2 * step)
        np.testing.assert_allclose(np.vdot(grads[name], direction), numeric, rtol=2e-5, atol=1e-7, err_msg=name)


def test_gradient_of_a_small_network_is_that_of_finite_differences() -> None:
    check_against_finite_differences(build.graph(network, (2, 2, 6, 6)))


@pytest.mark.parametrize("name", ["shallow_cnn", "lenet5"])
def test_gradient_of_whole_networks_is_that_of_finite_differences(name: str) -> None:
    check_against_finite_differences(capture(name, batch=2))


def counting_loops(counts: list[int]) -> dict[str, Callable[..., Any]]:
    """Convolution and linear as plain loops that note how often each call multiplied."""

    def counted(y: np.ndarray, macs: int) -> np.ndarray:
        counts.append(macs)
        return y

    def conv(attrs: ConvAttrs, *tensors: Any) -> np.ndarray:
        return counted(*conv_loops(*tensors, **asdict(attrs)))

    return {"conv": conv, "linear": lambda _attrs, *tensors: counted(*linear_loops(*tensors))}


@pytest.mark.parametrize("name", ["lenet5", "lenet5:activation=relu"])
def test_multiplications_that_happen_are_those_that_were_counted(name: str) -> None:
    """LeNet-5 with every convolution and linear layer as plain loops that count: 416,520."""
    graph = capture(name)
    counts: list[int] = []
    weights = initialize(graph)
    x = np.random.default_rng(0).standard_normal(graph.spec("x").shape).astype(np.float32)
    done = run(graph, {"x": x}, weights, kernels=counting_loops(counts))
    assert sum(counts) == weigh(graph).totals.macs == 416_520
    reference = run(graph, {"x": x}, weights)
    for output in graph.outputs:
        np.testing.assert_allclose(done.outputs[output], reference.outputs[output], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_types_stay_what_they_were(dtype: str) -> None:
    graph = build.graph(network, (1, 2, 6, 6))
    done = run(graph, {"x": np.ones((1, 2, 6, 6), dtype)}, initialize(graph, dtype=dtype), keep=True)
    assert {array.dtype.name for array in done.values.values()} == {dtype}
    grads = backward(graph, done, {"fc": np.ones((1, 3), dtype)})
    assert {grad.dtype.name for grad in grads.values()} == {dtype}


def test_values_are_freed_unless_kept() -> None:
    graph = build.graph(network, (1, 2, 6, 6))
    inputs, weights = {"x": np.ones((1, 2, 6, 6))}, initialize(graph, dtype="float64")
    assert set(run(graph, inputs, weights).values) == {"x", "fc", *weights}
    assert set(run(graph, inputs, weights, keep=True).values) == set(graph.values)


def test_weights_follow_the_seed_and_he() -> None:
    graph = build.graph(lambda x: build.conv2d(x, 384, 3, name="conv3"), (1, 256, 13, 13))
    weights = initialize(graph, seed=3)
    np.testing.assert_array_equal(weights["conv3.weight"], initialize(graph, seed=3)["conv3.weight"])
    assert np.any(weights["conv3.weight"] != initialize(graph, seed=4)["conv3.weight"])
    np.testing.assert_allclose(weights["conv3.weight"].std(), np.sqrt(2 / (256 * 9)), rtol=0.01)
    assert not weights["conv3.bias"].any()


def test_im2col_runs_alexnet_to_the_same_result() -> None:
    graph = capture("alexnet", (1, 3, 95, 95))
    weights = initialize(graph)
    x = np.random.default_rng(0).standard_normal(graph.spec("x").shape).astype(np.float32)
    slow, fast = (run(graph, {"x": x}, weights, kernels=KERNELS[name]) for name in ("reference", "im2col"))
    for output in graph.outputs:
        np.testing.assert_allclose(fast.outputs[output], slow.outputs[output], rtol=1e-4, atol=1e-5)


def test_missing_and_misshapen_arrays_are_named() -> None:
    graph = build.graph(network, (1, 2, 6, 6))
    weights = initialize(graph)
    with pytest.raises(UsageError, match="an array for input 'x', got none"):
        run(graph, {}, weights)
    with pytest.raises(ShapeError, match=r"'x' of shape \(1, 2, 6, 6\), got \(1, 2, 5, 6\)"):
        run(graph, {"x": np.ones((1, 2, 5, 6), np.float32)}, weights)
    del weights["conv1.bias"]
    with pytest.raises(UsageError, match=r"an array for parameter 'conv1\.bias', got none"):
        run(graph, {"x": np.ones((1, 2, 6, 6), np.float32)}, weights)


def test_backward_says_what_it_misses() -> None:
    graph = build.graph(network, (1, 2, 6, 6))
    inputs, weights = {"x": np.ones((1, 2, 6, 6), np.float32)}, initialize(graph)
    with pytest.raises(UsageError, match="a run that kept its values"):
        backward(graph, run(graph, inputs, weights), {"fc": np.ones((1, 3))})
    with pytest.raises(UsageError, match=r"outputs of the graph \(fc\), got 'conv1'"):
        backward(graph, run(graph, inputs, weights, keep=True), {"conv1": np.ones((1, 3))})


def test_operators_without_gradient_or_definition_are_named() -> None:
    spec = TensorSpec((2,))
    values = {"x": Value(name="x", spec=spec, kind="input"), "y": Value(name="y", spec=TensorSpec((), "int64"))}

    def graph(op: str) -> Graph:
        attrs = build.graph(build.argmax, (2,)).nodes[0].attrs if op == "argmax" else None
        nodes = (Node(op=op, attrs=attrs, inputs=("x",), outputs=("y",), layer="top"),)
        return Graph(name="g", values=values, nodes=nodes, inputs=("x",), outputs=("y",))

    with pytest.raises(UnsupportedOpError, match="an operator with a definition, got 'mystery'"):
        run(graph("mystery"), {"x": np.ones(2)}, {})
    done = run(graph("argmax"), {"x": np.ones(2)}, {}, keep=True)
    with pytest.raises(NetweightError, match="operators with a gradient, got 'argmax'"):
        backward(graph("argmax"), done, {"y": np.ones(())})


def test_batch_statistics_update_the_buffers() -> None:
    graph = build.graph(lambda x: build.batch_norm(x, momentum=0.1), (8, 3, 4, 4), training=True)
    x = np.random.default_rng(0).standard_normal((8, 3, 4, 4)) * 3 + 5
    done = run(graph, {"x": x}, initialize(graph, dtype="float64"))
    np.testing.assert_allclose(done.updates["bn.running_mean"], 0.1 * x.mean(axis=(0, 2, 3)))
    np.testing.assert_allclose(done.updates["bn.running_var"], 0.9 + 0.1 * x.var(axis=(0, 2, 3), ddof=1))


def test_dropout_follows_the_generator() -> None:
    graph = build.graph(lambda x: build.dropout(x, 0.5), (1000,), training=True)
    x = {"x": np.ones(1000)}
    first = run(graph, x, {}, rng=np.random.default_rng(1)).outputs["dropout"]
    again = run(graph, x, {}, rng=np.random.default_rng(1)).outputs["dropout"]
    np.testing.assert_array_equal(first, again)
    assert 0.4 < (first == 0).mean() < 0.6
    assert set(np.unique(first)) == {0.0, 2.0}
