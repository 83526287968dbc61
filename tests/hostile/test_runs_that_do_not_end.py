"""Runs without end or measure: steps, work and memory have limits that are said and can be raised."""

from __future__ import annotations

import gc
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from tests.hostile.onnx_files import constant, model, one, value

import netweight
from netweight import build, limits
from netweight.cli.main import run
from netweight.errors import Either, LimitError
from netweight.ir import TensorSpec
from netweight.ops.effort import Effort, check_rank, check_room
from netweight.ops.table import REGISTRY


def _loop(trips: int | None, condition: bool | None, *, ends: bool = False, collects: bool = False) -> onnx.ModelProto:
    """``s = s + s`` as often as is said; where it ``ends``, the body says that it goes on by a constant."""
    nodes = [helper.make_node("Add", ["s", "s"], ["s2"])]
    stored = [constant("true", True, bool)] if ends else []
    nodes.append(helper.make_node("Identity", ["true" if ends else "before"], ["after"]))
    outputs = [value("after", [], TensorProto.BOOL), value("s2", [2])]
    if collects:
        nodes.append(helper.make_node("Identity", ["s2"], ["collected"]))
        outputs.append(value("collected", [2]))
    inputs = [value("i", [], TensorProto.INT64), value("before", [], TensorProto.BOOL), value("s", [2])]
    body = helper.make_graph(nodes, "body", inputs, outputs, stored)
    given = [("n", trips, np.int64), ("c", condition, bool)]
    names = [name if number is not None else "" for name, number, _ in given]
    results = ["y", "z"] if collects else ["y"]
    node = helper.make_node("Loop", [*names, "x"], results, body=body)
    tensors = [constant(name, number, dtype) for name, number, dtype in given if number is not None]
    return model([node], [2], tensors, outputs=results)


@pytest.mark.parametrize("trips", [10**7, 2**62])
@pytest.mark.parametrize("condition", [None, True])
@pytest.mark.parametrize("collects", [False, True])
def test_a_loop_that_is_too_long_is_refused_at_once(trips: int, condition: bool | None, collects: bool) -> None:
    begin = time.perf_counter()
    with pytest.raises(LimitError, match="expected at most 200,000 calls of operators, got more") as caught:
        netweight.run(_loop(trips, condition, collects=collects))
    assert time.perf_counter() - begin < 5
    assert caught.value.fix.startswith("with netweight.limits.raised(steps=")
    assert isinstance(caught.value.fix, Either)
    assert caught.value.fix.command.startswith("--limit steps=")


@pytest.mark.parametrize("condition", [None, True])
def test_a_loop_that_nothing_ends_is_refused_at_once(condition: bool | None) -> None:
    endless = _loop(None, condition)
    with pytest.raises(LimitError, match="expected a trip count or a condition that ends it, got neither"):
        netweight.run(endless)
    found = netweight.weigh(endless)
    assert not found.coverage.complete
    assert any("how often it runs is known in a run alone" in note for note in found.notes)


@pytest.mark.filterwarnings("ignore:overflow")
def test_a_loop_whose_body_says_that_it_goes_on_ends_at_the_limit() -> None:
    with limits.raised(steps=100), pytest.raises(LimitError, match="expected at most 100 calls"):
        netweight.run(_loop(None, True, ends=True))


def test_the_limit_on_steps_is_what_it_says() -> None:
    """A loop of 10 trips has 1 call outside, and in each trip 2 calls; the graph that is then run 10 more."""
    numbers = np.ones(2, np.float32)
    with limits.raised(steps=100):
        found = netweight.run(_loop(10, None), numbers)
    assert found.outputs["y"].tolist() == [1024.0, 1024.0]
    with limits.raised(steps=9), pytest.raises(LimitError):
        netweight.run(_loop(10, None), numbers)


_TOO_MUCH = {
    "a norm over 2^40 channels": one("LRN", [1, 4, 4, 4], size=2**40),
    "windows of 2^40": one("AveragePool", [1, 1, 4, 4], kernel_shape=[2**20] * 2, pads=[2**19] * 4),
    "windows of 2^20": one("AveragePool", [1, 1, 2**10, 2**10], kernel_shape=[2**10] * 2, pads=[512] * 4),
    "a long average": one("AveragePool", [1, 1, 2**20], kernel_shape=[2**20], pads=[2**19] * 2, count_include_pad=1),
    "a long maximum": one("MaxPool", [1, 1, 2**20], kernel_shape=[2**20], pads=[2**19] * 2),
    "a long norm": one("LpPool", [1, 1, 2**20], kernel_shape=[2**20], pads=[2**19] * 2),
    "few windows, all large": one("MaxPool", [1, 1, 4, 4], kernel_shape=[2**14] * 2, pads=[2**13] * 4),
    "padding by dilation": one("MaxPool", [1, 1, 4], kernel_shape=[3], dilations=[2**40], pads=[2**40] * 2),
    "padding": one("Pad", [1], stored={"p": [2**31, 2**31]}),
    "strides": model(
        [helper.make_node("ConvTranspose", ["x", "w"], ["y"], strides=[2**20])], [1, 1, 2**12],
        [constant("w", [[[1]]], np.float32)],
    ),
    "a padded convolution": model(
        [helper.make_node("Conv", ["x", "w"], ["y"], pads=[2**28] * 2)], [1, 1, 4],
        [constant("w", [[[1, 1, 1]]], np.float32)],
    ),
    "an outer product": model([helper.make_node("Einsum", ["x", "x"], ["y"], equation="a,b->ab")], [2**17]),
    "a range": model(
        [helper.make_node("Range", ["a", "b", "c"], ["y"])], [1],
        [constant("a", 0), constant("b", 2**60), constant("c", 1)],
    ),
    "classes": one("OneHot", [1], dtype=TensorProto.INT64, stored={"d": 2**60, "v": [0, 1]}),
    "an input": one("Relu", [2**40]),
    "an expanded one": one("Expand", [1], stored={"s": [2**20, 2**20]}),
}  # fmt: skip


@pytest.mark.parametrize("name", _TOO_MUCH)
def test_a_call_that_is_too_much_is_refused_before_it_begins(name: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.perf_counter()
    with pytest.raises(LimitError, match=r"expected (work|arrays|an array) of at most") as caught:
        netweight.run(_TOO_MUCH[name])
    assert time.perf_counter() - begin < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB
    assert isinstance(caught.value.fix, Either)
    assert caught.value.fix.command.startswith(("--limit work=", "--limit memory="))


@pytest.mark.parametrize(
    ("flag", "most"), [("steps=0", "0 calls"), ("work=5", "work of at most 5"), ("memory=1kB", "1.00 kB")]
)
def test_the_command_has_a_flag_for_each(flag: str, most: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", "lenet5", "--limit", flag]) == 2
    err = capsys.readouterr().err
    assert "error[E109]" in err
    assert most in err
    assert "fix: --limit" in err
    assert run(["run", "lenet5", "--limit", "steps=100", "--limit", "work=1GB", "--limit", "memory=1GB"]) == 0


def test_what_the_fix_says_is_enough(capsys: pytest.CaptureFixture[str]) -> None:
    flags: list[str] = []
    for _ in range(40):
        if run(["run", "mlp", "--limit", "memory=1B", "--limit", "work=1", *flags]) == 0:
            break
        fix = capsys.readouterr().err.split("fix: ")[1].split(",")[0]
        flags += fix.split()
    assert "min" in capsys.readouterr().out


def test_arrays_that_are_let_go_of_do_not_count() -> None:
    """100 layers of 4 MB each, of which two are alive at once."""

    def deep(x: build.Symbol) -> build.Symbol:  # type: ignore[name-defined]
        for _ in range(100):
            x = build.exp(build.neg(x))
        return x

    graph = build.graph(deep, (1, 1 << 20))
    with limits.raised(memory="20MB"):
        assert netweight.run(graph).outputs
        with pytest.raises(LimitError, match=r"expected arrays of at most 20\.0 MB at once"):
            netweight.run(graph, keep=True)


def test_views_take_no_room() -> None:
    effort = Effort()
    array = np.zeros((1000, 1000), np.float32)
    effort.after([array, array[1:]])
    assert effort.held == 4_000_000
    del array
    gc.collect()
    assert effort.held == 0


def test_dimensions_and_rooms() -> None:
    check_rank("x", (1,) * 64)
    with pytest.raises(LimitError, match="x: expected at most 64 dimensions to compute with, got 65"):
        check_rank("x", (1,) * 65)
    check_room("x", TensorSpec((1 << 30,), "float32"))
    with pytest.raises(LimitError, match=r"x: expected an array of at most 4\.29 GB, got 4\.29 GB"):
        check_room("x", TensorSpec(((1 << 30) + 1,), "float32"))


def test_an_operator_on_what_it_has_seen_is_checked_for_its_memory_again() -> None:
    effort, spec = Effort(), TensorSpec((1 << 28,), "float32")
    held = [np.empty(1 << 20, np.uint8) for _ in range(3)]
    for _ in range(2):
        effort.before(REGISTRY["relu"], None, [spec], [spec])
    with limits.raised(memory=spec.nbytes):
        effort = Effort()
        effort.before(REGISTRY["relu"], None, [spec], [spec])
        effort.after(held)
        with pytest.raises(LimitError, match="relu: expected arrays"):
            effort.before(REGISTRY["relu"], None, [spec], [spec])


def _wait_for_work(child: subprocess.Popen[bytes], seconds: float) -> None:
    """Until a process has computed so long: more than it takes to start, however busy the machine is."""
    begin, worked = time.perf_counter(), 0.0
    while worked < seconds:
        assert child.poll() is None
        assert time.perf_counter() - begin < 60
        time.sleep(0.05)
        user, system = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        worked = (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_ends_when_it_is_asked_to(number: signal.Signals, tmp_path: Path) -> None:
    path = tmp_path / "loop.onnx"
    onnx.save(_loop(None, True, ends=True), path)
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "netweight",
        "run",
        str(path),
        "-o",
        str(tmp_path / "y.npz"),
        "--limit",
        "steps=1e9",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        _wait_for_work(child, 1.5)
        begin = time.perf_counter()
        os.kill(child.pid, number)
        try:
            code = child.wait(timeout=30)
        finally:
            child.kill()
    assert code == (130 if number == signal.SIGINT else 128 + number)
    assert time.perf_counter() - begin < 10
    assert [path.name for path in tmp_path.iterdir()] == ["loop.onnx"]
