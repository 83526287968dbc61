"""What engines do with files that are odd: each says its own, and none hides another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netweight
from netweight.app import compared as verb
from netweight.app.compared import compared
from netweight.app.prepared import prepared
from netweight.cli.main import run
from netweight.engines.engine import Prepared
from netweight.engines.table import engine
from netweight.errors import EngineError, UsageError
from netweight.runtime import initialize

Captured = pytest.CaptureFixture[str]


def saved(folder: Path, nodes: list[Any], kind: str, weights: dict[str, Any], shape: tuple[int, ...] = (2, 4)) -> Path:
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    of = getattr(onnx.TensorProto, kind)
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node(op, reads, writes) for op, reads, writes in nodes],
        "odd",
        [onnx.helper.make_tensor_value_info("x", of, shape)],
        [onnx.helper.make_tensor_value_info("y", of, shape)],
        [onnx.numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    file = folder / "odd.onnx"
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9), file)
    return file


def quantised(folder: Path) -> Path:
    scales = {"s": np.float32(0.02), "t": np.float32(0.1), "z": np.int8(0)}
    weights = {name: np.asarray(value) for name, value in scales.items()}
    weights["w"] = np.random.default_rng(1).integers(-100, 100, (4, 4)).astype("int8")
    nodes = [
        ("QuantizeLinear", ["x", "s", "z"], ["xq"]), ("DequantizeLinear", ["xq", "s", "z"], ["xd"]),
        ("DequantizeLinear", ["w", "s", "z"], ["wd"]), ("MatMul", ["xd", "wd"], ["a"]),
        ("QuantizeLinear", ["a", "t", "z"], ["aq"]), ("DequantizeLinear", ["aq", "t", "z"], ["y"]),
    ]  # fmt: skip
    return saved(folder, nodes, "FLOAT", weights)


def test_an_engine_that_raises_something_else_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def version(self) -> str:
            return "1"

        def load(self, *_: object, **__: object) -> Any:
            raise RuntimeError("no such\n type")

    monkeypatch.setattr(verb, "engine_of", lambda name: Broken() if name == "openvino" else engine(name))
    broken, ours = compared("lenet5", engine=["openvino", "reference"]).rows
    assert (broken.version, broken.reason) == ("1", "engine: RuntimeError: no such type")
    assert (ours.reason, ours.precision) == ("", "fp32")


def test_a_type_that_engines_lack_is_a_line_each(tmp_path: Path) -> None:
    file = saved(tmp_path, [("Mul", ["x", "x"], ["y"])], "BFLOAT16", {})
    theirs, ours = compared(file, engine=["onnxruntime", "reference"]).rows
    assert "NOT_IMPLEMENTED" in theirs.reason
    assert (ours.reason, ours.precision) == ("", "bf16")
    pytest.importorskip("openvino")
    (row,) = compared(file, engine=["openvino"]).rows
    assert "OpenVINO cannot take the inputs" in row.reason


def test_threads_and_engines_that_are_none(capsys: Captured) -> None:
    assert run(["run", "lenet5", "--engine", "torch", "--threads", "0"]) == 2
    assert "expected 1 to 1024 threads, got 0" in capsys.readouterr().err
    assert run(["run", "lenet5", "--engine", ","]) == 2
    assert "expected one at least, got none" in capsys.readouterr().err
    with pytest.raises(UsageError, match="1 to 1024"):
        compared("lenet5", engine=["reference"], threads=1025)


def test_a_batch_of_nothing_is_measured(tmp_path: Path, capsys: Captured) -> None:
    file = saved(tmp_path, [("Relu", ["x"], ["y"])], "FLOAT", {}, (0, 4))
    assert run(["bench", str(file), "--seconds", "0.01"]) == 0
    assert "at batch 0" in capsys.readouterr().out.splitlines()[-1]


def test_a_precision_that_is_not_the_one_asked_for_is_said(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    class Other:
        precision = "fp32"

        def version(self) -> str:
            return "1"

        def load(self, *_: object, **__: object) -> Any:
            return self

        def run(self, _feeds: object) -> dict[str, Any]:
            return {"OUTPUT": np.zeros((1, 10))}

        def close(self) -> None:
            pass

    monkeypatch.setattr(verb, "engine_of", lambda _: Other())
    assert run(["run", "lenet5", "--engine", "openvino", "--precision", "bf16"]) == 0
    line = "openvino 1: ran in fp32, bf16 was asked for, others are compared with it"
    assert capsys.readouterr().out.splitlines()[0] == line
    assert run(["run", "lenet5", "--engine", "openvino", "--precision", "fp32"]) == 0
    assert "asked for" not in capsys.readouterr().out


@pytest.mark.parametrize("name", ["onnxruntime", "openvino"])
def test_integers_are_asked_for_of_a_quantised_file(name: str, tmp_path: Path) -> None:
    pytest.importorskip(name)
    network, _, _ = prepared("run", quantised(tmp_path), None, tmp_path)
    assert "int8" in engine(name).load(network, threads=1, precision="int8").precision.split(", ")
    plain, _, _ = prepared("run", "lenet5", None, tmp_path)
    with pytest.raises(EngineError, match="types of the model, fp32, not in int8"):
        engine(name).load(plain, threads=1, precision="int8")


def test_what_computes_in_another_type_refuses_fp32(tmp_path: Path) -> None:
    file = saved(tmp_path, [("Exp", ["x"], ["y"])], "DOUBLE", {})
    network, _, _ = prepared("run", file, None, tmp_path)
    for name in ("onnxruntime", "reference"):
        with pytest.raises(EngineError, match="types of the model, fp64, not in fp32"):
            engine(name).load(network, threads=1, precision="fp32")


def test_operators_without_a_name_have_their_layers(tmp_path: Path) -> None:
    nodes = [("Exp", ["x"], ["a"]), ("MatMul", ["a", "w"], ["b"]), ("Sin", ["b"], ["y"])]
    file = saved(tmp_path, nodes, "FLOAT", {"w": np.eye(4, dtype="float32")})
    before = file.read_bytes()
    network, _, _ = prepared("run", file, None, tmp_path)
    kernels = engine("onnxruntime").load(network, threads=1, precision=None).kernels(1)
    assert [kernel.layers for kernel in kernels] == [(node.layer,) for node in network.graph.nodes]
    assert file.read_bytes() == before


@pytest.mark.parametrize("name", ["onnxruntime", "openvino"])
def test_a_norm_that_its_engine_does_not_name_is_not_that_of_what_follows(name: str, tmp_path: Path) -> None:
    pytest.importorskip(name)
    torch = pytest.importorskip("torch")

    class Encoder(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.up, self.down, self.ln = torch.nn.Linear(16, 32), torch.nn.Linear(32, 16), torch.nn.LayerNorm(16)
            self.head = torch.nn.Linear(16, 4)

        def forward(self, x: Any) -> Any:
            return self.head(self.ln(x + self.down(torch.relu(self.up(x))))[:, 0])

    graph = netweight.capture(Encoder().eval(), (1, 5, 16))
    feeds = {key: np.ones(graph.spec(key).shape, "float32") for key in graph.inputs}
    network = Prepared(graph=graph, weights=initialize(graph, seed=0), feeds=feeds, folder=tmp_path)
    kernels = engine(name).load(network, threads=1, precision=None).kernels(1)
    (norm,) = [kernel for kernel in kernels if "ln" in kernel.layers]
    assert "norm" in norm.op.lower() or norm.op == "MVN"
    (head,) = [kernel for kernel in kernels if "head" in kernel.layers and kernel.op != "Reshape"]
    assert head.layers == ("head",)


def test_litert_says_the_types_of_what_lies_between() -> None:
    pytest.importorskip("ai_edge_litert")
    from netweight.engines.litert import LiteRtSession

    class Interpreter:
        def get_tensor_details(self) -> list[dict[str, Any]]:
            return [
                {"dtype": np.float32, "shape": np.array([1, 4])}, {"dtype": np.int8, "shape": np.array([64, 64])},
                {"dtype": np.int32, "shape": np.array([9000])}, {"dtype": np.float32, "shape": np.array([1, 10])},
            ]  # fmt: skip

    session = LiteRtSession.__new__(LiteRtSession)
    session._interpreter = Interpreter()
    assert session.precision == "int8, fp32"
