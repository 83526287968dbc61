"""Repeats in a row of layers that nobody named, as files without module paths have them.

Such layers are called by their operator, numbered over the file: ``matmul``, ``add``, ``matmul_1``, ``add_1``.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence

_LONGEST = 512  # layers of a block up to which repeats are looked for

Counted = tuple[str, str, str]
"""Operator, number and part of ``"attention_3.softmax"``."""


def counted(labels: Iterable[str]) -> dict[str, Counted]:
    """Those of the labels that are an operator and its number, taken apart.

    >>> counted(["conv1", "relu", "fc", "relu_1"])
    {'relu': ('relu', '0', ''), 'relu_1': ('relu', '1', '')}
    """
    parts = {label: _parts(label) for label in labels}
    again = {stem for stem, number, _ in parts.values() if number}
    return {label: (stem, number or "0", rest) for label, (stem, number, rest) in parts.items() if stem in again}


def _parts(label: str) -> Counted:
    match = re.fullmatch(r"([A-Za-z]+(?:_[A-Za-z]+)*)(?:_(\d+))?((?:\.[A-Za-z_]+(?:_\d+)?)?)", label)
    return (match[1], match[2] or "", match[3]) if match else (label, "", "")


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
