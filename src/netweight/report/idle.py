"""Layers that cost nothing of what is looked for, summed into the line beside them.

ReLU, dropout, reshapes, additions and normalisation have no MACs, and of parameters vectors alone. Each joins a layer
of the same module: the one right before it, else the one right after it, else the nearest before, else the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Literal

from netweight.report.entries import Entry, joined
from netweight.report.tree import Tree

_KEPT = ("input", "pool", "module")  # kinds that people look for, and sums of modules
_WORK = ("flops", "ops_total")  # figures that MACs stand for

Idle = Callable[[Entry], bool]


def idle_but_for(figure: str | None) -> Idle:
    """Whether a line has no MACs, no parameters but vectors, and nothing of the figure that lines are sorted by."""

    def idle(entry: Entry) -> bool:
        if entry.kind in _KEPT or entry.numbers["macs"] != 0:
            return False
        if figure is not None and figure not in _WORK and entry.numbers[figure] != 0:
            return False
        vectors = all(map(_is_vector, entry.weight_shapes))
        return entry.numbers["params"] == 0 or entry.kind == "norm" or vectors

    return idle


def _is_vector(shape: tuple[int, ...]) -> bool:
    """Whether a tensor has one size that is not 1 at most, as a bias or a scale has."""
    return sum(size != 1 for size in shape) <= 1


def without_idle(tree: Tree, idle: Idle) -> Tree:
    """The tree with idle layers summed into those beside them; a module around one module or layer is that one."""
    parts = [without_idle(part, idle) if part.parts else part for part in tree.parts]
    parts = [part for whole in parts for part in (_raised(whole) if len(whole.parts) == 1 else [whole])]
    working = [part for part in parts if not (part.entry and idle(part.entry))]
    if len(working) == 1 and working[0].parts:
        parts = [part for whole in parts for part in (_raised(whole) if whole.parts else [whole])]
    return replace(tree, parts=tuple(_joined(parts, idle)))


def _raised(module: Tree) -> list[Tree]:
    """What is in a module, to stand beside it."""
    return [replace(part, names=(f"{module.name}.{part.name}".rstrip("."),)) for part in module.parts]


def _joined(parts: Sequence[Tree], idle: Idle) -> list[Tree]:
    """Idle layers summed into the layers beside them, where all are idle into the one with most parameters."""
    roles = [_role(part.entry, idle) for part in parts]
    guests = [at for at, role in enumerate(roles) if role == "guest"]
    if guests and "host" not in roles:
        roles[max(guests, key=lambda at: _params(parts[at]))] = "host"
    places = range(len(parts))
    before, behind = _hosts(roles, places, blocked=True), _hosts(roles, reversed(places), blocked=True)
    earlier, later = _hosts(roles, places, blocked=False), _hosts(roles, reversed(places), blocked=False)
    taken: dict[int, list[Entry]] = {}
    for at, part in enumerate(parts):
        if roles[at] == "guest" and part.entry is not None:
            host = next(found[at] for found in (before, behind, earlier, later) if found[at] is not None)
            taken.setdefault(host or 0, []).append(part.entry)
    return [_with(part, taken.get(at, [])) for at, part in enumerate(parts) if roles[at] != "guest"]


def _params(tree: Tree) -> int:
    return 0 if tree.entry is None else tree.entry.numbers["params"] or 0


def _role(entry: Entry | None, idle: Idle) -> Literal["guest", "host", "wall"]:
    if entry is None or entry.kind in _KEPT:
        return "wall"
    return "guest" if idle(entry) else "host"


def _hosts(roles: Sequence[str], places: Iterable[int], *, blocked: bool) -> dict[int, int | None]:
    """For each place the last host on the way there, walls in between or not."""
    found: dict[int, int | None] = {}
    host: int | None = None
    for at in places:
        if roles[at] == "host":
            host = at
        elif roles[at] == "wall" and blocked:
            host = None
        found[at] = host
    return found


def _with(tree: Tree, others: list[Entry]) -> Tree:
    return replace(tree, entry=joined(tree.entry, others)) if tree.entry and others else tree
