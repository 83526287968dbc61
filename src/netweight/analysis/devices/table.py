"""The devices that have a file beside this one."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from netweight.errors import unknown_name

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Memory of one kind.

    Attributes:
        nbytes: What it holds.
        source: Where that is written.
        read: When it was read there.
        note: What else is to be known of it.
    """

    nbytes: int
    source: str
    read: date
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A chip.

    Attributes:
        name: What a user calls it.
        title: What its maker calls it.
        cores: What computes in it.
        memory: Stores by kind: ``"sram"`` for what a program writes, ``"flash"`` for what it is stored in.
    """

    name: str
    title: str
    cores: str
    memory: Mapping[str, Store]


@cache
def devices() -> dict[str, Device]:
    """Every device by its name, in the order of names."""
    return {path.stem: _read(path) for path in sorted(_FOLDER.glob("*.toml"))}


def device(name: str) -> Device:
    """The device of that name, whichever way it is capitalised.

    >>> device("STM32F746").memory["sram"].nbytes
    327680

    Raises:
        UnknownNameError: If there is none.
    """
    found = devices()
    if name.lower() not in found:
        raise unknown_name("device", name, found, fix=f"known: {', '.join(found)}; or --limit SIZE")
    return found[name.lower()]


def _read(path: Path) -> Device:
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    memory = {
        kind: Store(nbytes=store["bytes"], source=store["source"], read=store["read"], note=store.get("note", ""))
        for kind, store in data["memory"].items()
    }
    return Device(name=path.stem, title=data["title"], cores=data["cores"], memory=memory)
