"""Where quantisation costs instead of saves: floating numbers between integers, layouts, ranges found while running."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from netweight.analysis.overwriting import runs_of
from netweight.ir import Graph, Node, bits_of, is_floating
from netweight.ir.lifetimes import last_reads
from netweight.rewrite.integer.kernels import NORMS
from netweight.rewrite.integer.net import Net
from netweight.units import amount, scaled

_CONVERSIONS = frozenset({"quantize", "dequantize"})
_LAYOUTS = frozenset({(0, 2, 3, 1), (0, 3, 1, 2), (0, 2, 1), (0, 2, 3, 4, 1), (0, 4, 1, 2, 3)})
"""Orders that bring channels from second to last, or back."""
_NAMED = 3
_SMALL = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Island:
    """Floating operators between layers of integers.

    Attributes:
        layers: Their layers, in order.
        nbytes: What the conversions into and out of it read and write.
    """

    layers: tuple[str, ...]
    nbytes: int


def islands(graph: Graph) -> tuple[Island, ...]:
    """Floating operators that integers are converted for, and whose results are converted to integers again."""
    net = Net(graph, lambda _: None)
    inner = {name for run in runs_of(graph, last_reads(graph)).values() for name in run.inner}
    inner.update(filter(net.is_fixed, graph.values))
    floating = {step: _floating(graph, node, inner) for step, node in enumerate(graph.nodes)}
    groups = _Groups()
    for names in floating.values():
        for name in names:
            groups.join(name, names[0])
    found: dict[str, list[Node]] = {}
    for step, node in enumerate(graph.nodes):
        if floating[step]:
            found.setdefault(groups.root(floating[step][0]), []).append(node)
    return tuple([island for nodes in found.values() if (island := _island(graph, nodes, inner)) is not None])


def _island(graph: Graph, nodes: Sequence[Node], inner: Collection[str]) -> Island | None:
    """The nodes that floating numbers connect, if they are between integers."""
    layers = tuple(dict.fromkeys(node.layer for node in nodes if node.op not in _CONVERSIONS))
    converted = [node for node in nodes if node.op in _CONVERSIONS]
    if not layers or len({node.op for node in converted}) < len(_CONVERSIONS):
        return None
    return Island(layers=layers, nbytes=sum(_moved(graph, node, inner) for node in converted))


def notes_on_costs(graph: Graph) -> Iterator[str]:
    """What a reader must know of conversions that remain."""
    yield from _on_norms(graph)
    for island in islands(graph):
        yield (
            f"floating numbers between integers: {_some(island.layers)}; converting to them and back moves "
            f"{scaled(island.nbytes, 'B')}"
        )
    yield from _on_ranges(graph)


def _on_norms(graph: Graph) -> Iterator[str]:
    converted = {name for node in graph.nodes if node.op in _CONVERSIONS for name in (*node.inputs, *node.outputs)}
    norms = [n.layer for n in graph.nodes if n.op in NORMS and not converted.isdisjoint([n.inputs[0], *n.outputs])]
    if norms:
        yield (
            f"batch normalisation between conversions: {_some(norms)}; folded into the layers before it, ahead of "
            "quantising, it costs nothing"
        )


def notes_on_layouts(graph: Graph) -> Iterator[str]:
    """What a reader must know of transpositions that the model itself has between layers of integers."""
    inside = {step for first, last in graph.fused for step in range(first, last + 1)}
    moved = [
        node
        for step, node in enumerate(graph.nodes)
        if node.op == "permute"
        and step not in inside
        and _copies(graph, node)
        and node.attrs.order in _LAYOUTS
        and graph.values[graph.values[node.outputs[0]].storage].kind in ("activation", "input")
        and _is_small(graph, node.outputs[0])
    ]
    if moved:
        nbytes = sum(2 * graph.spec(node.outputs[0]).nbytes for node in moved)
        yield (
            f"channels change their place between integers: {_some([node.layer for node in moved])}; a runtime that "
            f"does not cancel that copies {scaled(nbytes, 'B')}"
        )


def _copies(graph: Graph, node: Node) -> bool:
    """Whether elements come into another order: dimensions of one element may stand anywhere."""
    shape = graph.spec(node.inputs[0] or "").shape
    moved = [dim for dim in node.attrs.order if shape[dim] > 1]
    return moved != sorted(moved)


def _on_ranges(graph: Graph) -> Iterator[str]:
    found = [node for node in graph.nodes if node.op == "dynamic_quantize" and node.inputs[0] is not None]
    if found:
        nbytes = sum(graph.spec(node.inputs[0] or "").nbytes for node in found)
        yield (
            f"{amount(len(found), 'input')} quantised while running: activations stay floating between layers, and "
            f"their ranges take one more pass over {scaled(nbytes, 'B')}"
        )


def _floating(graph: Graph, node: Node, inner: Collection[str]) -> list[str]:
    """Floating activations that a node reads and writes, without those inside of kernels and made of weights."""
    names = [name for name in (*node.inputs, *node.outputs) if name is not None and name not in inner]
    return [n for n in names if graph.values[n].kind in ("activation", "input") and is_floating(graph.spec(n).dtype)]


def _is_small(graph: Graph, name: str) -> bool:
    dtype = graph.spec(name).dtype
    return not is_floating(dtype) and dtype != "bool" and bits_of(dtype) <= _SMALL


def _moved(graph: Graph, node: Node, inner: Collection[str]) -> int:
    """Bytes that a conversion reads and writes."""
    names = [name for name in (node.inputs[0], node.outputs[0]) if name is not None and name not in inner]
    return sum(graph.spec(name).nbytes for name in names)


def _some(layers: Iterable[str]) -> str:
    """The first few names, and how many more there are."""
    names = list(dict.fromkeys(layers))
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


class _Groups:
    """Values that belong together because a node reads or writes both."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def join(self, a: str, b: str) -> None:
        """Put two into the same set."""
        self._parents[self.root(a)] = self.root(b)

    def root(self, name: str) -> str:
        """The value that stands for the set."""
        self._parents.setdefault(name, name)
        while self._parents[name] != name:
            self._parents[name] = name = self._parents[self._parents[name]]
        return name
