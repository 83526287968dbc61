"""Shape arithmetic is done while the file is read, and leaves no trace in the graph."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

onnx = pytest.importorskip("onnx")

from onnx import helper, numpy_helper  # noqa: E402

from netweight.errors import FormatError, ShapeError  # noqa: E402
from netweight.sources.onnx import read_graph  # noqa: E402
from sources.onnx.one_node import check_agrees, one_node, operators, ours  # noqa: E402

X = np.random.default_rng(0).standard_normal((2, 3, 4)).astype(np.float32)


def ints(*numbers):
    return np.array(numbers, np.int64)


@given(start=st.integers(-5, 5), end=st.none() | st.integers(-5, 5))
def test_shape(start, end):
    settings = {} if end is None else {"end": end}
    read = check_agrees("Shape", X, start=start, opset=15, **settings)
    assert operators(read) == []


def test_size():
    assert check_agrees("Size", X).outputs["y0"].array() == 24


@given(first=st.integers(-4, 4), last=st.integers(-4, 8), step=st.sampled_from([1, 3, -1, -2]), floating=st.booleans())
def test_range(first, last, step, floating):
    dtype = np.float32 if floating else np.int64
    check_agrees("Range", *(np.array(n, dtype) for n in (first, last, step)), fixed=(0, 1, 2))


@pytest.mark.parametrize("k", [-1, 0, 2])
def test_eye_like_reads_only_the_shape(k):
    read = check_agrees("EyeLike", X[0], k=k, dtype=onnx.TensorProto.DOUBLE)
    assert operators(read) == []


@pytest.mark.parametrize(
    ("wanted", "allow", "shape"),
    [((0, -1), 0, (2, 12)), ((4, 0, -1), 0, (4, 3, 2)), ((-1,), 0, (24,)), ((3, 2, 4), 1, (3, 2, 4))],
)
def test_reshape(wanted, allow, shape):
    read = check_agrees("Reshape", X, ints(*wanted), allowzero=allow, opset=14)
    assert read.outputs["y0"].shape == shape


def test_a_zero_may_mean_zero():
    x = np.zeros((0, 3), np.float32)
    assert check_agrees("Reshape", x, ints(3, 0), allowzero=1, opset=14).outputs["y0"].shape == (3, 0)


def test_a_shape_of_other_elements_is_refused():
    with pytest.raises(ShapeError, match=r"reshape: expected .* got \(5, 5\)"):
        read_graph(one_node("Reshape", X, ints(5, 5)))


@pytest.mark.parametrize(("axis", "shape"), [(0, (1, 24)), (1, (2, 12)), (-1, (6, 4)), (3, (24, 1))])
def test_flatten(axis, shape):
    assert check_agrees("Flatten", X, axis=axis).outputs["y0"].shape == shape


@pytest.mark.parametrize(("opset", "axes"), [(11, [0, -1]), (13, [-1, 0])])
def test_unsqueeze_and_squeeze(opset, axes):
    """Axes are an attribute until opset 12, then an input."""
    inputs, settings = ((ints(*axes),), {}) if opset >= 13 else ((), {"axes": axes})
    assert check_agrees("Unsqueeze", X, *inputs, opset=opset, **settings).outputs["y0"].shape == (1, 2, 3, 4, 1)
    x = X.reshape(1, 2, 3, 4, 1)
    assert check_agrees("Squeeze", x, *inputs, opset=opset, **settings).outputs["y0"].shape == X.shape
    assert check_agrees("Squeeze", x, opset=opset).outputs["y0"].shape == X.shape


def test_axes_that_are_not_of_size_one_stay():
    with pytest.raises(FormatError, match=r"Squeeze: expected axes of size 1, got \[1\] of shape \(2, 3, 4\)"):
        read_graph(one_node("Squeeze", X, ints(1)))
    with pytest.raises(ShapeError, match=r"axes: expected different ones, got \(0, 0\)"):
        read_graph(one_node("Unsqueeze", X, ints(0, 0)))


def test_one_tensor_is_put_together_with_nothing():
    assert operators(check_agrees("Concat", X, axis=1)) == []
    assert operators(check_agrees("Concat", X, X, axis=-1, fixed=())) == ["concat"]


def test_constants_of_every_kind():
    for settings, expected in [
        ({"value_int": 3}, 3), ({"value_ints": [3, 4]}, [3, 4]), ({"value_float": 0.5}, 0.5),
        ({"value_floats": [0.5, 2.0]}, [0.5, 2.0]), ({"value": numpy_helper.from_array(X[0])}, X[0]),
    ]:  # fmt: skip
        np.testing.assert_array_equal(ours(one_node("Constant", **settings), ())[0], expected)


def test_a_constant_of_mostly_zeros():
    values, at = numpy_helper.from_array(np.array([5.0, 7.0], np.float32)), numpy_helper.from_array(ints(1, 5))
    model = one_node("Constant", sparse_value=helper.make_sparse_tensor(values, at, [2, 3]))
    np.testing.assert_array_equal(ours(model, ())[0], [[0, 5, 0], [0, 0, 7]])


@pytest.mark.parametrize("dtype", [onnx.TensorProto.INT4, onnx.TensorProto.FLOAT16])
def test_a_constant_of_a_shape(dtype):
    value = helper.make_tensor("value", dtype, [1], [2])
    model = one_node("ConstantOfShape", ints(2, 3), value=value, fixed=(0,), opset=21)
    read = read_graph(model)
    assert read.outputs["y0"].dtype == ("int4" if dtype == onnx.TensorProto.INT4 else "float16")
    np.testing.assert_array_equal(ours(model, ())[0].astype(int), np.full((2, 3), 2))


def test_what_a_shape_is_computed_from_is_folded():
    """x.reshape(x.shape[0], x.shape[1] * x.shape[2]) as exporters write it."""
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Gather", ["shape", "zero"], ["n"]),
        helper.make_node("Slice", ["shape", "one", "three"], ["rest"]),
        helper.make_node("ReduceProd", ["rest"], ["columns"], keepdims=1),
        helper.make_node("Unsqueeze", ["n", "axis"], ["rows"]),
        helper.make_node("Concat", ["rows", "columns"], ["wanted"], axis=0),
        helper.make_node("Reshape", ["x", "wanted"], ["y"]),
    ]
    stored = {"zero": np.array(0), "one": ints(1), "three": ints(3), "axis": ints(0)}
    graph = helper.make_graph(
        nodes,
        "folded",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["batch", 3, 4])],
        [helper.make_empty_tensor_value_info("y")],
        [numpy_helper.from_array(array, name) for name, array in stored.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    read = read_graph(model, dims={"batch": 5})
    assert operators(read) == ["reshape"]
    assert read.outputs["y"].shape == (5, 12)
