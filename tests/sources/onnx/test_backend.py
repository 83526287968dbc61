"""What the backend is given, and what it says of models before they are run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx import helper  # noqa: E402

from netweight import onnx_backend as backend  # noqa: E402
from netweight.errors import FormatError, NetweightError, ShapeError, UsageError  # noqa: E402
from netweight.ir import TensorSpec  # noqa: E402
from netweight.sources.onnx import read_graph  # noqa: E402
from netweight.sources.onnx.shapes import inferred_outputs  # noqa: E402
from netweight.sources.onnx.support import unknown_operators  # noqa: E402
from netweight.sources.onnx.tensor import Tensor  # noqa: E402

FLOAT, INT8, INT64, BOOL, INT4 = 1, 3, 7, 9, 22
A, B = np.array([1, 3], np.float32), np.array([2, 2], np.float32)

node = helper.make_node


def model(
    *nodes: Any, kind: int = FLOAT, names: str = "ab", functions: Sequence[Any] = (), outputs: Sequence[str] = ("y",)
) -> Any:
    """Nodes that read vectors of two elements."""
    inputs = [helper.make_tensor_value_info(name, kind, [2]) for name in names]
    written = [helper.make_empty_tensor_value_info(name) for name in outputs]
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("d", 1)]
    graph = helper.make_graph(list(nodes), "g", inputs, written)
    return helper.make_model(graph, opset_imports=opsets, functions=list(functions))


def function(name: str, parameters: str, *nodes: Any) -> Any:
    return helper.make_function("d", name, list(parameters), ["r"], list(nodes), [helper.make_opsetid("", 21)])


DIVIDED = model(node("Div", ["a", "b"], ["y"]))


@pytest.mark.parametrize(
    ("inputs", "error", "message"),
    [
        ([A], UsageError, "expected numbers for input 'b', got none"),
        ([A, None], UsageError, "expected numbers for input 'b', got none"),
        ([A, B, B], UsageError, "expected at most 2 inputs, got 3"),
        ({"a": A}, UsageError, "expected numbers for input 'b', got none"),
        ({"a": A, "bb": B}, NetweightError, "no input of the model is called 'bb'"),
        ({"a": A, "b": B, "c": B}, NetweightError, "no input of the model is called 'c'"),
        ([A, np.ones(5, np.float32)], ShapeError, "expected 'b' of shape 2, got 5"),
        ([A, np.float32(2)], ShapeError, "expected 'b' of shape 2, got a scalar"),
        ([A, np.array([1j, 2])], UsageError, "expected 'b' of type float32, got complex128"),
        ([A, np.array(["1", "2"])], UsageError, "expected 'b' of type float32, got <U1"),
    ],
)
def test_inputs_that_are_not_those_of_the_model(inputs: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        backend.run_model(DIVIDED, inputs)


@pytest.mark.parametrize("dtype", [np.int64, np.float64, np.float16, np.bool_])
def test_numbers_are_cast_to_the_type_that_is_declared(dtype: Any) -> None:
    """1 / 2 and 1 / 2 in whole numbers would be 0."""
    (found,) = backend.run_model(DIVIDED, [np.ones(2, dtype), B])
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, [0.5, 0.5])


@pytest.mark.parametrize(
    ("kind", "numbers", "message"),
    [
        (INT8, np.array([100, 300]), "expected 'a' of type int8, got int64 from 100 to 300"),
        (INT4, np.array([7, 8], np.int8), "expected 'a' of type int4, got int8 from 7 to 8"),
        (INT64, np.array([1.0, 2.0]), "expected 'a' of type int64, got float64"),
        (BOOL, np.array([0, 1]), "expected 'a' of type bool, got int64"),
    ],
)
def test_numbers_that_the_type_cannot_hold(kind: int, numbers: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        backend.run_model(model(node("Identity", ["a"], ["y"]), kind=kind, names="a"), [numbers])


def test_whole_numbers_that_it_can_hold() -> None:
    made = model(node("Identity", ["a"], ["y"]), kind=INT8, names="a")
    np.testing.assert_array_equal(backend.run_model(made, [np.array([-128, 127])])[0], np.array([-128, 127], np.int8))


def test_a_node_with_too_few_inputs() -> None:
    with pytest.raises(UsageError, match="expected 2 inputs for Div, got 1"):
        backend.run_node(node("Div", ["a", "b"], ["y"]), [A])


def branch(op_type: str, domain: str = "") -> Any:
    out = helper.make_empty_tensor_value_info("r")
    return helper.make_graph([node(op_type, ["a"], ["r"], domain=domain)], "branch", [], [out])


def choice(op_type: str, domain: str = "") -> Any:
    """An operator inside of the branches of another."""
    parts = {"then_branch": branch("Relu"), "else_branch": branch(op_type, domain)}
    return model(node("If", ["c"], ["y"], **parts), names="ac")


KNOWN = {
    "rule": DIVIDED,
    "body of ONNX": model(node("Celu", ["a"], ["y"])),
    "function": model(node("F", ["a"], ["y"], domain="d"), functions=[function("F", "p", node("Relu", ["p"], ["r"]))]),
    "branch": choice("Relu"),
    "never called": model(node("Relu", ["a"], ["y"]), functions=[function("F", "p", node("Nope", ["p"], ["r"]))]),
}
UNKNOWN = {
    "operator": (model(node("Nope", ["a"], ["y"])), "onnx.Nope"),
    "domain": (model(node("Relu", ["a"], ["y"], domain="d")), "d.Relu"),
    "function": (
        model(node("F", ["a"], ["y"], domain="d"), functions=[function("F", "p", node("Nope", ["p"], ["r"]))]),
        "onnx.Nope",
    ),
    "branch": (choice("Nope", "d"), "d.Nope"),
}


@pytest.mark.parametrize("name", KNOWN)
def test_models_that_can_be_computed(name: str) -> None:
    assert backend.is_compatible(KNOWN[name])
    assert not backend.is_compatible(KNOWN[name], "CUDA")


@pytest.mark.parametrize("name", UNKNOWN)
def test_models_with_operators_that_nobody_defines(name: str) -> None:
    made, operator = UNKNOWN[name]
    assert unknown_operators(made) == (operator,)
    assert not backend.is_compatible(made)


def test_a_function_that_calls_itself_is_looked_at_once() -> None:
    again = function("F", "p", node("F", ["p"], ["r"], domain="d"))
    assert unknown_operators(model(node("F", ["a"], ["y"], domain="d"), functions=[again])) == ()


def test_a_function_with_more_inputs_than_it_has() -> None:
    made = model(node("F", ["a", "b"], ["y"], domain="d"), functions=[function("F", "p", node("Relu", ["p"], ["r"]))])
    with pytest.raises(FormatError, match="F: expected at most 1 inputs, got 2"):
        read_graph(made)


def test_a_function_with_two_parameters_of_a_name() -> None:
    made = model(node("F", ["a", "b"], ["y"], domain="d"), functions=[function("F", "pp", node("Relu", ["p"], ["r"]))])
    with pytest.raises(FormatError, match=r"F: expected parameters of different names, got \['p', 'p'\]"):
        read_graph(made)


def test_an_output_that_is_there_twice() -> None:
    made = model(node("Add", ["a", "b"], ["y"]), outputs=("y", "y"))
    with pytest.raises(FormatError, match=r"expected outputs of different names, got \['y', 'y'\]"):
        read_graph(made)
    with pytest.raises(FormatError, match="expected outputs of different names"):
        backend.run_model(made, [A, B])


def test_inference_is_asked_with_every_shape_under_its_own_name() -> None:
    """Three positions of the past and four new ones are seven, though nobody gave the mask before them."""
    shapes = {"q": (1, 2, 4, 8), "k": (1, 2, 4, 8), "v": (1, 2, 4, 6), "pk": (1, 2, 3, 8), "pv": (1, 2, 3, 6)}
    given = {name: Tensor(name, TensorSpec(shape, "float32"), None) for name, shape in shapes.items()}
    names = ["q", "k", "v", "mask", "pk", "pv"]
    attention = node("Attention", names, ["y", "key", "value"])
    found = inferred_outputs(attention, [given.get(name) for name in names], "", 23)
    assert [spec.shape for spec in found] == [(1, 2, 4, 6), (1, 2, 7, 8), (1, 2, 7, 6)]
