"""The order in which nodes are read: that of the file, unless it has a node before one that it reads from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from netweight.errors import FormatError

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

_FREE = frozenset({
    "Cast", "Concat", "Constant", "ConstantOfShape", "Expand", "Flatten", "Gather", "Identity", "Reshape", "Shape",
    "Size", "Slice", "Split", "Squeeze", "Transpose", "Unsqueeze",
})  # fmt: skip
"""Operators without work and weights, which exporters leave behind: not worth a note."""
_SHOWN = 8
"""Values of a circle that are named."""


def ordered_nodes(graph: GraphProto, note: Callable[[str], None]) -> Sequence[NodeProto]:
    """Nodes of a model after those that they read from, otherwise in the order of the file.

    Args:
        graph: The graph of the model.
        note: Is told if that is not the order of the file.

    Raises:
        FormatError: If they read from each other in a circle.
    """
    writers = _writers(graph)
    names = [_reads(node) if node.attribute else node.input for node in graph.node]
    reads = [[writers[name] for name in read if name in writers] for read in names]
    if all(writer < at for at, needed in enumerate(reads) for writer in needed):
        return graph.node
    order = _in_order(graph, reads)
    note("nodes are not sorted: they are read in an order in which every value is written before it is read")
    return [graph.node[at] for at in order]


def read_nodes(graph: GraphProto, nodes: Sequence[NodeProto], note: Callable[[str], None]) -> Sequence[NodeProto]:
    """Nodes whose results reach an output of the graph: no runtime executes others.

    Args:
        graph: The graph.
        nodes: Its nodes, each after those that it reads from.
        note: Is told what is left out.
    """
    wanted = {output.name for output in graph.output}
    found = []
    for node in reversed(nodes):
        if not wanted.isdisjoint(node.output):
            wanted.update(_reads(node) if node.attribute else node.input)
            found.append(node)
    if len(found) == len(nodes):
        return nodes
    kept = {id(node) for node in found}
    kinds = Counter(node.op_type for node in nodes if id(node) not in kept and node.op_type not in _FREE)
    if not kinds:
        return found[::-1]
    listed = ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items())[:_SHOWN])
    note(f"left out, as nothing reads what they make: {listed}{', ...' if len(kinds) > _SHOWN else ''}")
    return found[::-1]


def _in_order(graph: GraphProto, reads: Sequence[Sequence[int]]) -> dict[int, None]:
    """Positions of the nodes, each after those that it reads from."""
    left: dict[int, Iterator[int]] = {}
    done: dict[int, None] = {}
    for at in range(len(reads)):
        waiting = [at]  # each reads from the next
        while waiting:
            last = waiting[-1]
            needed = None
            if last not in done:
                needed = next(
                    (writer for writer in left.setdefault(last, iter(reads[last])) if writer not in done), None
                )
            if needed is None:
                done[waiting.pop()] = None
            elif needed in left:
                around = [*waiting[waiting.index(needed) + 1 :], needed]
                raise _circle(graph, [*around, around[0]])
            else:
                waiting.append(needed)
    return done


def _writers(graph: GraphProto) -> dict[str, int]:
    """Position of the node that writes a name; that a name is written twice is found out when it gets a value."""
    known = _bound(graph)
    found: dict[str, int] = {}
    for at, node in enumerate(graph.node):
        for name in node.output:
            if name and name not in known:
                found.setdefault(name, at)
    return found


def _bound(graph: GraphProto) -> set[str]:
    """Names that stand for something before any node is read."""
    names = {entry.name for entry in (*graph.input, *graph.initializer)}
    return names | {entry.values.name for entry in graph.sparse_initializer}


def _reads(node: NodeProto) -> Iterator[str]:
    """Names that a node reads, also those that graphs inside of it read from around them."""
    todo: list[tuple[NodeProto, frozenset[str]]] = [(node, frozenset())]
    while todo:
        inner, own = todo.pop()
        yield from (name for name in inner.input if name not in own)
        for attribute in inner.attribute:
            for graph in (*((attribute.g,) if attribute.HasField("g") else ()), *attribute.graphs):
                written = {name for one in graph.node for name in one.output}
                hidden = own | _bound(graph) | written
                yield from (output.name for output in graph.output if output.name not in hidden)
                todo.extend((one, hidden) for one in graph.node)


def _circle(graph: GraphProto, around: Sequence[int]) -> FormatError:
    names = [next((name for name in graph.node[at].output if name), "") for at in reversed(around)]
    shown = [repr(name) for name in names]
    if len(shown) > _SHOWN:
        shown[_SHOWN - 1 : -1] = ["..."]
    return FormatError(
        f"onnx: expected {names[0]!r} to be written before it is read, got a circle: {' -> '.join(shown)}"
    )
