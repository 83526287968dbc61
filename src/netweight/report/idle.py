"""Layers that cost nothing of what is looked for, summed into the line beside them.

ReLU, dropout, reshapes, additions and normalisation have no MACs, and of parameters vectors alone. Each joins a layer
of the same module, or the only one of a module in it: the one right before it, else the one right after it, else one
that has a single module in between, as the addition of a residual block joins the last convolution across the shortcut.
Those left are one line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from netweight.report.entries import Entry, joined
from netweight.report.tree import Tree

_KEPT = ("input", "pool", "module")  # kinds that people look for, and sums of modules
_BESIDE = 2  # idle layers beside the only module in another, up to which the two are shown as one
_WORK = ("flops", "ops_total")  # figures that MACs stand for

Role = Literal["guest", "host", "wall"]
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
    if len(working) == 1 and len(parts) - len(working) <= _BESIDE:
        parts = [part for whole in parts for part in (_raised(whole) if whole.parts else [whole])]
    return tree._replace(parts=tuple(_joined(parts, idle)))


def _raised(module: Tree) -> list[Tree]:
    """What is in a module, to stand beside it."""
    return [part._replace(names=(f"{module.name}.{part.name}".rstrip("."),)) for part in module.parts]


def _joined(parts: Sequence[Tree], idle: Idle) -> list[Tree]:
    """Idle layers summed into the layers beside them, and those that have none into one of them."""
    roles = [_role(part.entry, idle) for part in parts]
    hosts = _hosts(roles)
    alone = [at for at, role in enumerate(roles) if role == "guest" and hosts[at] is None]
    if alone:
        hosts |= dict.fromkeys(alone, max(alone, key=lambda at: _params(parts[at])))
    taken: dict[int | None, list[Entry]] = {}
    for at, part in enumerate(parts):
        if roles[at] == "guest" and hosts[at] != at and part.entry is not None:
            taken.setdefault(hosts[at], []).append(part.entry)
    return [_with(part, taken.get(at, [])) for at, part in enumerate(parts) if roles[at] != "guest" or hosts[at] == at]


def _params(tree: Tree) -> int:
    return 0 if tree.entry is None else tree.entry.numbers["params"] or 0


def _role(entry: Entry | None, idle: Idle) -> Role:
    if entry is None or entry.kind in _KEPT:
        return "wall"
    return "guest" if idle(entry) else "host"


def _hosts(roles: Sequence[Role]) -> dict[int, int | None]:
    """For each place the layer that it may join: before it, behind it, or before it across one wall."""
    before, across = _latest(roles, range(len(roles)))
    behind, _ = _latest(roles, range(len(roles) - 1, -1, -1))
    places = ((before[at], behind[at], across[at]) for at in range(len(roles)))
    return {at: next((host for host in found if host is not None), None) for at, found in enumerate(places)}


def _latest(roles: Sequence[Role], places: Iterable[int]) -> tuple[dict[int, int | None], dict[int, int | None]]:
    """For each place the last host on the way there without a wall in between, and with one."""
    near: dict[int, int | None] = {}
    far: dict[int, int | None] = {}
    host: int | None = None
    other: int | None = None
    for at in places:
        if roles[at] == "host":
            host, other = at, None
        elif roles[at] == "wall":
            host, other = None, host
        near[at], far[at] = host, other
    return near, far


def _with(tree: Tree, others: list[Entry]) -> Tree:
    return tree._replace(entry=joined(tree.entry, others)) if tree.entry and others else tree
