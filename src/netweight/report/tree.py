"""The layers of a profile as the tree of its modules, in the order in which each is first called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from netweight.report.entries import Entry, entry_of, module_of
from netweight.report.names import span_of
from netweight.results.profile import Profile

_DEEPEST = 100  # modules within each other that are told apart


class Tree(NamedTuple):
    """A layer, or a module and what is in it.

    Attributes:
        names: Name within the parent, of each of the equal blocks that it stands for; empty for work that is done in
            a module beside that of its parts.
        kind: Class of a module.
        entry: The layer, None for a module.
        parts: What is in a module.
        repeat: How many equal blocks it stands for in the whole network.
    """

    names: tuple[str, ...]
    kind: str = ""
    entry: Entry | None = None
    parts: tuple[Tree, ...] = ()
    repeat: int = 1

    @property
    def name(self) -> str:
        """Name within the parent, with the range of numbers of equal blocks: ``[1-5]``."""
        return span_of(self.names)


def tree_of(profile: Profile) -> Tree:
    """The modules, with a leaf for every layer."""
    kinds = {row.module: row.kind for row in profile.modules}
    layers = [(row.layer.split(".", _DEEPEST), entry_of(row)) for row in profile.layers]
    return _module("", "", layers, 0, kinds)


def leaves_of(tree: Tree) -> Iterator[Entry]:
    """The layers in it, in order."""
    pending = [tree]
    while pending:
        node = pending.pop()
        if node.entry is not None:
            yield node.entry
        pending.extend(reversed(node.parts))


def closed(tree: Tree) -> Tree:
    """The module as one line."""
    members = list(leaves_of(tree))
    label = next((name for name in tree.names), "")
    entry = replace(module_of(label, tree.kind, members), repeat=tree.repeat)
    return tree._replace(entry=entry, parts=())


def cut(tree: Tree, depth: int) -> Tree:
    """The tree with modules at the depth as one line each; 1 is the outermost."""
    return tree._replace(parts=tuple(_cut(part, depth - 1) for part in tree.parts))


def _cut(tree: Tree, depth: int) -> Tree:
    if not tree.parts:
        return tree
    return cut(tree, depth) if depth else closed(tree)


def chained(tree: Tree) -> Tree:
    """The tree with modules of one part as one with that part: ``encoder.layers``."""
    return tree._replace(parts=tuple(linked(chained(part)) for part in tree.parts))


def linked(tree: Tree) -> Tree:
    """A module of one part as that part, under both names."""
    if len(tree.parts) != 1:
        return tree
    part = tree.parts[0]
    return part._replace(names=(f"{tree.name}.{part.name}".rstrip("."),))


_Layers = Iterable[tuple[Sequence[str], Entry]]


def _module(path: str, name: str, layers: _Layers, depth: int, kinds: Mapping[str, str]) -> Tree:
    """What is below a path."""
    groups: dict[str, list[tuple[Sequence[str], Entry]]] = {}
    parts: list[Tree | str] = []
    for names, entry in layers:
        if len(names) <= depth:  # what runs in a module without a name of its own
            parts.append(Tree(names=("",), entry=entry))
            continue
        if names[depth] not in groups:
            parts.append(names[depth])
        groups.setdefault(names[depth], []).append((names, entry))

    def grown(part: str) -> Tree:
        members = groups[part]
        if len(members) == 1 and len(members[0][0]) == depth + 1:
            return Tree(names=(part,), entry=members[0][1])
        return _module(f"{path}.{part}" if path else part, part, members, depth + 1, kinds)

    whole = tuple(grown(part) if isinstance(part, str) else part for part in parts)
    return Tree(names=(name,), kind=kinds.get(path, ""), parts=whole)
