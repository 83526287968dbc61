"""Models whose nodes are not sorted, and operators of which only the file itself knows the shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx import helper, numpy_helper  # noqa: E402

from netweight.analysis.cost import weigh_graph  # noqa: E402
from netweight.errors import FormatError, UsageError  # noqa: E402
from netweight.onnx_backend import NetweightBackend  # noqa: E402
from netweight.sources.onnx import Read, read_graph  # noqa: E402
from netweight.sources.onnx.user_inputs import read_given  # noqa: E402

FLOAT, BOOL = 1, 9
NOTE = "nodes are not sorted: they are read in an order in which every value is written before it is read"

node = helper.make_node


def value(name: str, *sizes: Any) -> Any:
    return helper.make_tensor_value_info(name, FLOAT, sizes)


def network(*nodes: Any, inputs: Any = None, known: Any = (), opsets: Any = ()) -> Any:
    graph = helper.make_graph(
        nodes,
        "net",
        [value("x", 2, 8)] if inputs is None else inputs,
        [helper.make_tensor_value_info("y", FLOAT, None)],
        [numpy_helper.from_array(np.ones((8, 4), np.float32), "w")],
        value_info=known,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20), *opsets])


def ops(read: Read) -> list[str]:
    return [each.op for each in read.graph.nodes]


def test_a_writer_at_the_end_of_the_file_is_read_first() -> None:
    model = network(
        node("MatMul", ["b", "w"], ["c"]),
        node("Tanh", ["c"], ["y"]),
        node("Sigmoid", ["a"], ["b"]),
        node("Relu", ["x"], ["a"]),
    )
    read = read_graph(model)
    assert ops(read) == ["relu", "sigmoid", "matmul", "tanh"]
    assert read.notes == (NOTE,)
    assert read.exact
    assert weigh_graph(read.graph).totals.macs == 2 * 8 * 4
    (result,) = NetweightBackend.run_model(model, [np.zeros((2, 8), np.float32)])
    np.testing.assert_allclose(result, np.full((2, 4), np.tanh(8 * 0.5)), rtol=1e-6)


def test_what_is_sorted_stays_as_it_is() -> None:
    read = read_graph(network(node("Relu", ["x"], ["a"]), node("Tanh", ["x"], ["b"]), node("Add", ["a", "b"], ["y"])))
    assert ops(read) == ["relu", "tanh", "add"]
    assert not read.notes


def test_only_what_must_move_moves() -> None:
    read = read_graph(network(node("Tanh", ["x"], ["b"]), node("Add", ["a", "b"], ["y"]), node("Relu", ["x"], ["a"])))
    assert ops(read) == ["tanh", "relu", "add"]


def test_what_a_branch_reads_from_around_it_is_written_before() -> None:
    def branch(op: str) -> Any:
        """Its own ``y`` is none of the names around it."""
        return helper.make_graph([node(op, ["late"], ["y"])], op, [], [value("y", 2, 8)])

    read = read_graph(
        network(
            node("If", ["c"], ["y"], then_branch=branch("Relu"), else_branch=branch("Tanh")),
            node("Sigmoid", ["x"], ["late"]),
            inputs=[value("x", 2, 8), helper.make_tensor_value_info("c", BOOL, ())],
        )
    )
    assert NOTE in read.notes
    assert ops(read)[0] == "sigmoid"


def test_ten_thousand_nodes_back_to_front() -> None:
    names = ["x", *(f"v{at}" for at in range(9_999)), "y"]
    read = read_graph(network(*(node("Relu", [names[at]], [names[at + 1]]) for at in reversed(range(10_000)))))
    assert len(read.graph.nodes) == 10_000


@pytest.mark.parametrize(("length", "shown"), [(2, "'v0' -> 'v1' -> 'v0'"), (20, "'v0' -> .* -> '...' -> 'v0'")])
def test_a_circle_is_named(length: int, shown: str) -> None:
    around = [node("Relu", [f"v{(at or length) - 1}"], [f"v{at}"]) for at in range(length)]
    shown = shown.replace("'...'", r"\.\.\.")
    with pytest.raises(FormatError, match="to be written before it is read, got a circle: 'v"):
        read_graph(network(*around, node("Relu", ["v0"], ["y"])))
    with pytest.raises(FormatError) as caught:
        read_graph(network(node("Relu", ["v0"], ["y"]), *around))
    names = str(caught.value).partition("circle: ")[2].split(" -> ")
    assert names[0] == names[-1]
    assert len(names) == min(length + 1, 9)


FOO = node("Foo", ["x"], ["f"], domain="my.dom", name="foo")
DOMAIN = helper.make_opsetid("my.dom", 1)


@pytest.mark.parametrize("known", [(), [value("f", 2, "n")], [helper.make_tensor_value_info("f", FLOAT, None)]])
def test_an_unknown_operator_is_called_by_its_domain(known: Any) -> None:
    read = read_graph(network(FOO, node("MatMul", ["f", "w"], ["y"]), known=known, opsets=[DOMAIN]))
    assert ops(read) == ["my.dom.Foo", "onnx.MatMul"]
    assert read.left_out == (
        "Foo 'foo': there is no rule for my.dom.Foo, and the file does not say the shapes of its outputs",
    )


@pytest.mark.parametrize(("rows", "sizes"), [(2, 2), ("rows", 2)])
def test_what_the_file_says_of_an_unknown_operator_is_believed(rows: Any, sizes: int) -> None:
    model = network(
        FOO,
        node("MatMul", ["f", "w"], ["y"]),
        inputs=[value("x", rows, 8)],
        known=[value("f", rows, 8)],
        opsets=[DOMAIN],
    )
    read = read_graph(model, dims={} if rows == sizes else {"rows": sizes})
    assert ops(read) == ["my.dom.Foo", "matmul"]
    assert read.notes == ("my.dom.Foo: shapes are those that the file gives for its outputs",)
    assert not read.exact
    profile = weigh_graph(read.graph)
    assert profile.totals.macs == 2 * 8 * 4
    assert [each.op for each in profile.coverage.unknown] == ["my.dom.Foo"]


@pytest.mark.parametrize(
    ("sizes", "fix"),
    [((None, 3, None, None), "--input x:1x3x1x1"), ((None, 8), "--input x:1x8"), (("n", None, 4), "--input x:1x1x4")],
)
def test_what_to_give_keeps_the_sizes_that_are_known(sizes: Any, fix: str) -> None:
    with pytest.raises(UsageError, match="expected a size for every dimension") as caught:
        read_given(network(node("Relu", ["x"], ["y"]), inputs=[value("x", *sizes)]), None, None, None)
    assert caught.value.fix == fix
