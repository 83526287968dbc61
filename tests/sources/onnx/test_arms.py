"""Branches of which one cannot take the shapes that are given: the other one is the network."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from onnx.helper import make_node as node  # noqa: E402

import netweight  # noqa: E402
from netweight.errors import FormatError  # noqa: E402

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def stored(name: str, *shape: int) -> Any:
    return numpy_helper.from_array(np.random.default_rng(len(name)).standard_normal(shape).astype(np.float32), name)


def arm(name: str, window: int) -> Any:
    """A convolution of windows without overlap, of which one must fit, and a product."""
    nodes = [
        node("Conv", ["x", f"{name}k"], [f"{name}c"], strides=[window]),
        node("Squeeze", [f"{name}c", f"{name}a"], [f"{name}s"]),
        node("MatMul", [f"{name}s", f"{name}w"], [f"{name}y"]),
    ]
    axes = numpy_helper.from_array(np.array([2]), f"{name}a")
    weights = [stored(f"{name}k", 6, 1, window), axes, stored(f"{name}w", 6, 5)]
    return helper.make_graph(nodes, name, [], [helper.make_tensor_value_info(f"{name}y", FLOAT, None)], weights)


def by_rate(then: Any, other: Any) -> Any:
    """Both arms behind one condition, which only a run knows."""
    graph = helper.make_graph(
        [
            node("Equal", ["rate", "high"], ["is_high"]),
            node("If", ["is_high"], ["y"], then_branch=then, else_branch=other, name="by_rate"),
        ],
        "g",
        [helper.make_tensor_value_info("x", FLOAT, ["n", 1, "t"]), helper.make_tensor_value_info("rate", INT64, [])],
        [helper.make_tensor_value_info("y", FLOAT, None)],
        [numpy_helper.from_array(np.array(16000), "high")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


SHORT_AND_LONG = by_rate(arm("long", 32), arm("short", 16))


@pytest.mark.parametrize(("samples", "kept"), [(32, "then"), (16, "else")])
def test_the_arm_that_can_is_weighed(samples: int, kept: str) -> None:
    profile = netweight.weigh(SHORT_AND_LONG, {"x": (1, 1, samples)})
    assert profile.totals.params == profile.totals.macs == 6 * samples + 6 * 5
    assert profile.coverage.complete
    (note,) = profile.notes
    assert note.startswith(f"If 'by_rate': the {kept} branch is counted, as the ")
    assert f"expected axes of size 1, got [2] of shape (1, 6, {2 if samples == 32 else 0})" in note or samples == 16


@pytest.mark.parametrize("order", ["as it is", "the other way round"])
@pytest.mark.parametrize(("samples", "rate"), [(32, 16000), (16, 8000)])
def test_the_arm_that_can_runs(order: str, samples: int, rate: int) -> None:
    runtime = pytest.importorskip("onnxruntime")
    model, high = SHORT_AND_LONG, rate
    if order != "as it is":
        model, high = by_rate(arm("short", 16), arm("long", 32)), 24000 - rate
    feed = {"x": np.random.default_rng(0).standard_normal((1, 1, samples), np.float32), "rate": np.array(high)}
    (wanted,) = runtime.InferenceSession(model.SerializeToString()).run(None, feed)
    np.testing.assert_allclose(netweight.run(model, feed).outputs["y"], wanted, rtol=1e-5, atol=1e-6)


def test_a_run_asks_the_condition_all_the_same() -> None:
    feed = {"x": np.zeros((1, 1, 32), np.float32), "rate": np.array(8000)}
    with pytest.raises(FormatError, match=r"Squeeze: expected axes of size 1, got \[2\] of shape \(1, 6, 2\)"):
        netweight.run(SHORT_AND_LONG, feed)


def test_neither_arm_can() -> None:
    with pytest.raises(FormatError, match=r"Squeeze: expected axes of size 1, got \[2\] of shape \(1, 6, 3\)"):
        netweight.weigh(SHORT_AND_LONG, {"x": (1, 1, 96)})
