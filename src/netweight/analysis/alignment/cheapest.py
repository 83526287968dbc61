"""The cheapest way to turn one sequence of layers into another, none of them moved.

Every pair of layers has a price: none where name and structure are equal, little where one of them is, more where only
the sort of operator is. A layer that is alone, removed or added, has a price too. The sum is the least there is: the
recurrence of Wagner and Fischer (1974), a diagonal of it at once. Whatever begins or ends both sequences is left out.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from netweight.analysis.alignment.identity import Identity
from netweight.lazy import np

Pair = tuple[int, int]

ALONE = 24
"""Price of a layer that is removed, or added."""
RENAMED = 1
"""Price of another name: numbers in names shift all together, where a layer is put in front."""
CHANGED = 20
"""Price of another structure under the same name."""
BOTH_DIFFER = 30
"""Price of another name and another structure, the sort of operator being the same; less than two layers alone."""
_NEVER = 3 * ALONE
_PRICES = (_NEVER, BOTH_DIFFER, _NEVER, CHANGED, _NEVER, RENAMED, _NEVER, 0)
"""By 4 x same structure + 2 x same name + same kind; the same structure of two kinds does not exist."""
_CELLS = 30_000_000
"""Entries of the table of the recurrence, a byte each; of longer sequences, parts are aligned one after another."""
_REMOVED, _ADDED, _PAIRED = 0, 1, 2


def cheapest_pairs(before: Sequence[Identity], after: Sequence[Identity]) -> list[Pair]:
    """Places of layers that belong together, ascending on both sides."""
    shortest = min(len(before), len(after))
    head = _common(zip(before, after, strict=False))
    tail = min(_common(zip(reversed(before), reversed(after), strict=False)), shortest - head)
    middle = (head, len(before) - tail), (head, len(after) - tail)
    pairs = [(at, at) for at in range(head)]
    pairs += _between(before, after, *middle)
    return pairs + [(len(before) - at, len(after) - at) for at in range(tail, 0, -1)]


def _common(pairs: Iterable[tuple[Identity, Identity]]) -> int:
    """How many pairs are equal before the first that is not."""
    count = 0
    for one, other in pairs:
        if one != other:
            break
        count += 1
    return count


def _between(before: Sequence[Identity], after: Sequence[Identity], rows: Pair, columns: Pair) -> list[Pair]:
    """Pairs of two ranges, in parts of a size for which the table has room."""
    parts = 1
    while (rows[1] - rows[0]) * (columns[1] - columns[0]) > _CELLS * parts * parts:
        parts += 1
    found: list[Pair] = []
    for part in range(parts):
        i, i_end = (rows[0] + (rows[1] - rows[0]) * at // parts for at in (part, part + 1))
        j, j_end = (columns[0] + (columns[1] - columns[0]) * at // parts for at in (part, part + 1))
        found += [(i + a, j + b) for a, b in _table(before[i:i_end], after[j:j_end])]
    return found


def _table(before: Sequence[Identity], after: Sequence[Identity]) -> list[Pair]:
    """The pairs of the cheapest way, through all of the table."""
    if not before or not after:
        return []
    rows, columns = len(before), len(after)
    numbers: list[dict[Hashable, int]] = [{}, {}, {}]
    keys = [_numbered(before, numbers), _numbered(after, numbers)]
    prices = np.array(_PRICES, np.int32)
    older, last = (np.full(rows + 1, 1 << 30, np.int32) for _ in range(2))
    last[0] = 0
    steps = [np.zeros(1, np.uint8)]
    for diagonal in range(1, rows + columns + 1):
        low, high = max(0, diagonal - columns), min(rows, diagonal)
        now = np.full(rows + 1, 1 << 30, np.int32)
        now[low : high + 1] = last[low : high + 1] + ALONE
        step = np.full(high - low + 1, _ADDED, np.uint8)
        first = max(1, low)
        if high >= first:
            _take_less(now, step, last[first - 1 : high] + ALONE, (first, high, low), _REMOVED)
        first, end = max(1, low), min(high, diagonal - 1)
        if end >= first:
            a = keys[0][:, first - 1 : end]
            b = keys[1][:, diagonal - end - 1 : diagonal - first][:, ::-1]
            equal = a == b
            pair = older[first - 1 : end] + prices[4 * equal[0] + 2 * equal[1] + equal[2]]
            _take_less(now, step, pair, (first, end, low), _PAIRED)
        steps.append(step)
        older, last = last, now
    return _way_back(steps, rows, columns)


def _take_less(now: np.ndarray, step: np.ndarray, price: np.ndarray, span: tuple[int, int, int], kind: int) -> None:
    """Where this step is as cheap as those before it, it is the one that is taken."""
    first, last, low = span
    held = now[first : last + 1]
    less = price <= held
    held[less] = price[less]
    step[first - low : last - low + 1][less] = kind


def _numbered(layers: Sequence[Identity], numbers: list[dict[Hashable, int]]) -> np.ndarray:
    """Structure, name and kind of each layer as numbers, which are equal where those are."""
    parts: tuple[list[Hashable], ...] = (
        [(layer.kind, layer.structure) for layer in layers],
        [layer.name for layer in layers],
        [layer.kind for layer in layers],
    )
    found = [[known.setdefault(key, len(known)) for key in part] for known, part in zip(numbers, parts, strict=True)]
    return np.array(found, np.int32)


def _way_back(steps: Sequence[np.ndarray], rows: int, columns: int) -> list[Pair]:
    i, j = rows, columns
    pairs = []
    while i or j:
        kind = steps[i + j][i - max(0, i + j - columns)]
        if kind == _PAIRED:
            pairs.append((i - 1, j - 1))
        i, j = i - (kind != _ADDED), j - (kind != _REMOVED)
    return pairs[::-1]
