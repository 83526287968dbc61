"""An evaluation for a terminal, as Markdown and CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO

from netweight.report.escape import csv_cell, plain
from netweight.report.memory.aligned import aligned
from netweight.report.wrap import wrapped
from netweight.results.evaluation import Evaluation

_HEAD = ("class", "images", "right", "recall %", "said", "precision %", "most often taken for")
_MATRIX_UP_TO = 20


def to_text(found: Evaluation, *, width: int | None = None) -> str:
    """The whole report; names from files cannot act on the terminal."""
    return "".join(f"{plain(line).rstrip()}\n" for line in _lines(found, width))


def _lines(found: Evaluation, width: int | None) -> Iterator[str]:
    yield from wrapped(f"{found.model}, {found.part} part of {found.data}", width, 2)
    yield ""
    yield from aligned([_HEAD, *_rows(found)], width, words=(0, 6))
    yield ""
    if len(found.classes) <= _MATRIX_UP_TO:
        yield "pictures by their class (rows) and the class of the highest score (columns)"
        yield from aligned(_matrix(found), width, words=(0,))
        yield ""
    yield from wrapped(sentence(found), width, 2)


def sentence(found: Evaluation) -> str:
    """What a reader may quote."""
    return (
        f"{found.model}, {found.part} part of {found.data}: top-1 {100 * found.top1:.2f} % ({found.right} of "
        f"{found.images}), top-5 {100 * found.top5:.2f} %, loss {found.loss:.4f}"
    )


def _rows(found: Evaluation) -> Iterator[tuple[str, ...]]:
    for at, one in enumerate(found.classes):
        row = found.confusion[at]
        wrong = max((count, -other) for other, count in enumerate(row) if other != at) if len(row) > 1 else (0, 0)
        taken = f"{found.classes[-wrong[1]].name} ({wrong[0]})" if wrong[0] else ""
        yield (
            one.name, f"{one.images:,}", f"{one.right:,}", _share(one.recall), f"{one.said:,}", _share(one.precision),
            taken,
        )  # fmt: skip


def _matrix(found: Evaluation) -> list[tuple[str, ...]]:
    names = [one.name for one in found.classes]
    return [("", *names), *((name, *map(str, row)) for name, row in zip(names, found.confusion, strict=True))]


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.2f}"


def to_markdown(found: Evaluation) -> str:
    """A table, and the sentence."""
    rows = [_HEAD, ("---", *["---:"] * 5, "---"), *_rows(found)]
    cells = (" | ".join(plain(cell).replace("|", "\\|") for cell in row) for row in rows)
    return "".join(f"| {line} |\n" for line in cells) + f"\n{plain(sentence(found))}\n"


def to_csv(found: Evaluation) -> str:
    """One line per class; what is unknown is empty."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("class", "images", "right", "said", "recall", "precision"))
    for one in found.classes:
        writer.writerow(
            (
                csv_cell(one.name), one.images, one.right, one.said, "" if one.recall is None else one.recall,
                "" if one.precision is None else one.precision,
            )
        )  # fmt: skip
    return out.getvalue()
