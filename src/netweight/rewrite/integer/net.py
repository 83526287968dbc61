"""Who writes and who reads each value of a graph, and what the small numbers in it are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from netweight.errors import NetweightError
from netweight.ir import Graph, Node, Value, bits_of, is_floating
from netweight.lazy import Array, np
from netweight.ops.quantize.scales import integer_range

Numbers: TypeAlias = Callable[[str], "Array | None"]
"""The array behind a parameter, buffer or constant; None where a model has none."""

_WIDEST = 16
"""Bits of an activation of integers: wider ones are sums."""
_VIEWS = frozenset({"permute", "reshape"})
_STORED = frozenset({"parameter", "buffer", "constant"})


@dataclass(frozen=True, slots=True)
class Net:
    """A graph with the step that writes each value, and those that read it.

    Attributes:
        graph: The graph.
        numbers: Makes the arrays of stored values.
    """

    graph: Graph
    numbers: Numbers
    _writers: Mapping[str, int] = field(init=False)
    _readers: Mapping[str, tuple[int, ...]] = field(init=False)
    _kept: frozenset[str] = field(init=False)
    _in_kernels: frozenset[int] = field(init=False)
    _fixed: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Look up once who writes and reads what."""
        graph = self.graph
        readers: dict[str, list[int]] = {}
        writers: dict[str, int] = {}
        fixed = {name for name, value in graph.values.items() if value.kind in _STORED}
        for step, node in enumerate(graph.nodes):
            for name in dict.fromkeys(node.inputs):
                if name is not None:
                    readers.setdefault(name, []).append(step)
            writers.update(dict.fromkeys(node.outputs, step))
            if node.inputs and fixed.issuperset([name for name in node.inputs if name is not None]):
                fixed.update(node.outputs)
        functions = [(*f.inputs, *f.outputs, *f.saved) for f in graph.functions]
        checkpoints = [(*c.values, *c.keeps, *c.stored) for c in graph.checkpoints]
        kept = {name for names in (*functions, *checkpoints) for name in names if name is not None}
        kept.update(graph.outputs, graph.updates.values(), graph.leaves, graph.diverted)
        set_field = object.__setattr__
        set_field(self, "_writers", writers)
        set_field(self, "_readers", {name: tuple(steps) for name, steps in readers.items()})
        set_field(self, "_kept", frozenset(kept))
        set_field(self, "_in_kernels", frozenset(s for first, last in graph.fused for s in range(first, last + 1)))
        set_field(self, "_fixed", frozenset(fixed))

    def writer(self, name: str | None) -> Node | None:
        """The node that writes a value; None for what is given or stored, and inside of kernels."""
        step = None if name is None else self._writers.get(name)
        return None if step is None or step in self._in_kernels else self.graph.nodes[step]

    def step_of(self, name: str) -> int:
        """Step of the node that writes a value."""
        return self._writers[name]

    def readers(self, name: str) -> tuple[int, ...]:
        """Steps of the nodes that read a value."""
        return self._readers.get(name, ())

    def only_reader(self, name: str) -> int | None:
        """Step of the node that alone reads a value; None if there are others, or the caller gets it."""
        steps = self.readers(name)
        return steps[0] if len(steps) == 1 and name not in self._kept and steps[0] not in self._in_kernels else None

    def is_kept(self, name: str) -> bool:
        """Whether somebody besides nodes wants a value: it is an output, or backward reads it."""
        return name in self._kept

    def in_kernel(self, step: int) -> bool:
        """Whether a node is part of a kernel already."""
        return step in self._in_kernels

    def is_fixed(self, name: str) -> bool:
        """Whether a value depends on no input."""
        return name in self._fixed

    def is_floating(self, name: str) -> bool:
        """Whether a value has floating numbers."""
        return is_floating(self.graph.spec(name).dtype)

    def value(self, name: str) -> Value:
        """A value of the graph."""
        return self.graph.values[name]

    def taken_out(self, name: str | None) -> Node | None:
        """The node that takes small integers out of their scale to make a value, None if it is not made so."""
        node = self.writer(name)
        if node is None or node.op != "dequantize" or node.inputs[0] is None or not self.has_stored_scale(node):
            return None
        return node if bits_of(self.graph.spec(node.inputs[0]).dtype) <= _WIDEST else None

    def fixed_view(self, name: str | None) -> Node | None:
        """The node that shows a weight in other sizes or another order, None if a value is no such view."""
        node = self.writer(name)
        return node if node is not None and node.op in _VIEWS and self.is_fixed(node.outputs[0]) else None

    def has_stored_scale(self, conversion: Node) -> bool:
        """Whether the scale and the zero point of a conversion are stored: no kernel has others."""
        return all(name is None or self.value(name).kind in _STORED for name in conversion.inputs[1:])

    def array(self, name: str | None) -> Array | None:
        """Numbers of a stored value, None if nobody knows them."""
        if name is None or self.value(name).kind not in _STORED:
            return None
        try:
            return self.numbers(name)
        except NetweightError:  # they lie in another file
            return None

    def same_numbers(self, a: str | None, b: str | None) -> bool:
        """Whether two stored values are known to be equal; a zero point that is left out is zero."""
        if a == b:
            return True
        left, right = (np.zeros(1) if name is None else self.array(name) for name in (a, b))
        return left is not None and right is not None and bool(np.array_equal(left.reshape(-1), right.reshape(-1)))

    def same_scale(self, one: Node, other: Node) -> bool:
        """Whether two conversions mean the same numbers by the same integers."""
        types = [self.graph.spec(n.inputs[0] if n.op == "dequantize" else n.outputs[0]).dtype for n in (one, other)]  # type: ignore[arg-type]
        return types[0] == types[1] and all(
            self.same_numbers(a, b) for a, b in zip(one.inputs[1:], other.inputs[1:], strict=True)
        )

    def starts_at_zero(self, quantize: Node) -> bool:
        """Whether the smallest integer of a conversion stands for zero, so that it has nothing below zero."""
        zero = np.zeros(1) if quantize.inputs[2] is None else self.array(quantize.inputs[2])
        low, _ = integer_range(self.graph.spec(quantize.outputs[0]).dtype)
        return zero is not None and bool((zero == low).all())

    def largest(self, quantize: Node) -> float | None:
        """The largest number that a conversion of one scale has, None if nobody knows it."""
        scale = self.array(quantize.inputs[1])
        zero = np.zeros(1) if quantize.inputs[2] is None else self.array(quantize.inputs[2])
        if scale is None or zero is None or scale.size != 1 or zero.size != 1:
            return None
        _, high = integer_range(self.graph.spec(quantize.outputs[0]).dtype)
        return float((high - int(zero.reshape(-1)[0])) * float(scale.reshape(-1)[0]))
