"""Lines of a table, in the order of the tree: those with figures, and the names of open modules above them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from netweight.report.entries import Entry
from netweight.report.fold import folded
from netweight.report.idle import idle_but_for, without_idle
from netweight.report.opening import fitting
from netweight.report.tree import Tree, chained, cut, tree_of
from netweight.results.profile import Profile


class Item(NamedTuple):
    """A line.

    Attributes:
        depth: How far it is indented.
        name: Name within the module above.
        entry: Figures, with the whole path as label; of an open module None, as its figures are those of its lines.
        kind: Class of the module.
    """

    depth: int
    name: str
    entry: Entry | None
    kind: str


class Outline(NamedTuple):
    """What is shown.

    Attributes:
        items: Lines in order.
        hidden: Layers in modules that are closed so that all fits a screen.
        joined: Layers that are summed into the line of another.
    """

    items: tuple[Item, ...]
    hidden: int
    joined: int


def outline_of(
    profile: Profile,
    *,
    depth: int | None = None,
    fold: bool = True,
    every: bool = False,
    fit: str | None = None,
    sort: str | None = None,
) -> Outline:
    """Lines of the profile.

    Args:
        profile: What was weighed.
        depth: Modules at this depth as one line each; 1 is the outermost.
        fold: Show runs of equal blocks once.
        every: Show layers that cost nothing in lines of their own.
        fit: Close modules until all fits a screen, those with the least of this figure; None for all open.
        sort: Figure that makes a layer worth a line, beside MACs and parameters.
    """
    tree = tree_of(profile)
    if depth is not None:
        tree = cut(tree, depth)
    if not every and (profile.totals.macs or profile.totals.params):
        tree = without_idle(tree, idle_but_for(sort))
    if fold:
        tree = folded(tree)
    tree = chained(tree)
    tree, hidden = (tree, 0) if fit is None else fitting(tree, fit)
    items = tuple(_items(tree, 0, "", 1))
    joined = sum(len(item.entry.joined) * item.entry.repeat for item in items if item.entry is not None)
    return Outline(items=items, hidden=hidden, joined=joined)


def _items(tree: Tree, depth: int, path: str, repeat: int) -> Iterator[Item]:
    for part in tree.parts:
        name = part.name
        label = f"{path}.{name}".strip(".") if path else name
        if part.entry is not None:
            entry = replace(part.entry, label=label)
            yield Item(depth=depth, name=(name or f"({entry.op})") + entry.marks, entry=entry, kind="")
            continue
        times = f" x{part.repeat}" if part.repeat != repeat else ""
        yield Item(depth=depth, name=f"{name}{times}", entry=None, kind=part.kind)
        yield from _items(part, depth + 1, label, part.repeat)
