"""Operators between conversions become kernels of integers where those of ONNX Runtime do, with its numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import netweight
from netweight.rewrite.integer.kernels import ONNX_RUNTIME, made_by
from rewrite.pairs import Model, optimised

Build = Callable[[Model], str]


def conv(axis: int | None = None, weight: str = "int8", *, bias: bool = True, **attrs: Any) -> Build:
    def build(m: Model) -> str:
        x = m.pair(m.input("x", 1, 4, 6, 6))
        inputs = [x, m.weight("w", 6, 4 // attrs.get("group", 1), 3, 3, axis=axis, dtype=weight)]
        return m.op("Conv", *inputs, *([m.bias("b", 0.03, "w")] if bias else []), to="y", pads=[1] * 4, **attrs)

    return build


def one(kind: str, *shape: int, **attrs: Any) -> Build:
    return lambda m: m.op(kind, m.pair(m.input("x", *shape)), to="y", **attrs)


def two(kind: str, **attrs: Any) -> Build:
    return lambda m: m.op(kind, m.pair(m.input("a", 1, 4, 5)), m.pair(m.input("b", 1, 4, 5), 0.05), to="y", **attrs)


def gemm(m: Model) -> str:
    return m.op("Gemm", m.pair(m.input("x", 3, 8)), m.weight("w", 5, 8), m.bias("b", 0.03, "w"), to="y", transB=1)


def product(m: Model) -> str:
    return m.op("MatMul", m.pair(m.input("x", 2, 3, 8)), m.weight("w", 8, 5, axis=1), to="y")


def attention(m: Model) -> str:
    return m.op("MatMul", m.pair(m.input("a", 2, 3, 8)), m.pair(m.input("b", 2, 8, 5), 0.02), to="y")


def shaped(kind: str, *ints: int, **attrs: Any) -> Build:
    def build(m: Model) -> str:
        sizes = m.store("sizes", np.array(ints, np.int64))
        return m.op(kind, m.pair(m.input("x", 1, 4, 6, 6)), sizes, to="y", **attrs)

    return build


def picked(kind: str, **ints: tuple[int, ...]) -> Build:
    def build(m: Model) -> str:
        named = [m.store(name, np.array(numbers, np.int64)) for name, numbers in ints.items()]
        return m.op(kind, m.pair(m.input("x", 1, 4, 6, 6)), *named, to="y")

    return build


def nearest(m: Model) -> str:
    none, scales = m.store("none", np.zeros(0, np.float32)), m.store("scales", np.array([1, 1, 2, 2], np.float32))
    x = m.pair(m.input("x", 1, 4, 6, 6))
    how = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return m.op("Resize", x, none, scales, to="y", mode="nearest", **how)


def chosen(m: Model) -> str:
    mask = m.store("mask", np.arange(20).reshape(1, 4, 5) % 3 == 0)
    return m.op("Where", mask, m.pair(m.input("a", 1, 4, 5)), m.pair(m.input("b", 1, 4, 5), 0.05), to="y")


SMALL = {"scale": 0.01}
SAME = {"scale": 0.03}
OTHER = {"scale": 0.11}
CASES: dict[str, tuple[Build, dict[str, Any], str, str]] = {
    "conv": (conv(), OTHER, "conv", "QLinearConv"),
    "conv by channel": (conv(axis=0), OTHER, "conv", "QLinearConv"),
    "conv of groups": (conv(axis=0, group=2), OTHER, "conv", "QLinearConv"),
    "conv without bias": (conv(bias=False), OTHER, "conv", "QLinearConv"),
    "gemm": (gemm, OTHER, "linear", "QGemm"),
    "matmul": (product, OTHER, "matmul", "QLinearMatMul"),
    "matmul of two activations": (attention, OTHER, "matmul", "QLinearMatMul"),
    "add": (two("Add"), OTHER, "add", "QLinearAdd"),
    "mul": (two("Mul"), OTHER, "mul", "QLinearMul"),
    "concat": (two("Concat", axis=1), OTHER, "concat", "QLinearConcat"),
    "average pool": (one("AveragePool", 1, 4, 6, 6, kernel_shape=[2, 2]), OTHER, "avg_pool", "QLinearAveragePool"),
    "global average pool": (one("GlobalAveragePool", 1, 4, 6, 6), SMALL, "mean", "QLinearGlobalAveragePool"),
    "sigmoid": (one("Sigmoid", 1, 4, 6), {"scale": 1 / 256, "zero": 0}, "sigmoid", "QLinearSigmoid"),
    "leaky relu": (one("LeakyRelu", 1, 4, 6), SMALL, "leaky_relu", "QLinearLeakyRelu"),
    "softmax": (one("Softmax", 1, 4, 6, axis=-1), {"scale": 1 / 256, "zero": 0}, "softmax", "QLinearSoftmax"),
    "reshape": (shaped("Reshape", 1, 12, 12), SAME, "reshape", "Reshape"),
    "transpose": (one("Transpose", 1, 4, 6, perm=[0, 2, 1]), SAME, "permute", "Transpose"),
    "slice": (picked("Slice", starts=(1,), ends=(3,), axes=(1,)), SAME, "slice", "Slice"),
    "gather": (picked("Gather", rows=(0,)), SAME, "index", "Gather"),
    "expand": (picked("Expand", shape=(2, 4, 6, 6)), SAME, "expand", "Expand"),
    "tile": (picked("Tile", repeats=(1, 1, 2, 1)), SAME, "repeat", "Tile"),
    "depth to space": (one("DepthToSpace", 1, 4, 6, 6, blocksize=2), SAME, "pixel_shuffle", "DepthToSpace"),
    "nearest neighbours": (nearest, SAME, "resize", "Resize"),
    "where": (chosen, OTHER, "where", "QLinearWhere"),
    "max pool": (one("MaxPool", 1, 4, 6, 6, kernel_shape=[3, 3], pads=[1] * 4), SAME, "max_pool", "MaxPool"),
}
DTYPES = ("uint8", "int8")


def built(name: str, dtype: str) -> Any:
    build, scale, _, _ = CASES[name]
    m = Model(dtype)
    if dtype == "int8" and scale.get("zero") == 0:
        scale = {**scale, "zero": -128}
    return m, m.proto(m.pair(build(m), **scale))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", CASES)
def test_a_kernel_where_onnx_runtime_has_one_with_its_numbers(name: str, dtype: str) -> None:
    _, scale, op, theirs = CASES[name]
    m, proto = built(name, dtype)
    session, found = optimised(proto)
    count = len(m.inputs)
    assert found == {theirs: 1, "QuantizeLinear": count, "DequantizeLinear": 1}
    profile = netweight.weigh(proto)
    assert profile.integer is not None
    assert [kernel.op for kernel in profile.integer.kernels] == [op]
    assert ONNX_RUNTIME in profile.integer.kernels[0].runtimes
    assert not profile.integer.alone
    arrays = m.arrays()
    (ours,) = netweight.run(proto, arrays).outputs.values()
    (reference,) = session.run(None, arrays)
    assert np.abs(ours - reference).max() <= scale["scale"] * 1.001
    assert np.ptp(reference) > 20 * scale["scale"]


@pytest.mark.parametrize("name", CASES)
def test_macs_are_those_of_floating_numbers_and_flops_are_none(name: str) -> None:
    m, proto = built(name, "uint8")
    ours, written = netweight.weigh(proto), netweight.weigh(proto, as_written=True)
    assert ours.totals.macs == written.totals.macs
    assert (ours.totals.params, ours.totals.model_size_bytes) == (
        written.totals.params,
        written.totals.model_size_bytes,
    )
    conversions = [row for row in ours if row.op in ("quantize", "dequantize") and row.flops]
    assert ours.totals.flops == sum(row.flops for row in conversions)
    assert len(conversions) == len(m.inputs) + 1


def test_the_table_says_which_runtimes_have_a_kernel() -> None:
    assert ONNX_RUNTIME not in made_by("relu")
    assert made_by("layer_norm") == ()
