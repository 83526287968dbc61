"""What ONNX Runtime's own optimiser writes, at every level: the same figures and the same outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
torch = pytest.importorskip("torch")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from onnx.helper import make_node as node  # noqa: E402

import netweight  # noqa: E402
from netweight.runtime.kernels import KERNELS  # noqa: E402
from netweight.sources.onnx.channel_blocks import block_size  # noqa: E402

LEVELS = ("ORT_DISABLE_ALL", "ORT_ENABLE_BASIC", "ORT_ENABLE_EXTENDED", "ORT_ENABLE_ALL")
FLOAT = TensorProto.FLOAT


def normal(*shape: int) -> Any:
    return (0.2 * np.random.default_rng(sum(shape)).standard_normal(shape)).astype(np.float32)


def model(nodes: list[Any], x: tuple[int, ...], stored: dict[str, Any], domain: str = "") -> Any:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", FLOAT, x)],
        [helper.make_tensor_value_info("y", FLOAT, None)],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in stored.items()],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    opsets += [helper.make_opsetid(domain, 1)] if domain else []
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def pictures(first: int, second: int, activation: list[Any]) -> Any:
    """Convolutions of all sorts: from three channels, by channel, of whole blocks, beside a branch; pools between."""
    nodes = [
        node("Conv", ["x", "w0", "b0"], ["c0"], pads=[1, 1, 1, 1], strides=[2, 2]),
        node("BatchNormalization", ["c0", "s", "s", "s", "s"], ["n0"]), *activation,
        node("MaxPool", ["a0"], ["p0"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
        node("Conv", ["p0", "w1"], ["c1"], pads=[1, 1, 1, 1], group=first),
        node("Conv", ["c1", "w2", "b0"], ["c2"]), node("Add", ["c2", "p0"], ["r"]), node("Relu", ["r"], ["a2"]),
        node("Conv", ["a2", "w3"], ["c3"], pads=[1, 1, 1, 1]), node("Sigmoid", ["c3"], ["g"]),
        node("Mul", ["c3", "g"], ["m"]), node("Concat", ["m", "m"], ["two"], axis=1),
        node("AveragePool", ["two"], ["p1"], kernel_shape=[2, 2], strides=[2, 2]),
        node("GlobalAveragePool", ["p1"], ["q"]), node("Flatten", ["q"], ["f"]), node("Gemm", ["f", "w4"], ["y"]),
    ]  # fmt: skip
    stored = {
        "w0": normal(first, 3, 3, 3), "b0": normal(first), "s": np.abs(normal(first)) + 0.5,
        "w1": normal(first, 1, 3, 3), "w2": normal(first, first, 1, 1), "w3": normal(second, first, 3, 3),
        "w4": normal(2 * second, 10),
    }  # fmt: skip
    return model(nodes, (1, 3, 24, 24), stored)


def tokens() -> Any:
    """Attention without a mask, GELU, two sums that are normalised."""
    nodes = [
        node("MatMul", ["x", "wa"], ["a"]), node("Add", ["a", "ba"], ["b"]), node("Erf", ["b_by"], ["e"]),
        node("Add", ["e", "one"], ["f"]), node("Mul", ["b", "f"], ["g"]), node("Mul", ["g", "half"], ["h"]),
        node("MatMul", ["h", "wb"], ["i"]), node("Add", ["i", "x"], ["j"]),
        node("LayerNormalization", ["j", "s", "t"], ["k"]), node("Add", ["k", "x"], ["l"]),
        node("LayerNormalization", ["l", "s", "t"], ["m"]), node("MatMul", ["m", "wa"], ["n"]),
        node("Add", ["n", "ba"], ["o"]), node("Relu", ["o"], ["y"]),
    ]  # fmt: skip
    nodes.insert(2, node("Div", ["b", "root"], ["b_by"]))
    stored = {
        "wa": normal(16, 32), "ba": normal(32), "wb": normal(32, 16), "s": normal(16), "t": normal(16),
        "one": np.float32(1), "half": np.float32(0.5), "root": np.float32(np.sqrt(2)),
    }  # fmt: skip
    return model(nodes, (2, 5, 16), stored)


ACTIVATIONS = {
    "relu": [node("Relu", ["n0"], ["a0"])],
    "leaky": [node("LeakyRelu", ["n0"], ["a0"], alpha=0.1)],
    "hardswish": [node("HardSwish", ["n0"], ["a0"])],
    "tanh": [node("Tanh", ["n0"], ["a0"])],
}
NETWORKS = {
    **{f"16 and 32, {name}": pictures(16, 32, nodes) for name, nodes in ACTIVATIONS.items()},
    "8 and 24": pictures(8, 24, ACTIVATIONS["relu"]),
    "16 and 20": pictures(16, 20, ACTIVATIONS["relu"]),
    "tokens": tokens(),
}


def optimised(made: Any, level: str, path: Path) -> tuple[Any, Any]:
    """The file that ONNX Runtime writes, and its session."""
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    options.optimized_model_filepath = str(path)
    options.graph_optimization_level = getattr(runtime.GraphOptimizationLevel, level)
    session = runtime.InferenceSession(made.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return onnx.load(path), session


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", NETWORKS)
def test_every_level(name: str, level: str, tmp_path: Path) -> None:
    """Channels are rounded up to whole blocks: 20 to 24."""
    made = NETWORKS[name]
    found, session = optimised(made, level, tmp_path / "o.onnx")
    x = 5 * normal(*[dim.dim_value for dim in made.graph.input[0].type.tensor_type.shape.dim])
    (wanted,) = session.run(None, {"x": x})
    profile, plain = netweight.weigh(found), netweight.weigh(made)
    assert profile.coverage.complete
    assert profile.totals.macs >= plain.totals.macs
    if name != "16 and 20" and level == "ORT_ENABLE_ALL":
        assert profile.totals.macs == plain.totals.macs
    outputs = netweight.run(found, x, kernels=KERNELS["im2col"]).outputs
    np.testing.assert_allclose(next(iter(outputs.values())), wanted, rtol=0, atol=1e-5 * np.abs(wanted).max())


def test_the_size_of_blocks() -> None:
    """24 channels are three blocks of 8; 32 may be blocks of either size."""
    for channels, sizes in ((24, {8}), (32, {8, 16})):
        conv = node("Conv", ["x", "w"], ["y"], domain="com.microsoft.nchwc")
        assert block_size(model([conv], (1, 3, 8, 8), {"w": normal(channels, 3, 3, 3)})) in sizes


# Operators that ONNX Runtime runs on other processors


def microsoft(op: str, inputs: dict[str, Any], outputs: tuple[str, ...] = ("y",), **settings: Any) -> Any:
    made = model(
        [node(op, list(inputs), list(outputs), domain="com.microsoft", **settings)],
        inputs["x"].shape,
        {name: array for name, array in inputs.items() if name != "x"},
    )
    del made.graph.output[:]
    made.graph.output.extend(helper.make_tensor_value_info(name, FLOAT, None) for name in outputs)
    return netweight.run(made, inputs["x"]).outputs


@pytest.mark.parametrize("activation", [0, 1])
@pytest.mark.parametrize("last", [0, 1])
def test_group_norm(last: int, activation: int) -> None:
    x, gamma, beta = normal(2, 8, 5, 6), 1 + normal(8), normal(8)
    wanted = torch.nn.functional.group_norm(*map(torch.tensor, (x,)), 4, *map(torch.tensor, (gamma, beta)), eps=1e-4)
    wanted = torch.nn.functional.silu(wanted) if activation else wanted
    given = {"x": np.moveaxis(x, 1, -1).copy() if last else x, "gamma": gamma, "beta": beta}
    found = microsoft("GroupNorm", given, groups=4, epsilon=1e-4, activation=activation, channels_last=last)["y"]
    np.testing.assert_allclose(np.moveaxis(found, -1, 1) if last else found, wanted.numpy(), atol=2e-6)


@pytest.mark.parametrize("skip", [(2, 5, 6, 8), (2, 1, 1, 8), (2, 8)])
def test_group_norm_of_a_sum(skip: tuple[int, ...]) -> None:
    given = {
        "x": normal(2, 5, 6, 8),
        "gamma": 1 + normal(8),
        "beta": normal(8),
        "skip": normal(*skip),
        "bias": normal(8) + 1,
    }
    found = microsoft("SkipGroupNorm", given, ("y", "s"), groups=4, activation=0)
    whole = given["x"] + (given["skip"] if len(skip) > 2 else given["skip"][:, None, None]) + given["bias"]
    channels = torch.tensor(np.moveaxis(whole, -1, 1).copy())
    wanted = torch.nn.functional.group_norm(channels, 4, *map(torch.tensor, (given["gamma"], given["beta"])))
    np.testing.assert_allclose(found["s"], whole, atol=1e-6)
    np.testing.assert_allclose(np.moveaxis(found["y"], -1, 1), wanted.numpy(), atol=2e-6)


def test_group_norm_counts() -> None:
    """Two vectors of 16, and SiLU on each of 8 * 8 * 16 numbers."""
    made = model(
        [node("GroupNorm", ["x", "g", "b"], ["y"], domain="com.microsoft", groups=4, activation=1)],
        (1, 8, 8, 16),
        {"g": normal(16), "b": normal(16)},
    )
    profile = netweight.weigh(made)
    assert profile.coverage.complete
    assert profile.totals.params == 2 * 16
    assert sum(row.exps or 0 for row in profile.layers) == 8 * 8 * 16


def test_a_split_gate() -> None:
    x, bias = normal(2, 3, 12), normal(12)
    left, right = torch.tensor(x + bias).chunk(2, dim=-1)
    found = microsoft("BiasSplitGelu", {"x": x, "bias": bias})["y"]
    np.testing.assert_allclose(found, (left * torch.nn.functional.gelu(right)).numpy(), atol=1e-6)


@pytest.mark.parametrize("axis", [1, 3])
def test_softmax_of_a_sum(axis: int) -> None:
    x, bias = normal(2, 3, 4, 5), normal(2, 1, 1, 5)
    flat = torch.tensor(x + bias).reshape(*x.shape[:axis], -1)
    found = microsoft("BiasSoftmax", {"x": x, "bias": bias}, axis=axis, is_inner_broadcast=1)["y"]
    np.testing.assert_allclose(found, flat.softmax(-1).reshape(x.shape).numpy(), atol=1e-6)


def test_a_product_through_gelu() -> None:
    x, w, b = normal(4, 6), normal(6, 8), normal(8)
    wanted = torch.nn.functional.gelu(torch.tensor(x @ w + b), approximate="tanh")
    np.testing.assert_allclose(microsoft("GemmFastGelu", {"x": x, "w": w, "b": b})["y"], wanted.numpy(), atol=1e-6)
