"""``netweight run --engine``: the same inputs on each engine, and how far the outputs are apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from netweight.app import compared as verb
from netweight.app.compared import compared
from netweight.cli.main import run
from netweight.errors import EngineError, UnknownNameError

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
