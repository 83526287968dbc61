"""Which modules of a tree are open, so that it fits a screen: the dearest first."""

from __future__ import annotations

from heapq import heappop, heappush

from netweight.report.tree import Tree, closed, leaves_of

ROOM = 24
"""Lines of a table on a screen of 40, with those around it."""


def fitting(tree: Tree, figure: str, room: int = ROOM) -> tuple[Tree, int]:
    """The tree with modules as one line each, but for those that are opened, and the number of layers inside of them.

    The module with the most of the figure is opened first, then the one with the most of those that are left, as long
    as its parts fit.
    """
    opened = {id(tree)}
    lines = len(tree.parts)
    waiting: list[tuple[int, int, Tree]] = []

    def wait(parent: Tree) -> None:
        for part in parent.parts:
            if part.parts:
                dear = sum(entry.numbers[figure] or 0 for entry in leaves_of(part))
                heappush(waiting, (-dear, len(waiting) + lines, part))

    wait(tree)
    while waiting:
        module = heappop(waiting)[2]
        if lines + len(module.parts) <= room:
            lines += len(module.parts)
            opened.add(id(module))
            wait(module)
    return _cut(tree, opened)


def _cut(tree: Tree, opened: set[int]) -> tuple[Tree, int]:
    if not tree.parts:
        return tree, 0
    if id(tree) not in opened:
        return closed(tree), sum(entry.repeat * (1 + len(entry.joined)) for entry in leaves_of(tree))
    found = [_cut(part, opened) for part in tree.parts]
    return tree._replace(parts=tuple(part for part, _ in found)), sum(hidden for _, hidden in found)
