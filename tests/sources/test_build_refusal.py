"""What the builder refuses in a line of ours: arguments that are no symbols, inputs that are no shapes, odd results."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import netweight
from netweight import Graph, NetweightError, UsageError, build

SYMBOL = {"T", "Symbol"}
TAKING = [
    name
    for name in sorted({*build.__all__} - {"graph", "size_of", "einsum"})
    if not isinstance(getattr(build, name), type)
    and any(str(each.annotation) in SYMBOL for each in inspect.signature(getattr(build, name)).parameters.values())
]
"""Functions of at least one symbol; the first of ``einsum`` comes after others, ``size_of`` takes what has a shape."""

SHAPE = (1, 3, 8, 8)


def refused(call: Callable[[], Any]) -> str:
    with pytest.raises(UsageError) as caught:
        call()
    assert caught.value.__cause__ is None
    assert "\n" not in caught.value.message
    return caught.value.message


@pytest.mark.parametrize("wrong", [3, "x", None, np.zeros((2, 2)), SHAPE], ids=repr)
def test_the_first_argument_of_every_function_is_a_symbol(wrong: Any) -> None:
    assert len(TAKING) > 250
    for name in TAKING:
        function = getattr(build, name)
        parameters = inspect.signature(function).parameters.values()
        needed = [each for each in parameters if each.default is each.empty and each.kind is not each.VAR_KEYWORD]
        first = next(each for each in needed if str(each.annotation) in SYMBOL)
        given = {each.name: wrong if each is first else 1 for each in needed if each.kind is not each.VAR_POSITIONAL}
        assert refused(partial(function, **given)).startswith(f"{name}: expected a symbol as {first.name}, got "), name


@pytest.mark.parametrize(
    ("describe", "message"),
    [
        (lambda x: build.add(x, "a"), "add: expected a symbol or a number as other, got 'a'"),
        (lambda x: x + "a", "add: expected a symbol or a number as other, got 'a'"),
        (lambda x: x @ 3, "matmul: expected a symbol as b, got 3"),
        (lambda x: build.concat([x, 3]), "concat: expected a symbol as xs, got 3"),
        (lambda _: build.concat(3), "concat: expected a symbol as xs, got 3"),
        (lambda _: build.einsum("ij->i", 3), "einsum: expected a symbol as xs, got 3"),
        (
            lambda x: build.scaled_dot_product_attention(x, 3, x),
            "scaled_dot_product_attention: expected a symbol as key",
        ),
        (lambda x: build.conv2d(x, 8, 3, weight=3), "conv2d: expected a symbol as weight, got 3"),
        (lambda _: build.call("relu", None, 3), "call: expected a symbol as inputs, got 3"),
        (lambda _: build.call("relu", None), "call: expected at least one symbol for relu, got none"),
        (lambda _: None, "graph: expected a function that returns a symbol or several, got one that returns None"),
        (lambda x: (x, None), "graph: expected a function that returns a symbol or several, got one that returns"),
        (lambda x: {"y": x}, "graph: expected a function that returns a symbol or several, got one that returns"),
        (lambda _: (), "graph: expected a function that returns a symbol or several, got one that returns ()"),
        (3, "graph: expected a function of symbols, got 3"),
    ],
)
def test_what_is_no_symbol_is_named(describe: Any, message: str) -> None:
    assert refused(lambda: build.graph(describe, SHAPE)).startswith(message)


@pytest.mark.parametrize("shape", ["ab", 3, None, (1.5, 2), ("a",), b"ab", [[1, 2]]])
def test_an_input_is_a_shape(shape: Any) -> None:
    assert refused(lambda: build.graph(build.relu, shape)).startswith("graph: expected ")


def test_other_errors_stay_what_they_are() -> None:
    """A call that is right in its symbols fails for its own reason."""
    with pytest.raises(netweight.ShapeError, match="kernel"):
        build.graph(lambda x: build.conv2d(x, 8, 30), SHAPE)
    with pytest.raises(TypeError, match="kernel_size"):
        build.graph(lambda x: build.conv2d(x, 8), SHAPE)
    with pytest.raises(NetweightError, match="no operator is called 'relux'"):
        build.graph(lambda x: build.call("relux", None, x), SHAPE)


def test_outputs_as_a_list() -> None:
    assert build.graph(lambda x: [x, build.relu(x)], SHAPE).outputs == ("x", "relu")


def test_a_graph_and_a_symbol_and_a_run_are_shown_in_a_line() -> None:
    shown = []

    def two(x: Any, y: Any) -> Any:
        shown.append(repr(x))
        return build.add(x, y), build.relu(x)

    graph = build.graph(two, (2, 3), (2, 3))
    assert shown == ["<Symbol 'x0': float32[2, 3]>"]
    assert repr(graph) == (
        "<Graph 'two': 2 operators, x0 float32[2, 3], x1 float32[2, 3] -> add float32[2, 3], relu float32[2, 3]>"
    )
    arrays = {"x0": np.ones((2, 3), np.float32), "x1": np.ones((2, 3), np.float32)}
    assert repr(netweight.run(graph, arrays, {})) == "<Run: add float32[2, 3], relu float32[2, 3]>"
    assert repr(netweight.run(graph, arrays, {}, keep=True)) == (
        "<Run: add float32[2, 3], relu float32[2, 3]; 4 values held>"
    )
    empty = Graph(name="none", values={}, nodes=(), inputs=(), outputs=())
    assert repr(empty) == "<Graph 'none': 0 operators, nothing -> nothing>"
