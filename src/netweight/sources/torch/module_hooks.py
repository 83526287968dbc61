"""Hooks that modules have on their gradients: no backward runs in a capture, so they are left off, and that is said."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch.nn.modules import module as library

from netweight.sources.torch.asking import HOOKED
from netweight.sources.torch.recorder import Recorder


class LeftOff:
    """In place of what puts the hooks around a call of a module."""

    def setup_input_hook(self, args: Any) -> Any:
        """The arguments of the call."""
        return args

    def setup_output_hook(self, result: Any) -> Any:
        """Its result."""
        return result


@contextmanager
def module_hooks_left_off(rec: Recorder) -> Iterator[None]:
    """A block in which modules that are called on this thread have no hooks on gradients."""
    thread, before = threading.get_ident(), library.BackwardHook

    def hook(*args: Any, **kwargs: Any) -> Any:
        if threading.get_ident() != thread:
            return before(*args, **kwargs)
        rec.recording.note(HOOKED)
        return LeftOff()

    library.BackwardHook = hook
    try:
        yield
    finally:
        library.BackwardHook = before
