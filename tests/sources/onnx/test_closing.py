"""Open dimensions: the flags that an error suggests are those with which the model can be read."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from netweight.cli.main import run as command


def pooled(shape: list[Any] | None, levels: int) -> onnx.ModelProto:
    """Each level halves a picture, rounding down, and doubles it again, to be added to what it was."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    nodes, at = [], ["x"]
    for level in range(levels):
        made = f"p{level}"
        nodes.append(helper.make_node("MaxPool", [at[-1]], [made], kernel_shape=[2, 2], strides=[2, 2]))
        at.append(made)
    up = at[-1]
    for level in reversed(range(levels)):
        nodes.append(helper.make_node("ConvTranspose", [up, "w"], [f"u{level}"], strides=[2, 2], kernel_shape=[2, 2]))
        nodes.append(helper.make_node("Add", [f"u{level}", at[level]], [f"s{level}"]))
        up = f"s{level}"
    weight = numpy_helper.from_array(np.ones((3, 3, 2, 2), np.float32), "w")
    return model(nodes, [x], up, [weight])


def flat(shape: list[Any]) -> onnx.ModelProto:
    """A layer that wants 3 channels of 32 x 32."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    nodes = [helper.make_node("Flatten", ["x"], ["f"]), helper.make_node("Gemm", ["f", "w"], ["y"])]
    return model(nodes, [x], "y", [numpy_helper.from_array(np.ones((3 * 32 * 32, 7), np.float32), "w")])


def keys() -> onnx.ModelProto:
    """Tokens now and before: their keys together are as many as the mask has."""
    sizes = {"now": ["batch", "seq", 4], "before": ["batch", "past", 4], "mask": ["batch", "total_length", 1]}
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in sizes.items()]
    nodes = [
        helper.make_node("Concat", ["before", "now"], ["all"], axis=1),
        helper.make_node("Mul", ["all", "mask"], ["y"]),
    ]
    return model(nodes, inputs, "y", [])


def model(nodes: list[Any], inputs: list[Any], output: str, weights: list[Any]) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes, "net", inputs, [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)], weights
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


CASES = {
    "one level": (pooled(["n", 3, "h", "w"], 1), (), "--dim n=1 --dim h=2 --dim w=2"),
    "four levels": (pooled(["n", 3, "h", "w"], 4), (), "--dim n=1 --dim h=16 --dim w=16"),
    "a name with a space": (pooled(["my batch", 3, "h", "w"], 1), (), "--dim 'my batch=1' --dim h=2 --dim w=2"),
    "channels too": (pooled(["n", "c", "h", "w"], 1), (), "--dim n=1 --dim c=3 --dim h=2 --dim w=2"),
    "no names": (pooled([None, None, None, None], 4), (), "--input x:1x3x16x16"),
    "no dimensions": (pooled(None, 4), (), "--input x:1x3x16x16"),
    "some given": (pooled(["n", 3, "h", "w"], 4), ("--batch", "2"), "--dim h=16 --dim w=16"),
    "features": (flat(["n", 3, "h", "w"]), (), "--dim n=1 --dim h=32 --dim w=32"),
    "tokens before": (keys(), (), "--dim batch=1 --dim seq=1 --dim past=1 --dim total_length=2"),
    "too small": (pooled([1, 3, "h", "w"], 4), ("--dim", "h=1", "--dim", "w=1"), "--dim h=16 --dim w=16"),
    "no batch": (flat(["n", 3, "h", "w"]), ("--input", "3x32x32"), "--input x:1x3x32x32"),
    "another size": (flat([1, 3, 32, 32]), ("--input", "1x3x33x33"), "--input x:1x3x32x32"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_suggested_works(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network, arguments, suggested = CASES[case]
    onnx.save(network, tmp_path / "net.onnx")
    assert command([str(tmp_path / "net.onnx"), *arguments]) == 2
    fix = re.search(r"fix: .*?(--(?:dim|input) .*?)(: the batch.*)?$", capsys.readouterr().err, re.MULTILINE)
    assert fix is not None
    assert fix[1] == suggested
    kept = arguments if "--batch" in arguments else ()
    assert command([str(tmp_path / "net.onnx"), *kept, *shlex.split(fix[1]), "-q"]) == 0


def test_nothing_that_was_tried_is_not_suggested(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """There is no picture with 5 features in 3 channels."""
    network = flat(["n", 3, "h", "w"])
    network.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.ones((5, 7), np.float32), "w"))
    onnx.save(network, tmp_path / "net.onnx")
    assert command([str(tmp_path / "net.onnx")]) == 2
    err = capsys.readouterr().err
    assert "fix: --dim n=SIZE --dim h=SIZE --dim w=SIZE; none of 24 sizes that were tried is accepted: linear:" in err
