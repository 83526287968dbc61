"""Prose in lines that a terminal shows whole."""

from __future__ import annotations

_WIDTH = 100


def filled(text: str, indent: str = "", *, width: int = _WIDTH) -> list[str]:
    """Lines of at most ``width`` characters, broken between words; those after the first start with ``indent``.

    >>> filled("  one two three", "    ", width=9)
    ['  one two', '    three']
    """
    start = text[: len(text) - len(text.lstrip())]
    lines: list[str] = []
    line = start
    for word in _words(text[len(start) :]):
        if line.strip() and len(line) + len(word) > width:
            lines.append(line.rstrip())
            line = indent
        line += word
    return [*lines, line.rstrip()]


def _words(text: str) -> list[str]:
    """The words, each with the spaces behind it."""
    words: list[str] = []
    for part in text.split(" "):
        if part or not words:
            words.append(f"{part} ")
        else:
            words[-1] += " "
    return words
