"""What a program compiles runs as it is written: a capture follows its operators."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

_COMPILER = "torch._dynamo"


@contextmanager
def nothing_compiled() -> Iterator[None]:
    """A block in which ``torch.compile`` leaves functions as they are.

    The compiler takes seconds to import, so that where nothing has asked for it yet, its entry is replaced instead.
    """
    if _COMPILER in sys.modules:
        with torch.compiler.set_stance("force_eager"):
            warnings.filterwarnings("ignore", message=".*when there are global hooks on modules")
            yield
        return
    compile_it: Any = torch.compile
    torch.compile = _as_it_is
    try:
        yield
    finally:
        torch.compile = compile_it


def _as_it_is(model: Any = None, **_settings: Any) -> Any:
    """The function itself; without one, as ``@torch.compile(...)`` has it, what gives a function back."""
    return model if model is not None else lambda function: function
