"""What a report says of the numbers that a network computes with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netweight.ops.parts import COMPLEX
from netweight.results.profile import LayerRow

FOUR_REAL_MACS = "a multiply-accumulate of complex numbers is counted as four real ones: four products and their sums"


def notes_on(rows: Iterable[LayerRow]) -> Iterator[str]:
    """Notes on multiply-accumulates that are not those of real numbers."""
    if any(row.macs and row.dtype in COMPLEX for row in rows):
        yield FOUR_REAL_MACS
