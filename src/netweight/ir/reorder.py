"""The same network with its nodes in another order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from netweight.errors import GraphError
from netweight.ir.graph import Graph


def reordered(graph: Graph, order: Sequence[int]) -> Graph:
    """The graph with its nodes in an order given as their places in the old one.

    What a program was seen to hold, step by step, is that of the old order: a changed order has none of it.

    Raises:
        GraphError: If a node would stand before one that writes what it reads, a node is there twice or not at all, or
            nodes that one kernel does come apart.
    """
    if list(order) == list(range(len(graph.nodes))):
        return graph
    if sorted(order) != list(range(len(graph.nodes))):
        raise GraphError(
            f"order: expected each of the {len(graph.nodes)} nodes of {graph.name!r} once, got {len(order)} numbers",
            fix="give the place of every node in the old order, from 0 on",
        )
    _check_reads(graph, order)
    place = {old: new for new, old in enumerate(order)}
    return replace(
        graph,
        nodes=tuple([graph.nodes[old] for old in order]),
        fused=tuple(sorted([_moved(graph, first, last, place) for first, last in graph.fused])),
        lifetimes={},
        temporaries=(),
    )


def _check_reads(graph: Graph, order: Sequence[int]) -> None:
    written = {name: old for old, node in enumerate(graph.nodes) for name in node.outputs}
    done: set[int] = set()
    for old in order:
        node = graph.nodes[old]
        for name in node.inputs:
            writer = None if name is None else written.get(name)
            if writer is not None and writer not in done:
                raise GraphError(
                    f"order: expected {graph.nodes[writer].layer!r} before {node.layer!r}, which reads its {name!r}",
                    fix="give an order in which each node comes after those that it reads from",
                )
        done.add(old)


def _moved(graph: Graph, first: int, last: int, place: dict[int, int]) -> tuple[int, int]:
    """Where the nodes of a kernel stand now."""
    start = place[first]
    if any(place[old] - start != old - first for old in range(first, last + 1)):
        raise GraphError(
            f"order: expected the {last - first + 1} nodes of one kernel around {graph.nodes[first].layer!r} together",
            fix="move them as one",
        )
    return start, start + last - first
