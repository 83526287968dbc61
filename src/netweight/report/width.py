"""How many columns of a terminal a text takes: two for Hangul, Chinese, Japanese and emoji, none for an accent."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

_NO_WIDTH = ("Mn", "Me", "Cf")
_MARKS = frozenset("\u200d\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")
"""What makes one emoji of several characters."""


def width_of(text: str) -> int:
    """Columns of a terminal.

    >>> width_of("conv1"), width_of("합성곱"), width_of("🔥1"), width_of("e\u0301"), width_of("👩\u200d🔬")
    (5, 6, 3, 1, 2)
    """
    return len(text) if text.isascii() else sum(width for _, width in _parts(text))


def left(text: str, width: int) -> str:
    """The text, filled with spaces behind it."""
    return text + " " * (width - width_of(text))


def right(text: str, width: int) -> str:
    """The text, filled with spaces before it."""
    return " " * (width - width_of(text)) + text


def head(text: str, width: int) -> str:
    """As much of the beginning as fits.

    >>> head("합성곱1", 5), head("conv1", 4)
    ('합성', 'conv')
    """
    if text.isascii():
        return text[: max(width, 0)]
    taken = 0
    found = ""
    for part, wide in _parts(text):
        taken += wide
        if taken > width:
            break
        found += part
    return found


def tail(text: str, width: int) -> str:
    """As much of the end as fits.

    >>> tail("합성곱1", 4), tail("conv1", 3)
    ('곱1', 'nv1')
    """
    if text.isascii():
        return text[max(len(text) - max(width, 0), 0) :]
    taken = 0
    found = ""
    for part, wide in reversed(list(_parts(text))):
        taken += wide
        if taken > width:
            break
        found = part + found
    return found


def _parts(text: str) -> Iterator[tuple[str, int]]:
    """What is seen as one sign, each with its columns."""
    if _MARKS.isdisjoint(text):
        yield from ((letter, _width(letter)) for letter in text)
        return
    import re

    from netweight.report.emoji import ONE

    done = 0
    for match in re.finditer(ONE, text):
        yield from ((letter, _width(letter)) for letter in text[done : match.start()])
        yield match[0], 2
        done = match.end()
    yield from ((letter, _width(letter)) for letter in text[done:])


@lru_cache(maxsize=4096)
def _width(letter: str) -> int:
    """By the East Asian width of Unicode (UAX #11); what joins or accents another letter takes nothing."""
    from unicodedata import category, combining, east_asian_width

    if combining(letter) or category(letter) in _NO_WIDTH:
        return 0
    return 2 if east_asian_width(letter) in "WF" else 1
