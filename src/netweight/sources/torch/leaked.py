"""Tensors of a capture in the globals of a program: they are taken out again.

A program may keep masks by their size in a dict of its file, or results in a function with a memory. After a capture
these would be tensors without numbers, which a real run would find there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import _lru_cache_wrapper
from operator import is_
from typing import Any

from torch import Tensor

_NESTED = (dict, list, set, tuple)


class Globals:
    """Names of files, and the containers and memories of functions that they have, as they were."""

    def __init__(self, files: Sequence[dict[str, Any]], known: set[int]) -> None:
        self._names = [(names, names.copy()) for names in files]
        values = [value for names in files for value in names.values()]
        self._containers = [(held, held.copy()) for held in _containers(values, set(known))]
        self._memories = [(value, value.cache_info().currsize) for value in values if _is_memory(value)]

    def put_back(self) -> None:
        """Take out what holds a tensor that was not there before."""
        for names, before in self._names:
            for name in [name for name, value in names.items() if value is not before.get(name) and _new(value, ())]:
                if name in before:
                    names[name] = before[name]
                else:
                    del names[name]
        for held, before in self._containers:
            if not _same(held, before) and _new(held, before):
                held.clear()
                held.extend(before) if isinstance(held, list) else held.update(before)
        for memory, size in self._memories:
            if memory.cache_info().currsize != size:
                memory.cache_clear()


def _is_memory(value: Any) -> bool:
    return isinstance(value, _lru_cache_wrapper)


def _containers(values: Iterable[Any], seen: set[int]) -> Iterator[Any]:
    """Dicts, lists and sets among values and in them, each once."""
    waiting = [value for value in values if type(value) in _NESTED]
    while waiting:
        held = waiting.pop()
        if id(held) in seen:
            continue
        seen.add(id(held))
        if not isinstance(held, tuple):
            yield held
        inside = held.values() if isinstance(held, dict) else held
        waiting.extend([value for value in inside if type(value) in _NESTED])


def _same(held: Any, before: Any) -> bool:
    """Whether a container holds the very objects that it held, which most do."""
    if isinstance(held, dict):
        held, before = held.values(), before.values()
    return len(held) == len(before) and all(map(is_, held, before))


def _new(value: Any, before: Any) -> bool:
    """Whether a value is a tensor, or a container with one that ``before`` does not have."""
    if isinstance(value, Tensor):
        return True
    if not isinstance(value, _NESTED):
        return False
    known = {id(item) for item in (before.values() if isinstance(before, dict) else before)}
    inside = value.values() if isinstance(value, dict) else value
    return any(id(item) not in known and _new(item, ()) for item in inside)
