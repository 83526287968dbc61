"""Products whose kernels do more than multiply: biases of floating numbers, activations and sums, floating results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import netweight
from netweight.rewrite.integer.kernels import ONNX_RUNTIME
from rewrite.pairs import F32, Model, optimised


def conv(m: Model, to: str = "y", **attrs: Any) -> str:
    x = m.pair(m.input("x", 1, 4, 6, 6))
    return m.op("Conv", x, m.weight("w", 4, 4, 3, 3, axis=0), m.bias("b", 0.03, "w"), to=to, pads=[1] * 4, **attrs)


def floating_bias(m: Model) -> str:
    b = m.store("b", np.linspace(-1, 1, 4, dtype=F32))
    return m.pair(m.op("Conv", m.pair(m.input("x", 1, 4, 6, 6)), m.weight("w", 4, 4, 3, 3), b, to="y"), 0.1)


def bias_of_another_scale(m: Model) -> str:
    x, w = m.pair(m.input("x", 1, 4, 6, 6)), m.weight("w", 4, 4, 3, 3)
    return m.pair(m.op("Conv", x, w, m.bias("b", 0.3, "w"), to="y"), 0.1)


def bias_of_8_bits(m: Model) -> str:
    return m.pair(
        m.op("Conv", m.pair(m.input("x", 1, 4, 6, 6)), m.weight("w", 4, 4, 3, 3), m.weight("b", 4), to="y"), 0.1
    )


def floating_result(m: Model) -> str:
    return conv(m)


def product_in_floating_numbers(m: Model) -> str:
    return m.op("MatMul", m.pair(m.input("x", 3, 8)), m.weight("w", 8, 5, axis=1), to="y")


def relu_in_range(m: Model) -> str:
    return m.pair(m.op("Relu", conv(m), to="z"), 0.1, zero=0)


def relu_out_of_range(m: Model) -> str:
    return m.pair(m.op("Relu", conv(m), to="z"), 0.1, zero=100)


def six_in_range(m: Model) -> str:
    low, high = m.store("low", F32(0)), m.store("high", F32(6))
    return m.pair(m.op("Clip", conv(m), low, high, to="z"), 6 / 255, zero=0)


def six_out_of_range(m: Model) -> str:
    low, high = m.store("low", F32(0)), m.store("high", F32(6))
    return m.pair(m.op("Clip", conv(m), low, high, to="z"), 0.1, zero=0)


def swish(m: Model) -> str:
    return m.pair(m.op("LeakyRelu", conv(m), to="z"), 0.1)


def residual(m: Model) -> str:
    y = m.op("Add", conv(m), m.pair(m.input("other", 1, 4, 6, 6), 0.05), to="sum")
    return m.pair(m.op("Relu", y, to="z"), 0.1)


KERNELS: dict[Callable[[Model], str], tuple[list[str], bool]] = {
    floating_bias: (["integer_conv", "reshape", "add", "requantize"], True),
    bias_of_another_scale: (["integer_conv", "reshape", "add", "requantize"], False),
    bias_of_8_bits: (["integer_conv", "reshape", "add", "requantize"], False),
    floating_result: (["integer_conv", "reshape", "add", "dequantize"], False),
    product_in_floating_numbers: (["integer_matmul", "dequantize"], True),
    relu_in_range: (["integer_conv", "reshape", "add", "requantize"], True),
    relu_out_of_range: (["integer_conv", "reshape", "add", "dequantize", "relu", "quantize"], False),
    six_in_range: (["integer_conv", "reshape", "add", "requantize"], True),
    six_out_of_range: (["integer_conv", "reshape", "add", "dequantize", "relu6", "quantize"], False),
    swish: (["integer_conv", "reshape", "add", "dequantize", "leaky_relu", "quantize"], False),
    residual: (["integer_conv", "reshape", "add", "dequantize", "dequantize", "add", "relu", "quantize"], False),
}


@pytest.mark.parametrize("build", KERNELS)
def test_what_is_in_the_kernel_of_a_product(build: Callable[[Model], str]) -> None:
    ops, theirs = KERNELS[build]
    m = Model()
    proto = m.proto(build(m))
    graph = netweight.capture(proto)
    ((first, last),) = graph.fused
    assert [node.op for node in graph.nodes[first : last + 1]] == ops
    profile = netweight.weigh(proto)
    assert profile.integer is not None
    (kernel,) = profile.integer.kernels
    assert (ONNX_RUNTIME in kernel.runtimes) == theirs
    written = netweight.weigh(proto, as_written=True)
    assert (profile.totals.macs, profile.totals.params) == (written.totals.macs, written.totals.params)
    x = m.arrays()
    (runs,), (reads,) = (netweight.run(proto, x, as_written=flag).outputs.values() for flag in (False, True))
    assert np.abs(runs - reads).max() <= (0.1001 if ops[-1] == "quantize" or ops[-1] == "requantize" else 1e-4)
    assert np.ptp(reads) > 2


@pytest.mark.parametrize("build", [build for build, (_, theirs) in KERNELS.items() if theirs])
def test_onnx_runtime_has_the_kernel(build: Callable[[Model], str]) -> None:
    m = Model()
    _, found = optimised(m.proto(build(m)))
    assert [kind for kind in found if kind in ("QLinearConv", "MatMulIntegerToFloat")], found


@pytest.mark.parametrize("build", [build for build, (_, theirs) in KERNELS.items() if not theirs])
def test_onnx_runtime_does_not_have_the_kernel(build: Callable[[Model], str]) -> None:
    m = Model()
    _, found = optimised(m.proto(build(m)))
    assert "QLinearConv" not in found
