"""Inputs that a built-in network accepts, where it does not accept the one that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from netweight.errors import NetweightError, ShapeError, UsageError
from netweight.ir import TensorSpec
from netweight.units import scaled

_ADDRESSABLE = (1 << 63) - 1
_IMAGE = 4
_NEAR = 16
"""Rows and columns by which a picture may be another to be accepted."""
_DIMS = {3: "batch x steps x features", _IMAGE: "batch x channels x height x width"}
Describe = Callable[[tuple[int, ...]], Any]
"""Describes the network over an input of that shape, or raises."""


def check_size(asked: TensorSpec) -> None:
    """Refuse an input that no computer can address.

    Raises:
        UsageError: If it has more bytes than a 64-bit number counts.
    """
    if asked.nbytes > _ADDRESSABLE:
        raise UsageError(f"input: expected at most {scaled(_ADDRESSABLE, 'B')}, got {scaled(asked.nbytes, 'B')}")


def check_rank(name: str, asked: TensorSpec, usual: Sequence[int], describe: Describe) -> None:
    """Refuse an input of too few or too many dimensions: an operator would speak of its own.

    Args:
        name: The network.
        asked: Its input, as asked for.
        usual: The input of one sample that it is published for.
        describe: Tells which other input is accepted.

    Raises:
        ShapeError: If the input has more or fewer dimensions than pictures, or steps, have.
    """
    rank = len(usual)
    if len(asked.shape) == rank or rank not in _DIMS:
        return
    raise ShapeError(
        f"input: expected {rank} sizes for {name} ({_DIMS[rank]}), got {_by(asked.shape)}",
        fix=fitting(asked.shape, usual, describe),
    )


def fitting(asked: Sequence[int], usual: Sequence[int], describe: Describe) -> str:
    """An input close to ``asked`` that the network accepts, as a flag; an empty text if none was found."""
    for shape, words in _candidates(tuple(asked), tuple(usual)):
        if _accepts(describe, shape):
            return f"--input {_by(shape)}{words}"
    if len(asked) == len(usual) == _IMAGE and asked[1] > 0:
        near = _near(tuple(asked), describe)
        if near:
            return f"--input {_by(near)}"
        smallest = _smallest(tuple(asked[:2]), describe, usual[-1])
        if smallest:
            return f"--input {_by(smallest)} is the smallest square that fits"
    return f"--input {_by(usual)}" if _accepts(describe, tuple(usual)) else ""


def _candidates(asked: tuple[int, ...], usual: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], str]]:
    """What may have been meant, with a word on the difference."""
    missing = len(usual) - len(asked)
    if missing == 1:
        yield (1, *asked), ": the batch comes first"
    if len(usual) == _IMAGE and len(asked) == 1:
        yield (*usual[:2], *asked, *asked), ""
    if 0 < missing < len(usual):
        yield (*usual[:missing], *asked), ""
    if len(usual) == _IMAGE and len(asked) == _IMAGE - 1:
        yield (1, asked[2], *asked[:2]), ": the batch comes first, and channels before the picture"
    if len(asked) == len(usual) == _IMAGE and asked[3] == usual[1]:
        yield (asked[0], asked[3], *asked[1:3]), ": channels come before the picture"


def _near(asked: tuple[int, ...], describe: Describe) -> tuple[int, ...]:
    """The same picture a little smaller or larger, where patches do not divide it; empty if that does not help."""
    for step in range(1, _NEAR + 1):
        for change in (-step, step):
            shape = (*asked[:2], *(side + change for side in asked[2:]))
            if min(shape) > 0 and _accepts(describe, shape):
                return shape
    return ()


def _smallest(start: tuple[int, ...], describe: Describe, enough: int) -> tuple[int, ...]:
    """The smallest square picture that is accepted, up to the size that is enough; empty if none is."""
    low, high = 0, enough
    if not _accepts(describe, (*start, high, high)):
        return ()
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _accepts(describe, (*start, middle, middle)) else (middle, high)
    return (*start, high, high)


def _accepts(describe: Describe, shape: tuple[int, ...]) -> bool:
    try:
        describe(shape)
    except NetweightError:
        return False
    return True


def _by(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape)) or "a scalar"
