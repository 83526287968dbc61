"""Arrays that a run really holds, against what a step of training is said to need: to the byte."""

import sys
import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from netweight import Graph, TensorSpec, build, capture
from netweight.analysis.optimizers import OPTIMIZERS
from netweight.analysis.training_memory import training_memory
from netweight.autograd.gradients import backpropagation
from netweight.errors import UsageError
from netweight.ir import Node
from netweight.ops import REGISTRY
from netweight.runtime import backward, initialize, run

Array = np.ndarray[Any, Any]
CLASSES = TensorSpec((2,), "int64")


def perceptron(x: build.Symbol, target: build.Symbol) -> build.Symbol:
    x = build.relu(build.linear(x, 16))
    return build.cross_entropy(build.linear(build.relu(build.linear(x, 8)), 4), target)


def residual(x: build.Symbol, target: build.Symbol) -> build.Symbol:
    x = build.conv2d(x, 4, kernel_size=3, padding=1)
    for _ in range(2):
        y = build.conv2d(x, 4, kernel_size=3, padding=1, bias=False)
        x = build.add(x, build.relu(build.batch_norm(y)))
    return build.cross_entropy(build.linear(build.flatten(build.max_pool2d(x, 2)), 4), target)


def transformer(x: build.Symbol, target: build.Symbol) -> build.Symbol:
    q, k, v = (build.linear(x, 8) for _ in range(3))
    x = build.layer_norm(build.add(x, build.linear(build.scaled_dot_product_attention(q, k, v), 8)))
    x = build.add(x, build.linear(build.gelu(build.linear(x, 16)), 8))
    return build.cross_entropy(build.linear(build.flatten(x), 4), target)


def dropping(x: build.Symbol, target: build.Symbol) -> build.Symbol:
    x = build.dropout(build.relu(build.linear(x, 16)), 0.5)
    return build.cross_entropy(build.linear(build.sigmoid(build.linear(x, 16)), 4), target)


def shared(x: build.Symbol, target: build.Symbol) -> build.Symbol:
    """One gradient goes unchanged to three readers; where it is joined by another, it is not written over."""
    other, a = build.linear(x, 8), build.linear(x, 8)
    b = build.neg(a)
    return build.cross_entropy(build.sigmoid(build.add(build.add(a, other), b)), target)


def owner(array: Array) -> Array:
    return owner(array.base) if isinstance(array.base, np.ndarray) else array


class Alive:
    """Memory of the arrays that are alive, looked at after every call, as the weak references say."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: dict[int, Callable[[], Array | None]] = {}
        self.peaks = {"forward": 0, "backward": 0}
        forwards, backwards = (sys.modules[f"netweight.runtime.{name}"] for name in ("forward", "backward"))
        call, gradients, add_to = forwards.call, backwards._gradients, backwards._add_to

        def watched_call(node: Node, values: dict[str, Array], *rest: Any) -> dict[str, Array]:
            saved = call(node, values, *rest)
            self.look("forward", *(values[name] for name in node.outputs), *saved.values())
            return saved

        def watched_gradients(*arguments: Any) -> list[tuple[str, Array]]:
            found = gradients(*arguments)
            self.look("backward", *(grad for _, grad in found))
            return found

        def watched_sum(grads: dict[str, Array], name: str, *rest: Any) -> None:
            add_to(grads, name, *rest)
            self.look("backward", grads[name])

        monkeypatch.setattr(forwards, "call", watched_call)
        monkeypatch.setattr(backwards, "_gradients", watched_gradients)
        monkeypatch.setattr(backwards, "_add_to", watched_sum)

    def add(self, *arrays: Array) -> None:
        for array in map(owner, arrays):
            self.seen[id(array)] = weakref.ref(array)

    def look(self, phase: str, *made: Array) -> None:
        self.add(*made)
        alive = [array for found in self.seen.values() if (array := found()) is not None]
        self.peaks[phase] = max(self.peaks[phase], sum(array.nbytes for array in alive))


def arrays_for(graph: Graph) -> dict[str, Array]:
    rng = np.random.default_rng(0)
    specs = {name: graph.spec(name) for name in graph.inputs}
    return {
        name: rng.integers(0, 2, spec.shape)
        if spec.dtype == "int64"
        else rng.standard_normal(spec.shape).astype(np.float32)
        for name, spec in specs.items()
    }


def held(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Most bytes alive in the forward and in the backward of a step."""
    inputs, weights = arrays_for(graph), initialize(graph)
    ones = {name: np.ones(graph.spec(name).shape, np.float32) for name in graph.outputs}
    alive = Alive(monkeypatch)
    alive.add(*inputs.values(), *weights.values())
    done = run(graph, inputs, weights, keep="saved", wanted=backpropagation(graph).trained)
    alive.add(*ones.values())
    grads = backward(graph, done, ones)
    assert set(grads) == {name for name, value in graph.values.items() if value.kind == "parameter"}
    return alive.peaks


def foreseen(graph: Graph) -> dict[str, int]:
    peaks = training_memory(backpropagation(graph), {}, OPTIMIZERS["sgd"]).peaks
    return {name: peaks[name].nbytes for name in ("forward", "backward")}


@pytest.mark.parametrize(
    ("describe", "shape"),
    [(perceptron, (2, 8)), (residual, (2, 3, 8, 8)), (transformer, (2, 4, 8)), (dropping, (2, 8)), (shared, (64, 1))],
)
def test_a_step_holds_what_was_foreseen(
    describe: Callable[..., build.Symbol], shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = build.graph(describe, shape, TensorSpec(shape[:1], "int64"), training=describe is dropping)
    assert held(graph, monkeypatch) == foreseen(graph)


def test_running_statistics_are_new_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    """A training step writes over the buffers; a run leaves them and hands out the new ones: 2 x 2 of 4 channels."""
    graph = build.graph(residual, (2, 3, 8, 8), CLASSES, training=True)
    foretold = foreseen(graph)
    assert held(graph, monkeypatch) == {phase: nbytes + 2 * 2 * 4 * 4 for phase, nbytes in foretold.items()}


def not_in_place(graph: Graph) -> Graph:
    """The network as it is run: no operator writes over what it reads; views stay what they are."""
    written = {name for node in graph.nodes if not REGISTRY[node.op].view for name in node.outputs}
    apart = {name: replace(value, storage=name) for name, value in graph.values.items() if name in written}
    return replace(graph, values={**graph.values, **apart})


@pytest.mark.parametrize("name", ["lenet5", "shallow_cnn"])
def test_networks_of_the_zoo(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a loss the caller holds the gradient that backward starts from, which a step lets go of."""
    graph = not_in_place(capture(name, batch=2))
    found, foretold = held(graph, monkeypatch), foreseen(graph)
    given_by_caller = sum(graph.spec(output).nbytes for output in graph.outputs)
    assert found["forward"] == foretold["forward"]
    assert foretold["backward"] <= found["backward"] <= foretold["backward"] + given_by_caller


@pytest.mark.parametrize("describe", [perceptron, transformer])
def test_gradients_are_those_of_a_run_that_keeps_everything(describe: Callable[..., build.Symbol]) -> None:
    graph = build.graph(describe, (2, 8) if describe is perceptron else (2, 4, 8), CLASSES)
    inputs, weights, ones = arrays_for(graph), initialize(graph), {"cross_entropy": np.float32(1) * np.ones(())}
    every = run(graph, inputs, weights, keep=True)
    expected = backward(graph, every, ones)
    for wanted in (None, *([name] for name in expected)):
        done = run(graph, inputs, weights, keep="saved", wanted=wanted)
        found = backward(graph, done, ones)
        assert set(found) == set(wanted or expected)
        for name, grad in found.items():
            np.testing.assert_array_equal(grad, expected[name])
        assert not done.kept
    again = backward(graph, every, ones)
    np.testing.assert_array_equal(again["linear.weight"], expected["linear.weight"])


def test_what_was_kept_serves_one_backward() -> None:
    graph = build.graph(perceptron, (2, 8), CLASSES)
    done = run(graph, arrays_for(graph), initialize(graph), keep="saved")
    ones = {"cross_entropy": np.ones((), np.float32)}
    backward(graph, done, ones)
    with pytest.raises(UsageError, match="a run that had no backward yet, got one that had"):
        backward(graph, done, ones)


def test_wanted_names_parameters_and_inputs() -> None:
    graph = build.graph(perceptron, (2, 8), CLASSES)
    with pytest.raises(UsageError, match="no parameter or input of the network is called 'relu'"):
        run(graph, arrays_for(graph), initialize(graph), keep="saved", wanted=["relu"])


def test_a_gradient_that_waits_for_two_values_is_not_written_over() -> None:
    """y = sum((x u + x v) - x u): u has no gradient, v has that of x v; both wait with the same array."""

    def describe(x: build.Symbol) -> build.Symbol:
        v, u = (build.linear(x, 1, bias=False, name=name) for name in "vu")
        minus = build.neg(u)
        return build.add(build.add(u, v), minus)

    graph = build.graph(describe, (3, 1))
    x = np.array([[1.0], [2.0], [3.0]])
    weights = {"u.weight": np.full((1, 1), 5.0), "v.weight": np.full((1, 1), 7.0)}
    for keep in (True, "saved"):
        done = run(graph, {"x": x}, weights, keep=keep)
        grads = backward(graph, done, {graph.outputs[0]: np.ones((3, 1))})
        assert {name: grad.tolist() for name, grad in grads.items()} == {
            "x": [[7.0]] * 3, "u.weight": [[0.0]], "v.weight": [[6.0]],
        }  # fmt: skip


def test_only_what_the_wanted_gradients_read_is_kept() -> None:
    """X = A^-1 B: the gradient of B reads A, that of A reads X as well; other arrays are stand-ins of one element."""
    graph = build.graph(build.solve, (3, 3), (3, 2))
    inputs = {"x0": 2 * np.eye(3), "x1": np.ones((3, 2))}

    def kept(*wanted: str) -> dict[str, int]:
        done = run(graph, inputs, {}, keep="saved", wanted=wanted)
        (one,) = done.kept.values()
        assert [y.shape for y in one.outputs] == [(3, 2)]
        arrays = dict(zip("AB", one.inputs, strict=True)) | {"X": one.saved["y"]}
        return {name: owner(array).size for name, array in arrays.items() if array is not None}

    assert kept("x1") == {"A": 9, "B": 1, "X": 1}
    assert kept("x0") == kept("x0", "x1") == {"A": 9, "B": 1, "X": 6}


def test_what_nobody_reads_is_not_held() -> None:
    """Of three parts one is used: the others go as soon as they are written."""
    graph = build.graph(lambda x: build.relu(build.split(x, 2)[1]), (1, 6))
    done = run(graph, {"x": np.ones((1, 6))}, {})
    assert set(done.values) == {"x", *graph.outputs}
    assert len(run(graph, {"x": np.ones((1, 6))}, {}, keep=True).values) == 1 + 3 + 1


def test_gradients_are_summed_where_nobody_else_has_them() -> None:
    """x is read three times; the gradient of the output is the caller's, and goes to two of the readers unchanged."""

    def describe(x: build.Symbol) -> build.Symbol:
        return build.add(build.add(x, build.exp(x)), x)

    graph = build.graph(describe, (3,))
    x, given_by_caller = np.array([0.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0])
    done = run(graph, {"x": x}, {}, keep="saved")
    grads = backward(graph, done, {graph.outputs[0]: given_by_caller})
    np.testing.assert_array_equal(given_by_caller, [1.0, 2.0, 3.0])
    np.testing.assert_allclose(grads["x"], given_by_caller * (2 + np.exp(x)))
