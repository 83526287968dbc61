"""Whether a network fits, for a terminal: the answer, then what would make it fit."""

from __future__ import annotations

from collections.abc import Iterator

from netweight.report.escape import plain
from netweight.report.width import left, right, width_of
from netweight.report.wrap import wrapped
from netweight.results.fit import Fit, Need, Remedy
from netweight.units import Units, scaled

_FLAGS = 3
"""Flags beside the first that are shown; JSON has all."""


def to_text(fit: Fit, *, units: Units = "si", width: int | None = None) -> str:
    """The answer with its reasons; names from files cannot act on the terminal."""
    return "".join(f"{plain(line).rstrip()}\n" for line in lines_of(fit, units, width))


def lines_of(fit: Fit, units: Units, width: int | None) -> Iterator[str]:
    """What was asked, the answer for each kind of memory, and the changes that need less."""
    inputs = ", ".join(f"{i.name} {'x'.join(map(str, i.shape)) or 'scalar'} {i.dtype}" for i in fit.model.inputs)
    into = f" into {fit.device}" if fit.device else ""
    yield from wrapped(f"{fit.model.name} ({fit.model.source}), input {inputs}: does it fit{into}?", width, 2)
    yield ""
    for need in fit.needs:
        yield from wrapped(_answer(fit, need, units), width, 2)
    if fit.remedies:
        yield ""
        yield from _table(fit, width)
    if fit.notes:
        yield ""
    for note in fit.notes:
        yield from wrapped(f"note: {note}", width, 6)


def _answer(fit: Fit, need: Need, units: Units) -> str:
    def short(nbytes: int) -> str:
        return "" if units == "raw" else f" ({scaled(nbytes, 'B', units=units)})"

    needed, limit = need.needed_bytes, need.limit_bytes
    counted = f" under {fit.convention}" if need.kind == "memory" else ""
    where = f", at {need.where}" if need.where else ""
    gap = abs(limit - needed)
    times = f"{needed / limit:,.2f} times the limit"
    said = f"{gap:,} left" if need.fits else f"{gap:,} too many, {times}"
    head = f"{need.kind}: {'yes' if need.fits else 'no'}"
    return f"{head}, {needed:,} bytes{short(needed)} of {limit:,}{short(limit)}{counted}{where}: {said}"


def _table(fit: Fit, width: int | None) -> Iterator[str]:
    """A line for each change: what is needed with it, whether that fits, the flags that show it, the price."""
    rows = [("with", "bytes", "fits", "shown by", "price"), *map(_cells, fit.remedies)]
    sizes = [max(width_of(row[at]) for row in rows) for at in range(4)]
    for row in rows:
        cells = [left(cell, size) for cell, size in zip(row, sizes, strict=False)]
        cells[1] = right(row[1], sizes[1])
        yield from wrapped("  ".join([*cells, row[4]]), width, sizes[0] + 2)


def _cells(remedy: Remedy) -> tuple[str, ...]:
    needed = "-" if remedy.needed_bytes is None else f"{remedy.needed_bytes:,}"
    how, more = remedy.how.split(" --"), " ..." if remedy.how.count(" --") > _FLAGS else ""
    return remedy.name, needed, "yes" if remedy.fits else "no", " --".join(how[: _FLAGS + 1]) + more, remedy.price
