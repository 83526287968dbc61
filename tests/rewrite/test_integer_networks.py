"""Whole networks that ONNX Runtime's tool quantised: its kernels are ours, and its outputs within one step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

import netweight
from netweight import build
from netweight.ir import Graph
from rewrite.pairs import F32, onnx, optimised, quantised

quantization = pytest.importorskip("onnxruntime.quantization")
TYPE = quantization.QuantType

WAYS: dict[str, dict[str, Any]] = {
    "u8 s8": {"activation_type": TYPE.QUInt8, "weight_type": TYPE.QInt8, "reduce_range": True},
    "u8 s8 by channel": {
        "activation_type": TYPE.QUInt8, "weight_type": TYPE.QInt8, "per_channel": True, "reduce_range": True,
    },
    "u8 u8": {"activation_type": TYPE.QUInt8, "weight_type": TYPE.QUInt8, "reduce_range": True},
    "s8 s8 by channel": {"activation_type": TYPE.QInt8, "weight_type": TYPE.QInt8, "per_channel": True},
    "s8 symmetric": {
        "activation_type": TYPE.QInt8, "weight_type": TYPE.QInt8, "per_channel": True,
        "extra_options": {"ActivationSymmetric": True},
    },
}  # fmt: skip
"""Weights of 7 bits beside unsigned activations: processors without VNNI add two products in 16 bits, which clip."""

THEIRS = {
    "conv": "QLinearConv", "add": "QLinearAdd", "linear": "QGemm", "mean": "QLinearGlobalAveragePool",
    "max_pool": "MaxPool", "concat": "QLinearConcat", "matmul": "QLinearMatMul", "mul": "QLinearMul",
    "softmax": "QLinearSoftmax", "relu": "Relu", "relu6": "Clip", "gelu": "Gelu",
}  # fmt: skip
"""What ONNX Runtime calls the kernel, and the operator that it leaves floating."""


def residual(x: Any) -> Any:
    """Convolutions whole and by groups, a residual sum, branches that meet, pools, a linear layer."""
    x = build.relu(build.conv2d(x, 8, 3, padding=1, name="stem"), name="stem_relu")
    y = build.relu6(build.conv2d(x, 8, 3, padding=1, groups=8, name="depthwise"), name="depthwise_relu")
    x = build.add(x, build.conv2d(y, 8, 1, name="project"), name="sum")
    left = build.relu(build.conv2d(x, 4, 1, name="left"), name="left_relu")
    right = build.relu(build.conv2d(x, 4, 3, padding=1, name="right"), name="right_relu")
    x = build.max_pool2d(build.concat([left, right], dim=1, name="joined"), 2, name="pool")
    x = build.flatten(build.global_avg_pool(x, name="mean"), 1, name="flat")
    return build.linear(x, 10, name="head")


NETWORKS: dict[str, Callable[[], Graph]] = {
    "residual": lambda: build.graph(residual, (1, 1, 16, 16)),
    "mobilenet_v2": lambda: netweight.capture("mobilenet_v2", (1, 3, 32, 32)),
}


@cache
def floating(name: str) -> tuple[Graph, Any]:
    graph = NETWORKS[name]()
    return graph, exported(graph)


def exported(graph: Graph) -> Any:
    from netweight.runtime import initialize
    from netweight.sources.onnx.write.writer import to_onnx

    return to_onnx(graph, initialize(graph, seed=1))


@cache
def pairs(name: str, way: str) -> Any:
    return quantised(floating(name)[1], **WAYS[way])


CASES = [("residual", way) for way in WAYS] + [("mobilenet_v2", "s8 s8 by channel")]


@pytest.mark.parametrize(("name", "way"), CASES)
def test_kernels_are_those_of_onnx_runtime(name: str, way: str) -> None:
    proto = pairs(name, way)
    _, theirs = optimised(proto)
    profile = netweight.weigh(proto)
    assert profile.integer is not None
    assert not profile.integer.alone
    kernels = Counter(THEIRS[kernel.op] for kernel in profile.integer.kernels if kernel.op in THEIRS)
    assert kernels == {op: count for op, count in theirs.items() if op in THEIRS.values()}


@pytest.mark.parametrize(("name", "way"), CASES)
def test_outputs_are_those_of_onnx_runtime(name: str, way: str) -> None:
    proto = pairs(name, way)
    session, _ = optimised(proto)
    (given,) = session.get_inputs()
    x = {given.name: np.random.default_rng(7).standard_normal(given.shape).astype(F32)}
    (ours,) = netweight.run(proto, x).outputs.values()
    (reference,) = session.run(None, x)
    steps = np.abs(ours - reference) / step_of(proto)
    assert steps.max() <= 1.001
    assert np.ptp(reference) > 50 * step_of(proto)


def step_of(proto: Any) -> float:
    """The scale of what a network gives."""
    last = next(node for node in proto.graph.node if proto.graph.output[0].name in node.output)
    return float(onnx.numpy_helper.to_array(next(s for s in proto.graph.initializer if s.name == last.input[1])))


@pytest.mark.parametrize(("name", "way"), [("residual", "u8 s8"), ("mobilenet_v2", "s8 s8 by channel")])
def test_figures_are_those_of_the_network_at_8_bits(name: str, way: str) -> None:
    """A runtime folds normalisation and runs an activation behind its layer: then both are the same graph."""
    graph, _ = floating(name)
    at_8, ours = netweight.weigh(graph, bits=8), netweight.weigh(pairs(name, way))
    assert ours.totals.macs == at_8.totals.macs
    weights = sum(row.params_no_bias for row in at_8 if row.kind in ("conv", "linear"))
    assert ours.totals.params_no_bias == weights == ours.totals.weight_dtypes["int8"]
    peaks, ours_at = (
        netweight.memory(model, **bits).conventions for model, bits in ((graph, {"bits": 8}), (pairs(name, way), {}))
    )
    for convention in ("lecture", "liveness", "inplace", "mcunet-v1", "mcunet-v2", "tflm", "segment-overlap"):
        assert ours_at[convention].peak_bytes == peaks[convention].peak_bytes


def test_the_published_peak_of_mobilenet_v2() -> None:
    """1,505,280 and 1,404,928 bytes of 224 x 224 pictures are those of 32 x 32 times 7 * 7."""
    found = netweight.memory(pairs("mobilenet_v2", "s8 s8 by channel")).conventions
    assert found["liveness"].peak_bytes * 7 * 7 == 1_505_280
    assert found["inplace"].peak_bytes * 7 * 7 == 1_404_928


def test_floating_operations_are_those_of_the_conversions_at_both_ends() -> None:
    profile = netweight.weigh(pairs("residual", "u8 s8"))
    to_integers, back = 16 * 16 * 5, 10 * 2
    assert profile.totals.flops == to_integers + back
    assert profile.totals.ops_total > 2 * profile.totals.macs
