"""Lines of text that end between words: never inside a number, or between a number and its unit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from netweight.lazy_modules import textwrap
from netweight.report.width import width_of

_TIED = "\N{NO-BREAK SPACE}"
_TIES = re.compile(r"(?<=[0-9]) (?=[A-Za-z%])|(?<= [x=]) (?=[0-9A-Za-z])|(?<=[0-9]) (?=[x=] )")
_NARROWEST = 20


def wrapped(text: str, width: int | None, indent: int = 0) -> Iterator[str]:
    """Lines of at most the width, those after the first indented; a word that is longer has a line of its own.

    >>> list(wrapped("peak activations 441 k (lecture) = 1.76 MB", 24, 2))
    ['peak activations 441 k', '  (lecture) = 1.76 MB']

    Args:
        text: One line, or several.
        width: Characters of a line; None for no limit.
        indent: Spaces before all lines but the first.
    """
    for line in text.split("\n"):
        if width is None or width_of(line) <= width:
            yield line
            continue
        tied = _TIES.sub(_TIED, line)
        if width_of(line) > len(line):
            yield from _of_wide_letters(tied, max(width, _NARROWEST), " " * indent)
            continue
        found = textwrap.wrap(
            tied, max(width, _NARROWEST), subsequent_indent=" " * indent, break_long_words=False,
            break_on_hyphens=False, drop_whitespace=True, replace_whitespace=False, expand_tabs=False,
        )  # fmt: skip
        yield from (part.replace(_TIED, " ") for part in found)


def _of_wide_letters(tied: str, width: int, indent: str) -> Iterator[str]:
    """The same, where letters take two columns each, which textwrap counts as one."""
    line = ""
    for word in re.findall(r" *[^ ]+", tied):
        if line and width_of(line + word) > width:
            yield line.replace(_TIED, " ")
            line = indent + word.lstrip(" ")
        else:
            line += word
    if line:
        yield line.replace(_TIED, " ")
