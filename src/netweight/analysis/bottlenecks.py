"""Inverted bottlenecks and shortcuts, found by what their operators are: two conventions treat them in their own way.

An inverted bottleneck is a 1x1 convolution that widens, a depthwise convolution, and a 1x1 convolution that narrows
again; the first is missing where nothing is widened.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from netweight.analysis.overwriting import ACTIVE
from netweight.ir import Graph, Node

_PROJECTS = frozenset({"conv", "conv_transpose", "linear", "integer_conv", "integer_matmul"})


def with_block_inputs(graph: Graph, last_read: Mapping[str, int]) -> dict[str, int]:
    """Step of the last reader of each value, where the projection also reads the input of its bottleneck."""
    found = dict(last_read)
    for name, projection in bottlenecks(graph):
        found[name] = max(found.get(name, projection), projection)
    return found


def bottlenecks(graph: Graph) -> Iterator[tuple[str, int]]:
    """Input of each inverted bottleneck, and the step of its projection."""
    readers = _readers(graph)
    writer = {name: step for step, node in enumerate(graph.nodes) for name in node.outputs}
    for step, node in enumerate(graph.nodes):
        if not _is_depthwise(graph, node):
            continue
        projection = _projection(graph, step, readers)
        x = node.inputs[0]
        if projection is None or x is None:
            continue
        before = writer.get(x)
        widens = before is not None and len(readers[x]) == 1 and _pointwise(graph, graph.nodes[before], widens=True)
        block_input = graph.nodes[before].inputs[0] if before is not None and widens else x
        if block_input is not None and graph.values[block_input].kind in ACTIVE:
            yield block_input, projection


def sums_onto_shortcuts(graph: Graph, last_read: Mapping[str, int]) -> dict[str, str]:
    """The shortcut whose memory a convolution's result takes, and the sum of both, by the names of these two.

    Nothing but the sum may read the result, or read the memory of the shortcut from the convolution on.
    """
    found: dict[str, str] = {}
    uses = _Uses.of(graph, last_read)
    for step, node in enumerate(graph.nodes):
        both = [name for name in node.inputs if name is not None and graph.values[name].kind in ACTIVE]
        if node.op != "add" or len(both) != 2:
            continue
        for result, shortcut in (both, both[::-1]):
            same = graph.spec(result) == graph.spec(shortcut) == graph.spec(node.outputs[0])
            if same and uses.computed_for(result, step) and uses.free_from(uses.writer[result], shortcut, step):
                found[result] = found[node.outputs[0]] = shortcut
                break
    return found


@dataclass(frozen=True, slots=True)
class _Uses:
    """Who writes and reads each value, and which values live in one memory.

    Attributes:
        graph: The network.
        last_read: Step of the last reader of each value; after the last step for what the caller gets.
        writer: Step that writes each.
        readers: Steps that read each.
        views: Values by the value in whose memory they live.
    """

    graph: Graph
    last_read: Mapping[str, int]
    writer: Mapping[str, int]
    readers: Mapping[str, list[int]]
    views: Mapping[str, list[str]]

    @staticmethod
    def of(graph: Graph, last_read: Mapping[str, int]) -> _Uses:
        views: dict[str, list[str]] = {}
        for value in graph.values.values():
            views.setdefault(value.storage, []).append(value.name)
        writer = {name: step for step, node in enumerate(graph.nodes) for name in node.outputs}
        return _Uses(graph, last_read, writer, _readers(graph), views)

    def computed_for(self, result: str, step: int) -> bool:
        """Whether a convolution computes the value in memory of its own, and that step alone reads it."""
        at = self.writer.get(result)
        own = at is not None and self.graph.nodes[at].op in _PROJECTS and self.graph.values[result].storage == result
        return own and self.readers[result] == [step] == [self.last_read.get(result)]

    def free_from(self, start: int, shortcut: str, step: int) -> bool:
        """Whether nothing reads the memory of the shortcut between these steps, nor what was in it before later."""
        value = self.graph.values[shortcut]
        if value.kind not in ACTIVE:
            return False
        for name in self.views[value.storage]:
            if self.writer.get(name, -1) >= step:
                continue
            until = [reader for reader in self.readers.get(name, ()) if name != shortcut or reader != step]
            if self.last_read.get(name, -1) > step or any(reader >= start for reader in until):
                return False
        return True


def _readers(graph: Graph) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for step, node in enumerate(graph.nodes):
        for name in node.inputs:
            if name is not None:
                found.setdefault(name, []).append(step)
    return found


def _is_depthwise(graph: Graph, node: Node) -> bool:
    if node.op not in ("conv", "integer_conv") or node.inputs[0] is None:
        return False
    x, y = graph.spec(node.inputs[0]), graph.spec(node.outputs[0])
    return node.attrs.groups > 1 and node.attrs.groups == x.shape[1] == y.shape[1]


def _pointwise(graph: Graph, node: Node, *, widens: bool) -> bool:
    """Whether it is a 1x1 convolution of all channels that makes more of them, or fewer."""
    if node.op not in ("conv", "integer_conv") or node.inputs[0] is None or node.attrs.groups != 1:
        return False
    x, y = graph.spec(node.inputs[0]), graph.spec(node.outputs[0])
    kernel = graph.spec(str(node.inputs[1])).shape[2:]
    return set(kernel) == {1} and (y.shape[1] > x.shape[1] if widens else y.shape[1] < x.shape[1])


def _projection(graph: Graph, depthwise: int, readers: Mapping[str, list[int]]) -> int | None:
    """Step of the convolution that narrows again; what scales channels may stand between, a convolution of maps not."""
    output = graph.nodes[depthwise].outputs[0]
    shape = graph.spec(output).shape
    waiting = list(readers.get(output, ()))
    heapq.heapify(waiting)
    met: set[int] = set()
    while waiting:
        step = heapq.heappop(waiting)
        if step in met:
            continue
        met.add(step)
        node = graph.nodes[step]
        shapes = [graph.spec(name).shape for name in node.inputs if name is not None]
        if node.op in _PROJECTS and shapes[0] == shape:
            return step if _pointwise(graph, node, widens=False) else None
        for name in node.outputs:
            for reader in readers.get(name, ()):
                heapq.heappush(waiting, reader)
    return None
