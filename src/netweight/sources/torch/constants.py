"""Tensors with numbers while a module runs: what a program computes from constants alone is computed.

Memory that existed before the capture belongs to the user: the first write to it makes a copy, which the program sees
from then on. Memory that the capture made may be written as it is.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, empty, ops, strided

from netweight.sources.torch.temporaries import Temporaries

_LISTS = (list, tuple)
_DENSE = strided
_LIFT = ops.aten.lift_fresh.default


def tensors_in(args: Sequence[Any], kwargs: dict[str, Any]) -> list[Tensor]:
    """Tensors among the arguments of an operator: themselves, or in a list."""
    found: list[Tensor] = []
    for value in (*args, *kwargs.values()) if kwargs else args:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, _LISTS):
            found.extend([item for item in value if isinstance(item, Tensor)])
    return found


def with_tensors(value: Any, found: Mapping[int, Tensor]) -> Any:
    """Arguments in which other tensors stand, by the ``id`` of those that they replace."""
    if isinstance(value, Tensor):
        return found.get(id(value), value)
    if isinstance(value, dict):
        return {name: with_tensors(item, found) for name, item in value.items()}
    if isinstance(value, _LISTS):
        return type(value)([with_tensors(item, found) for item in value])
    return value


@dataclass(frozen=True, slots=True)
class View:
    """How a view of a constant was made.

    Attributes:
        tensor: The view, weakly.
        source: What it is a view of.
        rule: What the view operator is in the table.
        args: Its arguments, ``source`` first.
        kwargs: Its named arguments.
    """

    tensor: Any
    source: Tensor
    rule: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


def _is_view_of(leaf: Tensor, args: Sequence[Any]) -> bool:
    return bool(args) and isinstance(args[0], Tensor) and leaf is not args[0]


class Constants:
    """Which constants a capture made, and private copies of those that it did not.

    Attributes:
        temporaries: How long memory is held that the program made.
    """

    def __init__(self, temporaries: Temporaries) -> None:
        self.temporaries = temporaries
        self._made: dict[int, Any] = {}
        self._copies: dict[int, Tensor] = {}
        self._originals: list[Tensor] = []
        self._origins: dict[int, int] = {}
        self._views: dict[int, View] = {}

    def memory(self, tensor: Tensor) -> int:
        """Address of what a tensor lives in; a private copy has that of its original."""
        address: int = tensor.untyped_storage()._cdata
        return self._origins.get(address, address) if self._origins else address

    def is_made(self, tensor: Tensor) -> bool:
        """Whether the memory of a tensor was made while the module ran."""
        return self.memory(tensor) in self._made

    def compute(
        self, func: Any, rule: Callable[..., Any] | None, targets: Sequence[Tensor], args: Any, kwargs: dict[str, Any]
    ) -> Any:
        """Result of an operator on constants, which writes ``targets``; ``rule`` tells how to follow a view."""
        for target in targets:
            self._protect(target)
        result = self._call(func, args, kwargs) if self._copies else func(*args, **kwargs)
        self._remember(func, rule, args, kwargs, result)
        return result

    def numbers(self, tensor: Tensor) -> Tensor:
        """The tensor as the program sees it: its private copy if it has been written."""
        copy = self._copies.get(self.memory(tensor)) if self._copies else None
        if copy is None:
            return tensor
        stand_in = empty(0, dtype=tensor.dtype)
        return stand_in.set_(copy.untyped_storage(), tensor.storage_offset(), tensor.size(), tensor.stride())

    def views_of(self, tensor: Tensor) -> Iterator[tuple[Tensor, View]]:
        """Live views of the memory of a constant, in the order they were made."""
        memory = self.memory(tensor)
        for view in list(self._views.values()):
            alive = view.tensor()
            if alive is not None and self.memory(alive) == memory:
                yield alive, view

    def base_of(self, tensor: Tensor) -> Tensor:
        """What a view of a constant is a view of, after all others; the tensor itself if it is none."""
        while (view := self._views.get(id(tensor))) is not None:
            tensor = view.source
        return tensor

    def _call(self, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """Call the operator on private copies; where it returns one of them, the program gets its own argument back."""
        originals: dict[int, Tensor] = {}

        def seen(value: Any) -> Any:
            if isinstance(value, list | tuple):
                return [seen(item) for item in value]
            if not isinstance(value, Tensor) or (now := self.numbers(value)) is value:
                return value
            originals[id(now)] = value
            return now

        result = func(*map(seen, args), **{name: seen(value) for name, value in kwargs.items()})
        if isinstance(result, list | tuple):
            return type(result)([originals.get(id(leaf), leaf) for leaf in result])
        return originals.get(id(result), result)

    def _protect(self, target: Tensor) -> None:
        memory = self.memory(target)
        if memory not in self._made and memory not in self._copies:
            self._originals.append(target)  # an address means something only while its memory lives
            copy = target.untyped_storage().clone()
            self._copies[memory] = empty(0, dtype=target.dtype).set_(copy)
            self._origins[copy._cdata] = memory

    def _remember(self, func: Any, rule: Any, args: Any, kwargs: dict[str, Any], result: Any) -> None:
        if isinstance(result, Tensor):
            results = [result]
        elif isinstance(result, list | tuple):
            results = [leaf for leaf in result if isinstance(leaf, Tensor)]
        else:
            return
        given = {self.memory(value) for value in tensors_in(args, kwargs)}
        for leaf in results:
            if leaf.layout is not _DENSE:
                continue
            if self.memory(leaf) not in given or func is _LIFT:
                self.add(leaf)
            elif rule is not None and kwargs.get("out") is not leaf and _is_view_of(leaf, args):
                self._follow(leaf, args[0], rule, args, kwargs)
            if (memory := self.memory(leaf)) in self._made:
                self.temporaries.see(leaf, memory)

    def add(self, tensor: Tensor) -> None:
        """Say that the capture made the memory of a tensor, and may write it."""
        storage = tensor.untyped_storage()
        memory = self.memory(tensor)
        if memory not in self._made:
            self._made[memory] = weakref.ref(storage, lambda _: self._made.pop(memory, None))

    def give(self, tensor: Tensor) -> None:
        """Say that the capture made a tensor which the program gets: it holds its memory as it holds any other."""
        self.add(tensor)
        self.temporaries.see(tensor, self.memory(tensor))

    def _follow(self, view: Tensor, source: Tensor, rule: Any, args: Any, kwargs: dict[str, Any]) -> None:
        ident = id(view)
        gone = weakref.ref(view, lambda _: self._views.pop(ident, None))
        self._views[ident] = View(gone, source, rule, tuple(args), kwargs)
