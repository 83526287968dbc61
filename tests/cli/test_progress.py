"""What takes long is said on stderr where that is a terminal, and is gone when anything else is printed."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from netweight import capture, progress
from netweight.cli import status, streams
from netweight.cli.main import run
from netweight.cli.status import Clock, StatusLine, shown

CLEAR = "\r\x1b[2K"


class Heard:
    """Everything that a command says of its progress."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.steps: list[str] = []

    def begin(self, what: str) -> None:
        self.stages.append(what)

    def step(self, what: str) -> None:
        self.steps.append(what)

    def end(self) -> None:
        self.stages.append("")


def heard(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Heard:
    listener = Heard()

    @contextmanager
    def instead(*, quiet: bool) -> Iterator[Clock]:
        with progress.told_to(listener):
            yield Clock()

    monkeypatch.setattr("netweight.cli.usage.shown", instead)
    assert run(arguments) == 0
    return listener


def test_every_operator_of_a_run_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    found = heard(monkeypatch, "run", "lenet5")
    assert found.stages == ["making the weights", "", "running lenet5", ""]
    layers = [node.layer for node in capture("lenet5").nodes]
    assert found.steps == [f"{layer}, {at} of {len(layers)}" for at, layer in enumerate(layers, start=1)]


def test_every_network_that_is_weighed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netweight.zoo.names", lambda: ("mlp", "lenet5"))
    assert heard(monkeypatch, "models", "--costs").stages == ["weighing mlp", "", "weighing lenet5", ""]


def test_what_an_export_does_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    path = tmp_path / "m.onnx"
    stages = heard(monkeypatch, "export", "lenet5", "-o", str(path)).stages
    assert [stage for stage in stages if stage] == ["making the weights", "writing m.onnx", "importing onnx"]
    assert "reading m.onnx" in heard(monkeypatch, str(path)).stages


def test_every_module_of_a_capture_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    path = tmp_path / "said.py"
    path.write_text(
        "from torch import nn\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n        self.a, self.b = nn.Linear(2, 2), nn.ReLU()\n"
        "    def forward(self, x):\n        return self.b(self.a(x))\n"
    )
    found = heard(monkeypatch, f"{path}:Net", "--input", "1x2")
    named = [stage for stage in found.stages if stage]
    assert named[0] == "importing PyTorch"
    assert named[-4:] == ["running said.py", f"making {path}:Net", "capturing Net", "weighing Net"]
    assert [step for step in found.steps if step] == ["a", "b"]


def test_a_line_appears_after_half_a_second_and_fits() -> None:
    written: list[str] = []
    line = StatusLine(written.append, width=42)
    line.begin("running vgg16")
    start = line._began
    assert line.draw(start + 0.4)
    assert written == []
    line.step("features.28, 41 of 44")
    line.draw(start + 2.2)
    assert written == [f"{CLEAR}running vgg16: features.28, 41 of ... 2 s"]
    line.begin("importing\x1b[31m")
    line.draw(start + 3)
    assert written[-1] == f"{CLEAR}importing\\x1b[31m ... 3 s"
    line.clear()
    line.clear()
    assert written[2:] == [CLEAR]
    line.end()
    line.end()
    line.draw(start + 4)
    assert written[3:] == []
    line.begin("running")
    line.close()
    assert not line.draw(start + 5)
    assert written[3:] == []


def test_stages_are_timed_without_those_within(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 1.0, 3.0, 6.0, 10.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(times))
    clock = Clock()
    clock.begin("capturing")  # at 1
    clock.begin("importing")  # at 3
    clock.end()  # at 6
    clock.end()  # at 10
    assert clock.seconds == {"capturing": (3 - 1) + (10 - 6), "importing": 6 - 3}


class Terminal:
    """One that can be read."""

    def __init__(self) -> None:
        self.reader, self._writer = os.pipe()

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._writer

    def close(self) -> str:
        os.close(self._writer)
        with os.fdopen(self.reader, encoding="utf-8", newline="") as rest:
            return rest.read()


def stderr_on_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Called in a test, as pytest puts another stderr in place after its fixtures are made."""
    found = Terminal()
    monkeypatch.setattr(sys, "stderr", found)
    monkeypatch.setattr(status, "_DELAY_S", 0)
    monkeypatch.setenv("TERM", "xterm")
    return found


def test_the_line_is_drawn_beside_the_work_and_gone_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = stderr_on_terminal(monkeypatch)
    with shown(quiet=False), progress.stage("weighing"):
        assert "weighing ... " in os.read(terminal.reader, 100).decode()  # waits until it is there
        for clear in streams.before_writing:
            clear()
    assert terminal.close().endswith(CLEAR)
    assert streams.before_writing == []


@pytest.mark.parametrize(("quiet", "term"), [(True, "xterm"), (False, "dumb")])
def test_nothing_is_drawn_for_who_wants_quiet_or_cannot_take_it_away(
    quiet: bool, term: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = stderr_on_terminal(monkeypatch)
    monkeypatch.setenv("TERM", term)
    with shown(quiet=quiet) as clock, progress.stage("weighing"):
        assert not isinstance(clock, StatusLine)
    assert terminal.close() == ""


def test_imports_are_timed_apart(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def weigh_slowly(*arguments: object, **flags: object) -> object:
        from netweight import weigh

        with progress.stage("importing PyTorch"):
            clock.now += 20
        with progress.stage("capturing lenet5"):
            clock.now += 0.25
        return weigh("lenet5")

    class Time:
        now = 0.0

    clock = Time()
    monkeypatch.setattr("time.perf_counter", lambda: clock.now)
    monkeypatch.setattr("netweight.cli.show.weigh", weigh_slowly)
    assert run(["lenet5", "-v", "-q"]) == 0
    assert re.fullmatch(r"importing PyTorch: 20000 ms\nweighed \d+ operator calls in 250 ms\n", capsys.readouterr().err)
    assert run(["lenet5", "-vv", "-q"]) == 0
    assert "capturing lenet5: 250 ms\nweighing lenet5: 0 ms\n" in capsys.readouterr().err
