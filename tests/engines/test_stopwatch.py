"""Times of PyTorch on a GPU, by events of a pretended ``torch.cuda``: this has not been run on a real one."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import netweight
from netweight import build
from netweight.engines.engine import Prepared
from netweight.engines.pytorch.engine import PyTorchSession
from netweight.engines.pytorch.stopwatch import Clock, CudaEvents, stopwatch
from netweight.engines.table import engine
from netweight.ir import TensorSpec
from netweight.measuring.worker import timed

STEP_MS = 2.0


class FakeCuda:
    """Between two events in a row the GPU works for 2, 4, 6 ... milliseconds."""

    def __init__(self) -> None:
        self.recorded, self.now_ms, self.waited = 0, 0.0, 0
        self.streams: list[Any] = []

    def current_stream(self, device: Any) -> str:
        return f"stream of {device}"

    def Event(self, *, enable_timing: bool) -> FakeEvent:  # noqa: N802  (as PyTorch spells it)
        assert enable_timing
        return FakeEvent(self)


class FakeEvent:
    def __init__(self, cuda: FakeCuda) -> None:
        self.cuda = cuda
        self.at_ms: float | None = None
        self.is_over = False

    def record(self, stream: Any) -> None:
        self.cuda.streams.append(stream)
        self.cuda.recorded += 1
        self.cuda.now_ms += STEP_MS * self.cuda.recorded
        self.at_ms = self.cuda.now_ms

    def synchronize(self) -> None:
        self.cuda.waited += 1
        self.is_over = True

    def elapsed_time(self, other: FakeEvent) -> float:
        assert other.is_over, "a time that is read before the GPU has come there"
        assert self.at_ms is not None
        assert other.at_ms is not None
        return other.at_ms - self.at_ms


def session_of(module: Any, folder: Path) -> PyTorchSession:
    """A network of a linear layer and two more, as a module or as its operators."""
    torch = pytest.importorskip("torch")
    if module is None:
        graph = build.graph(lambda x: build.relu(build.linear(x, 2, name="fc"), name="act"), TensorSpec((1, 4)))
        weights = netweight.initialize(graph)
        arguments: tuple[Any, ...] = ()
    else:
        graph, weights, arguments = netweight.capture(module, (1, 4)), {}, (torch.zeros(1, 4),)
    feeds = {graph.inputs[0]: torch.zeros(1, 4).numpy()}
    network = Prepared(
        graph=graph, weights=weights, feeds=feeds, folder=folder, module=module, arguments=arguments
    )  # fmt: skip
    found = engine("torch").load(network, threads=1, precision=None)
    assert isinstance(found, PyTorchSession)
    return found


def test_where_the_network_is_decides() -> None:
    on_gpu, on_cpu = SimpleNamespace(is_cuda=True, device="cuda:1"), SimpleNamespace(is_cuda=False, device="cpu")
    cuda = FakeCuda()
    torch = SimpleNamespace(cuda=cuda)
    assert isinstance(stopwatch(torch, [on_cpu, 3, None]), Clock)
    found = stopwatch(torch, [on_cpu, on_gpu])
    assert isinstance(found, CudaEvents)
    found.start()
    assert cuda.streams == ["stream of cuda:1"]


def test_a_call_takes_what_lies_between_its_events(tmp_path: Path) -> None:
    session = session_of(None, tmp_path)
    cuda = FakeCuda()
    session._stopwatch = CudaEvents(cuda, "cuda:0")
    # events at 2, 2 + 4 = 6, 12, 20, 30, 42 ms: the calls take 4, 8, 12 ms
    assert timed(session.call, 60.0, 3) == pytest.approx([0.004, 0.008, 0.012])
    assert cuda.waited == 3


@pytest.mark.parametrize("as_module", [False, True], ids=["operators", "module"])
def test_operators_are_timed_without_a_wait_between_them(tmp_path: Path, *, as_module: bool) -> None:
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Linear(4, 2), torch.nn.ReLU()).eval() if as_module else None
    session = session_of(module, tmp_path)
    cuda = FakeCuda()
    session._stopwatch = CudaEvents(cuda, "cuda:0")
    first, second = session.kernels(1)
    # a round to warm up records four events; the next has those at 30, 42, 56, 72 ms
    assert (first.seconds, second.seconds) == pytest.approx((0.012, 0.016))
    assert [kernel.layers for kernel in (first, second)] == ([("0",), ("1",)] if as_module else [("fc",), ("act",)])
    assert cuda.waited == 4


def test_a_processor_has_the_clock(tmp_path: Path) -> None:
    session = session_of(None, tmp_path)
    assert isinstance(session._stopwatch, Clock)
    assert session.call() > 0


def test_what_a_call_says_of_itself_counts_and_else_the_clock() -> None:
    assert timed(lambda: 7.0, 60.0, 2) == [7.0, 7.0]
    assert 7.0 not in timed(lambda: None, 60.0, 2)
