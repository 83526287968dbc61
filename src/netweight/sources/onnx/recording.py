"""The graph under construction: operators are recorded, and computed at once where only constants are involved.

What does not depend on an input stays out of the graph until an operator on an input reads it. The arithmetic of a
shape is never read by one; a transposed weight is. With ``computing`` everything is computed while it is read, so that
shapes which follow from numbers are known too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from netweight.errors import FormatError, ShapeError, UnsupportedOpError
from netweight.ir import NoShape, TensorSpec, ValueKind
from netweight.lazy import Array, np
from netweight.ops.effort import Effort
from netweight.ops.table import REGISTRY, OpDef, forward, output_specs
from netweight.sources.onnx.checks import check_sizes, check_tensors
from netweight.sources.onnx.tensor import Pending, Tensor, all_fixed, is_integer, is_weight
from netweight.sources.onnx.weights import (
    PRODUCTS,
    kind_of,
    mark_bias,
    mark_factor,
    mark_filled,
    mark_zero_point,
    unpacks,
)
from netweight.sources.recording import Recording, free_name, is_view

_SMALL = 1 << 20
"""Elements up to which constants are computed."""
_TINY = 1 << 12
"""Elements up to which computing takes no time worth counting."""
_FOLDED = 1 << 27
"""Elements that are computed in all, 16 operations counting as one: what is beyond stays in the graph."""
_VALUES = 1 << 22
"""More values than any network has."""
_MOVED = frozenset({"reshape", "permute"})
"""Operators after which equal numbers are what they were."""
_GIVEN = 1 << 12
"""Elements up to which numbers are followed that the user gives for an input."""


@dataclass(slots=True, eq=False)
class OnnxRecording(Recording[int]):
    """What is recorded of a file; the site of an operator is the number of the call in the file.

    Attributes:
        computing: Whether everything is computed while it is read.
        kernels: Forward rules to compute with instead of the reference, by operator.
        call: Number of the call in the file that is being read.
        labels: What the file calls a value.
        derived: Tensors that rules made of weights, by the weight and what was made: made once for all their readers.
        named: Tensors that became values since something was read that may be taken back; None where nothing may be.
        folded: Elements of constants that were computed.
        effort: What was computed up to now, and how far that may go.
        steered: Whether a branch was taken because the other cannot take the shapes: a run has to ask the condition.
        hollow: Whether the weight of a product is a tensor of equal numbers: those of the file were taken out.
    """

    computing: bool = False
    kernels: Mapping[str, Any] = field(default_factory=dict)
    call: int = 0
    labels: dict[str, str] = field(default_factory=dict)
    derived: dict[tuple[Any, ...], Tensor] = field(default_factory=dict)
    named: list[Tensor] | None = None
    folded: int = 0
    effort: Effort = field(default_factory=Effort)
    steered: bool = False
    hollow: bool = False
    _shapes: dict[tuple[str, tuple[TensorSpec | None, ...]], Sequence[TensorSpec]] = field(default_factory=dict)
    _integer_products: set[str] = field(default_factory=set)
    _last_numbers: dict[str, int] = field(default_factory=dict)

    def add_input(self, name: str, spec: TensorSpec, array: Array | None) -> Tensor:
        """A tensor that the caller supplies."""
        self.add(name, spec, "input")
        return Tensor(name, spec, None if array is None else lambda: array, name=name)

    def op(self, name: str, attrs: Any, *tensors: Tensor | None) -> Any:
        """An operator of the table: one ``Tensor``, or a tuple of them if it has several outputs.

        Raises:
            ShapeError: If the operator does not take these shapes, or makes more than memory has addresses for.
        """
        definition = REGISTRY[name]
        specs = self._specs(definition, attrs, tensors)
        fixed = all_fixed(tensors) and not definition.random
        learned = fixed and self._learned(definition, attrs, tensors)
        packed = next((t.packed for t in tensors if t is not None and t.packed is not None), None) if learned else None
        results = [Tensor(name, spec, fixed=fixed, learned=learned, packed=packed) for spec in specs]
        if name in _MOVED and tensors[0] is not None and tensors[0].filled:
            results[0].filled = results[0].stored = True
        if self.computing:
            self._compute(definition, attrs, tensors, results)
        elif (
            all(t is None or t.known for t in tensors)
            and (fixed or (not definition.random and _is_given(tensors, specs)))
            and self._folds(definition, attrs, tensors, specs)
        ):
            if learned or (fixed and _is_large(tensors)):
                _compute_when_asked(definition, attrs, tensors, results)
            else:
                self._compute(definition, attrs, tensors, results)
        if fixed:
            pending = Pending(name, attrs, tensors, results)
            for result in results:
                result.pending = pending
        else:
            self.record(name, attrs, tensors, results)
        return results[0] if len(results) == 1 else tuple(results)

    def later(self, name: str, attrs: Any, tensor: Tensor) -> Tensor:
        """A view that is recorded when somebody reads it: what makes another view of it reads the tensor itself."""
        if self.computing or tensor.fixed:
            made: Tensor = self.op(name, attrs, tensor)
            return made
        (spec,) = self._specs(REGISTRY[name], attrs, (tensor,))
        result = Tensor(name, spec)
        result.pending = Pending(name, attrs, (tensor,), [result], self.call)
        return result

    def _learned(self, definition: OpDef, attrs: Any, tensors: Sequence[Tensor | None]) -> bool:
        """Whether a call on what is fixed is work on weights."""
        if definition.name == "sub":
            mark_zero_point(*tensors)
        unpacked = unpacks(definition, attrs, tensors)
        return unpacked or any(t is not None and (t.learned or is_weight(t)) for t in tensors)

    def _specs(self, definition: OpDef, attrs: Any, tensors: Sequence[Tensor | None]) -> Sequence[TensorSpec]:
        """Specs of the outputs; layers repeat, and what has no attributes is looked up by its inputs alone."""
        given = tuple([None if t is None else t.spec for t in tensors])
        found = self._shapes.get((definition.name, given)) if attrs is None else None
        if found is None:
            check_tensors(definition, tensors)
            found = output_specs(definition, attrs, *given)
            check_sizes(definition.name, found)
            if attrs is None:
                self._shapes[definition.name, given] = found
        return found

    def unknown(
        self, name: str, tensors: Sequence[Tensor | None], specs: Sequence[TensorSpec], attrs: NoShape | None = None
    ) -> tuple[Tensor, ...]:
        """An operator that the table does not have: its results have the shapes that somebody else says.

        Raises:
            UnsupportedOpError: If everything is to be computed.
        """
        if self.computing:
            raise UnsupportedOpError(f"run: expected an operator with a definition, got {name!r}")
        results = [Tensor(name, spec) for spec in specs]
        self.record(name, attrs, tensors, results)
        return tuple(results)

    def record(self, op: str, attrs: Any, tensors: Sequence[Tensor | None], results: Sequence[Tensor]) -> None:
        """A node; its outputs become values.

        Raises:
            FormatError: If there are more values than in any network.
        """
        if len(self.specs) > _VALUES:
            raise FormatError(f"file: expected at most {_VALUES:,} values, got more")
        product = _is_product(op)
        if product and not all_fixed(tensors):
            for tensor in tensors:
                mark_factor(tensor)
        if self._integer_products:
            mark_bias(op, tensors, self._integer_products)
        names = tuple([None if tensor is None else self.name_of(tensor, op) for tensor in tensors])
        storage = self.storages[names[0]] if names and names[0] is not None and is_view(op) else ""
        made = self.emit(op, attrs, names, [result.spec for result in results], self.call, storage)
        for result, name in zip(results, made, strict=True):
            result.name = name
            if product and is_integer(result.dtype):
                self._integer_products.add(name)
        if self.named is not None:
            self.named.extend(results)

    def name_of(self, tensor: Tensor, reader: str) -> str:
        """Name of the value in the graph that a tensor is; ``reader`` is the operator that reads it."""
        if tensor.name:
            return tensor.name
        if tensor.filled and self._kind(tensor, reader) == "parameter":
            self.hollow = self.hollow or _is_product(reader)
            mark_filled(tensor)
        if _is_work(tensor):
            self._record_with_inputs(tensor)
            return tensor.name
        if self.named is not None:
            self.named.append(tensor)
        tensor.name = name = free_name(tensor.label, self.specs, self._last_numbers)
        self.add(name, tensor.spec, self._kind(tensor, reader))
        if tensor.quantization is not None:
            self.quantizations[name] = tensor.quantization
        self.tensors[name] = tensor
        return name

    def _kind(self, tensor: Tensor, reader: str) -> ValueKind:
        return tensor.role or kind_of(tensor, reader, hollow=self.hollow)

    def _record_with_inputs(self, tensor: Tensor) -> None:
        """The calls that make a fixed tensor, first those that make what it reads: the chain may be a long one."""
        waiting = [tensor]
        while waiting:
            pending = waiting[-1].pending
            if waiting[-1].name or pending is None:
                waiting.pop()
                continue
            first = [t for t in pending.inputs if t is not None and not t.name and _is_work(t)]
            if first:
                waiting.extend(first)
            else:
                self._record_pending(pending)

    def _record_pending(self, pending: Pending) -> None:
        """A call that was put off, at its own place if it has one."""
        current = self.call
        self.call = current if pending.call is None else pending.call
        self.record(pending.op, pending.attrs, pending.inputs, pending.outputs)
        self.call = current
        for result in pending.outputs:
            if pending.call is not None and result.label != pending.op:
                self.labels.setdefault(result.name, result.label)

    def _folds(
        self, definition: OpDef, attrs: Any, tensors: Sequence[Tensor | None], specs: Sequence[TensorSpec]
    ) -> bool:
        """Whether a call on constants is computed; large results count towards a limit for the whole file."""
        sizes = [math.prod(spec.shape) for spec in specs]
        read = [math.prod(t.spec.shape) for t in tensors if t is not None]
        largest = max((*sizes, *read), default=0)
        if largest <= _TINY:
            return True
        if largest > _SMALL or definition.kind == "recurrent":
            return False
        work = definition.cost(attrs, *[None if t is None else t.spec for t in tensors]).ops_total
        self.folded += max(sum(sizes), work // 16)
        return self.folded <= _FOLDED

    def _compute(
        self, definition: OpDef, attrs: Any, tensors: Sequence[Tensor | None], results: Sequence[Tensor]
    ) -> None:
        """The elements of the results.

        Raises:
            ShapeError: If a forward rule gives another shape than the shape rule.
        """
        if self.computing:
            given = [None if tensor is None else tensor.spec for tensor in tensors]
            self.effort.before(definition, attrs, given, [result.spec for result in results])
        arrays = tuple([None if tensor is None else tensor.array() for tensor in tensors])
        made = _forward(definition, attrs, arrays, self.kernels)
        self.effort.after(made)
        for result, array in zip(results, made, strict=True):
            if array.shape != result.shape:
                raise ShapeError(f"{definition.name}: expected {result.shape} by its shape rule, got {array.shape}")
            result.numbers = _Known(array)


def _is_work(tensor: Tensor) -> bool:
    """Whether the call that makes a tensor is work of the network: on weights, or too large to be computed here."""
    return tensor.pending is not None and (tensor.learned or not tensor.known)


@cache
def _is_product(op: str) -> bool:
    definition = REGISTRY.find(op)
    return definition is not None and definition.kind in PRODUCTS


def _is_large(tensors: Sequence[Tensor | None]) -> bool:
    """Whether many stored numbers are read: they may be a weight, and are left alone until somebody asks."""
    return any(t is not None and t.stored and t.spec.numel > _TINY for t in tensors)


def _is_given(tensors: Sequence[Tensor | None], specs: Sequence[TensorSpec]) -> bool:
    """Whether it is arithmetic on numbers that the user gave for an input: no weights, and not much of it."""
    read = [tensor for tensor in tensors if tensor is not None]
    sizes = [math.prod(spec.shape) for spec in (*specs, *(tensor.spec for tensor in read))]
    return max(sizes, default=0) <= _GIVEN and not any(tensor.learned or is_weight(tensor) for tensor in read)


def _compute_when_asked(
    definition: OpDef, attrs: Any, tensors: Sequence[Tensor | None], results: Sequence[Tensor]
) -> None:
    made: list[Array] = []

    def element(at: int) -> Array:
        if not made:
            made.extend(_forward(definition, attrs, tuple([None if t is None else t.array() for t in tensors]), {}))
        return made[at]

    for at, result in enumerate(results):
        result.numbers = lambda at=at: element(at)


class _Known:
    """Gives numbers that have been computed."""

    __slots__ = ("array",)

    def __init__(self, array: Array) -> None:
        self.array = array

    def __call__(self) -> Array:
        return self.array


def _forward(
    definition: OpDef, attrs: Any, arrays: tuple[Array | None, ...], kernels: Mapping[str, Any]
) -> tuple[Array, ...]:
    if definition.name in kernels:
        return (kernels[definition.name](attrs, *arrays),)
    rng = {"rng": np.random.default_rng(0)} if definition.random else {}
    return tuple([np.asarray(array) for array in forward(definition, attrs, arrays, **rng)[0]])
