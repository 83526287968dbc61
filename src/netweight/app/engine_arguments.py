"""Arguments of the verbs that run engines, at the door."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netweight.app.arguments import shown, text, texts, whole_number
from netweight.engines.engine import PRECISIONS
from netweight.engines.table import engine as engine_of
from netweight.errors import Either, UsageError, unknown_name

_LONGEST_S = 3600.0
_MOST_THREADS = 1024


def engines_of(name: str, value: Any) -> tuple[str, ...]:
    """Names of engines, one at least.

    Raises:
        UsageError: If there is none.
        UnknownNameError: If one is no engine.
    """
    names = texts(name, value)
    if not names:
        raise UsageError(
            f"{name}: expected one at least, got none", fix=Either("engine='onnxruntime'", "--engine onnxruntime")
        )
    for one in names:
        engine_of(one)
    return names


def seconds_of(name: str, value: Any) -> float:
    """A time to measure.

    Raises:
        UsageError: If it is none, or too long.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= _LONGEST_S:
        raise UsageError(f"{name}: expected seconds above 0 and up to {_LONGEST_S:.0f}, got {shown(value)}")
    return float(value)


def threads_of(name: str, value: Any) -> int:
    """A number of threads.

    Raises:
        UsageError: If it is none, or too large.
    """
    number = whole_number(name, value)
    if not 1 <= number <= _MOST_THREADS:
        raise UsageError(f"{name}: expected 1 to {_MOST_THREADS} threads, got {number}")
    return number


def precision_of(name: str, value: Any) -> str:
    """An element type that engines are asked to compute in.

    Raises:
        UnknownNameError: If it is none.
    """
    if text(name, value) not in PRECISIONS:
        raise unknown_name("precision", value, PRECISIONS, fix=f"known: {', '.join(PRECISIONS)}")
    return str(value)


def batches_of(name: str, value: Any) -> tuple[int, ...]:
    """Sizes of batches.

    Raises:
        UsageError: If one is no whole number, or below 1.
    """
    found = tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
    numbers = tuple(whole_number(name, one) for one in found)
    if not numbers or min(numbers) < 1:
        raise UsageError(f"{name}: expected at least 1 sample, got {shown(value)}")
    return tuple(dict.fromkeys(numbers))
