"""Which layer became which: in order first, then those that were moved."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

from netweight.analysis.alignment.cheapest import cheapest_pairs
from netweight.analysis.alignment.identity import Identity


class Aligned(NamedTuple):
    """One line of an alignment.

    Attributes:
        before: Place among the layers of the first report; None for a layer that was added.
        after: Place in the second; None for one that was removed.
        moved: Whether it stands elsewhere among those that both have.
    """

    before: int | None
    after: int | None
    moved: bool = False


def align(before: Sequence[Identity], after: Sequence[Identity]) -> list[Aligned]:
    """All layers of both, each once: in the order of the second, those that were removed where they had stood."""
    paired = dict(cheapest_pairs(before, after))
    paired = _names_put_right(before, after, paired)
    for key in (_whole, _named, _structure_with_weights):
        paired |= _alone_in_both(before, after, paired, key)
    pairs = sorted(paired.items())
    kept = _longest_rising([j for _, j in pairs])
    moved = {j for at, (_, j) in enumerate(pairs) if at not in kept}
    return _in_order(before, after, paired, moved)


def _names_put_right(before: Sequence[Identity], after: Sequence[Identity], paired: dict[int, int]) -> dict[int, int]:
    """Equal layers that swapped places did not swap names.

    In order, ``a b`` and ``b a`` of one structure are two layers of another name. Where names of such layers
    are the same on both sides, each is paired with its own name instead, and was moved.
    """
    place = {layer.name: j for j, layer in enumerate(after)}
    own = {i: place[layer.name] for i, layer in enumerate(before) if _is_there(layer, after, place)}
    back = {j: i for i, j in paired.items()}
    right = dict(paired)
    seen: set[int] = set()
    for start in own:
        cycle, closed = _cycle(start, own, back, seen)
        if closed and len(cycle) > 1:
            right.update({i: own[i] for i in cycle})
    return right


def _is_there(layer: Identity, after: Sequence[Identity], place: dict[str, int]) -> bool:
    """Whether the second report has this very layer, by name and structure."""
    return layer.name in place and after[place[layer.name]] == layer


def _cycle(start: int, own: dict[int, int], back: dict[int, int], seen: set[int]) -> tuple[list[int], bool]:
    """From a layer to the one that stands in its name's place, and on; whether that comes back to the first."""
    cycle: list[int] = []
    at: int | None = start
    while at is not None and at in own and at not in seen:
        seen.add(at)
        cycle.append(at)
        at = back.get(own[at])
    return cycle, at == start


def _whole(layer: Identity) -> Hashable:
    return layer


def _named(layer: Identity) -> Hashable:
    return layer.name, layer.kind


def _structure_with_weights(layer: Identity) -> Hashable | None:
    return (layer.kind, layer.structure) if layer.weighted else None


def _alone_in_both(
    before: Sequence[Identity],
    after: Sequence[Identity],
    paired: dict[int, int],
    key: Callable[[Identity], Hashable | None],
) -> dict[int, int]:
    """Pairs of layers without one, whose key no other of them has."""
    taken = set(paired.values())
    one = {i: key(layer) for i, layer in enumerate(before) if i not in paired}
    other = {j: key(layer) for j, layer in enumerate(after) if j not in taken}
    counts = [Counter(one.values()), Counter(other.values())]
    place = {found: j for j, found in other.items()}
    return {
        i: place[found]
        for i, found in one.items()
        if found is not None and counts[0][found] == 1 and counts[1][found] == 1
    }


def _longest_rising(values: Sequence[int]) -> set[int]:
    """Places of a longest part that rises: what stayed, when the least was moved. Patience sorting."""
    tops: list[int] = []
    at_top: list[int] = []
    below: list[int | None] = []
    for at, value in enumerate(values):
        pile = bisect_left(tops, value)
        below.append(at_top[pile - 1] if pile else None)
        tops[pile : pile + 1], at_top[pile : pile + 1] = [value], [at]
    kept: set[int] = set()
    last = at_top[-1] if at_top else None
    while last is not None:
        kept.add(last)
        last = below[last]
    return kept


def _in_order(
    before: Sequence[Identity], after: Sequence[Identity], paired: dict[int, int], moved: set[int]
) -> list[Aligned]:
    back = {j: i for i, j in paired.items()}
    found: list[Aligned] = []
    next_before = 0
    for j in range(len(after)):
        i = back.get(j)
        if i is not None and j not in moved:
            found += [Aligned(gone, None) for gone in range(next_before, i) if gone not in paired]
            next_before = i + 1
        found.append(Aligned(i, j, j in moved))
    return found + [Aligned(gone, None) for gone in range(next_before, len(before)) if gone not in paired]
