"""Lines of text that end between words: never inside a number, or between a number and its unit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import wrap

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
        if width is None or len(line) <= width:
            yield line
            continue
        tied = _TIES.sub(_TIED, line)
        found = wrap(
            tied, max(width, _NARROWEST), subsequent_indent=" " * indent, break_long_words=False,
            break_on_hyphens=False, drop_whitespace=True, replace_whitespace=False, expand_tabs=False,
        )  # fmt: skip
        yield from (part.replace(_TIED, " ") for part in found)
