"""What takes long says what it is doing, to whoever listens; where nobody does, that costs nothing.

>>> from netweight import progress
>>> class Printer:
...     def begin(self, what):
...         print("begin", what)
...
...     def step(self, what):
...         print("step", what)
...
...     def end(self):
...         print("end")
>>> with progress.told_to(Printer()), progress.stage("weighing alexnet"):
...     progress.step("conv1")
begin weighing alexnet
step conv1
end
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Listener(Protocol):
    """Hears what is being done."""

    def begin(self, what: str) -> None:
        """A stage begins, within the one that is open if one is."""

    def step(self, what: str) -> None:
        """The open stage has come so far."""

    def end(self) -> None:
        """The open stage ends, also by an error."""


_listeners: list[Listener] = []


@contextmanager
def told_to(listener: Listener) -> Iterator[None]:
    """A block whose stages one listener hears of, and no other."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


class _Stage:
    __slots__ = ("_listener", "_what")

    def __init__(self, what: str) -> None:
        self._what = what
        self._listener = _listeners[-1] if _listeners else None

    def __enter__(self) -> None:
        if self._listener is not None:
            self._listener.begin(self._what)

    def __exit__(self, *_: object) -> None:
        if self._listener is not None:
            self._listener.end()


def stage(what: str) -> AbstractContextManager[None]:
    """A block that may take long: ``importing PyTorch``."""
    return _Stage(what)


def step(what: str, at: int = 0, of: int = 0) -> None:
    """How far the stage is that is open: a name, and which of how many."""
    if _listeners:
        _listeners[-1].step(f"{what}, {at:,} of {of:,}" if of else what)
