"""``netweight run --engine``: the same inputs on each engine, and how far the outputs are apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netweight
from netweight import build
from netweight.app import compared as verb
from netweight.app.compared import compared, drawn_outputs
from netweight.cli.main import run
from netweight.errors import EngineError, NetweightError, UnknownNameError
from netweight.ir import Graph, TensorSpec

Captured = pytest.CaptureFixture[str]


def test_engines_agree_and_one_that_refuses_is_said(capsys: Captured, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    file = tmp_path / "y.npz"
    engines = "reference,onnxruntime,torch,litert"
    assert run(["run", "lenet5", "--engine", engines, "-o", str(file)]) == 0
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert lines[0].startswith("reference ")
    assert lines[0].endswith("ran in fp32, others are compared with it")
    assert sum("OUTPUT: at most" in line and "from reference" in line for line in lines) == 2
    assert "LiteRT runs .tflite files, not lenet5; --engine onnxruntime" in lines[-1]
    assert "note: input x is random" in printed.err
    assert np.load(file)["OUTPUT"].shape == (1, 10)


def test_no_engine_that_runs_is_an_error(capsys: Captured) -> None:
    assert run(["run", "lenet5", "--engine", "litert"]) == 2
    assert run(["run", "lenet5", "--engine", "onnxrt"]) == 2
    assert "did you mean onnxruntime" in capsys.readouterr().err
    with pytest.raises(UnknownNameError):
        compared("lenet5", engine=["reference"], precision="fp31")


def test_where_outputs_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    class Session:
        precision = "fp32"

        def __init__(self, change: float) -> None:
            self.change = change

        def run(self, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
            assert feeds["x"].shape == (1, 1, 32, 32)
            y = np.array([[1.0, -4.0, np.inf, np.nan]])
            y[0, 1] += self.change
            return {"OUTPUT": y}

        def close(self) -> None:
            pass

    class Fake:
        def __init__(self, name: str) -> None:
            self.name = name

        def version(self) -> str:
            return "1"

        def load(self, *_: object, **__: object) -> Session:
            if self.name == "litert":
                raise EngineError("engine: no")
            return Session(0.5 if self.name == "torch" else 0.0)

    monkeypatch.setattr(verb, "engine_of", Fake)
    found = compared("lenet5", engine=["litert", "reference", "openvino", "torch"])
    refused, first, same, other = found.rows
    assert (refused.reason, first.differences) == ("engine: no", ())
    assert (same.differences[0].largest, same.differences[0].relative) == (0.0, 0.0)
    assert (other.differences[0].largest, other.differences[0].relative) == (0.5, 0.125)
    assert other.differences[0].where == (0, 1)


def test_from_python() -> None:
    ran = netweight.run("lenet5", engine=("litert", "reference", "torch"))
    plain = netweight.run("lenet5")
    assert ran.outputs["OUTPUT"] == pytest.approx(plain.outputs["OUTPUT"], abs=1e-5)
    assert [(row.engine, bool(row.reason)) for row in ran.engines] == [
        ("litert", True), ("reference", False), ("torch", False),
    ]  # fmt: skip
    assert plain.engines == ()


def test_weights_of_the_user_go_to_engines_as_well() -> None:
    graph = build.graph(lambda x: build.linear(x, 1, bias=False, name="fc"), (1, 2), name="small")
    ran = netweight.run(
        graph, np.float32([[3, 4]]), {"fc.weight": np.float32([[1, 10]])}, engine=("torch", "reference")
    )  # fmt: skip
    assert ran.outputs["fc"].tolist() == [[43.0]]
    assert ran.engines[1].differences[0].largest == 0.0


def test_one_engine_by_its_name_and_what_it_is_given() -> None:
    x = np.full((1, 1, 32, 32), 0.5, np.float32)
    assert netweight.run("lenet5", x, engine="reference").outputs["OUTPUT"] == pytest.approx(
        netweight.run("lenet5", x).outputs["OUTPUT"], abs=1e-5
    )
    two = netweight.run("lenet5", engine="reference", batch=2, seed=3)
    assert two.outputs["OUTPUT"] == pytest.approx(netweight.run("lenet5", batch=2, seed=3).outputs["OUTPUT"], abs=1e-5)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"keep": True}, "expected no keep beside an engine"),
        ({"rng": np.random.default_rng(0)}, "expected no rng beside an engine"),
        ({"precision": "fp31"}, "fp31"),
        ({"threads": 0}, "expected 1 to 1024 threads"),
        ({"engine": ()}, "expected one at least"),
        ({"engine": "litert"}, "none of litert ran lenet5"),
    ],
)
def test_what_does_not_go_with_engines(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(NetweightError, match=message):
        netweight.run("lenet5", **{"engine": "reference", **asked})


def with_dropout() -> Graph:
    """Two outputs, one of which random numbers reach; what is drawn has a name."""

    def describe(x: Any) -> Any:
        plain = build.relu(x, name="plain")
        return plain, build.tanh(build.dropout(plain, 0.5, name="drop"), name="drawn")

    return build.graph(describe, TensorSpec((1, 64)), name="two", training=True)


def test_random_numbers_are_not_compared() -> None:
    graph = with_dropout()
    assert drawn_outputs(graph) == {graph.outputs[1]: "drop"}
    ran = netweight.run(graph, engine=("reference", "torch"))
    plain, drawn = ran.engines[1].differences
    assert plain.largest == 0.0
    assert drawn.largest is None
    assert drawn.reason == "not comparable: drop draws random numbers, and each engine has its own"


def test_a_capture_that_had_to_guess_is_run_when_it_may(tmp_path: Path, capsys: Captured) -> None:
    pytest.importorskip("torch")
    program = tmp_path / "net.py"
    program.write_text(
        "import torch\n"
        "class Net(torch.nn.Module):\n"
        "    def forward(self, x):\n"
        "        return x.exp() if x.sum() > 0 else -x\n",
        encoding="utf-8",
    )
    command = ["run", f"{program}:Net", "--input", "2x3", "--engine", "reference"]
    assert run(command) == 2
    assert "--guess" in capsys.readouterr().err
    assert run([*command, "--guess"]) == 0
    assert run([*command, "--guess", "--as-written"]) == 0  # engines run all models as they are written
