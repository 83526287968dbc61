"""Small integers in ONNX Runtime's graphs: by ONNX Runtime, and how their weights are counted."""

from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from netweight.analysis.cost import weigh_graph  # noqa: E402
from netweight.errors import FormatError  # noqa: E402
from netweight.ir import Quantization, TensorSpec  # noqa: E402
from netweight.sources.onnx import read_graph  # noqa: E402
from netweight.sources.onnx.lower.quantize.microsoft import unpacked  # noqa: E402
from sources.onnx.one_node import check_agrees, one_node, operators, ours, runtime  # noqa: E402

RNG = np.random.default_rng(0)
F32 = np.float32
MS = "com.microsoft"


def f(*shape: int) -> Any:
    return RNG.standard_normal(shape).astype(F32)


def u8(*shape: int) -> Any:
    return RNG.integers(0, 256, shape).astype(np.uint8)


def i8(*shape: int) -> Any:
    """Weights of 7 bits: processors without VNNI add pairs of products in 16 bits, and 2 * 255 * 64 fits in them."""
    return RNG.integers(-64, 64, shape).astype(np.int8)


def scale(number: float) -> Any:
    return np.array(number, F32)


def zero(number: int, dtype: Any = np.uint8) -> Any:
    return np.array(number, dtype)


def agrees(name: str, *inputs: Any, **settings: Any) -> Any:
    return check_agrees(name, *inputs, domain=MS, **settings)


def within_one_step(name: str, *inputs: Any, domain: str = MS, more: Any = None, **settings: Any) -> Any:
    """ONNX Runtime rounds through tables and fixed-point numbers: an integer may be the next one."""
    model = one_node(name, *inputs, domain=domain, **settings)
    model.graph.node[0].attribute.extend(onnx.helper.make_attribute(*pair) for pair in (more or {}).items())
    (found,), (expected,) = ours(model, inputs), runtime(model, inputs)
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    distance = np.abs(found.astype(int) - expected.astype(int))
    assert distance.max() <= 1
    assert (distance == 0).mean() > 0.8
    return read_graph(model)


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_bits_come_lowest_first(bits: int) -> None:
    numbers = RNG.integers(0, 2**bits, (3, 8)).astype(np.uint8)
    packed = np.zeros((3, bits), np.uint8)
    for at in range(8):
        packed[:, at * bits // 8] |= numbers[:, at] << (at * bits % 8)
    np.testing.assert_array_equal(unpacked(packed, bits), numbers)


@pytest.mark.parametrize("with_zeros", [False, True])
@pytest.mark.parametrize("bits", [4, 8])
def test_weights_in_blocks(bits: int, with_zeros: bool) -> None:
    """6 outputs of 48 inputs in blocks of 16: 3 scales each."""
    zeros = u8(6, -(-3 * bits // 8)) if with_zeros else None
    inputs = (f(2, 3, 48), u8(6, 3, 16 * bits // 8), np.abs(f(6, 3)) / 8, zeros, None, f(6))
    settings = {"K": 48, "N": 6, "bits": bits, "block_size": 16, "accuracy_level": 1}
    read = agrees("MatMulNBits", *inputs, tolerance=1e-3, **settings)
    assert operators(read) == ["dequantize_blocks", "linear"]
    weight = next(value for value in read.graph.values.values() if value.spec.dtype.endswith(f"int{bits}"))
    assert weight.kind == "parameter"
    assert weight.spec.shape == (6, 48)
    assert weight.quantization == Quantization(group_size=16, scale_bits=32, zero_point_bits=bits * with_zeros)
    profile = weigh_graph(read.graph)
    assert profile.totals.params == 6 * 48 + 6
    assert profile.totals.macs == 2 * 3 * 48 * 6
    assert profile.totals.model_size_bytes == 6 * 48 * bits // 8 + 6 * 3 * 4 + (6 * 3 * bits // 8) * with_zeros + 6 * 4


def test_weights_of_another_size_than_said() -> None:
    """6 rows of 32 numbers of 4 bits are 96 bytes."""
    model = one_node("MatMulNBits", f(2, 32), u8(5, 1, 16), f(6, 1), domain=MS, K=32, N=6, bits=4, block_size=32)
    with pytest.raises(FormatError, match=r"MatMulNBits: expected 96 bytes of weights, got uint8\[5, 1, 16\]"):
        read_graph(model)


@pytest.mark.parametrize("with_zeros", [False, True])
def test_rows_of_a_quantised_table(with_zeros: bool) -> None:
    """10 rows of 32 in 4 bits: looking one up makes 32 numbers floating, whatever the table's size."""
    indices = np.array([[1, 3], [9, 0]], np.int64)
    zeros = u8(10, 1) if with_zeros else None
    settings = {"gather_axis": 0, "quantize_axis": 1, "block_size": 16, "bits": 4}
    inputs = (u8(10, 16), indices, np.abs(f(10, 2)), zeros)
    read = agrees("GatherBlockQuantized", *inputs, fixed=[0, 2, 3], **settings)
    profile = weigh_graph(read.graph)
    assert profile.totals.params == 10 * 32
    assert sum(layer.muls for layer in profile.layers) == 4 * 32


@pytest.mark.parametrize("per_column", [False, True])
def test_integer_products_to_floating_numbers(per_column: bool) -> None:
    b_scale = np.abs(f(5)) / 50 if per_column else scale(0.02)
    b_zero = i8(5) if per_column else zero(3, np.int8)
    inputs = (u8(2, 3, 4), i8(4, 5), scale(0.1), b_scale, zero(7), b_zero, f(5))
    read = agrees("MatMulIntegerToFloat", *inputs, fixed=[1, 2, 3, 4, 5, 6], tolerance=1e-4)
    assert operators(read) == ["integer_matmul", "dequantize", "add"]
    read = agrees("DynamicQuantizeMatMul", f(2, 3, 4), i8(4, 5), b_scale, b_zero, f(5), tolerance=1e-4)
    assert operators(read)[:2] == ["dynamic_quantize", "integer_matmul"]
    assert weigh_graph(read.graph).totals.params == 4 * 5 + 5


def test_quantised_attention() -> None:
    """The projection of 6 features to 24 is one of integers."""
    bias, x_scale, w_scale = f(24), scale(0.02), scale(0.01)
    inputs = (u8(2, 4, 6), i8(6, 24), bias, x_scale, w_scale, None, zero(120), zero(0, np.int8))
    read = agrees("QAttention", *inputs, num_heads=2, tolerance=1e-4)
    assert operators(read)[0] == "integer_matmul"
    weight = next(value for value in read.graph.values.values() if value.spec == TensorSpec((6, 24), "int8"))
    assert weight.quantization == Quantization(group_size=6 * 24, scale_bits=32, zero_point_bits=8)


def test_between_layers() -> None:
    a, b = u8(1, 3, 6, 6), u8(1, 3, 6, 6)
    pair = (a, scale(0.1), zero(120), b, scale(0.05), zero(130), scale(0.2), zero(100))
    assert operators(within_one_step("QLinearAdd", *pair, fixed=[1, 2, 4, 5, 6, 7])) == [
        "dequantize", "dequantize", "add", "quantize",
    ]  # fmt: skip
    within_one_step("QLinearMul", *pair, fixed=[1, 2, 4, 5, 6, 7])
    own = (a, scale(0.1), zero(120), scale(0.05), zero(100))
    within_one_step("QLinearLeakyRelu", *own, alpha=0.1)
    within_one_step("QLinearSigmoid", a, scale(0.03), zero(120), scale(1 / 255), zero(0))
    within_one_step("QLinearAveragePool", *own, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    within_one_step("QLinearGlobalAveragePool", *own, channels_last=0)
    within_one_step("QLinearGlobalAveragePool", *own, channels_last=1)
    within_one_step("QLinearSoftmax", a, scale(0.03), zero(120), scale(1 / 255), zero(0), axis=-1, more={"opset": 13})
    parts = (a, scale(0.1), zero(120), b, scale(0.05), zero(130))
    within_one_step("QLinearConcat", scale(0.1), zero(100), *parts, axis=1, fixed=[0, 1, 3, 4, 6, 7])


def test_mean_of_small_integers() -> None:
    """(1 - 0 + 3 - 0) * 0.5 / 2 = 1, at steps of 0.25 from 10."""
    x = np.array([[1, 3]], np.uint8)
    inputs = (x, scale(0.5), zero(0), scale(0.25), zero(10))
    model = one_node("QLinearReduceMean", *inputs, domain=MS, axes=[1], keepdims=0)
    np.testing.assert_array_equal(ours(model, inputs)[0], [10 + 4])


@pytest.mark.parametrize("per_channel", [False, True])
def test_convolutions_of_small_integers(per_channel: bool) -> None:
    """2 * 3 * 3 products for each of 4 channels at 4 * 4 places; weights of 8 bits, biases of 32."""
    w_scale = np.abs(f(4)) / 50 if per_channel else scale(0.02)
    w_zero = np.zeros(4, np.int8) if per_channel else zero(0, np.int8)
    bias = RNG.integers(-500, 500, 4).astype(np.int32)
    rest = (scale(0.1), zero(120), i8(4, 2, 3, 3), w_scale, w_zero, scale(0.5), zero(100), bias)
    read = within_one_step("QLinearConv", u8(1, 2, 6, 6), *rest, domain="")
    profile = weigh_graph(read.graph)
    assert profile.totals.macs == 2 * 3 * 3 * 4 * 4 * 4
    assert profile.totals.params == 4 * 2 * 3 * 3 + 4
    scales = 4 if per_channel else 1
    assert profile.totals.model_size_bytes == 4 * 2 * 3 * 3 + scales * (4 + 1) + 4 * 4
    within_one_step("QLinearConv", u8(1, 6, 6, 2), *rest, channels_last=1)


@pytest.mark.parametrize("trans", [0, 1])
def test_integer_gemm(trans: int) -> None:
    b = i8(5, 4) if trans else i8(4, 5)
    shared = (u8(3, 4), scale(0.1), zero(120), b, scale(0.02), zero(0, np.int8))
    c = RNG.integers(-50, 50, 5).astype(np.int32)
    within_one_step("QGemm", *shared, c, scale(0.3), zero(10), transB=trans)
    agrees("QGemm", *shared, c, transB=trans, tolerance=1e-4)


def test_lstm_with_weights_of_small_integers() -> None:
    """3 features to 5: 4 * 5 * (3 + 5) weights of a byte, biases of 4. ONNX Runtime rounds the input as well."""
    w, r, b = i8(1, 3, 20), i8(1, 5, 20), f(1, 40)
    one = np.full(1, 0.004, F32), np.zeros(1, np.int8)
    inputs = (f(4, 2, 3), w, r, b, None, None, None, None, *one, *one)
    read = agrees("DynamicQuantizeLSTM", *inputs, hidden_size=5, outputs=3, tolerance=2e-2)
    assert "lstm" in operators(read)
    assert not read.notes
    totals = weigh_graph(read.graph).totals
    assert totals.params == 4 * 5 * (3 + 5) + 8 * 5
    assert totals.model_size_bytes == 4 * 5 * (3 + 5) + 2 * (4 + 1) + 4 * 8 * 5
