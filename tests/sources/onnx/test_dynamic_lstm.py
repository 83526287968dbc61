"""DynamicQuantizeLSTM: integers are multiplied, as ONNX Runtime does, with every option."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

import netweight  # noqa: E402

STEPS, SAMPLES, FEATURES, HIDDEN = 7, 3, 5, 4
ORDER = ("x", "w", "r", "b", "lengths", "h0", "c0", "p", "ws", "wz", "rs", "rz")


def model(*, direction: str, columns: bool, signed: bool, given: set[str], settings: dict[str, Any]) -> tuple[Any, Any]:
    """The model, and its feed."""
    rng = np.random.default_rng(0)
    ways = 2 if direction == "bidirectional" else 1
    kind = np.int8 if signed else np.uint8
    beside = (ways, 4 * HIDDEN) if columns else (ways,)
    low, high = (-60, 60) if signed else (20, 220)
    arrays = {
        "w": rng.integers(low, high, (ways, FEATURES, 4 * HIDDEN)).astype(kind),
        "r": rng.integers(low, high, (ways, HIDDEN, 4 * HIDDEN)).astype(kind),
        "b": rng.standard_normal((ways, 8 * HIDDEN)).astype(np.float32),
        "lengths": np.array([7, 5, 2], np.int32),
        "h0": np.tanh(rng.standard_normal((ways, SAMPLES, HIDDEN))).astype(np.float32),
        "c0": rng.standard_normal((ways, SAMPLES, HIDDEN)).astype(np.float32),
        "p": rng.standard_normal((ways, 3 * HIDDEN)).astype(np.float32),
        "ws": rng.uniform(0.002, 0.02, beside).astype(np.float32),
        "wz": np.full(beside, 0 if signed else 120, kind),
        "rs": rng.uniform(0.002, 0.02, beside).astype(np.float32),
        "rz": np.full(beside, 0 if signed else 120, kind),
    }
    optional = {"b", "lengths", "h0", "c0", "p"}
    node = helper.make_node(
        "DynamicQuantizeLSTM",
        [name if name not in optional or name in given else "" for name in ORDER],
        ["y", "h", "c"],
        domain="com.microsoft", hidden_size=HIDDEN, direction=direction, **settings,
    )  # fmt: skip
    stored = [numpy_helper.from_array(arrays[name], name) for name in ORDER[1:] if name in node.input]
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [STEPS, SAMPLES, FEATURES])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("y", "h", "c")],
        stored,
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8), rng


SETTINGS: list[tuple[set[str], dict[str, Any]]] = [
    (set(), {}),
    ({"b", "h0", "c0"}, {}),
    ({"b", "lengths"}, {}),
    ({"b", "p", "c0"}, {}),
    ({"b"}, {"clip": 1.5}),
    ({"b"}, {"input_forget": 1}),
]


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize(("columns", "signed"), list(itertools.product([False, True], repeat=2)))
@pytest.mark.parametrize(("given", "settings"), SETTINGS)
def test_as_onnx_runtime(
    direction: str, given: set[str], settings: dict[str, Any], *, columns: bool, signed: bool
) -> None:
    """Within the rounding of a hidden state, where a tie may go either way; behind a bound there are more of them."""
    runtime = pytest.importorskip("onnxruntime")
    made, rng = model(direction=direction, columns=columns, signed=signed, given=given, settings=settings)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    session = runtime.InferenceSession(made.SerializeToString(), options, providers=["CPUExecutionProvider"])
    x = rng.standard_normal((STEPS, SAMPLES, FEATURES)).astype(np.float32)
    found = netweight.run(made, x).outputs
    for name, wanted in zip(("y", "h", "c"), session.run(None, {"x": x}), strict=True):
        np.testing.assert_allclose(found[name], wanted, rtol=0, atol=2e-2 if settings.get("clip") else 2e-3)


def test_the_weights_count_as_stored() -> None:
    made, _ = model(direction="bidirectional", columns=True, signed=True, given={"b"}, settings={})
    totals = netweight.weigh(made).totals
    weights = 2 * 4 * HIDDEN * (FEATURES + HIDDEN)
    assert totals.params == weights + 2 * 8 * HIDDEN
    assert totals.macs == STEPS * SAMPLES * weights
    scales = 2 * 2 * 4 * HIDDEN
    assert totals.model_size_bytes == weights + 4 * 2 * 8 * HIDDEN + (4 + 1) * scales
