"""``netweight bench``: processes of engines, what they are refused for, and what is printed; no time is asserted."""

from __future__ import annotations

import json
import multiprocessing
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netweight
from netweight.app import entrants as verb
from netweight.app.prepared import prepared
from netweight.cli.main import run
from netweight.engines.engine import Prepared
from netweight.errors import EngineError, UnknownNameError, UsageError
from netweight.measuring.worker import Wanted, Worker, timed
from netweight.report.bench.text import to_text
from netweight.results.bench import Bench, EngineTimes, KernelTime
from netweight.runtime import initialize

Captured = pytest.CaptureFixture[str]


def test_calls_are_timed_for_so_many_seconds_or_so_often() -> None:
    calls: list[int] = []
    assert len(timed(lambda: calls.append(1), 0.0, 10**6)) == len(calls) == 1
    assert len(timed(lambda: None, 10.0, 7)) == 7


def test_engines_in_their_processes(capsys: Captured, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    file = tmp_path / "bench.json"
    code = run(
        ["bench", "lenet5", "--engine", "onnxruntime,reference,litert", "--seconds", "0.05", "-o", str(file),
         "--batch", "2"]
    )  # fmt: skip
    printed = capsys.readouterr()
    assert code == 0
    assert f"wrote {file}" in printed.err
    assert "litert, batch 2: failed: engine: LiteRT runs .tflite files, not lenet5" in printed.out
    found = json.loads(file.read_text())
    assert (found["schema"], found["kind"]) == ("netweight/bench/1", "measured")
    ort, ours, lite = found["rows"]
    assert (ort["state"], ours["state"], lite["state"]) == ("measured", "measured", "failed")
    for row in (ort, ours):
        assert row["count"] >= 10
        assert 0 < row["least_s"] <= row["p50_s"] <= row["p90_s"] <= row["p99_s"]
        assert row["throughput_per_second"] == pytest.approx(2 / row["p50_s"])
        assert row["kernels_s"] == pytest.approx(sum(kernel["measured_s"] for kernel in row["kernels"]))
        assert row["remainder_s"] == pytest.approx(row["p50_s"] - row["kernels_s"])
    assert ort["precision"] == "fp32"
    assert {"C1", "F6"} <= {layer for kernel in ort["kernels"] for layer in kernel["layers"]}
    assert not multiprocessing.active_children()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the state of a process is read from /proc")
def test_a_process_stands_still_while_nobody_asks_it(tmp_path: Path) -> None:
    graph = netweight.capture("lenet5")
    feeds = {name: np.zeros(graph.spec(name).shape, "float32") for name in graph.inputs}
    network = Prepared(graph=graph, weights=initialize(graph, seed=0), feeds=feeds, folder=tmp_path)
    worker = Worker(Wanted(engine="reference", threads=1, precision=None), network)
    try:
        assert len(worker.turn(0.0, 3)) == 1
        pid = multiprocessing.active_children()[0].pid
        stat = Path(f"/proc/{pid}/stat")
        for _ in range(200):  # until the signal has arrived
            if stat.read_text().rpartition(")")[2].split()[0] == "T":
                break
            time.sleep(0.01)
        assert stat.read_text().rpartition(")")[2].split()[0] == "T"
        assert worker.cpu_s() > 0
    finally:
        worker.close()
    assert not multiprocessing.active_children()


def test_a_process_that_dies_is_said_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    class Dies:
        precision = "fp32"

        def turn(self, seconds: float, _most: int) -> list[float]:
            del seconds
            raise EngineError("engine: the process of onnxruntime ended with signal SIGKILL")

        def cpu_s(self) -> float:
            return 0.0

        def close(self) -> None:
            pass

    class Works(Dies):
        def turn(self, seconds: float, _most: int) -> list[float]:
            del seconds
            return [0.01] * 5

        def kernels(self, _rounds: int) -> Any:
            raise EngineError("engine: says nothing")

    monkeypatch.setattr(verb, "Worker", lambda wanted, _: Dies() if wanted.engine == "onnxruntime" else Works())
    found = netweight.bench("lenet5", engine=("onnxruntime", "reference"), seconds=0.001)
    dead, alive = found.rows
    assert (dead.state, dead.reason) == ("failed", "engine: the process of onnxruntime ended with signal SIGKILL")
    assert (alive.state, alive.p50_s, alive.kernels_reason) == ("measured", 0.01, "engine: says nothing")


def test_an_interrupt_prints_what_there_is(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    class Interrupted:
        precision = "fp32"
        turns = 0

        def turn(self, seconds: float, _most: int) -> list[float]:
            Interrupted.turns += 1
            if seconds and Interrupted.turns > 30:
                raise KeyboardInterrupt
            return [0.01]

        def cpu_s(self) -> float:
            return 0.0

        def close(self) -> None:
            pass

    monkeypatch.setattr(verb, "Worker", lambda *_: Interrupted())
    assert run(["bench", "lenet5", "--seconds", "100"]) == 130
    printed = capsys.readouterr().out
    assert "note: interrupted: what was measured until then" in printed
    assert "partial" in printed.splitlines()[-1]


def test_an_interrupt_before_the_second_batch_leaves_the_first_once(monkeypatch: pytest.MonkeyPatch) -> None:
    class Works:
        precision = "fp32"

        def turn(self, seconds: float, _most: int) -> list[float]:
            del seconds
            return [0.01] * 5

        def cpu_s(self) -> float:
            return 0.0

        def kernels(self, _rounds: int) -> Any:
            raise EngineError("engine: says nothing")

        def close(self) -> None:
            pass

    def interrupted(*args: Any, batch: int | None, **more: Any) -> Any:
        if batch == 2:
            raise KeyboardInterrupt
        return prepared(*args, batch=batch, **more)

    monkeypatch.setattr(verb, "Worker", lambda *_: Works())
    monkeypatch.setattr("netweight.app.bench.prepared", interrupted)
    found = netweight.bench("lenet5", engine="reference", batch=(1, 2), seconds=0.001)
    assert [(row.batch, row.state) for row in found.rows] == [(1, "measured")]
    assert found.notes[-1].startswith("interrupted")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--engine", "onnxrt"], "did you mean onnxruntime"),
        (["--batch", "0"], "at least 1 sample"),
        (["--batch", "two"], "batch"),
        (["--seconds", "0"], "seconds above 0"),
        (["--seconds", "nan"], "seconds above 0"),
        (["--threads", "0"], "1 to 1024 threads"),
        (["--precision", "fp31"], "did you mean fp32"),
        (["-o", "x.svg"], "a file name ending in"),
    ],
)
def test_bad_input(flags: list[str], message: str, capsys: Captured) -> None:
    assert run(["bench", "lenet5", *flags]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err


def test_python_takes_no_other_arguments() -> None:
    with pytest.raises(UsageError, match="one at least"):
        netweight.bench("lenet5", engine=())
    with pytest.raises(UnknownNameError):
        netweight.bench("lenet5", engine="ort")


def shown(**more: Any) -> str:
    row = {
        "engine": "openvino", "version": "1", "batch": 1, "threads": 2, "precision": "bf16, fp32",
        "asked_precision": "", "state": "measured", "count": 50, "p50_s": 0.0136, "p90_s": 0.014, "p99_s": 0.02,
        "iqr": 0.02, "throughput_per_second": 73.5, "kernels_s": 0.013, "remainder_s": 0.0006,
        "kernels": (KernelTime(name="k", op="Convolution", layers=("conv1", "bn1"), measured_s=0.013, precision="bf16",
                               implementation="brgconv_avx512_core_amx_bf16"),),
    }  # fmt: skip
    model = netweight.weigh("lenet5").model
    bench = Bench(model=model, cpu="A CPU", cores=2, day="2026-01-02", rows=(EngineTimes(**{**row, **more}),))
    return to_text(bench)


def test_what_it_computed_in_is_never_hidden() -> None:
    text = shown()
    assert "bf16, fp32" in text.splitlines()[4]
    assert "conv1 +1  Convolution  bf16 brgconv_avx512_core_amx_bf16  13.0 ms  100.0" in text
    assert "kernels together 13.0 ms of 13.6 ms, remainder 600 us (4 %)" in text
    assert text.splitlines()[-1] == (
        "lenet5: openvino 1 takes 13.6 ms (p50; p90 14.0 ms) at batch 1 with 2 threads in bf16, fp32 "
        "(measured, 50 calls)"
    )
    assert "fp16 was asked for, and bf16, fp32 is what it computes in" in shown(asked_precision="fp16")
    assert "was asked for" not in shown(asked_precision="fp32")


def test_what_kernels_do_not_account_for_is_said() -> None:
    assert "remainder 3.60 ms (26 %), which no kernel accounts for" in shown(kernels_s=0.01, remainder_s=0.0036)
    assert "the profile itself costs 400 us (3 %)" in shown(kernels_s=0.014, remainder_s=-0.0004)
    assert "openvino, batch 1: marked, as heat" in shown(disturbed=("heat slowed the processors down 2 times",))
