"""When values are used for the last time: the only place that works it out.

A step is the place of a node in the graph's order; what outlives the last node is used at the step after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from netweight.ir.graph import Graph


def last_reads(graph: Graph, *, held: Iterable[str] = (), by_program: bool = False) -> dict[str, int]:
    """Step of the last reader of each value that has one; after the last step for what the caller gets.

    What a kernel of several nodes reads is read until its last node.

    Args:
        graph: The network.
        held: Values that outlive the last step besides the outputs.
        by_program: Whether a value is also read as long as the program was seen to hold it.
    """
    last = {name: step for step, node in enumerate(graph.nodes) for name in node.inputs if name is not None}
    for first, end in graph.fused:
        nodes = graph.nodes[first : end + 1]
        reads = {name for node in nodes for name in node.inputs if name is not None}
        for name in reads.difference(*[node.outputs for node in nodes]):
            last[name] = max(last[name], end)
    if by_program:
        last.update({name: max(step, last.get(name, step)) for name, step in graph.lifetimes.items()})
    last.update(dict.fromkeys((*graph.outputs, *held), len(graph.nodes)))
    return last


def last_uses(calls: Iterable[tuple[int, Iterable[str]]]) -> dict[str, int]:
    """Step of the last call that reads or writes each name.

    Args:
        calls: Steps in order, each with the names of what it reads and writes: values, or pieces of memory.
    """
    last: dict[str, int] = {}
    for step, names in calls:
        last.update(dict.fromkeys(names, step))
    return last


def released(last: Mapping[str, int]) -> dict[int, list[str]]:
    """Names by the step after which they are used no more."""
    found: dict[int, list[str]] = {}
    for name, step in last.items():
        found.setdefault(step, []).append(name)
    return found
