"""Tensors without numbers in place of those that the caller gives, in copies of whatever holds them.

A cache of keys and values, a batch of graphs, a dataclass: the program gets a copy that it may change, in which every
tensor is an input of the graph. Small integer tensors keep their numbers, because they steer programs.
"""

from __future__ import annotations

import copy
import dataclasses
from collections import deque
from collections.abc import Callable, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import torch

from netweight.errors import UsageError
from netweight.ir import Filled, TensorSpec
from netweight.sources.torch.dtypes import spec_of, torch_dtype
from netweight.sources.torch.nested import packed
from netweight.sources.torch.plain_sizes import PlainSizes
from netweight.sources.torch.recording import TensorRecording
from netweight.sources.torch.sparse.stored import LAYOUTS, SparseTensors

_SMALL = 1 << 20
_SEQUENCES = (list, tuple, deque)
_WHOLE = (torch.nn.Module, torch.Generator, type, ModuleType, FunctionType, MethodType, BuiltinFunctionType)
"""What the program gets as it is."""

Numbers = Callable[[str, TensorSpec, Any], Any]
"""Makes the array of an input from its name, its spec, and what was given: a spec, a range or a tensor."""


class Symbolic:
    """Turns given inputs into symbolic ones, nested ones too.

    Attributes:
        names: Names of the inputs of the graph, so far.
    """

    def __init__(self, recording: TensorRecording, numbers: Numbers | None, plain: PlainSizes | None = None) -> None:
        self.names: list[str] = []
        self._recording = recording
        self._plain = plain
        self._numbers = numbers
        self._copies: dict[int, tuple[Any, Any]] = {}
        self._describing = True

    def make(self, value: Any, name: str) -> Any:
        """What the program gets for ``value``: for a shape, a spec or a tensor a tensor, for what holds some a copy."""
        if self._describing and is_shape(value) and not (self._plain and name in self._plain):
            value = TensorSpec(tuple(value))
        if isinstance(value, torch.Tensor) and value.layout in LAYOUTS:
            return self._add_sparse(value, name)
        if isinstance(value, torch.Tensor) and value.is_nested:
            return packed(value, self._recording, lambda rows: self._add(_without_numbers(rows), name, rows))
        tensor = _symbolic_tensor(value)
        if tensor is not None:
            return self._add(tensor, name, value)
        known = self._copies.get(id(value))
        if known is not None:
            return known[1]
        made = self._copied(value, name)
        self._copies[id(value)] = value, made  # with the value, because an id means something only while it lives
        return made

    def _copied(self, value: Any, name: str) -> Any:
        if type(value) in _SEQUENCES or hasattr(value, "_fields"):
            parts = [self.make(item, f"{name}.{at}") for at, item in enumerate(value)]
            return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
        if isinstance(value, Mapping):
            return self._mapping(value, name)
        if isinstance(value, set):
            return value.copy()
        return value if isinstance(value, _WHOLE) else self._object(value, name)

    def _mapping(self, value: Any, name: str) -> Any:
        made = {key: self.make(item, f"{name}.{key}") for key, item in value.items()}
        if type(value) is dict:
            return made
        twin = _twin(value)
        if twin is value:
            return type(value)(made)
        for key, item in made.items():
            if value[key] is not item:
                twin[key] = item
        return self._with_attributes(value, twin, name) if isinstance(value, dict) else twin

    def _object(self, value: Any, name: str) -> Any:
        """A copy of an object, attribute by attribute; itself if it has none or cannot be copied."""
        if not isinstance(getattr(value, "__dict__", None), dict) and not _slots(value):
            return value
        twin = _twin(value)
        self._copies[id(value)] = value, twin  # it may be reached from its own attributes
        if isinstance(value, list):
            twin[:] = [self.make(item, f"{name}.{at}") for at, item in enumerate(value)]
        return value if twin is value else self._with_attributes(value, twin, name)

    def _with_attributes(self, value: Any, twin: Any, name: str) -> Any:
        attributes = {**{slot: getattr(value, slot) for slot in _slots(value)}, **getattr(value, "__dict__", {})}
        around = self._describing
        self._describing = around and _describes(value)
        for key, item in attributes.items():
            made = self.make(item, f"{name}.{key}")
            if made is not item:
                object.__setattr__(twin, key, made)
        self._describing = around
        return twin

    def _add_sparse(self, tensor: torch.Tensor, name: str) -> torch.Tensor:
        """An input for each part of a sparse tensor that the caller stores."""
        tensors = SparseTensors(self._recording)
        sparse = tensors.of(tensor)
        parts = {"values": sparse.values, "indices": sparse.places, "pointers": sparse.pointers}
        made = {
            said: None if part is None else self._add(_without_numbers(part), f"{name}.{said}", part)
            for said, part in parts.items()
        }
        values, places, pointers = made.values()
        assert values is not None
        assert places is not None
        return tensors.made(dataclasses.replace(sparse, values=values, places=places, pointers=pointers))

    def _add(self, tensor: torch.Tensor, name: str, given: Any) -> torch.Tensor:
        if self._numbers is not None:
            array = self._numbers(name, spec_of(tensor), given)
            if not tensor.is_meta:
                tensor = torch.tensor(array, dtype=tensor.dtype)
        self.names.append(name)
        made_up = isinstance(given, TensorSpec) and self._numbers is None
        self._recording.add_input(tensor, name, made_up=made_up)
        if isinstance(given, torch.Tensor) and given.requires_grad:
            self._recording.history.leaves[name] = None
        return tensor


def _symbolic_tensor(given: Any) -> torch.Tensor | None:
    """What stands for a spec or a tensor; None for anything else."""
    match given:
        case TensorSpec():
            return _of_spec(given)
        case Filled():
            return _filled(given)
        case torch.Tensor():
            return _without_numbers(given)
        case _:
            return None


def _describes(value: Any) -> bool:
    """Whether a dataclass has shapes in place of tensors; in any other object a tuple of numbers is what it is."""
    return dataclasses.is_dataclass(value) and not any(
        isinstance(getattr(value, field.name), torch.Tensor) for field in dataclasses.fields(value)
    )


def _twin(value: Any) -> Any:
    """A shallow copy; the value itself where its class has none, as locks do not."""
    try:
        return copy.copy(value)
    except (TypeError, NotImplementedError):
        return value


def _slots(value: Any) -> list[str]:
    declared = [vars(base).get("__slots__", ()) for base in type(value).__mro__ if base.__module__ != "builtins"]
    names = [name for slots in declared for name in ((slots,) if isinstance(slots, str) else slots)]
    return [name for name in names if not name.startswith("__") and hasattr(value, name)]


def is_shape(value: Any) -> bool:
    """Whether a value is the shape of an input: whole numbers, at least one."""
    return isinstance(value, tuple | list | torch.Size) and len(value) > 0 and all(type(n) is int for n in value)


def _dtype(spec: TensorSpec) -> torch.dtype:
    if any(size < 0 for size in spec.shape):
        raise UsageError(f"inputs: expected sizes of at least 0, got {spec.shape}")
    try:
        return torch_dtype(spec.dtype)
    except KeyError as error:
        raise UsageError(f"inputs: expected an element type that PyTorch has, got {spec.dtype!r}") from error


def _of_spec(spec: TensorSpec) -> torch.Tensor:
    dtype = _dtype(spec)
    if dtype.is_floating_point or dtype.is_complex or spec.numel > _SMALL:
        return torch.empty(spec.shape, dtype=dtype, device="meta")
    return torch.zeros(spec.shape, dtype=dtype)


def _filled(given: Filled) -> torch.Tensor:
    dtype = _dtype(given.spec)
    if given.spec.numel > _SMALL:
        return torch.empty(given.spec.shape, dtype=dtype, device="meta")
    always_the_same = torch.Generator().manual_seed(0)
    numbers = torch.randint(given.first, given.last + 1, given.spec.shape, generator=always_the_same)
    return numbers.to(dtype)


def _without_numbers(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.is_floating_point() or tensor.is_complex() or tensor.numel() > _SMALL or tensor.device.type == "meta":
        return torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")
    return tensor.detach().cpu().clone()
