"""Inputs that a node refuses, with their shapes and the nodes that made them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import netweight
from netweight.cli.main import run
from netweight.errors import ShapeError


def _model(
    nodes: Sequence[onnx.NodeProto], inputs: dict[str, list[int]], **weights: tuple[int, ...]
) -> onnx.ModelProto:
    return helper.make_model(
        helper.make_graph(
            nodes,
            "net",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
            [numpy_helper.from_array(np.zeros(shape, np.float32), name) for name, shape in weights.items()],
        ),
        opset_imports=[helper.make_opsetid("", 17)],
    )


_JOINED = _model(
    [
        helper.make_node("Relu", ["a"], ["r"], name="/table/Relu"),
        helper.make_node("Concat", ["r", "b"], ["c"], name="/Concat", axis=1),
        helper.make_node("MatMul", ["c", "w"], ["y"], name="/head/MatMul"),
    ],
    {"a": [2, 16], "b": [2, 32]},
    w=(26, 1),
)
_FLAT = _model(
    [
        helper.make_node("Flatten", ["x"], ["f"], name="/Flatten"),
        helper.make_node("Gemm", ["f", "w"], ["y"], name="/fc/Gemm", transB=1),
    ],
    {"x": [1, 8, 4, 5]},
    w=(10, 100),
)
_SUM = _model(
    [
        helper.make_node("Conv", ["x", "w"], ["c"], name="/first/Conv"),
        helper.make_node("Add", ["c", "x"], ["y"], name="/Add"),
    ],
    {"x": [1, 3, 8, 8]},
    w=(8, 3, 3, 3),
)


@pytest.mark.parametrize(
    ("model", "node", "why"),
    [
        (_JOINED, "/head/MatMul", (
            "c is 2x48 of cat; 48 = 16 (table) + 32 (b), joined by cat", "w is 26x1, stored in the file"
        )),
        (_FLAT, "/fc/Gemm", (
            "f is 1x160 of reshape; 160 = 8 * 4 * 5, flattened from 1x8x4x5 of input x",
            "w is 10x100, stored in the file",
        )),
        (_SUM, "/Add", ("c is 1x8x6x6 of conv in first", "x is 1x3x8x8, an input of the network")),
    ],
)  # fmt: skip
def test_what_met(model: onnx.ModelProto, node: str, why: tuple[str, ...]) -> None:
    with pytest.raises(ShapeError) as found:
        netweight.capture(model)
    assert repr(node) in found.value.__notes__[0]
    assert tuple(found.value.why.splitlines()) == why
    fault = netweight.weigh(model).fault
    assert fault is not None
    assert fault.why == why


def test_the_command_has_a_line_for_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "net.onnx"
    onnx.save(_JOINED, path)
    assert run([str(path), "-q"]) == 1
    assert capsys.readouterr().err.splitlines()[1:] == [
        "  --> net.onnx: node '/head/MatMul' (MatMul, opset 17)",
        "  why: c is 2x48 of cat; 48 = 16 (table) + 32 (b), joined by cat",
        "  why: w is 26x1, stored in the file",
        "  fix: w of 48x1 fits",
    ]
