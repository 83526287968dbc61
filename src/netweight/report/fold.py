"""Equal neighbours in a tree as one: blocks of modules, layers, and steps of a loop, at any depth."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from netweight.report.entries import Entry, repeated
from netweight.report.names import stem_of
from netweight.report.repeats import repeats_at
from netweight.report.tree import Tree

_SHORT = 16  # layers of a run beside which one is looked for that covers more


def folded(tree: Tree) -> Tree:
    """The tree with runs of equal parts as one part each; equal are those that differ in numbers of names alone."""
    return _folded(tree, {})[0]


_Seen = dict[Hashable, int]
"""A number for everything that was found to differ, so that comparing blocks compares numbers."""


def _folded(tree: Tree, seen: _Seen) -> tuple[Tree, int]:
    """The tree and its number: equal trees have the same."""
    if tree.entry is not None:
        return tree, seen.setdefault(_figures(tree.entry), len(seen))
    found = [_folded(part, seen) for part in tree.parts]
    names = {part.name for part in tree.parts}
    signs = [
        seen.setdefault((stem_of(old.name, names), number), len(seen))
        for old, (_, number) in zip(tree.parts, found, strict=True)
    ]
    parts = tuple(_runs([part for part, _ in found], signs))
    return tree._replace(parts=parts), seen.setdefault((tree.kind, *signs), len(seen))


def _figures(entry: Entry) -> Hashable:
    shapes = entry.input_shapes, entry.output_shapes
    return entry.op, entry.joined, shapes, entry.repeat, str(entry.settings), *entry.numbers.values()


def _runs(parts: Sequence[Tree], signs: Sequence[int]) -> list[Tree]:
    folded: list[Tree] = []
    at = 0
    while at < len(parts):
        length, count = _block_at(signs, at)
        folded += [_merged(parts[at + step : at + length * count : length]) for step in range(length)]
        at += length * count
    return folded


def _block_at(signs: Sequence[int], at: int) -> tuple[int, int]:
    """The block that starts there and how often it is repeated; once, where that hides repeats that cover more.

    In ``a a b a b a b`` the two at the start are not one, as three times ``a b`` begin with the second.
    """
    length, count = repeats_at(signs, at)
    covered = length * count
    if count > 1 and covered <= _SHORT:
        for later in range(at + 1, at + covered):
            other, times = repeats_at(signs, later)
            if times > 1 and other * times > covered:
                return later - at, 1
    return length, count


def _merged(same: Sequence[Tree]) -> Tree:
    """Equal trees as one, with the figures of all."""
    if len(same) == 1:
        return same[0]
    entries = [tree.entry for tree in same if tree.entry is not None]
    return Tree(
        names=tuple(dict.fromkeys(name for tree in same for name in tree.names)),
        kind=same[0].kind,
        entry=repeated(entries) if entries else None,
        parts=tuple(_merged(parts) for parts in zip(*(tree.parts for tree in same), strict=True)),
        repeat=sum(tree.repeat for tree in same),
    )
