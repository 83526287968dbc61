"""Small integers: by ONNX Runtime, and weights counted once, at the width they are stored in."""

from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx import helper, numpy_helper  # noqa: E402

from netweight.analysis.cost import weigh_graph  # noqa: E402
from netweight.errors import FormatError  # noqa: E402
from netweight.ir import Quantization  # noqa: E402
from netweight.sources.onnx import read_graph  # noqa: E402
from sources.onnx.one_node import check_agrees, one_node, operators  # noqa: E402

RNG = np.random.default_rng(0)
F32 = np.float32


def f(*shape: int) -> Any:
    return RNG.standard_normal(shape).astype(F32)


def u8(*shape: int) -> Any:
    return RNG.integers(0, 256, shape).astype(np.uint8)


def i8(*shape: int) -> Any:
    return RNG.integers(-127, 128, shape).astype(np.int8)


def one(number: float, dtype: Any = F32) -> Any:
    return np.array(number, dtype)


def network(nodes: list[Any], x: tuple[int, ...], stored: dict[str, Any]) -> Any:
    graph = helper.make_graph(
        nodes,
        "quantised",
        [helper.make_tensor_value_info("x", 1, x)],
        [helper.make_empty_tensor_value_info(nodes[-1].output[0])],
        [numpy_helper.from_array(array, name) for name, array in stored.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def params_of(read: Any) -> dict[str, Any]:
    return {name: value for name, value in read.graph.values.items() if value.kind == "parameter"}


@pytest.mark.parametrize("per_channel", [False, True])
def test_weights_between_quantisation_and_back(per_channel: bool) -> None:
    """8 outputs of 4 inputs in 8 bits; a scale and a zero point for all or for each output; biases of 32 bits."""
    count = 8 if per_channel else 1
    shape = (8,) if per_channel else ()
    stored = {
        "w": i8(8, 4), "s": np.full(shape, 0.02, F32), "z": np.zeros(shape, np.int8),
        "b": RNG.integers(-9, 9, 8).astype(np.int32), "sb": np.full(shape, 0.001, F32), "xs": one(0.1),
        "xz": one(128, np.uint8),
    }  # fmt: skip
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "xs", "xz"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "xs", "xz"], ["dx"]),
        helper.make_node("DequantizeLinear", ["w", "s", "z"], ["dw"], axis=0),
        helper.make_node("DequantizeLinear", ["b", "sb"], ["db"], axis=0),
        helper.make_node("Gemm", ["dx", "dw", "db"], ["y"], transB=1),
        helper.make_node("Gemm", ["dx", "dw"], ["again"], transB=1),
        helper.make_node("Add", ["y", "again"], ["out"]),
    ]
    read = read_graph(network(nodes, (3, 4), stored))
    params = params_of(read)
    assert params.keys() == {"w", "b"}
    assert params["w"].quantization == Quantization(group_size=8 * 4 // count, scale_bits=32, zero_point_bits=8)
    totals = weigh_graph(read.graph).totals
    assert totals.params == 8 * 4 + 8
    assert totals.model_size_bytes == (8 * 4 + count * (4 + 1)) + (8 * 4 + count * 4)
    assert totals.macs == 2 * 3 * 8 * 4
    assert operators(read).count("dequantize") == 3


def test_weights_in_blocks_of_four_bits() -> None:
    """2 rows of 64 in blocks of 32: 4 bits and half a bit for the scale of 16."""
    stored = {"w": i8(2, 64), "s": np.ones((2, 2), np.float16)}
    model = network(
        [
            helper.make_node("DequantizeLinear", ["w", "s"], ["d"], axis=1, block_size=32),
            helper.make_node("Cast", ["d"], ["wide"], to=1),
            helper.make_node("MatMul", ["x", "wide"], ["y"]),
        ],
        (5, 2),
        stored,
    )
    stored_weight = helper.make_tensor("w", onnx.TensorProto.INT4, [2, 64], RNG.integers(-8, 8, 128).tolist())
    model.graph.initializer[0].CopyFrom(stored_weight)
    read = read_graph(model)
    (weight,) = params_of(read).values()
    assert weight.spec.dtype == "int4"
    assert weight.stored_bytes * 8 == 2 * 64 * 4.5


def test_a_large_weight_stays_where_it_is() -> None:
    """Elements in another file, which does not exist."""
    stored = onnx.TensorProto(name="w", data_type=onnx.TensorProto.INT8, dims=[4096, 4096], data_location=1)
    stored.external_data.add(key="location", value="nowhere.bin")
    model = network(
        [
            helper.make_node("DequantizeLinear", ["w", "s"], ["d"]),
            helper.make_node("MatMul", ["x", "d"], ["y"]),
        ],
        (1, 4096),
        {"s": one(0.1)},
    )
    model.graph.initializer.append(stored)
    totals = weigh_graph(read_graph(model).graph).totals
    assert (totals.params, totals.macs) == (4096**2, 4096**2)
    assert totals.model_size_bytes == 4096**2 + 4


def test_to_integers_and_back() -> None:
    x = f(2, 3, 4)
    check_agrees("QuantizeLinear", x, one(0.1), one(3, np.int8))
    check_agrees("QuantizeLinear", x, np.array([0.1, 0.2, 0.3], F32), np.zeros(3, np.uint8), axis=1)
    check_agrees("QuantizeLinear", x, np.array([0.1], F32), opset=13)
    check_agrees("QuantizeLinear", x, np.abs(f(2, 3, 2)) + 0.1, np.zeros((2, 3, 2), np.uint8), axis=2, block_size=2)
    check_agrees("DequantizeLinear", u8(2, 3, 4), one(0.1), one(3, np.uint8))
    check_agrees("DequantizeLinear", i8(2, 3, 4), np.array([0.1, 0.2, 0.3], F32), np.zeros(3, np.int8), axis=-2)
    check_agrees("DequantizeLinear", i8(2, 3, 4), np.abs(f(2, 3, 2)), i8(2, 3, 2), axis=2, block_size=2)
    check_agrees("DequantizeLinear", u8(5), one(0.1), one(9, np.uint8))
    assert operators(check_agrees("DynamicQuantizeLinear", x, outputs=3, fixed=[])) == ["dynamic_quantize"]


def test_blocks_of_small_floating_numbers_are_refused() -> None:
    scale, zero = np.ones((2, 2), F32), onnx.helper.make_tensor("x2", onnx.TensorProto.FLOAT8E4M3FN, [2, 2], [0.0] * 4)
    model = one_node("QuantizeLinear", f(2, 4), scale, np.zeros((2, 2), F32), axis=1, block_size=2)
    model.graph.initializer[1].CopyFrom(zero)
    with pytest.raises(FormatError, match="QuantizeLinear: expected no block_size for floating numbers, got one"):
        read_graph(model)


@pytest.mark.parametrize("rows", [False, True])
def test_products_of_integers(rows: bool) -> None:
    """2 rows by 3 columns of 4 products; the weight has a zero point of its own."""
    a_zero = u8(2) if rows else one(7, np.uint8)
    if not rows:
        read = check_agrees("MatMulInteger", u8(2, 4), u8(4, 3), a_zero, one(3, np.uint8))
        assert weigh_graph(read.graph).totals.params == 4 * 3
        assert weigh_graph(read.graph).totals.macs == 2 * 4 * 3
    read = read_graph(one_node("MatMulInteger", u8(2, 4), i8(4, 3), a_zero, i8(3)))
    assert operators(read) == ["integer_matmul"]
    x, w = u8(1, 2, 5, 5), u8(4, 2, 3, 3)
    read = check_agrees("ConvInteger", x, w, one(7, np.uint8), one(3, np.uint8), pads=[1, 1, 1, 1])
    assert weigh_graph(read.graph).totals.macs == 2 * 3 * 3 * 4 * 5 * 5


@pytest.mark.parametrize("per_column", [False, True])
def test_products_brought_back_to_small_integers(per_column: bool) -> None:
    b_scale = np.array([0.02, 0.01, 0.03], F32) if per_column else one(0.02)
    b_zero = np.zeros(3, np.int8) if per_column else one(0, np.int8)
    inputs = (u8(2, 4), one(0.1), one(7, np.uint8), i8(4, 3), b_scale, b_zero, one(0.3), one(9, np.uint8))
    read = check_agrees("QLinearMatMul", *inputs)
    assert operators(read) == ["integer_matmul", "requantize"]
    totals = weigh_graph(read.graph).totals
    assert totals.params == 4 * 3
    assert totals.flops == 0  # the kernel reads and writes integers
    products, differences, scaling = 2 * 3 * 4 * 2, 2 * 4 + 4 * 3, 2 * 3 * (1 + 3 + 1)
    assert totals.ops_total == products + differences + scaling
