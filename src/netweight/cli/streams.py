r"""The two streams of the command, by one rule for all that it prints.

What cannot be written because nobody reads on (a closed pipe) is dropped, and the exit code is what it would have been.
So is what cannot be written to stderr, for whatever reason. A result that cannot be written for another reason, such as
a full disk or a closed stdout, is an error. Names and messages come from files and arguments: their control characters
are escaped, and what an encoding does not have is written as ``\u2026``.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from netweight.errors import UsageError
from netweight.report.escape import plain

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_BAR, _PLAIN_BAR = "█", "#"  # of the report, and in an encoding that does not have it
_STDIN, _STDOUT, _STDERR = 0, 1, 2
before_writing: list[Callable[[], None]] = []
"""What makes room on the terminal."""


def out(text: str) -> None:
    """Print lines of the result."""
    _write(sys.stdout, "\n".join(map(plain, text.split("\n"))))


def out_rendered(text: str) -> None:
    """Print a report whose names are escaped already, with colours or as JSON."""
    _write(sys.stdout, text.removesuffix("\n").replace("\x7f", "\\u007f"))


def say(text: str) -> None:
    """Print a note or a message on stderr; a line that comes from within a text is indented."""
    if sys.stderr is not None:
        _write(sys.stderr, "\n    ".join(map(plain, text.split("\n"))))


def is_terminal() -> bool:
    """Whether the result goes to a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def _write(stream: TextIO | None, text: str) -> None:
    if stream is None:
        raise UsageError("output: expected a stdout to write to, got a closed one", fix="-o FILE")
    encoding = stream.encoding or "utf-8"
    if not _has(encoding, _BAR):
        text = text.replace(_BAR, _PLAIN_BAR)
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def _has(encoding: str, sign: str) -> bool:
    try:
        sign.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def prepare() -> None:
    """Make stdout and stderr of this process follow the rule, and keep files that are opened off their numbers."""
    closed = [number for number in (_STDIN, _STDOUT, _STDERR) if not _is_open(number)]
    for _ in closed:
        os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    if sys.stdout is not None:
        sys.stdout = _stream(sys.stdout, _Drain(_STDOUT, matters=True))
    if sys.stderr is not None:
        sys.stderr = _stream(sys.stderr, _Drain(_STDERR, matters=False))


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _stream(old: TextIO, drain: _Drain) -> TextIO:
    old.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(drain),
        encoding=old.encoding,
        errors="backslashreplace",
        line_buffering=not drain.matters or drain.isatty(),
    )


class _Drain(io.RawIOBase):
    """Writes to a file descriptor until that fails; what comes after is dropped.

    Args:
        number: The file descriptor.
        matters: Whether a failure is an error, unless it is that nobody reads on.
    """

    def __init__(self, number: int, *, matters: bool) -> None:
        super().__init__()
        self.matters = matters
        self._number = number
        self._lost = False

    def writable(self) -> bool:
        """It is."""
        return True

    def fileno(self) -> int:
        """The file descriptor."""
        return self._number

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return os.isatty(self._number)

    def write(self, data: ReadableBuffer, /) -> int:
        """Write bytes, or drop them.

        Raises:
            OSError: If the first failure is one that matters.
        """
        size = memoryview(data).nbytes
        if self._lost:
            return size
        for prepare_terminal in before_writing:
            prepare_terminal()
        try:
            return os.write(self._number, data)
        except BrokenPipeError:
            self._lost = True
        except OSError:
            self._lost = True
            if self.matters:
                raise
        return size
