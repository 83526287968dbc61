"""How a forward ends: by its end, by an error, by asking the process to end, or not at all because nobody ran it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Coroutine, Generator
from typing import Any

from torch.nn import Module

from netweight.errors import RuleError
from netweight.sources.torch.faults.lines import shown_file
from netweight.sources.torch.recording import TensorRecording
from netweight.sources.torch.wanting_autograd import AutogradWanted

_UNRUN = {Generator: "a generator", Coroutine: "a coroutine", AsyncGenerator: "an asynchronous generator"}


def is_of_the_program(error: BaseException) -> bool:
    """Whether an error ends the forward and no more, as ``exit()`` does.

    An interrupt does not, nor our own signal, nor a mistake in a rule of the user's.
    """
    return not isinstance(error, KeyboardInterrupt | AutogradWanted | RuleError)


def note_unrun(recording: TensorRecording, result: Any) -> None:
    """Say what a forward returned without having run it: the work of its body is in no figure."""
    waiting = [result]
    for value in waiting:  # grows while it is gone through
        if isinstance(value, list | tuple):
            waiting.extend(value)
        elif isinstance(value, dict):
            waiting.extend(value.values())
        for kind, name in _UNRUN.items():
            if isinstance(value, kind):
                recording.note(f"the forward returned {name}, whose work is not done and not counted", guess=True)


def note_nothing(recording: TensorRecording, result: Any, entry: Any) -> None:
    """Say that a forward returned nothing: most that do have lost a line."""
    if result is None and recording.nodes:
        function = getattr(type(entry), "forward", None) if isinstance(entry, Module) else entry
        code = getattr(function, "__code__", None)
        at = f" at {shown_file(code.co_filename)}:{code.co_firstlineno}" if code is not None else ""
        recording.note(f"{getattr(function, '__name__', 'forward')}{at} returns None: a return may be missing")
