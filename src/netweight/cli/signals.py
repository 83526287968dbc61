"""Signals that end the command: what it was writing is taken away first, as after an error."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_ENDING = ("SIGTERM", "SIGHUP")


class EndedBySignal(KeyboardInterrupt):
    """The process was asked to end; it passes wherever an interrupt passes.

    Attributes:
        code: Exit code by custom: 128 and the number of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP raise in this block, unless the caller of the process has them ignored."""
    numbers = [getattr(signal, name) for name in _ENDING if hasattr(signal, name)]
    old = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        if old[number] == signal.SIG_DFL:
            signal.signal(number, _end)
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


def _end(number: int, _frame: FrameType | None) -> None:
    raise EndedBySignal(number)
