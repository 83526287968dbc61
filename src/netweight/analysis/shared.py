"""Layers that read the weights of another one, such as a head that shares the table of an embedding."""

from __future__ import annotations

from collections.abc import Iterator

from netweight.ir import Graph
from netweight.units import amount

_NAMED = 3
"""Layers that are named one by one."""


def notes_on_sharing(graph: Graph) -> Iterator[str]:
    """A note for each layer whose weights others have, too: they are counted there, once."""
    values = graph.values
    first: dict[str, str] = {}
    sharing: dict[str, dict[str, None]] = {}
    for node in graph.nodes:
        for name in node.inputs:
            if name is None or values[name].kind != "parameter":
                continue
            owner = first.setdefault(name, node.layer)
            if owner != node.layer and not _is_within(node.layer, name.rpartition(".")[0]):
                sharing.setdefault(owner, {})[node.layer] = None
    for owner, layers in sharing.items():
        named, more = list(layers)[:_NAMED], len(layers) - _NAMED
        shown = ", ".join(named) + (f" and {amount(more, 'other')}" if more > 0 else "")
        verb, whose = ("shares", "its") if len(layers) == 1 else ("share", "their")
        yield f"{shown} {verb} {whose} weights with {owner}, where they are counted, once"


def _is_within(layer: str, module: str) -> bool:
    """Whether a layer is a part of the module that has the parameter; a name without dots tells nothing."""
    return not module or layer == module or layer.startswith(f"{module}.")
