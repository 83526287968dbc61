"""Bodies of loops: what goes into each iteration, and what becomes of its results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netweight.errors import FormatError
from netweight.ir import TensorSpec
from netweight.lazy import np
from netweight.ops.move.slicing import ConcatAttrs, SliceAttrs
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower.common import axis_of, expanded, reshaped
from netweight.sources.onnx.numbers import dtype_of
from netweight.sources.onnx.tensor import LeftOut, Tensor, is_weight

if TYPE_CHECKING:
    from onnx import GraphProto


@dataclass(frozen=True, slots=True)
class Repeated:
    """The body of a loop.

    Attributes:
        call: The operator whose body it is.
        graph: The body.
        states: How many values go from one iteration to the next.
        conditions: How many outputs come before them.
    """

    call: Call
    graph: GraphProto
    states: int
    conditions: int

    @classmethod
    def of(cls, call: Call, *, leading: int, states: int, sequences: int = 0, conditions: int = 0) -> Repeated:
        """The body of an operator: its inputs are ``leading``, then the states, then slices of ``sequences``.

        Raises:
            FormatError: If the body has other inputs, or fewer outputs than there are states.
        """
        graph = call.need("body")
        expected = leading + states + sequences
        if len(graph.input) != expected:
            raise FormatError(f"{call.node.op_type}: expected a body of {expected} inputs, got {len(graph.input)}")
        return cls(call, graph, states, conditions)

    @property
    def outputs(self) -> int:
        """How many outputs the body has."""
        return len(self.graph.output)

    @property
    def scanned(self) -> int:
        """How many outputs are collected over the iterations.

        Raises:
            FormatError: If the body does not even give the states back.
        """
        count = len(self.graph.output) - self.conditions - self.states
        if count < 0:
            least = self.conditions + self.states
            raise FormatError(
                f"{self.call.node.op_type}: expected a body of at least {least} outputs, got {len(self.graph.output)}"
            )
        return count

    def results(self, inputs: Sequence[Any]) -> list[Any]:
        """What one iteration makes."""
        names = [entry.name for entry in self.graph.input]
        found: list[Any] = self.call.reader.subgraph(self.call, self.graph, dict(zip(names, inputs, strict=True)))
        return found

    def iterate(self, inputs: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any], Sequence[Any]]:
        """One iteration: conditions, states, and what is collected."""
        found = self.results(inputs)
        last = self.conditions + self.states
        return found[: self.conditions], found[self.conditions : last], found[last:]

    def declared(self, at: int) -> TensorSpec:
        """What the file says of a collected output; 0 for sizes that it leaves open."""
        entry = self.graph.output[self.conditions + self.states + at]
        declared = entry.type.tensor_type
        sizes = tuple(max(dim.dim_value, 0) for dim in declared.shape.dim)
        return TensorSpec(sizes, dtype_of(declared.elem_type or 1, entry.name))


@dataclass(frozen=True, slots=True)
class Sequences:
    """Inputs that a scan goes through.

    Attributes:
        tensors: The inputs.
        axes: The dimension of each that it goes along.
        back: Whether it goes from the end to the start.
    """

    tensors: Sequence[Tensor]
    axes: Sequence[int]
    back: Sequence[int]

    def length(self) -> int:
        """Number of slices.

        Raises:
            FormatError: If the inputs differ in their number of slices.
        """
        sizes = {x.shape[axis] for x, axis in zip(self.tensors, self.axes, strict=True)}
        if len(sizes) != 1:
            raise FormatError(f"Scan: expected inputs of one length, got {sorted(sizes) or 'no input'}")
        return sizes.pop()

    def at(self, call: Call, iteration: int) -> list[Tensor]:
        """The slices of an iteration."""
        length = self.length()
        places = [length - 1 - iteration if back else iteration for back in self.back]
        with call.reader.part(call, "slice"):
            return [picked(call, x, axis, at) for x, axis, at in zip(self.tensors, self.axes, places, strict=True)]


def picked(call: Call, x: Tensor, axis: int, at: int) -> Tensor:
    """``x[..., at, ...]``."""
    part = call.op("slice", SliceAttrs(dim=axis, start=at, stop=at + 1), x)
    return reshaped(call, part, (*x.shape[:axis], *x.shape[axis + 1 :]))


@dataclass(frozen=True, slots=True)
class OneForAll:
    """What one iteration made, in the place of what each of many makes.

    Attributes:
        element: What it made.
        iterations: How many iterations there are.
    """

    element: Any
    iterations: int


def stacked(call: Call, elements: Sequence[Any] | OneForAll, empty: TensorSpec | None, axis: int = 0) -> Any:
    """What the iterations made, along a new dimension; without iterations a tensor of no elements, like ``empty``."""
    if isinstance(elements, OneForAll):
        return repeated(call, elements.element, elements.iterations, axis)
    left_out = next((element for element in elements if isinstance(element, LeftOut)), None)
    if left_out is not None:
        return left_out
    shape = elements[0].shape if elements else empty.shape if empty is not None else ()
    at = axis_of(axis, len(shape) + 1)
    if not elements:
        dtype = "float32" if empty is None else empty.dtype
        return call.constant(np.zeros((*shape[:at], 0, *shape[at:]), dtype))
    rows = [reshaped(call, element, (*element.shape[:at], 1, *element.shape[at:])) for element in elements]
    return rows[0] if len(rows) == 1 else call.op("concat", ConcatAttrs(dim=at), *rows)


def repeated(call: Call, element: Any, iterations: int, axis: int = 0) -> Any:
    """What one iteration made, as often as there are iterations."""
    if isinstance(element, LeftOut):
        return element
    at = axis_of(axis, element.rank + 1)
    before, after = element.shape[:at], element.shape[at:]
    return expanded(call, reshaped(call, element, (*before, 1, *after)), (*before, iterations, *after))


def with_unknown_numbers(call: Call, state: Any) -> Any:
    """A state as it is in any iteration: its numbers at the start are not known to be its numbers later."""
    if isinstance(state, list):
        return [with_unknown_numbers(call, item) for item in state]
    if not isinstance(state, Tensor) or not (state.fixed or state.known):
        return state
    name = call.recording.name_of(state, call.node.op_type) if is_weight(state) or state.learned else ""
    return Tensor(state.label, state.spec, role=state.role, name=name)


def after_all(before: Any, after: Any, why: str) -> Any:
    """A state after all iterations; left out if one iteration changes its shape."""
    if isinstance(after, LeftOut):
        return after
    if _shape_of(before) != _shape_of(after):
        return LeftOut(f"the shape follows from {why}")
    return after


def _shape_of(state: Any) -> Any:
    if isinstance(state, list | tuple):
        return [_shape_of(item) for item in state]
    return state.spec if isinstance(state, Tensor) else None
