"""Signals that end the command: at once, and what it was writing is taken away first, as after an error.

A signal raises where Python is, wherever that is: in an import, which may turn it into another error, or in a
finaliser, which drops it. Whatever becomes of it, the process ends within a second, also inside one long call of NumPy.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys
import time

TYPE_CHECKING = False  # that of typing would be imported before there is a handler
if TYPE_CHECKING:
    from types import FrameType, TracebackType
    from typing import Any, Self

_ENDING = ("SIGINT", "SIGTERM", "SIGHUP")
_PATIENCE_S = 0.6

unfinished: set[str] = set()
"""Paths of files that are being written, and taken away where the process ends in the middle."""


class EndedBySignal(KeyboardInterrupt):
    """The process was asked to end; it passes wherever an interrupt passes.

    Attributes:
        code: Exit code by custom: 128 and the number of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number


class EndedBySignals:
    """A block that SIGINT, SIGTERM and SIGHUP end, unless the caller of the process has them ignored.

    Attributes:
        number: The signal that came; None if none did.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._over = False
        self._old: dict[int, Any] = {}
        self._hook = sys.unraisablehook
        self._pipe = (-1, -1)

    def code(self, otherwise: int) -> int:
        """Exit code of the process: that of the signal, if one came."""
        return otherwise if self.number is None else 128 + self.number

    def __enter__(self) -> Self:
        for number in (getattr(signal, name) for name in _ENDING if hasattr(signal, name)):
            if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                self._old[number] = signal.signal(number, self._raise)
        sys.unraisablehook = self._dropped
        self._pipe = os.pipe()
        os.set_blocking(self._pipe[1], False)
        signal.set_wakeup_fd(self._pipe[1], warn_on_full_buffer=False)
        _thread.start_new_thread(self._insist, (self._pipe[0],))
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        """Whatever a signal led to ends here."""
        self._over = True
        signal.set_wakeup_fd(-1)
        for number, handler in self._old.items():
            signal.signal(number, handler)
        sys.unraisablehook = self._hook
        os.close(self._pipe[1])
        return self.number is not None

    def _raise(self, number: int, _frame: FrameType | None) -> None:
        self.number = number
        raise EndedBySignal(number)

    def _dropped(self, lost: sys.UnraisableHookArgs) -> None:
        """An interrupt that a finaliser drops is not reported."""
        if not isinstance(lost.exc_value, EndedBySignal):
            self._hook(lost)

    def _insist(self, pipe: int) -> None:
        """End the process if it goes on although a signal came; runs beside the block, which may be in a long call."""
        came = os.read(pipe, 1)
        if came:
            time.sleep(_PATIENCE_S)
            if not self._over:
                end_now(128 + came[0])
        os.close(pipe)


def end_now(code: int) -> None:
    """End the process without what Python does at its end."""
    for path in list(unfinished):
        try:
            os.unlink(path)  # noqa: PTH108 -- nothing is imported any more
        except OSError:  # it is away
            continue
    if os.isatty(2):
        os.write(2, b"\r\x1b[2K")  # what may be shown of the progress
    os._exit(code)


def interrupt_in(error: BaseException) -> EndedBySignal | None:
    """The signal that an error came from, where an import or a handler turned it into another one."""
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        found = pending.pop()
        if isinstance(found, EndedBySignal):
            return found
        if found is not None and id(found) not in seen:
            seen.add(id(found))
            pending += [found.__cause__, found.__context__]
    return None
