"""Whether a graph contradicts itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netweight.errors import GraphError
from netweight.ir.graph import Graph, Node


def validate(graph: Graph) -> None:
    """Check that the graph does not contradict itself.

    Raises:
        GraphError: If a name is missing or used twice, a size is negative, a value is read before it is written, a view
            has no owner, or runs of nodes are not of this graph.
    """
    for name, value in graph.values.items():
        if name != value.name:
            raise GraphError(f"graph: expected value {name!r} under its own name, got {value.name!r}")
        if any(size < 0 for size in value.spec.shape):
            raise GraphError(f"graph: expected sizes of {name!r} that are not negative, got {value.spec.shape}")
        if value.storage not in graph.values:
            raise GraphError(f"graph: expected the storage of {name!r} to be a value, got {value.storage!r}")
    _validate_fused(graph)
    written = {name for name, value in graph.values.items() if value.kind != "activation"}
    for node in graph.nodes:
        _validate_node(graph, node, written)
        written.update(node.outputs)
    for role, names in _named(graph):
        for name in names:
            if name not in written:
                raise GraphError(f"graph: expected every {role} to have a value, got {name!r}")


def _named(graph: Graph) -> Iterator[tuple[str, Iterable[str]]]:
    """Values that a graph names beside its nodes, by what they are."""
    yield "input", graph.inputs
    yield "output", graph.outputs
    yield "update", graph.updates.values()
    yield "leaf", graph.leaves
    yield "diverted gradient", (name for pair in graph.diverted.items() for name in pair if name is not None)
    for function in graph.functions:
        given = (name for name in function.inputs if name is not None)
        yield "value of a function", (*given, *function.outputs, *function.saved)
    for checkpoint in graph.checkpoints:
        yield "value of a checkpoint", (*checkpoint.values, *checkpoint.keeps, *checkpoint.stored)


def _validate_fused(graph: Graph) -> None:
    after = -1
    for first, last in graph.fused:
        if not after < first <= last < len(graph.nodes):
            raise GraphError(f"graph: expected fused runs of its nodes one after the other, got {graph.fused}")
        after = last


def _validate_node(graph: Graph, node: Node, written: set[str]) -> None:
    for read in node.inputs:
        if read is not None and read not in written:
            raise GraphError(f"graph: expected {read!r} to be written before {node.layer!r} reads it, got no writer")
    for made in node.outputs:
        if made in written or made not in graph.values:
            state = "written twice" if made in written else "unknown"
            raise GraphError(f"graph: expected {node.layer!r} to write a new value, got {made!r}, {state}")
