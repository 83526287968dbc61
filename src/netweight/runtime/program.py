"""A graph bound once to its shapes, and run many times: no bookkeeping between the calls of a step.

Values are numbered. What kernels write is theirs, and is written over by the next step: what a step returns holds until
then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from netweight.autograd.gradients import Backpropagation, Call, backpropagation
from netweight.errors import UnsupportedOpError
from netweight.ir import Function, Graph, located
from netweight.lazy import Array, np
from netweight.ops.own import definition_of
from netweight.runtime.backward import check_differentiable, written
from netweight.runtime.bound import Bound, bound
from netweight.runtime.forward import starting_values
from netweight.runtime.kept import kept_of


class Step(NamedTuple):
    """What one step gave: outputs and new values of buffers by name; gradients as far as the outputs depend on them."""

    outputs: dict[str, Array]
    grads: dict[str, Array]
    updates: dict[str, Array]


class _Line(NamedTuple):
    """One call: what it reads and writes, by number; -1 where an optional tensor is left out."""

    call: Call
    run: Bound
    reads: tuple[int, ...]
    writes: tuple[int, ...]


class Program:
    """A graph with its backward.

    >>> import netweight, numpy as np
    >>> from netweight import build
    >>> from netweight.runtime.program import Program
    >>> graph = build.graph(lambda x: build.linear(x, 1, name="fc"), (1, 2))
    >>> program = Program(graph, ["fc.weight"])
    >>> step = program.step({"x": np.float32([[3, 4]])}, netweight.initialize(graph), {"fc": np.float32([[1]])})
    >>> step.grads["fc.weight"].tolist()
    [[3.0, 4.0]]

    Args:
        graph: The network.
        wanted: Parameters and inputs whose gradients a step computes.

    Raises:
        UnsupportedOpError: If an operator has no definition.
    """

    def __init__(self, graph: Graph, wanted: Collection[str] = ()) -> None:
        self.graph = graph
        self.plan: Backpropagation = backpropagation(graph, wanted)
        for node in graph.nodes:
            if definition_of(node) is None:
                with located(node):
                    raise UnsupportedOpError(f"run: expected an operator with a definition, got {node.op!r}")
        self._checked = False
        self._numbers = {name: number for number, name in enumerate(graph.values)}
        self._lines = tuple(self._line(call) for call in self.plan.calls)
        self._back = tuple(line for line in reversed(self._lines) if line.call.runs_backward or not line.call.link.own)

    def _line(self, call: Call) -> _Line:
        numbers = self._numbers
        return _Line(
            call, bound(self.graph, call, self.plan.reached),
            tuple([-1 if name is None else numbers[name] for name in call.node.inputs]),
            tuple([numbers[name] for name in call.node.outputs]),
        )  # fmt: skip

    def kernels(self) -> dict[str, int]:
        """How many calls each kernel does; under the empty name those that are done by an operator's own rules."""
        found: dict[str, int] = {}
        for line in self._lines:
            found[line.run.kernel] = found.get(line.run.kernel, 0) + 1
        return found

    def step(
        self, feeds: Mapping[str, Array], weights: Mapping[str, Array],
        grad_outputs: Mapping[str, Array] | None = None, rng: np.random.Generator | None = None,
    ) -> Step:  # fmt: skip
        """Run forward and, where gradients of outputs are given, backward.

        Args:
            feeds: Array per input, of the graph's shapes and types.
            weights: Array per parameter, buffer and constant.
            grad_outputs: Gradient per output; None for the forward alone.
            rng: Where dropout draws from; seeded with 0 by default.

        Raises:
            UsageError: If an input or a weight is missing.
            ShapeError: If one has another shape.
            NetweightError: If an operator on the way back has no gradient.
        """
        graph = self.graph
        values: list[Array | None] = [None] * (len(graph.values) + 1)  # the last stays None: number -1
        for name, array in starting_values(graph, feeds, weights).items():
            values[self._numbers[name]] = _native(array)
        rng = rng or np.random.default_rng(0)
        for line in self._lines:
            found = line.run.forward(tuple([values[number] for number in line.reads]), rng)
            for number, array in zip(line.writes, found, strict=True):
                values[number] = array
        grads = {} if grad_outputs is None else self._backward(values, grad_outputs)
        numbers = self._numbers
        return Step(
            {name: values[numbers[name]] for name in graph.outputs},  # type: ignore[misc]
            grads,
            {buffer: values[numbers[name]] for buffer, name in graph.updates.items()},  # type: ignore[misc]
        )

    def _backward(self, values: list[Array | None], grad_outputs: Mapping[str, Array]) -> dict[str, Array]:
        self._check(grad_outputs)
        grads: list[Array | None] = [None] * len(values)
        for name, array in grad_outputs.items():
            if name in self.plan.reached:
                grads[self._numbers[name]] = _native(array)
        for line in self._back:
            if not line.call.link.own:
                self._divert(line.call, values, grads)
                continue
            arriving = tuple([grads[number] for number in line.writes])
            for number in line.writes:
                grads[number] = None
            if all(grad is None for grad in arriving):
                continue
            for number, asked, grad in zip(line.reads, line.call.wanted, line.run.backward(arriving), strict=True):
                if asked and grad is not None:
                    before = grads[number]
                    grads[number] = grad if before is None else before + grad
        found = {name: grads[self._numbers[name]] for name in self.plan.trained}
        return {name: grad for name, grad in found.items() if grad is not None}

    def _check(self, outputs: Iterable[str]) -> None:
        """Refuse operators without a gradient on the way, the first time."""
        if not self._checked:
            check_differentiable(self.plan, outputs)
            self._checked = True

    def _divert(self, call: Call, values: list[Array | None], grads: list[Array | None]) -> None:
        """Gradients by the backward that the author wrote; else pass them on to where the program sends them."""
        if call.link.function is not None:
            self._write(call, call.link.function, values, grads)
            return
        for name, to, asked in zip(call.link.takes, call.link.gives, call.wanted, strict=True):
            number = self._numbers[name]
            grad, grads[number] = grads[number], None
            if asked and to is not None and grad is not None:
                before = grads[self._numbers[to]]
                grads[self._numbers[to]] = grad if before is None else before + grad

    def _write(self, call: Call, function: Function, values: list[Array | None], grads: list[Array | None]) -> None:
        arriving = {name: grads[self._numbers[name]] for name in function.outputs}
        for name in arriving:
            grads[self._numbers[name]] = None
        given = {name: grad for name, grad in arriving.items() if grad is not None}
        if not given:
            return
        known = {name: array for name, number in self._numbers.items() if (array := values[number]) is not None}
        for to, grad in written(call, function, kept_of(call, known, {}), given):
            before = grads[self._numbers[to]]
            grads[self._numbers[to]] = grad if before is None else before + grad


def _native(array: Array) -> Array:
    """The array in this machine's order of bytes, which compiled loops take alone."""
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))
