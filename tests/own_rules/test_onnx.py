"""Rules for operators of a domain that ONNX does not have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

import netweight
from netweight import Cost, Counted, RuleError, TensorSpec

MIX = "com.example::Mix"


def _model(*, declared: bool = False) -> ModelProto:
    nodes = [
        helper.make_node("Relu", ["x"], ["r"]),
        helper.make_node("Mix", ["r", "", "w"], ["y"], domain="com.example", alpha=2, mode="fast"),
        helper.make_node("Relu", ["y"], ["z"]),
    ]
    float32 = TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "mixes",
        [helper.make_tensor_value_info("x", float32, [4, 8])],
        [helper.make_tensor_value_info("z", float32, None)],
        [numpy_helper.from_array(np.ones((8, 3), np.float32), "w")],
        value_info=[helper.make_tensor_value_info("y", float32, [4, 3])] if declared else [],
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("com.example", 1)]
    return helper.make_model(graph, opset_imports=opsets)


def mix(x: TensorSpec, mask: TensorSpec | None, weight: TensorSpec, *, alpha: int, mode: str) -> Counted:
    """alpha products per element and column."""
    assert mask is None
    assert mode == "fast"
    y = TensorSpec((x.shape[0], weight.shape[1]), x.dtype)
    return Counted(y, Cost(macs=alpha * x.numel * weight.shape[1]), saves=("x", "weight"))


def _first(x: TensorSpec) -> Counted:
    return Counted(x)


def test_is_counted() -> None:
    profile = netweight.weigh(_model(), rules={MIX: mix})
    (row,) = [row for row in profile.layers if row.op == MIX]
    assert (row.kind, row.macs, row.params, row.output_shapes) == ("custom", 2 * 4 * 8 * 3, 24, ((4, 3),))
    assert row.formulas["macs"] == "2 * 4 * 8 * 3"
    assert row.settings == {"alpha": 2, "mode": "fast"}
    assert profile.coverage.complete
    assert profile.coverage.counted == 3


def test_the_file_may_say_the_outputs() -> None:
    def rule(*xs: TensorSpec | None, **_attributes: Any) -> Counted:
        assert xs[0] is not None
        return Counted(None, Cost(adds=xs[0].numel), saves=("xs",))

    profile = netweight.weigh(_model(declared=True), rules={MIX: rule})
    assert [row.output_shapes for row in profile.layers][-1] == ((4, 3),)
    with pytest.raises(RuleError, match="expected outputs, as the operator itself does not say them, got None"):
        netweight.weigh(_model(), rules={MIX: rule})


def test_operators_of_onnx_itself() -> None:
    rules = {MIX: mix, "ai.onnx::Relu": lambda x: Counted(x, Cost(compares=2 * x.numel))}
    profile = netweight.weigh(_model(), rules=rules)
    assert [(op.op, op.count) for op in profile.coverage.own_rules] == [("ai.onnx::Relu", 2), (MIX, 1)]
    assert [row.compares for row in profile.layers if row.op == "ai.onnx::Relu"] == [2 * 32, 2 * 12]


def test_other_inputs_or_attributes_than_the_node_has() -> None:
    with pytest.raises(RuleError, match=r"a function that takes 3 inputs, alpha, mode as the node has them, got \(x: "):
        netweight.weigh(_model(), rules={MIX: _first})
