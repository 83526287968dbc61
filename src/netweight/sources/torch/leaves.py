"""Tensors in what a module returned: in tuples, dicts, dataclasses, and objects that hold some."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch

_CLOSED = (torch.nn.Module, type, str, bytes, torch.Generator)


def leaves_of(result: Any) -> Iterator[torch.Tensor]:
    """Tensors in a result, in order; those of a cache of keys and values as well, which is an object of its own."""
    return _leaves(result, set())


def _leaves(result: Any, seen: set[int]) -> Iterator[torch.Tensor]:
    if isinstance(result, torch.Tensor):
        yield result
        return
    if id(result) in seen or isinstance(result, _CLOSED):
        return
    seen.add(id(result))
    inside: Iterable[Any]
    if isinstance(result, Mapping):
        inside = result.values()
    elif isinstance(result, list | tuple | set):
        inside = result
    else:
        held = getattr(result, "__dict__", None)
        slots = [getattr(result, name, None) for name in getattr(type(result), "__slots__", ())]
        inside = [*slots, *held.values()] if isinstance(held, dict) else slots
    for item in inside:
        yield from _leaves(item, seen)
