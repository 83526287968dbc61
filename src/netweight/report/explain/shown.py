"""What every explanation has in common: it shows itself, in Python as on the command line."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import ClassVar

from netweight.report.escape import plain
from netweight.report.width import left, right, width_of
from netweight.report.wrap import wrapped
from netweight.units import Units


class Explanation:
    """Why something costs what it costs, or what a word means; ``print`` shows it, and so does a notebook."""

    __slots__ = ()
    fits: ClassVar[bool] = False
    """Whether ``lines`` minds the width itself."""

    def lines(self, units: Units, width: int | None) -> list[str]:
        """Lines of the text, names as they are; what has columns is ``width`` characters wide at most."""
        raise NotImplementedError

    def to_text(self, *, units: Units = "si", width: int | None = None) -> str:
        """The text; names from files cannot act on a terminal.

        Args:
            units: How sizes are written.
            width: Characters of a line; None for the natural width.
        """
        lines = [plain(line).rstrip() for line in self.lines(units, width)]
        return "\n".join(lines if self.fits else [part for line in lines for part in fitted(line, width)]) + "\n"

    def __str__(self) -> str:
        return self.to_text().removesuffix("\n")

    def __repr__(self) -> str:
        return f"<explanation of {plain(self.lines('si', None)[0])}>"

    def _repr_html_(self) -> str:
        return f'<pre style="white-space:pre-wrap">{html.escape(str(self))}</pre>'


_WIDTH = 100


def prose(text: str, width: int | None, indent: int) -> list[str]:
    """Sentences in lines that are easily read, those after the first indented."""
    return list(wrapped(text, min(width or _WIDTH, _WIDTH), indent))


def fitted(line: str, width: int | None) -> list[str]:
    """A line as several of at most that width, all but the first below the text that follows its name."""
    return list(wrapped(line, width, _hang(line)))


def _hang(line: str) -> int:
    """Where the text of a line starts that has a name before it: there its other lines start."""
    gap = re.match(r" *\S+(?: \S+)*  +(?=\S)", line)
    start = len(line) - len(line.lstrip())
    return width_of(gap[0]) if gap and width_of(gap[0]) < _WIDTH // 3 else start + 2


def named(pairs: Sequence[tuple[str, str]], indent: str = "  ") -> list[str]:
    """Lines of a name and a text, the texts below each other; a name that is empty goes on with the one above."""
    longest = max((width_of(name) for name, _ in pairs), default=0)
    return [f"{indent}{left(name, longest)}  {text}" for name, text in pairs]


def columns(rows: Sequence[Sequence[str]], indent: str = "  ", *, words: int = 1) -> list[str]:
    """Lines of cells below each other: the first ``words`` cells to the left, numbers to the right."""
    widths = [max(map(width_of, cells)) for cells in zip(*rows, strict=True)]
    aligned = (
        (left(cell, width) if at < words else right(cell, width))
        for row in rows
        for at, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    count = len(widths)
    cells = list(aligned)
    return [(indent + "  ".join(cells[at : at + count])).rstrip() for at in range(0, len(cells), count)]


def share(part: int, whole: int) -> str:
    """Part of a whole in per cent.

    >>> share(1, 8), share(0, 3), share(3, 3)
    ('12.5 %', '0 %', '100 %')
    """
    return f"{100 * part / whole:.3g} %" if whole else "0 %"


def noun(count: int, what: str) -> str:
    """A number of things.

    >>> noun(1, "layer"), noun(2, "layer")
    ('1 layer', '2 layers')
    """
    return f"{count:,} {what}{'' if count == 1 else 's'}"
