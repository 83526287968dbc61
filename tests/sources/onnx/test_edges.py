"""Numbers and sizes at the edge, as ONNX Runtime has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")

from onnx import helper, numpy_helper  # noqa: E402

from netweight.onnx_backend import run_model  # noqa: E402
from netweight.sources.onnx.model import read_graph  # noqa: E402
from sources.onnx.exporting import checked, session  # noqa: E402

I32, I64, U64, F16, F32, F64 = np.int32, np.int64, np.uint64, np.float16, np.float32, np.float64
LARGEST = 2**63 - 1


def both(op: str, arrays: Any, outputs: int = 1, opset: int = 17, **attributes: Any) -> tuple[list[Any], list[Any]]:
    """ONNX Runtime's outputs and ours; the first array is the input, the others are weights."""
    names = [f"x{at}" for at in range(len(arrays))]
    ys = [f"y{at}" for at in range(outputs)]
    kind = helper.np_dtype_to_tensor_dtype(arrays[0].dtype)
    graph = helper.make_graph(
        [helper.make_node(op, names, ys, **attributes)],
        "edge",
        [helper.make_tensor_value_info(names[0], kind, arrays[0].shape)],
        [helper.make_empty_tensor_value_info(y) for y in ys],
        [numpy_helper.from_array(array, name) for name, array in zip(names[1:], arrays[1:], strict=True)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {names[0]: arrays[0]}), list(run_model(model, [arrays[0]]))


def agree(op: str, *arrays: Any, **options: Any) -> None:
    for theirs, ours in zip(*both(op, arrays, **options), strict=True):
        assert (theirs.dtype, theirs.shape) == (ours.dtype, ours.shape)
        np.testing.assert_allclose(ours.astype(F64), theirs.astype(F64), rtol=1e-5, atol=1e-6)
        if theirs.dtype.kind in "iu":
            assert (theirs == ours).all()


@pytest.mark.parametrize("x", [2**53 + 1, LARGEST, -LARGEST])
@pytest.mark.parametrize("by", [1, 3, -7])
def test_integers_of_64_bits_are_divided_exactly(x: int, by: int) -> None:
    agree("Div", np.array([x, -x], I64), np.array([by], I64))


def test_integers_without_a_sign_are_divided_exactly() -> None:
    agree("Div", np.array([2**64 - 1, 5], U64), np.array([3, 2], U64))


def test_division_by_zero_gives_zero() -> None:
    """ONNX Runtime ends the process here; NumPy and ONNX's reference give 0."""
    model = helper.make_model(
        helper.make_graph(
            [helper.make_node("Div", ["x", "by"], ["y"])],
            "zero",
            [helper.make_tensor_value_info(name, onnx.TensorProto.INT32, [3]) for name in ("x", "by")],
            [helper.make_tensor_value_info("y", onnx.TensorProto.INT32, [3])],
        )
    )
    (y,) = run_model(model, [np.array([5, -5, 0], I32), np.zeros(3, I32)])
    assert y.tolist() == [0, 0, 0]


def test_integers_to_negative_powers() -> None:
    agree("Pow", np.array([2, 3, 1, -1], I32), np.array([-1, -2, -3, -3], I32))


@pytest.mark.parametrize("dtype", [F16, F32])
def test_statistics_of_a_layer_norm_are_in_single_precision(dtype: Any) -> None:
    rng = np.random.default_rng(0)
    agree("LayerNormalization", rng.normal(size=(2, 5)).astype(dtype), np.ones(5, dtype), outputs=3)


def test_statistics_of_a_layer_norm_of_double_precision() -> None:
    agree("LayerNormalization", np.arange(6.0).reshape(2, 3), np.ones(3), outputs=3)


@pytest.mark.parametrize("pads", [[2, -1], [-1, 2], [3, -1], [0, -1]])
def test_pads_that_crop_all_there_is(pads: list[int]) -> None:
    agree("Pad", np.ones(1, F32), np.array(pads, I64))


@pytest.mark.parametrize("op", ["Hardmax", "Softmax", "LogSoftmax"])
@pytest.mark.parametrize("shape", [(3, 0), (0, 3)])
def test_rows_of_nothing(op: str, shape: tuple[int, ...]) -> None:
    agree(op, np.zeros(shape, F32))


@pytest.mark.parametrize("op", ["ReduceMax", "ReduceMin", "ReduceSum", "ArgMax"])
def test_no_rows(op: str) -> None:
    settings: dict[str, Any] = {"axis": 1} if op == "ArgMax" else {}
    arrays = (np.zeros((0, 2), F32), np.array([1], I64)) if op == "ReduceSum" else (np.zeros((0, 2), F32),)
    agree(op, *arrays, **(settings or ({} if op == "ReduceSum" else {"axes": [1]})))


@pytest.mark.parametrize("op", ["MaxPool", "AveragePool"])
def test_no_pictures(op: str) -> None:
    agree(op, np.zeros((0, 1, 4, 4), F32), kernel_shape=[2, 2])


def test_convolution_of_no_pictures() -> None:
    agree("Conv", np.zeros((0, 1, 4, 4), F32), np.ones((2, 1, 3, 3), F32))
    agree("ConvTranspose", np.zeros((0, 1, 4, 4), F32), np.ones((1, 2, 3, 3), F32))


def test_instance_norm_of_no_pictures() -> None:
    agree("InstanceNormalization", np.zeros((0, 2, 3), F32), np.ones(2, F32), np.ones(2, F32))


def test_nothing_is_quantised() -> None:
    agree("DynamicQuantizeLinear", np.zeros((2, 0), F32), outputs=3, opset=11)


def test_outputs_that_share_a_value_are_all_exported() -> None:
    """A value given twice, one passed through, and an input that is an output."""
    nodes = [
        helper.make_node("Relu", ["x"], ["y"]),
        helper.make_node("Identity", ["y"], ["z"]),
        helper.make_node("Neg", ["y"], ["q"]),
        helper.make_node("Identity", ["x"], ["w"]),
    ]
    shapes = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [2]) for name in ("x", "y", "z", "q", "w")]
    model = helper.make_model(
        helper.make_graph(nodes, "shared", shapes[:1], shapes[1:]),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    x = np.array([-1.0, 2.0], F32)
    expected = ort.InferenceSession(model.SerializeToString()).run(None, {"x": x})
    again = session(checked(read_graph(model).graph, {})).run(None, {"x": x})
    assert [y.tolist() for y in again] == [y.tolist() for y in expected]


@pytest.mark.parametrize("auto_pad", ["SAME_UPPER", "SAME_LOWER"])
@pytest.mark.parametrize(("kernel", "stride"), [(2, 3), (3, 2), (2, 2), (4, 1)])
def test_transposed_windows_that_do_not_meet_are_no_larger(auto_pad: str, kernel: int, stride: int) -> None:
    rng = np.random.default_rng(0)
    x, w = (rng.normal(size=shape).astype(F32) for shape in ((1, 2, 6), (2, 3, kernel)))
    agree("ConvTranspose", x, w, auto_pad=auto_pad, strides=[stride])


@pytest.mark.parametrize("scales", [(1.0, 1.0, 0.6, 0.6), (1.0, 1.0, 0.6, 2.0), (1.0, 1.0, 0.4, 3.0)])
def test_what_shrinks_takes_the_next_element_until_opset_10(scales: tuple[float, ...]) -> None:
    x = np.arange(20, dtype=F32).reshape(1, 1, 5, 4)
    agree("Resize", x, np.array(scales, F32), opset=10, mode="nearest")


def test_every_nan_is_one_of_its_own() -> None:
    """As in PyTorch; ONNX Runtime takes every number to be equal to NaN."""
    x = np.array([np.nan, 1.0, np.nan, 1.0], F32)
    node = helper.make_node("Unique", ["x"], ["y"])
    info = [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [4])]
    graph = helper.make_graph([node], "nan", info, [helper.make_empty_tensor_value_info("y")])
    (y,) = run_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), [x])
    np.testing.assert_array_equal(np.sort(y), [1.0, np.nan, np.nan])
