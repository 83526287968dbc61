"""Models that can be read up to a node which refuses what it is given: the layers before it, why, and what fits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

import netweight
from netweight.cli.main import run
from netweight.errors import FormatError, ShapeError

F16, F32 = TensorProto.FLOAT16, TensorProto.FLOAT
CONV = helper.make_node("Conv", ["x", "w"], ["c"], name="/conv", kernel_shape=[3, 3])
W = np.zeros((8, 3, 3, 3), np.float32)


def model(*nodes: onnx.NodeProto, out: str = "z", shape: Any = (1, 3, 8, 8), kind: int = F32, **stored: Any) -> Any:
    graph = helper.make_graph(
        nodes, "net",
        [helper.make_tensor_value_info("x", kind, shape)], [helper.make_tensor_value_info(out, kind, None)],
        [numpy_helper.from_array(array, name) for name, array in stored.items()],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def features(size: int) -> Any:
    """A convolution of 8 x 6 x 6 = 288 features, and a layer for so many."""
    flat = helper.make_node("Flatten", ["c"], ["f"], name="/flat")
    fc = helper.make_node("Gemm", ["f", "g", "b"], ["y"], name="/fc", transB=1)
    relu = helper.make_node("Relu", ["y"], ["z"], name="/relu")
    return model(CONV, flat, fc, relu, w=W, g=np.zeros((10, size), np.float32), b=np.zeros(10, np.float32))


def test_the_layers_before_it_are_weighed() -> None:
    profile = netweight.weigh(features(200))
    fault = profile.fault
    assert fault is not None
    assert profile.totals.macs == 8 * 6 * 6 * 27
    assert [row.layer for row in profile.layers] == ["x", "conv", "flatten"]
    assert (profile.coverage.complete, profile.coverage.stopped_at) == (False, "/fc")
    assert (fault.error, fault.kind) == ("ShapeError", "Gemm")
    assert fault.why[0] == "f is 1x288 of reshape; 288 = 8 * 6 * 6, flattened from 1x8x6x6 of conv"
    assert fault.fixes == ("g of 10x288 fits",)
    assert netweight.weigh(features(288)).coverage.complete


def test_what_needs_all_of_it_refuses_as_before() -> None:
    for needs in (netweight.capture, netweight.run):
        with pytest.raises(ShapeError, match=r"linear: expected x of shape \(\.\.\., 200\), got \(1, 288\)"):
            needs(features(200))


def test_the_command_prints_both(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    onnx.save(features(200), tmp_path / "net.onnx")
    assert run([str(tmp_path / "net.onnx")]) == 1
    shown = capsys.readouterr().out
    assert "  --> net.onnx: node '/fc' (Gemm, opset 17)\n" in shown
    assert "  fix: g of 10x288 fits\n" in shown
    assert "; partial, stopped at /fc; " in shown


def test_an_input_that_the_model_does_not_take_is_answered_with_one_that_it_does() -> None:
    with pytest.raises(ShapeError) as raised:
        netweight.weigh(features(288), (1, 3, 9, 9))
    assert raised.value.fix == "its own input: --input x:1x3x8x8"


MIXED = {
    "an input": (model(CONV, out="c", kind=F16, w=W), "Conv: expected inputs of one type, got x in float16 and w in"),
    "a sum": (
        model(
            CONV, helper.make_node("Add", ["c", "b"], ["z"], name="/add"), w=W, b=np.zeros((8, 1, 1), np.float16)
        ),
        "Add: expected inputs of one type, got c in float32 and b in float16",
    ),
    "one of several": (
        model(
            CONV, helper.make_node("Concat", ["c", "c", "b"], ["z"], axis=1), w=W, b=np.zeros((1, 1, 6, 6), np.float16)
        ),
        "Concat: expected inputs of one type, got c in float32 and b in float16",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MIXED)
def test_types_that_no_runtime_takes_together(case: str) -> None:
    broken, says = MIXED[case]
    with pytest.raises(Exception, match=r"Type parameter|bound to different types"):
        ort.InferenceSession(broken.SerializeToString(), providers=["CPUExecutionProvider"])
    with pytest.raises(ShapeError) as raised:
        netweight.capture(broken)
    assert str(raised.value).startswith(says)
    assert "a Cast of " in raised.value.fix


def test_types_that_an_operator_has_apart() -> None:
    """The scales of Resize are float32 whatever the picture is."""
    resize = helper.make_node("Resize", ["x", "", "s"], ["z"], mode="nearest")
    halves = model(resize, kind=F16, s=np.array([1, 1, 2, 2], np.float32))
    ort.InferenceSession(halves.SerializeToString(), providers=["CPUExecutionProvider"])
    assert netweight.weigh(halves).coverage.complete


def test_a_value_that_nothing_writes_has_its_node_and_file(tmp_path: Path) -> None:
    relu = helper.make_node("Relu", ["conv_out"], ["z"], name="/relu")
    conv = helper.make_node("Conv", ["x", "w"], ["convout"], name="/conv", kernel_shape=[3, 3])
    onnx.save(model(conv, relu, w=W), tmp_path / "badref.onnx")
    with pytest.raises(FormatError, match="expected 'conv_out' to be written before it is read") as raised:
        netweight.weigh(tmp_path / "badref.onnx")
    assert raised.value.__notes__ == ["badref.onnx: node '/relu' (Relu, opset 17)"]
    assert raised.value.fix == "did you mean 'convout'?"
    onnx.save(model(conv, out="conv_out", w=W), tmp_path / "badout.onnx")
    with pytest.raises(FormatError) as raised:
        netweight.weigh(tmp_path / "badout.onnx")
    assert raised.value.__notes__ == ["badout.onnx: output 'conv_out'"]
