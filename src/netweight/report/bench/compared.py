"""How far engines are apart, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from netweight.report.escape import plain
from netweight.report.wrap import wrapped
from netweight.results.compared import Compared, Difference, OnEngine


def to_text(found: Compared, *, width: int | None = None) -> str:
    """A line for each engine and output."""
    lines = [part for line in _lines(found) for part in wrapped(line, width, 2)]
    return "".join(f"{plain(line).rstrip()}\n" for line in lines)


def _lines(found: Compared) -> Iterator[str]:
    ran = [row for row in found.rows if not row.reason]
    for row in found.rows:
        yield f"{row.engine} {row.version}: {row.reason}" if row.reason else _line(row, first=row is ran[0])
        for difference in row.differences:
            yield f"  {difference.output}: {_apart(difference, ran[0].engine)}"


def _line(row: OnEngine, *, first: bool) -> str:
    of = f" in {row.precision}" if row.precision else ""
    if row.refused:
        of += f", {row.refused} was asked for" if of else f", whether in {row.refused} it does not say"
    return f"{row.engine} {row.version}: ran{of}{', others are compared with it' if first else ''}"


def _apart(difference: Difference, first: str) -> str:
    if difference.largest is None:
        return difference.reason
    if difference.largest == 0:
        return f"the same as {first}, number for number"
    part = "" if difference.relative is None else f", {difference.relative:.2g} of the largest number"
    at = "x".join(map(str, difference.where)) or "0"
    return f"at most {difference.largest:.3g} from {first}{part}, at {at}"
