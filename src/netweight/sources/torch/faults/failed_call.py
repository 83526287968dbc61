"""The operator that refused its arguments, as it was when it did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

import torch
from torch import Tensor

from netweight.sources.torch.places import Place, Places
from netweight.sources.torch.recording import TensorRecording


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """A tensor among the arguments.

    Attributes:
        role: What the operator calls it; several of a list are numbered: ``"tensors.1"``.
        shape: Its sizes.
        dtype: Its element type.
        value: What holds it in the graph; empty if the graph does not have it.
        owner: Name of the parameter or buffer that it is; empty for any other tensor.
        place: The device on which it lies, and what put it there.
        span: Its least and its largest number, of one that is an index; None where they are not known.
    """

    role: str
    shape: tuple[int, ...]
    dtype: torch.dtype
    value: str = ""
    owner: str = ""
    span: tuple[int, int] | None = None
    place: Place | None = None

    @property
    def type_name(self) -> str:
        """Its element type, without ``torch.``."""
        return str(self.dtype).removeprefix("torch.")


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCall:
    """A call that raised.

    Attributes:
        error: What it raised.
        name: Name of the operator.
        func: What was called.
        arguments: Its arguments by name, an ``Argument`` in the place of each tensor.
        known: How many operators had been recorded before it.
        until: How many when it raised: those between are its parts.
    """

    error: BaseException
    name: str
    func: Any
    arguments: Mapping[str, Any]
    known: int
    until: int

    @property
    def tensors(self) -> tuple[Argument, ...]:
        """Tensors among its arguments."""
        return tuple(_arguments_in(self.arguments.values()))

    def tensor(self, role: str) -> Argument | None:
        """The tensor of that name."""
        found = self.arguments.get(role)
        return found if isinstance(found, Argument) else None

    def tried(self, changed: Mapping[str, Any]) -> tuple[int, ...] | None:
        """Shape of the result with other arguments; None if it is refused again.

        Args:
            changed: Arguments by name: a shape or an ``Argument`` in the place of a tensor.
        """
        if not hasattr(self.func, "_schema"):  # a function that is no operator
            return None
        given = {**self.arguments, **{role: self._changed(role, value) for role, value in changed.items()}}
        values = {role: _made(value) for role, value in given.items()}
        roles = [argument.name for argument in self.func._schema.arguments if not argument.kwarg_only]
        positional = [values.pop(role) for role in takewhile(values.__contains__, roles)]
        try:
            result = self.func(*positional, **values)
        except Exception:  # whatever it says: it does not fit
            return None
        first = result[0] if isinstance(result, tuple | list) else result
        return tuple(first.shape) if isinstance(first, Tensor) else None

    def _changed(self, role: str, value: Any) -> Any:
        before = self.arguments.get(role)
        return replace(before, shape=tuple(value)) if isinstance(before, Argument) and _is_shape(value) else value


def failed_call(
    error: BaseException, name: str, func: Any, args: Sequence[Any], kwargs: Mapping[str, Any],
    recording: TensorRecording, known: int, places: Places,
) -> FailedCall:  # fmt: skip
    """What an operator was called with when it raised.

    Args:
        error: What it raised.
        name: What to call the operator.
        func: What was called.
        args: Its arguments.
        kwargs: Its named arguments.
        recording: What has been recorded.
        known: How many operators had been recorded before it.
        places: Where its tensors lie.
    """
    schema = getattr(func, "_schema", None)
    roles = [argument.name for argument in schema.arguments] if schema is not None else []
    roles += [f"argument {at}" for at in range(len(roles), len(args))]
    given = {**dict(zip(roles, args, strict=False)), **kwargs}
    arguments = {role: _described(role, value, recording, places) for role, value in given.items()}
    if isinstance(error, IndexError) and isinstance(given.get("indices"), Tensor):
        arguments["indices"] = replace(arguments["indices"], span=_span(given["indices"], recording))
    return FailedCall(error=error, name=name, func=func, arguments=arguments, known=known, until=len(recording.nodes))


def _described(role: str, value: Any, recording: TensorRecording, places: Places) -> Any:
    if isinstance(value, list | tuple):
        return type(value)([_described(f"{role}.{at}", item, recording, places) for at, item in enumerate(value)])
    if not isinstance(value, Tensor):
        return value
    return Argument(
        role=role,
        shape=tuple(value.shape),
        dtype=value.dtype,
        value=_value_of(value, recording),
        owner=recording.owned_as(value)[0],
        place=places.of(value),
    )


def _span(tensor: Tensor, recording: TensorRecording) -> tuple[int, int] | None:
    if tensor.is_meta or not tensor.numel():
        return None
    with torch._C._DisableTorchDispatch():  # the program does not ask for it
        numbers = recording.constants.numbers(tensor)
        return int(numbers.min()), int(numbers.max())


def _value_of(tensor: Tensor, recording: TensorRecording) -> str:
    """What it held when it was last read: to ask the recording what it holds now may record more."""
    binding = recording.bindings.get(id(tensor))
    return recording.adopted.get(id(tensor), "") if binding is None else binding.name


def _arguments_in(values: Any) -> Iterator[Argument]:
    for value in values:
        if isinstance(value, Argument):
            yield value
        elif isinstance(value, list | tuple):
            yield from _arguments_in(value)


def _is_shape(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(size, int) for size in value)


def _made(value: Any) -> Any:
    """Tensors without numbers in the place of their descriptions."""
    if isinstance(value, Argument):
        return torch.empty(value.shape, dtype=value.dtype, device="meta")
    if isinstance(value, list | tuple):
        return type(value)(map(_made, value))
    return torch.device("meta") if isinstance(value, torch.device) else value
