"""Names of a file and what they stand for: a graph sees its own names and those of the graphs around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from netweight.errors import FormatError
from netweight.ir import Filled, TensorSpec
from netweight.lazy import Array, np
from netweight.sources.onnx.checks import check_text
from netweight.sources.onnx.recording import OnnxRecording
from netweight.sources.onnx.tensor import LeftOut, Tensor

if TYPE_CHECKING:
    from onnx import FunctionProto, ValueInfoProto


@dataclass(slots=True)
class Scope:
    """Names that a graph of the file can see: its own, then those around it."""

    values: dict[str, Any] = field(default_factory=dict)
    around: Scope | None = None

    def find(self, name: str) -> Any:
        """What the name stands for.

        Raises:
            FormatError: If nothing has that name yet.
        """
        scope: Scope | None = self
        while scope is not None:
            if name in scope.values:
                return scope.values[name]
            scope = scope.around
        raise FormatError(f"onnx: expected {name!r} to be written before it is read, got no writer")

    def has(self, name: str) -> bool:
        """Whether it stands for something; an empty name is one that is left out."""
        return not name or name in self.values or (self.around is not None and self.around.has(name))

    def bind(self, name: str, value: Any) -> None:
        """Give a value a name.

        Raises:
            FormatError: If it is taken, or no text.
        """
        check_text(name)
        if name in self.values:
            raise FormatError(f"onnx: expected every value to be written once, got {name!r} twice")
        self.values[name] = value


def parameters(function: FunctionProto, inputs: Sequence[Any], op_type: str) -> dict[str, Any]:
    """What the parameters of a function are in a call, None those that are left out.

    Raises:
        FormatError: If it is called with more inputs than it has, or has two of one name.
    """
    names = list(function.input)
    if any(value is not None for value in inputs[len(names) :]):
        raise FormatError(f"{op_type}: expected at most {len(names)} inputs, got {len(inputs)}")
    if len(set(names)) < len(names):
        raise FormatError(f"{op_type}: expected parameters of different names, got {names}")
    check_text(*names)
    return {name: inputs[at] if at < len(inputs) else None for at, name in enumerate(names)}


def bind_specs(
    recording: OnnxRecording, specs: Mapping[str, TensorSpec | None], scope: Scope, given: Mapping[str, Any]
) -> tuple[str, ...]:
    """Bind inputs of known shape, and return their names; texts and values that are not tensors are left out."""
    numbers = {name: spec for name, spec in specs.items() if spec is not None and spec.dtype != "string"}
    for name in specs:
        if name not in numbers:
            scope.bind(name, LeftOut(f"input {name!r} is not a tensor of numbers"))
            continue
        bound = recording.add_input(name, numbers[name], None)
        if isinstance(given.get(name), Filled):
            bound.numbers = partial(_numbers_given, recording, name, given[name])
        scope.bind(name, bound)
    return tuple(numbers)


def _numbers_given(recording: OnnxRecording, name: str, given: Filled) -> Array:
    """The numbers that the user gave for an input; that something follows from them is noted."""
    shown = str(given.first) if given.first == given.last else f"{given.first} to {given.last}"
    recording.note(f"what follows from the numbers of input {name!r} holds for those that were given: {shown}")
    rng = np.random.default_rng(0)
    return rng.integers(given.first, given.last, given.spec.shape, endpoint=True).astype(given.spec.dtype)


def bind_arrays(
    recording: OnnxRecording, wanted: Sequence[ValueInfoProto], arrays: Mapping[str, Any], scope: Scope
) -> tuple[str, ...]:
    """Bind inputs of known numbers, and return the names of those that are in the graph."""
    names = []
    for entry in wanted:
        given = arrays.get(entry.name)
        if isinstance(given, Tensor):
            given = recording.add_input(entry.name, given.spec, given.array())
            names.append(entry.name)
        scope.bind(entry.name, given)
    return tuple(names)
