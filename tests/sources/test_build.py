"""Describing a network: names, scopes, shared parameters, places in errors."""

from collections.abc import Callable

import pytest

from netweight import Graph, TensorSpec, build, initialize, weigh
from netweight.errors import NetweightError, ShapeError, UsageError


def refused(describe: object, shape: tuple[int, ...] = (1, 4, 8, 8)) -> NetweightError:
    with pytest.raises(NetweightError) as caught:
        build.graph(describe, shape)  # type: ignore[arg-type]
    return caught.value


def conv(out_channels: int, kernel_size: int, **options: int) -> Callable[[build.Symbol], build.Symbol]:
    return lambda x: build.conv2d(x, out_channels, kernel_size=kernel_size, name="bad", **options)


def narrow(x: build.Symbol) -> build.Symbol:
    return build.linear(x, 3, weight=build.parameter(x, "w", (3, 5)), name="bad")


@pytest.mark.parametrize(
    ("describe", "message"),
    [
        (conv(6, 3, groups=3), "in_channels = weight.shape[1] * groups, got 4 != 1 * 3"),
        (conv(5, 3, groups=2), "out_channels divisible by groups, got 5 % 2 = 1"),
        (conv(6, 9), "kernel to fit in the padded input, got kernel span (9, 9)"),
        (lambda x: build.max_pool2d(x, 9, name="bad"), "kernel to fit in the padded input, got kernel span (9, 9)"),
        (narrow, "x of shape (..., 5), got (1, 4, 8, 8)"),
        (lambda x: build.reshape(x, 7, -1, name="bad"), "a shape of 256 elements, got (7, -1)"),
    ],
)
def test_impossible_shapes_name_the_layer_the_rule_and_the_line(describe: object, message: str) -> None:
    error = refused(describe)
    assert isinstance(error, ShapeError)
    assert message in str(error)
    (note,) = error.__notes__
    assert note.startswith("in node 'bad' (")
    assert "from test_build.py:" in note


@pytest.mark.parametrize("shape", [(0, 3, 8, 8), (1, -3, 8, 8)])
def test_inputs_have_positive_sizes(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match="input: expected sizes of at least 1"):
        build.graph(build.relu, shape)


def test_layers_are_named_by_scope_and_numbered_when_they_repeat() -> None:
    def describe(x: build.Symbol) -> build.Symbol:
        with build.scope(x, "a", "Outer"):
            x = build.relu(build.relu(x))
            with build.scope(x, "b"):
                x = build.relu(x, name="act")
        return build.relu(build.relu(build.relu(x, name="relu_1")))

    graph = build.graph(describe, (2,))
    assert [node.layer for node in graph.nodes] == ["a.relu", "a.relu_1", "a.b.act", "relu_1", "relu", "relu_2"]
    assert graph.modules == {"a": "Outer"}


def tied(x: build.Symbol) -> build.Symbol:
    weight = build.parameter(x, "weight", (8, 8))
    return build.linear(build.linear(x, 8, weight=weight, name="one"), 8, weight=weight, bias=False, name="two")


def test_a_shared_parameter_counts_once_and_is_one_array() -> None:
    graph = build.graph(tied, (1, 8))
    assert weigh(graph).totals.params == 64 + 8
    assert sorted(initialize(graph)) == ["one.bias", "weight"]


def test_several_inputs_and_outputs() -> None:
    graph = build.graph(lambda a, b: (build.add(a, b), a), (2, 3), TensorSpec((2, 3), "float16"), name="pair")
    assert (graph.name, graph.inputs, len(graph.outputs)) == ("pair", ("x0", "x1"), 2)
    assert weigh(graph).model.inputs[1].dtype == "float16"


def test_a_name_of_a_value_is_taken_once() -> None:
    with pytest.raises(UsageError, match="build: expected a new name, got 'x' twice"):
        build.graph(lambda x: build.relu(x, name="x"), (1,))


def test_dropout_and_batch_statistics_only_while_training() -> None:
    def describe(x: build.Symbol) -> build.Symbol:
        return build.dropout(build.batch_norm(x))

    def ops(graph: Graph) -> list[str]:
        return [node.op for node in graph.nodes]

    assert ops(build.graph(describe, (2, 3, 4, 4))) == ["batch_norm", "identity"]
    assert ops(build.graph(describe, (2, 3, 4, 4), training=True)) == ["batch_norm_training", "dropout"]
