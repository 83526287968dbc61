"""Which value of the graph a live tensor holds, and in which memory that lies."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import Any

from torch import Tensor

Link = tuple[str, Any]
"""One view operator of a chain: its name and attributes."""


@dataclass(slots=True)
class Storage:
    """A piece of memory: the value that fills it, how often it was written, and how many live tensors lie in it."""

    base: str
    version: int = 0
    live: int = 0


class Binding(weakref.ref[Tensor]):
    """What a live tensor holds: a reference that tells when the tensor is gone.

    Attributes:
        ident: The tensor's ``id``.
        first: Value that it held at first.
        name: Value that it held when it was last asked for.
        storage: Its memory.
        version: How often that had been written then.
        chain: View operators that lead from what fills the memory to the tensor.
    """

    __slots__ = ("chain", "first", "ident", "name", "storage", "version")

    ident: int
    first: str
    name: str
    storage: Storage
    version: int
    chain: tuple[Link, ...]
