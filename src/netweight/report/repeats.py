"""Repeats in a row: which block of it stands there several times, and how often."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

_LONGEST = 512  # parts of a block up to which repeats are looked for


def repeats_at(signs: Sequence[Hashable], at: int) -> tuple[int, int]:
    """Length of the block that starts at ``at`` and how often it stands in a row; ``(1, 1)`` if only once.

    Of all blocks the one that covers most is taken, and of those the shortest.

    >>> repeats_at("abababx", 0), repeats_at("abababx", 5)
    ((2, 3), (1, 1))
    """
    best = (1, 1)
    for length in range(1, min(_LONGEST, (len(signs) - at) // 2) + 1):
        if signs[at] != signs[at + length]:
            continue
        block = signs[at : at + length]
        count = 1
        while signs[at + count * length : at + (count + 1) * length] == block:
            count += 1
        if count > 1 and length * count > best[0] * best[1]:
            best = (length, count)
    return best
