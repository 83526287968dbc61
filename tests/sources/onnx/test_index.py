"""Reading and writing by position: which operator of the table it is, and the numbers of ONNX Runtime."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

onnx = pytest.importorskip("onnx")

from netweight.errors import FormatError  # noqa: E402
from netweight.ops.move.places import IndexAttrs  # noqa: E402
from netweight.sources.onnx import read_graph  # noqa: E402
from sources.onnx.one_node import check_agrees, one_node, operators, ours, row_of  # noqa: E402

RNG = np.random.default_rng(0)
X = RNG.standard_normal((2, 3, 4)).astype(np.float32)


def ints(*numbers):
    return np.array(numbers, np.int64)


@given(axis=st.integers(-3, 2), shape=st.lists(st.integers(0, 3), max_size=2), stored=st.booleans())
def test_gather_takes_positions_from_either_end(axis, shape, stored):
    index = np.asarray(RNG.integers(-X.shape[axis], X.shape[axis], shape))
    check_agrees("Gather", X, index, axis=axis, fixed=(1,) if stored else ())


def test_rows_of_a_stored_table_are_an_embedding():
    """10 rows of 4: forty parameters, whose lookup multiplies nothing."""
    table = RNG.standard_normal((10, 4)).astype(np.float32)
    read = check_agrees("Gather", table, ints(3, -1, 3), fixed=(0,))
    assert operators(read) == ["embedding"]
    assert [value.spec.numel for value in read.graph.values.values() if value.kind == "parameter"] == [40]


def test_stored_integers_of_64_bits_are_positions_and_not_learned():
    read = check_agrees("Gather", ints(*range(10)).reshape(5, 2), ints(3, 1), fixed=(0,))
    assert operators(read) == ["index"]
    assert not [value for value in read.graph.values.values() if value.kind == "parameter"]


def test_one_known_position_is_a_view():
    read = check_agrees("Gather", X, np.array(-2), axis=1)
    assert operators(read) == ["slice", "reshape"]
    assert (read.graph.nodes[0].attrs.start, read.graph.nodes[0].attrs.stop) == (1, 2)


def test_one_position_that_only_a_run_knows_is_read():
    read = check_agrees("Gather", X[0, 0], np.array(-2), fixed=())
    assert read.graph.nodes[0].attrs == IndexAttrs(dims=(0,))


@pytest.mark.parametrize("at", [3, -4])
def test_a_known_position_outside_is_refused(at):
    with pytest.raises(FormatError, match=f"Gather: expected a position from -3 to 2, got {at}"):
        read_graph(one_node("Gather", X, np.array(at), axis=1))


@given(axis=st.integers(-3, 2), length=st.integers(1, 5))
def test_gather_elements(axis, length):
    shape = list(X.shape)
    shape[axis] = length
    index = RNG.integers(-X.shape[axis], X.shape[axis], shape)
    assert operators(check_agrees("GatherElements", X, index, axis=axis, fixed=())) == ["gather"]


@given(batch=st.integers(0, 2), data=st.data())
def test_gather_nd(batch, data):
    depth = data.draw(st.integers(1, 3 - batch))
    index = RNG.integers(-2, 2, (*X.shape[:batch], 5, depth))
    assert operators(check_agrees("GatherND", X, index, batch_dims=batch, fixed=())) == ["gather_nd"]


@pytest.mark.parametrize(
    ("reduction", "op", "work"),
    [("none", "scatter", 0), ("add", "scatter_add", 6), ("mul", "scatter_reduce", 6), ("max", "scatter_reduce", 6),
     ("min", "scatter_reduce", 6)],
)  # fmt: skip
def test_scatter_elements_work_once_per_position(reduction, op, work):
    index = ints(1, -1, 0, -2, 0, 1).reshape(1, 3, 2)
    updates = RNG.standard_normal((1, 3, 2)).astype(np.float32)
    read = check_agrees("ScatterElements", X, index, updates, axis=-1, reduction=reduction, opset=18, fixed=())
    assert operators(read) == [op]
    assert row_of(read, op).ops_total == work


@pytest.mark.parametrize("reduction", ["none", "add", "mul", "max", "min"])
def test_scatter_nd(reduction):
    index = ints(1, 0, 0, 2).reshape(2, 2)
    updates = RNG.standard_normal((2, 4)).astype(np.float32)
    check_agrees("ScatterND", X, index, updates, reduction=reduction, opset=18, fixed=())


@pytest.mark.parametrize("op_type", ["ScatterElements", "ScatterND"])
def test_an_unknown_reduction_is_refused(op_type):
    updates = X if op_type == "ScatterElements" else X[:1]
    index = np.zeros(X.shape, np.int64) if op_type == "ScatterElements" else ints(0).reshape(1, 1)
    model = one_node(op_type, X, index, updates, reduction="mean", opset=18)
    with pytest.raises(FormatError, match=f"{op_type}: expected reduction none, add, mul, max, min, got 'mean'"):
        read_graph(model)


def test_old_scatter_is_scatter_elements():
    index, updates = np.array([[0, 1]]), np.ones((1, 2), np.float32)
    check_agrees("Scatter", np.zeros((2, 3), np.float32), index, updates, axis=1, opset=9, fixed=())


@pytest.mark.parametrize("mode", ["linear", "circular"])
def test_tensor_scatter_writes_into_a_cache(mode):
    """Two steps from 1 on and from 2 on in a cache of 3: the second goes round the end."""
    cache, update = np.zeros((2, 1, 3, 1), np.float32), np.ones((2, 1, 2, 1), np.float32)
    starts = ints(1, 2 if mode == "circular" else 0)
    model = one_node("TensorScatter", cache, update, starts, mode=mode, opset=24, fixed=())
    expected = [[0, 1, 1], [1, 0, 1] if mode == "circular" else [1, 1, 0]]
    np.testing.assert_array_equal(ours(model, (cache, update, starts))[0].reshape(2, 3), expected)
    assert operators(read_graph(model)) == ["write_sequence"]


def test_an_unknown_mode_of_tensor_scatter_is_refused():
    model = one_node("TensorScatter", X, X, mode="random", opset=24)
    with pytest.raises(FormatError, match="TensorScatter: expected mode linear or circular, got 'random'"):
        read_graph(model)


@pytest.mark.parametrize("time_axis", [0, 1])
def test_reverse_sequence(time_axis):
    lengths = ints(1, 2, 2)[: X.shape[1 - time_axis]]
    check_agrees("ReverseSequence", X, lengths, time_axis=time_axis, batch_axis=1 - time_axis, fixed=())


@given(axis=st.integers(-3, 2), values=st.sampled_from([(0, 1), (2, 5)]), floating=st.booleans())
def test_one_hot_wraps_and_leaves_out_what_has_no_place(axis, values, floating):
    index = RNG.integers(-5, 6, (2, 3)).astype(np.float32 if floating else np.int64)
    depth = np.array(4, np.float32) if floating else np.array(4)
    read = check_agrees("OneHot", index, depth, np.array(values, np.float32), axis=axis)
    assert ("where" in operators(read)) == (values != (0, 1))


def test_the_size_of_a_vector_must_be_known():
    model = one_node("OneHot", ints(1, 2), np.array(3), np.array([0.0, 1.0], np.float32), fixed=(2,))
    read = read_graph(model)
    assert read.left_out == ("OneHot 'y0': the shape follows from the numbers of 'x1', which only a run has",)
