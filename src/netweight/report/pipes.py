"""A table of Markdown, whose cells cannot act as markup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from netweight.report.escape import markdown as escape


def pipe_table(
    head: Sequence[str], rows: Iterable[Sequence[str]], total: Sequence[str] = (), *, words: Sequence[int] = (0,)
) -> Iterator[str]:
    r"""Its lines.

    >>> for line in pipe_table(("layer", "bound"), [("a|b", "1 s")], ("total", "1 s")):
    ...     print(line)
    | layer | bound |
    | --- | ---: |
    | a\|b | 1 s |
    | **total** | **1 s** |

    Args:
        head: The titles.
        rows: The cells, as many a row as there are titles.
        total: The last row, in bold; left out if empty.
        words: Places of the columns that hold words, which stand to the left.
    """
    left = {place % len(head) for place in words}
    yield _line(head)
    yield _line(["---" if place in left else "---:" for place in range(len(head))])
    for row in rows:
        yield _line([escape(cell) for cell in row])
    if total:
        yield _line([f"**{escape(cell)}**" if cell else "" for cell in total])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
