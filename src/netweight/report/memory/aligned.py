"""Cells below each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from netweight.report.fit import shortened
from netweight.report.width import left, right, width_of

_NARROWEST = 8


def aligned(rows: Sequence[Sequence[str]], width: int | None, *, words: tuple[int, ...]) -> Iterator[str]:
    """Lines of cells below each other, numbers to the right; the first cell is cut in the middle where it has to be."""
    sizes = [max(map(width_of, column)) for column in zip(*rows, strict=True)]
    texts = {at % len(sizes) for at in words}
    if width is not None:
        over = sum(sizes) + 2 * (len(sizes) - 1) - width
        sizes[0] = max(sizes[0] - max(over, 0), _NARROWEST)
    for row in rows:
        cells = (_cut(row[0], sizes[0]), *row[1:])
        yield "  ".join(
            left(cell, sizes[at]) if at in texts else right(cell, sizes[at]) for at, cell in enumerate(cells)
        ).rstrip()


def _cut(text: str, size: int) -> str:
    return text if width_of(text) <= size else shortened(text, size)
