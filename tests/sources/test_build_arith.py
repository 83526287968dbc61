from collections.abc import Callable
from typing import Any

import pytest

from netweight import build
from netweight.errors import NetweightError, ShapeError
from netweight.ir import Graph, TensorSpec
from netweight.ops.pointwise.scalar import PowScalarAttrs, ScalarAttrs
from netweight.ops.pointwise.unary import CastAttrs, ClampAttrs
from netweight.ops.reduce.reduction import ReduceAttrs, VarAttrs
from netweight.ops.reduce.vector_norm import VectorNormAttrs

_SPEC = TensorSpec((2, 3))


def _graph(describe: Callable[..., Any], *specs: TensorSpec) -> Graph:
    return build.graph(describe, *(specs or (_SPEC,)))


@pytest.mark.parametrize(
    ("describe", "op", "attrs", "layer"),
    [
        (lambda x: x + 2, "add_scalar", ScalarAttrs(value=2), "add"),
        (lambda x: 2 + x, "add_scalar", ScalarAttrs(value=2), "add"),
        (lambda x: x - 2, "add_scalar", ScalarAttrs(value=-2), "sub"),
        (lambda x: 2 - x, "rsub_scalar", ScalarAttrs(value=2), "sub"),
        (lambda x: x * 0.5, "mul_scalar", ScalarAttrs(value=0.5), "mul"),
        (lambda x: 0.5 * x, "mul_scalar", ScalarAttrs(value=0.5), "mul"),
        (lambda x: x / 2, "div_scalar", ScalarAttrs(value=2), "div"),
        (lambda x: 2 / x, "rdiv_scalar", ScalarAttrs(value=2), "div"),
        (lambda x: x**3, "pow_scalar", PowScalarAttrs(exponent=3), "pow"),
        (lambda x: -x, "neg", None, "neg"),
        (lambda x: x + x, "add", None, "add"),
        (lambda x: x - x, "sub", None, "sub"),
        (lambda x: x * x, "mul", None, "mul"),
        (lambda x: x / x, "div", None, "div"),
        (lambda x: x**x, "pow", None, "pow"),
        (lambda x: build.clamp(x, 0, 6), "clamp", ClampAttrs(min=0, max=6), "clamp"),
        (lambda x: build.cast(x, "int8"), "cast", CastAttrs(dtype="int8"), "cast"),
    ],
)
def test_an_operator_sign_is_one_node(describe: Callable[..., Any], op: str, attrs: Any, layer: str) -> None:
    (node,) = _graph(describe).nodes
    assert (node.op, node.attrs, node.layer) == (op, attrs, layer)
    assert node.origin.startswith("test_build_arith.py:")


_FUNCTIONS = ("abs", "ceil", "cos", "erf", "exp", "floor", "log", "neg", "reciprocal", "round", "rsqrt", "sign", "sin",
              "sqrt", "square", "relu")  # fmt: skip


@pytest.mark.parametrize("name", _FUNCTIONS)
def test_in_place_the_result_takes_the_memory_of_the_input(name: str) -> None:
    function = getattr(build, name)
    graph = _graph(lambda x: function(function(x), inplace=True, name="second"))
    assert [node.op for node in graph.nodes] == [name, name]
    assert graph.values[name].storage == name
    assert graph.values["second"].storage == name


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "pow", "maximum", "minimum"])
def test_arithmetic_in_place(name: str) -> None:
    function = getattr(build, name)
    graph = _graph(lambda x: function(x, x, inplace=True, name="y"))
    assert graph.values["y"].storage == "x"


@pytest.mark.parametrize("name", ["eq", "ne", "lt", "le", "gt", "ge"])
def test_a_number_to_compare_with_becomes_a_constant(name: str) -> None:
    function = getattr(build, name)
    graph = _graph(lambda x: (function(x, 0.5), function(x, x)))
    other = graph.values[f"{name}.other"]
    assert (other.kind, other.spec, other.init.values) == ("constant", TensorSpec(()), (0.5,))
    assert [graph.spec(y) for y in graph.outputs] == [TensorSpec((2, 3), "bool")] * 2
    assert graph.nodes[1].inputs == ("x", "x")


def test_logic_and_choice() -> None:
    def masked(x: build.Symbol) -> build.Symbol:
        inside = build.logical_and(build.gt(x, 0), build.logical_not(build.gt(x, 1)))
        either = build.logical_or(inside, build.logical_xor(inside, inside))
        return build.where(either, x, -x)

    graph = _graph(masked)
    assert [node.op for node in graph.nodes] == [
        "gt", "gt", "logical_not", "logical_and", "logical_xor", "logical_or", "neg", "where",
    ]  # fmt: skip
    assert graph.spec(graph.outputs[0]) == _SPEC


@pytest.mark.parametrize("name", ["sum", "mean", "amax", "amin", "prod"])
def test_reductions_count_dimensions_from_the_front(name: str) -> None:
    function = getattr(build, name)
    graph = _graph(lambda x: (function(x), function(x, -1), function(x, (0, -1), keepdim=True)))
    assert [node.attrs for node in graph.nodes] == [
        ReduceAttrs(), ReduceAttrs(dims=(1,)), ReduceAttrs(dims=(0, 1), keepdim=True)
    ]  # fmt: skip
    assert [graph.spec(y).shape for y in graph.outputs] == [(), (2,), (1, 1)]


def test_positions_and_deviations() -> None:
    graph = _graph(lambda x: (build.argmax(x), build.argmin(x, -1), build.cumsum(x, -1), build.std(x, 1, correction=0)))
    assert [node.op for node in graph.nodes] == ["argmax", "argmin", "cumsum", "var", "sqrt"]
    assert graph.nodes[3].attrs == VarAttrs(dims=(1,), correction=0)
    assert [graph.spec(y) for y in graph.outputs] == [
        TensorSpec((), "int64"), TensorSpec((2,), "int64"), _SPEC, TensorSpec((2,))
    ]  # fmt: skip
    assert [graph.values[node.outputs[0]].storage for node in graph.nodes[3:]] == ["std", "std"]  # one memory


def test_lengths() -> None:
    graph = _graph(lambda x: (build.vector_norm(x, dim=1), build.vector_norm(x, 1, (0, 1), keepdim=True)))
    assert [node.attrs for node in graph.nodes] == [
        VectorNormAttrs(dims=(1,)), VectorNormAttrs(dims=(0, 1), keepdim=True, ord=1.0)
    ]  # fmt: skip


def test_embedding_makes_or_shares_its_table() -> None:
    def tied(x: build.Symbol) -> tuple[build.Symbol, ...]:
        table = build.parameter(x, "table", (10, 4))
        return build.embedding(x, 10, 4, name="own"), build.embedding(x, 10, 4, weight=table, padding_idx=0)

    graph = _graph(tied, TensorSpec((2, 3), "int64"))
    assert [graph.spec(y).shape for y in graph.outputs] == [(2, 3, 4)] * 2
    parameters = {v.name: v.spec.shape for v in graph.values.values() if v.kind == "parameter"}
    assert parameters == {"table": (10, 4), "own.weight": (10, 4)}
    assert graph.nodes[1].inputs == ("x", "table")


@pytest.mark.parametrize(
    ("describe", "message"),
    [
        (lambda x: x + build.reshape(x, 3, 2), r"add: expected shapes that broadcast .* got \(2, 3\) and \(3, 2\)"),
        (lambda x: build.sum(x, 2), r"dim: expected -2 <= dim < 2, got 2 for shape \(2, 3\)"),
        (lambda x: build.argmax(x, -3), "dim: expected -2 <= dim < 2, got -3"),
        (build.clamp, "clamp: expected min or max, got neither"),
        (lambda x: build.embedding(x, 10, 4), "embedding: expected positions of an integer type, got float32"),
    ],
)
def test_errors(describe: Callable[..., Any], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        _graph(describe)


def test_an_unknown_type_is_no_shape_error() -> None:
    with pytest.raises(NetweightError, match="dtype: expected a type such as"):
        _graph(lambda x: build.cast(x, "float"))
