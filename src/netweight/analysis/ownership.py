"""Which layer is charged for a parameter or buffer that several read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netweight.ir import Graph, Node, Value


@dataclass(slots=True)
class Ownership:
    """Parameters and buffers that an earlier layer has already been charged for.

    Attributes:
        seen: Their names.
        rounded: For results of fake quantisation the parameter that they stand for: it is charged to their first
            reader, not to what rounds it or observes its range.
        waiting: Those parameters.
    """

    seen: set[str]
    rounded: Mapping[str, str]
    waiting: frozenset[str]

    @staticmethod
    def of(graph: Graph) -> Ownership:
        """Nothing has been charged for."""
        rounded = {
            node.outputs[0]: node.inputs[0]
            for node in graph.nodes
            if node.op == "fake_quantize" and node.inputs[0] and graph.values[node.inputs[0]].kind == "parameter"
        }
        if rounded:
            read = {name for node in graph.nodes for name in node.inputs}
            rounded = {result: name for result, name in rounded.items() if result in read}
        return Ownership(set(), rounded, frozenset(rounded.values()))

    def first_reads(self, graph: Graph, node: Node) -> dict[int, Value]:
        """Parameters and buffers that this node is the first to read, by position among its inputs."""
        found: dict[int, Value] = {}
        for at, read in enumerate(node.inputs):
            name = read if read is None else self.rounded.get(read, read)
            if name is None or name in self.seen or read in self.waiting:
                continue
            value = graph.values[name]
            if value.kind in ("parameter", "buffer") or value.stored is not None:
                self.seen.add(name)
                found[at] = value
        return found
