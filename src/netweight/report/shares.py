"""Shares of the whole, and a bar for the dearest lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from netweight.report.entries import Entry, sum_of

Weight = Literal["dear", "plain", "nothing"]

_LONGEST = 8  # characters of the bar of the dearest line
_DEAR = 0.5  # of the dearest line, from which a line is dear as well


def with_shares(entries: Sequence[Entry], figure: str) -> list[Entry]:
    """The lines with their shares of the sum of the figure; without any where the sum is nothing."""
    whole = sum_of(entries, "").numbers[figure]
    if not whole:
        return list(entries)
    most = max((entry.numbers[figure] or 0 for entry in entries if entry.op), default=0)
    return [_with_share(entry, entry.numbers[figure], whole, most) for entry in entries]


def weight_of(entry: Entry) -> Weight:
    """Whether the line is among the dearest, or costs nothing."""
    if entry.share == 0:
        return "nothing"
    return "dear" if len(entry.bar) > _DEAR * _LONGEST else "plain"


def _with_share(entry: Entry, amount: int | None, whole: int, most: int) -> Entry:
    if amount is None:
        return entry
    drawn = round(_LONGEST * amount / most) if entry.op and most else 0  # what is left out of a list has no operator
    return replace(entry, share=amount / whole, bar="█" * drawn)
