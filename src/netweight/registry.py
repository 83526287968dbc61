"""A table that imports the file of an entry when the entry is first asked for."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """Entries by name.

    Attributes:
        what: What an entry is, for messages: ``"operator"``.
        homes: Name to the module that registers it, as ``netweight.index`` has them.
        found: What has been registered so far.
    """

    def __init__(self, what: str, homes: Mapping[str, str]) -> None:
        self.what = what
        self.homes = dict(homes)
        self.found: dict[str, T] = {}

    def add(self, name: str, entry: T) -> None:
        """Add an entry.

        Raises:
            ValueError: If the name is taken.
        """
        if name in self.found:
            raise ValueError(f"{self.what} {name!r} is already registered")
        self.found[name] = entry

    def find(self, name: str) -> T | None:
        """The entry of that name, None if there is none; a quicker ``get``."""
        found = self.found.get(name)
        return self[name] if found is None and name in self.homes else found

    def __getitem__(self, name: str) -> T:
        try:
            return self.found[name]
        except KeyError:
            importlib.import_module(self.homes[name])
            return self.found[name]

    def __contains__(self, name: object) -> bool:
        return name in self.found or name in self.homes

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self.homes, *self.found)))

    def __len__(self) -> int:
        return len({*self.homes, *self.found})
