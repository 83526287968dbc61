"""One line on the terminal that says what takes so long; it is gone when anything else is printed, and at the end."""

from __future__ import annotations

import _thread
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from netweight import progress
from netweight.cli import streams
from netweight.report.escape import plain

_DELAY_S = 0.5
_PERIOD_S = 0.1
_CLEAR = "\r\x1b[2K"


class Clock:
    """How long each stage took, without the stages within it.

    Attributes:
        seconds: By what was done, in the order in which it began.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._open: list[str] = []
        self._since = time.perf_counter()

    def begin(self, what: str) -> None:
        """A stage begins."""
        self._count()
        self.seconds.setdefault(what, 0.0)
        self._open.append(what)

    def step(self, what: str) -> None:
        """A step takes no time of its own."""

    def end(self) -> None:
        """The open stage ends."""
        self._count()
        self._open.pop()

    def _count(self) -> None:
        now = time.perf_counter()
        if self._open:
            self.seconds[self._open[-1]] += now - self._since
        self._since = now


class StatusLine(Clock):
    """Also shows what is open, once that takes long.

    Args:
        write: Takes text for the terminal.
        width: Columns of the terminal.
    """

    def __init__(self, write: Callable[[str], object], width: int) -> None:
        super().__init__()
        self._write = write
        self._width = width
        self._began = time.monotonic()
        self._step = ""
        self._shown = False
        self._over = False
        self._lock = _thread.allocate_lock()

    def begin(self, what: str) -> None:
        """A stage begins."""
        super().begin(what)
        self._step = ""

    def step(self, what: str) -> None:
        """The open stage has come so far."""
        self._step = what

    def end(self) -> None:
        """The open stage ends."""
        super().end()
        self._step = ""

    def draw(self, now: float) -> bool:
        """Show what is open at that time of ``time.monotonic``; whether to come again."""
        elapsed = now - self._began
        what = next(iter(self._open[-1:]), "")
        with self._lock:
            if what and elapsed >= _DELAY_S and not self._over:
                line = plain(": ".join(filter(None, (what, self._step))))
                end = f" ... {elapsed:.0f} s"
                self._shown = True
                self._write(f"{_CLEAR}{line[: max(0, self._width - len(end) - 1)]}{end}")
            return not self._over

    def clear(self) -> None:
        """Take the line away; the next one is drawn below what is printed now."""
        with self._lock:
            if self._shown:
                self._shown = False
                self._write(_CLEAR)

    def close(self) -> None:
        """Take the line away for good."""
        self._over = True
        self.clear()


@contextmanager
def shown(*, quiet: bool) -> Iterator[Clock]:
    """A block whose stages are timed, and shown where stderr is a terminal and nobody asked for quiet."""
    if quiet or not _is_capable():
        timing = Clock()
        with progress.told_to(timing):
            yield timing
        return
    from shutil import get_terminal_size

    line = StatusLine(lambda text: os.write(sys.stderr.fileno(), text.encode()), get_terminal_size().columns)
    _start(line)
    streams.before_writing.append(line.clear)
    try:
        with progress.told_to(line):
            yield line
    finally:
        streams.before_writing.remove(line.clear)
        line.close()


def _is_capable() -> bool:
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def _start(line: StatusLine) -> None:
    """Draw now and then, beside the work."""
    import threading

    def again() -> None:
        while line.draw(time.monotonic()):
            time.sleep(_PERIOD_S)

    threading.Thread(target=again, daemon=True).start()
