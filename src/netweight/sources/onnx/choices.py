"""Stored numbers of which only comparisons are made: tables that choose, such as masks, and no weights."""

from __future__ import annotations

from dataclasses import replace

from netweight.ir import Graph, Node
from netweight.ops.table import REGISTRY

_COMPARISONS = frozenset({"eq", "ge", "gt", "le", "lt", "ne", "logical_and", "logical_not", "logical_or"})
_STORED = frozenset({"parameter", "constant"})


def without_choices(graph: Graph) -> Graph:
    """The graph in which tables that are moved, cut, and then compared with constants are constants themselves."""
    readers: dict[str, list[Node]] = {}
    for node in graph.nodes:
        for name in node.inputs:
            if name is not None:
                readers.setdefault(name, []).append(node)
    parameters = [value for value in graph.values.values() if value.kind == "parameter" and value.stored is None]
    found = {value.name for value in parameters if _only_chooses(graph, value.name, readers)}
    if not found:
        return graph
    values = {name: replace(v, kind="constant") if name in found else v for name, v in graph.values.items()}
    return replace(graph, values=values)


def _only_chooses(graph: Graph, name: str, readers: dict[str, list[Node]]) -> bool:
    """Whether every way from a stored tensor leads to a comparison with what is stored, through moves alone."""
    waiting = [name]
    while waiting:
        at = waiting.pop()
        if at in graph.outputs or not readers.get(at):
            return False
        for node in readers[at]:
            others = [graph.values[other] for other in node.inputs if other is not None and other != at]
            if any(other.kind not in _STORED for other in others):
                return False
            if node.op in _COMPARISONS:
                continue
            if not _moves(node):
                return False
            waiting.extend(node.outputs)
    return True


def _moves(node: Node) -> bool:
    definition = REGISTRY.find(node.op)
    return definition is not None and (definition.kind == "layout" or node.op == "cast")
