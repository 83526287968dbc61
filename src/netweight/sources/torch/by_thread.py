"""Functions of PyTorch that captures replace, on each thread in its own way.

Captures, and threads that their programs start, end in any order. What PyTorch has is back when the last of them has
ended; nobody puts back what somebody else had put there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Function = Callable[..., Any]


class ByThread:
    """An attribute of a class or module that is replaced while a thread asks for it.

    Args:
        install: Puts a function in its place.
        remove: Puts PyTorch's own back.
        own: What a thread calls that asked for nothing.
    """

    def __init__(self, install: Callable[[Function], None], remove: Callable[[], None], own: Function) -> None:
        self._install, self._remove, self._own = install, remove, own
        self._asked: dict[int, list[Function]] = {}
        self._lock = threading.RLock()

    @contextmanager
    def replaced(self, function: Function) -> Iterator[None]:
        """A block in which this thread calls ``function``; threads that ask for nothing call PyTorch's own."""
        put_back = self.put_back()
        try:
            with self._lock:
                self._asked.setdefault(threading.get_ident(), []).append(function)
                self._install(self._call)
            yield
        finally:
            put_back()

    def put_back(self) -> Callable[[], None]:
        """Makes this thread call what it calls now; more than once if need be."""
        thread = threading.get_ident()
        depth = len(self._asked.get(thread, ()))

        def put_back() -> None:
            with self._lock:
                if depth:
                    del self._asked[thread][depth:]
                else:
                    self._asked.pop(thread, None)
                if not self._asked:
                    self._remove()

        return put_back

    def _call(self, *args: Any, **kwargs: Any) -> Any:
        asked = self._asked.get(threading.get_ident())
        return (asked[-1] if asked else self._own)(*args, **kwargs)
