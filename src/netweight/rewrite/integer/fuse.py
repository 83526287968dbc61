"""A graph with conversions around its operators, as runtimes make kernels of integers of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from netweight.ir import Graph, Node
from netweight.ir.validity import validate
from netweight.lazy import Array
from netweight.results.integer import IntegerKernel, LeftAlone
from netweight.rewrite.integer.emit import Emitter, Maker
from netweight.rewrite.integer.match import Kernel, Refusal, match
from netweight.rewrite.integer.net import Net, Numbers
from netweight.rewrite.integer.products import taken_out, write_product, write_tail
from netweight.rewrite.integer.propagate import propagated
from netweight.rewrite.integer.told import told


@dataclass(frozen=True, slots=True, kw_only=True)
class Fused:
    """A network as it runs.

    Attributes:
        graph: With kernels of integers.
        kernels: What became of which operators, in execution order.
        alone: Operators between conversions that no runtime makes a kernel of integers of.
        made: What makes the numbers of constants that the network did not have.
    """

    graph: Graph
    kernels: tuple[IntegerKernel, ...]
    alone: tuple[LeftAlone, ...]
    made: Mapping[str, Maker]

    def weights(self, given: Mapping[str, Array]) -> dict[str, Array]:
        """Arrays for this graph out of those for the network as it is written."""
        arrays = {**given, **{name: make(given.__getitem__) for name, make in self.made.items()}}
        return {name: arrays[name] for name, value in self.graph.values.items() if name in arrays}


def as_run(graph: Graph, numbers: Numbers = lambda _: None) -> Fused | None:
    """The network with kernels of integers in the place of conversions around operators; None if it has no such.

    Where no operator becomes a kernel the reasons are all there is to say of it.

    Args:
        graph: The network as it is written.
        numbers: Makes the arrays of stored values: scales that are equal by their numbers are equal. Without it, those
            that are one value.
    """
    if not any(node.op == "dequantize" for node in graph.nodes):
        return None
    net = Net(propagated(graph, numbers), numbers)
    found = [match(net, step) for step in range(len(net.graph.nodes))]
    if not any(found):
        return None
    kernels = _apart([kernel for kernel in found if isinstance(kernel, Kernel)])
    return _Writer(net, {kernel.step: kernel for kernel in kernels}, found).fused()


def _apart(kernels: list[Kernel]) -> list[Kernel]:
    """Kernels that have no step in common: the first that has one keeps it."""
    taken: set[int] = set()
    kept = []
    for kernel in kernels:
        steps = {kernel.step, *kernel.tail, *kernel.last}
        if taken.isdisjoint(steps):
            taken |= steps
            kept.append(kernel)
    return kept


class _Writer:
    def __init__(self, net: Net, kernels: Mapping[int, Kernel], found: list[Any]) -> None:
        self.net = net
        self.kernels = kernels
        self.inside = {step for kernel in kernels.values() for step in (*kernel.tail, *kernel.last)}
        self.refusals = [item for item in found if isinstance(item, Refusal) and item.step not in self.inside]
        self.out = Emitter(net.graph)
        self.told: list[IntegerKernel] = []

    def fused(self) -> Fused:
        """The graph, written anew."""
        graph = self.net.graph
        at_end = {max((k.step, *k.tail)): k for k in self.kernels.values()}
        for step, node in enumerate(graph.nodes):
            if step in at_end:
                self._kernel(at_end[step])
            elif step not in self.inside and step not in self.kernels and not self._is_absorbed(node):
                self.out.copy(node)
            self.out.places[step] = len(self.out.nodes) - 1
        made = self.out.finished()
        validate(made)
        return Fused(graph=made, kernels=tuple(self.told), alone=self._alone(), made=self.out.made)

    def _kernel(self, kernel: Kernel) -> None:
        net, out = self.net, self.out
        node = net.graph.nodes[kernel.step]
        layer = layer_of(net, node)
        first = len(out.nodes)
        writers: dict[str, Callable[..., None]] = {
            "product": write_product,
            "moves": _moves,
            "inside": _inside,
            "rescales": _rescales,
        }
        writers[kernel.how](net, out, kernel, layer)
        if kernel.how != "moves":
            out.run(first)
        self.told.append(told(net, kernel, layer))

    def _is_absorbed(self, node: Node) -> bool:
        """Whether all that read what a node takes out of its scale are kernels, which read the integers."""
        net = self.net
        if not node.outputs or net.is_kept(node.outputs[0]):
            return False
        if node.op != "dequantize" and net.fixed_view(node.outputs[0]) is None:
            return False
        readers = net.readers(node.outputs[0])
        return bool(readers) and all(
            step in self.kernels or step in self.inside or self._is_absorbed(net.graph.nodes[step]) for step in readers
        )

    def _alone(self) -> tuple[LeftAlone, ...]:
        nodes = self.net.graph.nodes
        return tuple(
            LeftAlone(layer=nodes[refusal.step].layer, op=nodes[refusal.step].op, why=refusal.why)
            for refusal in self.refusals
        )


def layer_of(net: Net, node: Node) -> str:
    """The layer of an operator whose weights are converted in it, ``"conv1"`` for ``"conv1.conv"``; else its own."""
    base = node.layer.removesuffix(f".{node.op}")
    sources = [net.writer(name) for name in node.inputs if name is not None and net.is_fixed(name)]
    return base if any(s is not None and s.layer.startswith(f"{base}.") for s in sources) else node.layer


def _moves(net: Net, out: Emitter, kernel: Kernel, _layer: str) -> None:
    """The operator itself, on integers."""
    node = net.graph.nodes[kernel.step]
    sources = [net.taken_out(name) for name in node.inputs]
    reads = [name if source is None else source.inputs[0] for name, source in zip(node.inputs, sources, strict=True)]
    ends = [net.graph.nodes[step] for step in kernel.last]
    becomes = {end.inputs[0]: end.outputs[0] for end in ends}
    outputs = tuple(becomes.get(name, name) for name in node.outputs)
    out.again(node, tuple(reads), node.layer, outputs)


def _inside(net: Net, out: Emitter, kernel: Kernel, layer: str) -> None:
    """The integers out of their scale, the operator, and the results into another."""
    node = net.graph.nodes[kernel.step]
    known: dict[str | None, str | None] = {}
    for name in node.inputs:
        if name not in known:
            known[name] = taken_out(net, out, name, layer)
    out.again(node, tuple(known[name] for name in node.inputs), f"{layer}.{node.op}")
    tail = [net.graph.nodes[step] for step in kernel.tail]
    write_tail(net, out, tail, node.outputs[0], node.outputs[0])
    for step in kernel.last:
        end = net.graph.nodes[step]
        out.again(end, end.inputs, f"{layer}.quantize")


def _rescales(net: Net, out: Emitter, kernel: Kernel, layer: str) -> None:
    """Integers of one scale into those of another."""
    node = net.graph.nodes[kernel.step]
    out.again(node, (taken_out(net, out, node.inputs[0], layer), *node.inputs[1:]), node.layer)
