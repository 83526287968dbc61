"""Programs that end themselves: a partial report that says so; an interrupt passes through."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import netweight
from netweight.cli.main import run
from netweight.errors import CaptureError
from netweight.report.fault import fault_lines


class OwnEnd(BaseException):
    """Of a program that catches Exception everywhere."""


class MuteError(Exception):
    """One that cannot say what it is."""

    def __str__(self) -> str:
        raise ValueError("no text")


class QuitsError(Exception):
    """One that ends the process when it is shown."""

    def __str__(self) -> str:
        return str(sys.exit(3))


class NoTextError(Exception):
    """One whose text is none."""

    def __str__(self) -> str:
        return 5  # type: ignore[return-value]  # noqa: PLE0307


_ENDS: dict[str, tuple[Callable[[], Any], str]] = {
    "sys.exit": (lambda: sys.exit(0), "SystemExit: 0"),
    "exit": (lambda: exit(), "SystemExit: None"),  # noqa: PLR1722, PLW0108
    "sys.exit with a text": (lambda: sys.exit("bye"), "SystemExit: bye"),
    "GeneratorExit": (lambda: _raise(GeneratorExit()), "GeneratorExit"),
    "StopIteration": (lambda: _raise(StopIteration(1)), "StopIteration: 1"),
    "CancelledError": (lambda: _raise(asyncio.CancelledError()), "CancelledError"),
    "one of its own": (lambda: _raise(OwnEnd("x")), "OwnEnd: x"),
    "no str": (lambda: _raise(MuteError()), r"MuteError: \(its text cannot be made: ValueError\)"),
    "str exits": (lambda: _raise(QuitsError()), r"QuitsError: \(its text cannot be made: SystemExit\)"),
    "str is a number": (lambda: _raise(NoTextError()), r"NoTextError: \(its text cannot be made: TypeError\)"),
    "a group": (lambda: _raise(ExceptionGroup("several", [ValueError("a")])), "ExceptionGroup: several"),
    "out of memory": (lambda: _raise(MemoryError()), "MemoryError"),
    "too deep": (lambda: _raise(RecursionError("deep")), "RecursionError: deep"),
}


def _raise(error: BaseException) -> None:
    raise error


class Ends(nn.Module):
    """Two layers; what it is told happens before, between or after them."""

    def __init__(self, end: Callable[[], Any], when: int = 1) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(8, 8), nn.Linear(8, 4)])
        self.end, self.when = end, when

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for number, layer in enumerate(self.layers):
            if number == self.when:
                self.end()
            x = layer(x)
        if self.when == 2:
            self.end()
        return x


@pytest.mark.parametrize("name", _ENDS)
def test_a_partial_report_says_how_it_ended(name: str) -> None:
    """8 * 8 MACs of the first layer are done by then."""
    end, says = _ENDS[name]
    found = netweight.weigh(Ends(end), (1, 8))
    assert found.totals.macs == 8 * 8
    assert not found.coverage.complete
    assert found.coverage.stopped_at == "the model's own forward"
    assert found.fault is not None
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(fault_lines(found.fault)[0])


@pytest.mark.parametrize("name", _ENDS)
@pytest.mark.parametrize("when", [0, 2])
def test_the_same_at_its_start_and_end(name: str, when: int) -> None:
    end, _ = _ENDS[name]
    if when == 0:
        with pytest.raises(CaptureError, match="before any operator"):
            netweight.weigh(Ends(end, when), (1, 8))
    else:
        assert netweight.weigh(Ends(end, when), (1, 8)).totals.macs == 8 * 8 + 8 * 4


@pytest.mark.parametrize("name", _ENDS)
@pytest.mark.parametrize("verb", ["capture", "run", "export"])
def test_what_needs_the_whole_refuses(name: str, verb: str, tmp_path: Path) -> None:
    module = Ends(_ENDS[name][0])
    target = [tmp_path / "y.onnx"] if verb == "export" else []
    with pytest.raises(CaptureError):
        getattr(netweight, verb)(module, *target, (1, 8))
    assert not list(tmp_path.iterdir())


def test_an_interrupt_passes_through() -> None:
    with pytest.raises(KeyboardInterrupt):
        netweight.weigh(Ends(lambda: _raise(KeyboardInterrupt())), (1, 8))


_FILE = """
import sys
import torch
class Net(torch.nn.Linear):
    def __init__(self):
        super().__init__(8, 8)
    def forward(self, x):
        x = super().forward(x)
        {end}
        return x
def make():
    {end}
{top}
"""


@pytest.mark.parametrize("end", ["sys.exit(0)", "exit()", "raise SystemExit", "raise GeneratorExit", "sys.exit(7)"])
def test_the_command_ends_as_it_says_and_not_as_the_program(
    end: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "net.py"
    path.write_text(_FILE.format(end=end, top=""))
    assert run([f"{path}:Net", "--input", "1x8"]) == 1
    out, _ = capsys.readouterr()
    assert "partial, stopped at" in out
    assert "error[E104]: Net raised" in out
    assert run([f"{path}:make", "--input", "1x8"]) == 2
    path.write_text(_FILE.format(end="pass", top=end))
    assert run([f"{path}:Net", "--input", "1x8"]) == 2
    assert capsys.readouterr().err.count("error[E104]") == 2


class Yields(nn.Linear):
    """Work that is done when somebody asks for it."""

    def forward(self, x: torch.Tensor) -> Any:
        yield super().forward(x)


class Awaits(nn.Linear):
    """Work that is done by an event loop."""

    async def forward(self, x: torch.Tensor) -> Any:
        return super().forward(x)


class AwaitsAndYields(nn.Linear):
    """Both."""

    async def forward(self, x: torch.Tensor) -> Any:
        yield super().forward(x)


class Holds(nn.Linear):
    """A generator among what it returns."""

    def forward(self, x: torch.Tensor) -> Any:
        return {"y": [super().forward(x), (part for part in x)]}


@pytest.mark.parametrize(
    ("kind", "says", "macs"),
    [
        (Yields, "a generator", 0), (Awaits, "a coroutine", 0), (AwaitsAndYields, "an asynchronous generator", 0),
        (Holds, "a generator", 64),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
def test_a_forward_that_nobody_ran_is_incomplete(kind: type[nn.Linear], says: str, macs: int) -> None:
    found = netweight.weigh(kind(8, 8), (1, 8))
    assert found.totals.macs == macs
    assert not found.coverage.complete
    assert f"the forward returned {says}, whose work is not done and not counted" in found.notes


def test_a_generator_that_the_forward_itself_uses_up_is_counted() -> None:
    class Uses(nn.Linear):
        def parts(self, x: torch.Tensor) -> Any:
            for _ in range(3):
                x = super().forward(x)
                yield x

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.stack(list(self.parts(x)))

    found = netweight.weigh(Uses(8, 8), (1, 8))
    assert (found.totals.macs, found.coverage.complete) == (3 * 64, True)
