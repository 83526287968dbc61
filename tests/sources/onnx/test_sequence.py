"""Lists of tensors and tensors that may be missing leave no trace in the graph."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx import helper  # noqa: E402

from netweight import onnx_backend  # noqa: E402
from netweight.errors import FormatError  # noqa: E402
from netweight.sources.onnx import read_graph  # noqa: E402
from sources.onnx.one_node import operators  # noqa: E402

X = np.arange(12, dtype=np.float32).reshape(3, 4)


def model_of(*nodes, output="y"):
    """Nodes that read ``x`` of shape (3, 4)."""
    given = [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, X.shape)]
    graph = helper.make_graph(list(nodes), "lists", given, [helper.make_empty_tensor_value_info(output)])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])


def number(name, value):
    return helper.make_node("Constant", [], [name], value_int=value)


def node(op_type, inputs, output="y", **attributes):
    return helper.make_node(op_type, inputs.split(), [output], **attributes)


def check(expected, ops, *nodes):
    """The shape without numbers, the operators of the graph, and the numbers."""
    model = model_of(*nodes)
    read = read_graph(model)
    assert read.exact
    assert read.outputs["y"].shape == np.shape(expected)
    assert operators(read) == ops
    np.testing.assert_array_equal(onnx_backend.run_model(model, [X])[0], expected)


def test_pieces_and_back():
    check(X, ["split", "concat"], node("SplitToSequence", "x", "s", axis=1), node("ConcatFromSequence", "s", axis=1))


def test_pieces_that_lose_their_dimension_and_gain_another():
    """Four columns of three, stacked as rows."""
    check(
        X.T,
        ["split", "reshape", "reshape", "reshape", "reshape", "reshape", "reshape", "reshape", "reshape", "concat"],
        node("SplitToSequence", "x", "s", axis=1, keepdims=0),
        node("ConcatFromSequence", "s", axis=0, new_axis=1),
    )


@pytest.mark.parametrize(("at", "rows"), [(0, slice(0, 2)), (1, slice(2, 3)), (-1, slice(2, 3))])
def test_pieces_of_a_size(at, rows):
    """Three rows in pieces of two."""
    pieces = node("SplitToSequence", "x two", "s", axis=0)
    check(X[rows], ["split"], number("two", 2), pieces, number("at", at), node("SequenceAt", "s at"))


def test_pieces_of_sizes():
    sizes = helper.make_node("Constant", [], ["sizes"], value_ints=[1, 3])
    pieces = node("SplitToSequence", "x sizes", "s", axis=1)
    check(X[:, 1:], ["split"], sizes, pieces, number("at", 1), node("SequenceAt", "s at"))


def test_lists_grow_and_shrink():
    check(
        [2, 4],
        [],
        node("SequenceConstruct", "x x x", "three"),
        node("SequenceErase", "three", "two"),
        node("SequenceLength", "two", "n"),
        helper.make_node("SequenceEmpty", [], ["none"], dtype=onnx.TensorProto.INT64),
        node("SequenceInsert", "none n", "one"),
        node("Size", "n", "size"),
        number("four", 4),
        node("SequenceInsert", "one four", "both"),
        node("ConcatFromSequence", "both", axis=0, new_axis=1),
    )


def test_an_insertion_before_the_last():
    front = node("SequenceInsert", "s double at", "t")
    check(
        2 * X,
        ["add"],
        node("SequenceConstruct", "x", "s"),
        node("Add", "x x", "double"),
        number("at", -1),
        front,
        number("first", 0),
        node("SequenceAt", "t first"),
    )


def test_optional():
    check(X, [], node("Optional", "x", "o"), node("OptionalGetElement", "o"))
    check(True, [], node("Optional", "x", "o"), node("OptionalHasElement", "o"))


def test_an_empty_optional():
    kind = helper.make_tensor_type_proto(onnx.TensorProto.FLOAT, [3, 4])
    empty = helper.make_node("Optional", [], ["o"], type=kind)
    check(False, [], empty, node("OptionalHasElement", "o"))
    with pytest.raises(FormatError, match="OptionalGetElement: expected an element, got an empty optional"):
        read_graph(model_of(empty, node("OptionalGetElement", "o")))


@pytest.mark.parametrize(
    ("message", "nodes"),
    [
        ("SequenceAt: expected a position from -1 to 0, got 1",
         [node("SequenceConstruct", "x", "s"), number("at", 1), node("SequenceAt", "s at")]),
        ("SequenceInsert: expected a position from -1 to 1, got 2",
         [node("SequenceConstruct", "x", "s"), number("at", 2), node("SequenceInsert", "s x at")]),
        ("SequenceErase: expected a sequence with something in it, got an empty one",
         [helper.make_node("SequenceEmpty", [], ["s"]), node("SequenceErase", "s")]),
        ("ConcatFromSequence: expected a sequence with something in it, got an empty one",
         [helper.make_node("SequenceEmpty", [], ["s"]), node("ConcatFromSequence", "s", axis=0)]),
        ("SequenceLength: expected a sequence, got a tensor", [node("SequenceLength", "x")]),
        ("SplitToSequence: expected pieces of at least 1, got 0",
         [number("n", 0), node("SplitToSequence", "x n", axis=0)]),
        (r"SplitToSequence: expected sizes with the sum 3, got \(1, 1\)",
         [helper.make_node("Constant", [], ["n"], value_ints=[1, 1]), node("SplitToSequence", "x n", axis=0)]),
    ],
)  # fmt: skip
def test_lists_that_make_no_sense_are_refused(message, nodes):
    with pytest.raises(FormatError, match=message):
        read_graph(model_of(*nodes))


def test_a_list_of_endless_pieces_is_refused():
    given = [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, (1 << 40,))]
    nodes = [node("SplitToSequence", "x", "s"), node("SequenceLength", "s")]
    graph = helper.make_graph(nodes, "many", given, [helper.make_empty_tensor_value_info("y")])
    with pytest.raises(FormatError, match="SplitToSequence: expected at most 65,536 pieces, got 1,099,511,627,776"):
        read_graph(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]))


def test_a_position_that_only_a_run_knows():
    """Which element it is says what shape it has."""
    at = node("Cast", "length", "at", to=onnx.TensorProto.INT64)
    length = node("ReduceSum", "x", "length", keepdims=0)
    read = read_graph(model_of(node("SequenceConstruct", "x", "s"), length, at, node("SequenceAt", "s at")))
    assert read.left_out == ("SequenceAt 'y': the shape follows from the numbers of 'at', which only a run has",)
